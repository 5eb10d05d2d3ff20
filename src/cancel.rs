//! Asking long work to stop, and waiting so that one who asks is heard at once.

mod hold;
mod monitor;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub use hold::Hold;
pub use monitor::Monitor;

/// A flag shared between whoever asks for work and whoever does it.
///
/// Everything that may take longer than 50 ms takes one and looks at it often; whoever waits is woken by it (see
/// [`CancelToken::on_cancel`] and [`Monitor::wait`]). Cancelling is not an error for the user; inside the engine it travels
/// as [`Cancelled`] so that `?` ends the work. Only methods whose names say so wait.
#[derive(Clone, Debug, Default)]
pub struct CancelToken {
    shared: Arc<Shared>,
    hold: Option<Hold>,
}

#[derive(Default)]
struct Shared {
    is_cancelled: AtomicBool,
    /// Set before these are taken out and called, and looked at under their lock: none is missed.
    wakes: Mutex<Wakes>,
}

#[derive(Default)]
struct Wakes {
    n_ever: u64,
    waiting: BTreeMap<u64, Box<dyn FnOnce() + Send>>,
}

impl CancelToken {
    /// A token that nobody has cancelled yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the work to stop, and wakes whoever waits. Cannot be taken back: a new attempt takes a new token.
    pub fn cancel(&self) {
        self.shared.is_cancelled.store(true, Ordering::Release);
        let wakes = std::mem::take(&mut self.shared.wakes().waiting);
        // Out of the lock: each takes one of its own, under which others may come here.
        wakes.into_values().for_each(|wake| wake());
    }

    /// Whether the work has been asked to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.shared.is_cancelled.load(Ordering::Acquire)
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

    /// Calls `wake` when the token is cancelled, on the thread that cancels it; at once and here where it was. Once it is
    /// dropped, what this returns, `wake` is forgotten, though one that is being called just then goes on.
    ///
    /// `wake` must not wait for anything: it sends without blocking, or notifies.
    pub fn on_cancel(&self, wake: impl FnOnce() + Send + 'static) -> OnCancel {
        let mut wakes = self.shared.wakes();
        let number = wakes.n_ever;
        wakes.n_ever += 1;
        if self.is_cancelled() {
            drop(wakes);
            wake();
        } else {
            wakes.waiting.insert(number, Box::new(wake));
        }
        OnCancel {
            shared: Arc::clone(&self.shared),
            number,
        }
    }

    /// The same token for work that `hold` may hold up: wherever it calls [`CancelToken::wait_while_held`]. Work does so
    /// between its steps, so often that it stands still within milliseconds, and goes on where it was.
    #[must_use]
    pub fn held_by(&self, hold: &Hold) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            hold: Some(hold.clone()),
        }
    }

    /// [`CancelToken::check`], once the work is not held up (see [`CancelToken::held_by`]): waits until then, no longer than
    /// until it is cancelled.
    ///
    /// # Errors
    /// As [`CancelToken::check`].
    pub fn wait_while_held(&self) -> Result<(), Cancelled> {
        if let Some(hold) = &self.hold {
            hold.wait(self)?;
        }
        self.check()
    }
}

impl Shared {
    fn wakes(&self) -> std::sync::MutexGuard<'_, Wakes> {
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("is_cancelled", &self.is_cancelled)
            .finish_non_exhaustive()
    }
}

/// Something that a cancelled token calls, until this is dropped.
#[must_use = "what is dropped is not called"]
pub struct OnCancel {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for OnCancel {
    fn drop(&mut self) {
        let forgotten = self.shared.wakes().waiting.remove(&self.number);
        // Out of the lock, as it is called.
        drop(forgotten);
    }
}

/// The work stopped because it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

#[cfg(test)]
pub(crate) mod tests {
    use std::ops::ControlFlow;
    use std::sync::atomic::AtomicUsize;
    use std::time::{Duration, Instant};

    use super::*;

    /// What no wait goes on for after it was cancelled.
    pub(crate) const AT_ONCE: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(10);

