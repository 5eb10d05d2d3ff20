//! How soon work stops, on layers as wide as those of a 7B model and its tower.

use std::sync::Arc;
use std::time::{Duration, Instant};

use candle_core::{DType, Device, Tensor};
use videre::cancel::{CancelToken, Cancelled};
use videre::gguf::{Gguf, GgufWriter, MetaValue, Source, TensorType};
use videre::llava::pair::Pair;
use videre::llava::{
    CacheType, Compute, Decoder, LlavaError, LoadError, Model, Sequence, SequencePart, Session, Tower,
};

use super::layout;

/// What a person takes for at once.
const SOON: Duration = Duration::from_millis(300);
/// A machine busy with other work may keep a thread waiting that long: one of several attempts must do.
const ATTEMPTS: usize = 4;

/// Of the language model.
const WIDTH: usize = 4096;
const N_VOCAB: usize = 128_256;

/// Zeros never written to take no memory, and their products as much time as others.
fn zeroed(writer: &GgufWriter) -> Gguf {
    let source = Source::Static {
        bytes: writer.zeroed().leak(),
        name: "7b.gguf",
    };
    Gguf::read(source).expect("the test gives a good one")
}

fn language_file() -> GgufWriter {
    let sizes = layout::Language {
        n_layers: 2,
        width: WIDTH,
        n_heads: 32,
        n_kv_heads: 32,
        ffn: 11008,
        context: 4096,
        n_vocab: N_VOCAB,
        is_tied: true,
    };
    let mut file = layout::language(&sizes, |_, _| TensorType::Q4_K).writer();
    set_vocabulary(&mut file);
    file
}

/// As large as Llama 3's, the largest vocabulary in use: byte letters, then all words of two letters and many of three.
fn set_vocabulary(file: &mut GgufWriter) {
    let letters: Vec<String> = (33..=126u32)
        .chain(161..=172)
        .chain(174..=255)
        .chain(256..=323)
        .map(|code| char::from_u32(code).unwrap().to_string())
        .collect();
    let mut tokens = letters.clone();
    let mut merges = Vec::new();
    for first in 0.. {
        let Some(before) = tokens.get(first).cloned() else {
            break;
        };
        for letter in &letters {
            if tokens.len() == N_VOCAB {
                break;
            }
            merges.push(format!("{before} {letter}"));
            tokens.push(format!("{before}{letter}"));
        }
        if tokens.len() == N_VOCAB {
            break;
        }
    }
    file.set("tokenizer.ggml.model", MetaValue::Str("gpt2".into()))
        .set("tokenizer.ggml.pre", MetaValue::Str("llama-bpe".into()))
        .set("tokenizer.ggml.token_type", MetaValue::I32s(vec![1; N_VOCAB]))
        .set("tokenizer.ggml.tokens", MetaValue::Strs(tokens))
        .set("tokenizer.ggml.merges", MetaValue::Strs(merges))
        .set("tokenizer.ggml.bos_token_id", MetaValue::U32(0))
        .set("tokenizer.ggml.eos_token_id", MetaValue::U32(1));
}

fn vision_file() -> GgufWriter {
    let sizes = layout::Tower {
        n_blocks: 4,
        width: 1024,
        n_heads: 16,
        ffn: 4096,
        side: 336,
    };
    layout::tower(&sizes, WIDTH).writer()
}

/// Cancels `work` after each of these times (at different places inside of it), and measures how long it goes on.
fn stops_soon(name: &str, after_ms: [u64; 3], mut work: impl FnMut(&CancelToken) -> LlavaError + Send) {
    for after in after_ms {
        let mut once = || {
            let cancel = CancelToken::new();
            let (error, late) = std::thread::scope(|scope| {
                let (work, token) = (&mut work, cancel.clone());
                let working = scope.spawn(move || (work(&token), Instant::now()));
                std::thread::sleep(Duration::from_millis(after));
                let asked = Instant::now();
                cancel.cancel();
                let (error, stopped) = working.join().unwrap();
                (error, stopped.saturating_duration_since(asked))
            });
            assert!(
                matches!(error, LlavaError::Cancelled(Cancelled)),
                "{name}: {error}"
            );
            late
        };
        let late = (0..ATTEMPTS)
            .map(|_| once())
            .find(|late| *late < SOON)
            .unwrap_or(SOON);
        eprintln!("{name}, cancelled after {after} ms: stopped {late:?} later");
        assert!(late < SOON, "{name}, cancelled after {after} ms");
    }
}

/// The error that ends work which goes on until it is cancelled.
fn until_error<T>(mut work: impl FnMut() -> Result<T, LlavaError>) -> LlavaError {
    loop {
        if let Err(error) = work() {
            return error;
        }
    }
}

#[test]
fn reading_and_answering_stop_at_once() {
    let decoder = Arc::new(Decoder::load(&zeroed(&language_file()), &Compute::cpu()).unwrap());
    let prompt = |n: usize| Sequence::new(vec![SequencePart::Tokens(vec![3; n])], 0);
    stops_soon("reading", [20, 150, 700], |cancel| {
        until_error(|| {
            let mut session = Session::new(Arc::clone(&decoder), 4096, CacheType::F16)?;
            session.read(&prompt(4096), 0, &mut |_| {}, cancel)
        })
    });
    let mut session = Session::new(Arc::clone(&decoder), 4096, CacheType::F16).unwrap();
    session
        .read(&prompt(1024), 0, &mut |_| {}, &CancelToken::new())
        .unwrap();
    stops_soon("answering", [5, 20, 90], |cancel| {
        until_error(|| session.read_token(3, cancel))
    });
}

#[test]
fn looking_stops_at_once() {
    let tower = Tower::load(&zeroed(&vision_file()), &Compute::cpu()).unwrap();
    let pixels = Tensor::zeros((3, 336, 336), DType::F32, &Device::Cpu).unwrap();
    stops_soon("looking", [10, 100, 400], |cancel| {
        until_error(|| tower.encode(&pixels, cancel))
    });
}

#[test]
fn loading_stops_at_once() {
    let pair = Pair::of(zeroed(&language_file()), zeroed(&vision_file())).unwrap();
    let load = |cancel: &CancelToken| -> Result<(), LoadError> {
        let model = Model::load(&pair, &Compute::cpu(), cancel)?;
        model.expected_speed(cancel)?;
        Ok(())
    };
    let began = Instant::now();
    load(&CancelToken::new()).unwrap();
    let whole_ms = u64::try_from(began.elapsed().as_millis()).unwrap();
    eprintln!("loading takes {whole_ms} ms");
    stops_soon("loading", [1, whole_ms / 3, whole_ms * 3 / 4], |cancel| {
        until_error(|| {
            load(cancel).map_err(|error| match error {
                LoadError::Llava(error) => error,
                other => panic!("{other}"),
            })
        })
    });
}
