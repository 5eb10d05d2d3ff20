//! What the model is to be shown.

use serde::{Deserialize, Serialize};

use crate::visual::preset::PresetName;
use crate::visual::sampling::TimeRange;
use crate::visual::strategy::StrategyName;

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
    pub range: Option<TimeRange>,
    /// Frames that are in whatever the preset chooses.
    pub pinned: Vec<usize>,
    /// Frames that are out.
    pub removed: Vec<usize>,
    /// This one alone, with all its patches: everything above but the video is then ignored.
    pub only_frame: Option<usize>,
}
