//! Dot products straight from the blocks of the formats that files are made of, four weight rows at once, AVX-512.
//!
//! Each keeps sixteen partial sums a row; an input vector is loaded once for the four rows. Lane `i` of a product
//! belongs to the group of column `4 i`, so that scales are spread over the lanes by a permutation.
#![expect(clippy::needless_range_loop, reason = "registers are named by their numbers")]

use std::arch::x86_64::{
    __m128i, __m512, __m512i, _mm_cvtph_ps, _mm_cvtsi32_si128, _mm_loadu_si128, _mm_set_epi64x,
    _mm256_loadu_ps, _mm256_loadu_si256, _mm512_and_si512, _mm512_broadcast_i64x4, _mm512_castpd_ps,
    _mm512_castps_pd, _mm512_castps128_ps512, _mm512_castps256_ps512, _mm512_castsi256_si512,
    _mm512_cvtepi8_epi32, _mm512_cvtepi32_ps, _mm512_cvtepu8_epi32, _mm512_dpbusd_epi32, _mm512_fmadd_ps,
    _mm512_insertf64x4, _mm512_inserti64x4, _mm512_loadu_si512, _mm512_mask_add_ps, _mm512_mul_ps,
    _mm512_or_si512, _mm512_permutexvar_ps, _mm512_reduce_add_ps, _mm512_set1_epi8, _mm512_set1_epi16,
    _mm512_setr_epi32, _mm512_setzero_ps, _mm512_setzero_si512, _mm512_sllv_epi16, _mm512_srli_epi16,
    _mm512_srlv_epi16, _mm512_sub_epi32, _mm512_sub_ps, _mm512_xor_si512,
};

use super::blocks::{Blocks, Q4K, Q5K, Q6K, Q8_0, six_bit_pairs};
use super::gemv::ROWS;
use super::input::InputRow;
use super::threads;

