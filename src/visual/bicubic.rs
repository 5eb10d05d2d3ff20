//! Bicubic and Lanczos resampling exactly as Pillow does it.
//!
//! Pillow's two passes use coefficients in fixed point with 22 fractional bits and round to 8 bits between the passes
//! (`libImaging/Resample.c`). Libraries that resample with the same kernel round
//! otherwise: `fast_image_resize` packs coefficients into 16 bits. The pixels enter the model, so this is ours.

use image::RgbImage;

/// Fractional bits of a coefficient: Pillow's `PRECISION_BITS`.
const PRECISION_BITS: u32 = 32 - 8 - 2;

/// What neighbours count for by their distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kernel {
    /// Catmull-Rom.
    Bicubic,
    /// A sinc under the middle of one three times as wide.
    Lanczos,
}

impl Kernel {
    /// Half its width, in output pixels where the picture shrinks.
    fn support(self) -> f64 {
        match self {
            Self::Bicubic => 2.0,
            Self::Lanczos => 3.0,
        }
    }

    fn weight(self, x: f64) -> f64 {
        match self {
            Self::Bicubic => bicubic(x),
            Self::Lanczos if (-3.0..3.0).contains(&x) => sinc(x) * sinc(x / 3.0),
            Self::Lanczos => 0.0,
        }
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    let x = x * std::f64::consts::PI;
    x.sin() / x
}

/// The kernel with a = -0.5 (Catmull-Rom), in the order of operations of Pillow's `bicubic_filter`.
fn bicubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

/// What one output pixel is made of along one axis: `weights[k]` of input pixel `first + k`.
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

/// The taps of the output pixels `offset .. offset + n_wanted` out of `n_out`, over `n_in` input pixels.
fn taps(kernel: Kernel, n_in: u32, n_out: u32, offset: u32, n_wanted: u32) -> Vec<Taps> {
    let scale = f64::from(n_in) / f64::from(n_out);
    let filter_scale = scale.max(1.0);
    let support = kernel.support() * filter_scale;
    let inverse = 1.0 / filter_scale;
    (offset..offset + n_wanted)
        .map(|out| {
            let centre = (f64::from(out) + 0.5) * scale;
            // The conversions saturate below zero, as Pillow clamps there.
            let first = (centre - support + 0.5) as u32;
            let end = ((centre + support + 0.5) as u32).min(n_in);
            let raw: Vec<f64> = (first..end)
                .map(|at| kernel.weight((f64::from(at - first) + f64::from(first) - centre + 0.5) * inverse))
                .collect();
            let sum: f64 = raw.iter().sum();
            let weights = raw
                .iter()
                .map(|weight| fixed(if sum == 0.0 { *weight } else { weight / sum }))
                .collect();
            Taps {
                first: first as usize,
                weights,
            }
        })
        .collect()
}

/// To fixed point, rounding half away from zero.
fn fixed(weight: f64) -> i32 {
    (weight * f64::from(1u32 << PRECISION_BITS)).round() as i32
}

/// To a level, from a sum of levels times fixed-point weights with one half added beforehand.
fn level(sum: i32) -> u8 {
    (sum >> PRECISION_BITS).clamp(0, 255) as u8
}

const HALF: i32 = 1 << (PRECISION_BITS - 1);

/// `picture` resized to `size` (width, height), in pixels.
pub(super) fn resize(picture: &RgbImage, kernel: Kernel, size: (u32, u32)) -> RgbImage {
    resize_part(picture, kernel, size, (0, 0), size)
}

/// The square of `side_px` at `offset` (x, y) of `picture` resized to `size` (width, height), all in pixels.
///
/// Only what the square needs is computed, so a picture that would be huge at `size` costs no more than another.
pub(super) fn resize_region(
    picture: &RgbImage,
    size: (u32, u32),
    offset: (u32, u32),
    side_px: u32,
) -> RgbImage {
    resize_part(picture, Kernel::Bicubic, size, offset, (side_px, side_px))
}

/// The part of `picture` resized to `size` that begins at `offset` and is as large as `part`.
fn resize_part(
    picture: &RgbImage,
    kernel: Kernel,
    size: (u32, u32),
    offset: (u32, u32),
    part: (u32, u32),
) -> RgbImage {
    let (width_px, height_px) = picture.dimensions();
    let columns = taps(kernel, width_px, size.0, offset.0, part.0);
    let mut rows = taps(kernel, height_px, size.1, offset.1, part.1);
    let (n_source, n_target) = (width_px as usize * 3, part.0 as usize * 3);
    // Pillow skips a pass that changes nothing. Such a pass has one weight of exactly 1, so none is skipped here.
    let levels = if vertical_first((width_px, height_px), size) {
        across(&down(picture.as_raw(), n_source, &rows), n_source, &columns)
    } else {
        let first_row = rows.first().map_or(0, |taps| taps.first);
        let end_row = rows.last().map_or(0, |taps| taps.first + taps.weights.len());
        rows.iter_mut().for_each(|taps| taps.first -= first_row);
        let needed = &picture.as_raw()[first_row * n_source..end_row * n_source];
        down(&across(needed, n_source, &columns), n_target, &rows)
    };
    RgbImage::from_raw(part.0, part.1, levels).unwrap_or_default()
}

/// Whether Pillow runs the vertical pass first: where rows shrink by more than twice as many as columns do. Seen on
/// Pillow 13.0 by comparing both orders at random sizes (`tests/reference/visual.py`); it matters by a few levels.
fn vertical_first(from: (u32, u32), to: (u32, u32)) -> bool {
    let fewer = |from: u32, to: u32| i64::from(from) - i64::from(to);
    fewer(from.1, to.1) > 0 && fewer(from.1, to.1) > 2 * fewer(from.0, to.0)
}

/// The horizontal pass over rows of `n_row` levels.
fn across(source: &[u8], n_row: usize, columns: &[Taps]) -> Vec<u8> {
    let n_wide = columns.len() * 3;
    let mut result = vec![0; source.len() / n_row * n_wide];
    for (source, target) in source.chunks_exact(n_row).zip(result.chunks_exact_mut(n_wide)) {
        for (taps, pixel) in columns.iter().zip(target.chunks_exact_mut(3)) {
            let mut sums = [HALF; 3];
            for (levels, weight) in source[taps.first * 3..].chunks_exact(3).zip(&taps.weights) {
                for (sum, value) in sums.iter_mut().zip(levels) {
                    *sum += i32::from(*value) * weight;
                }
            }
            pixel.copy_from_slice(&sums.map(level));
        }
    }
    result
}

/// The vertical pass over rows of `n_row` levels.
fn down(source: &[u8], n_row: usize, rows: &[Taps]) -> Vec<u8> {
    let mut result = vec![0; rows.len() * n_row];
    let mut sums = vec![HALF; n_row];
    for (taps, target) in rows.iter().zip(result.chunks_exact_mut(n_row)) {
        sums.fill(HALF);
        for (levels, weight) in source[taps.first * n_row..]
            .chunks_exact(n_row)
            .zip(&taps.weights)
        {
            for (sum, value) in sums.iter_mut().zip(levels) {
                *sum += i32::from(*value) * weight;
            }
        }
        for (pixel, sum) in target.iter_mut().zip(&sums) {
            *pixel = level(*sum);
        }
    }
    result
}
