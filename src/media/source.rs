//! The file itself, as FFmpeg reads it: through our own handle only.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::error::MediaError;
use crate::cancel::CancelToken;
use crate::regular::Positioned;

/// Why reading should stop, looked at by FFmpeg's interrupt callback and by our own loops.
#[derive(Clone, Debug)]
pub(super) struct Watch(Arc<WatchState>);

#[derive(Debug)]
struct WatchState {
    guard: Mutex<(CancelToken, Instant)>,
    shrunk: AtomicBool,
}

/// What a [`Watch`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The caller's token was cancelled.
    Cancelled,
    /// The deadline passed.
    TimedOut,
    /// The file ended before the length it had when it was opened.
    Shrunk,
}

impl Watch {
    pub(super) fn new(cancel: &CancelToken, allowed: Duration) -> Self {
        Self(Arc::new(WatchState {
            guard: Mutex::new((cancel.clone(), Instant::now() + allowed)),
            shrunk: AtomicBool::new(false),
        }))
    }

    /// Begins a new piece of work with its own token and time.
    pub(super) fn arm(&self, cancel: &CancelToken, allowed: Duration) {
        *self.0.guard.lock().unwrap_or_else(PoisonError::into_inner) =
            (cancel.clone(), Instant::now() + allowed);
    }

    /// Gives the present piece of work `allowed` from now on: it is getting somewhere.
    pub(super) fn progressed(&self, allowed: Duration) {
        self.0.guard.lock().unwrap_or_else(PoisonError::into_inner).1 = Instant::now() + allowed;
    }

    pub(super) fn stop(&self) -> Option<Stop> {
        let guard = self.0.guard.lock().unwrap_or_else(PoisonError::into_inner);
        if guard.0.is_cancelled() {
            Some(Stop::Cancelled)
        } else if self.0.shrunk.load(Ordering::Acquire) {
            Some(Stop::Shrunk)
        } else if Instant::now() > guard.1 {
            Some(Stop::TimedOut)
        } else {
            None
        }
    }

    /// `Err` with the user's words once the work should stop.
    pub(super) fn check(&self, path: &Path, action: &'static str) -> Result<(), MediaError> {
        let path = path.to_owned();
        match self.stop() {
            None => Ok(()),
            Some(Stop::Cancelled) => Err(MediaError::Cancelled { path }),
            Some(Stop::TimedOut) => Err(MediaError::TimedOut { path, action }),
            Some(Stop::Shrunk) => Err(MediaError::Changed { path }),
        }
    }
}

/// What is read of a file since something came of it. Clones share it: one who reads, one who knows what came.
#[derive(Clone, Debug)]
pub(super) struct Barren {
    n_bytes: Arc<AtomicU64>,
    max_bytes: u64,
}

impl Barren {
    /// Nothing was read yet; of `max_bytes` something must come.
    pub(super) fn new(max_bytes: u64) -> Self {
        Self {
            n_bytes: Arc::default(),
            max_bytes,
        }
    }

    /// Something came of what was read.
    pub(super) fn end(&self) {
        self.n_bytes.store(0, Ordering::Relaxed);
    }

    /// Whether nothing more is read.
    pub(super) fn is_over(&self) -> bool {
        self.n_bytes.load(Ordering::Relaxed) > self.max_bytes
    }
}

/// The opened file as FFmpeg reads it. Reaching the end before the length seen at opening is an error, not an end. A
/// demuxer that searches for something may never look at its interrupt callback, so nothing is read once the work should
/// stop, nor where nothing comes of it: half of a download may be terabytes of nothing.
pub(super) struct Source {
    file: Positioned,
    n_bytes: u64,
    watch: Watch,
    barren: Barren,
}

impl Source {
    pub(super) fn new(file: Arc<File>, watch: Watch, barren: Barren) -> std::io::Result<Self> {
        let n_bytes = file.metadata()?.len();
        Ok(Self {
            file: Positioned::new(file),
            n_bytes,
            watch,
            barren,
        })
    }

    /// What FFmpeg is told instead; why is read off the watch.
    fn refuse_if(&self, is_over: bool) -> std::io::Result<()> {
        match is_over || self.watch.stop().is_some() {
            true => Err(std::io::ErrorKind::Other.into()),
            false => Ok(()),
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.refuse_if(self.barren.is_over())?;
        let n = self.file.read(buffer)?;
        self.barren.n_bytes.fetch_add(n as u64, Ordering::Relaxed);
        if n == 0 && !buffer.is_empty() && self.file.position() < self.n_bytes {
            self.watch.0.shrunk.store(true, Ordering::Release);
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(n)
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        // Also where nothing more is read: what is there is gone back to.
        self.refuse_if(false)?;
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> Arc<File> {
        Arc::new(File::open(path).unwrap())
    }

    #[test]
    fn a_file_that_shrinks_is_an_error_instead_of_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip");
        std::fs::write(&path, [7; 100]).unwrap();
        let watch = Watch::new(&CancelToken::new(), Duration::from_secs(60));
        let mut source = Source::new(open(&path), watch.clone(), Barren::new(1000)).unwrap();
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(10)
            .unwrap();
        let mut buffer = [0; 100];
        assert_eq!(source.read(&mut buffer).unwrap(), 10);
        assert!(source.read(&mut buffer).is_err());
        assert_eq!(watch.stop(), Some(Stop::Shrunk));
    }

    #[test]
    fn nothing_is_read_once_the_work_should_stop_or_nothing_comes_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip");
        std::fs::write(&path, [7; 1000]).unwrap();
        let cancel = CancelToken::new();
        let (watch, barren) = (Watch::new(&cancel, Duration::from_secs(60)), Barren::new(99));
        let mut source = Source::new(open(&path), watch, barren.clone()).unwrap();
        let mut buffer = [0; 100];
        assert_eq!(source.read(&mut buffer).unwrap(), 100);
        assert!(source.read(&mut buffer).is_err());
        barren.end();
        assert_eq!(source.read(&mut buffer).unwrap(), 100);
        barren.end();
        cancel.cancel();
        assert!(source.read(&mut buffer).is_err());
        assert!(source.seek(SeekFrom::Start(0)).is_err());
    }
}
