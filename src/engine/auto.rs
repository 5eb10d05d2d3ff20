//! The preset that is used when the user chose none.

use super::requests::model::ModelFacts;
use crate::visual::geometry::TowerGeometry;
use crate::visual::preset::Preset;

/// A first answer should come within this.
const PATIENCE_SECS: f64 = 60.0;
/// Towers of at most this many tokens an image read a whole clip in the time that others take for a few frames.
const FEW_TOKENS: u32 = 196;
/// Positions that the words around a video and an answer take.
const WORDS: usize = 512;

/// A preset, and why it was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preselection {
    /// The preset.
    pub preset: Preset,
    /// Why, in a clause.
    pub reason: String,
}

impl Preselection {
    /// The richest preset that fits `model` and whose first answer is expected within a minute.
    #[must_use]
    pub fn of(model: &ModelFacts, geometry: TowerGeometry) -> Self {
        let fits = |preset: &Preset| preset.n_tokens(geometry) + WORDS <= model.n_context;
        if (model.device != "cpu" || geometry.n_patches() <= FEW_TOKENS) && fits(&Preset::Paper) {
            let reason = if model.device == "cpu" {
                "the model has few tokens an image"
            } else {
                "the model runs on a graphics card"
            };
            return Self {
                preset: Preset::Paper,
                reason: reason.to_owned(),
            };
        }
        let richest = [Preset::Paper, Preset::Balanced];
        let affordable = richest
            .into_iter()
            .filter(fits)
            .map(|preset| (preset, expected_secs(preset, model, geometry)))
            .find(|(_, secs)| *secs <= PATIENCE_SECS);
        match affordable {
            Some((preset, secs)) => Self {
                preset,
                reason: format!("the first answer is expected in about {secs:.0} s"),
            },
            None => Self {
                preset: Preset::Fast,
                reason: "a richer one would take over a minute, or more context than the model has"
                    .to_owned(),
            },
        }
    }
}

/// How long the first answer with `preset` is expected to take on `model`, seconds.
#[must_use]
pub(super) fn expected_secs(preset: Preset, model: &ModelFacts, geometry: TowerGeometry) -> f64 {
    let n_images = match preset {
        Preset::Frame | Preset::Fast => 1,
        Preset::Balanced | Preset::Paper => preset.n_frames() + 1,
    };
    n_images as f64 * model.encode_secs + preset.n_tokens(geometry) as f64 * model.read_secs
}
