//! What the media role is asked, and what it answers. Pictures and long lists travel as raw bytes beside these.

use std::ffi::OsString;

use serde::{Deserialize, Serialize};

use super::ProbeJson;
use crate::visual::preprocess::Fit;

/// A request to the media role. Files are named by their path each time; a role keeps the last few open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MediaRequest {
    /// Finds out what a file is and lists its frames. Answers [`MediaEvent::Indexing`] and then
    /// [`MediaEvent::Opened`].
    Open {
        /// The file.
        path: OsString,
    },
    /// Frames for a vision tower: a [`MediaEvent::Fitted`] for each different index, ascending.
    Fitted {
        /// The file.
        path: OsString,
        /// Indices of frames.
        indices: Vec<usize>,
        /// How a frame becomes square.
        fit: FitJson,
        /// Side of the tower's square, pixels.
        side_px: u32,
    },
}

/// What the media role answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MediaEvent {
    /// How much of the file has been listed.
    Indexing {
        /// From 0 to 1.
        fraction: f64,
    },
    /// The file is open. Beside it: the time stamp of every frame in seconds, ascending, as `f64` little endian.
    Opened {
        /// What it is.
        probe: Box<ProbeJson>,
        /// How long it runs, from the index.
        duration_secs: f64,
    },
    /// A frame in the tower's square. Beside it: `side_px * side_px` pixels of red, green and blue, a byte each.
    Fitted {
        /// Position among the displayable frames.
        index: usize,
        /// Presentation time stamp in seconds.
        pts_secs: f64,
        /// Side of the square, pixels.
        side_px: u32,
        /// Width of the frame as displayed, before it was fitted.
        width: u32,
        /// Height of the frame as displayed.
        height: u32,
    },
}

/// The wire form of [`Fit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FitJson {
    /// [`Fit::Squash`].
    Squash,
    /// [`Fit::Pad`].
    Pad,
    /// [`Fit::Crop`].
    Crop,
}

impl From<Fit> for FitJson {
    fn from(fit: Fit) -> Self {
        match fit {
            Fit::Squash => Self::Squash,
            Fit::Pad => Self::Pad,
            Fit::Crop => Self::Crop,
        }
    }
}

impl From<FitJson> for Fit {
    fn from(fit: FitJson) -> Self {
        match fit {
            FitJson::Squash => Self::Squash,
            FitJson::Pad => Self::Pad,
            FitJson::Crop => Self::Crop,
        }
    }
}
