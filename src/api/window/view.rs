//! A plan as the page shows it.

use serde::{Deserialize, Serialize};

use super::{PlanRequest, PresetName, StrategyName};
use crate::api::TokenJson;
use crate::visual::plan::TokenCounts;
use crate::visual::sampling::FrameRef;

/// Where a token lies in a picture of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct TokenPlace {
    /// Number in [`PlanView::images`].
    pub image: usize,
    /// Left, top, right, bottom in patches of that picture.
    pub rect: [u32; 4],
}

/// What a picture of a plan is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum PlanImageKind {
    /// One frame.
    Frame,
    /// Several, tiled.
    Thumbnail,
}

/// A picture that goes through the vision tower.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct PlanImage {
    /// What it is made of.
    pub kind: PlanImageKind,
    /// Cell by cell, row by row; one for a frame.
    pub frames: Vec<FrameRef>,
    /// Cells side by side.
    pub n_columns: u32,
    /// Cells above each other.
    pub n_rows: u32,
    /// Whether its features are kept from before, or the model has read it already.
    pub is_encoded: bool,
}

/// What a plan takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Cost {
    /// Of the visual part.
    pub n_tokens: usize,
    /// Positions that the visual part, the fixed words and the answer's reserve leave for the chat.
    pub n_free: usize,
    /// Pictures through the tower.
    pub n_images: usize,
    /// From now until the first word, with what is kept from before already taken off.
    pub first_answer_secs: f64,
    /// More than the loaded model already holds.
    pub memory_bytes: u64,
    /// Why it cannot be run, in a sentence.
    pub refusal: Option<String>,
}

/// What a preset or a strategy would cost, before it is chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Offer {
    /// The preset.
    pub preset: PresetName,
    /// Instead of the preset's own.
    pub strategy: Option<StrategyName>,
    /// Frames that it looks at.
    pub n_frames: usize,
    /// What it takes.
    pub cost: Cost,
}

/// Positions of the context by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct ContextUse {
    /// All that the model has.
    pub n_positions: usize,
    /// Words that stand around every question.
    pub n_fixed: usize,
    /// Earlier turns as they would be sent now.
    pub n_chat: usize,
    /// Kept for the answer.
    pub n_reserve: usize,
}

/// What the model would be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct PlanView {
    /// Names it while its pictures can be fetched.
    pub id: String,
    /// The request that it answers.
    pub request: PlanRequest,
    /// What `auto` came to; otherwise as requested.
    pub preset: PresetName,
    /// How frames become tokens.
    pub strategy: StrategyName,
    /// Why `auto` chose it, in a sentence.
    pub reason: Option<String>,
    /// Name of the tower.
    pub tower: String,
    /// Side of the tower's square picture, pixels.
    pub side_px: u32,
    /// Side of its patches, pixels.
    pub patch_px: u32,
    /// In the order of time; short clips repeat some.
    pub frames: Vec<FrameRef>,
    /// How many tokens.
    pub counts: TokenCounts,
    /// In the order that the language model reads them.
    pub tokens: Vec<TokenJson>,
    /// Where each of `tokens` lies in `images`.
    pub places: Vec<Option<TokenPlace>>,
    /// Pictures that go through the tower.
    pub images: Vec<PlanImage>,
    /// What it takes.
    pub cost: Cost,
    /// Of the loaded model.
    pub context: ContextUse,
    /// Every preset, and every strategy within the chosen preset.
    pub offers: Vec<Offer>,
    /// Complete sentences for a person.
    pub notices: Vec<String>,
}
