//! Lists of frames that all readers of a process have in common: each is made once, and held once.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::error::MediaError;
use super::index::FrameIndex;
use super::scan::IndexProgress;
use super::video::Video;
use crate::cancel::{CancelToken, Cancelled, Monitor};
use crate::video::FileState;

/// Lists held at a time: of the videos that a reader keeps open, and as many again that were open before.
const MAX_HELD: usize = 4;

/// Lists of frames by the state of their file. Clones share them.
#[derive(Clone, Default)]
pub struct Lists(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// The one asked for last comes last.
    held: Monitor<Vec<(FileState, Held)>>,
}

enum Held {
    /// Somebody reads the file.
    Making,
    Made(Arc<FrameIndex>),
}

impl Lists {
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
        let path = video.path().to_owned();
        let state = video.file().state();
        match self.claim(state, cancel) {
            Err(Cancelled) => Err(MediaError::Cancelled { path }),
            Ok(Some(index)) => {
                video.learn(Arc::clone(&index));
                Ok(index)
            }
            Ok(None) => {
                // Whoever waits must not wait for one that failed or panicked.
                let mut making = Making {
                    shared: &self.0,
                    state,
                    made: None,
                };
                video.index(progress, cancel)?;
                making.made = video.listed();
                making.made.clone().ok_or(MediaError::NoFrames { path })
            }
        }
    }

    /// The list of this file, waited for where it is being made; `None` where the caller shall make it.
    fn claim(&self, state: FileState, cancel: &CancelToken) -> Result<Option<Arc<FrameIndex>>, Cancelled> {
        self.0.held.wait(cancel, |held| {
            let known = held.iter().position(|(one, _)| *one == state);
            match known.map(|at| held.remove(at)) {
                None => {
                    held.push((state, Held::Making));
                    ControlFlow::Break(None)
                }
                Some((_, Held::Made(index))) => {
                    held.push((state, Held::Made(Arc::clone(&index))));
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
    state: FileState,
    made: Option<Arc<FrameIndex>>,
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        let made = self.made.take();
        self.shared.held.change(|held| {
            held.retain(|(one, _)| *one != self.state);
            if let Some(index) = made {
                held.push((self.state, Held::Made(index)));
            }
            let is_made = |(_, one): &(FileState, Held)| matches!(one, Held::Made(_));
            while held.iter().filter(|one| is_made(one)).count() > MAX_HELD
                && let Some(oldest) = held.iter().position(is_made)
            {
                held.remove(oldest);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cancel::tests::{AT_ONCE, lateness};
    use crate::video::VideoFile;

    #[test]
    fn whoever_waits_for_a_list_is_woken_by_its_end_and_by_a_cancel() {
        let lists = Lists::default();
        let file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
        std::fs::write(file.path(), "a file").expect("it can be written");
        let state = VideoFile::open(file.path()).expect("it is a file").state();
        let claim = |cancel: &CancelToken| lists.claim(state, cancel).map(|index| index.is_some());
        assert_eq!(claim(&CancelToken::new()), Ok(false), "it shall be made here");
        let late = lateness(|cancel| assert_eq!(claim(cancel), Err(Cancelled)));
        assert!(late < AT_ONCE, "{late:?}");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| claim(&CancelToken::new()));
            std::thread::sleep(AT_ONCE);
            // Nothing came of it.
            drop(Making {
                shared: &lists.0,
                state,
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
