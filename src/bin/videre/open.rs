//! Opening a video for a command.

use crate::failure::Failure;
use crate::progress::Progress;
use etcetera::BaseStrategy;
use std::path::{Path, PathBuf};
use videre::cancel::CancelToken;
use videre::media::{FrameIndex, IndexProgress, Limits, Video};

/// Opens a video and lists its frames, or takes the list from the cache of an earlier run.
pub(crate) fn open_indexed(path: &Path, cancel: &CancelToken) -> Result<(Video, FrameIndex), Failure> {
    let mut video = Video::open(path, &Limits::default(), cancel)?;
    let mut progress = Progress::new("Reading");
    let mut report = |indexed: IndexProgress| progress.set((indexed.fraction * 1000.0) as u64, 1000);
    let index = video
        .index(index_folder().as_deref(), &mut report, cancel)?
        .clone();
    Ok((video, index))
}

/// Where lists of frames are kept; nowhere for users without a home.
pub(crate) fn index_folder() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy().ok()?;
    Some(folders.cache_dir().join("videre").join("index"))
}

/// The time stamp of every frame, ascending.
pub(crate) fn every_pts_secs(index: &FrameIndex) -> Vec<f64> {
    (0..index.len()).map(|frame| index.pts_secs(frame)).collect()
}
