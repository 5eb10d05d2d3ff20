//! Language models in wide types: logits, greedy tokens, rotary scalings, caches.

use candle_core::{DType, Tensor};
use videre::cancel::{CancelToken, Cancelled};
use videre::llava::{CacheType, Compute, Decoder, LanguageShape, LlavaError, RopeScaling, Wanted};

use super::{
    F16_ERROR, F32_ERROR, cache, computes, cosine, error, follow_tokens, golden, ids, model, prompt, read,
};

/// Chunk of the tests: small, so that prompts of about 80 rows cross several borders.
const CHUNK: usize = 32;

fn load(name: &str, compute: &Compute) -> Decoder {
    let file = model(name);
    let mut shape = LanguageShape::read(&file).unwrap();
    if name == "rope-dynamic" {
        // Files cannot say this; the option that stretches a context does.
        shape.rope_scaling = RopeScaling::Dynamic {
            factor: 2.0,
            trained_len: shape.context_len,
        };
    }
    Decoder::with_shape(&file, shape, compute).unwrap()
}

/// 64 greedy tokens after a prompt, each from the logits of the last.
fn greedy(decoder: &Decoder, cache: &mut videre::llava::KvCache, mut logits: Tensor, n: usize) -> Vec<u32> {
    let mut tokens = Vec::new();
    while tokens.len() < n {
        let last = logits.get(logits.dim(0).unwrap() - 1).unwrap();
        let token = last.argmax(0).unwrap().to_scalar::<u32>().unwrap();
        tokens.push(token);
        logits = read(decoder, cache, &decoder.embed(&[token]).unwrap(), 1);
    }
    tokens
}

#[test]
fn logits_and_tokens_equal_transformers() {
    let names = [
        "llama-f32",
        "mistral-f32",
        "qwen2-f32",
        "qwen3-f32",
        "phi3-f32",
        "smolvlm-f32",
        "internvl-f32",
    ];
    let ropes = [
        "rope-linear",
        "rope-dynamic",
        "rope-llama3",
        "rope-longrope-short",
        "rope-longrope-long",
    ];
    for name in names.into_iter().chain(ropes) {
        for (path, compute) in computes() {
            let decoder = load(name, &compute);
            let golden = golden(name);
            let mut cache = cache(&decoder, 256, CacheType::F32);
            let logits = read(&decoder, &mut cache, &prompt(&decoder, &golden), CHUNK);
            let error = error(&logits, &golden["logits"]);
            eprintln!("{name} {path}: {error:.1e}");
            assert!(error <= F32_ERROR, "{name} {path}: error {error:e}");
            let tokens = greedy(&decoder, &mut cache, logits, 64);
            assert_eq!(tokens, ids(&golden["tokens"]), "{name} {path}: 64 greedy tokens");
        }
    }
}

#[test]
fn half_precision_weights_stay_close() {
    for name in ["llama-f16", "llama-bf16"] {
        for (path, compute) in computes() {
            let decoder = load(name, &compute);
            let golden = golden(name);
            let mut cache = cache(&decoder, 256, CacheType::F32);
            let logits = read(&decoder, &mut cache, &prompt(&decoder, &golden), CHUNK);
            let error = error(&logits, &golden["logits"]);
            eprintln!("{name} {path}: {error:.1e}");
            assert!(error <= F16_ERROR, "{name} {path}: error {error:e}");
            let tokens = ids(&golden["tokens"]);
            assert_eq!(tokens.len(), 64);
            follow_tokens(name, &decoder, &mut cache, &logits, &tokens, F16_ERROR);
        }
    }
}

/// A prompt of `n` rows, the golden one repeated.
fn long_prompt(decoder: &Decoder, name: &str, n: usize) -> Tensor {
    let rows = prompt(decoder, &golden(name));
    let n_rows = rows.dim(0).unwrap();
    let copies = vec![rows; n.div_ceil(n_rows)];
    Tensor::cat(&copies, 0).unwrap().narrow(0, 0, n).unwrap()
}

#[test]
fn chunks_of_any_size_agree() {
    for (path, compute) in computes() {
        let decoder = load("mistral-f32", &compute);
        let rows = long_prompt(&decoder, "mistral-f32", 200);
        let [whole, pieces] = [200, 7].map(|chunk| {
            let mut cache = cache(&decoder, 200, CacheType::F32);
            read(&decoder, &mut cache, &rows, chunk)
        });
        let error = error(&pieces, &whole);
        assert!(error <= 1e-5, "{path}: error {error:e}");
    }
}

