//! Prompts, prefix reuse, answers.

use std::borrow::Cow;
use std::sync::Arc;

use candle_core::Tensor;
use videre::cancel::{CancelToken, Cancelled};
use videre::fault::{Explain, Fault};
use videre::llava::{
    AnswerOptions, CHUNK, CacheType, Compute, Decoder, LanguageShape, LlavaError, RopeScaling, Sequence,
    SequencePart, Session, TokenBytes, VisualRows, answer, choose,
};
use videre::question::{Ending, SamplingOptions};

use super::{cosine, golden, ids, model};

const NAME: &str = "mistral-f32";

fn decoder(name: &str) -> Arc<Decoder> {
    Arc::new(Decoder::load(&model(name), &Compute::cpu()).unwrap())
}

/// A prompt that asks `question` about `n_rows` visual rows; all before the question is shared.
fn ask(n_rows: usize, question: &[u32]) -> Sequence {
    let visual = &golden(NAME)["visual"];
    let visual = Tensor::cat(&vec![visual.clone(); n_rows.div_ceil(60)], 0)
        .unwrap()
        .narrow(0, 0, n_rows)
        .unwrap();
    let parts = vec![
        SequencePart::Tokens(vec![1, 40, 41]),
        SequencePart::Rows(VisualRows::new(&visual).unwrap()),
        SequencePart::Tokens(question.to_vec()),
    ];
    Sequence::new(parts, 3 + n_rows)
}

fn read(session: &mut Session, prompt: &Sequence) -> Tensor {
    session.read(prompt, 0, &mut |_| {}, &CancelToken::new()).unwrap()
}

fn bits(tensor: &Tensor) -> Vec<u32> {
    tensor
        .flatten_all()
        .unwrap()
        .to_vec1::<f32>()
        .unwrap()
        .into_iter()
        .map(f32::to_bits)
        .collect()
}

#[test]
fn a_golden_prompt_reads_alike_through_a_session() {
    let golden = golden(NAME);
    let prompt = Sequence::new(
        vec![
            SequencePart::Tokens(ids(&golden["before"])),
            SequencePart::Rows(VisualRows::new(&golden["visual"]).unwrap()),
            SequencePart::Tokens(ids(&golden["after"])),
        ],
        69,
    );
    let mut session = Session::new(decoder(NAME), 256, CacheType::F32).unwrap();
    let logits = read(&mut session, &prompt);
    let theirs = golden["logits"].narrow(0, prompt.len() - 1, 1).unwrap();
    let error = super::error(&logits, &theirs);
    assert!(error <= super::F32_ERROR, "error {error:e}");
}

#[test]
fn a_second_question_reads_only_its_own_words_and_no_bit_changes() {
    let decoder = decoder(NAME);
    let (first, second) = (ask(200, &[50, 51, 52, 53]), ask(200, &[60, 61, 62]));
    let mut fresh = Session::new(Arc::clone(&decoder), 256, CacheType::F16).unwrap();
    let expected = bits(&read(&mut fresh, &second));

    let mut session = Session::new(decoder, 256, CacheType::F16).unwrap();
    read(&mut session, &first);
    session.read_token(70, &CancelToken::new()).unwrap();
    let mut seen = Vec::new();
    let logits = session
        .read(
            &second,
            0,
            &mut |p| seen.push((p.n_reused, p.n_done)),
            &CancelToken::new(),
        )
        .unwrap();
    assert_eq!(
        seen,
        [(203, 203), (203, 206)],
        "all but three positions are reused"
    );
    assert_eq!(
        bits(&logits),
        expected,
        "and the logits are those of a fresh session"
    );
}

#[test]
fn preparing_before_the_question_changes_no_bit() {
    let decoder = decoder(NAME);
    let prompt = ask(150, &[50, 51]);
    let mut fresh = Session::new(Arc::clone(&decoder), 256, CacheType::F16).unwrap();
    let expected = bits(&read(&mut fresh, &prompt));
    let mut prepared = Session::new(decoder, 256, CacheType::F16).unwrap();
    read(&mut prepared, &prompt.shared());
    assert_eq!(prepared.len(), 153, "the video is read");
    let mut fork = prepared.fork().unwrap();
    assert_eq!(bits(&read(&mut prepared, &prompt)), expected, "after preparing");
    assert_eq!(bits(&read(&mut fork, &prompt)), expected, "in a fork of it");
}

