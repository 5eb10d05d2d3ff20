//! Activations as the integer kernels read them: 8 bits and a scale for 32 neighbours.

use rayon::prelude::*;

/// Values that share a scale.
pub(super) const GROUP: usize = 32;

/// The rows of an input, quantized once and read by every matrix that shares them.
///
/// A value is `scale * q`, `q` in -127..=127. Scales of 32 neighbours, not of 256 as llama.cpp's `Q8_K`, because the
/// kernels pay the same for both and an outlier then spoils eight times fewer of its neighbours.
pub(super) struct QuantInput {
    pub(super) n_rows: usize,
    pub(super) n_cols: usize,
    /// (rows, cols).
    pub(super) q: Vec<i8>,
    /// (rows, cols / 32).
    pub(super) scale: Vec<f32>,
    /// (rows, cols / 32): `scale` times the sum of the group's `q`, which is what a minimum is multiplied by.
    pub(super) scaled_sum: Vec<f32>,
    /// (rows, cols / 16): sums of `q`, which is what a format's zero is multiplied by.
    pub(super) half_sum: Vec<i32>,
}

/// One row of a [`QuantInput`].
#[derive(Clone, Copy)]
pub(super) struct InputRow<'a> {
    pub(super) q: &'a [i8],
    pub(super) scale: &'a [f32],
    pub(super) scaled_sum: &'a [f32],
    pub(super) half_sum: &'a [i32],
}

impl QuantInput {
    /// Quantizes rows of `n_cols` values, a multiple of 32.
    pub(super) fn new(x: &[f32], n_cols: usize) -> Self {
        let n_rows = x.len() / n_cols;
        let n_groups = n_cols / GROUP;
        let mut input = Self {
            n_rows,
            n_cols,
            q: vec![0; x.len()],
            scale: vec![0.0; n_rows * n_groups],
            scaled_sum: vec![0.0; n_rows * n_groups],
            half_sum: vec![0; n_rows * n_groups * 2],
        };
        x.par_chunks_exact(n_cols)
            .zip(input.q.par_chunks_exact_mut(n_cols))
            .zip(input.scale.par_chunks_exact_mut(n_groups))
            .zip(input.scaled_sum.par_chunks_exact_mut(n_groups))
            .zip(input.half_sum.par_chunks_exact_mut(2 * n_groups))
            // One row is not worth waking a thread.
            .with_min_len(4)
            .for_each(|((((x, q), scale), scaled_sum), half_sum)| {
                for (g, (x, q)) in x.as_chunks().0.iter().zip(q.as_chunks_mut().0).enumerate() {
                    (scale[g], half_sum[2 * g], half_sum[2 * g + 1]) = quantize(x, q);
                    #[expect(clippy::cast_precision_loss, reason = "at most 32 * 127")]
                    let sum = (half_sum[2 * g] + half_sum[2 * g + 1]) as f32;
                    scaled_sum[g] = scale[g] * sum;
                }
            });
        input
    }

    pub(super) fn row(&self, i: usize) -> InputRow<'_> {
        let n_groups = self.n_cols / GROUP;
        InputRow {
            q: &self.q[i * self.n_cols..][..self.n_cols],
            scale: &self.scale[i * n_groups..][..n_groups],
            scaled_sum: &self.scaled_sum[i * n_groups..][..n_groups],
            half_sum: &self.half_sum[2 * i * n_groups..][..2 * n_groups],
        }
    }
}

/// Quantizes one group; gives its scale and the sums of its halves.
#[inline]
fn quantize(x: &[f32; GROUP], q: &mut [i8; GROUP]) -> (f32, i32, i32) {
    // Sixteen running maxima instead of one, so that the compiler may use vectors.
    let mut largest = [0.0f32; 16];
    let mut poison = [0.0f32; 16];
    for half in x.as_chunks::<16>().0 {
        for ((largest, poison), x) in largest.iter_mut().zip(&mut poison).zip(half) {
            *largest = largest.max(x.abs());
            *poison += x * 0.0;
        }
    }
    let largest = largest.into_iter().fold(0.0, f32::max);
    // Eight bits have no NaN: the scale carries it, so that what is no number does not come out as one.
    let scale = largest / 127.0 + poison.into_iter().sum::<f32>();
    let inverse = if largest > 1e-30 { 127.0 / largest } else { 0.0 };
    let mut sums = [0i32; 2];
    for ((x, q), sum) in x
        .as_chunks::<16>()
        .0
        .iter()
        .zip(q.as_chunks_mut::<16>().0)
        .zip(&mut sums)
    {
        for (x, q) in x.iter().zip(q) {
            // Adding 1.5 * 2^23 leaves the nearest integer in the low bits of the number.
            let rounded = (x * inverse + 12_582_912.0)
                .to_bits()
                .cast_signed()
                .wrapping_sub(0x4b40_0000);
            #[expect(
                clippy::cast_possible_truncation,
                reason = "within -127..=127 by the choice of the scale"
            )]
            let narrow = rounded as i8;
            *q = narrow;
            *sum = sum.wrapping_add(rounded);
        }
    }
    // Of what is no number the bits are any, and sums of them too large to be added.
    if scale.is_nan() {
        sums = [0; 2];
    }
    (scale, sums[0], sums[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_has_no_scale_and_no_sums() {
        for no_number in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
            let mut x = [1.0; GROUP];
            (x[0], x[GROUP - 1]) = (no_number, no_number);
            let (scale, first, second) = quantize(&x, &mut [0; GROUP]);
            assert!(scale.is_nan(), "{no_number}");
            assert_eq!((first, second), (0, 0), "{no_number}");
        }
    }
}
