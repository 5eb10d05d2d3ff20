//! Videos and pictures of them.

use serde::{Deserialize, Serialize};

use crate::chat::VideoView;
use crate::engine::OpenVideo;

/// A file that the user opened. The page never learns its path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct VideoInfo {
    /// Its id.
    pub id: String,
    /// The file's name without its folders.
    pub name: String,
    /// The container's short name.
    pub container: String,
    /// The video codec's short name.
    pub codec: String,
    /// As displayed: rotation applied, pixel aspect not.
    pub width: u32,
    /// As displayed.
    pub height: u32,
    /// Width of a displayed pixel over its height.
    pub pixel_aspect: f64,
    /// Clockwise rotation that was applied for display.
    pub rotation_degrees: u32,
    /// How many frames are shown.
    pub n_frames: Option<usize>,
    /// How long it runs.
    pub duration_secs: f64,
    /// Frames a second on average; `null` for a single frame.
    pub average_fps: Option<f64>,
    /// Whether frames follow each other at one pace.
    pub is_constant_rate: Option<bool>,
    /// Size of the file.
    pub n_bytes: u64,
    /// Complete sentences for a person.
    pub warnings: Vec<String>,
    /// Whether it is the bundled clip, which the embedded model was made for.
    pub is_sample: bool,
    /// How it was left; `null` where it was never open.
    pub view: Option<VideoView>,
}

impl VideoInfo {
    /// What the page learns of an open file of `n_bytes` that was left like this.
    #[must_use]
    pub fn new(video: &OpenVideo, n_bytes: u64, is_sample: bool, view: Option<VideoView>) -> Self {
        let probe = &video.probe;
        let (width, height) = probe.display_size;
        Self {
            id: video.identity.as_str().to_owned(),
            name: video.name(),
            container: probe.container.clone(),
            codec: probe.codec.clone(),
            width,
            height,
            pixel_aspect: probe.display_aspect(),
            rotation_degrees: probe.orientation.degrees(),
            n_frames: (!video.pts_secs.is_empty()).then_some(video.pts_secs.len()),
            duration_secs: video.duration_secs,
            average_fps: probe.frame_rate.average_fps(),
            is_constant_rate: probe.frame_rate.is_constant(),
            n_bytes,
            warnings: probe.warnings.clone(),
            is_sample,
            view,
        }
    }
}

/// What a frame is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum FramePurpose {
    /// At once; the nearest cached or key frame will do.
    Scrub,
    /// This very frame.
    Still,
    /// This very frame, and the neighbours are likely next.
    Step,
    /// This very frame, and those after it follow in order.
    Play,
}

/// A place in a video.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(untagged)]
pub enum Place {
    /// A frame by its number.
    Index {
        /// From 0.
        index: usize,
    },
    /// The frame on screen at a time: the last one whose time stamp is not later.
    Secs {
        /// Presentation time.
        secs: f64,
    },
}

/// A picture for the viewer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct FrameRequest {
    /// The video's id.
    pub video: String,
    /// Which frame.
    pub at: Place,
    /// Longest side of the picture; never enlarged beyond the video's own.
    pub max_edge_px: u32,
    /// What for.
    pub purpose: FramePurpose,
}

/// Small pictures along a video.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct FilmstripRequest {
    /// The video's id.
    pub video: String,
    /// One picture near each of these times.
    pub at_secs: Vec<f64>,
    /// Pixels.
    pub height_px: u32,
}

/// What stands beside the bytes of a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct PictureInfo {
    /// `image/jpeg` or `image/png`.
    pub mime: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Which frame it shows; null while the frames are being counted.
    pub index: Option<usize>,
    /// That frame's own time.
    pub pts_secs: f64,
    /// False where a neighbour stands in.
    pub is_exact: bool,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct SavedFile {
    /// Its name without its folders.
    pub name: String,
}
