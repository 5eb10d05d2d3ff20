//! The model that answers: which there are, and which is loaded.

mod state;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::Desktop;
use super::describing::{ModelSource, described, refused};
use super::disk;
use super::listener::Listener;
use super::loading::{Load, Loading};
use super::owner::Owned;
use super::refusal::{of_model, of_model_at, of_store};
use crate::api::window::{ApiError, AppEvent, ModelInfo, ModelState};
use crate::cancel::CancelToken;
use crate::chat::{Store, UsedModel};
use crate::engine::{DeviceName, Engine, ModelName, OpenVideo};
use crate::fault::{Failure, Fault};
use crate::registry::Hub;
use crate::visual::plan::Plan;

use state::{Reading, State};

pub(super) use state::LoadedModel;

impl Desktop {
    /// Loads the model that was used last, in any run; the embedded one where there was none, where its files are gone, and
    /// until it is there. The page is told where a damaged file of chats was set aside. Whoever hosts the page calls it once at the start, on a thread of its own.
    ///
    /// # Errors
    /// Why the embedded model cannot be loaded: the program is damaged, or its worker does not start.
    pub fn start(&self, cancel: &CancelToken) -> Result<(), ApiError> {
        self.tell_of_set_aside();
        let last = self.store.last_model().map_err(of_store)?;
        let source = match last {
            Some(UsedModel::Pair(pair)) => ModelSource::Pair(pair),
            Some(UsedModel::Embedded) | None => ModelSource::Embedded,
        };
        let embedded = self.models.load(&ModelSource::Embedded, cancel);
        if source == ModelSource::Embedded {
            return embedded;
        }
        if let Err(error) = self.models.load(&source, cancel) {
            let model = self.models.described_or_refused(&source, cancel);
            self.models.set_state(ModelState::Failed { model, error });
        }
        embedded
    }

    /// The embedded model, the pairs that were loaded before, and those in the folders where models usually are.
    ///
    /// # Errors
    /// What the file of chats says.
    pub fn models(&self, cancel: &CancelToken) -> Result<Vec<ModelInfo>, ApiError> {
        let mut models = vec![self.models.described_or_refused(&ModelSource::Embedded, cancel)];
        for pair in self.store.models().map_err(of_store)? {
            let mut model = self.models.described_or_refused(&ModelSource::Pair(pair), cancel);
            model.is_listed = true;
            models.push(model);
        }
        for folder in super::folders::with_models() {
            cancel.check().map_err(|cancelled| of_model(cancelled.into()))?;
            // What nobody chose is only shown where it is of use.
            if let Ok(model) = self.models.describe(&folder_name(&folder), cancel)
                && !models.iter().any(|known| known.id == model.id)
            {
                models.push(model);
            }
        }
        for (source, program) in disk::of_others() {
            cancel.check().map_err(|cancelled| of_model(cancelled.into()))?;
            if let Ok(mut model) = self.models.describe(&source.name(), cancel)
                && !models.iter().any(|known| known.id == model.id)
            {
                model.found_in = Some(program.to_owned());
                model.folder = None;
                models.push(model);
            }
        }
        Ok(models)
    }

    /// What the files or the folder are that the user chose, from their headers alone. What is no pair that can be loaded
    /// comes back with its refusal.
    #[must_use]
    pub fn picked_model(&self, paths: &[PathBuf], cancel: &CancelToken) -> ModelInfo {
        let name = match paths {
            [one] => folder_name(one),
            [one, other] => ModelName::Named {
                model: one.clone().into(),
                mmproj: Some(other.clone().into()),
            },
            _ => {
                let text = format!("{} files were chosen, and a model is two", paths.len());
                let failure = Failure::new(Fault::NoPair, text)
                    .with_hint("choose the language model and its mmproj file");
                return refused(paths, of_model(failure));
            }
        };
        match self.models.describe(&name, cancel) {
            Ok(model) => model,
            Err(failure) => refused(paths, of_model_at(paths)(failure)),
        }
    }

    /// Takes a model off the list of those that were loaded before. Its files stay, and so does it where it is loaded.
    ///
    /// # Errors
    /// There is no such model; what the file of chats says.
    pub fn forget_model(&self, id: &str) -> Result<(), ApiError> {
        match self.models.source(id)? {
            ModelSource::Embedded => Ok(()),
            ModelSource::Pair(pair) => self.store.forget_model(&pair).map_err(of_store),
        }
    }

    /// What the model is doing.
    #[must_use]
    pub fn model_state(&self) -> ModelState {
        self.models.page_state()
    }

