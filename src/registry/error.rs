//! Why a model could not be chosen, fetched, checked or removed.

use std::io;
use std::path::{Path, PathBuf};

use crate::cancel::Cancelled;
use crate::fault::{Explain, Fault};

/// What went wrong with a model that is to be had, or is there.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A catalogue that cannot be used.
    #[error("the catalogue of models cannot be used ({what}): {place}")]
    Catalogue {
        /// What is wrong with it.
        what: String,
        /// Its file and line.
        place: String,
    },
    /// No entry of that name.
    #[error("the catalogue has no model '{id}'")]
    Unknown {
        /// As it was given.
        id: String,
        /// What there is.
        known: Vec<String>,
    },
    /// Neither the name of an entry nor that of a repository.
    #[error("'{text}' is no model's name and no owner/repo")]
    NotAName {
        /// As it was given.
        text: String,
    },
    /// An entry or a repository without that quantization.
    #[error("'{of}' does not come as {quantization}")]
    NoQuantization {
        /// Entry or repository.
        of: String,
        /// As it was given.
        quantization: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A repository without a pair that could be fetched.
    #[error("there is no model to fetch in '{repository}': {why}")]
    NoModel {
        /// `owner/repo`.
        repository: String,
        /// What it has instead.
        why: String,
    },
    /// The network is not to be used.
    #[error("'{what}' is not in the cache, and HF_HUB_OFFLINE forbids downloads")]
    Offline {
        /// File or repository.
        what: String,
    },
    /// No answer from a host.
    #[error("{host} cannot be reached ({why})")]
    Unreachable {
        /// Host and port.
        host: String,
        /// The client's words.
        why: String,
    },
    /// A host that says nothing any more.
    #[error("{host} has sent nothing for {secs} s")]
    Stalled {
        /// Host and port.
        host: String,
        /// How long it was waited for.
        secs: u64,
    },
    /// A transfer that was cut off.
    #[error("the connection to {host} broke off ({why})")]
    BrokeOff {
        /// Host and port.
        host: String,
        /// The client's words.
        why: String,
    },
    /// A file or repository that needs its licence to be accepted, or a token.
    #[error("'{repository}' is only for those who accepted its licence")]
    Gated {
        /// `owner/repo`.
        repository: String,
        /// The page where that is done.
        link: String,
        /// Whether a token was sent, and is not enough.
        has_token: bool,
    },
    /// Neither file nor repository.
    #[error("the hub has no {what}")]
    NotFound {
        /// File or repository.
        what: String,
    },
    /// A host that asks for patience.
    #[error("{host} asks to be left alone{}", .secs.map(|secs| format!(" for {secs} s")).unwrap_or_default())]
    TooMany {
        /// Host and port.
        host: String,
        /// For how long, where it said.
        secs: Option<u64>,
    },
    /// Any other refusal.
    #[error("{host} answered with status {status}: {what}")]
    Refused {
        /// Host and port.
        host: String,
        /// HTTP status.
        status: u16,
        /// What was asked for.
        what: String,
    },
    /// An answer that makes no sense.
    #[error("the answer of {host} makes no sense ({why}): {what}")]
    Senseless {
        /// Host and port.
        host: String,
        /// What is wrong with it.
        why: String,
        /// What was asked for.
        what: String,
    },
    /// A file with neither a hash in the catalogue nor one on the hub.
    #[error("the hub gives no hash to check {file} by")]
    NoHash {
        /// Its path in the repository.
        file: String,
    },
    /// More or fewer bytes than were said.
    #[error("{file} has {n_bytes} bytes and should have {expected_bytes}")]
    WrongSize {
        /// Its path in the repository.
        file: String,
        /// What there is.
        n_bytes: u64,
        /// What was said.
        expected_bytes: u64,
    },
    /// Other bytes than were said.
    #[error("{file} is damaged: its hash is {hash} and should be {expected}")]
    WrongHash {
        /// Its path, or its path in the repository.
        file: String,
        /// What it is.
        hash: String,
        /// What was said.
        expected: String,
    },
    /// The hub's file is not the one that the catalogue names.
    #[error("{file} is not the file that the catalogue names: the hub has {hash}, the catalogue {expected}")]
    Replaced {
        /// Its path in the repository.
        file: String,
        /// The hub's hash.
        hash: String,
        /// The catalogue's.
        expected: String,
    },
    /// A file that changes while it is downloaded, more than once.
    #[error("{file} changes on the hub while it is downloaded")]
    Changing {
        /// Its path in the repository.
        file: String,
    },
    /// Too little room, known before anything is fetched.
    #[error("too little disk space: {} more are needed, {} are free, {} are missing: {}",
        megabytes(*.needed_bytes), megabytes(*.free_bytes),
        megabytes(.needed_bytes.saturating_sub(*.free_bytes)), .folder.display())]
    NoSpace {
        /// What is still to be fetched, and some room to live in.
        needed_bytes: u64,
        /// What is free.
        free_bytes: u64,
        /// Where.
        folder: PathBuf,
    },
    /// A file or folder that cannot be made, written or removed.
    #[error("cannot write ({source}): {}", .path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// The operating system's words.
        source: io::Error,
    },
    /// A file or folder that cannot be read.
    #[error("cannot read ({source}): {}", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// The operating system's words.
        source: io::Error,
    },
    /// A part of the machine that does not do what it should.
    #[error("the download cannot be started ({why})")]
    Start {
        /// The library's words.
        why: String,
    },
    /// It was asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl RegistryError {
    pub(super) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }

    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }
}

