//! The model that answers: which there are, which is loaded, and what happens when its worker ends.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::describing::{Choice, described, device_name, refused, without_folders};
use super::loading::Load;
use super::refusal::{of_model, of_store};
use super::{Desktop, lock};
use crate::api::window::{ApiError, AppEvent, Device, ErrorCode, Model, ModelState, WorkerRole};
use crate::api::{DeviceName, ModelFacts, ModelName};
use crate::cancel::CancelToken;
use crate::chat::UsedModel;
use crate::fault::Failure;
use crate::worker::{Client, Protocol};

/// A worker that ends again so soon after it was started is not started a third time by itself.
const TOO_SOON: Duration = Duration::from_secs(20);

/// A model that is loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedModel {
    /// Which pair.
    pub name: ModelName,
    /// What it is.
    pub facts: ModelFacts,
    /// As the page knows it.
    pub model: Model,
}

impl LoadedModel {
    fn state(&self) -> ModelState {
        ModelState::Ready {
            model: self.model.clone(),
            device: Device {
                name: device_name(&self.facts.device),
                detail: self.facts.device_detail.clone(),
                reason: self.facts.device_reason.clone(),
            },
        }
    }

    /// Memory that it would give back; its weights are mapped, and count as free already.
    fn given_back_bytes(&self) -> u64 {
        self.facts.cache_bytes + self.model.memory.working_bytes
    }
}

impl Desktop {
    /// Loads the model that was used last, in any run; the embedded one where there was none, where its files are gone, and
    /// until it is there. Whoever hosts the page calls it once at the start, on a thread of its own.
    ///
    /// # Errors
    /// Why the embedded model cannot be loaded: the program is damaged, or its worker does not start.
    pub fn start(&self, cancel: &CancelToken) -> Result<(), ApiError> {
        let last = self.store.last_model().map_err(of_store)?;
        let choice = match last {
            Some(UsedModel::Pair(pair)) => Choice::Pair(pair),
            Some(UsedModel::Embedded) | None => Choice::Embedded,
        };
        let embedded = self.load(&Choice::Embedded, cancel);
        if choice == Choice::Embedded {
            return embedded;
        }
        if let Err(error) = self.load(&choice, cancel) {
            let model = self.described_or_refused(&choice, cancel);
            self.set_state(ModelState::Failed { model, error });
        }
        embedded
    }

    /// The embedded model, the pairs that were loaded before, and those in the folders where models usually are.
    ///
    /// # Errors
    /// What the file of chats says.
    pub fn models(&self, cancel: &CancelToken) -> Result<Vec<Model>, ApiError> {
        let mut models = vec![self.described_or_refused(&Choice::Embedded, cancel)];
        for pair in self.store.models().map_err(of_store)? {
            models.push(self.described_or_refused(&Choice::Pair(pair), cancel));
        }
        for folder in super::folders::with_models() {
            cancel.check().map_err(|cancelled| of_model(cancelled.into()))?;
            // What nobody chose is only shown where it is of use.
            if let Ok(model) = self.describe(&folder_name(&folder), cancel)
                && !models.iter().any(|known| known.id == model.id)
            {
                models.push(model);
            }
        }
        Ok(models)
    }

    /// What the files or the folder are that the user chose, from their headers alone. What is no pair that can be loaded
    /// comes back with its refusal.
    #[must_use]
    pub fn picked_model(&self, paths: &[PathBuf], cancel: &CancelToken) -> Model {
        let name = match paths {
            [one] => folder_name(one),
            [one, other] => ModelName::Named {
                model: one.clone().into(),
                mmproj: Some(other.clone().into()),
            },
            _ => {
                let error = ApiError {
                    code: ErrorCode::ModelMismatch,
                    message: format!("{} files were chosen, and a model is two", paths.len()),
                    hint: Some("choose the language model and its mmproj file".to_owned()),
                };
                return refused(paths, error);
            }
        };
        match self.describe(&name, cancel) {
            Ok(model) => model,
            Err(failure) => refused(paths, model_error(failure, paths)),
        }
    }

    /// What the model is doing.
    #[must_use]
    pub fn model_state(&self) -> ModelState {
        lock(&self.state).clone()
    }

