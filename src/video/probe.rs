//! What is in a file, in terms that a person understands.

use serde::{Deserialize, Serialize};

use super::orientation::Orientation;
use super::size::square_pixels;

/// What a video file contains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// Family of the container, such as `"MP4/QuickTime"`.
    pub container: String,
    /// FFmpeg's name of the codec, such as `"h264"`.
    pub codec: String,
    /// `(width, height)` as shown: display rotation applied, pixel aspect not.
    pub display_size: (u32, u32),
    /// `(width, height)` as stored.
    pub coded_size: (u32, u32),
    /// How the stored picture is turned for display.
    pub orientation: Orientation,
    /// Width to height of one stored pixel, such as `(4, 3)`; `(1, 1)` for square ones or where nothing is said.
    pub pixel_aspect: (u32, u32),
    /// How many frames can be shown. Exact once its frames are listed.
    pub n_frames: FrameCount,
    /// Seconds that the video lasts. From the frames once indexed, before that as the container claims.
    pub duration_secs: f64,
    /// Seconds on the file's own clock at which players (and all times here) show zero.
    pub start_secs: f64,
    /// How evenly the frames follow each other.
    pub frame_rate: FrameRate,
    /// What the file says about its colours.
    pub colour: Colour,
    /// Sound tracks.
    pub audio_tracks: Vec<Track>,
    /// Subtitle tracks.
    pub subtitle_tracks: Vec<Track>,
    /// Cover pictures, which are not video.
    pub n_cover_pictures: usize,
    /// What a user should know about this file, in words.
    pub warnings: Vec<String>,
}

/// A number of frames, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FrameCount {
    /// Every one of them was listed.
    Exact(usize),
    /// What the container claims, or duration times frame rate.
    Estimated(usize),
    /// The container does not say.
    Unknown,
}

/// How evenly frames follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum FrameRate {
    /// All frames are equally long, within the rounding of the container's clock.
    Constant {
        /// Frames a second.
        fps: f64,
    },
    /// Frames differ in length, as telephones record them.
    Variable {
        /// Frames a second on average.
        average_fps: f64,
    },
    /// A single frame, or nothing known before indexing.
    Unknown,
}

/// Colour tags of the stream, by FFmpeg's names; `None` where untagged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colour {
    /// Pixel format, such as `"yuv420p10le"`.
    pub pixel_format: Option<String>,
    /// Bits of one sample.
    pub bits: Option<u32>,
    /// YUV matrix, such as `"bt709"`. Untagged video is shown as BT.601 whatever its size, as decord does.
    pub matrix: Option<String>,
    /// Primaries, such as `"bt2020"`.
    pub primaries: Option<String>,
    /// Transfer function, such as `"smpte2084"`.
    pub transfer: Option<String>,
    /// `"tv"` (limited) or `"pc"` (full).
    pub range: Option<String>,
    /// High dynamic range, by its transfer function.
    pub hdr: Option<Hdr>,
}

/// Kinds of high dynamic range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hdr {
    /// Perceptual quantiser, SMPTE ST 2084: HDR10, Dolby Vision.
    Pq,
    /// Hybrid log-gamma, ARIB STD-B67.
    Hlg,
}

/// A sound or subtitle track.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// FFmpeg's name of the codec.
    pub codec: String,
    /// Language code as the file gives it.
    pub language: Option<String>,
}

impl FrameRate {
    /// Frames a second on average; `None` where there is no saying.
    #[must_use]
    pub fn average_fps(self) -> Option<f64> {
        match self {
            Self::Constant { fps } => Some(fps),
            Self::Variable { average_fps } => Some(average_fps),
            Self::Unknown => None,
        }
    }

    /// Whether frames follow each other at one pace; `None` where there is no saying.
    #[must_use]
    pub fn is_constant(self) -> Option<bool> {
        match self {
            Self::Constant { .. } => Some(true),
            Self::Variable { .. } => Some(false),
            Self::Unknown => None,
        }
    }
}

impl Probe {
    /// Width of a displayed pixel over its height.
    #[must_use]
    pub fn display_aspect(&self) -> f64 {
        let (width, height) = self.display_pixel_aspect();
        f64::from(width) / f64::from(height)
    }

    /// Width and height at which a person should see it: rotation and pixel aspect applied, the height kept.
    #[must_use]
    pub fn viewer_size(&self) -> (u32, u32) {
        square_pixels(self.display_size, self.display_pixel_aspect())
    }

    /// Width to height of one pixel of the displayed, turned picture.
    #[must_use]
    pub fn display_pixel_aspect(&self) -> (u32, u32) {
        let (horizontal, vertical) = self.pixel_aspect;
        if self.orientation.exchanges_sides() {
            (vertical, horizontal)
        } else {
            (horizontal, vertical)
        }
    }
}