    /// Loads a model that [`Desktop::models`] or [`Desktop::picked_model`] described, and remembers it for the next start.
    /// The one before it stays where this one cannot be loaded.
    ///
    /// # Errors
    /// `cancelled`; what is wrong with its files; too little memory.
    pub fn load_model(&self, id: &str, cancel: &CancelToken) -> Result<(), ApiError> {
        let source = self.models.source(id)?;
        let loaded = self.models.load(&source, cancel);
        if loaded.is_err() {
            self.models.fall_back();
        }
        loaded
    }

    /// Loads it as [`Desktop::load_model`] does, but leaves it where another is being loaded.
    ///
    /// # Errors
    /// As of [`Desktop::load_model`].
    pub(super) fn load_unless_busy(&self, id: &str) -> Result<(), ApiError> {
        if self.models.is_loading() {
            return Ok(());
        }
        self.load_model(id, &CancelToken::new())
    }

    /// The model that answers: waits for one that is being loaded, and loads the embedded one where there is none.
    ///
    /// # Errors
    /// `cancelled`; why there is none.
    pub fn loaded_model(&self, cancel: &CancelToken) -> Result<LoadedModel, ApiError> {
        self.models.ready(cancel)
    }
}

/// The models that are known, the one that is loaded, and what that has read.
pub(super) struct Models {
    engine: Arc<Engine>,
    store: Arc<Store>,
    listener: Arc<Listener>,
    /// What was fetched, and where.
    hub: Hub,
    state: Owned<State>,
    /// One model is loaded at a time: the gate that comes before every other lock.
    loading: Loading,
}

impl Models {
    /// None is loaded; `listener` is told of every change.
    pub(super) fn new(engine: Arc<Engine>, store: Arc<Store>, listener: Arc<Listener>) -> Self {
        Self {
            engine,
            store,
            listener,
            hub: Hub::of_environment(),
            state: Owned::default(),
            loading: Loading::default(),
        }
    }

    /// What the page is told of the model.
    fn page_state(&self) -> ModelState {
        self.state.with(|state| state.page_state.clone())
    }

    pub(super) fn is_ready(&self) -> bool {
        matches!(self.page_state(), ModelState::Ready { .. })
    }

    fn is_loading(&self) -> bool {
        matches!(self.page_state(), ModelState::Loading { .. })
    }

    pub(super) fn loaded(&self) -> Option<LoadedModel> {
        self.state.with(|state| state.loaded.clone())
    }

    fn load(&self, source: &ModelSource, cancel: &CancelToken) -> Result<(), ApiError> {
        let _one_at_a_time = self.one_load(cancel)?;
        let name = source.name();
        let model = self
            .describe(&name, cancel)
            .map_err(of_model_at(&source.paths()))?;
        self.set_state(ModelState::Loading {
            model: model.clone(),
            n_done: 0,
            n_total: 0,
            remaining_secs: None,
        });
        let facts = self
            .engine
            .load(&name, DeviceName::Auto, cancel, &mut |_| {})
            .map_err(of_model_at(&source.paths()))?;
        let kept = match source {
            ModelSource::Embedded => self.store.keep_embedded(SystemTime::now()),
            ModelSource::Pair(pair) => self.store.keep_model(pair, SystemTime::now()),
        };
        // It answers whether or not the next start knows.
        if let Err(error) = kept {
            tracing::warn!(%error, "the model is not remembered");
        }
        let loaded = LoadedModel { name, facts, model };
        self.state.with(|state| state.put(loaded.clone()));
        self.set_state(loaded.state());
        Ok(())
    }

    /// The model before stays; it is loaded again when something is next asked of it.
    fn fall_back(&self) {
        let before = self.loaded();
        self.set_state(before.map_or(ModelState::None, |model| model.state()));
    }

