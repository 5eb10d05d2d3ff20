//! What is kept of an answer beside what the window shows.

use serde::{Deserialize, Serialize};

use super::window::PresetName;
use super::{FrameJson, StrategyJson};

/// What the model was shown, whole: from it the plan can be made again when another model is loaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptLook {
    /// The model's name.
    pub model: String,
    /// `clip` or `siglip`.
    pub tower: String,
    /// Side of the tower's square, pixels.
    pub side_px: u32,
    /// Side of a patch, pixels.
    pub patch_px: u32,
    /// What the tower's input is normalised by: means.
    pub mean: [f32; 3],
    /// What the tower's input is normalised by: deviations.
    pub std: [f32; 3],
    /// Positions that the model reads at most.
    pub n_context: usize,
    /// What `auto` came to; otherwise as requested.
    pub preset: PresetName,
    /// Why `auto` chose it, in a sentence.
    pub reason: Option<String>,
    /// The chosen frames in the order of time.
    pub frames: Vec<FrameJson>,
    /// How they became tokens.
    pub strategy: StrategyJson,
    /// Tokens of all words, once they were counted.
    pub n_words: Option<usize>,
    /// The chat's earliest turn that the model still got; none where it got all.
    pub remembers_from: Option<String>,
}
