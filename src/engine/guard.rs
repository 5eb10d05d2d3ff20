//! Files that end whoever reads them: remembered, so that a person is not kept waiting for the same end again and again.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::requests::media::{MediaLane, MediaProtocol, MediaRequest};
use crate::cancel::{CancelToken, Cancelled};
use crate::fault::{Failure, Fault};
use crate::video::FileState;
use crate::worker::{Caller, Outbox, Parcel};

/// Times in a row that the reader may end over a file before that is not read any more. Once may be anybody's doing.
const MAX_ENDINGS: u32 = 2;

/// The media role, which is not asked about such files.
pub(super) struct Guard {
    media: Arc<dyn Caller<MediaProtocol>>,
    endings: Mutex<HashMap<FileState, Endings>>,
}

struct Endings {
    n_in_a_row: u32,
    /// What was asked before this ended with it, and says nothing new.
    last: Instant,
}

impl Guard {
    pub(super) fn new(media: Arc<dyn Caller<MediaProtocol>>) -> Self {
        Self {
            media,
            endings: Mutex::default(),
        }
    }

    fn endings(&self) -> MutexGuard<'_, HashMap<FileState, Endings>> {
        self.endings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refuses(&self, state: FileState) -> bool {
        let endings = self.endings();
        endings
            .get(&state)
            .is_some_and(|endings| endings.n_in_a_row >= MAX_ENDINGS)
    }

    fn count(&self, state: FileState, began: Instant) {
        let mut endings = self.endings();
        let now = Instant::now();
        let of_file = endings.entry(state).or_insert(Endings {
            n_in_a_row: 0,
            last: began,
        });
        if of_file.last <= began {
            of_file.n_in_a_row += 1;
            of_file.last = now;
        }
    }
}

impl Caller<MediaProtocol> for Guard {
    fn send(
        &self,
        lane: MediaLane,
        request: MediaRequest,
        cancel: &CancelToken,
        on_event: &mut Outbox<'_>,
    ) -> Result<Parcel, Failure> {
        let Some(file) = request.video().cloned() else {
            return self.media.send(lane, request, cancel, on_event);
        };
        let state = file.state();
        if self.refuses(state) {
            return Err(refusal(file.path()));
        }
        let began = Instant::now();
        let answered = self.media.send(lane, request, cancel, on_event);
        match &answered {
            Ok(_) => {
                self.endings().remove(&state);
            }
            Err(failure) if failure.fault == Fault::WorkerEnded => {
                self.count(state, began);
                // Whoever wanted it to stop has what they wanted.
                cancel.check().map_err(|Cancelled| Failure::from(Cancelled))?;
            }
            Err(_) => {}
        }
        answered
    }
}

fn refusal(path: &Path) -> Failure {
    let text = format!(
        "{} made the video reader end {MAX_ENDINGS} times and is not read again until Videre is started anew",
        path.display()
    );
    Failure::new(Fault::Unreadable, text).with_hint("convert it, for example with ffmpeg")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::requests::media::Open;
    use crate::video::VideoFile;

    /// Answers as it is told to, one after the other.
    struct Scripted(Mutex<Vec<Option<Fault>>>);

    impl Caller<MediaProtocol> for Scripted {
        fn send(
            &self,
            _: MediaLane,
            _: MediaRequest,
            _: &CancelToken,
            _: &mut Outbox<'_>,
        ) -> Result<Parcel, Failure> {
            match self.0.lock().unwrap().pop().expect("so many are asked") {
                None => Parcel::pack(()),
                Some(fault) => Err(Failure::new(fault, "it ended")),
            }
        }
    }

    fn faults(script: &[Option<Fault>]) -> Vec<Option<Fault>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a video").unwrap();
        let video = VideoFile::open(file.path()).unwrap();
        let script = script.iter().rev().copied().collect();
        let guard = Guard::new(Arc::new(Scripted(Mutex::new(script))));
        let mut faults = Vec::new();
        while !guard_is_done(&guard, &faults) {
            let open = Open { video: video.clone() };
            let answer = guard.send(MediaLane::List, open.into(), &CancelToken::new(), &mut |_| {});
            faults.push(answer.err().map(|failure| failure.fault));
        }
        faults
    }

    fn guard_is_done(guard: &Guard, faults: &[Option<Fault>]) -> bool {
        let is_refused = guard
            .endings()
            .values()
            .any(|endings| endings.n_in_a_row >= MAX_ENDINGS);
        faults.len() == 5 || (is_refused && faults.last() == Some(&Some(Fault::Unreadable)))
    }

    #[test]
    fn a_file_is_refused_once_the_reader_ended_over_it_twice_in_a_row() {
        let ended = Some(Fault::WorkerEnded);
        assert_eq!(
            faults(&[ended, ended]),
            [ended, ended, Some(Fault::Unreadable)],
            "and nobody is asked"
        );
        let between = [ended, None, ended, None, ended];
        assert_eq!(faults(&between), between);
    }
}
