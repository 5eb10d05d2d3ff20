//! A value that threads wait for.

use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::{CancelToken, Cancelled};

/// A value that threads wait for changes of: a mutex and its condition variable. Clones share it.
#[derive(Debug, Default)]
pub struct Monitor<T>(Arc<Shared<T>>);

#[derive(Debug, Default)]
struct Shared<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> Clone for Monitor<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Monitor<T> {
    /// A value that nobody waits for yet.
    pub fn new(value: T) -> Self {
        Self(Arc::new(Shared {
            value: Mutex::new(value),
            changed: Condvar::new(),
        }))
    }

    /// The value, to look at it, or to change what nobody waits for.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock()
    }

    /// Changes the value, and wakes all who wait.
    pub fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let changed = change(&mut self.lock());
        self.0.changed.notify_all();
        changed
    }
}

impl<T: Send + 'static> Monitor<T> {
    /// Waits until `look` breaks, and returns with what.
    ///
    /// It is shown the value now and after every change. Where it goes on with an instant, it looks again then at the
    /// latest. What it changes where it breaks wakes the others. What it finds at once is had, cancelled or not.
    ///
    /// # Errors
    /// [`Cancelled`] at once when `cancel` is, where there is nothing to be had.
    pub fn wait<R>(
        &self,
        cancel: &CancelToken,
        mut look: impl FnMut(&mut T) -> ControlFlow<R, Option<Instant>>,
    ) -> Result<R, Cancelled> {
        // Declared before the lock and so dropped after it.
        let mut waking = None;
        let mut value = self.lock();
        loop {
            let is_cancelled = cancel.check();
            let look_again = match look(&mut value) {
                ControlFlow::Break(found) => {
                    self.0.changed.notify_all();
                    return Ok(found);
                }
                ControlFlow::Continue(at) => at,
            };
            is_cancelled?;
            if waking.is_none() {
                // Out of the lock, which the wake takes where it is called at once.
                drop(value);
                let shared = Arc::clone(&self.0);
                waking = Some(cancel.on_cancel(move || shared.wake()));
                value = self.lock();
                continue;
            }
            let changed = &self.0.changed;
            value = match look_again {
                None => changed.wait(value).unwrap_or_else(PoisonError::into_inner),
                Some(at) => {
                    let left = at.saturating_duration_since(Instant::now());
                    let waited = changed.wait_timeout(value, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes all who wait. Through the lock: whoever has looked and does not wait yet is not missed.
    fn wake(&self) {
        drop(self.lock());
        self.changed.notify_all();
    }
}
