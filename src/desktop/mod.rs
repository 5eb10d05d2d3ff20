//! What the window's page can ask for, over the engine and what is kept between runs.
//!
//! Everything here blocks and takes a [`CancelToken`]: whoever hosts the page (the shell, or a test's server) calls it on
//! a thread of its own. The page names files by ids alone; only paths that the host brings from the user (dialog, drop,
//! argument) are ever opened.

mod answers;
mod asking;
mod catalogue;
mod chats;
mod costs;
mod describing;
mod diagnosis;
mod disk;
mod downloads;
mod folders;
mod given;
mod listener;
mod loading;
mod models;
mod open_videos;
mod opening;
mod owner;
mod pictures;
mod plan_shelf;
mod plans;
mod progress;
mod refusal;
mod sample;
mod seam;
mod sees;
mod stages;
mod videos;
mod work;
mod workers;

use std::sync::Arc;

use crate::api::window::{ApiError, AppEvent};
use crate::cancel::CancelToken;
use crate::chat::Store;
use crate::engine::Engine;

use downloads::Downloads;
use listener::Listener;
use models::Models;
use open_videos::OpenVideos;
use plan_shelf::PlanShelf;
use work::Work;
use workers::WorkerEnds;

pub use seam::{Body, Seam, Shell, Window, is_told, unknown};

/// The seam's calls, over owners of what is known between them. Each owner has one lock; `owner.rs` has their order.
pub struct Desktop {
    engine: Arc<Engine>,
    store: Arc<Store>,
    videos: OpenVideos,
    models: Models,
    plans: PlanShelf,
    work: Work,
    worker_ends: WorkerEnds,
    downloads: Downloads,
    listener: Arc<Listener>,
}

impl Desktop {
    /// A desktop over these.
    #[must_use]
    pub fn new(engine: Arc<Engine>, store: Store) -> Self {
        let store = Arc::new(store);
        let listener = Arc::new(Listener::default());
        Self {
            videos: OpenVideos::new(Arc::clone(&engine), Arc::clone(&store)),
            models: Models::new(Arc::clone(&engine), Arc::clone(&store), Arc::clone(&listener)),
            plans: PlanShelf::default(),
            work: Work::default(),
            worker_ends: WorkerEnds::default(),
            downloads: Downloads::default(),
            engine,
            store,
            listener,
        }
    }

    /// Tells `listener` from now on what happens without the page having asked. It is called on any thread.
    pub fn listen(&self, listener: impl Fn(AppEvent) + Send + Sync + 'static) {
        self.listener.set(listener);
    }

    /// While somebody drags through a video, encoding waits for them.
    ///
    /// # Errors
    /// Why the model's worker cannot be told; what is decoded for it waits all the same.
    pub fn set_scrubbing(&self, is_scrubbing: bool) -> Result<(), ApiError> {
        // A worker that was never started has nothing to hold up, and its start would take the machine just now.
        if self.models.loaded().is_none() {
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
