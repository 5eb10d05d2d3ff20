//! How far a pull is.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often somebody is told: more would not be seen.
pub(super) const INTERVAL: Duration = Duration::from_millis(100);
/// Over what time a speed is an average.
const SMOOTHING: Duration = Duration::from_secs(3);

/// What is done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The hub is asked about it, what is there of it is read again, or another process has it.
    Checking,
    /// Its bytes come.
    Downloading,
    /// It is put in its place.
    Verifying,
    /// It is there.
    Done,
}

/// How far a pull is: rate-limited, some ten a second.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// That of the file which is least far.
    pub phase: Phase,
    /// Each file, in the order's order.
    pub files: Vec<FileProgress>,
    /// Bytes on disk, those of earlier attempts too.
    pub n_bytes: u64,
    /// All bytes; `None` until the hub has said it of every file.
    pub n_total_bytes: Option<u64>,
    /// Bytes that come in a second, smoothed; `None` where nothing has come yet.
    pub bytes_per_sec: Option<f64>,
    /// How long the rest takes at that speed.
    pub remaining_secs: Option<f64>,
}

/// How far a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProgress {
    /// Its path in the repository.
    pub path: String,
    /// What is done to it.
    pub phase: Phase,
    /// Bytes on disk.
    pub n_bytes: u64,
    /// All of its bytes, where they are known.
    pub n_total_bytes: Option<u64>,
    /// Why it is being tried again, while it is.
    pub trouble: Option<String>,
}

/// What is known of a file while it is fetched: written by whoever fetches, read by whoever tells.
#[derive(Debug)]
pub(super) struct Tally {
    path: String,
    phase: AtomicU8,
    n_bytes: AtomicU64,
    /// `u64::MAX` where it is not known.
    n_total_bytes: AtomicU64,
    n_fetched_bytes: AtomicU64,
    trouble: Mutex<Option<String>>,
}

impl Tally {
    pub(super) fn new(path: String, n_total_bytes: Option<u64>) -> Self {
        Self {
            path,
            phase: AtomicU8::new(Phase::Checking as u8),
            n_bytes: AtomicU64::new(0),
            n_total_bytes: AtomicU64::new(n_total_bytes.unwrap_or(u64::MAX)),
            n_fetched_bytes: AtomicU64::new(0),
            trouble: Mutex::new(None),
        }
    }

    pub(super) fn set_phase(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    pub(super) fn set_bytes(&self, n_bytes: u64) {
        self.n_bytes.store(n_bytes, Ordering::Relaxed);
    }

    pub(super) fn set_total(&self, n_bytes: u64) {
        self.n_total_bytes.store(n_bytes, Ordering::Relaxed);
    }

    pub(super) fn add_fetched(&self, n_bytes: u64) {
        self.n_fetched_bytes.fetch_add(n_bytes, Ordering::Relaxed);
    }

    pub(super) fn n_fetched_bytes(&self) -> u64 {
        self.n_fetched_bytes.load(Ordering::Relaxed)
    }

    pub(super) fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// It is there, with so many bytes.
    pub(super) fn done(&self, n_bytes: u64) {
        self.set_bytes(n_bytes);
        self.set_total(n_bytes);
        self.set_trouble(None);
        self.set_phase(Phase::Done);
    }

    fn progress(&self) -> FileProgress {
        let n_total_bytes = self.n_total_bytes.load(Ordering::Relaxed);
        FileProgress {
            path: self.path.clone(),
            phase: match self.phase.load(Ordering::Relaxed) {
                0 => Phase::Checking,
                1 => Phase::Downloading,
                2 => Phase::Verifying,
                _ => Phase::Done,
            },
            n_bytes: self.n_bytes.load(Ordering::Relaxed),
            n_total_bytes: (n_total_bytes != u64::MAX).then_some(n_total_bytes),
            trouble: self
                .trouble
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }
}

/// The speed at which bytes come, smoothed over some seconds.
#[derive(Debug)]
pub(super) struct Speed {
    looked: Instant,
    n_fetched_bytes: u64,
    bytes_per_sec: Option<f64>,
}

impl Speed {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            looked: now,
            n_fetched_bytes: 0,
            bytes_per_sec: None,
        }
    }

