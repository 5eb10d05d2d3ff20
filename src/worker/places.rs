//! Places on a lane, which bound what waits on it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use crate::cancel::{CancelToken, Cancelled, Monitor};

/// Requests that may be on a lane, the one that is served among them.
pub(super) const MAX_REQUESTS: usize = 64;

/// The places on all lanes of a role. Whoever asks waits for one on its own thread, and nobody else's: what carries the
/// requests of all lanes must never wait for one of them.
pub(super) struct Places<L> {
    lanes: Mutex<BTreeMap<L, Monitor<usize>>>,
}

impl<L> Default for Places<L> {
    fn default() -> Self {
        Self {
            lanes: Mutex::default(),
        }
    }
}

/// A place that is taken until this is dropped.
pub(super) struct Place(Monitor<usize>);

impl<L: Ord> Places<L> {
    /// Waits for a place on `lane`.
    ///
    /// # Errors
    /// [`Cancelled`] where none was free until then.
    pub(super) fn take(&self, lane: L, cancel: &CancelToken) -> Result<Place, Cancelled> {
        let taken = {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            lanes.entry(lane).or_default().clone()
        };
        taken.wait(cancel, |n_taken| match *n_taken < MAX_REQUESTS {
            true => {
                *n_taken += 1;
                ControlFlow::Break(())
            }
            false => ControlFlow::Continue(None),
        })?;
        Ok(Place(taken))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.change(|n_taken| *n_taken -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_finds_no_place_waits_for_one_or_for_a_cancel() {
        let places = Places::default();
        let cancel = CancelToken::new();
        let mut taken: Vec<_> = (0..MAX_REQUESTS)
            .map(|_| places.take("full", &cancel).expect("there is one"))
            .collect();
        assert!(places.take("another", &cancel).is_ok(), "each lane has its own");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| places.take("full", &CancelToken::new()).is_ok());
            drop(taken.pop());
            assert!(waiting.join().expect("no panic"));
        });
        taken.push(places.take("full", &cancel).expect("the one that was given back"));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| places.take("full", &cancel).is_err());
            cancel.cancel();
            assert!(waiting.join().expect("no panic"));
        });
    }
}
