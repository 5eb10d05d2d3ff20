//! What the window's page can ask for, over the engine and what is kept between runs.
//!
//! Everything here blocks and takes a [`CancelToken`]: whoever hosts the page (the shell, or a test's server) calls it on
//! a thread of its own. The page names files by ids alone; only paths that the host brings from the user (dialog, drop,
//! argument) are ever opened.

mod answers;
mod asking;
mod chats;
mod costs;
mod describing;
mod diagnosis;
mod folders;
mod loading;
mod models;
mod opening;
mod plans;
mod progress;
mod refusal;
mod running;
mod sees;
mod videos;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::api::window::{ApiError, AppEvent, ModelState};
use crate::cancel::CancelToken;
use crate::chat::Store;
use crate::engine::Engine;

use describing::Choice;
use loading::Loading;
use opening::Opening;
use running::{Read, Running};
use sees::KeptPlan;

pub use models::LoadedModel;
pub use videos::Shown;

/// The seam's calls.
pub struct Desktop {
    engine: Arc<Engine>,
    store: Store,
    /// Files that the user opened in this session, by id.
    open: Mutex<HashMap<String, Arc<Opening>>>,
    model: Mutex<Option<LoadedModel>>,
    /// The embedded model as it was loaded once: what plans are made for while no other is there.
    embedded: Mutex<Option<LoadedModel>>,
    /// What the page is told of the model.
    state: Mutex<ModelState>,
    /// One model is loaded at a time.
    loading: Loading,
    /// What ids of models stand for, of those that were described in this session.
    known_models: Mutex<HashMap<String, Choice>>,
    /// When each worker ended last.
    ends: Mutex<HashMap<u8, Instant>>,
    /// Plans whose pictures can be fetched, the latest first.
    plans: Mutex<VecDeque<KeptPlan>>,
    /// What the model has read last.
    read: Mutex<Option<Read>>,
    /// Positions whose keys and values each model holds, by its id.
    held: Mutex<HashMap<String, usize>>,
    running: Running,
    listener: Mutex<Option<Listener>>,
    /// What ends the preparation that runs.
    preparing: Mutex<Option<CancelToken>>,
}

/// Told what happens without the page having asked.
type Listener = Box<dyn Fn(AppEvent) + Send + Sync>;

impl Desktop {
    /// A desktop over these.
    #[must_use]
    pub fn new(engine: Arc<Engine>, store: Store) -> Self {
        Self {
            engine,
            store,
            open: Mutex::default(),
            model: Mutex::default(),
            embedded: Mutex::default(),
            state: Mutex::new(ModelState::None),
            loading: Loading::default(),
            known_models: Mutex::default(),
            ends: Mutex::default(),
            plans: Mutex::default(),
            read: Mutex::default(),
            held: Mutex::default(),
            running: Running::default(),
            listener: Mutex::default(),
            preparing: Mutex::default(),
        }
    }

    /// Tells `listener` from now on what happens without the page having asked. It is called on any thread.
    pub fn listen(&self, listener: impl Fn(AppEvent) + Send + Sync + 'static) {
        *lock(&self.listener) = Some(Box::new(listener));
    }

    fn tell(&self, event: AppEvent) {
        if let Some(listener) = &*lock(&self.listener) {
            listener(event);
        }
    }

    /// While somebody drags through a video, encoding waits for them.
    ///
    /// # Errors
    /// Why the model's worker cannot be told; what is decoded for it waits all the same.
    pub fn set_scrubbing(&self, is_scrubbing: bool) -> Result<(), ApiError> {
        // A worker that was never started has nothing to hold up, and its start would take the machine just now.
        if lock(&self.model).is_none() {
            return Ok(());
        }
        self.engine
            .hold(is_scrubbing, &CancelToken::new())
            .map_err(refusal::of_model)
    }

    /// What is kept between runs.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