    /// The speed, `n_fetched_bytes` having come in all until `now`.
    #[expect(clippy::cast_precision_loss, reason = "a speed has no more digits")]
    pub(super) fn look(&mut self, n_fetched_bytes: u64, now: Instant) -> Option<f64> {
        let elapsed_secs = now.saturating_duration_since(self.looked).as_secs_f64();
        let n_new_bytes = n_fetched_bytes.saturating_sub(self.n_fetched_bytes);
        if elapsed_secs <= 0.0 || (self.bytes_per_sec.is_none() && n_new_bytes == 0) {
            return self.bytes_per_sec;
        }
        let current = n_new_bytes as f64 / elapsed_secs;
        let weight = 1.0 - (-elapsed_secs / SMOOTHING.as_secs_f64()).exp();
        self.bytes_per_sec = Some(match self.bytes_per_sec {
            Some(before) => before + weight * (current - before),
            None => current,
        });
        (self.looked, self.n_fetched_bytes) = (now, n_fetched_bytes);
        self.bytes_per_sec
    }
}

/// How far all of it is.
#[expect(clippy::cast_precision_loss, reason = "a time has no more digits")]
pub(super) fn progress<'a>(tallies: impl Iterator<Item = &'a Tally>, bytes_per_sec: Option<f64>) -> Progress {
    let files: Vec<FileProgress> = tallies.map(Tally::progress).collect();
    let n_bytes = files.iter().map(|file| file.n_bytes).sum();
    let n_total_bytes: Option<u64> = files.iter().map(|file| file.n_total_bytes).sum();
    let remaining = n_total_bytes.map(|total| total.saturating_sub(n_bytes));
    Progress {
        phase: files.iter().map(|file| file.phase).min().unwrap_or(Phase::Done),
        n_bytes,
        n_total_bytes,
        bytes_per_sec,
        // Slower than this, nobody can say.
        remaining_secs: match (remaining, bytes_per_sec) {
            (Some(remaining), Some(speed)) if speed >= 1.0 => Some(remaining as f64 / speed),
            _ => None,
        },
        files,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_follows_what_comes_within_seconds() {
        let start = Instant::now();
        let at = |secs: u64| start + Duration::from_secs(secs);
        let mut speed = Speed::new(start);
        assert_eq!(speed.look(0, at(1)), None);
        assert_eq!(speed.look(2000, at(2)), Some(1000.0));
        for step in 0..100_u32 {
            speed.look(2000 + 500 * u64::from(step), at(2 + u64::from(step)));
        }
        let settled = speed.look(2000 + 500 * 100, at(102)).expect("something came");
        assert!((settled - 500.0).abs() < 1.0, "{settled}");
        let stalled = speed.look(2000 + 500 * 100, at(112)).expect("something came");
        assert!(stalled < 50.0, "{stalled}");
    }

    #[test]
    fn a_total_is_known_when_every_file_says_its_own() {
        let (a, b) = (
            Tally::new("a".to_owned(), Some(10)),
            Tally::new("b".to_owned(), None),
        );
        a.set_bytes(4);
        a.set_phase(Phase::Downloading);
        let of = |speed| progress([&a, &b].into_iter(), speed);
        assert_eq!(
            (of(Some(2.0)).n_total_bytes, of(Some(2.0)).remaining_secs),
            (None, None)
        );
        assert_eq!(of(None).phase, Phase::Checking);
        b.set_total(8);
        assert_eq!(
            (of(Some(2.0)).n_total_bytes, of(Some(2.0)).remaining_secs),
            (Some(18), Some(7.0))
        );
        a.done(10);
        b.done(8);
        assert_eq!((of(None).phase, of(None).n_bytes), (Phase::Done, 18));
    }
}
