//! How a worker ended, in words.

use std::fmt;
use std::process::ExitStatus;

/// Why a worker is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WorkerEnd {
    /// It ended by itself with this code.
    Exited {
        /// The exit code.
        code: i32,
    },
    /// The system or a crash ended it with this signal.
    Signalled {
        /// The signal's number.
        signal: i32,
    },
    /// Killed by the system without this program asking, as happens when memory runs out.
    OutOfMemory,
}

impl WorkerEnd {
    /// Reads the reason off an exit status.
    #[must_use]
    pub(super) fn from_status(status: ExitStatus) -> Self {
        #[cfg(unix)]
        {
            use std::os::unix::process::ExitStatusExt as _;
            const SIGKILL: i32 = 9;
            match status.signal() {
                // Nobody but the kernel sends this one unasked: the client records its own kills before it looks here.
                Some(SIGKILL) => return Self::OutOfMemory,
                Some(signal) => return Self::Signalled { signal },
                None => {}
            }
        }
        Self::Exited {
            code: status.code().unwrap_or(-1),
        }
    }
}

impl fmt::Display for WorkerEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited { code: 0 } => f.write_str("it ended"),
            Self::Exited { code } => write!(f, "it ended with code {code}"),
            Self::Signalled { signal: 6 } => f.write_str("it crashed (abort)"),
            Self::Signalled { signal: 7 } => {
                f.write_str("a file changed or shrank while it was in use (bus error)")
            }
            Self::Signalled { signal: 11 } => f.write_str("it crashed (segmentation fault)"),
            Self::Signalled { signal } => write!(f, "it was ended by signal {signal}"),
            Self::OutOfMemory => f.write_str("the system killed it, most likely because memory ran out"),
        }
    }
}
