//! The products of [`super::few`] with AVX2 and AVX-512.
#![expect(clippy::needless_range_loop, reason = "registers are named by their numbers")]

use std::arch::x86_64::{
    __m256, __m512, _mm256_add_ps, _mm256_fmadd_ps, _mm256_hadd_ps, _mm256_loadu_ps, _mm256_permute2f128_ps,
    _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps, _mm512_add_ps, _mm512_castpd_ps, _mm512_castps_pd,
    _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_shuffle_f32x4,
    _mm512_storeu_ps, _mm512_unpackhi_pd, _mm512_unpackhi_ps, _mm512_unpacklo_pd, _mm512_unpacklo_ps,
};

use super::few::TILE;

/// See [`super::portable::dots`].
///
/// # Safety
/// `keys` holds [`TILE`] rows as long as `query`, whose length is a multiple of 16.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
pub(super) unsafe fn dots_avx512(query: &[f32], keys: &[f32], scores: &mut [f32; TILE]) {
    let dim = query.len();
    for (part, scores) in scores.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        // SAFETY: the caller's promise.
        unsafe {
            let keys = keys.as_ptr().add(16 * part * dim);
            let mut acc = [_mm512_setzero_ps(); 16];
            for at in (0..dim).step_by(16) {
                let query = _mm512_loadu_ps(query.as_ptr().add(at));
                for i in 0..16 {
                    acc[i] = _mm512_fmadd_ps(query, _mm512_loadu_ps(keys.add(i * dim + at)), acc[i]);
                }
            }
            _mm512_storeu_ps(scores.as_mut_ptr(), sums_avx512(acc));
        }
    }
}

/// Lane `i` is the sum of the lanes of vector `i`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
fn sums_avx512(v: [__m512; 16]) -> __m512 {
    // Quarters of four vectors side by side: a, b, c, d, summed over the quarter.
    let fours: [__m512; 4] = std::array::from_fn(|i| {
        let pair = |a, b| _mm512_castps_pd(_mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b)));
        let (ab, cd) = (pair(v[4 * i], v[4 * i + 1]), pair(v[4 * i + 2], v[4 * i + 3]));
        _mm512_add_ps(
            _mm512_castpd_ps(_mm512_unpacklo_pd(ab, cd)),
            _mm512_castpd_ps(_mm512_unpackhi_pd(ab, cd)),
        )
    });
    let join = |a, b| {
        _mm512_add_ps(
            _mm512_shuffle_f32x4::<0x88>(a, b),
            _mm512_shuffle_f32x4::<0xdd>(a, b),
        )
    };
    join(join(fours[0], fours[1]), join(fours[2], fours[3]))
}

/// See [`super::portable::add_weighted`].
///
/// # Safety
/// `values` holds `weights.len()` rows as long as `out`, whose length is a multiple of 16.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
pub(super) unsafe fn add_weighted_avx512(weights: &[f32], values: &[f32], out: &mut [f32]) {
    let dim = out.len();
    let mut at = 0;
    // SAFETY: the caller's promise.
    unsafe {
        while at + 64 <= dim {
            weighted_avx512::<4>(weights, values.as_ptr().add(at), dim, out.as_mut_ptr().add(at));
            at += 64;
        }
        while at < dim {
            weighted_avx512::<1>(weights, values.as_ptr().add(at), dim, out.as_mut_ptr().add(at));
            at += 16;
        }
    }
}

/// `N` vectors of the result.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
unsafe fn weighted_avx512<const N: usize>(weights: &[f32], values: *const f32, dim: usize, out: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut acc: [__m512; N] = std::array::from_fn(|i| _mm512_loadu_ps(out.add(16 * i)));
        for (key, weight) in weights.iter().enumerate() {
            let weight = _mm512_set1_ps(*weight);
            for i in 0..N {
                acc[i] = _mm512_fmadd_ps(weight, _mm512_loadu_ps(values.add(key * dim + 16 * i)), acc[i]);
            }
        }
        for i in 0..N {
            _mm512_storeu_ps(out.add(16 * i), acc[i]);
        }
    }
}

/// See [`super::portable::dots`].
///
/// # Safety
/// As [`dots_avx512`].
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) unsafe fn dots_avx2(query: &[f32], keys: &[f32], scores: &mut [f32; TILE]) {
    let dim = query.len();
    for (part, scores) in scores.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        // SAFETY: the caller's promise.
        unsafe {
            let keys = keys.as_ptr().add(8 * part * dim);
            let mut acc = [_mm256_setzero_ps(); 8];
            for at in (0..dim).step_by(8) {
                let query = _mm256_loadu_ps(query.as_ptr().add(at));
                for i in 0..8 {
                    acc[i] = _mm256_fmadd_ps(query, _mm256_loadu_ps(keys.add(i * dim + at)), acc[i]);
                }
            }
            let four = |i: usize| {
                _mm256_hadd_ps(
                    _mm256_hadd_ps(acc[i], acc[i + 1]),
                    _mm256_hadd_ps(acc[i + 2], acc[i + 3]),
                )
            };
            let (low, high) = (four(0), four(4));
            let sums = _mm256_add_ps(
                _mm256_permute2f128_ps::<0x20>(low, high),
                _mm256_permute2f128_ps::<0x31>(low, high),
            );
            _mm256_storeu_ps(scores.as_mut_ptr(), sums);
        }
    }
}

/// See [`super::portable::add_weighted`].
///
/// # Safety
/// As [`add_weighted_avx512`].
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) unsafe fn add_weighted_avx2(weights: &[f32], values: &[f32], out: &mut [f32]) {
    let dim = out.len();
    let mut at = 0;
    // SAFETY: the caller's promise.
    unsafe {
        while at + 64 <= dim {
            weighted_avx2::<8>(weights, values.as_ptr().add(at), dim, out.as_mut_ptr().add(at));
            at += 64;
        }
        while at < dim {
            weighted_avx2::<2>(weights, values.as_ptr().add(at), dim, out.as_mut_ptr().add(at));
            at += 16;
        }
    }
}

/// `N` vectors of the result.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn weighted_avx2<const N: usize>(weights: &[f32], values: *const f32, dim: usize, out: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut acc: [__m256; N] = std::array::from_fn(|i| _mm256_loadu_ps(out.add(8 * i)));
        for (key, weight) in weights.iter().enumerate() {
            let weight = _mm256_set1_ps(*weight);
            for i in 0..N {
                acc[i] = _mm256_fmadd_ps(weight, _mm256_loadu_ps(values.add(key * dim + 8 * i)), acc[i]);
            }
        }
        for i in 0..N {
            _mm256_storeu_ps(out.add(8 * i), acc[i]);
        }
    }
}
