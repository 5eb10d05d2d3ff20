//! Plans whose pictures can be fetched.

use std::collections::VecDeque;
use std::sync::Arc;

use super::owner::Owned;
use super::refusal::gone;
use crate::api::window::ApiError;
use crate::engine::OpenVideo;
use crate::visual::plan::Plan;
use crate::visual::tower_image::Normalization;

/// Plans that are kept.
const MAX_PLANS: usize = 8;

/// The latest plans, the latest first.
#[derive(Default)]
pub(super) struct PlanShelf(Owned<VecDeque<ShelvedPlan>>);

/// A plan whose pictures can be fetched.
#[derive(Clone)]
pub(super) struct ShelvedPlan {
    /// The same for the same pictures.
    pub(super) id: String,
    pub(super) video: Arc<OpenVideo>,
    pub(super) plan: Arc<Plan>,
    pub(super) normalization: Normalization,
}

impl PlanShelf {
    pub(super) fn put(&self, plan: ShelvedPlan) {
        self.0.with(|plans| {
            plans.retain(|other| other.id != plan.id);
            plans.truncate(MAX_PLANS - 1);
            plans.push_front(plan);
        });
    }

    /// # Errors
    /// A plan that is no longer kept.
    pub(super) fn get(&self, id: &str) -> Result<ShelvedPlan, ApiError> {
        let plan = self
            .0
            .with(|plans| plans.iter().find(|plan| plan.id == id).cloned());
        plan.ok_or_else(|| gone("plan"))
    }

    pub(super) fn clear_of(&self, id: &str) {
        self.0
            .with(|plans| plans.retain(|plan| plan.video.identity.as_str() != id));
    }
}