impl From<Cancelled> for RegistryError {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

impl Explain for RegistryError {
    fn fault(&self) -> Fault {
        match self {
            Self::Catalogue { .. } => Fault::Unreadable,
            Self::Unknown { .. } | Self::NotAName { .. } | Self::NoQuantization { .. } => Fault::Usage,
            Self::NoModel { .. } => Fault::NoPair,
            Self::NotFound { .. } => Fault::Missing,
            Self::Gated { .. } => Fault::Input,
            Self::Offline { .. }
            | Self::Unreachable { .. }
            | Self::Stalled { .. }
            | Self::BrokeOff { .. }
            | Self::TooMany { .. }
            | Self::Refused { .. }
            | Self::Senseless { .. }
            | Self::NoHash { .. }
            | Self::WrongSize { .. }
            | Self::Replaced { .. }
            | Self::Changing { .. } => Fault::Network,
            Self::WrongHash { .. } => Fault::Unreadable,
            Self::NoSpace { .. } => Fault::DiskFull,
            Self::Write { source, .. } => Fault::of_writing(source),
            Self::Read { source, .. } => Fault::of_reading(source),
            Self::Start { .. } => Fault::Machine,
            Self::Cancelled => Fault::Cancelled,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Catalogue { .. } => {
                "correct the file, or move it away: the models that come with the program stay"
            }
            Self::Unknown { known, .. } => return Some(format!("there are {}", known.join(", "))),
            Self::NotAName { .. } => {
                "`videre models list` shows what there is; a repository is written owner/repo"
            }
            Self::NoQuantization { known, .. } => return Some(format!("it comes as {}", known.join(", "))),
            Self::NoModel { .. } => {
                "a model that sees is two GGUF files, the language model and its mmproj file; see `videre models list`"
            }
            Self::Offline { .. } => {
                "unset HF_HUB_OFFLINE to download it, or copy its files here and name them"
            }
            Self::Unreachable { .. } | Self::Stalled { .. } | Self::BrokeOff { .. } => {
                "check the network and try again: what was fetched is kept"
            }
            Self::Gated {
                link,
                has_token: true,
                ..
            } => {
                return Some(format!(
                    "accept the licence at {link} with the account whose token this is"
                ));
            }
            Self::Gated { link, .. } => {
                return Some(format!(
                    "accept the licence at {link} and set HF_TOKEN to a token of yours"
                ));
            }
            Self::NotFound { .. } => "check its name; a private one needs HF_TOKEN",
            Self::TooMany { .. } => {
                "try again later: what was fetched is kept; a token in HF_TOKEN is allowed more"
            }
            Self::Refused { .. } | Self::Senseless { .. } => {
                "try again later, or from another hub with HF_ENDPOINT"
            }
            Self::NoHash { .. } => {
                "use a hub that says its files' hashes, or name one in a catalogue of your own"
            }
            Self::WrongSize { .. } | Self::WrongHash { .. } => "fetch it again: what is wrong was not kept",
            Self::Replaced { .. } => "take a newer version of this program, or the repository by its name",
            Self::Changing { .. } => "try again when whoever uploads it is done",
            Self::NoSpace { .. } => "free some space, or let HF_HOME name a folder on another disk",
            Self::Write { source, .. } => match Fault::of_writing(source) {
                Fault::DiskFull => "free some space and go on: what was fetched is kept",
                _ => "check that the folder may be written to, or let HF_HOME name another",
            },
            Self::Read { .. } => "check that it may be read",
            Self::Start { .. } | Self::Cancelled => return None,
        };
        Some(hint.to_owned())
    }
}

impl RegistryError {
    /// The file or folder of this machine that it names.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::NoSpace { folder, .. } => Some(folder),
            Self::Write { path, .. } | Self::Read { path, .. } => Some(path),
            _ => None,
        }
    }
}

/// Bytes for people: `4.08 GB`, `624 MB`, `3.1 kB`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "for reading, with three digits")]
pub fn megabytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}
