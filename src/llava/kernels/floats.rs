//! Weights that are not quantized, as f32.

use half::{bf16, f16};

use crate::gguf::TensorType;

/// Widens F32, F16 or BF16 values from the bytes of a file, which may lie at any address.
pub(super) fn widen(format: TensorType, bytes: &[u8], out: &mut [f32]) {
    match format {
        TensorType::F16 => {
            for (out, bytes) in out.iter_mut().zip(bytes.as_chunks().0) {
                *out = f16::from_le_bytes(*bytes).to_f32();
            }
        }
        TensorType::BF16 => {
            for (out, bytes) in out.iter_mut().zip(bytes.as_chunks().0) {
                *out = bf16::from_le_bytes(*bytes).to_f32();
            }
        }
        _ => {
            for (out, bytes) in out.iter_mut().zip(bytes.as_chunks().0) {
                *out = f32::from_le_bytes(*bytes);
            }
        }
    }
}
