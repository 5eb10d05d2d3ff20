//! Opening a video for a command.

use crate::failure::Failure;
use crate::progress::Progress;
use std::path::Path;
use videre::cancel::CancelToken;
use videre::engine::{Engine, OpenVideo, Stage, Update};

/// Opens a video and lists its frames, or takes the list from the cache of an earlier run.
pub(crate) fn open_listed(engine: &Engine, path: &Path, cancel: &CancelToken) -> Result<OpenVideo, Failure> {
    let mut bar = Progress::new("Reading");
    let opened = engine.open(path, cancel, &mut |update| {
        if let Update::Progress(progress) = update
            && let Stage::Opening { fraction } = progress.stage
        {
            bar.set((fraction * 1000.0) as u64, 1000);
        }
    });
    Ok(opened?)
}
