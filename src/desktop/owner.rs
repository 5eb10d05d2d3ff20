//! State behind one lock, which is held for moments and by itself.
//!
//! The order of the locks of this module, so that no two threads wait for each other:
//!
//! 1. The gate of `Models`, through which one load goes at a time, for seconds.
//! 2. One [`Owned`] state ([`OpenVideos`], [`Models`], [`PlanShelf`], [`Work`], [`WorkerEnds`] and [`Listener`] have one
//!    each) or the list of one [`Opening`]. There is no order among these: whoever holds one takes no other, and calls
//!    nobody who might (engine, store, listener, a cancelled token). A thread that does panics, at once and every time,
//!    where a wrong order would stop it once in a thousand runs.
//!
//! [`OpenVideos`]: super::open_videos::OpenVideos
//! [`Models`]: super::models::Models
//! [`PlanShelf`]: super::plan_shelf::PlanShelf
//! [`Work`]: super::work::Work
//! [`WorkerEnds`]: super::workers::WorkerEnds
//! [`Listener`]: super::listener::Listener
//! [`Opening`]: super::opening::Opening

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};

thread_local! {
    /// Whether this thread holds the lock of an owner.
    static HOLDS_ONE: Cell<bool> = const { Cell::new(false) };
}

/// What one owner knows, reached by one closure at a time.
#[derive(Debug, Default)]
pub(super) struct Owned<T>(Mutex<T>);

impl<T> Owned<T> {
    /// Reads or changes the state. `access` is short, and takes no other lock of this module.
    #[track_caller]
    pub(super) fn with<R>(&self, access: impl FnOnce(&mut T) -> R) -> R {
        let mut state = lock(&self.0);
        let _held = Held::mark();
        access(&mut state)
    }
}

/// A lock for what [`Owned`] does not fit: a gate, or what a condition variable waits on.
#[track_caller]
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    assert!(
        !HOLDS_ONE.get(),
        "BUG: a second lock is taken while an owner's is held"
    );
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The mark of the thread, until it is dropped; also where the access panics.
struct Held;

impl Held {
    fn mark() -> Self {
        HOLDS_ONE.set(true);
        Self
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HOLDS_ONE.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_after_the_other_is_fine_and_what_an_access_answers_comes_back() {
        let (one, other) = (Owned(Mutex::new(1)), Owned(Mutex::new(2)));
        let first = one.with(|number| std::mem::replace(number, 3));
        assert_eq!(other.with(|number| first + *number), 3);
        assert_eq!(one.with(|number| *number), 3);
    }

    #[test]
    #[should_panic(expected = "BUG: a second lock")]
    fn a_second_owner_s_lock_is_refused_while_one_is_held() {
        let (one, other) = (Owned::<u8>::default(), Owned::<u8>::default());
        one.with(|first| other.with(|second| *first + *second));
    }

    #[test]
    #[should_panic(expected = "BUG: a second lock")]
    fn so_is_a_lock_of_another_kind() {
        let (one, other) = (Owned::<u8>::default(), Mutex::new(2));
        one.with(|first| *first + *lock(&other));
    }

    #[test]
    fn an_access_that_panics_leaves_the_thread_and_the_state_usable() {
        let owned = Owned::<u8>::default();
        let access = std::panic::AssertUnwindSafe(|| owned.with(|_| panic!("as it may happen")));
        std::panic::catch_unwind(access).expect_err("it panics");
        assert_eq!(owned.with(|number| *number), 0);
    }
}