#[test]
fn a_changed_row_ends_the_common_beginning() {
    let decoder = decoder(NAME);
    let mut session = Session::new(Arc::clone(&decoder), 256, CacheType::F16).unwrap();
    read(&mut session, &ask(100, &[50]));
    let visual = golden(NAME)["visual"].narrow(0, 0, 30).unwrap();
    let other = Sequence::new(
        vec![
            SequencePart::Tokens(vec![1, 40, 41]),
            SequencePart::Rows(VisualRows::new(&visual).unwrap()),
            SequencePart::Tokens(vec![50]),
        ],
        33,
    );
    assert_eq!(
        session.n_reusable(&other, 0),
        33,
        "three tokens and thirty rows are the same"
    );
    let mut fresh = Session::new(decoder, 256, CacheType::F16).unwrap();
    let cosine = cosine(&read(&mut session, &other), &read(&mut fresh, &other));
    assert!(cosine >= 0.9999, "cosine {cosine}");
}

#[test]
fn a_cancelled_prompt_is_continued_where_it_stopped() {
    let decoder = decoder(NAME);
    let prompt = ask(3 * CHUNK, &[50]);
    let mut session = Session::new(Arc::clone(&decoder), 4 * CHUNK, CacheType::F16).unwrap();
    let cancel = CancelToken::new();
    let stopped = session.read(
        &prompt,
        0,
        &mut |p| {
            if p.n_done == 2 * CHUNK {
                cancel.cancel();
            }
        },
        &cancel,
    );
    assert!(
        matches!(stopped, Err(LlavaError::Cancelled(Cancelled))),
        "it stops"
    );
    assert_eq!(session.len(), 2 * CHUNK, "two chunks are kept");
    let mut fresh = Session::new(decoder, 4 * CHUNK, CacheType::F16).unwrap();
    let expected = bits(&read(&mut fresh, &prompt));
    let mut first = None;
    let logits = session
        .read(
            &prompt,
            0,
            &mut |p| first = first.or(Some(p.n_done)),
            &CancelToken::new(),
        )
        .unwrap();
    assert_eq!(first, Some(2 * CHUNK), "it goes on from there");
    assert_eq!(bits(&logits), expected, "to the same logits");
}

#[test]
fn frequencies_that_depend_on_the_length_are_never_mixed() {
    let file = model("rope-dynamic");
    let mut shape = LanguageShape::read(&file).unwrap();
    shape.rope_scaling = RopeScaling::Dynamic {
        factor: 2.0,
        trained_len: 64,
    };
    let decoder = Arc::new(Decoder::with_shape(&file, shape, &Compute::cpu()).unwrap());
    let tokens = |n: u32| Sequence::new(vec![SequencePart::Tokens((3..3 + n).collect())], 0);
    let mut session = Session::new(Arc::clone(&decoder), 256, CacheType::F32).unwrap();
    read(&mut session, &tokens(50));
    assert_eq!(
        session.n_reusable(&tokens(60), 0),
        50,
        "within the trained length"
    );
    assert_eq!(
        session.n_reusable(&tokens(80), 0),
        0,
        "beyond it every length has its own"
    );
    read(&mut session, &tokens(80));
    session.read_token(9, &CancelToken::new()).unwrap();
    assert_eq!(
        session.n_reusable(&tokens(80), 0),
        79,
        "the prompt itself, without its answer"
    );
}

/// Token `n` is the letter of its number.
struct Letters;

impl TokenBytes for Letters {
    fn token_bytes(&self, id: u32) -> Cow<'_, [u8]> {
        Cow::Owned(
            char::from_u32(u32::from(b'A') + id % 26)
                .unwrap()
                .to_string()
                .into_bytes(),
        )
    }
}

fn answer_with(options: &AnswerOptions, capacity: usize) -> (videre::llava::Generation, String) {
    let mut session = Session::new(decoder(NAME), capacity, CacheType::F32).unwrap();
    let golden = golden(NAME);
    let mut rows = ids(&golden["before"]);
    rows.extend(ids(&golden["after"]));
    let logits = read(&mut session, &Sequence::new(vec![SequencePart::Tokens(rows)], 0));
    let mut shown = String::new();
    let show = &mut |piece: &str| shown.push_str(piece);
    let answer = answer(&mut session, logits, options, &Letters, show, &CancelToken::new()).unwrap();
    (answer, shown)
}