#[test]
fn the_small_cache_is_good_enough_at_depth() {
    const DEPTH: usize = 3456;
    let compute = Compute::cpu();
    let decoder = load("mistral-f32", &compute);
    let rows = long_prompt(&decoder, "mistral-f32", DEPTH + 32);
    let [wide, small] = [CacheType::F32, CacheType::F16].map(|dtype| {
        let mut cache = cache(&decoder, DEPTH + 32, dtype);
        read(&decoder, &mut cache, &rows, 512)
            .narrow(0, DEPTH, 32)
            .unwrap()
    });
    let cosine = cosine(&small, &wide);
    assert!(cosine >= 0.9999, "cosine {cosine}");
}

#[test]
fn contexts_may_be_longer_than_4096() {
    let decoder = load("mistral-f32", &Compute::cpu());
    let rows = long_prompt(&decoder, "mistral-f32", 5000);
    let mut cache = cache(&decoder, 5000, CacheType::F16);
    let logits = read(&decoder, &mut cache, &rows, 512);
    assert_eq!(logits.dims(), [5000, 320]);
    let last = logits.get(4999).unwrap().to_vec1::<f32>().unwrap();
    assert!(last.iter().all(|v| v.is_finite()), "finite at position 4999");
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
fn truncating_and_forking_change_no_bit() {
    for (path, compute) in computes() {
        let decoder = load("mistral-f32", &compute);
        let rows = long_prompt(&decoder, "mistral-f32", 96);
        let (head, tail) = (rows.narrow(0, 0, 64).unwrap(), rows.narrow(0, 64, 32).unwrap());
        let other = long_prompt(&decoder, "qwen2-f32", 32);
        let mut straight = cache(&decoder, 128, CacheType::F16);
        read(&decoder, &mut straight, &head, CHUNK);
        let mut fork = straight.fork(&compute).unwrap();
        let expected = bits(&read(&decoder, &mut straight, &tail, CHUNK));

        read(&decoder, &mut fork, &other, CHUNK);
        fork.truncate(64);
        assert_eq!(
            bits(&read(&decoder, &mut fork, &tail, CHUNK)),
            expected,
            "{path}: fork, then truncate"
        );
        straight.truncate(64);
        assert_eq!(
            bits(&read(&decoder, &mut straight, &tail, CHUNK)),
            expected,
            "{path}: the original is unharmed"
        );
    }
}

#[test]
fn a_cancelled_step_leaves_the_cache_as_it_was() {
    let decoder = load("llama-f32", &Compute::cpu());
    let rows = long_prompt(&decoder, "llama-f32", 64);
    let mut cache = cache(&decoder, 64, CacheType::F16);
    read(&decoder, &mut cache, &rows.narrow(0, 0, 32).unwrap(), CHUNK);
    let cancel = CancelToken::new();
    cancel.cancel();
    let rest = rows.narrow(0, 32, 32).unwrap();
    let stopped = decoder.forward(
        &rest,
        &mut cache,
        decoder.rope().set_for(64),
        Wanted::Last,
        &cancel,
    );
    assert!(
        matches!(stopped, Err(LlavaError::Cancelled(Cancelled))),
        "it stops"
    );
    assert_eq!(cache.len(), 32, "what was read before is kept");
}

#[test]
fn a_full_cache_and_foreign_rows_are_refused() {
    let decoder = load("llama-f32", &Compute::cpu());
    let mut cache = cache(&decoder, 8, CacheType::F16);
    let forward = |rows: &Tensor, cache: &mut _| {
        decoder.forward(
            rows,
            cache,
            decoder.rope().set_for(9),
            Wanted::Nothing,
            &CancelToken::new(),
        )
    };
    let long = Tensor::zeros((9, 64), DType::F32, &candle_core::Device::Cpu).unwrap();
    let error = forward(&long, &mut cache).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the question needs 9 tokens, and the model reads 8 at a time"
    );
    let wide = Tensor::zeros((1, 65), DType::F32, &candle_core::Device::Cpu).unwrap();
    let error = forward(&wide, &mut cache).unwrap_err();
    assert_eq!(
        error.to_string(),
        "visual rows are 65 wide, and the language model reads 64"
    );
}
