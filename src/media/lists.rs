//! Lists of frames that all readers of a process have in common: each is made once, and held once.

use std::collections::HashMap;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::MediaError;
use super::index::FrameIndex;
use super::index_cache::{self, CacheKey};
use super::scan::IndexProgress;
use super::video::Video;
use crate::cancel::{CancelToken, Cancelled, Monitor};

/// Lists held at a time: of the videos that a reader keeps open, and as many again that were open before.
const MAX_HELD: usize = 4;

/// Lists of frames by the state of their file. Clones share them.
#[derive(Clone, Default)]
pub struct Lists(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// Where they are kept from run to run; nowhere without.
    folder: Option<PathBuf>,
    /// The one asked for last comes last.
    held: Monitor<Vec<(CacheKey, Held)>>,
    /// The state in which each file was opened last.
    opened: Mutex<HashMap<PathBuf, CacheKey>>,
}

enum Held {
    /// Somebody reads the file.
    Making,
    Made(Arc<FrameIndex>),
}

impl Lists {
    /// None yet; each is kept in `folder` as well.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self(Arc::new(Shared {
            folder,
            ..Shared::default()
        }))
    }

    /// Where lists are kept from run to run.
    #[must_use]
    pub fn folder(&self) -> Option<&PathBuf> {
        self.0.folder.as_ref()
    }

    /// Removes what is kept from run to run of the file at `path`, which need not be there any more.
    ///
    /// # Errors
    /// What the file system says.
    pub fn forget(&self, path: &Path) -> io::Result<()> {
        match self.folder() {
            Some(folder) => index_cache::forget(folder, path),
            None => Ok(()),
        }
    }

    /// Says that `video` was opened anew by the user: readers of an earlier state of its file are out of date.
    pub fn renew(&self, video: &Video) {
        if let Some(key) = video.cache_key() {
            lock(&self.0.opened).insert(video.path().to_owned(), key);
        }
    }

    /// Whether the file of `video` was opened anew by the user since, and has changed between.
    #[must_use]
    pub fn is_outdated(&self, video: &Video) -> bool {
        let opened = lock(&self.0.opened);
        opened
            .get(video.path())
            .is_some_and(|newest| video.opened_as() != Some(newest))
    }

    /// Gives `video` the list of its frames, where it has none: one that is held, one that another thread is making right
    /// now, or one made here.
    ///
    /// # Errors
    /// As [`Video::index`].
    pub fn list(
        &self,
        video: &mut Video,
        progress: &mut dyn FnMut(IndexProgress),
        cancel: &CancelToken,
    ) -> Result<Arc<FrameIndex>, MediaError> {
        if let Some(index) = video.listed() {
            return Ok(index);
        }
        let folder = self.0.folder.as_deref();
        let path = video.path().to_owned();
        let no_frames = || MediaError::NoFrames { path: path.clone() };
        let Some(key) = video.cache_key() else {
            video.index(folder, progress, cancel)?;
            return video.listed().ok_or_else(no_frames);
        };
        match self.claim(&key, cancel) {
            Err(Cancelled) => Err(MediaError::Cancelled { path }),
            Ok(Some(index)) => {
                video.learn(Arc::clone(&index));
                Ok(index)
            }
            Ok(None) => {
                // Whoever waits must not wait for one that failed or panicked.
                let mut making = Making {
                    shared: &self.0,
                    key,
                    made: None,
                };
                video.index(folder, progress, cancel)?;
                making.made = video.listed();
                making.made.clone().ok_or_else(no_frames)
            }
        }
    }

    /// The list of this file, waited for where it is being made; `None` where the caller shall make it.
    fn claim(&self, key: &CacheKey, cancel: &CancelToken) -> Result<Option<Arc<FrameIndex>>, Cancelled> {
        self.0.held.wait(cancel, |held| {
            let known = held.iter().position(|(one, _)| one == key);
            match known.map(|at| held.remove(at)) {
                None => {
                    held.push((key.clone(), Held::Making));
                    ControlFlow::Break(None)
                }
                Some((key, Held::Made(index))) => {
                    held.push((key, Held::Made(Arc::clone(&index))));
                    ControlFlow::Break(Some(index))
                }
                Some(making) => {
                    held.push(making);
                    ControlFlow::Continue(None)
                }
            }
        })
    }
}

/// A list on its way. Its end, whatever it is, wakes those who wait.
struct Making<'a> {
    shared: &'a Shared,
    key: CacheKey,
    made: Option<Arc<FrameIndex>>,
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        let made = self.made.take();
        self.shared.held.change(|held| {
            held.retain(|(one, _)| *one != self.key);
            if let Some(index) = made {
                held.push((self.key.clone(), Held::Made(index)));
            }
            let is_made = |(_, one): &(CacheKey, Held)| matches!(one, Held::Made(_));
            while held.iter().filter(|one| is_made(one)).count() > MAX_HELD
                && let Some(oldest) = held.iter().position(is_made)
            {
                held.remove(oldest);
            }
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cancel::tests::{AT_ONCE, lateness};

    #[test]
    fn whoever_waits_for_a_list_is_woken_by_its_end_and_by_a_cancel() {
        let lists = Lists::default();
        let file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
        let key = CacheKey::of(file.path(), 0).expect("it has a name and a time");
        let claim = |cancel: &CancelToken| lists.claim(&key, cancel).map(|index| index.is_some());
        assert_eq!(claim(&CancelToken::new()), Ok(false), "it shall be made here");
        let late = lateness(|cancel| assert_eq!(claim(cancel), Err(Cancelled)));
        assert!(late < AT_ONCE, "{late:?}");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| claim(&CancelToken::new()));
            std::thread::sleep(AT_ONCE);
            // Nothing came of it.
            drop(Making {
                shared: &lists.0,
                key: key.clone(),
                made: None,
            });
            assert_eq!(
                waiting.join().expect("no panic"),
                Ok(false),
                "the next one makes it"
            );
        });
    }
}
