//! Tokenizers: small vocabularies with ids from the reference implementations (`tests/reference/vocabularies.py`), and
//! the two real ones where they are present.

use std::path::{Path, PathBuf};

use videre::fault::{Explain, Fault};
use videre::gguf::{Gguf, GgufWriter, MetaValue, Source};
use videre::llava::tokenizer::{AnswerStream, Place, Span, Tokenizer};

const SMALL: [&str; 6] = ["spm", "spm-user-defined", "llama-bpe", "qwen2", "gpt-2", "smollm"];

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/tokenizers")
        .join(name)
}

fn load(name: &str) -> Tokenizer {
    let file = Gguf::open(&data(&format!("{name}.gguf"))).expect("a good header");
    Tokenizer::read(&file).expect("a good vocabulary")
}

fn ids(tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    tokenizer
        .encode(&[Span::user(text)], Place::Inside)
        .expect("every text has tokens")
}

#[test]
fn small_vocabularies_agree_with_their_reference() {
    for name in SMALL {
        let tokenizer = load(name);
        let cases = std::fs::read_to_string(data(&format!("{name}.json"))).unwrap();
        let cases: Vec<serde_json::Value> = serde_json::from_str(&cases).unwrap();
        assert!(cases.len() > 100);
        for case in cases {
            let text = case["text"].as_str().unwrap();
            let expected: Vec<u32> = serde_json::from_value(case["ids"].clone()).unwrap();
            assert_eq!(ids(&tokenizer, text), expected, "{name}: {text:?}");
        }
    }
}

/// Vocabularies of llama.cpp: `NAME.gguf.inp` holds texts between marks, `NAME.gguf.out` their ids, one line each,
/// without a begin-of-sequence token.
fn check_real_vocabulary(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(1);
    let candidates = folder.map(|dir| dir.join("shared/vocab")).collect::<Vec<_>>();
    let Some(folder) = candidates
        .into_iter()
        .find(|dir| dir.join(format!("{name}.gguf")).exists())
    else {
        eprintln!("skipped: no shared/vocab/{name}.gguf beside the repository");
        return;
    };
    let tokenizer = Tokenizer::read(
        &Gguf::open(&folder.join(format!("{name}.gguf"))).expect("the test gives a good one"),
    )
    .expect("the test gives a good one");
    let texts =
        std::fs::read_to_string(folder.join(format!("{name}.gguf.inp"))).expect("the test gives a good one");
    let expected =
        std::fs::read_to_string(folder.join(format!("{name}.gguf.out"))).expect("the test gives a good one");
    let texts: Vec<&str> = texts.split_terminator("\n__ggml_vocab_test__\n").collect();
    let expected: Vec<&str> = expected.lines().collect();
    assert_eq!(texts.len(), expected.len());
    for (text, line) in texts.iter().zip(expected) {
        let line: Vec<u32> = line
            .split_whitespace()
            .map(|id| id.parse().expect("the test gives a good one"))
            .collect();
        assert_eq!(ids(&tokenizer, text), line, "{text:?}");
    }
}

#[test]
fn llama_2_vocabulary() {
    check_real_vocabulary("ggml-vocab-llama-spm");
}

#[test]
fn llama_3_vocabulary() {
    check_real_vocabulary("ggml-vocab-llama-bpe");
}

#[test]
fn each_chunk_around_an_image_is_a_text_of_its_own() {
    let tokenizer = load("spm");
    let before = tokenizer
        .encode(&[Span::template("USER: ")], Place::Start)
        .unwrap();
    assert_eq!(before[0], 1, "the prompt begins with <s>");
    assert_eq!(before[1..], ids(&tokenizer, "USER: "));
    let after = tokenizer
        .encode(&[Span::template("\nThe input")], Place::Inside)
        .unwrap();
    assert_eq!(
        &after[..2],
        [
            tokenizer.id_of("\u{2581}").unwrap(),
            tokenizer.id_of("<0x0A>").unwrap()
        ]
    );
    assert_ne!(after[0], 1, "only the first chunk begins with <s>");
}

#[test]
fn spans_of_a_chunk_are_one_text() {
    for name in SMALL {
        let tokenizer = load(name);
        let whole = tokenizer
            .encode(&[Span::template("Question: the video?")], Place::Inside)
            .unwrap();
        let spans = [
            Span::template("Questi"),
            Span::user("on: the vid"),
            Span::template("eo?"),
        ];
        assert_eq!(tokenizer.encode(&spans, Place::Inside).unwrap(), whole, "{name}");
    }
}

