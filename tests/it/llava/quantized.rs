//! Every quantized type: stored values against the gguf package, logits against transformers on those values.

use std::sync::Arc;

use videre::cancel::CancelToken;
use videre::gguf::{Gguf, TensorType};
use videre::llava::{CacheType, Decoder, LlavaError, Sequence, SequencePart, Session, dequantize};

use super::{
    QUANTIZED_COSINE, cache, computes, cosine, error, follow_tokens, golden, golden_path, ids, model, prompt,
    read,
};

const TYPES: [TensorType; 10] = [
    TensorType::Q4_0,
    TensorType::Q4_1,
    TensorType::Q5_0,
    TensorType::Q5_1,
    TensorType::Q8_0,
    TensorType::Q2_K,
    TensorType::Q3_K,
    TensorType::Q4_K,
    TensorType::Q5_K,
    TensorType::Q6_K,
];

/// The gguf package computes in f32 too, some types with another order of multiplications: one rounding.
const ONE_ROUNDING: f32 = 1.2e-7;

#[test]
fn stored_values_equal_the_gguf_package() {
    for dtype in TYPES {
        let name = dtype.name().to_lowercase();
        let file = model(&format!("llama-{name}"));
        let tensor = file.tensor("blk.0.attn_v.weight").expect("every model has it");
        assert_eq!(tensor.dtype, dtype, "the file holds what its name says");
        let theirs = &golden(&format!("values-{name}"))["blk.0.attn_v.weight"];
        let ours = dequantize(file.tensor_bytes(tensor), dtype, 64, 256).unwrap();
        let error = error(&ours.narrow(0, 0, 4).unwrap(), theirs);
        assert!(error <= ONE_ROUNDING, "{dtype}: error {error:e}");
    }
}

#[test]
fn logits_agree_with_transformers_on_the_same_values() {
    for dtype in TYPES {
        let name = format!("llama-{}", dtype.name().to_lowercase());
        for (path, compute) in computes() {
            let decoder = Decoder::load(&model(&name), &compute).unwrap();
            let golden = golden(&name);
            let mut cache = cache(&decoder, 128, CacheType::F32);
            let logits = read(&decoder, &mut cache, &prompt(&decoder, &golden), 16);
            let cosine = cosine(&logits, &golden["logits"]);
            let error = error(&logits, &golden["logits"]);
            eprintln!("{name} {path}: cosine {cosine:.6}, error {error:.1e}");
            assert!(cosine >= QUANTIZED_COSINE, "{name} {path}: cosine {cosine}");

            let tokens = ids(&golden["tokens"]);
            follow_tokens(&name, &decoder, &mut cache, &logits, &tokens, error.max(1e-4));
        }
    }
}

#[test]
fn chunks_of_any_size_agree_in_quantized_models() {
    for (path, compute) in computes() {
        let decoder = Decoder::load(&model("llama-q4_k"), &compute).unwrap();
        let rows = prompt(&decoder, &golden("llama-q4_k"));
        let [whole, pieces] = [64, 5].map(|chunk| {
            let mut cache = cache(&decoder, 64, CacheType::F32);
            read(&decoder, &mut cache, &rows, chunk)
        });
        let cosine = cosine(&pieces, &whole);
        assert!(cosine >= 0.9999, "{path}: cosine {cosine}");
    }
}

/// The file of a model with what one tensor's first values are scaled by turned into `scale`, 16 bits.
fn with_scale(name: &str, tensor: &str, scale: u16) -> (tempfile::TempDir, Gguf) {
    let start = model(name)
        .tensor(tensor)
        .expect("every model has it")
        .range
        .start;
    let mut bytes = std::fs::read(golden_path(&format!("{name}.gguf"))).unwrap();
    bytes[start..start + 2].copy_from_slice(&scale.to_le_bytes());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.gguf");
    std::fs::write(&path, bytes).unwrap();
    let damaged = Gguf::open(&path).unwrap();
    (folder, damaged)
}

/// One scale that is no number, in any matrix: no kernel on the way may make a number of it.
#[test]
fn a_single_damaged_scale_is_named_with_its_file() {
    const NOT_A_NUMBER: u16 = 0x7e00;
    let parts = [
        "attn_q",
        "attn_k",
        "attn_v",
        "attn_output",
        "ffn_gate",
        "ffn_up",
        "ffn_down",
    ];
    let tensors = parts.map(|part| format!("blk.0.{part}.weight"));
    for name in ["llama-q4_k", "llama-q8_0", "llama-q4_0"] {
        for tensor in &tensors {
            let (_folder, damaged) = with_scale(name, tensor, NOT_A_NUMBER);
            for (path, compute) in computes() {
                let decoder = Arc::new(Decoder::load(&damaged, &compute).unwrap());
                for n_tokens in [1, 40] {
                    let mut session = Session::new(Arc::clone(&decoder), 64, CacheType::F16).unwrap();
                    let tokens = (0..n_tokens).map(|token| token % 7 + 3).collect();
                    let prompt = Sequence::new(vec![SequencePart::Tokens(tokens)], 0);
                    let read = session.read(&prompt, 0, &mut |_| {}, &CancelToken::new());
                    let error = read.expect_err(&format!("{name} {tensor} {path} {n_tokens}"));
                    assert!(matches!(error, LlavaError::NotNumbers { .. }), "{error}");
                    assert!(error.to_string().contains("damaged.gguf"), "{error}");
                }
            }
        }
    }
}
