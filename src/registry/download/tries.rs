//! Trying again: how often, and how long between.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::registry::RegistryError;
use crate::registry::hub::Patience;

/// Something that went wrong, and whether it may go right the next time.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) error: RegistryError,
    pub(super) is_passing: bool,
    /// How long the host wants to be left alone.
    pub(super) wait: Option<Duration>,
}

impl Trouble {
    /// The same, which may go right the next time whatever it is.
    pub(super) fn passing(error: RegistryError) -> Self {
        Self {
            is_passing: true,
            ..Self::from(error)
        }
    }
}

impl From<RegistryError> for Trouble {
    fn from(error: RegistryError) -> Self {
        let is_passing = match error {
            RegistryError::Unreachable { .. }
            | RegistryError::Stalled { .. }
            | RegistryError::BrokeOff { .. }
            | RegistryError::TooMany { .. } => true,
            RegistryError::Refused { status, .. } => status == 408 || status >= 500,
            _ => false,
        };
        Self {
            error,
            is_passing,
            wait: None,
        }
    }
}

/// Attempts in a row that brought nothing.
#[derive(Debug)]
pub(super) struct Tries {
    patience: Patience,
    n_failed: u32,
}

impl Tries {
    pub(super) fn new(patience: Patience) -> Self {
        Self {
            patience,
            n_failed: 0,
        }
    }

    /// The last attempt brought something: what failed before it is forgiven.
    pub(super) fn begin_anew(&mut self) {
        self.n_failed = 0;
    }

    /// How long to wait before the next attempt.
    ///
    /// # Errors
    /// The trouble itself where there is none.
    pub(super) fn next(&mut self, trouble: Trouble) -> Result<(Duration, RegistryError), RegistryError> {
        self.n_failed += 1;
        let Trouble {
            error,
            is_passing,
            wait,
        } = trouble;
        let is_too_long = wait.is_some_and(|wait| wait > self.patience.longest_asked);
        if !is_passing || is_too_long || self.n_failed >= self.patience.n_tries {
            return Err(error);
        }
        Ok((wait.unwrap_or_else(|| self.back_off()), error))
    }

    /// Twice as long each time, and never the same: those whom a host threw out together do not come back together.
    fn back_off(&self) -> Duration {
        let doubled = self.patience.first_wait * 2_u32.saturating_pow(self.n_failed.min(16) - 1);
        let wait = doubled.min(self.patience.longest_wait);
        let jitter = RandomState::new().hash_one(self.n_failed) % 1000;
        wait.mul_f64(0.5 + 0.0005 * f64::from(u16::try_from(jitter).unwrap_or(0)))
    }
}

/// Waits. Whoever is cancelled drops this with all that it is part of, and so does not wait.
pub(super) async fn wait(duration: Duration) {
    let never = std::future::pending::<()>();
    // That its time is over is what is waited for.
    tokio::time::timeout(duration, never).await.ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broke_off() -> Trouble {
        let (host, why) = ("h".to_owned(), "w".to_owned());
        RegistryError::BrokeOff { host, why }.into()
    }

    #[test]
    fn waits_grow_up_to_the_longest_and_end() {
        let patience = Patience::default();
        let mut tries = Tries::new(patience);
        for doubled_secs in [1.0, 2.0, 4.0, 8.0, 16.0] {
            let (wait, _) = tries.next(broke_off()).expect("it is tried again");
            let wait = wait.as_secs_f64();
            assert!((0.5 * doubled_secs..=doubled_secs).contains(&wait), "{wait}");
        }
        assert!(tries.next(broke_off()).is_err());
        tries.begin_anew();
        assert!(tries.next(broke_off()).is_ok());
    }

    #[test]
    fn a_host_is_left_alone_as_long_as_it_asks_unless_that_is_too_long() {
        let mut tries = Tries::new(Patience::default());
        let asks = |secs| Trouble {
            wait: Some(Duration::from_secs(secs)),
            ..broke_off()
        };
        let (wait, _) = tries.next(asks(7)).expect("it is tried again");
        assert_eq!(wait, Duration::from_secs(7));
        assert!(tries.next(asks(3000)).is_err());
    }
}
