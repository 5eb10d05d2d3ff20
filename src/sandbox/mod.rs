//! What a worker may do: its work, and nothing else. Files come from anywhere, and the libraries that read them are large.
//!
//! Each layer is of the kernel's and holds by itself; where it lacks one, the others are there all the same.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(target_os = "macos")]
use macos as system;
use std::path::PathBuf;
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
use unconfined as system;
#[cfg(windows)]
use windows as system;

/// What a process is confined to.
#[derive(Clone, Debug, Default)]
pub struct Confinement {
    /// The files that it may read, and the folders with all below them.
    pub reads: Vec<PathBuf>,
    /// The folders that it may write to and read from, with all below them.
    pub writes: Vec<PathBuf>,
}

/// The layers that hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layers {
    /// It reads, writes and starts nothing but what it was allowed (Landlock).
    pub files: bool,
    /// It opens no connection, starts no process and looks into none (seccomp).
    pub calls: bool,
}

/// Confines this process, for good. Called before it has threads, and before it has read a byte of what it was given.
#[must_use]
pub fn confine(confinement: &Confinement) -> Layers {
    system::confine(confinement)
}

/// The layers that this kernel has.
#[must_use]
pub fn layers() -> Layers {
    system::layers()
}

/// What was in memory of a person's files is nobody else's, also after a crash.
#[cfg(unix)]
fn leave_no_memory() {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::debug!(%error, "a crash may leave what was in memory");
    }
}

/// Without a word: nothing was promised there.
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
mod unconfined {
    use super::{Confinement, Layers};

    pub(super) fn confine(_: &Confinement) -> Layers {
        Layers::default()
    }

    pub(super) fn layers() -> Layers {
        Layers::default()
    }
}