/// Lanes 0-7 take element `low`, lanes 8-15 element `high`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
fn halves(low: i32, high: i32) -> __m512i {
    _mm512_inserti64x4::<1>(splat(low), std::arch::x86_64::_mm256_set1_epi32(high))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
fn splat(value: i32) -> __m512i {
    std::arch::x86_64::_mm512_set1_epi32(value)
}

/// 16-bit shift counts for the lower and the upper 32 bytes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
fn counts(low: i16, high: i16) -> __m512i {
    _mm512_inserti64x4::<1>(_mm512_set1_epi16(low), std::arch::x86_64::_mm256_set1_epi16(high))
}

/// 32 bytes from each of two places.
///
/// # Safety
/// Both can be read.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
unsafe fn pair(low: *const u8, high: *const u8) -> __m512i {
    // SAFETY: the caller's promise.
    unsafe {
        let low = _mm512_castsi256_si512(_mm256_loadu_si256(low.cast()));
        _mm512_inserti64x4::<1>(low, _mm256_loadu_si256(high.cast()))
    }
}

/// Asserts that the rows are as long as the input, and gives their blocks' count.
#[inline(always)]
fn n_blocks<B: Blocks>(rows: &[&[u8]; ROWS], x: &InputRow<'_>) -> usize {
    let n_blocks = x.q.len() / B::LEN;
    let n_groups = x.q.len() / 32;
    assert!(
        rows.iter().all(|row| row.len() >= n_blocks * B::BYTES),
        "BUG: rows shorter than the input"
    );
    assert!(
        x.scale.len() >= n_groups && x.scaled_sum.len() >= n_groups,
        "BUG: an input without scales"
    );
    n_blocks
}

/// Asks for the next rows' bytes `from..from + n_bytes`, in the order of memory. Four rows are read side by side, which
/// is no pattern that the processor foresees; without this a core waits for most lines of weights.
#[inline(always)]
fn prefetch(rows: &[&[u8]; ROWS], from: usize, n_bytes: usize) {
    threads::prefetch(rows[ROWS - 1].as_ptr_range().end.wrapping_add(from), n_bytes);
}

/// `Q4_K`, and `Q5_K` with `FIFTH`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
pub(super) fn q4k_q5k<const FIFTH: bool>(rows: [&[u8]; ROWS], x: InputRow<'_>) -> [f32; ROWS] {
    let (n_blocks, n_bytes) = if FIFTH {
        (n_blocks::<Q5K>(&rows, &x), Q5K::BYTES)
    } else {
        (n_blocks::<Q4K>(&rows, &x), Q4K::BYTES)
    };
    let low4 = _mm512_set1_epi8(15);
    let groups = [halves(0, 2), halves(1, 3), halves(4, 6), halves(5, 7)];
    let (scale_and_min, fifth) = (halves(0, 1), _mm512_set1_epi8(16));
    let mut acc = [_mm512_setzero_ps(); ROWS];
    for b in 0..n_blocks {
        prefetch(&rows, b * ROWS * n_bytes, ROWS * n_bytes);
        // SAFETY: `n_blocks` asserts the lengths.
        unsafe {
            let x_q = x.q.as_ptr().add(256 * b).cast::<u8>();
            let x_q = [
                pair(x_q, x_q.add(64)),
                pair(x_q.add(32), x_q.add(96)),
                pair(x_q.add(128), x_q.add(192)),
                pair(x_q.add(160), x_q.add(224)),
            ];
            // Scales of the groups below, what minimums are taken of above: one product gives both.
            let x_scale = _mm512_castps256_ps512(_mm256_loadu_ps(x.scale.as_ptr().add(8 * b)));
            let x_sum = _mm512_castps256_ps512(_mm256_loadu_ps(x.scaled_sum.as_ptr().add(8 * b)));
            let x_both = join(x_scale, _mm512_sub_ps(_mm512_setzero_ps(), x_sum));
            for r in 0..ROWS {
                let block = rows[r].as_ptr().add(b * n_bytes);
                let d = _mm_cvtph_ps(_mm_cvtsi32_si128(block.cast::<i32>().read_unaligned()));
                let d = _mm512_permutexvar_ps(scale_and_min, _mm512_castps128_ps512(d));
                let (scales, mins) = six_bit_pairs(&rows[r][b * n_bytes + 4..][..12]);
                let packed = _mm_set_epi64x(i64::from_le_bytes(mins), i64::from_le_bytes(scales));
                let scales = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(packed));
                let scales = _mm512_mul_ps(_mm512_mul_ps(scales, d), x_both);
                acc[r] = _mm512_mask_add_ps(acc[r], 0xff00, acc[r], scales);
                let at = block.add(if FIFTH { 48 } else { 16 });
                let (q, next) = (
                    _mm512_loadu_si512(at.cast()),
                    _mm512_loadu_si512(at.add(64).cast()),
                );
                let mut quants = [
                    _mm512_and_si512(q, low4),
                    _mm512_and_si512(_mm512_srli_epi16::<4>(q), low4),
                    _mm512_and_si512(next, low4),
                    _mm512_and_si512(_mm512_srli_epi16::<4>(next), low4),
                ];
                if FIFTH {
                    let high = _mm512_broadcast_i64x4(_mm256_loadu_si256(block.add(16).cast()));
                    let bits = [
                        _mm512_sllv_epi16(high, counts(4, 2)),
                        _mm512_sllv_epi16(high, counts(3, 1)),
                        _mm512_srlv_epi16(high, counts(0, 2)),
                        _mm512_srlv_epi16(high, counts(1, 3)),
                    ];
                    for i in 0..4 {
                        quants[i] = _mm512_or_si512(quants[i], _mm512_and_si512(bits[i], fifth));
                    }
                }
                for i in 0..4 {
                    let dot = _mm512_dpbusd_epi32(_mm512_setzero_si512(), quants[i], x_q[i]);
                    let scale = _mm512_permutexvar_ps(groups[i], scales);
                    acc[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), scale, acc[r]);
                }
            }
        }
    }
    acc.map(|acc| _mm512_reduce_add_ps(acc))
}

/// The lower halves of two vectors.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
fn join(low: __m512, high: __m512) -> __m512 {
    let high = std::arch::x86_64::_mm512_castpd512_pd256(_mm512_castps_pd(high));
    _mm512_castpd_ps(_mm512_insertf64x4::<1>(_mm512_castps_pd(low), high))
}

