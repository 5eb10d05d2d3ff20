//! AVX-512 with VNNI: servers since 2019, AMD desktops since Zen 4.
#![expect(clippy::needless_range_loop, reason = "registers are named by their numbers")]

use std::arch::x86_64::{
    __m512, __m512i, _mm512_add_ps, _mm512_cvtepi32_ps, _mm512_dpbusd_epi32, _mm512_fmadd_ps,
    _mm512_fnmadd_ps, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_mul_ps, _mm512_reduce_add_ps,
    _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps, _mm512_setzero_si512, _mm512_shuffle_i32x4,
    _mm512_storeu_ps, _mm512_storeu_si512, _mm512_unpackhi_epi32, _mm512_unpackhi_epi64,
    _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};
use std::ops::Range;

use super::blocks::Blocks;
use super::gemm::{self, Panel, Sixteen};
use super::gemv::ROWS;
use super::input::{InputRow, QuantInput};
use super::{PANEL, Weights, avx512_rows, portable};
use crate::gguf::TensorType;

/// See [`portable::dot_rows`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
pub(super) fn dot_rows<B: Blocks>(rows: [&[u8]; ROWS], x: InputRow<'_>) -> [f32; ROWS] {
    match B::FORMAT {
        TensorType::Q4_K => avx512_rows::q4k_q5k::<false>(rows, x),
        TensorType::Q5_K => avx512_rows::q4k_q5k::<true>(rows, x),
        TensorType::Q6_K => avx512_rows::q6k(rows, x),
        TensorType::Q8_0 if x.scale.len().is_multiple_of(2) => avx512_rows::q8_0(rows, x),
        _ => super::avx2::dot_rows::<B>(rows, x),
    }
}

/// See [`gemm::fill`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
pub(super) fn fill<B: Blocks>(
    w: Weights<'_>,
    rows: Range<usize>,
    first_col: usize,
    len: usize,
    panel: &mut Panel,
) {
    let interleave = |from: &_, half, len, to: &mut _| interleave(from, half, len, to);
    gemm::fill::<B>(w, rows, first_col, len, panel, interleave);
}

/// See [`gemm::interleave`]: a transposition of 16 by 16 words, 64 columns at a time.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
fn interleave(from: &Sixteen, half: usize, len: usize, to: &mut [u8; gemm::BLOCK * PANEL]) {
    for first_col in (0..len).step_by(64) {
        // SAFETY: 64 bytes from `first_col` on, which is at most 192, lie inside each row of 256; a panel has as many
        // steps of 128 bytes as rows have words.
        unsafe {
            let row: [__m512i; 16] =
                std::array::from_fn(|i| _mm512_loadu_si512(from.0[i].as_ptr().add(first_col).cast()));
            // Four rows side by side: quarter `l` of `fours[4 j + c]` is column `4 l + c` of the rows from `4 j` on.
            let fours: [__m512i; 16] = std::array::from_fn(|i| {
                let (j, c) = (i / 4 * 4, i % 4);
                let pair = |a, b| {
                    if c < 2 {
                        _mm512_unpacklo_epi32(a, b)
                    } else {
                        _mm512_unpackhi_epi32(a, b)
                    }
                };
                let (low, high) = (pair(row[j], row[j + 1]), pair(row[j + 2], row[j + 3]));
                if c % 2 == 0 {
                    _mm512_unpacklo_epi64(low, high)
                } else {
                    _mm512_unpackhi_epi64(low, high)
                }
            });
            let at = to.as_mut_ptr().add(first_col / 4 * 4 * PANEL + 64 * half);
            for c in 0..4 {
                let even = |a, b| _mm512_shuffle_i32x4::<0x88>(a, b);
                let odd = |a, b| _mm512_shuffle_i32x4::<0xdd>(a, b);
                let (a, b) = (even(fours[c], fours[4 + c]), even(fours[8 + c], fours[12 + c]));
                _mm512_storeu_si512(at.add(4 * PANEL * c).cast(), even(a, b));
                _mm512_storeu_si512(at.add(4 * PANEL * (8 + c)).cast(), odd(a, b));
                let (a, b) = (odd(fours[c], fours[4 + c]), odd(fours[8 + c], fours[12 + c]));
                _mm512_storeu_si512(at.add(4 * PANEL * (4 + c)).cast(), even(a, b));
                _mm512_storeu_si512(at.add(4 * PANEL * (12 + c)).cast(), odd(a, b));
            }
        }
    }
}

