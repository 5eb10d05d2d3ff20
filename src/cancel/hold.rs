//! Holding work up.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{CancelToken, Cancelled, Monitor};

/// Holds work up for a while, so that something more urgent has the machine. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Hold {
    /// Looked at by every thread all the time; the rest only while it is true.
    is_held: Arc<AtomicBool>,
    until: Monitor<Option<Instant>>,
}

impl Hold {
    /// Nothing is held up.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Holds work up for at most `limit`: whoever forgets to let go does not stop it for ever.
    pub fn hold_for(&self, limit: Duration) {
        self.set(Some(Instant::now() + limit));
    }

    /// Lets it go on.
    pub fn release(&self) {
        self.set(None);
    }

    fn set(&self, end: Option<Instant>) {
        self.until.change(|until| {
            *until = end;
            self.is_held.store(end.is_some(), Ordering::Release);
        });
    }

    /// Waits until work may go on.
    pub(super) fn wait(&self, cancel: &CancelToken) -> Result<(), Cancelled> {
        if !self.is_held.load(Ordering::Acquire) {
            return Ok(());
        }
        self.until.wait(cancel, |until| match *until {
            Some(end) if Instant::now() < end => ControlFlow::Continue(Some(end)),
            _ => {
                *until = None;
                self.is_held.store(false, Ordering::Release);
                ControlFlow::Break(())
            }
        })
    }
}
