//! What the model is to be shown.

use serde::{Deserialize, Serialize};

/// A preset as the user chose it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum PresetName {
    /// The one that suits model and machine.
    #[default]
    Auto,
    /// One frame.
    Frame,
    /// A thumbnail alone.
    Fast,
    /// A thumbnail and sampled tokens of 16 frames.
    Balanced,
    /// TS-LLaVA's own setting.
    Paper,
}

/// A strategy by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "they are the names of `Strategy`'s variants")]
pub enum StrategyName {
    EveryPatch,
    Sampled,
    Thumbnail,
    Thumbnails,
    ThumbnailAndSampled,
    SlowFast,
    ImageGrid,
}

/// A part of the video.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Range {
    /// Where it begins.
    pub start_secs: f64,
    /// Excluded.
    pub end_secs: f64,
}

/// What the model is to be shown. The same request gives the same plan as long as the model stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct PlanRequest {
    /// The video's id.
    pub video: String,
    /// Frames and strategy together.
    pub preset: PresetName,
    /// Instead of the preset's own strategy.
    pub strategy: Option<StrategyName>,
    /// Only frames whose time stamps lie in it.
    pub range: Option<Range>,
    /// Frames that are in whatever the preset chooses.
    pub pinned: Vec<usize>,
    /// Frames that are out.
    pub removed: Vec<usize>,
    /// This one alone, with all its patches: everything above but the video is then ignored.
    pub only_frame: Option<usize>,
}
