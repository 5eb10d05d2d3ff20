//! How long a worker is waited for that does not do what it should.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a worker is waited for before it is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the end of what was cancelled.
    pub cancelled: Duration,
    /// For a word on a lane that has something to do; without a limit where work is silent for long.
    pub silent: Option<Duration>,
}

impl Patience {
    /// With a reader of videos. What it does looks for a cancel all the time, and gives itself a minute for a frame.
    pub const WITH_MEDIA: Self = Self {
        cancelled: Duration::from_secs(5),
        silent: Some(Duration::from_secs(120)),
    };
    /// With a model. A machine that swaps takes long for a step of a large one, and longer to load it, without a word.
    pub const WITH_MODEL: Self = Self {
        cancelled: Duration::from_secs(20),
        silent: None,
    };
}

/// Why a worker was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum GivenUp {
    DoesNotStop,
    Silent,
}

impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DoesNotStop => "it was ended because it did not stop when it was asked to",
            Self::Silent => "it was ended because nothing was heard of it for too long",
        })
    }
}

/// When a lane was heard of last. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Heard(Arc<Mutex<Instant>>);

impl Default for Heard {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }
}

impl Heard {
    /// Something of it arrived.
    pub(super) fn now(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Something is to be done; before that it owed no word, unless one of these `others` waits on the same lane.
    pub(super) fn begin<'a>(&self, others: impl IntoIterator<Item = &'a Self>) {
        if !others.into_iter().any(|other| Arc::ptr_eq(&self.0, &other.0)) {
            self.now();
        }
    }

    pub(super) fn last(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_behind_another_on_its_lane_gives_it_no_more_time() {
        let (lane, other) = (Heard::default(), Heard::default());
        let first = lane.last();
        std::thread::sleep(Duration::from_millis(2));
        lane.begin([&other, &lane.clone()]);
        assert_eq!(lane.last(), first);
        lane.begin([&other]);
        assert!(lane.last() > first);
    }
}
