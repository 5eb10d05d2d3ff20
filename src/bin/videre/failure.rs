//! How a command ends when it does not end well.

use std::io;
use std::path::Path;
use videre::fault::{Explain, Fault};

/// Why a command stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// With something to say.
    Explained {
        fault: Fault,
        message: String,
        hint: Option<String>,
    },
    /// It was reported when it happened, and work went on; the exit code is left.
    Reported(Fault),
    /// Whoever read standard output has gone (`videre probe clip.mp4 | head`): nothing is wrong.
    ReaderGone,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Explained {
            fault: Fault::Usage,
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    /// The same, said about a file, for errors that do not know which one they are about.
    pub(crate) fn about(self, path: &Path) -> Self {
        match self {
            Self::Explained { fault, message, hint } => Self::Explained {
                fault,
                message: format!("{}: {message}", path.display()),
                hint,
            },
            other => other,
        }
    }

    /// A file or folder of the user's choice that cannot be written.
    pub(crate) fn unwritable(path: &Path, error: &io::Error) -> Self {
        let (fault, hint) = match error.kind() {
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => (
                Fault::Usage,
                "name a folder with --out; it is made if it does not exist",
            ),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
                Fault::Machine,
                "free some space, or name a folder on another disk",
            ),
            _ => (Fault::Machine, "name a folder that you may write to"),
        };
        let message = format!("cannot write {}: {error}", path.display());
        Self::Explained {
            fault,
            message,
            hint: Some(hint.to_owned()),
        }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Explained { fault, .. } | Self::Reported(fault) => fault.exit_code(),
            Self::ReaderGone => 0,
        }
    }
}

impl<E: Explain> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Explained {
            fault: error.fault(),
            message: error.to_string(),
            hint: error.hint(),
        }
    }
}
