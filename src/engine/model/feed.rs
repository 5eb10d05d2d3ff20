//! Frames on their way to running work: sent on one lane, read on another.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::cancel::{CancelToken, Cancelled};
use crate::fault::Failure;
use crate::visual::execute::FittedFrame;

/// Frames that may wait for the tower: as many as the decoder is ahead.
const MAX_WAITING_FRAMES: usize = 8;
/// How often a wait looks at its cancel token.
const CANCEL_POLL: Duration = Duration::from_millis(10);

/// What comes to running work.
type Delivery = Result<FittedFrame, Failure>;

/// The work that waits for frames, by its number.
#[derive(Default)]
pub(super) struct Feeds(Mutex<HashMap<u64, SyncSender<Delivery>>>);

impl Feeds {
    /// Opens an inbox for `job`, until [`Feeds::close`].
    pub(super) fn open(&self, job: u64) -> Receiver<Delivery> {
        let (sender, inbox) = sync_channel(MAX_WAITING_FRAMES);
        self.lock().insert(job, sender);
        inbox
    }

    /// Ends the inbox of `job`.
    pub(super) fn close(&self, job: u64) {
        self.lock().remove(&job);
    }

    /// Delivers to `job`, waiting while its inbox is full.
    ///
    /// # Errors
    /// [`Cancelled`], also where the work no longer waits.
    pub(super) fn deliver(
        &self,
        job: u64,
        delivery: Delivery,
        cancel: &CancelToken,
    ) -> Result<(), Cancelled> {
        let Some(sender) = self.lock().get(&job).cloned() else {
            return Err(Cancelled);
        };
        let mut waiting = delivery;
        loop {
            cancel.check()?;
            match sender.try_send(waiting) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Disconnected(_)) => return Err(Cancelled),
                Err(TrySendError::Full(back)) => waiting = back,
            }
            std::thread::sleep(CANCEL_POLL);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, SyncSender<Delivery>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The frames of an inbox, as the executor of plans takes them.
pub(super) struct Inbox<'a> {
    pub(super) inbox: &'a Receiver<Delivery>,
    pub(super) cancel: &'a CancelToken,
}

impl Iterator for Inbox<'_> {
    type Item = Delivery;

    fn next(&mut self) -> Option<Delivery> {
        loop {
            if self.cancel.is_cancelled() {
                return Some(Err(Cancelled.into()));
            }
            match self.inbox.recv_timeout(CANCEL_POLL) {
                Ok(delivery) => return Some(delivery),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }
}
