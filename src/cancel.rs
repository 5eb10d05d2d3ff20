//! Asking long work to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A flag shared between whoever asks for work and whoever does it.
///
/// Everything that may take longer than 50 ms takes one and looks at it often. Cancelling is not an error for the
/// user; inside the engine it travels as [`Cancelled`] so that `?` ends the work.
#[derive(Clone, Debug, Default)]
pub struct CancelToken {
    is_cancelled: Arc<AtomicBool>,
    hold: Option<Hold>,
}

impl CancelToken {
    /// A token that nobody has cancelled yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the work to stop. Cannot be taken back: a new attempt takes a new token.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Release);
    }

    /// Whether the work has been asked to stop. Waits while it is held up (see [`CancelToken::held_by`]).
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        if let Some(hold) = &self.hold {
            hold.wait(&self.is_cancelled);
        }
        self.is_cancelled.load(Ordering::Acquire)
    }

    /// The same token for work that `hold` may hold up: wherever it looks whether it is to stop, it also waits. Work looks
    /// so often that it stands still within milliseconds, and goes on where it was.
    #[must_use]
    pub fn held_by(&self, hold: &Hold) -> Self {
        Self {
            is_cancelled: Arc::clone(&self.is_cancelled),
            hold: Some(hold.clone()),
        }
    }

    /// `Err(Cancelled)` once the work has been asked to stop.
    ///
    /// # Errors
    /// [`Cancelled`] after [`CancelToken::cancel`] was called on this token or a clone of it.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() {
            Err(Cancelled)
        } else {
            Ok(())
        }
    }
}

/// Holds work up for a while, so that something more urgent has the machine.
#[derive(Clone, Debug, Default)]
pub struct Hold(Arc<Holding>);

#[derive(Debug, Default)]
struct Holding {
    /// Looked at by every thread all the time; the rest only while it is true.
    is_held: AtomicBool,
    until: Mutex<Option<Instant>>,
    changed: Condvar,
}

impl Hold {
    /// How often work that is held up looks whether it was cancelled.
    const LOOK: Duration = Duration::from_millis(20);

    /// Nothing is held up.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Holds work up for at most `limit`: whoever forgets to let go does not stop it for ever.
    pub fn hold_for(&self, limit: Duration) {
        *self.0.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + limit);
        self.0.is_held.store(true, Ordering::Release);
    }

    /// Lets it go on.
    pub fn release(&self) {
        *self.0.until.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.0.is_held.store(false, Ordering::Release);
        self.0.changed.notify_all();
    }

    /// Returns once work may go on, or `is_cancelled`.
    fn wait(&self, is_cancelled: &AtomicBool) {
        if !self.0.is_held.load(Ordering::Acquire) {
            return;
        }
        let mut until = self.0.until.lock().unwrap_or_else(PoisonError::into_inner);
        while !is_cancelled.load(Ordering::Acquire) {
            match *until {
                None => return,
                Some(end) if end <= Instant::now() => {
                    *until = None;
                    self.0.is_held.store(false, Ordering::Release);
                    self.0.changed.notify_all();
                    return;
                }
                Some(_) => {
                    let waited = self.0.changed.wait_timeout(until, Self::LOOK);
                    until = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }
}

/// The work stopped because it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;
