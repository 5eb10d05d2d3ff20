//! How a video was left.

use serde::{Deserialize, Serialize};

use crate::visual::sampling::TimeRange;

/// Where the user was in a video, and what they chose in it: the next time it is opened so.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(default)]
pub struct VideoView {
    /// The picture on screen, presentation time.
    pub position_secs: f64,
    /// The part that questions are about.
    pub range: Option<TimeRange>,
    /// Frames that are in whatever the preset chooses.
    pub pinned: Vec<usize>,
    /// Frames that are out.
    pub removed: Vec<usize>,
}
