//! AVX2, FMA and F16C: every processor for desktops since 2013 (Intel) and 2015 (AMD).
#![expect(clippy::needless_range_loop, reason = "registers are named by their numbers")]

use std::arch::x86_64::{
    __m256, __m256i, _mm_loadu_si128, _mm256_abs_epi8, _mm256_add_epi32, _mm256_cvtepi32_ps, _mm256_cvtph_ps,
    _mm256_fmadd_ps, _mm256_fnmadd_ps, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_madd_epi16,
    _mm256_maddubs_epi16, _mm256_mul_ps, _mm256_permute2x128_si256, _mm256_set1_epi8, _mm256_set1_epi16,
    _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_ps, _mm256_setzero_si256, _mm256_sign_epi8,
    _mm256_storeu_ps, _mm256_storeu_si256, _mm256_sub_epi8, _mm256_unpackhi_epi32, _mm256_unpackhi_epi64,
    _mm256_unpacklo_epi32, _mm256_unpacklo_epi64,
};
use std::ops::Range;

use half::f16;

use super::blocks::{Blocks, Unpacked};
use super::gemm::{self, Panel, Sixteen};
use super::gemv::ROWS;
use super::input::{InputRow, QuantInput};
use super::{PANEL, Weights, floats, portable};
use crate::gguf::TensorType;

/// Sum of a vector's lanes, in a fixed order.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn sum(v: __m256) -> f32 {
    let mut lanes = [0.0f32; 8];
    // SAFETY: eight f32.
    unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), v) };
    ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
}

/// Adds products of four neighbours: `acc + w * x`, `w` unsigned. Formats whose quants reach past 127 are centred
/// first, because the sum of two products must fit in 16 bits.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn dot4<B: Blocks>(acc: __m256i, w: __m256i, x: __m256i) -> __m256i {
    let pairs = if B::ZERO == 128 {
        let w = _mm256_sub_epi8(w, _mm256_set1_epi8(-128));
        // |w| unsigned times x with the sign of w; 128 * 127 * 2 still fits.
        _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w))
    } else {
        _mm256_maddubs_epi16(w, x)
    };
    _mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
}

/// See [`portable::dot_rows`].
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn dot_rows<B: Blocks>(rows: [&[u8]; ROWS], x: InputRow<'_>) -> [f32; ROWS] {
    rows.map(|row| {
        let mut unpacked = Unpacked::EMPTY;
        let mut acc = _mm256_setzero_ps();
        let mut rest = 0.0;
        for (b, block) in row.chunks_exact(B::BYTES).enumerate() {
            B::unpack(block, &mut unpacked);
            for (g, q) in unpacked.q[..B::LEN].as_chunks::<32>().0.iter().enumerate() {
                let col = b * B::LEN + 32 * g;
                let x_q = &x.q[col..col + 32];
                // SAFETY: both are 32 bytes.
                let (w, x_q) = unsafe {
                    (
                        _mm256_loadu_si256(q.as_ptr().cast()),
                        _mm256_loadu_si256(x_q.as_ptr().cast()),
                    )
                };
                let dot = _mm256_cvtepi32_ps(dot4::<B>(_mm256_setzero_si256(), w, x_q));
                let x_scale = x.scale[col / 32];
                let scale = if B::GROUP == 32 {
                    _mm256_set1_ps(x_scale * unpacked.scale[g])
                } else {
                    let (low, high) = (
                        x_scale * unpacked.scale[2 * g],
                        x_scale * unpacked.scale[2 * g + 1],
                    );
                    std::arch::x86_64::_mm256_setr_ps(low, low, low, low, high, high, high, high)
                };
                acc = _mm256_fmadd_ps(dot, scale, acc);
                rest -= offsets::<B>(&unpacked, g, x, col);
            }
        }
        sum(acc) + rest
    })
}

/// What minimums and zeros take off, over 32 columns.
#[inline(always)]
fn offsets<B: Blocks>(unpacked: &Unpacked, g: usize, x: InputRow<'_>, col: usize) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "at most 128")]
    let zero = if B::ZERO == 128 { 0.0 } else { B::ZERO as f32 };
    if B::GROUP == 32 {
        (unpacked.min[g] + zero * unpacked.scale[g]) * x.scaled_sum[col / 32]
    } else {
        let half = |h: usize| {
            (unpacked.min[2 * g + h] + zero * unpacked.scale[2 * g + h])
                * portable::scaled_sum::<B>(x, col + 16 * h)
        };
        half(0) + half(1)
    }
}

/// See [`gemm::fill`].
#[target_feature(enable = "avx2,fma,f16c")]
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

