//! Calls on their way, which the page cancels by its numbers for them.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use crate::cancel::CancelToken;
use crate::desktop::owner::lock;

/// How many cancellations that came before their calls are remembered. They overtake a call by milliseconds.
const MAX_EARLY: usize = 64;

/// Calls by the page's numbers.
#[derive(Default)]
pub(super) struct Running(Mutex<Numbers>);

#[derive(Default)]
struct Numbers {
    /// With how many calls had begun before: another page counts from the start again.
    running: HashMap<u64, (u64, CancelToken)>,
    n_begun: u64,
    /// Cancelled before they began: calls and cancellations arrive on threads of their own.
    early: VecDeque<u64>,
}

/// A call is on its way as long as this is there.
pub(super) struct OnItsWay<'a> {
    running: &'a Running,
    number: u64,
    n_before: u64,
}

impl Running {
    /// A call begins; `cancel` is what ends it.
    pub(super) fn begin(&self, number: u64, cancel: &CancelToken) -> OnItsWay<'_> {
        let mut numbers = lock(&self.0);
        if let Some(at) = numbers.early.iter().position(|&early| early == number) {
            numbers.early.remove(at);
            cancel.cancel();
        }
        let n_before = numbers.n_begun;
        numbers.n_begun += 1;
        numbers.running.insert(number, (n_before, cancel.clone()));
        OnItsWay {
            running: self,
            number,
            n_before,
        }
    }

    /// Ends all that are on their way: who called is gone.
    pub(super) fn cancel_all(&self) {
        let mut numbers = lock(&self.0);
        numbers.early.clear();
        let left: Vec<_> = numbers.running.drain().collect();
        drop(numbers);
        for (_, (_, cancel)) in left {
            cancel.cancel();
        }
    }

    /// Ends a call, also one that is still to begin.
    pub(super) fn cancel(&self, number: u64) {
        let mut numbers = lock(&self.0);
        if let Some((_, cancel)) = numbers.running.get(&number).cloned() {
            // Whoever it wakes may want this lock.
            drop(numbers);
            cancel.cancel();
            return;
        }
        // It has not begun, or has just ended; the two cannot be told apart, so only the latest are remembered.
        if numbers.early.len() == MAX_EARLY {
            numbers.early.pop_front();
        }
        numbers.early.push_back(number);
    }
}

impl Drop for OnItsWay<'_> {
    fn drop(&mut self) {
        let mut numbers = lock(&self.running.0);
        if numbers
            .running
            .get(&self.number)
            .is_some_and(|(n_before, _)| *n_before == self.n_before)
        {
            numbers.running.remove(&self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CancelToken, MAX_EARLY, Running, lock};

    #[test]
    fn a_cancellation_reaches_its_call_also_where_it_overtakes_it() {
        let running = Running::default();
        let [during, before, other] = [(); 3].map(|()| CancelToken::new());
        let _first = running.begin(1, &during);
        running.cancel(1);
        assert!(during.is_cancelled(), "while it runs");
        running.cancel(2);
        let _second = running.begin(2, &before);
        assert!(before.is_cancelled(), "before it began");
        let _third = running.begin(3, &other);
        assert!(!other.is_cancelled(), "and no other");
    }

    #[test]
    fn calls_of_a_page_that_is_gone_end_and_do_not_stand_for_those_of_the_next() {
        let running = Running::default();
        let [old, new] = [(); 2].map(|()| CancelToken::new());
        let of_old = running.begin(1, &old);
        running.cancel_all();
        assert!(old.is_cancelled());
        let _of_new = running.begin(1, &new);
        assert!(!new.is_cancelled());
        drop(of_old);
        running.cancel(1);
        assert!(new.is_cancelled(), "its number is still its own");
    }

    #[test]
    fn cancellations_of_calls_that_never_come_do_not_pile_up() {
        let running = Running::default();
        for number in 0..1000 {
            running.cancel(number);
        }
        assert_eq!(lock(&running.0).early.len(), MAX_EARLY);
        let cancel = CancelToken::new();
        drop(running.begin(999, &cancel));
        assert!(cancel.is_cancelled(), "the latest are remembered");
        assert!(
            lock(&running.0).running.is_empty(),
            "and a call that is over is not"
        );
    }
}
