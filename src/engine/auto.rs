//! The preset that is used when the user chose none.

use super::requests::model::ModelFacts;
use crate::visual::geometry::TowerGeometry;
use crate::visual::preset::Preset;
use crate::visual::recipes::VideoFamily;

/// A first answer should come within this.
const PATIENCE_SECS: f64 = 60.0;
/// Towers of at most this many tokens an image read a whole clip in the time that others take for a few frames.
const FEW_TOKENS: u32 = 196;
/// Fewer frames than this are no video: a model's own way begins with so many, however long they take.
const FEWEST_FRAMES: usize = 4;
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

/// The model's own way, where it has one, with as many of its frames as its context has room for.
#[must_use]
pub fn own_way(model: &ModelFacts, geometry: TowerGeometry) -> Option<Preset> {
    let family = model.family?;
    let recipe = family.recipe();
    let fits = |n_frames: &usize| recipe.n_tokens(geometry, *n_frames) + WORDS <= model.n_context;
    let n_frames = (1..=recipe.n_frames).rev().find(fits).unwrap_or(1);
    Some(Preset::Own { family, n_frames })
}

impl Preselection {
    /// The model's own way where it has one, with so many frames that the first answer is expected within a minute; else the
    /// richest preset that fits `model` and whose first answer is expected within a minute.
    #[must_use]
    pub fn of(model: &ModelFacts, geometry: TowerGeometry) -> Self {
        if let Some(Preset::Own { family, n_frames }) = own_way(model, geometry) {
            return Self::of_own(family, n_frames, model, geometry);
        }
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

impl Preselection {
    /// Half as many frames as often as it takes, so that the remaining ones are spread alike.
    fn of_own(family: VideoFamily, n_most: usize, model: &ModelFacts, geometry: TowerGeometry) -> Self {
        let with = |n_frames| Preset::Own { family, n_frames };
        let is_quick = |n: usize| expected_secs(with(n), model, geometry) <= PATIENCE_SECS;
        let mut n_frames = n_most;
        while model.device == "cpu" && n_frames / 2 >= FEWEST_FRAMES && !is_quick(n_frames) {
            n_frames /= 2;
        }
        let n_own = family.recipe().n_frames;
        let reason = match (n_frames == n_own, n_most == n_own) {
            (true, _) => format!("{} was trained to see videos this way", family.title()),
            (false, true) => format!(
                "{} was trained to see videos this way; with {n_frames} of its {n_own} frames, because more would take over a minute",
                family.title()
            ),
            (false, false) => format!(
                "{} was trained to see videos this way; with {n_frames} of its {n_own} frames, which its context and a minute allow",
                family.title()
            ),
        };
        Self {
            preset: with(n_frames),
            reason,
        }
    }
}

/// How long the first answer with `preset` is expected to take on `model`, seconds.
#[must_use]
pub(super) fn expected_secs(preset: Preset, model: &ModelFacts, geometry: TowerGeometry) -> f64 {
    let n_images = match preset {
        Preset::Frame | Preset::Fast => 1,
        Preset::Balanced | Preset::Paper => preset.n_frames() + 1,
        Preset::Own { n_frames, .. } => n_frames,
    };
    n_images as f64 * model.encode_secs + model.reading_secs(0, preset.n_tokens(geometry))
}