/// See [`gemm::interleave`]: transpositions of 8 by 8 words.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn interleave(from: &Sixteen, half: usize, len: usize, to: &mut [u8; gemm::BLOCK * PANEL]) {
    for first_col in (0..len).step_by(32) {
        for first_row in [0, 8] {
            // SAFETY: 32 bytes from `first_col` on, which is at most 224, lie inside each row of 256; a panel has as
            // many steps of 128 bytes as rows have words.
            unsafe {
                let row: [__m256i; 8] = std::array::from_fn(|i| {
                    _mm256_loadu_si256(from.0[first_row + i].as_ptr().add(first_col).cast())
                });
                let at = to
                    .as_mut_ptr()
                    .add(first_col / 4 * 4 * PANEL + 64 * half + 4 * first_row);
                for c in 0..4 {
                    // Halves `l` are column `4 l + c` of four rows.
                    let four = |j: usize| {
                        let pair = |a, b| {
                            if c < 2 {
                                _mm256_unpacklo_epi32(a, b)
                            } else {
                                _mm256_unpackhi_epi32(a, b)
                            }
                        };
                        let (low, high) = (pair(row[j], row[j + 1]), pair(row[j + 2], row[j + 3]));
                        if c % 2 == 0 {
                            _mm256_unpacklo_epi64(low, high)
                        } else {
                            _mm256_unpackhi_epi64(low, high)
                        }
                    };
                    let (a, b) = (four(0), four(4));
                    _mm256_storeu_si256(
                        at.add(4 * PANEL * c).cast(),
                        _mm256_permute2x128_si256::<0x20>(a, b),
                    );
                    _mm256_storeu_si256(
                        at.add(4 * PANEL * (4 + c)).cast(),
                        _mm256_permute2x128_si256::<0x31>(a, b),
                    );
                }
            }
        }
    }
}

/// Rows of the input that share a load of the panel.
const TOKENS: usize = 3;

/// See [`portable::int_tile`].
#[target_feature(enable = "avx2,fma,f16c")]
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
        for half in 0..2 {
            int_tile_rows::<B, TOKENS>(
                panel,
                first_col,
                len,
                std::array::from_fn(|i| x.row(t + i)),
                acc,
                half,
            );
        }
        t += TOKENS;
    }
    for acc in groups.into_remainder().chunks_mut(1) {
        for half in 0..2 {
            int_tile_rows::<B, 1>(panel, first_col, len, [x.row(t)], acc, half);
        }
        t += 1;
    }
}

/// Half a panel (16 weight rows) against `T` rows of the input.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn int_tile_rows<B: Blocks, const T: usize>(
    panel: &Panel,
    first_col: usize,
    len: usize,
    x: [InputRow<'_>; T],
    acc: &mut [[f32; PANEL]],
    half: usize,
) {
    let mut total = [[_mm256_setzero_ps(); 2]; T];
    // SAFETY: halves of 16 lanes lie inside rows of 32; the reads of `x` are checked by the slices below.
    unsafe {
        for t in 0..T {
            for v in 0..2 {
                total[t][v] = _mm256_loadu_ps(acc[t][16 * half + 8 * v..].as_ptr());
            }
        }
        for g in 0..len / B::GROUP {
            let col = first_col + g * B::GROUP;
            let mut dots = [[_mm256_setzero_si256(); 2]; T];
            for t in 0..T {
                let half_sum = x[t].half_sum[col / 16]
                    + if B::GROUP == 32 {
                        x[t].half_sum[col / 16 + 1]
                    } else {
                        0
                    };
                if B::ZERO != 0 && B::ZERO != 128 {
                    dots[t] = [_mm256_set1_epi32(-B::ZERO * half_sum); 2];
                }
            }
            let x_words: [&[[i8; 4]]; T] = x.map(|x| x.q[col..col + B::GROUP].as_chunks().0);
            for k in 0..B::GROUP / 4 {
                let at = &panel.q[(g * B::GROUP / 4 + k) * 4 * PANEL + 64 * half..][..64];
                let w = [
                    _mm256_loadu_si256(at.as_ptr().cast()),
                    _mm256_loadu_si256(at[32..].as_ptr().cast()),
                ];
                for t in 0..T {
                    let word = _mm256_set1_epi32(i32::from_le_bytes(x_words[t][k].map(i8::cast_unsigned)));
                    for v in 0..2 {
                        dots[t][v] = dot4::<B>(dots[t][v], w[v], word);
                    }
                }
            }
            for v in 0..2 {
                let lanes = 16 * half + 8 * v;
                let scale = _mm256_loadu_ps(panel.scale[g][lanes..].as_ptr());
                let min = _mm256_loadu_ps(panel.min[g][lanes..].as_ptr());
                for t in 0..T {
                    let scale = _mm256_mul_ps(scale, _mm256_set1_ps(x[t].scale[col / 32]));
                    total[t][v] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots[t][v]), scale, total[t][v]);
                    if B::HAS_MIN {
                        let sum = _mm256_set1_ps(portable::scaled_sum::<B>(x[t], col));
                        total[t][v] = _mm256_fnmadd_ps(min, sum, total[t][v]);
                    }
                }
            }
        }
        for t in 0..T {
            for v in 0..2 {
                _mm256_storeu_ps(acc[t][16 * half + 8 * v..].as_mut_ptr(), total[t][v]);
            }
        }
    }
}

