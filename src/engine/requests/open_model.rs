//! A model with its files, for a role that opens none by their names.

use std::fs::File;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::model::ModelName;
use crate::fault::Failure;
use crate::registry::{Hub, MAX_MODEL_FILES, ModelFiles};
use crate::worker::MAX_FILES;

const _: () = assert!(
    MAX_MODEL_FILES < MAX_FILES,
    "one that was named and those beside it"
);

/// A model as a user names it, with the files that this may mean, open.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenModel {
    /// Which one.
    pub name: ModelName,
    /// Its files, or why there are none, which is nobody's concern where it is loaded already. Nothing for the model inside
    /// the program.
    pub files: Option<Result<ModelFiles, Failure>>,
}

impl OpenModel {
    /// The model with this name.
    #[must_use]
    pub fn new(name: &ModelName) -> Self {
        let files = match name {
            ModelName::Embedded => None,
            ModelName::Named {
                model,
                mmproj: Some(mmproj),
            } => Some(Ok(ModelFiles::both(model.as_ref(), mmproj.as_ref()))),
            ModelName::Named { model, mmproj: None } => {
                let files = ModelFiles::of(model, Hub::of_environment().cache());
                Some(files.map_err(|error| Failure::from_error(&error)))
            }
        };
        Self {
            name: name.clone(),
            files,
        }
    }

    /// The open files, taken out of it to travel beside it.
    pub(super) fn take_files(&mut self) -> Vec<Arc<File>> {
        match &mut self.files {
            Some(Ok(files)) => files.take_files(),
            _ => Vec::new(),
        }
    }

    /// Puts back what travelled.
    pub(super) fn put_files(&mut self, files: Vec<Arc<File>>) -> Result<(), usize> {
        match &mut self.files {
            Some(Ok(own)) => own.put_files(files),
            _ if files.is_empty() => Ok(()),
            _ => Err(files.len()),
        }
    }
}
