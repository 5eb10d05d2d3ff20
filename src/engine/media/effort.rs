//! How much work a file gets that comes to nothing: each step of it has its deadline, and there may be any number of steps.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::fault::{Failure, Fault};
use crate::video::{FileState, VideoFile};

/// Work on one file that may come to nothing: five frames that take as long as a frame may.
const MAX_FRUITLESS: Duration = Duration::from_secs(300);

/// What fails sooner costs little, however often somebody comes by a damaged place.
const CHEAP: Duration = Duration::from_secs(5);

/// The work that came to nothing, by file. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Effort(Arc<Mutex<HashMap<FileState, Duration>>>);

impl Effort {
    /// Whether more may be done for this file.
    ///
    /// # Errors
    /// That enough was.
    pub(super) fn check(&self, file: &VideoFile) -> Result<(), Failure> {
        let spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match spent.get(&file.state()) {
            Some(spent) if *spent > MAX_FRUITLESS => {
                let text = format!(
                    "{} took {} minutes of work that came to nothing and is not read again until Videre is started anew",
                    file.path().display(),
                    spent.as_secs() / 60
                );
                Err(Failure::new(Fault::Unreadable, text).with_hint("convert it, for example with ffmpeg"))
            }
            _ => Ok(()),
        }
    }

    /// So much was done for this file, and failed.
    pub(super) fn spend(&self, state: FileState, spent: Duration) {
        if spent < CHEAP {
            return;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_file = all.entry(state).or_default();
        *of_file = of_file.saturating_add(spent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_refused_once_so_much_work_on_it_came_to_nothing_and_no_other_is() {
        let files = ["one", "another"].map(|content| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), content).unwrap();
            VideoFile::open(file.path()).unwrap()
        });
        let effort = Effort::default();
        for _ in 0..5 {
            assert_eq!(effort.check(&files[0]), Ok(()));
            effort.clone().spend(files[0].state(), MAX_FRUITLESS / 4);
        }
        let refused = effort.check(&files[0]).unwrap_err();
        assert_eq!(refused.fault, Fault::Unreadable);
        let words =
            "took 6 minutes of work that came to nothing and is not read again until Videre is started anew";
        assert_eq!(refused.message, format!("{} {words}", files[0].path().display()));
        assert_eq!(effort.check(&files[1]), Ok(()));
        for _ in 0..1000 {
            effort.spend(files[1].state(), Duration::from_secs(1));
        }
        assert_eq!(effort.check(&files[1]), Ok(()), "a damaged place costs a moment");
    }
}
