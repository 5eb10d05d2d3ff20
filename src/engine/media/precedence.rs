//! Who looks comes before what is only being made ready: there are few cores, and lists and strips can wait.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::cancel::CancelToken;

/// So long after a picture the next one is expected: a pointer that moves asks for more in each second than this allows.
const EXPECTED_WITHIN: Duration = Duration::from_millis(60);

/// So long a picture takes from here to the screen: what is prepared on the viewer's own lane begins after that.
const PAINTED_WITHIN: Duration = Duration::from_millis(25);

/// How often whoever gives way looks whether to go on.
const LOOK: Duration = Duration::from_millis(2);

/// What the lanes of a reader know of each other. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Precedence(Arc<Mutex<Lookers>>);

#[derive(Debug, Default)]
struct Lookers {
    n_waiting: usize,
    last: Option<Instant>,
}

impl Precedence {
    /// Until it is dropped, and a moment longer, the others give way. Not to be held while waiting for one of them.
    pub(super) fn take(&self) -> Taken {
        lock(&self.0).n_waiting += 1;
        Taken(self.clone())
    }

    /// Waits while somebody looks; called now and then by whoever can wait.
    pub(super) fn give_way(&self, cancel: &CancelToken) {
        self.wait(EXPECTED_WITHIN, cancel);
    }

    /// Waits until the last picture can be on the screen.
    pub(super) fn let_paint(&self, cancel: &CancelToken) {
        self.wait(PAINTED_WITHIN, cancel);
    }

    fn wait(&self, after: Duration, cancel: &CancelToken) {
        while self.is_taken(after) && !cancel.is_cancelled() {
            std::thread::sleep(LOOK);
        }
    }

    /// Whether somebody waits for a picture, or got one less than `after` ago.
    fn is_taken(&self, after: Duration) -> bool {
        let lookers = lock(&self.0);
        lookers.n_waiting > 0 || lookers.last.is_some_and(|last| last.elapsed() < after)
    }
}

/// Somebody looks.
pub(super) struct Taken(Precedence);

impl Drop for Taken {
    fn drop(&mut self) {
        let mut lookers = lock(&self.0.0);
        lookers.n_waiting -= 1;
        lookers.last = Some(Instant::now());
    }
}

fn lock(lookers: &Mutex<Lookers>) -> MutexGuard<'_, Lookers> {
    lookers.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_wait_while_somebody_looks_and_not_once_they_are_ended() {
        let precedence = Precedence::default();
        precedence.give_way(&CancelToken::new());
        let (first, second) = (precedence.take(), precedence.clone().take());
        drop(first);
        assert!(precedence.is_taken(Duration::ZERO));
        drop(second);
        assert!(!precedence.is_taken(Duration::ZERO));
        assert!(precedence.is_taken(EXPECTED_WITHIN), "more is expected");
        let ended = CancelToken::new();
        ended.cancel();
        precedence.give_way(&ended);
        precedence.give_way(&CancelToken::new());
        assert!(!precedence.is_taken(EXPECTED_WITHIN));
    }
}
