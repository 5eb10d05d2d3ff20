//! Why a call was refused.

use serde::{Deserialize, Serialize};

use crate::fault::{Explain, Failure, Fault};

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
    /// Something else is under way.
    Busy,
    /// It was asked to stop.
    Cancelled,
    /// Anything else.
    Unknown,
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
    /// The wire form of any error that can explain itself.
    #[must_use]
    pub fn explaining(code: ErrorCode, error: &impl Explain) -> Self {
        let code = match error.fault() {
            Fault::Cancelled => ErrorCode::Cancelled,
            _ => code,
        };
        Self {
            code,
            message: error.to_string(),
            hint: error.hint(),
        }
    }

    /// The wire form of a role's failure. `input` and `unsupported` are what the user's fault, and what this build cannot
    /// do, mean here: the roles do not tell a video from a model.
    #[must_use]
    pub fn of_failure(failure: Failure, input: ErrorCode, unsupported: ErrorCode) -> Self {
        let code = match failure.fault {
            _ if failure.worker_ended => ErrorCode::WorkerEnded,
            Fault::Cancelled => ErrorCode::Cancelled,
            Fault::Input => input,
            Fault::Unsupported => unsupported,
            Fault::Usage | Fault::Machine => ErrorCode::Unknown,
        };
        Self {
            code,
            message: failure.message,
            hint: failure.hint,
        }
    }
}
