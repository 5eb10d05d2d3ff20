//! Inference against what transformers computed with the same weights: `tests/reference/llava.py` made the files.
#![expect(
    clippy::unwrap_used,
    reason = "what these tests call must succeed, and the panic names the line"
)]

mod cancelling;
mod convert;
mod convert_families;
mod convert_layouts;
mod decoder;
mod embedded;
mod families;
#[path = "../../../examples/random_pair/layout.rs"]
pub(crate) mod layout;
mod plan;
mod quantized;
#[cfg(feature = "media")]
mod real_clip;
#[cfg(feature = "media")]
mod recipes;
mod session;
mod text;
mod tower;
mod videos;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{D, DType, Device, Tensor};
use videre::cancel::CancelToken;
use videre::gguf::Gguf;
use videre::llava::{CacheType, Compute, Decoder, KvCache, Wanted};

/// Both sides compute in f32 and add in another order: a few ulp in each of some hundred sums.
const F32_ERROR: f32 = 1e-4;
/// f16 weights are widened exactly on both sides; the bound leaves room for a device that multiplies in f16.
const F16_ERROR: f32 = 1e-3;
/// Kernels round the input of a quantized matrix to 8 bits, transformers does not.
const QUANTIZED_COSINE: f32 = 0.999;

fn golden_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/llava")
        .join(name)
}

fn model(name: &str) -> Gguf {
    Gguf::open(&golden_path(&format!("{name}.gguf"))).expect("a file of the repository opens")
}

fn golden(name: &str) -> HashMap<String, Tensor> {
    let path = golden_path(&format!("{name}.safetensors"));
    candle_core::safetensors::load(path, &Device::Cpu).expect("a file of the repository opens")
}

fn ids(tensor: &Tensor) -> Vec<u32> {
    tensor
        .to_dtype(DType::U32)
        .unwrap()
        .flatten_all()
        .unwrap()
        .to_vec1()
        .unwrap()
}

fn values(tensor: &Tensor) -> Vec<Vec<f32>> {
    tensor.to_dtype(DType::F32).unwrap().to_vec2().unwrap()
}

/// Largest absolute difference over largest absolute reference value, of the worst position.
fn error(ours: &Tensor, theirs: &Tensor) -> f32 {
    assert_eq!(ours.dims(), theirs.dims(), "a value for each reference value");
    let difference = (ours - theirs).unwrap().abs().unwrap().max(D::Minus1).unwrap();
    let size = theirs.abs().unwrap().max(D::Minus1).unwrap();
    let error: Vec<f32> = (difference / size).unwrap().to_vec1().unwrap();
    error
        .into_iter()
        .fold(0.0, |worst, e| if e.is_nan() { f32::NAN } else { worst.max(e) })
}

/// Smallest cosine of two rows.
fn cosine(ours: &Tensor, theirs: &Tensor) -> f32 {
    assert_eq!(ours.dims(), theirs.dims(), "a value for each reference value");
    let dot = |a: &[f32], b: &[f32]| {
        a.iter()
            .zip(b)
            .map(|(x, y)| f64::from(*x) * f64::from(*y))
            .sum::<f64>()
    };
    let rows = values(ours).into_iter().zip(values(theirs));
    rows.map(|(a, b)| dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt())
        .fold(1.0, f64::min) as f32
}

/// The rows of a golden prompt: ids, visual rows, ids.
fn prompt(decoder: &Decoder, golden: &HashMap<String, Tensor>) -> Tensor {
    let before = decoder.embed(&ids(&golden["before"])).unwrap();
    let after = decoder.embed(&ids(&golden["after"])).unwrap();
    Tensor::cat(&[&before, &golden["visual"], &after], 0).unwrap()
}

fn cache(decoder: &Decoder, capacity: usize, dtype: CacheType) -> KvCache {
    KvCache::new(decoder.cache_shape(capacity, dtype), decoder.compute()).unwrap()
}

/// Logits at every position of `rows`, read in chunks of `chunk` rows after what `cache` holds.
fn read(decoder: &Decoder, cache: &mut KvCache, rows: &Tensor, chunk: usize) -> Tensor {
    let n = rows.dim(0).unwrap();
    let rope = decoder.rope().set_for(cache.len() + n);
    if cache.is_empty() {
        cache.restart(rope);
    }
    let parts: Vec<Tensor> = (0..n)
        .step_by(chunk)
        .map(|start| {
            let part = rows.narrow(0, start, chunk.min(n - start)).unwrap();
            let logits = decoder.forward(&part, cache, rope, Wanted::Every, &CancelToken::new());
            logits.unwrap().expect("logits were wanted")
        })
        .collect();
    Tensor::cat(&parts, 0).unwrap()
}

/// Reads the reference's greedy tokens after `logits`, and fails where one of them was not our first choice nor within
/// `2 * error` of it (each of the two may be off by `error`), in parts of the largest logit.
#[track_caller]
fn follow_tokens(
    name: &str,
    decoder: &Decoder,
    cache: &mut KvCache,
    logits: &Tensor,
    tokens: &[u32],
    error: f32,
) {
    let last = |logits: &Tensor| logits.get(logits.dim(0).unwrap() - 1).unwrap();
    let mut ours = last(logits).to_vec1::<f32>().unwrap();
    for &token in tokens {
        let best = ours.iter().copied().fold(f32::MIN, f32::max);
        let size = ours.iter().fold(0f32, |size, v| size.max(v.abs()));
        let lead = (best - ours[token as usize]) / size;
        assert!(lead <= 2.0 * error, "{name}: token {token} is {lead} behind");
        let row = decoder.embed(&[token]).unwrap();
        ours = last(&read(decoder, cache, &row, 1)).to_vec1().unwrap();
    }
}

/// Both ways to compute on this machine, with the names they have in messages.
fn computes() -> [(&'static str, Compute); 2] {
    [("portable", Compute::portable()), ("native", Compute::cpu())]
}