    /// Loads a model that [`Desktop::models`] or [`Desktop::picked_model`] described, and remembers it for the next start.
    /// The one before it stays where this one cannot be loaded.
    ///
    /// # Errors
    /// `cancelled`; what is wrong with its files; too little memory.
    pub fn load_model(&self, id: &str, cancel: &CancelToken) -> Result<(), ApiError> {
        let choice = self.choice(id)?;
        let before = lock(&self.model).clone();
        let loaded = self.load(&choice, cancel);
        if loaded.is_err() {
            // It is loaded again when something is next asked of it.
            self.set_state(before.map_or(ModelState::None, |model| model.state()));
        }
        loaded
    }

    fn load(&self, choice: &Choice, cancel: &CancelToken) -> Result<(), ApiError> {
        let _one_at_a_time = self.one_load(cancel)?;
        let name = choice.name();
        let model = self
            .describe(&name, cancel)
            .map_err(|failure| model_error(failure, &choice.paths()))?;
        self.set_state(ModelState::Loading {
            model: model.clone(),
            n_done: 0,
            n_total: 0,
            remaining_secs: None,
        });
        let facts = self
            .engine
            .load(&name, DeviceName::Auto, cancel, &mut |_| {})
            .map_err(|failure| model_error(failure, &choice.paths()))?;
        let kept = match choice {
            Choice::Embedded => self.store.keep_embedded(SystemTime::now()),
            Choice::Pair(pair) => self.store.keep_model(pair, SystemTime::now()),
        };
        // It answers whether or not the next start knows.
        if let Err(error) = kept {
            tracing::warn!(%error, "the model is not remembered");
        }
        let loaded = LoadedModel { name, facts, model };
        if *choice == Choice::Embedded {
            *lock(&self.embedded) = Some(loaded.clone());
        }
        *lock(&self.model) = Some(loaded.clone());
        *lock(&self.read) = None;
        self.set_state(loaded.state());
        Ok(())
    }

