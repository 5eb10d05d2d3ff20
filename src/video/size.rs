//! What a picture must fit into.

use serde::{Deserialize, Serialize};

/// What a picture for a pointer that moves on fits into where it is made for that: it is looked at for a moment, and half
/// the time from a key frame to the screen goes by the number of pixels.
const COARSE: PreviewSize = PreviewSize {
    max_width: 480,
    max_height: 480,
};

/// The box a picture must fit into; it is never enlarged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewSize {
    /// Pixels.
    pub max_width: u32,
    /// Pixels.
    pub max_height: u32,
}

impl PreviewSize {
    /// The same with at least a pixel each way.
    #[must_use]
    pub fn positive(self) -> Self {
        Self {
            max_width: self.max_width.max(1),
            max_height: self.max_height.max(1),
        }
    }

    /// Size for a displayed picture whose pixels are `aspect` (width to height), with square pixels.
    #[must_use]
    pub fn fit(self, displayed: (u32, u32), aspect: (u32, u32)) -> (u32, u32) {
        let (width, height) = square_pixels(displayed, aspect);
        let scale = (f64::from(self.max_width) / f64::from(width))
            .min(f64::from(self.max_height) / f64::from(height))
            .min(1.0);
        let scaled = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
        (scaled(width), scaled(height))
    }

    /// The box for a picture that is looked at for a moment.
    #[must_use]
    pub fn coarse(self) -> Self {
        Self {
            max_width: self.max_width.min(COARSE.max_width),
            max_height: self.max_height.min(COARSE.max_height),
        }
    }
}

/// The size with square pixels: the width changes, so that no line is lost.
pub(super) fn square_pixels((width, height): (u32, u32), (horizontal, vertical): (u32, u32)) -> (u32, u32) {
    let stretched = f64::from(width) * f64::from(horizontal) / f64::from(vertical.max(1));
    ((stretched.round() as u32).max(1), height.max(1))
}
