//! The running softmax of attention, written once in plain Rust and compiled for each instruction set.

use half::f16;

use super::attention::TILE;
use super::isa::Kind;
use super::{Isa, PANEL};

/// Running maximum and sum of 32 lanes.
pub(super) struct Lanes {
    pub(super) largest: [f32; PANEL],
    pub(super) sum: [f32; PANEL],
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            largest: [f32::NEG_INFINITY; PANEL],
            sum: [0.0; PANEL],
        }
    }
}

/// `e^x` for `x <= 0`, to 2e-7 of its value; 0 below -87. Degree-6 polynomial after a split in powers of two.
#[inline(always)]
fn exp(x: f32) -> f32 {
    let x = if x > -87.0 { x } else { -87.5 };
    let n = (x * std::f32::consts::LOG2_E + 12_582_912.0) - 12_582_912.0;
    // ln 2 in two parts: the first has few bits, so that its product with n is exact.
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let p = 1.0
        + r * (1.0
            + r * (0.5 + r * (0.166_666_55 + r * (0.041_665_795 + r * (0.008_333_452 + r * 0.001_393_0)))));
    #[expect(clippy::cast_possible_truncation, reason = "a whole number in -127..=0")]
    let exponent = ((n as i32 + 127) << 23).cast_unsigned();
    if x > -87.0 {
        p * f32::from_bits(exponent)
    } else {
        0.0
    }
}

/// One tile: `scores` (keys, lanes) become their exponentials, `out` (dim, lanes) is brought to the new maximum.
#[inline(always)]
fn step_body(scores: &mut [[f32; PANEL]], lanes: &mut Lanes, out: &mut [[f32; PANEL]]) {
    let mut largest = lanes.largest;
    for scores in &*scores {
        for (largest, score) in largest.iter_mut().zip(scores) {
            *largest = if *score > *largest { *score } else { *largest };
        }
    }
    // A lane that has seen nothing yet has no maximum; any finite one will do.
    for largest in &mut largest {
        *largest = if *largest > f32::MIN { *largest } else { f32::MIN };
    }
    let mut factor = [0.0; PANEL];
    for ((factor, old), new) in factor.iter_mut().zip(&lanes.largest).zip(&largest) {
        *factor = exp(old - new);
    }
    let mut sum = [0.0; PANEL];
    for scores in scores {
        for ((score, largest), sum) in scores.iter_mut().zip(&largest).zip(&mut sum) {
            *score = exp(*score - largest);
            *sum += *score;
        }
    }
    for ((total, factor), sum) in lanes.sum.iter_mut().zip(&factor).zip(&sum) {
        *total = *total * factor + sum;
    }
    if factor.iter().any(|factor| *factor < 1.0) {
        for out in out {
            for (out, factor) in out.iter_mut().zip(&factor) {
                *out *= factor;
            }
        }
    }
    lanes.largest = largest;
}

#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 32];
    let (a, a_rest) = a.as_chunks::<32>();
    let (b, b_rest) = b.as_chunks::<32>();
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let mut width = 16;
    while width > 0 {
        for i in 0..width {
            sums[i] += sums[i + width];
        }
        width /= 2;
    }
    sums[0] + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

/// One query against a tile of keys; `state` is (weighted values, maximum, sum).
#[inline(always)]
fn lane_body(q: &[f32], scale: f32, keys: &[f32], values: &[f32], state: &mut [f32]) {
    let dim = q.len();
    let n = keys.len() / dim;
    let mut scores = [f32::NEG_INFINITY; TILE];
    for (score, key) in scores.iter_mut().zip(keys.chunks_exact(dim)) {
        *score = scale * dot(q, key);
    }
    let old = state[dim];
    let mut largest = [old; 16];
    for scores in scores.as_chunks::<16>().0 {
        for (largest, score) in largest.iter_mut().zip(scores) {
            *largest = if *score > *largest { *score } else { *largest };
        }
    }
    let largest = largest.into_iter().fold(f32::MIN, f32::max);
    let mut sums = [0.0; 16];
    for scores in scores.as_chunks_mut::<16>().0 {
        for (sum, score) in sums.iter_mut().zip(scores) {
            *score = exp(*score - largest);
            *sum += *score;
        }
    }
    let factor = exp(old - largest);
    state[dim] = largest;
    state[dim + 1] = state[dim + 1] * factor + sums.iter().sum::<f32>();
    let out = &mut state[..dim];
    if factor < 1.0 {
        out.iter_mut().for_each(|out| *out *= factor);
    }
    for (out, first_dim) in out.chunks_mut(32).zip((0..dim).step_by(32)) {
        let mut sums = [0.0; 32];
        if out.len() == 32 {
            for (score, value) in scores[..n].iter().zip(values.chunks_exact(dim)) {
                for (sum, value) in sums.iter_mut().zip(&value[first_dim..first_dim + 32]) {
                    *sum += score * value;
                }
            }
        } else {
            for (score, value) in scores[..n].iter().zip(values.chunks_exact(dim)) {
                for (sum, value) in sums.iter_mut().zip(&value[first_dim..]) {
                    *sum += score * value;
                }
            }
        }
        for (out, sum) in out.iter_mut().zip(&sums) {
            *out += sum;
        }
    }
}

/// Compiles a body for each instruction set, and picks one.
macro_rules! for_each_isa {
    ($(#[$doc:meta])* $name:ident, $avx2:ident, $avx512:ident, $body:ident, ($($arg:ident: $type:ty),*)) => {
        $(#[$doc])*
        pub(super) fn $name(isa: Isa, $($arg: $type),*) {
            match isa.0 {
                Kind::Portable => $body($($arg),*),
                // SAFETY: an `Isa` is only given out where the processor has it.
                #[cfg(target_arch = "x86_64")]
                Kind::Avx2 => unsafe { $avx2($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Kind::Avx512 => unsafe { $avx512($($arg),*) },
            }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma,f16c")]
        fn $avx2($($arg: $type),*) {
            $body($($arg),*);
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,fma")]
        fn $avx512($($arg: $type),*) {
            $body($($arg),*);
        }
    };
}

for_each_isa!(
    /// One tile of keys for 32 lanes: see [`step_body`].
    step, step_avx2, step_avx512, step_body, (scores: &mut [[f32; PANEL]], lanes: &mut Lanes, out: &mut [[f32; PANEL]])
);
for_each_isa!(
    /// One tile of keys for one query: see [`lane_body`].
    lane, lane_avx2, lane_avx512, lane_body, (q: &[f32], scale: f32, keys: &[f32], values: &[f32], state: &mut [f32])
);

/// Widens values of a cache.
pub(super) fn widen(isa: Isa, from: &[f16], to: &mut [f32]) {
    match isa.0 {
        Kind::Portable => from.iter().zip(to).for_each(|(from, to)| *to = from.to_f32()),
        // SAFETY: an `Isa` is only given out where the processor has it.
        #[cfg(target_arch = "x86_64")]
        _ => unsafe { super::avx2::widen_f16(bytemuck::cast_slice(from), to) },
    }
}
