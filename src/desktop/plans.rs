//! From what the page wants the model to be shown to a plan.

use super::refusal::{of_video, of_video_at};
use crate::api::window::{ApiError, ErrorCode, PlanRequest};
use crate::engine::{ModelFacts, OpenVideo, Preselection};
use crate::fault::{Failure, Fault};
use crate::visual::geometry::{GeometryError, TowerGeometry};
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
    TowerGeometry::new(side_px, patch_px).map_err(impossible_tower)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` takes")]
pub(super) fn impossible_tower(error: GeometryError) -> ApiError {
    ApiError {
        code: ErrorCode::ModelUnsupported,
        message: error.to_string(),
        hint: None,
    }
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
    match request.preset.preset() {
        Some(preset) => (preset, None),
        None => {
            let auto = Preselection::of(facts, geometry);
            (auto.preset, Some(auto.reason))
        }
    }
}

fn strategy(request: &PlanRequest, preset: Preset, geometry: TowerGeometry) -> Strategy {
    let own = || preset.strategy(geometry);
    request.strategy.map_or_else(own, |name| name.strategy(geometry))
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
    let range = request.range;
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
