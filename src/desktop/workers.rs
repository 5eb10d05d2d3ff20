//! What happens when a worker ends.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Desktop;
use super::owner::Owned;
use super::refusal::of_model;
use crate::api::window::{AppEvent, WorkerRole};
use crate::cancel::CancelToken;
use crate::fault::Failure;
use crate::worker::{Client, Protocol};

/// A worker that ends again so soon after it was started is not started a third time by itself.
const TOO_SOON: Duration = Duration::from_secs(20);

/// When each worker ended last.
#[derive(Default)]
pub(super) struct WorkerEnds(Owned<HashMap<u8, Instant>>);

impl WorkerEnds {
    /// This worker ended now; whether that is too soon after the end before it.
    fn note(&self, role: WorkerRole) -> bool {
        let before = self.0.with(|ends| ends.insert(role as u8, Instant::now()));
        before.is_some_and(|before| before.elapsed() < TOO_SOON)
    }
}

impl Desktop {
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
        if role == WorkerRole::Model {
            self.models.forget_reading();
        }
        self.listener.tell(AppEvent::WorkerEnded {
            role,
            error: of_model(failure),
        });
        if self.worker_ends.note(role) {
            // It is started again by the next call, at which somebody waits and is told why it ends.
            return;
        }
        match role {
            WorkerRole::Media => drop(self.engine.examine(&CancelToken::new())),
            WorkerRole::Model => self.models.load_again(),
        }
    }
}
