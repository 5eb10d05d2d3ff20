//! What is under way, and what it has left behind.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::lock;
use crate::cancel::CancelToken;
use crate::engine::{ModelName, OpenVideo};
use crate::visual::plan::Plan;

/// Work on videos that is under way.
#[derive(Default)]
pub(super) struct Running {
    next: AtomicU64,
    all: Mutex<Vec<(u64, String, CancelToken)>>,
}

/// One of them, until it is dropped.
pub(super) struct Work<'a> {
    running: &'a Running,
    number: u64,
}

impl Running {
    /// Work on `video` begins, which `cancel` ends.
    pub(super) fn begin(&self, video: &str, cancel: &CancelToken) -> Work<'_> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.all).push((number, video.to_owned(), cancel.clone()));
        Work {
            running: self,
            number,
        }
    }

    /// Whether there is any work.
    pub(super) fn is_busy(&self) -> bool {
        !lock(&self.all).is_empty()
    }

    /// Ends all work on `video`.
    pub(super) fn end(&self, video: &str) {
        for (_, of, cancel) in &*lock(&self.all) {
            if of == video {
                cancel.cancel();
            }
        }
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        lock(&self.running.all).retain(|(number, ..)| *number != self.number);
    }
}

/// What a model has read last: the next question about it costs only its words.
pub(super) struct Read {
    pub(super) model: ModelName,
    pub(super) video: String,
    pub(super) plan: Plan,
}

impl Read {
    pub(super) fn is(&self, model: &ModelName, video: &OpenVideo, plan: &Plan) -> bool {
        self.model == *model
            && self.video == video.identity.as_str()
            && self.plan.rows == plan.rows
            && self.plan.images == plan.images
    }
}
