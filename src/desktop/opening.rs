//! Files whose frames are listed, or are being listed: listing reads a whole file, and nobody waits hours for a picture.

use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::owner::lock;
use super::refusal::{of_video, of_video_at};
use crate::api::window::ApiError;
use crate::cancel::{CancelToken, Cancelled};
use crate::engine::{Engine, OpenVideo, Picture, Update};
use crate::fault::{Failure, Fault};

/// How often a waiting call looks whether it was cancelled.
const LOOK: Duration = Duration::from_millis(20);

/// Updates that may wait for whoever opens a file.
const MAX_UPDATES: usize = 64;

/// One file that the user opened.
#[derive(Default)]
pub(super) struct Opening {
    listed: Mutex<Option<Result<Arc<OpenVideo>, ApiError>>>,
    is_listed: Condvar,
    /// Ends the listing.
    pub(super) stop: CancelToken,
    /// What it is and its first picture, there before the list where that takes long.
    pub(super) glance: OnceLock<(Arc<OpenVideo>, Picture)>,
}

impl Opening {
    /// Lists the frames of the file on a thread of its own.
    ///
    /// For `patience` it waits for the end of that, telling `on_update`; what it returns may still be under way.
    ///
    /// # Errors
    /// No thread; [`Cancelled`], which ends the listing.
    pub(super) fn start(
        engine: &Arc<Engine>,
        path: &Path,
        patience: Duration,
        cancel: &CancelToken,
        on_update: &mut dyn FnMut(Update),
    ) -> Result<Arc<Self>, ApiError> {
        let opening = Arc::new(Self::default());
        let (updates, told) = sync_channel(MAX_UPDATES);
        let work = {
            let (opening, engine, path) = (Arc::clone(&opening), Arc::clone(engine), path.to_owned());
            move || {
                let video = engine.open(&path, &opening.stop, &mut |update| {
                    // Nobody may listen any more.
                    drop(updates.send(update));
                });
                *lock(&opening.listed) = Some(video.map(Arc::new).map_err(of_video_at(&path)));
                opening.is_listed.notify_all();
            }
        };
        std::thread::Builder::new()
            .name("listing".to_owned())
            .spawn(work)
            .map_err(|error| {
                let text = format!("could not start a thread: {error}");
                of_video(Failure::new(Fault::Machine, text))
            })?;
        let end = Instant::now() + patience;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match told.recv_timeout(left.min(LOOK)) {
                Ok(update) => on_update(update),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(opening),
            }
            if cancel.is_cancelled() {
                opening.stop.cancel();
                return Err(of_video(Failure::from(Cancelled)));
            }
            if left.is_zero() {
                return Ok(opening);
            }
        }
    }

    /// The file with the list of its frames; `None` while that is being made.
    pub(super) fn now(&self) -> Option<Result<Arc<OpenVideo>, ApiError>> {
        lock(&self.listed).clone()
    }

    /// The file with the list of its frames, once that is there.
    ///
    /// # Errors
    /// What was wrong with the file; [`Cancelled`], which leaves the listing alone.
    pub(super) fn wait(&self, cancel: &CancelToken) -> Result<Arc<OpenVideo>, ApiError> {
        let mut listed = lock(&self.listed);
        loop {
            if let Some(listed) = &*listed {
                return listed.clone();
            }
            cancel
                .check()
                .map_err(|cancelled| of_video(Failure::from(cancelled)))?;
            let waited = self.is_listed.wait_timeout(listed, LOOK);
            listed = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