    /// One load at a time; the one that waits can be cancelled.
    fn one_load(&self, cancel: &CancelToken) -> Result<Load<'_>, ApiError> {
        self.loading
            .begin(cancel)
            .map_err(|cancelled| of_model(cancelled.into()))
    }

    /// See [`Desktop::loaded_model`].
    pub(super) fn ready(&self, cancel: &CancelToken) -> Result<LoadedModel, ApiError> {
        // Whatever is being loaded comes first.
        drop(self.one_load(cancel)?);
        if let Some(loaded) = self.loaded() {
            return Ok(loaded);
        }
        self.load(&ModelSource::Embedded, cancel)?;
        self.loaded().ok_or_else(|| {
            of_model(
                Failure::new(Fault::Missing, "no model is loaded")
                    .with_hint("choose a model: its two files, or the folder that they are in"),
            )
        })
    }

    /// The model that a plan is for: the loaded one, and the embedded one while none is. Waits for no other.
    pub(super) fn for_plans(&self, cancel: &CancelToken) -> Result<LoadedModel, ApiError> {
        let loaded = self
            .state
            .with(|state| state.loaded.as_ref().or(state.embedded.as_ref()).cloned());
        match loaded {
            Some(loaded) => Ok(loaded),
            None => self.ready(cancel),
        }
    }

    /// Describes a pair, and knows it by its id from now on.
    pub(super) fn describe(&self, name: &ModelName, cancel: &CancelToken) -> Result<ModelInfo, Failure> {
        let (source, mut model) = described(name, &self.engine.describe(name, cancel)?);
        disk::tell_where(&source, &self.hub, &mut model);
        self.state.with(|state| state.describe(source, &mut model));
        Ok(model)
    }

    fn described_or_refused(&self, source: &ModelSource, cancel: &CancelToken) -> ModelInfo {
        self.describe(&source.name(), cancel).unwrap_or_else(|failure| {
            let paths = source.paths();
            let mut model = refused(&paths, of_model_at(&paths)(failure));
            model.is_embedded = *source == ModelSource::Embedded;
            model.id = source.id();
            model
        })
    }

    /// What an id stands for.
    pub(super) fn source(&self, id: &str) -> Result<ModelSource, ApiError> {
        if id == ModelSource::Embedded.id() {
            return Ok(ModelSource::Embedded);
        }
        if let Some(source) = self.state.with(|state| state.sources.get(id).cloned()) {
            return Ok(source);
        }
        let kept = self.store.models().map_err(of_store)?;
        let found = kept
            .into_iter()
            .map(ModelSource::Pair)
            .find(|source| source.id() == id);
        found.ok_or_else(|| {
            of_model(
                Failure::new(Fault::Missing, "there is no such model any more")
                    .with_hint("choose its two files, or the folder that they are in"),
            )
        })
    }

    fn set_state(&self, state: ModelState) {
        self.state.with(|models| models.page_state = state.clone());
        self.listener.tell(AppEvent::Model { state });
    }

    /// After the model's worker ended: the same model, in a new one.
    pub(super) fn load_again(&self) {
        let cancel = CancelToken::new();
        // Where it ended while it loaded, whoever wanted that is told.
        let Some(_one_at_a_time) = self.loading.begin_unless_busy() else {
            return;
        };
        let Some(loaded) = self.loaded() else { return };
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
                let error = of_model_at(&loaded.files())(failure);
                self.set_state(ModelState::Failed {
                    model: loaded.model,
                    error,
                });
            }
        }
    }

    /// `model` holds `n_read` positions of this video now.
    pub(super) fn keep_reading(&self, model: &LoadedModel, video: &OpenVideo, plan: &Plan, n_read: usize) {
        let facts = &model.facts;
        let n_held = n_read.max(facts.n_held).min(facts.n_context);
        let reading = Reading {
            model: model.name.clone(),
            video: video.identity.clone(),
            plan: plan.clone(),
        };
        self.state.with(|state| {
            state.reading = Some(reading);
            let known = state.n_held.entry(model.model.id.clone()).or_default();
            *known = n_held.max(*known);
        });
    }

    /// Whether `model` has read the rows of this plan.
    pub(super) fn has_read(&self, model: &LoadedModel, video: &OpenVideo, plan: &Plan) -> bool {
        let is = |reading: &Reading| reading.is(&model.name, video, plan);
        self.state.with(|state| state.reading.as_ref().is_some_and(is))
    }

    /// Positions whose keys and values `model` holds.
    pub(super) fn n_held(&self, model: &LoadedModel) -> usize {
        self.state
            .with(|state| state.n_held.get(&model.model.id).copied().unwrap_or(0))
    }

    /// The worker that has read is gone.
    pub(super) fn forget_reading(&self) {
        self.state.with(|state| state.forget_reading(|_| true));
    }

    pub(super) fn forget_reading_of(&self, id: &str) {
        self.state
            .with(|state| state.forget_reading(|reading| reading.video.as_str() == id));
    }
}

fn folder_name(path: &Path) -> ModelName {
    ModelName::Named {
        model: path.as_os_str().to_owned(),
        mmproj: None,
    }
}