/// `Q6_K`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
pub(super) fn q6k(rows: [&[u8]; ROWS], x: InputRow<'_>) -> [f32; ROWS] {
    let n_blocks = n_blocks::<Q6K>(&rows, &x);
    let (low4, high2) = (_mm512_set1_epi8(15), _mm512_set1_epi8(0x30));
    let (left, right) = (counts(4, 2), counts(0, 2));
    let groups: [__m512i; 4] = std::array::from_fn(|i| {
        let g = i32::from(i as u8) * 4;
        _mm512_setr_epi32(
            g,
            g,
            g,
            g,
            g + 1,
            g + 1,
            g + 1,
            g + 1,
            g + 2,
            g + 2,
            g + 2,
            g + 2,
            g + 3,
            g + 3,
            g + 3,
            g + 3,
        )
    });
    let twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    let mut acc = [_mm512_setzero_ps(); ROWS];
    for b in 0..n_blocks {
        prefetch(&rows, b * ROWS * Q6K::BYTES, ROWS * Q6K::BYTES);
        // SAFETY: `n_blocks` asserts the lengths.
        unsafe {
            let x_q: [__m512i; 4] =
                std::array::from_fn(|i| _mm512_loadu_si512(x.q.as_ptr().add(256 * b + 64 * i).cast()));
            let zeros = x_q.map(|x_q| zero::<32>(x_q));
            let x_scale = _mm512_castps256_ps512(_mm256_loadu_ps(x.scale.as_ptr().add(8 * b)));
            let x_scale = _mm512_permutexvar_ps(twice, x_scale);
            for r in 0..ROWS {
                let block = rows[r].as_ptr().add(b * Q6K::BYTES);
                let d = _mm_cvtph_ps(_mm_cvtsi32_si128(i32::from(
                    block.add(208).cast::<u16>().read_unaligned(),
                )));
                let d = _mm512_permutexvar_ps(_mm512_setzero_si512(), _mm512_castps128_ps512(d));
                let scales = _mm512_cvtepi8_epi32(_mm_loadu_si128(block.add(192).cast::<__m128i>()));
                let scales = _mm512_mul_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(scales), d), x_scale);
                for part in 0..2 {
                    let q = _mm512_loadu_si512(block.add(64 * part).cast());
                    let high = _mm512_broadcast_i64x4(_mm256_loadu_si256(block.add(128 + 32 * part).cast()));
                    let quants = [
                        _mm512_or_si512(
                            _mm512_and_si512(q, low4),
                            _mm512_and_si512(_mm512_sllv_epi16(high, left), high2),
                        ),
                        _mm512_or_si512(
                            _mm512_and_si512(_mm512_srli_epi16::<4>(q), low4),
                            _mm512_and_si512(_mm512_srlv_epi16(high, right), high2),
                        ),
                    ];
                    for i in 0..2 {
                        let at = 2 * part + i;
                        let dot = _mm512_dpbusd_epi32(zeros[at], quants[i], x_q[at]);
                        let scale = _mm512_permutexvar_ps(groups[at], scales);
                        acc[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), scale, acc[r]);
                    }
                }
            }
        }
    }
    acc.map(|acc| _mm512_reduce_add_ps(acc))
}

/// What the zero of a format takes off each lane of a product: minus `ZERO` times its four quants of the input.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
fn zero<const ZERO: u8>(x_q: __m512i) -> __m512i {
    let zeros = _mm512_set1_epi8(ZERO.cast_signed());
    _mm512_sub_epi32(
        _mm512_setzero_si512(),
        _mm512_dpbusd_epi32(_mm512_setzero_si512(), zeros, x_q),
    )
}

/// `Q8_0`, two blocks at a time: an even number of them.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
pub(super) fn q8_0(rows: [&[u8]; ROWS], x: InputRow<'_>) -> [f32; ROWS] {
    let n_blocks = n_blocks::<Q8_0>(&rows, &x);
    assert!(n_blocks.is_multiple_of(2), "BUG: an odd number of blocks");
    let (sign, spread) = (_mm512_set1_epi8(-128), halves(0, 1));
    let mut acc = [_mm512_setzero_ps(); ROWS];
    for b in (0..n_blocks).step_by(2) {
        prefetch(&rows, b * ROWS * Q8_0::BYTES, 2 * ROWS * Q8_0::BYTES);
        // SAFETY: `n_blocks` asserts the lengths.
        unsafe {
            let x_q = _mm512_loadu_si512(x.q.as_ptr().add(32 * b).cast());
            let zeros = zero::<128>(x_q);
            let x_scale = [x.scale[b], x.scale[b + 1]];
            for r in 0..ROWS {
                let block = rows[r].as_ptr().add(b * Q8_0::BYTES);
                let d = [block, block.add(34)].map(|at| i32::from(at.cast::<u16>().read_unaligned()));
                let d = _mm_cvtph_ps(_mm_cvtsi32_si128(d[0] | d[1] << 16));
                let scales = std::arch::x86_64::_mm_mul_ps(
                    d,
                    std::arch::x86_64::_mm_setr_ps(x_scale[0], x_scale[1], 0.0, 0.0),
                );
                let scales = _mm512_permutexvar_ps(spread, _mm512_castps128_ps512(scales));
                let quants = _mm512_xor_si512(pair(block.add(2), block.add(36)), sign);
                let dot = _mm512_dpbusd_epi32(zeros, quants, x_q);
                acc[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), scales, acc[r]);
            }
        }
    }
    acc.map(|acc| _mm512_reduce_add_ps(acc))
}
