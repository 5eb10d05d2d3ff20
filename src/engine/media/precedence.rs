//! Who looks comes before what is only being made ready: there are few cores, and lists and strips can wait.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::cancel::{CancelToken, Cancelled, Monitor};

/// So long after a picture the next one is expected: a pointer that moves asks for more in each second than this allows.
const EXPECTED_WITHIN: Duration = Duration::from_millis(60);

/// So long a picture takes from here to the screen: what is prepared on the viewer's own lane begins after that.
const PAINTED_WITHIN: Duration = Duration::from_millis(25);

/// What the lanes of a reader know of each other. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Precedence(Monitor<Lookers>);

#[derive(Debug, Default)]
struct Lookers {
    n_waiting: usize,
    last: Option<Instant>,
}

impl Precedence {
    /// Until it is dropped, and a moment longer, the others give way. Not to be held while waiting for one of them.
    pub(super) fn take(&self) -> Taken {
        self.0.lock().n_waiting += 1;
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
        // Whoever is cancelled gives way no longer, and looks at that itself.
        let (Ok(()) | Err(Cancelled)) = self.0.wait(cancel, |lookers| lookers.are_gone(after));
    }
}

impl Lookers {
    /// Breaks where nobody waits for a picture, nor got one less than `after` ago; else says when only time is missing.
    fn are_gone(&self, after: Duration) -> ControlFlow<(), Option<Instant>> {
        if self.n_waiting > 0 {
            return ControlFlow::Continue(None);
        }
        match self.last.map(|last| last + after) {
            Some(end) if Instant::now() < end => ControlFlow::Continue(Some(end)),
            _ => ControlFlow::Break(()),
        }
    }
}

/// Somebody looks.
pub(super) struct Taken(Precedence);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.0.change(|lookers| {
            lookers.n_waiting -= 1;
            lookers.last = Some(Instant::now());
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cancel::tests::{AT_ONCE, lateness};

    #[test]
    fn others_go_on_when_the_last_one_has_looked_and_the_rest_of_the_time_is_over() {
        let precedence = Precedence::default();
        let looker = precedence.take();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                precedence.give_way(&CancelToken::new());
                Instant::now()
            });
            std::thread::sleep(EXPECTED_WITHIN * 2);
            assert!(!waiting.is_finished(), "somebody looks");
            let ended = Instant::now();
            drop(looker);
            let waited = waiting.join().expect("no panic") - ended;
            assert!(
                EXPECTED_WITHIN <= waited && waited < EXPECTED_WITHIN * 10,
                "{waited:?}"
            );
        });
    }

    #[test]
    fn whoever_is_cancelled_gives_way_no_longer() {
        let precedence = Precedence::default();
        let _looker = precedence.take();
        let late = lateness(|cancel| precedence.give_way(cancel));
        assert!(late < AT_ONCE, "{late:?}");
    }

    #[test]
    fn others_wait_while_somebody_looks_and_not_once_they_are_ended() {
        let precedence = Precedence::default();
        let is_taken = |after| precedence.0.lock().are_gone(after).is_continue();
        precedence.give_way(&CancelToken::new());
        let (first, second) = (precedence.take(), precedence.clone().take());
        drop(first);
        assert!(is_taken(Duration::ZERO));
        drop(second);
        assert!(!is_taken(Duration::ZERO));
        assert!(is_taken(EXPECTED_WITHIN), "more is expected");
        let ended = CancelToken::new();
        ended.cancel();
        precedence.give_way(&ended);
        precedence.give_way(&CancelToken::new());
        assert!(!is_taken(EXPECTED_WITHIN));
    }
}
