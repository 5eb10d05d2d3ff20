//! The same tower in several formats, as repositories offer it: which file is taken without a question.

use std::cmp::Reverse;

use crate::gguf::{Gguf, TensorType};

/// Vectors that are compared; any two trained towers differ in the first.
const MAX_COMPARED: usize = 16;

/// Whether all files hold the same tower and projector: the same tensors, and the same values wherever two store them in
/// the same format, as converters do with biases and norms.
pub(super) fn one_tower(files: &[&Gguf]) -> bool {
    let Some((first, others)) = files.split_first() else {
        return false;
    };
    others.iter().all(|other| is_same_tower(first, other))
}

fn is_same_tower(one: &Gguf, other: &Gguf) -> bool {
    let pairs = || one.tensors().zip(other.tensors());
    let is_alike = one.tensors().count() == other.tensors().count()
        && pairs().all(|(a, b)| a.name == b.name && a.shape == b.shape);
    let mut vectors = pairs()
        .filter(|(a, b)| a.shape.len() == 1 && a.dtype == b.dtype)
        .take(MAX_COMPARED);
    is_alike && vectors.all(|(a, b)| one.tensor_bytes(a) == other.tensor_bytes(b))
}

/// The file with the best format: F16, which towers are made in, then BF16, then F32, whose bits are mostly padding; then
/// quantized ones, the finest first. The first of several that are alike.
pub(super) fn most_precise<'a>(files: &[&'a Gguf]) -> Option<&'a Gguf> {
    let best = files.iter().copied().min_by_key(|file| rank(main_type(file)))?;
    if files.len() > 1 {
        tracing::info!(file = best.source().name(), "the mmproj file that is taken");
    }
    Some(best)
}

fn rank(dtype: TensorType) -> (u8, Reverse<usize>) {
    let class = match dtype {
        TensorType::F16 => 0,
        TensorType::BF16 => 1,
        TensorType::F32 => 2,
        _ => 3,
    };
    (class, Reverse(dtype.block_bytes() * 256 / dtype.block_len()))
}

/// The format of most values of matrices: patches, positions and norms stay wide whatever the others are.
fn main_type(file: &Gguf) -> TensorType {
    let mut n_values: Vec<(TensorType, usize)> = Vec::new();
    for tensor in file.tensors().filter(|tensor| tensor.shape.len() == 2) {
        match n_values.iter_mut().find(|(dtype, _)| *dtype == tensor.dtype) {
            Some((_, n)) => *n += tensor.n_values(),
            None => n_values.push((tensor.dtype, tensor.n_values())),
        }
    }
    n_values
        .into_iter()
        .max_by_key(|(_, n)| *n)
        .map_or(TensorType::F32, |(dtype, _)| dtype)
}
