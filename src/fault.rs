//! Whose fault an error is, and what to do about it.

use std::fmt;

use crate::cancel::Cancelled;

/// Whose fault an error is. Decides the exit code of the command line and the tone of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Fault {
    /// The file, model or question that was given: exit code 1.
    Input,
    /// The way it was asked for: exit code 2.
    Usage,
    /// Well-formed, but this build cannot do it: exit code 3.
    Unsupported,
    /// The machine: memory, disk, permissions of our own directories: exit code 4.
    Machine,
    /// Nobody's: it was asked to stop: exit code 130.
    Cancelled,
}

impl Fault {
    /// The exit code of the command line for this kind of error.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Input => 1,
            Self::Usage => 2,
            Self::Unsupported => 3,
            Self::Machine => 4,
            Self::Cancelled => 130,
        }
    }
}

/// An error that can tell a user whose fault it is and what to do next.
///
/// The message (`Display`) says what happened and to which file; the hint is apart from it.
pub trait Explain: std::error::Error {
    /// Whose fault it is.
    fn fault(&self) -> Fault;

    /// What to do about it: one sentence without a full stop, or nothing.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// An error as it crosses a process border: whose fault, what happened, what to do.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Failure {
    /// Whose fault it is.
    pub fault: Fault,
    /// What happened and to which file, in one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// True when the worker that worked on it is gone; the request may be sent again to a new one.
    pub worker_ended: bool,
}

impl Failure {
    /// A failure with this wording and no hint.
    #[must_use]
    pub fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self {
            fault,
            message: message.into(),
            hint: None,
            worker_ended: false,
        }
    }

    /// The same failure with advice.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Takes over the wording of any error of the engine.
    #[must_use]
    pub fn from_error(error: &impl Explain) -> Self {
        Self {
            fault: error.fault(),
            message: error.to_string(),
            hint: error.hint(),
            worker_ended: false,
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
