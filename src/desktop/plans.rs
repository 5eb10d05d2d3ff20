//! From what the page wants the model to be shown to a plan.

use super::refusal::{of_model, of_video, of_video_at};
use crate::api::ModelFacts;
use crate::api::window::{ApiError, PlanRequest, PresetName, StrategyName};
use crate::engine::{OpenVideo, Preselection};
use crate::fault::{Failure, Fault};
use crate::visual::geometry::TowerGeometry;
use crate::visual::plan::Plan;
use crate::visual::preset::Preset;
use crate::visual::sampling::{Sampling, TimeRange, choose};
use crate::visual::strategy::Strategy;

/// A plan, and what of it was chosen for the user.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Resolved {
    pub(super) plan: Plan,
    /// What `auto` came to; otherwise as requested.
    pub(super) preset: Preset,
    /// Why `auto` chose it, in a clause.
    pub(super) reason: Option<String>,
}

/// The geometry of a model's tower.
pub(super) fn geometry_of(side_px: u32, patch_px: u32) -> Result<TowerGeometry, ApiError> {
    TowerGeometry::new(side_px, patch_px)
        .map_err(|error| of_model(Failure::new(Fault::Unsupported, error.to_string())))
}

impl Resolved {
    /// A plan of nothing, for a request that cannot be run.
    pub(super) fn nothing(request: &PlanRequest, facts: &ModelFacts) -> Result<Self, ApiError> {
        let geometry = geometry_of(facts.side_px, facts.patch_px)?;
        let (preset, _) = preset(request, facts, geometry);
        let plan = Plan {
            strategy: strategy(request, preset, geometry),
            geometry,
            chosen: Vec::new(),
            images: Vec::new(),
            rows: Vec::new(),
            notices: Vec::new(),
        };
        Ok(Self {
            plan,
            preset,
            reason: None,
        })
    }
}

fn preset(request: &PlanRequest, facts: &ModelFacts, geometry: TowerGeometry) -> (Preset, Option<String>) {
    match request.preset {
        PresetName::Auto => {
            let auto = Preselection::of(facts, geometry);
            (auto.preset, Some(auto.reason))
        }
        PresetName::Frame => (Preset::Frame, None),
        PresetName::Fast => (Preset::Fast, None),
        PresetName::Balanced => (Preset::Balanced, None),
        PresetName::Paper => (Preset::Paper, None),
    }
}

fn strategy(request: &PlanRequest, preset: Preset, geometry: TowerGeometry) -> Strategy {
    request
        .strategy
        .and_then(|name| Strategy::named(name.as_str(), geometry))
        .unwrap_or_else(|| preset.strategy(geometry))
}

/// What `request` means for `video` and the loaded model.
pub(super) fn resolve(
    request: &PlanRequest,
    video: &OpenVideo,
    facts: &ModelFacts,
) -> Result<Resolved, ApiError> {
    let geometry = geometry_of(facts.side_px, facts.patch_px)?;
    if let Some(frame) = request.only_frame {
        let plan = video.plan(
            &Sampling::Picks(vec![frame]),
            None,
            &Strategy::EveryPatch,
            geometry,
        );
        return Ok(Resolved {
            plan: plan.map_err(of_video_at(&video.path))?,
            preset: Preset::Frame,
            reason: None,
        });
    }
    let (preset, reason) = preset(request, facts, geometry);
    let strategy = strategy(request, preset, geometry);
    let range = request.range.map(|range| TimeRange {
        start_secs: range.start_secs,
        end_secs: range.end_secs,
    });
    let plan = if request.pinned.is_empty() && request.removed.is_empty() {
        video.plan(&preset.sampling(), range, &strategy, geometry)
    } else {
        let picks = by_hand(request, video, &preset.sampling(), range)?;
        video.plan(&Sampling::Picks(picks), None, &strategy, geometry)
    };
    Ok(Resolved {
        plan: plan.map_err(of_video_at(&video.path))?,
        preset,
        reason,
    })
}

/// The frames that the preset chooses, without those that were taken out and with those that were put in.
fn by_hand(
    request: &PlanRequest,
    video: &OpenVideo,
    sampling: &Sampling,
    range: Option<TimeRange>,
) -> Result<Vec<usize>, ApiError> {
    let chosen =
        choose(&video.pts_secs, range, sampling).map_err(|error| of_video(Failure::from_error(&error)))?;
    let mut picks: Vec<usize> = chosen
        .frames
        .iter()
        .map(|frame| frame.index)
        .filter(|index| !request.removed.contains(index))
        .chain(request.pinned.iter().copied())
        .collect();
    picks.sort_unstable();
    picks.dedup();
    if picks.is_empty() {
        let failure = Failure::new(Fault::Usage, "every frame was taken out")
            .with_hint("put a frame back, or choose a wider range");
        return Err(of_video(failure));
    }
    Ok(picks)
}

impl StrategyName {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ThumbnailAndSampled,
        Self::Thumbnail,
        Self::Thumbnails,
        Self::Sampled,
        Self::EveryPatch,
        Self::SlowFast,
        Self::ImageGrid,
    ];

    /// The name of [`Strategy::name`].
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EveryPatch => "every-patch",
            Self::Sampled => "sampled",
            Self::Thumbnail => "thumbnail",
            Self::Thumbnails => "thumbnails",
            Self::ThumbnailAndSampled => "thumbnail-and-sampled",
            Self::SlowFast => "slow-fast",
            Self::ImageGrid => "image-grid",
        }
    }
}

impl From<&Strategy> for StrategyName {
    fn from(strategy: &Strategy) -> Self {
        match strategy {
            Strategy::EveryPatch => Self::EveryPatch,
            Strategy::Sampled { .. } => Self::Sampled,
            Strategy::Thumbnail(_) => Self::Thumbnail,
            Strategy::Thumbnails(_) => Self::Thumbnails,
            Strategy::ThumbnailAndSampled { .. } => Self::ThumbnailAndSampled,
            Strategy::SlowFast { .. } => Self::SlowFast,
            Strategy::ImageGrid { .. } => Self::ImageGrid,
        }
    }
}

impl From<Preset> for PresetName {
    fn from(preset: Preset) -> Self {
        match preset {
            Preset::Frame => Self::Frame,
            Preset::Fast => Self::Fast,
            Preset::Balanced => Self::Balanced,
            Preset::Paper => Self::Paper,
        }
    }
}
