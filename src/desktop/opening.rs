//! Files whose frames are listed, or are being listed: listing reads a whole file, and nobody waits hours for a picture.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::refusal::{of_video, of_video_at};
use crate::api::window::ApiError;
use crate::cancel::{CancelToken, Cancelled, Monitor};
use crate::engine::{Engine, OpenVideo, Picture, Update};
use crate::fault::{Failure, Fault};
use crate::video::VideoFile;

/// Updates that may wait for whoever opens a file; of more, the newest.
const MAX_UPDATES: usize = 64;

/// One file that the user opened.
#[derive(Default)]
pub(super) struct Opening {
    listing: Monitor<Listing>,
    /// Ends the listing.
    pub(super) stop: CancelToken,
    /// What it is and its first picture, there before the list where that takes long.
    pub(super) glance: OnceLock<(Arc<OpenVideo>, Picture)>,
}

#[derive(Default)]
struct Listing {
    /// Not told yet.
    updates: VecDeque<Update>,
    end: Option<Result<Arc<OpenVideo>, ApiError>>,
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
        file: VideoFile,
        patience: Duration,
        cancel: &CancelToken,
        on_update: &mut dyn FnMut(Update),
    ) -> Result<Arc<Self>, ApiError> {
        let opening = Arc::new(Self::default());
        let work = {
            let (opening, engine, path) = (Arc::clone(&opening), Arc::clone(engine), file.path().to_owned());
            move || {
                let video = engine.list(file, &opening.stop, &mut |update| {
                    opening.listing.change(|listing| {
                        if listing.updates.len() == MAX_UPDATES {
                            listing.updates.pop_front();
                        }
                        listing.updates.push_back(update);
                    });
                });
                let end = video.map(Arc::new).map_err(of_video_at(&path));
                opening.listing.change(|listing| listing.end = Some(end));
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
            let next = opening
                .listing
                .wait(cancel, |listing| match listing.updates.pop_front() {
                    None if listing.end.is_none() && Instant::now() < end => ControlFlow::Continue(Some(end)),
                    update => ControlFlow::Break(update),
                });
            match next {
                Ok(Some(update)) => on_update(update),
                Ok(None) => return Ok(opening),
                Err(Cancelled) => {
                    opening.stop.cancel();
                    return Err(of_video(Failure::from(Cancelled)));
                }
            }
        }
    }

    /// The file with the list of its frames; `None` while that is being made.
    pub(super) fn now(&self) -> Option<Result<Arc<OpenVideo>, ApiError>> {
        self.listing.lock().end.clone()
    }

    /// The file with the list of its frames, once that is there.
    ///
    /// # Errors
    /// What was wrong with the file; [`Cancelled`], which leaves the listing alone.
    pub(super) fn wait(&self, cancel: &CancelToken) -> Result<Arc<OpenVideo>, ApiError> {
        let end = self.listing.wait(cancel, |listing| match &listing.end {
            Some(end) => ControlFlow::Break(end.clone()),
            None => ControlFlow::Continue(None),
        });
        end.unwrap_or_else(|cancelled| Err(of_video(Failure::from(cancelled))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::window::ErrorCode;
    use crate::cancel::tests::{AT_ONCE, lateness};

    #[test]
    fn a_cancel_ends_the_wait_for_a_list_at_once_and_leaves_the_listing_alone() {
        let opening = Opening::default();
        let late = lateness(|cancel| {
            let waited = opening.wait(cancel).expect_err("it never comes");
            assert_eq!(waited.code, ErrorCode::Cancelled);
        });
        assert!(late < AT_ONCE, "{late:?}");
        assert!(!opening.stop.is_cancelled());
    }
}