    /// Cancels `wait` once it waits, and measures how long it goes on: the best of some, on a machine that may be busy.
    pub(crate) fn lateness(wait: impl Fn(&CancelToken) + Sync) -> Duration {
        let once = || {
            let cancel = CancelToken::new();
            std::thread::scope(|scope| {
                let waiting = scope.spawn(|| {
                    wait(&cancel);
                    assert!(cancel.is_cancelled(), "it waits for that");
                    Instant::now()
                });
                std::thread::sleep(Duration::from_millis(30));
                let asked = Instant::now();
                cancel.cancel();
                let stopped = waiting.join().expect("it waits without a panic");
                stopped.saturating_duration_since(asked)
            })
        };
        (0..4).map(|_| once()).min().expect("there are some")
    }

    fn never<T>(_: &mut T) -> ControlFlow<(), Option<Instant>> {
        ControlFlow::Continue(None)
    }

    #[test]
    fn what_is_registered_is_called_once_by_a_cancel_and_at_once_after_it() {
        let n_calls = Arc::new(AtomicUsize::new(0));
        let count = || {
            let n_calls = Arc::clone(&n_calls);
            move || {
                n_calls.fetch_add(1, Ordering::Relaxed);
            }
        };
        let token = CancelToken::new();
        let _kept = token.clone().on_cancel(count());
        drop(token.on_cancel(count()));
        assert_eq!(n_calls.load(Ordering::Relaxed), 0);
        token.cancel();
        token.cancel();
        assert_eq!(
            n_calls.load(Ordering::Relaxed),
            1,
            "the one that was dropped is not"
        );
        let _late = token.on_cancel(count());
        assert_eq!(n_calls.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_token_that_lives_long_keeps_nothing_of_the_waits_that_are_over() {
        let (token, counter) = (CancelToken::new(), Arc::new(()));
        for _ in 0..100_000 {
            let counted = Arc::clone(&counter);
            drop(token.on_cancel(move || drop(counted)));
        }
        let waiting = Monitor::new(false);
        for _ in 0..1000 {
            let soon = Instant::now() + Duration::from_micros(1);
            let looked = waiting.wait(&token, |_| match Instant::now() < soon {
                true => ControlFlow::Continue(Some(soon)),
                false => ControlFlow::Break(()),
            });
            assert_eq!(looked, Ok(()));
        }
        assert!(token.shared.wakes().waiting.is_empty());
        assert_eq!(Arc::strong_count(&counter), 1);
    }

    #[test]
    fn a_cancel_ends_a_wait_at_once() {
        let late = lateness(|cancel| {
            assert_eq!(Monitor::new(()).wait(cancel, never), Err(Cancelled));
        });
        assert!(late < AT_ONCE, "{late:?}");
        let late = lateness(|cancel| {
            let end = Instant::now() + LONG;
            let timed = Monitor::new(()).wait(cancel, |_| ControlFlow::<(), _>::Continue(Some(end)));
            assert_eq!(timed, Err(Cancelled));
        });
        assert!(late < AT_ONCE, "{late:?}");
    }

    #[test]
    fn what_is_there_is_had_from_a_cancelled_wait() {
        let cancel = CancelToken::new();
        cancel.cancel();
        let full = Monitor::new(Some(7));
        let take = || {
            full.wait(&cancel, |value| match value.take() {
                Some(taken) => ControlFlow::Break(taken),
                None => ControlFlow::Continue(None),
            })
        };
        assert_eq!((take(), take()), (Ok(7), Err(Cancelled)));
    }

    #[test]
    fn a_wait_ends_at_its_instant_and_not_before() {
        let end = Instant::now() + Duration::from_millis(40);
        let mut n_looks = 0;
        let waited = Monitor::new(()).wait(&CancelToken::new(), |()| {
            n_looks += 1;
            match Instant::now() < end {
                true => ControlFlow::Continue(Some(end)),
                false => ControlFlow::Break(()),
            }
        });
        assert_eq!(waited, Ok(()));
        assert!(end <= Instant::now());
        assert!(n_looks < 10, "it sleeps meanwhile: {n_looks} looks");
    }

    /// Waits in a thread of its own until the value is true, or for so long that the test takes it for missed.
    fn until_true(
        value: &Monitor<bool>,
        cancel: &CancelToken,
        mut looks: impl FnMut(),
    ) -> Result<(), Cancelled> {
        let missed = Instant::now() + LONG;
        value.wait(cancel, |is_true| {
            looks();
            assert!(Instant::now() < missed, "nothing woke it");
            match *is_true {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(Some(missed)),
            }
        })
    }

    #[test]
    fn a_change_while_a_wait_registers_with_its_token_is_not_missed() {
        let (value, cancel) = (Monitor::new(false), CancelToken::new());
        let (looked, has_looked) = std::sync::mpsc::sync_channel(8);
        std::thread::scope(|scope| {
            let registers = cancel.shared.wakes();
            let waiting =
                scope.spawn(|| until_true(&value, &cancel, || looked.send(()).expect("it is heard")));
            assert_eq!(has_looked.recv(), Ok(()));
            value.change(|is_true| *is_true = true);
            drop(registers);
            assert_eq!(waiting.join().expect("no panic"), Ok(()));
        });
    }

    #[test]
    fn a_cancel_between_a_look_and_the_wait_is_not_missed() {
        let (value, cancel) = (Monitor::new(false), CancelToken::new());
        let (looked, has_looked) = std::sync::mpsc::sync_channel(8);
        std::thread::scope(|scope| {
            let token = cancel.clone();
            scope.spawn(move || {
                // The second look is the last one before it waits.
                assert_eq!(has_looked.iter().nth(1), Some(()));
                token.cancel();
            });
            let waited = until_true(&value, &cancel, || {
                // Nobody hears of the third.
                looked.send(()).ok();
                std::thread::sleep(AT_ONCE);
            });
            assert_eq!(waited, Err(Cancelled));
        });
    }

    #[test]
    fn no_wake_is_missed_however_the_threads_meet() {
        let (rounds, next) = std::sync::mpsc::sync_channel::<(Monitor<bool>, CancelToken)>(1);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(move || {
                let waits = next
                    .iter()
                    .map(|(value, cancel)| until_true(&value, &cancel, || ()));
                waits.filter(Result::is_err).count()
            });
            for round in 0..20_000 {
                let (value, cancel) = (Monitor::new(false), CancelToken::new());
                rounds.send((value.clone(), cancel.clone())).expect("it waits");
                for _ in 0..round % 400 {
                    std::hint::spin_loop();
                }
                if round % 2 == 0 {
                    cancel.cancel();
                } else {
                    value.change(|is_true| *is_true = true);
                }
            }
            drop(rounds);
            assert_eq!(waiting.join().expect("none was missed"), 10_000);
        });
    }