#[test]
fn answers_end_for_the_reason_they_name() {
    let limit = |max_tokens| AnswerOptions {
        max_tokens,
        ..AnswerOptions::default()
    };
    let (whole, shown) = answer_with(&limit(20), 64);
    assert_eq!((whole.tokens.len(), whole.ending), (20, Ending::TokenLimit));
    assert_eq!(whole.text, shown, "all of the text was shown");
    // 23 positions of prompt, and the last token need not be read to be said.
    let (cut, _) = answer_with(&limit(20), 30);
    assert_eq!(
        (cut.tokens.as_slice(), cut.ending),
        (&whole.tokens[..8], Ending::ContextFull)
    );
    let stop = AnswerOptions {
        stop_tokens: vec![whole.tokens[5]],
        ..limit(20)
    };
    let first = whole
        .tokens
        .iter()
        .position(|token| *token == whole.tokens[5])
        .unwrap();
    let (stopped, _) = answer_with(&stop, 64);
    assert_eq!(
        (stopped.tokens.as_slice(), stopped.ending),
        (&whole.tokens[..first], Ending::Finished)
    );
    let text = whole.text[6..9].to_owned();
    let before = whole.text.find(&text).unwrap();
    let (stopped, shown) = answer_with(
        &AnswerOptions {
            stop_texts: vec![text],
            ..limit(20)
        },
        64,
    );
    assert_eq!(
        (stopped.text.as_str(), stopped.ending),
        (&whole.text[..before], Ending::Finished)
    );
    assert_eq!(shown, stopped.text, "nothing of the stop text was shown");
}

#[test]
fn sampling_repeats_with_its_seed_and_obeys_its_limits() {
    let with = |sampling| {
        answer_with(
            &AnswerOptions {
                max_tokens: 24,
                sampling,
                ..AnswerOptions::default()
            },
            64,
        )
        .0
        .tokens
    };
    let hot = SamplingOptions {
        temperature: 1.5,
        seed: 7,
        ..SamplingOptions::default()
    };
    let greedy = with(SamplingOptions::default());
    assert_eq!(with(hot), with(hot), "the same seed, the same answer");
    assert_ne!(
        with(hot),
        with(SamplingOptions { seed: 8, ..hot }),
        "another seed, another answer"
    );
    assert_ne!(with(hot), greedy, "heat changes the answer");
    assert_eq!(
        with(SamplingOptions {
            top_k: Some(1),
            ..hot
        }),
        greedy,
        "top-k of one is greedy"
    );
    assert_eq!(
        with(SamplingOptions {
            top_p: Some(1e-6),
            ..hot
        }),
        greedy,
        "a tiny top-p is greedy"
    );
    assert_eq!(
        with(SamplingOptions {
            min_p: Some(1.0),
            ..hot
        }),
        greedy,
        "a min-p of one is greedy"
    );
    let mut unrepeated = with(SamplingOptions {
        repetition_penalty: 1e6,
        ..SamplingOptions::default()
    });
    unrepeated.sort_unstable();
    unrepeated.dedup();
    assert_eq!(unrepeated.len(), 24, "a huge penalty lets nothing be said twice");
}

#[test]
fn a_choice_is_the_likeliest_letter_and_its_share() {
    let logits = Tensor::new(&[[0f32, 1.0, 9.0, 2.0, 1.0]], &candle_core::Device::Cpu).unwrap();
    let choice = choose(&logits, &[1, 3, 4]).unwrap().expect("there are options");
    assert_eq!(
        choice.option, 1,
        "the largest among the letters, not among all tokens"
    );
    let e = 1f32.exp();
    assert!(
        (choice.probabilities[1] - e / (e + 2.0)).abs() < 1e-6,
        "{:?}",
        choice.probabilities
    );
    assert_eq!(choose(&logits, &[]).unwrap(), None);
}

#[test]
fn a_context_that_memory_does_not_hold_is_refused() {
    let error = Session::new(decoder(NAME), 1 << 40, CacheType::F16).unwrap_err();
    let text = error.to_string();
    // Two layers, keys and values, two heads of 16, two bytes.
    assert!(
        text.starts_with("the model needs 281475.0 GB of memory and ")
            || text.contains("no memory for a context of 1099511627776 tokens"),
        "{text}"
    );
    assert_eq!(error.fault(), Fault::OutOfMemory);
}

#[test]
fn prompts_that_cannot_be_read_are_refused() {
    let mut session = Session::new(decoder(NAME), 16, CacheType::F16).unwrap();
    let mut read = |prompt: &Sequence| {
        session
            .read(prompt, 0, &mut |_| {}, &CancelToken::new())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(read(&Sequence::default()), "there is nothing to read");
    assert_eq!(
        read(&ask(20, &[5])),
        "the question needs 24 tokens, and the model reads 16 at a time"
    );
    let narrow =
        VisualRows::new(&Tensor::zeros((2, 8), candle_core::DType::F32, &candle_core::Device::Cpu).unwrap());
    let narrow = Sequence::new(vec![SequencePart::Rows(narrow.unwrap())], 0);
    assert_eq!(
        read(&narrow),
        "visual rows are 8 wide, and the language model reads 64"
    );
}
