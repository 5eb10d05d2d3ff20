//! How a picture is turned before it is shown.

use image::{RgbImage, imageops};
use serde::{Deserialize, Serialize};

/// What a display matrix asks for: quarter turns and mirrors. FFmpeg's program does the same to a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Orientation {
    /// As stored.
    #[default]
    Upright,
    /// Turned clockwise by 90 degrees.
    Rotated90,
    /// Turned by 180 degrees.
    Rotated180,
    /// Turned clockwise by 270 degrees.
    Rotated270,
    /// Left and right exchanged.
    MirroredHorizontally,
    /// Top and bottom exchanged.
    MirroredVertically,
    /// Mirrored along the diagonal from the upper left.
    Transposed,
    /// Mirrored along the diagonal from the upper right.
    Transversed,
}

impl Orientation {
    /// Reads a display matrix as MP4 stores it: `x' = a x + c y`, `y' = b x + d y` in 16.16 fixed point, with
    /// `[a, b, _, c, d, ..]`. A turn by anything but a quarter is taken as the nearest one.
    #[must_use]
    pub fn from_display_matrix(matrix: &[i32; 9]) -> Self {
        let [a, b, _, c, d, ..] = *matrix;
        let straight = i64::from(a).abs() + i64::from(d).abs();
        let crossed = i64::from(b).abs() + i64::from(c).abs();
        if straight >= crossed {
            match (a >= 0, d >= 0) {
                (true, true) => Self::Upright,
                (false, false) => Self::Rotated180,
                (false, true) => Self::MirroredHorizontally,
                (true, false) => Self::MirroredVertically,
            }
        } else {
            match (b >= 0, c >= 0) {
                (true, false) => Self::Rotated90,
                (false, true) => Self::Rotated270,
                (true, true) => Self::Transposed,
                (false, false) => Self::Transversed,
            }
        }
    }

    /// Clockwise turn in degrees, before any mirroring.
    #[must_use]
    pub fn degrees(self) -> u32 {
        match self {
            Self::Upright | Self::MirroredHorizontally | Self::MirroredVertically => 0,
            Self::Rotated90 | Self::Transversed => 90,
            Self::Rotated180 => 180,
            Self::Rotated270 | Self::Transposed => 270,
        }
    }

    /// Whether the picture is seen in a mirror, beside being turned.
    #[must_use]
    pub fn is_mirrored(self) -> bool {
        matches!(
            self,
            Self::MirroredHorizontally | Self::MirroredVertically | Self::Transposed | Self::Transversed
        )
    }

    /// Whether width and height change places.
    #[must_use]
    pub fn exchanges_sides(self) -> bool {
        matches!(
            self,
            Self::Rotated90 | Self::Rotated270 | Self::Transposed | Self::Transversed
        )
    }

    /// `(width, height)` of a picture of this size once it is turned.
    #[must_use]
    pub fn turned_size(self, (width, height): (u32, u32)) -> (u32, u32) {
        if self.exchanges_sides() {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Turns a picture.
    #[must_use]
    pub fn apply(self, picture: RgbImage) -> RgbImage {
        match self {
            Self::Upright => picture,
            Self::Rotated90 => imageops::rotate90(&picture),
            Self::Rotated180 => imageops::rotate180(&picture),
            Self::Rotated270 => imageops::rotate270(&picture),
            Self::MirroredHorizontally => imageops::flip_horizontal(&picture),
            Self::MirroredVertically => imageops::flip_vertical(&picture),
            Self::Transposed => imageops::flip_horizontal(&imageops::rotate90(&picture)),
            Self::Transversed => imageops::flip_horizontal(&imageops::rotate270(&picture)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Moves every pixel by the matrix itself and compares.
    #[test]
    fn each_orientation_is_its_matrix() {
        const ONE: i32 = 1 << 16;
        let picture = RgbImage::from_fn(3, 2, |x, y| image::Rgb([x as u8, y as u8, 0]));
        for (a, b, c, d) in [
            (1, 0, 0, 1),
            (-1, 0, 0, 1),
            (1, 0, 0, -1),
            (-1, 0, 0, -1),
            (0, 1, 1, 0),
            (0, -1, 1, 0),
            (0, 1, -1, 0),
            (0, -1, -1, 0),
        ] {
            let matrix = [a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, 1 << 30];
            let orientation = Orientation::from_display_matrix(&matrix);
            let turned = orientation.apply(picture.clone());
            assert_eq!(turned.dimensions(), orientation.turned_size((3, 2)));
            let (width, height) = turned.dimensions();
            for (x, y, pixel) in picture.enumerate_pixels() {
                let (x, y) = (x as i32, y as i32);
                let to_x = if a + c < 0 {
                    width as i32 - 1 + (a * x + c * y)
                } else {
                    a * x + c * y
                };
                let to_y = if b + d < 0 {
                    height as i32 - 1 + (b * x + d * y)
                } else {
                    b * x + d * y
                };
                assert_eq!(
                    turned.get_pixel(to_x as u32, to_y as u32),
                    pixel,
                    "{orientation:?}"
                );
            }
        }
    }
}
