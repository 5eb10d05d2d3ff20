//! The model that answers.

use std::time::SystemTime;

use super::refusal::{of_model, of_store};
use super::{Desktop, lock};
use crate::api::window::{ApiError, ErrorCode};
use crate::api::{DeviceName, ModelFacts, ModelName};
use crate::cancel::CancelToken;
use crate::chat::KeptModel;

/// A model that is loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedModel {
    /// Which pair.
    pub name: ModelName,
    /// What it is.
    pub facts: ModelFacts,
}

impl Desktop {
    /// Loads a pair that the user chose, and puts it at the head of the list of models. The one before it stays where this
    /// one cannot be loaded.
    ///
    /// # Errors
    /// What is wrong with its files; too little memory.
    pub fn load_model(&self, pair: &KeptModel, cancel: &CancelToken) -> Result<ModelFacts, ApiError> {
        let name = ModelName::Named {
            model: pair.language_file.clone().into(),
            mmproj: Some(pair.vision_file.clone().into()),
        };
        let facts = self
            .engine
            .load(&name, DeviceName::Auto, cancel, &mut |_| {})
            .map_err(of_model)?;
        self.store.keep_model(pair, SystemTime::now()).map_err(of_store)?;
        *lock(&self.model) = Some(LoadedModel {
            name,
            facts: facts.clone(),
        });
        Ok(facts)
    }

    /// The model that answers.
    ///
    /// # Errors
    /// `model-missing` where none was loaded.
    pub fn loaded_model(&self) -> Result<LoadedModel, ApiError> {
        let loaded = lock(&self.model).clone();
        loaded.ok_or_else(|| ApiError {
            code: ErrorCode::ModelMissing,
            message: "no model is loaded".to_owned(),
            hint: Some("choose a model: its two files, or the folder that they are in".to_owned()),
        })
    }
}
