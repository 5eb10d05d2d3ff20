//! What can go wrong between a file and its frames.

use std::path::{Path, PathBuf};

use ffmpeg_next::Error;

use super::memory;
use crate::fault::{Explain, Fault};
use crate::video::VideoFileError;

/// Why a file cannot be shown, in words for whoever chose it. Every variant names the file.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// No file of a video.
    #[error(transparent)]
    File(#[from] VideoFileError),
    /// Not one of the containers that are read, or too damaged to tell.
    #[error("{} is not a video that can be read", path.display())]
    Unrecognised {
        /// The file.
        path: PathBuf,
    },
    /// A media file without moving pictures.
    #[error("{} has no video in it, only {contents}", path.display())]
    NoVideo {
        /// The file.
        path: PathBuf,
        /// What it has instead.
        contents: String,
    },
    /// No frame of its video can be shown.
    #[error("{} has a video track, but no frame of it can be decoded", path.display())]
    NoFrames {
        /// The file.
        path: PathBuf,
    },
    /// The decoder for it is not in this FFmpeg.
    #[error("{} is coded as {codec}, which this build cannot decode", path.display())]
    UnsupportedCodec {
        /// The file.
        path: PathBuf,
        /// The codec's name.
        codec: String,
    },
    /// Beyond [`super::Limits`].
    #[error("{} has {what}, more than the {limit} that are accepted", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// How much of what.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// It takes more memory than the process may use for a video.
    #[error("{} takes more than {} MB of memory, more than any video should", path.display(), max_bytes >> 20)]
    OutOfBounds {
        /// The file.
        path: PathBuf,
        /// The limit.
        max_bytes: u64,
    },
    /// Opening or decoding ran past its deadline.
    #[error("{} takes too long to {action}", path.display())]
    TimedOut {
        /// The file.
        path: PathBuf,
        /// What was being done.
        action: &'static str,
    },
    /// It became shorter while it was read.
    #[error("{} changed while it was being read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Reading failed in the middle.
    #[error("{} cannot be read any further: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What FFmpeg said.
        reason: String,
    },
    /// A frame that the index lists cannot be decoded.
    #[error("frame {index} of {} is damaged and cannot be decoded", path.display())]
    FrameLost {
        /// The file.
        path: PathBuf,
        /// Its number.
        index: usize,
    },
    /// A frame number past the end.
    #[error("frame {index} was asked for, but {} has {n_frames}", path.display())]
    OutOfRange {
        /// The file.
        path: PathBuf,
        /// The number asked for.
        index: usize,
        /// How many there are.
        n_frames: usize,
    },
    /// The machine has no memory left for it, or FFmpeg failed for no reason of the file's.
    #[error("{} cannot be decoded on this machine: {reason}", path.display())]
    Machine {
        /// The file.
        path: PathBuf,
        /// What failed.
        reason: String,
    },
    /// It was asked to stop.
    #[error("reading {} was cancelled", path.display())]
    Cancelled {
        /// The file.
        path: PathBuf,
    },
}

impl MediaError {
    /// What it means that FFmpeg failed for no reason that it gives of the file's.
    pub(super) fn of_ffmpeg(path: &Path, error: Error) -> Self {
        match error {
            Error::Other { errno: libc::ENOMEM } => Self::out_of_memory(path),
            error => Self::Machine {
                path: path.to_owned(),
                reason: error.to_string(),
            },
        }
    }

    /// What it means that there is no memory for it: that of the machine is used up, or what a video may use.
    pub(super) fn out_of_memory(path: &Path) -> Self {
        let path = path.to_owned();
        match memory::bound() {
            Some(max_bytes) => Self::OutOfBounds { path, max_bytes },
            None => Self::Machine {
                path,
                reason: "no memory".to_owned(),
            },
        }
    }

    /// The file that it is about.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::File(error) => error.path(),
            Self::Unrecognised { path }
            | Self::NoVideo { path, .. }
            | Self::NoFrames { path }
            | Self::UnsupportedCodec { path, .. }
            | Self::TooLarge { path, .. }
            | Self::OutOfBounds { path, .. }
            | Self::TimedOut { path, .. }
            | Self::Changed { path }
            | Self::Read { path, .. }
            | Self::FrameLost { path, .. }
            | Self::OutOfRange { path, .. }
            | Self::Machine { path, .. }
            | Self::Cancelled { path } => path,
        }
    }
}

impl Explain for MediaError {
    fn fault(&self) -> Fault {
        match self {
            Self::File(error) => error.fault(),
            Self::Unrecognised { .. }
            | Self::NoVideo { .. }
            | Self::NoFrames { .. }
            | Self::TooLarge { .. }
            | Self::OutOfBounds { .. }
            | Self::TimedOut { .. }
            | Self::Changed { .. }
            | Self::Read { .. }
            | Self::FrameLost { .. } => Fault::Unreadable,
            Self::OutOfRange { .. } => Fault::Usage,
            Self::UnsupportedCodec { .. } => Fault::Unsupported,
            Self::Machine { .. } => Fault::Machine,
            Self::Cancelled { .. } => Fault::Cancelled,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::File(error) => return error.hint(),
            Self::Unrecognised { .. } => {
                "MP4, MOV, MKV, WebM, AVI, MPEG, FLV, Ogg, ASF and GIF are read; the file may be incomplete"
            }
            Self::NoVideo { .. } => "give a file with a video track",
            Self::NoFrames { .. } | Self::Read { .. } | Self::FrameLost { .. } => {
                "the file is incomplete or damaged; copy or record it again"
            }
            Self::UnsupportedCodec { .. } => "convert it to H.264, for example with ffmpeg",
            Self::TooLarge { .. } | Self::OutOfBounds { .. } | Self::TimedOut { .. } => {
                "convert it to something smaller, for example with ffmpeg"
            }
            Self::Changed { .. } => "wait until nothing writes to it any more, then open it again",
            Self::OutOfRange { n_frames, .. } => {
                return Some(format!(
                    "frames are numbered from 0 to {}",
                    n_frames.saturating_sub(1)
                ));
            }
            Self::Machine { .. } => "close other programs and try again",
            Self::Cancelled { .. } => return None,
        };
        Some(hint.to_owned())
    }
}
