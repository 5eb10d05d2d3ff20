//! From what the page wants the model to be shown to a plan.

use super::refusal::{of_model, of_video, of_video_at};
use crate::api::window::{ApiError, PlanRequest};
use crate::engine::{ModelFacts, OpenVideo, PlanSetting, Preselection, Selection, own_way};
use crate::fault::{Failure, Fault};
use crate::visual::geometry::{GeometryError, TowerGeometry};
use crate::visual::plan::Plan;
use crate::visual::preset::{Preset, PresetName};

/// A plan, and the preset that it follows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PresetPlan {
    pub(super) plan: Plan,
    /// What `auto` came to; otherwise as requested.
    pub(super) preset: Preset,
    /// Why `auto` chose it, in a clause.
    pub(super) reason: Option<String>,
}

impl PresetPlan {
    fn new(plan: Plan, setting: PlanSetting) -> Self {
        Self {
            plan,
            preset: setting.preset,
            reason: setting.reason,
        }
    }

    /// A plan of nothing, for a request that cannot be run.
    pub(super) fn nothing(request: &PlanRequest, facts: &ModelFacts) -> Result<Self, ApiError> {
        let setting = setting(request, facts)?;
        Ok(Self {
            reason: None,
            ..Self::new(setting.empty_plan(), setting)
        })
    }
}

/// The geometry of a model's tower.
pub(super) fn geometry_of(side_px: u32, patch_px: u32) -> Result<TowerGeometry, ApiError> {
    TowerGeometry::new(side_px, patch_px).map_err(impossible_tower)
}

pub(super) fn impossible_tower(error: GeometryError) -> ApiError {
    of_model(Failure::new(Fault::Unsupported, error.to_string()))
}

/// What `request` means for `video` and the loaded model.
pub(super) fn resolve(
    request: &PlanRequest,
    video: &OpenVideo,
    facts: &ModelFacts,
) -> Result<PresetPlan, ApiError> {
    let setting = setting(request, facts)?;
    let plan = video.plan(&setting).map_err(of_video_at(video.path()))?;
    Ok(PresetPlan::new(plan, setting))
}

fn setting(request: &PlanRequest, facts: &ModelFacts) -> Result<PlanSetting, ApiError> {
    let geometry = geometry_of(facts.side_px, facts.patch_px)?;
    let own = own_way(facts, geometry);
    let mut selection = selection(request);
    // The window keeps what was chosen for another model.
    if selection.preset == PresetName::Own && own.is_none() {
        selection.preset = PresetName::Auto;
    }
    let settled = selection.settle(geometry, own, || Preselection::of(facts, geometry));
    let settled = settled.and_then(|setting| setting.on_model(facts.has_newline));
    settled.map_err(|error| of_video(Failure::from_error(&error)))
}

fn selection(request: &PlanRequest) -> Selection {
    if let Some(frame) = request.only_frame {
        return Selection::of_frame(frame);
    }
    Selection {
        preset: request.preset,
        strategy: request.strategy,
        range: request.range,
        pinned: request.pinned.clone(),
        removed: request.removed.clone(),
        ..Selection::default()
    }
}
