//! Pictures as files.

use image::{ImageFormat, RgbImage};

use super::refusal::of_video;
use crate::api::window::ApiError;
use crate::fault::{Failure, Fault};

/// A picture as PNG: lossless.
pub(super) fn png(picture: &RgbImage) -> Result<Vec<u8>, ApiError> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    match picture.write_to(&mut bytes, ImageFormat::Png) {
        Ok(()) => Ok(bytes.into_inner()),
        Err(error) => Err(of_video(Failure::new(Fault::Machine, error.to_string()))),
    }
}
