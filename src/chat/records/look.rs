//! What is kept of an answer beside what the window shows.

use serde::{Deserialize, Serialize};

use crate::visual::geometry::{GeometryError, TowerGeometry};
use crate::visual::preprocess::Fit;
use crate::visual::preset::PresetName;
use crate::visual::recipe::Recipe;
use crate::visual::sampling::FrameRef;
use crate::visual::strategy::Strategy;

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
    pub frames: Vec<FrameRef>,
    /// How they became tokens.
    pub strategy: Strategy,
    /// How frames became square.
    #[serde(default = "squashed", skip_serializing_if = "is_squashed")]
    pub fit: Fit,
    /// How long the video runs, seconds; 0 where no words depend on it.
    #[serde(default)]
    pub duration_secs: f64,
    /// Tokens of all words, once they were counted.
    pub n_words: Option<usize>,
    /// The chat's earliest turn that the model still got; none where it got all.
    pub remembers_from: Option<String>,
}

/// As every frame was fitted before there was a choice.
fn squashed() -> Fit {
    Fit::Squash
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde wants")]
fn is_squashed(fit: &Fit) -> bool {
    *fit == Fit::Squash
}

impl KeptLook {
    /// What the plan was made of.
    ///
    /// # Errors
    /// A tower that cannot be: the file was changed by something else.
    pub fn recipe(&self) -> Result<Recipe, GeometryError> {
        Ok(Recipe {
            frames: self.frames.clone(),
            strategy: self.strategy.clone(),
            geometry: TowerGeometry::new(self.side_px, self.patch_px)?,
            fit: self.fit,
            duration_secs: self.duration_secs,
        })
    }
}