    #[test]
    fn held_work_stands_still_until_it_is_let_go_and_only_where_it_waits() {
        let hold = Hold::new();
        let cancel = CancelToken::new().held_by(&hold);
        assert_eq!(cancel.wait_while_held(), Ok(()));
        hold.hold_for(LONG);
        let began = Instant::now();
        assert_eq!((cancel.check(), cancel.is_cancelled()), (Ok(()), false));
        std::thread::scope(|scope| {
            let working = scope.spawn(|| cancel.wait_while_held());
            std::thread::sleep(Duration::from_millis(30));
            assert!(!working.is_finished(), "it stands still");
            hold.release();
            assert_eq!(working.join().expect("no panic"), Ok(()));
        });
        assert!(began.elapsed() < LONG / 2);
    }

    #[test]
    fn a_hold_that_nobody_ends_ends_by_itself() {
        let hold = Hold::new();
        hold.hold_for(Duration::from_millis(40));
        let began = Instant::now();
        let cancel = CancelToken::new().held_by(&hold);
        assert_eq!(cancel.wait_while_held(), Ok(()));
        let waited = began.elapsed();
        assert!(
            Duration::from_millis(40) <= waited && waited < LONG / 10,
            "{waited:?}"
        );
        assert_eq!(cancel.wait_while_held(), Ok(()));
    }

    #[test]
    fn held_work_is_cancelled_at_once() {
        let hold = Hold::new();
        hold.hold_for(LONG);
        let late = lateness(|cancel| {
            assert_eq!(cancel.held_by(&hold).wait_while_held(), Err(Cancelled));
        });
        assert!(late < AT_ONCE, "{late:?}");
    }
}