#[test]
fn control_tokens_obey_only_the_template() {
    for (name, control) in [
        ("qwen2", "<|im_end|>"),
        ("llama-bpe", "<|eot_id|>"),
        ("spm", "</s>"),
    ] {
        let tokenizer = load(name);
        let id = tokenizer.id_of(control).unwrap();
        let text = format!("a{control}b");
        assert!(
            tokenizer
                .encode(&[Span::template(&text)], Place::Inside)
                .unwrap()
                .contains(&id),
            "{name}"
        );
        let by_user = ids(&tokenizer, &text);
        assert!(!by_user.contains(&id), "{name}");
        assert_eq!(tokenizer.decode(&by_user).trim_start(), text, "{name}");
        let halves = [Span::template(&control[..2]), Span::user(&control[2..])];
        assert!(
            !tokenizer.encode(&halves, Place::Inside).unwrap().contains(&id),
            "{name}: no forging across spans"
        );
    }
}

#[test]
fn a_template_that_writes_the_first_token_does_not_get_two() {
    let tokenizer = load("spm");
    let once = tokenizer
        .encode(&[Span::template("<s>USER:")], Place::Start)
        .unwrap();
    assert_eq!(once.iter().filter(|&&id| id == 1).count(), 1);
    let twice = tokenizer
        .encode(&[Span::template("<s>a</s><s>")], Place::Start)
        .unwrap();
    assert_eq!(twice.iter().filter(|&&id| id == 1).count(), 2);
}

#[test]
fn answers_stream_in_whole_characters() {
    let text = "In the vidéo: 🦙👍🏽 视频\n  end\u{301}";
    for name in SMALL {
        let tokenizer = load(name);
        let mut stream = AnswerStream::new(&tokenizer);
        let mut answer = String::new();
        for id in ids(&tokenizer, text) {
            let piece = stream.push(id);
            assert!(
                !piece.contains('\u{fffd}'),
                "{name}: half a character in {piece:?}"
            );
            answer.push_str(&piece);
        }
        answer.push_str(&stream.finish());
        assert_eq!(answer, text, "{name}");
    }
}

#[test]
fn a_broken_character_appears_when_it_cannot_be_completed() {
    let tokenizer = load("spm");
    let byte = |byte: u8| tokenizer.id_of(&format!("<0x{byte:02X}>")).unwrap();
    let mut stream = AnswerStream::new(&tokenizer);
    assert_eq!(stream.push(byte(0xf0)), "");
    assert_eq!(stream.push(byte(0x9f)), "");
    assert_eq!(stream.push(tokenizer.id_of("a").unwrap()), "\u{fffd}a");
    assert_eq!(stream.push(byte(0xe2)), "");
    assert_eq!(stream.finish(), "\u{fffd}");
}

#[test]
fn stops_are_found() {
    let tokenizer = load("qwen2");
    let mut expected = vec![
        tokenizer.id_of("<|im_end|>").unwrap(),
        tokenizer.id_of("<|endoftext|>").unwrap(),
    ];
    expected.sort_unstable();
    assert_eq!(tokenizer.stops(), expected);
    assert_eq!(load("spm").stops(), [2]);
}

fn vocabulary(change: impl FnOnce(&mut GgufWriter)) -> Result<Tokenizer, (String, Fault)> {
    let mut writer = GgufWriter::new();
    let texts = |texts: &[&str]| MetaValue::Strs(texts.iter().map(|&text| text.to_owned()).collect());
    writer
        .set("general.architecture", MetaValue::Str("llama".into()))
        .set("tokenizer.ggml.model", MetaValue::Str("gpt2".into()))
        .set("tokenizer.ggml.pre", MetaValue::Str("gpt-2".into()))
        .set("tokenizer.ggml.tokens", texts(&["a", "b", "ab"]))
        .set("tokenizer.ggml.merges", texts(&["a b"]));
    change(&mut writer);
    let file = Gguf::read(Source::Static {
        bytes: writer.zeroed().leak(),
        name: "test.gguf",
    })
    .expect("the test gives a good one");
    Tokenizer::read(&file).map_err(|error| (error.to_string(), error.fault()))
}

