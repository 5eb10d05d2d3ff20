//! Progress in the page's words.

use std::collections::BTreeSet;

use crate::api::window::{PrepareEvent, StageInfo, StageName};
use crate::engine::{Progress, Stage, Update};
use crate::visual::plan::Plan;

/// The events that the engine's updates mean: of each frame once that it is encoded.
pub(super) struct ProgressEvents<'a> {
    plan: &'a Plan,
    n_images: usize,
    frames: BTreeSet<usize>,
}

impl<'a> ProgressEvents<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        Self {
            plan,
            n_images: 0,
            frames: BTreeSet::new(),
        }
    }

    /// The events that an update means.
    pub(super) fn of(&mut self, update: &Update) -> Vec<PrepareEvent> {
        let Update::Progress(progress) = update else {
            return Vec::new();
        };
        let mut events = vec![PrepareEvent::Stage(stage(progress))];
        if let Stage::Encoding { n_done, .. } = progress.stage {
            // The executor goes through a plan's pictures in their order.
            let new = self.plan.images.iter().take(n_done).skip(self.n_images);
            let frames: Vec<usize> = new
                .flat_map(|image| image.frames().iter().map(|frame| frame.index))
                .filter(|&index| self.frames.insert(index))
                .collect();
            self.n_images = self.n_images.max(n_done);
            if !frames.is_empty() {
                events.push(PrepareEvent::Encoded { frames });
            }
        }
        events
    }
}

fn stage(progress: &Progress) -> StageInfo {
    let (stage, n_done, n_total) = match progress.stage {
        Stage::Opening { .. } => (StageName::ReadingVideo, 0, 0),
        Stage::Loading => (StageName::LoadingModel, 0, 0),
        Stage::Encoding { n_done, n_images } => (StageName::Encoding, n_done, n_images),
        Stage::Reading { n_done, n_tokens } => (StageName::ReadingPrompt, n_done, n_tokens),
        Stage::Answering => (StageName::Answering, 0, 0),
    };
    StageInfo {
        stage,
        n_done,
        n_total,
        remaining_secs: progress.remaining_secs,
    }
}
