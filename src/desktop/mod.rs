//! What the window's page can ask for, over the engine and what is kept between runs.
//!
//! Everything here blocks and takes a [`CancelToken`]: whoever hosts the page (the shell, or a test's server) calls it on
//! a thread of its own. The page names files by ids alone; only paths that the host brings from the user (dialog, drop,
//! argument) are ever opened.

mod answers;
mod asking;
mod chats;
mod models;
mod plans;
mod progress;
mod refusal;
mod videos;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::cancel::CancelToken;
use crate::chat::Store;
use crate::engine::{Engine, OpenVideo};

pub use models::LoadedModel;
pub use videos::Shown;

/// The seam's calls.
pub struct Desktop {
    engine: Arc<Engine>,
    store: Store,
    /// Files that the user opened in this session, by id.
    open: Mutex<HashMap<String, Arc<OpenVideo>>>,
    model: Mutex<Option<LoadedModel>>,
    /// What ends the preparation that runs.
    preparing: Mutex<Option<CancelToken>>,
}

impl Desktop {
    /// A desktop over these.
    #[must_use]
    pub fn new(engine: Arc<Engine>, store: Store) -> Self {
        Self {
            engine,
            store,
            open: Mutex::default(),
            model: Mutex::default(),
            preparing: Mutex::default(),
        }
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
