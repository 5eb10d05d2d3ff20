//! What went wrong, whose fault it is, what to do about it, and the page's word for it.

use std::{fmt, io};

use serde::{Deserialize, Serialize};

use crate::cancel::Cancelled;

/// What went wrong, as far as anybody does something different about it. It is set where the error arises; whose fault it
/// is, the exit code and the page's code follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Fault {
    /// A file or folder that was named is not there.
    Missing,
    /// A file that cannot be read, is of another kind, or is damaged.
    Unreadable,
    /// Files of models that are no pair: one alone, two of a kind, or halves that do not fit.
    NoPair,
    /// More tokens than the model reads at a time.
    ContextTooLong,
    /// Whatever has this id is not there, or not any more.
    Gone,
    /// Anything else about the file, model or question that was given.
    Input,
    /// The way it was asked for.
    Usage,
    /// Well-formed, but this build cannot do it.
    Unsupported,
    /// Kept by a newer version of this program.
    Newer,
    /// Too little memory.
    OutOfMemory,
    /// Too little disk space.
    DiskFull,
    /// The network, or a host on it: not reached, not allowed to be, refusing for now, or sending what is wrong. Tried again
    /// it may work.
    Network,
    /// The worker that worked on it is gone; the request may be sent again to a new one.
    WorkerEnded,
    /// Anything else about the machine, or a fault of the program.
    Machine,
    /// Nobody's: it was asked to stop.
    Cancelled,
}

impl Fault {
    /// The exit code of the command line: 1 where what was given is at fault, 2 the way it was asked for, 3 this build,
    /// 4 the machine, 130 nobody.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Missing
            | Self::Unreadable
            | Self::NoPair
            | Self::ContextTooLong
            | Self::Gone
            | Self::Input => 1,
            Self::Usage => 2,
            Self::Unsupported | Self::Newer => 3,
            Self::OutOfMemory | Self::DiskFull | Self::Network | Self::WorkerEnded | Self::Machine => 4,
            Self::Cancelled => 130,
        }
    }

    /// Of a file that could not be opened or read.
    #[must_use]
    pub fn of_reading(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            _ => Self::Unreadable,
        }
    }

    /// Of a file or folder of our own that could not be made, written or removed.
    #[must_use]
    pub fn of_writing(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Machine,
        }
    }
}

/// Who said what went wrong: a file that is missing is another thing to the reader of videos than to the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Origin {
    /// The role that reads videos.
    Media,
    /// The role that answers.
    Model,
    /// The file of chats.
    Store,
    /// The window itself.
    Window,
}

/// An error that can tell a user whose fault it is and what to do next.
///
/// The message (`Display`) says what happened and to which file; the hint is apart from it.
pub trait Explain: std::error::Error {
    /// What went wrong.
    fn fault(&self) -> Fault;

    /// What to do about it: one sentence without a full stop, or nothing.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// An error as it crosses a process border.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Failure {
    /// What went wrong.
    pub fault: Fault,
    /// Who said so, where that is not who was asked: the model role passes on why frames do not come.
    pub origin: Option<Origin>,
    /// What happened and to which file, in one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure with this wording and no hint.
    #[must_use]
    pub fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self {
            fault,
            origin: None,
            message: message.into(),
            hint: None,
        }
    }

    /// The same failure with advice.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure, said by `origin`.
    #[must_use]
    pub fn said_by(self, origin: Origin) -> Self {
        Self {
            origin: Some(origin),
            ..self
        }
    }

    /// Takes over the wording of any error of the engine.
    #[must_use]
    pub fn from_error(error: &impl Explain) -> Self {
        Self {
            fault: error.fault(),
            origin: None,
            message: error.to_string(),
            hint: error.hint(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl Explain for Failure {
    fn fault(&self) -> Fault {
        self.fault
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

impl From<Cancelled> for Failure {
    fn from(_: Cancelled) -> Self {
        Self::new(Fault::Cancelled, "cancelled")
    }
}

/// One word for each thing that the window does differently; everything else is [`ErrorCode::Unknown`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// The file is not where it was.
    VideoMissing,
    /// The file is no video, or is damaged.
    VideoUnreadable,
    /// A video that this build cannot decode.
    VideoUnsupported,
    /// A model's file is not where it was.
    ModelMissing,
    /// Two files that are no pair.
    ModelMismatch,
    /// A model that this build cannot run.
    ModelUnsupported,
    /// Too little memory.
    OutOfMemory,
    /// Too little disk space.
    DiskFull,
    /// More than the model can read.
    ContextTooLong,
    /// The process that worked on it is gone.
    WorkerEnded,
    /// Chats and settings were written by a newer version.
    StoreNewer,
    /// It was asked to stop.
    Cancelled,
    /// Anything else.
    Unknown,
}

impl ErrorCode {
    /// What this fault is to the page, said by `origin`.
    #[must_use]
    pub fn of(fault: Fault, origin: Origin) -> Self {
        match (fault, origin) {
            (Fault::Missing, Origin::Media) => Self::VideoMissing,
            (Fault::Missing, Origin::Model) => Self::ModelMissing,
            (Fault::Unreadable | Fault::Input, Origin::Media) => Self::VideoUnreadable,
            (Fault::Unreadable | Fault::NoPair, Origin::Model) => Self::ModelMismatch,
            (Fault::Unsupported, Origin::Media) => Self::VideoUnsupported,
            (Fault::Unsupported, Origin::Model) => Self::ModelUnsupported,
            (Fault::ContextTooLong, _) => Self::ContextTooLong,
            (Fault::OutOfMemory, _) => Self::OutOfMemory,
            (Fault::DiskFull, _) => Self::DiskFull,
            (Fault::WorkerEnded, _) => Self::WorkerEnded,
            (Fault::Newer, _) => Self::StoreNewer,
            (Fault::Cancelled, _) => Self::Cancelled,
            (
                Fault::Missing
                | Fault::Unreadable
                | Fault::NoPair
                | Fault::Gone
                | Fault::Input
                | Fault::Usage
                | Fault::Unsupported
                | Fault::Network
                | Fault::Machine,
                _,
            ) => Self::Unknown,
        }
    }
}

/// What a refused call rejects with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct ApiError {
    /// What the window does about it.
    pub code: ErrorCode,
    /// What happened and to which file, one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl ApiError {
    /// What `origin` said, in the page's words.
    #[must_use]
    pub fn of(origin: Origin, error: &impl Explain) -> Self {
        Self {
            code: ErrorCode::of(error.fault(), origin),
            message: error.to_string(),
            hint: error.hint(),
        }
    }
}
