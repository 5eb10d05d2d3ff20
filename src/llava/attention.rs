//! Scaled dot-product attention that never holds all scores at once.

use candle_core::{D, DType, Tensor};

use super::device::{Compute, KernelPath};
use super::error::LlavaError;
use super::kernels::{self, KvRows};
use super::matrix::on_slice;
use crate::cancel::CancelToken;

/// Scores that the portable twin holds at a time: 16 MB, whatever the length of the sequence.
const SCORES: usize = 4 << 20;

/// What a query sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// Every key: the vision tower.
    All,
    /// The keys up to its own position. The first query stands at this position.
    UpTo(usize),
}

/// Attention of `queries` `(n, n_heads, head_dim)` over `keys` and `values` `(s, n_kv_heads, head_dim)`; query head `h`
/// reads key head `h / (n_heads / n_kv_heads)`. Scores are scaled by `1 / sqrt(head_dim)`. Gives
/// `(n, n_heads * head_dim)`.
///
/// # Errors
/// [`LlavaError::Cancelled`] within a few milliseconds (in the portable twin, between blocks), or candle's.
pub(super) fn attend(
    queries: &Tensor,
    keys: &Tensor,
    values: &Tensor,
    sight: Sight,
    compute: &Compute,
    cancel: &CancelToken,
) -> Result<Tensor, LlavaError> {
    cancel.wait_while_held()?;
    if compute.kernels() == KernelPath::Native && compute.is_host() {
        return attend_native(queries, keys, values, sight, cancel);
    }
    attend_in_blocks(queries, keys, values, sight, cancel)
}

fn attend_native(
    queries: &Tensor,
    keys: &Tensor,
    values: &Tensor,
    sight: Sight,
    cancel: &CancelToken,
) -> Result<Tensor, LlavaError> {
    let (n, n_heads, head_dim) = queries.dims3()?;
    let shape = kernels::AttentionShape {
        n_heads,
        n_kv_heads: keys.dim(1)?,
        head_dim,
    };
    let mask = match sight {
        Sight::All => kernels::Mask::Full,
        Sight::UpTo(n_past) => kernels::Mask::Causal { n_past },
    };
    let scale = 1.0 / (head_dim as f32).sqrt();
    let mut out = vec![0f32; n * n_heads * head_dim];
    let mut run = |k: KvRows<'_>, v: KvRows<'_>| {
        on_slice(queries, |q: &[f32]| {
            kernels::attention(shape, q, k, v, mask, scale, &mut out, cancel)
        })
    };
    match keys.dtype() {
        DType::F16 => on_slice(keys, |k| {
            on_slice(values, |v| run(KvRows::F16(k), KvRows::F16(v)))
        })????,
        _ => on_slice(keys, |k| {
            on_slice(values, |v| run(KvRows::F32(k), KvRows::F32(v)))
        })????,
    }
    Ok(Tensor::from_vec(out, (n, n_heads * head_dim), queries.device())?)
}

/// The portable twin: blocks of queries against all the keys that they see.
fn attend_in_blocks(
    queries: &Tensor,
    keys: &Tensor,
    values: &Tensor,
    sight: Sight,
    cancel: &CancelToken,
) -> Result<Tensor, LlavaError> {
    let (n, n_heads, head_dim) = queries.dims3()?;
    let (s, n_kv_heads, _) = keys.dims3()?;
    let n_shared = n_heads / n_kv_heads;
    let keys = keys.to_dtype(DType::F32)?.permute((1, 2, 0))?.contiguous()?; // (kv, d, s)
    let values = values.to_dtype(DType::F32)?.transpose(0, 1)?.contiguous()?; // (kv, s, d)
    let queries = (queries * (1.0 / (head_dim as f64).sqrt()))?;
    let step = (SCORES / (n_heads * s)).clamp(1, n);
    let mut parts = Vec::with_capacity(n.div_ceil(step));
    for start in (0..n).step_by(step) {
        cancel.wait_while_held()?;
        let rows = step.min(n - start);
        let block = queries
            .narrow(0, start, rows)?
            .reshape((rows, n_kv_heads, n_shared, head_dim))?
            .permute((1, 2, 0, 3))? // (kv, shared, rows, d)
            .reshape((n_kv_heads, n_shared * rows, head_dim))?;
        let mut scores = block.matmul(&keys)?; // (kv, shared * rows, s)
        if let Sight::UpTo(first) = sight {
            let unseen = unseen(first + start, rows, s, queries.device())?;
            scores = scores
                .reshape((n_kv_heads * n_shared, rows, s))?
                .broadcast_add(&unseen)?
                .reshape((n_kv_heads, n_shared * rows, s))?;
        }
        let weights = candle_nn::ops::softmax(&scores, D::Minus1)?;
        let out = weights
            .matmul(&values)?
            .reshape((n_kv_heads, n_shared, rows, head_dim))?
            .permute((2, 0, 1, 3))?
            .reshape((rows, n_heads * head_dim))?;
        parts.push(out);
    }
    Ok(if parts.len() == 1 {
        parts.swap_remove(0)
    } else {
        Tensor::cat(&parts, 0)?
    })
}

/// `(rows, s)`: minus infinity where a query at `first + row` must not look, else 0.
fn unseen(
    first: usize,
    rows: usize,
    s: usize,
    device: &candle_core::Device,
) -> Result<Tensor, candle_core::Error> {
    let mask = (0..rows)
        .flat_map(|row| (0..s).map(move |key| if key > first + row { f32::NEG_INFINITY } else { 0.0 }))
        .collect::<Vec<_>>();
    Tensor::from_vec(mask, (rows, s), device)
}
