//! How a command ends when it does not end well.

use std::io;
use std::path::Path;
use videre::fault::{self, Explain, Fault};

/// Why a command stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// With something to say.
    Explained(fault::Failure),
    /// It was reported when it happened, and work went on; the exit code is left.
    Reported(Fault),
    /// Whoever read standard output has gone (`videre probe clip.mp4 | head`): nothing is wrong.
    ReaderGone,
}

impl Failure {
    /// Something to say, without advice.
    pub(crate) fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self::Explained(fault::Failure::new(fault, message))
    }

    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Fault::Usage, message).with_hint(hint)
    }

    /// The same with advice.
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        match self {
            Self::Explained(failure) => Self::Explained(failure.with_hint(hint)),
            other => other,
        }
    }

    /// The same, said about a file, for errors that do not know which one they are about.
    pub(crate) fn about(self, path: &Path) -> Self {
        match self {
            Self::Explained(failure) => Self::Explained(fault::Failure {
                message: format!("{}: {}", path.display(), failure.message),
                ..failure
            }),
            other => other,
        }
    }

    /// A file or folder of the user's choice that cannot be written.
    pub(crate) fn unwritable(path: &Path, error: &io::Error) -> Self {
        let (fault, hint) = match (error.kind(), Fault::of_writing(error)) {
            (io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists, _) => (
                Fault::Usage,
                "name a folder with --out; it is made if it does not exist",
            ),
            (_, Fault::DiskFull) => (
                Fault::DiskFull,
                "free some space, or name a folder on another disk",
            ),
            (_, fault) => (fault, "name a folder that you may write to"),
        };
        Self::new(fault, format!("cannot write {}: {error}", path.display())).with_hint(hint)
    }

    /// Whether what was given or the way it was asked for is at fault, and something else may work.
    pub(crate) fn is_of_the_input(&self) -> bool {
        matches!(self.exit_code(), 1 | 2)
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Explained(failure) => failure.fault.exit_code(),
            Self::Reported(fault) => fault.exit_code(),
            Self::ReaderGone => 0,
        }
    }
}

impl<E: Explain> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Explained(fault::Failure::from_error(&error))
    }
}
