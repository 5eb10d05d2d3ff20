//! Functions between two matrix products, value by value.

use rayon::prelude::*;

use super::Isa;
use super::isa::Kind;
use super::softmax::{exp, for_each_isa};

/// Values that one thread works on at a time.
const PART: usize = 16 << 10;

/// `gate` becomes `gate * sigmoid(gate) * up`.
///
/// # Panics
/// Where there are not as many of both.
pub fn silu_times(gate: &mut [f32], up: &[f32]) {
    assert_eq!(gate.len(), up.len(), "BUG: a gate for each value");
    let isa = Isa::detect();
    gate.par_chunks_mut(PART)
        .zip(up.par_chunks(PART))
        .for_each(|(gate, up)| silu_part(isa, gate, up));
}

/// `x` becomes `x * sigmoid(1.702 x)`.
pub fn quick_gelu(x: &mut [f32]) {
    let isa = Isa::detect();
    x.par_chunks_mut(PART).for_each(|x| quick_gelu_part(isa, x));
}

/// To 4e-7 of its value.
#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    let small = exp(-x.abs());
    let above = 1.0 / (1.0 + small);
    if x >= 0.0 { above } else { small * above }
}

#[inline(always)]
fn silu_body(gate: &mut [f32], up: &[f32]) {
    for (gate, up) in gate.iter_mut().zip(up) {
        *gate = *gate * sigmoid(*gate) * up;
    }
}

#[inline(always)]
fn quick_gelu_body(x: &mut [f32]) {
    for x in x {
        *x *= sigmoid(1.702 * *x);
    }
}

for_each_isa!(
    /// See [`silu_times`].
    silu_part, silu_avx2, silu_avx512, silu_body, (gate: &mut [f32], up: &[f32])
);
for_each_isa!(
    /// See [`quick_gelu`].
    quick_gelu_part, quick_gelu_avx2, quick_gelu_avx512, quick_gelu_body, (x: &mut [f32])
);