    /// One load at a time; the one that waits can be cancelled.
    fn one_load(&self, cancel: &CancelToken) -> Result<Load<'_>, ApiError> {
        self.loading
            .begin(cancel)
            .map_err(|cancelled| of_model(cancelled.into()))
    }

    /// The model that answers: waits for one that is being loaded, and loads the embedded one where there is none.
    ///
    /// # Errors
    /// `cancelled`; why there is none.
    pub fn loaded_model(&self, cancel: &CancelToken) -> Result<LoadedModel, ApiError> {
        // Whatever is being loaded comes first.
        drop(self.one_load(cancel)?);
        if let Some(loaded) = lock(&self.model).clone() {
            return Ok(loaded);
        }
        self.load(&Choice::Embedded, cancel)?;
        let loaded = lock(&self.model).clone();
        loaded.ok_or_else(|| ApiError {
            code: ErrorCode::ModelMissing,
            message: "no model is loaded".to_owned(),
            hint: Some("choose a model: its two files, or the folder that they are in".to_owned()),
        })
    }

    /// The model that a plan is for: the loaded one, and the embedded one while none is. Waits for no other.
    pub(super) fn planned_model(&self, cancel: &CancelToken) -> Result<LoadedModel, ApiError> {
        let loaded = lock(&self.model).clone().or_else(|| lock(&self.embedded).clone());
        match loaded {
            Some(loaded) => Ok(loaded),
            None => self.loaded_model(cancel),
        }
    }

    /// Describes a pair, and knows it by its id from now on.
    fn describe(&self, name: &ModelName, cancel: &CancelToken) -> Result<Model, Failure> {
        let (choice, mut model) = described(name, &self.engine.describe(name, cancel)?);
        if let Some(loaded) = &*lock(&self.model) {
            model.memory.available_bytes += loaded.given_back_bytes();
        }
        lock(&self.known_models).insert(model.id.clone(), choice);
        Ok(model)
    }

    fn described_or_refused(&self, choice: &Choice, cancel: &CancelToken) -> Model {
        self.describe(&choice.name(), cancel).unwrap_or_else(|failure| {
            let paths = choice.paths();
            let mut model = refused(&paths, model_error(failure, &paths));
            model.is_embedded = *choice == Choice::Embedded;
            model.id = choice.id();
            lock(&self.known_models).insert(model.id.clone(), choice.clone());
            model
        })
    }

    /// What an id stands for.
    fn choice(&self, id: &str) -> Result<Choice, ApiError> {
        if id == Choice::Embedded.id() {
            return Ok(Choice::Embedded);
        }
        if let Some(choice) = lock(&self.known_models).get(id).cloned() {
            return Ok(choice);
        }
        let kept = self.store.models().map_err(of_store)?;
        let found = kept
            .into_iter()
            .map(Choice::Pair)
            .find(|choice| choice.id() == id);
        found.ok_or_else(|| ApiError {
            code: ErrorCode::ModelMissing,
            message: "there is no such model any more".to_owned(),
            hint: Some("choose its two files, or the folder that they are in".to_owned()),
        })
    }

    fn set_state(&self, state: ModelState) {
        *lock(&self.state) = state.clone();
        self.tell(AppEvent::Model { state });
    }

    /// Tells the page when this worker ends, and starts it again.
    pub fn watch<P: Protocol>(self: &Arc<Self>, worker: &Client<P>, role: WorkerRole) {
        let desktop = Arc::downgrade(self);
        worker.on_end(move |failure| {
            let Some(desktop) = desktop.upgrade() else { return };
            let failure = failure.clone();
            let started = std::thread::Builder::new()
                .name("after a worker's end".to_owned())
                .spawn(move || desktop.worker_ended(role, failure));
            if let Err(error) = started {
                tracing::error!(%error, "no thread to start the worker again");
            }
        });
    }

    fn worker_ended(&self, role: WorkerRole, failure: Failure) {
        tracing::error!(?role, message = failure.message, "a worker ended");
        self.tell(AppEvent::WorkerEnded {
            role,
            error: of_model(failure),
        });
        let ended_before = lock(&self.ends).insert(role as u8, Instant::now());
        if ended_before.is_some_and(|before| before.elapsed() < TOO_SOON) {
            // It is started again by the next call, at which somebody waits and is told why it ends.
            return;
        }
        match role {
            WorkerRole::Media => drop(self.engine.examine(&CancelToken::new())),
            WorkerRole::Model => self.load_again(),
        }
    }

    /// After the model's worker ended: the same model, in a new one.
    fn load_again(&self) {
        let cancel = CancelToken::new();
        // Where it ended while it loaded, whoever wanted that is told.
        let Some(_one_at_a_time) = self.loading.begin_unless_busy() else {
            return;
        };
        *lock(&self.read) = None;
        let Some(loaded) = lock(&self.model).clone() else {
            return;
        };
        self.set_state(ModelState::Loading {
            model: loaded.model.clone(),
            n_done: 0,
            n_total: 0,
            remaining_secs: None,
        });
        let again = self
            .engine
            .load(&loaded.name, DeviceName::Auto, &cancel, &mut |_| {});
        match again {
            Ok(_) => self.set_state(loaded.state()),
            Err(failure) => {
                let paths = lock(&self.known_models)
                    .get(&loaded.model.id)
                    .map_or_else(Vec::new, Choice::paths);
                self.set_state(ModelState::Failed {
                    model: loaded.model,
                    error: model_error(failure, &paths),
                });
            }
        }
    }
}

fn folder_name(path: &Path) -> ModelName {
    ModelName::Named {
        model: path.as_os_str().to_owned(),
        mmproj: None,
    }
}

/// What is wrong with a model, in the page's words: it learns the names of files and not where they are.
fn model_error(failure: Failure, paths: &[PathBuf]) -> ApiError {
    let is_missing = paths.iter().any(|path| !path.exists());
    let is_memory = failure.message.contains("of memory and");
    let input = if is_missing {
        ErrorCode::ModelMissing
    } else {
        ErrorCode::ModelMismatch
    };
    let mut error = ApiError::of_failure(failure, input, ErrorCode::ModelUnsupported);
    if is_memory && error.code == ErrorCode::Unknown {
        error.code = ErrorCode::OutOfMemory;
    }
    error.message = without_folders(&error.message, paths);
    error
}
