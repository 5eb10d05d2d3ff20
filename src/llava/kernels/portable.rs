//! The kernels in plain Rust: the measure for the others, and what a processor without them runs.

use super::PANEL;
use super::blocks::{Blocks, Unpacked};
use super::gemm::{BLOCK, Panel};
use super::gemv::ROWS;
use super::input::{InputRow, QuantInput};

/// Dot products of weight rows with one row of the input.
#[inline(always)]
pub(super) fn dot_rows<B: Blocks>(rows: [&[u8]; ROWS], x: InputRow<'_>) -> [f32; ROWS] {
    rows.map(|row| {
        let mut unpacked = Unpacked::EMPTY;
        let mut sum = 0.0;
        for (b, block) in row.chunks_exact(B::BYTES).enumerate() {
            B::unpack(block, &mut unpacked);
            for g in 0..B::LEN / B::GROUP {
                let col = b * B::LEN + g * B::GROUP;
                let quants = &unpacked.q[g * B::GROUP..][..B::GROUP];
                let dot: i32 = quants
                    .iter()
                    .zip(&x.q[col..])
                    .map(|(q, x)| (i32::from(*q) - B::ZERO) * i32::from(*x))
                    .sum();
                #[expect(clippy::cast_precision_loss, reason = "below 2^24")]
                let dot = dot as f32;
                sum += unpacked.scale[g] * x.scale[col / 32] * dot;
                if B::HAS_MIN {
                    sum -= unpacked.min[g] * scaled_sum::<B>(x, col);
                }
            }
        }
        sum
    })
}

/// `scale` times the sum of an input's quants, over the group of weights that starts at `col`.
#[inline(always)]
pub(super) fn scaled_sum<B: Blocks>(x: InputRow<'_>, col: usize) -> f32 {
    if B::GROUP == 32 {
        x.scaled_sum[col / 32]
    } else {
        #[expect(clippy::cast_precision_loss, reason = "at most 16 * 127")]
        let sum = x.half_sum[col / 16] as f32;
        x.scale[col / 32] * sum
    }
}

/// Adds the products of a panel's columns `first_col..first_col + len` to `acc` (rows of the input, 32).
pub(super) fn int_tile<B: Blocks>(
    panel: &Panel,
    first_col: usize,
    len: usize,
    x: &QuantInput,
    acc: &mut [[f32; PANEL]],
) {
    debug_assert!(len <= BLOCK);
    for (t, acc) in acc.iter_mut().enumerate() {
        let x = x.row(t);
        for g in 0..len / B::GROUP {
            let col = first_col + g * B::GROUP;
            for (lane, acc) in acc.iter_mut().enumerate() {
                let dot: i32 = (0..B::GROUP)
                    .map(|i| {
                        let at = g * B::GROUP + i;
                        let q = panel.q[at / 4 * (4 * PANEL) + 4 * lane + at % 4];
                        (i32::from(q) - B::ZERO) * i32::from(x.q[col + i])
                    })
                    .sum();
                #[expect(clippy::cast_precision_loss, reason = "below 2^24")]
                let dot = dot as f32;
                *acc += panel.scale[g][lane] * x.scale[col / 32] * dot;
                if B::HAS_MIN {
                    *acc -= panel.min[g][lane] * scaled_sum::<B>(x, col);
                }
            }
        }
    }
}

/// `c[i] += sum over k of a[i * row_stride + k * col_stride] * b[k]`.
pub(super) fn float_tile(
    a: &[f32],
    row_stride: usize,
    col_stride: usize,
    b: &[[f32; PANEL]],
    c: &mut [[f32; PANEL]],
) {
    for (i, c) in c.iter_mut().enumerate() {
        for (k, b) in b.iter().enumerate() {
            let a = a[i * row_stride + k * col_stride];
            for (c, b) in c.iter_mut().zip(b) {
                *c += a * b;
            }
        }
    }
}

/// Dot product of two rows.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Products of one query with each row of `keys` (keys, `query.len()`).
pub(super) fn dots(query: &[f32], keys: &[f32], scores: &mut [f32]) {
    for (score, key) in scores.iter_mut().zip(keys.chunks_exact(query.len())) {
        *score = dot(query, key);
    }
}

/// Adds the rows of `values` (keys, `out.len()`), each times its weight.
pub(super) fn add_weighted(weights: &[f32], values: &[f32], out: &mut [f32]) {
    for (weight, value) in weights.iter().zip(values.chunks_exact(out.len())) {
        for (out, value) in out.iter_mut().zip(value) {
            *out += weight * value;
        }
    }
}