/// See [`portable::float_tile`].
///
/// # Safety
/// Every index of `a` that the strides reach is inside.
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) unsafe fn float_tile(
    a: &[f32],
    row_stride: usize,
    col_stride: usize,
    b: &[[f32; PANEL]],
    c: &mut [[f32; PANEL]],
) {
    let mut i = 0;
    let mut groups = c.chunks_exact_mut(6);
    for c in &mut groups {
        for half in 0..2 {
            // SAFETY: the caller's promise, for six rows of it.
            unsafe { float_rows::<6>(a.as_ptr().add(i * row_stride), row_stride, col_stride, b, c, half) };
        }
        i += 6;
    }
    for c in groups.into_remainder().chunks_mut(1) {
        for half in 0..2 {
            // SAFETY: the caller's promise, for one row of it.
            unsafe { float_rows::<1>(a.as_ptr().add(i * row_stride), row_stride, col_stride, b, c, half) };
        }
        i += 1;
    }
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn float_rows<const R: usize>(
    a: *const f32,
    row_stride: usize,
    col_stride: usize,
    b: &[[f32; PANEL]],
    c: &mut [[f32; PANEL]],
    half: usize,
) {
    let mut acc = [[_mm256_setzero_ps(); 2]; R];
    for (k, b) in b.iter().enumerate() {
        // SAFETY: halves of 16 lanes lie inside rows of 32; `a` is the caller's promise.
        unsafe {
            let b = [
                _mm256_loadu_ps(b[16 * half..].as_ptr()),
                _mm256_loadu_ps(b[16 * half + 8..].as_ptr()),
            ];
            for (i, acc) in acc.iter_mut().enumerate() {
                let a = _mm256_set1_ps(*a.add(i * row_stride + k * col_stride));
                acc[0] = _mm256_fmadd_ps(a, b[0], acc[0]);
                acc[1] = _mm256_fmadd_ps(a, b[1], acc[1]);
            }
        }
    }
    for (c, acc) in c.iter_mut().zip(acc) {
        for (v, acc) in acc.into_iter().enumerate() {
            let target = &mut c[16 * half + 8 * v..][..8];
            // SAFETY: eight f32.
            unsafe {
                let sum = std::arch::x86_64::_mm256_add_ps(_mm256_loadu_ps(target.as_ptr()), acc);
                _mm256_storeu_ps(target.as_mut_ptr(), sum);
            }
        }
    }
}

/// See [`super::softmax::widen`]; f16 values are given by their bits.
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn widen_rows(from: &[u16], stride: usize, dim: usize, pad: usize, to: &mut [f32]) {
    for (from, to) in from.chunks(stride).zip(to.chunks_exact_mut(pad)) {
        widen_f16(&from[..dim], &mut to[..dim]);
    }
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn widen_f16(from: &[u16], to: &mut [f32]) {
    let (from, from_rest) = from.as_chunks::<8>();
    let (to, to_rest) = to.as_chunks_mut::<8>();
    for (from, to) in from.iter().zip(to) {
        // SAFETY: eight values of two bytes, eight f32.
        unsafe {
            _mm256_storeu_ps(
                to.as_mut_ptr(),
                _mm256_cvtph_ps(_mm_loadu_si128(from.as_ptr().cast())),
            );
        }
    }
    for (from, to) in from_rest.iter().zip(to_rest) {
        *to = f16::from_bits(*from).to_f32();
    }
}

/// See [`floats::widen`].
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn widen(format: TensorType, bytes: &[u8], out: &mut [f32]) {
    if format != TensorType::F16 {
        return floats::widen(format, bytes, out);
    }
    let n_vectors = out.len() / 8;
    let (vectors, rest) = out.as_chunks_mut::<8>();
    for (bytes, out) in bytes.as_chunks::<16>().0.iter().zip(vectors) {
        // SAFETY: sixteen bytes, eight f32.
        unsafe {
            _mm256_storeu_ps(
                out.as_mut_ptr(),
                _mm256_cvtph_ps(_mm_loadu_si128(bytes.as_ptr().cast())),
            );
        }
    }
    floats::widen(format, &bytes[16 * n_vectors..], rest);
}

/// Dot product of two rows.
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut acc = [_mm256_setzero_ps(); 4];
    let (a, a_rest) = a.as_chunks::<32>();
    let (b, b_rest) = b.as_chunks::<32>();
    for (a, b) in a.iter().zip(b) {
        for (i, acc) in acc.iter_mut().enumerate() {
            // SAFETY: 32 f32 each.
            *acc = unsafe {
                _mm256_fmadd_ps(
                    _mm256_loadu_ps(a.as_ptr().add(8 * i)),
                    _mm256_loadu_ps(b.as_ptr().add(8 * i)),
                    *acc,
                )
            };
        }
    }
    acc.into_iter().map(|acc| sum(acc)).sum::<f32>() + portable::dot(a_rest, b_rest)
}
