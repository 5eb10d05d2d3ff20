//! Fitting a frame of any size into the tower's square of 8-bit pixels.
//!
//! These pixels are what travels from the decoder to the tower and to the preview: both read the same bytes.

use image::{Rgb, RgbImage};
use serde::{Deserialize, Serialize};

use super::bicubic::{Kernel, resize, resize_region};
use super::geometry::UnitRect;
use crate::fault::{Explain, Fault};

/// How a frame that is not square becomes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Fit {
    /// Resized to the square whatever its shape: TS-LLaVA's `image_aspect_ratio = "resize"`, behind every published
    /// number.
    Squash,
    /// Put in the middle of a square of the mean colour, then resized: LLaVA's `expand2square`.
    Pad,
    /// Resized until the shorter side fits, then cut to the middle: the default of `CLIPImageProcessor`.
    Crop,
    /// Resized until the longer side fits, then to the square whatever its shape, both with a Lanczos kernel: how SmolVLM was
    /// shown videos.
    ScaleAndSquash,
}

/// The colour around a padded frame: CLIP's mean as 8-bit levels, truncated.
pub const PAD_COLOUR: Rgb<u8> = Rgb([122, 116, 104]);

/// The most pixels a padded square may have (14 000 a side). Only a frame that is very long and thin gets there.
pub const MAX_PADDED_PIXELS: u64 = 196_000_000;

/// Why a frame could not be fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// A frame without pixels.
    #[error("a frame of {width_px} x {height_px} pixels has no picture")]
    Empty {
        /// Width of the frame.
        width_px: u32,
        /// Height of the frame.
        height_px: u32,
    },
    /// A frame so long and thin that the square around it would not fit into memory.
    #[error("a frame of {width_px} x {height_px} pixels is too long to be padded to a square")]
    TooLong {
        /// Width of the frame.
        width_px: u32,
        /// Height of the frame.
        height_px: u32,
    },
}

impl Explain for FitError {
    fn fault(&self) -> Fault {
        Fault::Input
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Empty { .. } => Some("try the file in a video player; it may be damaged".to_owned()),
            Self::TooLong { .. } => Some("use a model that does not pad, or crop the clip".to_owned()),
        }
    }
}

/// Fits `frame` (sRGB levels, as shown) into a square of `side_px`, resampling as Pillow's `Image.resize` with
/// `BICUBIC` does (antialiased, a = -0.5, 8 bits between the passes).
///
/// # Errors
/// [`FitError`] for a frame without pixels, or one too long to be padded.
pub fn fit(frame: &RgbImage, fit: Fit, side_px: u32) -> Result<RgbImage, FitError> {
    let (width_px, height_px) = frame.dimensions();
    if width_px == 0 || height_px == 0 || side_px == 0 {
        return Err(FitError::Empty { width_px, height_px });
    }
    match fit {
        Fit::Squash => Ok(resize_region(frame, (side_px, side_px), (0, 0), side_px)),
        Fit::Pad => Ok(resize_region(
            &padded(frame)?,
            (side_px, side_px),
            (0, 0),
            side_px,
        )),
        Fit::Crop => {
            let size = cover_size(width_px, height_px, side_px);
            let offset = ((size.0 - side_px) / 2, (size.1 - side_px) / 2);
            Ok(resize_region(frame, size, offset, side_px))
        }
        Fit::ScaleAndSquash => {
            let scaled = resize(frame, Kernel::Lanczos, inner_size(width_px, height_px, side_px));
            Ok(resize(&scaled, Kernel::Lanczos, (side_px, side_px)))
        }
    }
}

/// `frame` in the middle of a square of [`PAD_COLOUR`].
fn padded(frame: &RgbImage) -> Result<RgbImage, FitError> {
    let (width_px, height_px) = frame.dimensions();
    let side_px = width_px.max(height_px);
    if u64::from(side_px) * u64::from(side_px)
        > MAX_PADDED_PIXELS.max(u64::from(width_px) * u64::from(height_px))
    {
        return Err(FitError::TooLong { width_px, height_px });
    }
    let mut square = RgbImage::from_pixel(side_px, side_px, PAD_COLOUR);
    let (left, top) = ((side_px - width_px) / 2, (side_px - height_px) / 2);
    image::imageops::replace(&mut square, frame, i64::from(left), i64::from(top));
    Ok(square)
}

/// The size at which the shorter side is `side_px`; the longer one is truncated, as transformers does it.
fn cover_size(width_px: u32, height_px: u32, side_px: u32) -> (u32, u32) {
    let (short, long) = (width_px.min(height_px), width_px.max(height_px));
    let long_px = u64::from(side_px) * u64::from(long) / u64::from(short);
    let long_px = u32::try_from(long_px).unwrap_or(u32::MAX);
    if width_px <= height_px {
        (side_px, long_px)
    } else {
        (long_px, side_px)
    }
}

/// The size at which the longer side is `side_px`; the shorter one is truncated, then made even, as `SmolVLMVideoProcessor`
/// of transformers does it.
fn inner_size(width_px: u32, height_px: u32, side_px: u32) -> (u32, u32) {
    let shape = f64::from(width_px) / f64::from(height_px);
    let side = f64::from(side_px);
    let even = |length: f64| (length as u32).next_multiple_of(2).max(1);
    if width_px >= height_px {
        (side_px, even(side / shape))
    } else {
        (even(side * shape), side_px)
    }
}

impl Fit {
    /// The name used on the command line and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Squash => "squash",
            Self::Pad => "pad",
            Self::Crop => "crop",
            Self::ScaleAndSquash => "scale-and-squash",
        }
    }

    /// Where a rectangle of the fitted square lies in a source frame of `width_px` x `height_px`, as fractions of
    /// that frame. `None` where it shows nothing but padding.
    #[must_use]
    pub fn source_rect(self, rect: UnitRect, width_px: u32, height_px: u32) -> Option<UnitRect> {
        let (width, height) = (f64::from(width_px), f64::from(height_px));
        // How much larger than the frame the square is in each direction: more than 1 where it is padded, less
        // where it is cropped.
        let (scale_x, scale_y) = match self {
            Self::Squash | Self::ScaleAndSquash => (1.0, 1.0),
            Self::Pad => (width.max(height) / width, width.max(height) / height),
            Self::Crop => (width.min(height) / width, width.min(height) / height),
        };
        let along = |at: f64, scale: f64| {
            // An unscaled side passes through as it is, without rounding.
            if scale == 1.0 {
                at
            } else {
                (0.5 + (at - 0.5) * scale).clamp(0.0, 1.0)
            }
        };
        let source = UnitRect {
            left: along(rect.left, scale_x),
            top: along(rect.top, scale_y),
            right: along(rect.right, scale_x),
            bottom: along(rect.bottom, scale_y),
        };
        (source.left < source.right && source.top < source.bottom).then_some(source)
    }
}
