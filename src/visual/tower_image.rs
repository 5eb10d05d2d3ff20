//! What the tower reads: normalised pixels, and thumbnails composed of them.

use image::RgbImage;

use super::geometry::PixelRect;
use super::plan::Grid;
use super::sampling::FrameRef;

/// How 8-bit levels become the numbers a tower was trained on: `(level / 255 - mean) / std`, channel by channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalization {
    /// Mean of red, green and blue, on a scale from 0 to 1.
    pub mean: [f32; 3],
    /// Standard deviation of red, green and blue.
    pub std: [f32; 3],
}

impl Normalization {
    /// OpenAI's CLIP.
    pub const CLIP: Self = Self {
        mean: [0.481_454_66, 0.457_827_5, 0.408_210_73],
        std: [0.268_629_54, 0.261_302_6, 0.275_777_1],
    };

    /// Google's SigLIP: -1 to 1.
    pub const SIGLIP: Self = Self {
        mean: [0.5; 3],
        std: [0.5; 3],
    };
}

/// One square image as the tower reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct TowerImage {
    /// Side in pixels.
    pub side_px: u32,
    /// Normalised values, (3, side, side): all red, then all green, then all blue.
    pub data: Vec<f32>,
}

impl TowerImage {
    /// Normalises a frame that was fitted into a square (see [`super::preprocess::fit`]).
    #[must_use]
    pub fn from_fitted(fitted: &RgbImage, normalization: &Normalization) -> Self {
        let n_pixels = fitted.as_raw().len() / 3;
        let mut data = vec![0.0; n_pixels * 3];
        for (channel, plane) in data.chunks_exact_mut(n_pixels.max(1)).enumerate() {
            // 256 divisions instead of one for each pixel.
            let levels: [f32; 256] = std::array::from_fn(|level| {
                (level as f32 / 255.0 - normalization.mean[channel]) / normalization.std[channel]
            });
            for (value, pixel) in plane.iter_mut().zip(fitted.as_raw().chunks_exact(3)) {
                *value = levels[usize::from(pixel[channel])];
            }
        }
        Self {
            side_px: fitted.width(),
            data,
        }
    }

    /// The picture that these values are, rounded to 8-bit levels: what a person is shown of a thumbnail.
    #[must_use]
    pub fn to_picture(&self, normalization: &Normalization) -> RgbImage {
        let n_pixels = self.data.len() / 3;
        RgbImage::from_fn(self.side_px, self.side_px, |x, y| {
            let at = y as usize * self.side_px as usize + x as usize;
            image::Rgb(std::array::from_fn(|channel| {
                let value = self.data[channel * n_pixels + at];
                let level = (value * normalization.std[channel] + normalization.mean[channel]) * 255.0;
                level.round().clamp(0.0, 255.0) as u8
            }))
        })
    }
}

/// A thumbnail that fills up cell by cell, as frames come.
#[derive(Debug)]
pub struct Canvas<'a> {
    grid: &'a Grid,
    image: TowerImage,
    filled: Vec<bool>,
}

impl<'a> Canvas<'a> {
    /// An empty one.
    #[must_use]
    pub fn new(grid: &'a Grid, side_px: u32) -> Self {
        let data = vec![0.0; 3 * side_px as usize * side_px as usize];
        Self {
            grid,
            image: TowerImage { side_px, data },
            filled: vec![false; grid.cells.len()],
        }
    }

    /// Shrinks `image`, which shows `frame`, into every cell of that frame. Other frames are ignored.
    pub fn place(&mut self, frame: FrameRef, image: &TowerImage) {
        for (cell, shown) in self.grid.cells.iter().enumerate() {
            if shown.index == frame.index {
                shrink_into(image, &mut self.image, self.grid.cell_px(cell, image.side_px));
                self.filled[cell] = true;
            }
        }
    }

    /// Whether every cell has its frame.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.filled.iter().all(|filled| *filled)
    }

    /// The thumbnail.
    #[must_use]
    pub fn into_image(self) -> TowerImage {
        self.image
    }
}

/// Shrinks `source` into the rectangle `target` of `canvas` by area: each value is the mean of the window from
/// `floor(i * n_in / n_out)` to `ceil((i + 1) * n_in / n_out)`, which is torch's `interpolate(mode = "area")`; where
/// the cell divides the side, a plain block mean.
fn shrink_into(source: &TowerImage, canvas: &mut TowerImage, target: PixelRect) {
    let side = source.side_px as usize;
    let windows = |n_out: u32| -> Vec<std::ops::Range<usize>> {
        let n_out = n_out as usize;
        (0..n_out)
            .map(|i| i * side / n_out..((i + 1) * side).div_ceil(n_out))
            .collect()
    };
    let (columns, rows) = (windows(target.width()), windows(target.height()));
    let planes = source
        .data
        .chunks_exact(side * side)
        .zip(canvas.data.chunks_exact_mut(side * side));
    for (from, to) in planes {
        for (row, y) in rows.iter().zip(target.top as usize..) {
            let out = &mut to[y * side + target.left as usize..][..columns.len()];
            for (column, value) in columns.iter().zip(out) {
                let sum: f32 = row
                    .clone()
                    .map(|y| from[y * side..][column.clone()].iter().sum::<f32>())
                    .sum();
                *value = sum / (row.len() * column.len()) as f32;
            }
        }
    }
}