/// Rows of the input that share a load of the panel.
const TOKENS: usize = 6;

/// See [`portable::int_tile`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
pub(super) fn int_tile<B: Blocks>(
    panel: &Panel,
    first_col: usize,
    len: usize,
    x: &QuantInput,
    acc: &mut [[f32; PANEL]],
) {
    let mut t = 0;
    let mut groups = acc.chunks_exact_mut(TOKENS);
    for acc in &mut groups {
        int_tile_rows::<B, TOKENS>(panel, first_col, len, std::array::from_fn(|i| x.row(t + i)), acc);
        t += TOKENS;
    }
    for acc in groups.into_remainder().chunks_mut(1) {
        int_tile_rows::<B, 1>(panel, first_col, len, [x.row(t)], acc);
        t += 1;
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
fn int_tile_rows<B: Blocks, const T: usize>(
    panel: &Panel,
    first_col: usize,
    len: usize,
    x: [InputRow<'_>; T],
    acc: &mut [[f32; PANEL]],
) {
    let n_groups = len / B::GROUP;
    assert!(acc.len() == T && len <= gemm::BLOCK && x.iter().all(|x| x.q.len() >= first_col + len));
    // SAFETY: rows of 32 f32 and panel steps of 128 bytes are two vectors each; the assertion keeps the reads of the
    // input inside its rows, whose scales and sums cover all of their columns.
    unsafe {
        let x_q = x.map(|x| x.q.as_ptr().add(first_col));
        let half_sum = x.map(|x| x.half_sum.as_ptr().add(first_col / 16));
        let x_scale = x.map(|x| x.scale.as_ptr().add(first_col / 32));
        let scaled_sum = x.map(|x| x.scaled_sum.as_ptr().add(first_col / 32));
        let mut total: [[__m512; 2]; T] = std::array::from_fn(|t| {
            [
                _mm512_loadu_ps(acc[t].as_ptr()),
                _mm512_loadu_ps(acc[t].as_ptr().add(16)),
            ]
        });
        for g in 0..n_groups {
            let mut dots = [[_mm512_setzero_si512(); 2]; T];
            if B::ZERO != 0 {
                for t in 0..T {
                    let sum = if B::GROUP == 32 {
                        *half_sum[t].add(2 * g) + *half_sum[t].add(2 * g + 1)
                    } else {
                        *half_sum[t].add(g)
                    };
                    dots[t] = [_mm512_set1_epi32(-B::ZERO * sum); 2];
                }
            }
            let w = panel.q.as_ptr().add(g * B::GROUP * PANEL);
            for k in 0..B::GROUP / 4 {
                let w: [__m512i; 2] = [
                    _mm512_loadu_si512(w.add(128 * k).cast()),
                    _mm512_loadu_si512(w.add(128 * k + 64).cast()),
                ];
                for t in 0..T {
                    let word =
                        _mm512_set1_epi32(x_q[t].add(g * B::GROUP + 4 * k).cast::<i32>().read_unaligned());
                    dots[t][0] = _mm512_dpbusd_epi32(dots[t][0], w[0], word);
                    dots[t][1] = _mm512_dpbusd_epi32(dots[t][1], w[1], word);
                }
            }
            for v in 0..2 {
                let scale = _mm512_loadu_ps(panel.scale[g].as_ptr().add(16 * v));
                for t in 0..T {
                    let scale = _mm512_mul_ps(scale, _mm512_set1_ps(*x_scale[t].add(g * B::GROUP / 32)));
                    total[t][v] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots[t][v]), scale, total[t][v]);
                }
            }
            if B::HAS_MIN {
                for v in 0..2 {
                    let min = _mm512_loadu_ps(panel.min[g].as_ptr().add(16 * v));
                    for t in 0..T {
                        let sum = if B::GROUP == 32 {
                            *scaled_sum[t].add(g)
                        } else {
                            #[expect(clippy::cast_precision_loss, reason = "at most 16 * 127")]
                            let sum = *half_sum[t].add(g) as f32;
                            *x_scale[t].add(g / 2) * sum
                        };
                        total[t][v] = _mm512_fnmadd_ps(min, _mm512_set1_ps(sum), total[t][v]);
                    }
                }
            }
        }
        for t in 0..T {
            _mm512_storeu_ps(acc[t].as_mut_ptr(), total[t][0]);
            _mm512_storeu_ps(acc[t].as_mut_ptr().add(16), total[t][1]);
        }
    }
}

/// See [`portable::float_tile`].
///
/// # Safety
/// Every index of `a` that the strides reach is inside.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
pub(super) unsafe fn float_tile(
    a: &[f32],
    row_stride: usize,
    col_stride: usize,
    b: &[[f32; PANEL]],
    c: &mut [[f32; PANEL]],
) {
    let mut i = 0;
    let mut groups = c.chunks_exact_mut(12);
    for c in &mut groups {
        // SAFETY: the caller's promise, for twelve rows of it.
        unsafe { float_rows::<12>(a.as_ptr().add(i * row_stride), row_stride, col_stride, b, c) };
        i += 12;
    }
    let mut groups = groups.into_remainder().chunks_exact_mut(4);
    for c in &mut groups {
        // SAFETY: the caller's promise, for four rows of it.
        unsafe { float_rows::<4>(a.as_ptr().add(i * row_stride), row_stride, col_stride, b, c) };
        i += 4;
    }
    for c in groups.into_remainder().chunks_mut(1) {
        // SAFETY: the caller's promise, for one row of it.
        unsafe { float_rows::<1>(a.as_ptr().add(i * row_stride), row_stride, col_stride, b, c) };
        i += 1;
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
unsafe fn float_rows<const R: usize>(
    a: *const f32,
    row_stride: usize,
    col_stride: usize,
    b: &[[f32; PANEL]],
    c: &mut [[f32; PANEL]],
) {
    let mut acc = [[_mm512_setzero_ps(); 2]; R];
    for (k, b) in b.iter().enumerate() {
        // SAFETY: a row of `b` is two vectors; `a` is the caller's promise.
        unsafe {
            let b = [_mm512_loadu_ps(b.as_ptr()), _mm512_loadu_ps(b.as_ptr().add(16))];
            for (i, acc) in acc.iter_mut().enumerate() {
                let a = _mm512_set1_ps(*a.add(i * row_stride + k * col_stride));
                acc[0] = _mm512_fmadd_ps(a, b[0], acc[0]);
                acc[1] = _mm512_fmadd_ps(a, b[1], acc[1]);
            }
        }
    }
    for (c, acc) in c.iter_mut().zip(acc) {
        for (c, acc) in c.as_chunks_mut::<16>().0.iter_mut().zip(acc) {
            // SAFETY: sixteen f32.
            unsafe { _mm512_storeu_ps(c.as_mut_ptr(), _mm512_add_ps(_mm512_loadu_ps(c.as_ptr()), acc)) };
        }
    }
}

/// Dot product of two rows.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut acc = [_mm512_setzero_ps(); 4];
    let (a, a_rest) = a.as_chunks::<64>();
    let (b, b_rest) = b.as_chunks::<64>();
    for (a, b) in a.iter().zip(b) {
        for (i, acc) in acc.iter_mut().enumerate() {
            // SAFETY: 64 f32 each.
            *acc = unsafe {
                _mm512_fmadd_ps(
                    _mm512_loadu_ps(a.as_ptr().add(16 * i)),
                    _mm512_loadu_ps(b.as_ptr().add(16 * i)),
                    *acc,
                )
            };
        }
    }
    acc.into_iter().map(|acc| _mm512_reduce_add_ps(acc)).sum::<f32>() + portable::dot(a_rest, b_rest)
}
