//! Whose fault an error is, and what to do about it.

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
