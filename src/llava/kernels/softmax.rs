//! The running softmax of attention, written once in plain Rust and compiled for each instruction set.

use half::f16;

use super::few::TILE;
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

/// `e^x` for `x <= 0`, to 2e-7 of its value; 0 below -87. Degree-6 polynomial after a split in powers of two. What is no
/// number stays none: taken for 0 it would hide that weights are damaged.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    let is_low = x <= -87.0;
    let x = if is_low { -87.5 } else { x };
    // Adding 1.5 * 2^23 leaves the nearest integer in the low bits. (A cast of Rust's would do the same one by one.)
    let shifted = x * std::f32::consts::LOG2_E + 12_582_912.0;
    let n = shifted - 12_582_912.0;
    // ln 2 in two parts: the first has few bits, so that its product with n is exact.
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let p = 1.0
        + r * (1.0
            + r * (0.5 + r * (0.166_666_55 + r * (0.041_665_795 + r * (0.008_333_452 + r * 0.001_393_0)))));
    let exponent = shifted.to_bits().wrapping_add(127) << 23;
    if is_low { 0.0 } else { p * f32::from_bits(exponent) }
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

/// One value of sixteen, in four steps instead of fifteen.
#[inline(always)]
fn halve(v: [f32; 16], join: impl Fn(f32, f32) -> f32) -> f32 {
    let v: [f32; 8] = std::array::from_fn(|i| join(v[i], v[i + 8]));
    let v: [f32; 4] = std::array::from_fn(|i| join(v[i], v[i + 4]));
    let v: [f32; 2] = std::array::from_fn(|i| join(v[i], v[i + 2]));
    join(v[0], v[1])
}

/// One tile of keys for one query: `scores` become weights, `part` (values, maximum, sum) is brought to the new maximum.
#[inline(always)]
fn weigh_body(scores: &mut [f32; TILE], part: &mut [f32]) {
    let (out, state) = part.split_at_mut(part.len() - 2);
    let mut largest = [state[0]; 16];
    for scores in scores.as_chunks::<16>().0 {
        for (largest, score) in largest.iter_mut().zip(scores) {
            *largest = if *score > *largest { *score } else { *largest };
        }
    }
    // A query that has seen nothing yet has no maximum; any finite one will do.
    let largest = halve(largest, |a, b| if a > b { a } else { b }).max(f32::MIN);
    let mut sums = [0.0; 16];
    for scores in scores.as_chunks_mut::<16>().0 {
        for (sum, score) in sums.iter_mut().zip(scores) {
            *score = exp(*score - largest);
            *sum += *score;
        }
    }
    let factor = exp(state[0] - largest);
    state[0] = largest;
    state[1] = state[1] * factor + halve(sums, |a, b| a + b);
    if factor < 1.0 {
        out.iter_mut().for_each(|out| *out *= factor);
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
pub(super) use for_each_isa;

for_each_isa!(
    /// One tile of keys for 32 lanes: see [`step_body`].
    step, step_avx2, step_avx512, step_body, (scores: &mut [[f32; PANEL]], lanes: &mut Lanes, out: &mut [[f32; PANEL]])
);
for_each_isa!(
    /// One tile of keys for one query: see [`weigh_body`].
    weigh, weigh_avx2, weigh_avx512, weigh_body, (scores: &mut [f32; TILE], part: &mut [f32])
);

/// Widens the first `dim` values of rows that lie `stride` apart; in `to` they lie `pad` apart.
pub(super) fn widen(isa: Isa, from: &[f16], stride: usize, dim: usize, pad: usize, to: &mut [f32]) {
    match isa.0 {
        Kind::Portable => {
            for (from, to) in from.chunks(stride).zip(to.chunks_exact_mut(pad)) {
                for (from, to) in from[..dim].iter().zip(to) {
                    *to = from.to_f32();
                }
            }
        }
        // SAFETY: an `Isa` is only given out where the processor has it.
        #[cfg(target_arch = "x86_64")]
        _ => unsafe { super::avx2::widen_rows(bytemuck::cast_slice(from), stride, dim, pad, to) },
    }
}
