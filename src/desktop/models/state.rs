//! What is known of the models at one moment.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::api::window::{Device, ModelInfo, ModelState};
use crate::desktop::describing::{ModelSource, device_name};
use crate::engine::{FileIdentity, ModelFacts, ModelName, OpenVideo};
use crate::visual::plan::Plan;

/// A model that is loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedModel {
    /// Which pair.
    pub name: ModelName,
    /// What it is.
    pub facts: ModelFacts,
    /// As the page knows it.
    pub model: ModelInfo,
}

impl LoadedModel {
    /// What the page is told of it.
    pub(super) fn state(&self) -> ModelState {
        ModelState::Ready {
            model: self.model.clone(),
            device: Device {
                name: device_name(&self.facts.device),
                detail: self.facts.device_detail.clone(),
                reason: self.facts.device_reason.clone(),
            },
        }
    }

    /// Its files, which messages for the page name without their folders.
    pub(in crate::desktop) fn files(&self) -> Vec<PathBuf> {
        match &self.name {
            ModelName::Embedded => Vec::new(),
            ModelName::Named { model, mmproj } => {
                std::iter::once(model).chain(mmproj).map(PathBuf::from).collect()
            }
        }
    }

    /// Memory that it would give back; its weights are mapped, and count as free already.
    pub(in crate::desktop) fn given_back_bytes(&self) -> u64 {
        self.facts.cache_bytes + self.model.memory.working_bytes
    }
}

/// What a model holds in its memory of a video: the next question about it costs only its words.
pub(super) struct Reading {
    pub(super) model: ModelName,
    pub(super) video: FileIdentity,
    pub(super) plan: Plan,
}

impl Reading {
    pub(super) fn is(&self, model: &ModelName, video: &OpenVideo, plan: &Plan) -> bool {
        self.model == *model
            && self.video == video.identity
            && self.plan.rows == plan.rows
            && self.plan.images == plan.images
    }
}

/// The state that [`super::Models`] owns.
#[derive(Default)]
pub(super) struct State {
    /// What the page is told.
    pub(super) page_state: ModelState,
    /// The model that answers.
    pub(super) loaded: Option<LoadedModel>,
    /// The embedded model as it was loaded once: what plans are made for while no other is there.
    pub(super) embedded: Option<LoadedModel>,
    /// What ids of models stand for, of those that were described in this session.
    pub(super) sources: HashMap<String, ModelSource>,
    /// Positions whose keys and values each model holds, by its id.
    pub(super) n_held: HashMap<String, usize>,
    /// What was read last.
    pub(super) reading: Option<Reading>,
}

impl State {
    /// This model answers from now on.
    pub(super) fn put(&mut self, loaded: LoadedModel) {
        if loaded.model.is_embedded {
            self.embedded = Some(loaded.clone());
        }
        self.loaded = Some(loaded);
        self.forget_reading(|_| true);
    }

    /// Knows from now on what the id of `model` stands for, and counts what it could have of the one that is loaded.
    pub(super) fn describe(&mut self, source: ModelSource, model: &mut ModelInfo) {
        if let Some(loaded) = &self.loaded {
            model.memory.available_bytes += loaded.given_back_bytes();
        }
        self.sources.insert(model.id.clone(), source);
    }

    /// What was read is gone where `is_gone` says so of it: its model was replaced, its worker ended, its video was
    /// forgotten.
    pub(super) fn forget_reading(&mut self, is_gone: impl FnOnce(&Reading) -> bool) {
        self.reading.take_if(|reading| is_gone(reading));
    }
}
