//! What the media role is asked, and what it answers. Pictures and long lists travel as raw bytes beside these.

use std::ffi::OsString;

use serde::{Deserialize, Serialize};

use super::{CheckJson, ProbeJson};
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
    /// A picture of a frame for the viewer: one [`MediaEvent::Picture`].
    Picture {
        /// The file.
        path: OsString,
        /// The frame.
        index: usize,
        /// What it must fit into.
        within: BoxJson,
        /// Whether a neighbour will do.
        landing: LandingJson,
    },
    /// What a file is and its first picture, without listing its frames: [`MediaEvent::Opened`] with no list beside it,
    /// and one [`MediaEvent::Picture`], milliseconds after a file of hours was named.
    FirstPicture {
        /// The file.
        path: OsString,
        /// What it must fit into.
        within: BoxJson,
    },
    /// A picture of the key frame nearest to a time, without listing the frames: one [`MediaEvent::Glimpse`], or nothing
    /// where the container finds none.
    Glimpse {
        /// The file.
        path: OsString,
        /// Seconds.
        secs: f64,
        /// What it must fit into.
        within: BoxJson,
    },
    /// Small pictures near these times, the cheapest there are: a [`MediaEvent::Picture`] for each, in any order.
    Filmstrip {
        /// The file.
        path: OsString,
        /// Seconds.
        at_secs: Vec<f64>,
        /// What each must fit into.
        within: BoxJson,
    },
    /// A frame as it is, for saving: one [`MediaEvent::Frame`].
    Frame {
        /// The file.
        path: OsString,
        /// The frame.
        index: usize,
    },
    /// Looks at this build and where it keeps things: one [`MediaEvent::Examined`].
    Examine,
}

/// What a picture must fit into, with square pixels; it is never enlarged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxJson {
    /// Pixels.
    pub max_width: u32,
    /// Pixels.
    pub max_height: u32,
}

/// Which frame's picture will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LandingJson {
    /// This very frame's.
    Exact,
    /// The nearest one that is at hand: kept from before, or of a key frame.
    Near,
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
    /// A picture. Beside it: a JPEG file.
    Picture {
        /// Position among the times that were asked for; 0 where one was.
        slot: usize,
        /// The frame that it shows, which need not be the one that was asked for.
        index: usize,
        /// That frame's own time in seconds.
        pts_secs: f64,
        /// Pixels, square ones.
        width: u32,
        /// Pixels.
        height: u32,
        /// Smaller than it could be: for a pointer that moves on.
        is_coarse: bool,
    },
    /// A picture of a frame whose number is not known yet. Beside it: a JPEG file.
    Glimpse {
        /// That frame's own time in seconds.
        pts_secs: f64,
        /// Pixels, square ones.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// What was looked at, and how it is.
    Examined {
        /// One by one.
        checks: Vec<CheckJson>,
    },
    /// A frame. Beside it: `width * height` pixels of red, green and blue, a byte each.
    Frame {
        /// Position among the displayable frames.
        index: usize,
        /// Presentation time stamp in seconds.
        pts_secs: f64,
        /// Pixels as displayed: rotation applied, pixel aspect not.
        width: u32,
        /// Pixels.
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