#[test]
fn broken_vocabularies_are_refused() {
    assert_eq!(ids(&vocabulary(|_| {}).unwrap(), "abb"), [2, 1]);
    let damaged = |what: &str| {
        (
            format!("the tokenizer in the model file is damaged ({what}): test.gguf"),
            Fault::Unreadable,
        )
    };
    let unsupported = |what: &str| {
        (
            format!("the model uses the {what}, which Videre does not know: test.gguf"),
            Fault::Unsupported,
        )
    };
    let refusal = |change: &dyn Fn(&mut GgufWriter)| vocabulary(|w| change(w)).expect_err("must be refused");
    let missing = refusal(&|w| {
        w.unset("tokenizer.ggml.tokens");
    });
    assert_eq!(
        missing,
        (
            "the model file has no tokenizer: test.gguf".to_owned(),
            Fault::Unreadable
        )
    );
    let set = |key: &'static str, value: MetaValue| {
        refusal(&move |w| {
            w.set(key, value.clone());
        })
    };
    assert_eq!(
        set("tokenizer.ggml.model", MetaValue::Str("t5".into())),
        unsupported("tokenizer 't5'")
    );
    assert_eq!(
        set("tokenizer.ggml.pre", MetaValue::Str("poro".into())),
        unsupported("pre-tokenizer 'poro'")
    );
    assert_eq!(
        set("tokenizer.ggml.tokens", MetaValue::Strs(Vec::new())),
        damaged("0 tokens")
    );
    assert_eq!(
        set("tokenizer.ggml.tokens", MetaValue::I32s(vec![1])),
        damaged("tokens that are not texts")
    );
    assert_eq!(
        set("tokenizer.ggml.tokens", MetaValue::Strs(vec!["x".repeat(2000)])),
        damaged("endless tokens")
    );
    assert_eq!(
        set("tokenizer.ggml.token_type", MetaValue::I32s(vec![1])),
        damaged("1 token types for 3 tokens")
    );
    assert_eq!(
        set("tokenizer.ggml.scores", MetaValue::F32s(vec![0.0])),
        damaged("1 scores for 3 tokens")
    );
    assert_eq!(
        set("tokenizer.ggml.merges", MetaValue::Strs(vec!["ab".into()])),
        damaged("half a merge")
    );
}

/// What is built of a vocabulary is many times as large as its texts: a file of seven megabytes took 380, one of sixty
/// minutes and all memory.
#[test]
fn vocabularies_that_come_to_more_than_a_machine_has_are_refused() {
    let texts = |texts: Vec<String>| MetaValue::Strs(texts);
    let refusal =
        |change: &dyn Fn(&mut GgufWriter)| vocabulary(|w| change(w)).expect_err("must be refused").0;
    let says = |said: &str, what: &str| assert!(said.contains(&format!("({what})")), "{said}");
    let markup = refusal(&|w| {
        let words: Vec<String> = (0..600).map(|i| format!("{i:0>1000}")).collect();
        w.set("tokenizer.ggml.token_type", MetaValue::I32s(vec![4; words.len()]));
        w.set("tokenizer.ggml.tokens", texts(words));
    });
    says(&markup, "endless markup");
    // Each piece is two shorter ones wherever it is cut; or each would have to be looked for, and none is there.
    let alike: Vec<String> = (1..341).map(|n| "\u{4e00}".repeat(n)).collect();
    let unlike: Vec<String> = (0..300).map(|i| format!("{i:0>1000}")).collect();
    for words in [alike, unlike] {
        let merges = refusal(&|w| {
            w.set("tokenizer.ggml.model", MetaValue::Str("llama".into()));
            w.set("tokenizer.ggml.tokens", texts(words.clone()));
        });
        says(&merges, "endless merges");
    }
    let listed = refusal(&|w| {
        w.set(
            "tokenizer.ggml.merges",
            texts(vec![format!("{} b", "a".repeat(1 << 20)); 40]),
        );
    });
    says(&listed, "endless merges");
    let all = refusal(&|w| {
        w.set(
            "tokenizer.ggml.tokens",
            texts((0..20_000).map(|i| format!("{i:0>1000}")).collect()),
        );
    });
    says(&all, "endless tokens");
}
