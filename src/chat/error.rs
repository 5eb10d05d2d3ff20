//! What can go wrong with what is kept.

use std::io;
use std::path::PathBuf;

use crate::fault::{Explain, Fault};

/// Why something could not be kept, or found again.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// There is no folder for it.
    #[error("this system names no folder for the data of programs")]
    NoFolder,
    /// The folder or the file cannot be made.
    #[error("cannot use {path}: {source}")]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It was written by a newer version. Nothing was changed.
    #[error("{path} was written by a newer version of Videre (format {found}, this version knows {known})")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The latest format that this version knows.
        known: i64,
    },
    /// It is a database of some other program, or none. Nothing was changed.
    #[error("{path} is not a file that Videre wrote")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// SQLite refused.
    #[error("cannot read or write {path}: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// Something in it does not read as what it should be.
    #[error("{path} holds something that cannot be read: {source}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A question, or what came of it, does not read as what it should be. All others are unharmed.
    #[error(
        "this question and its answer cannot be read any more: {path} is damaged in this place ({source})"
    )]
    Turn {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// Whatever was asked for is not there, or no longer.
    #[error("there is no such {what} any more")]
    Gone {
        /// "chat", "question" or "video".
        what: &'static str,
    },
    /// Settings that are none.
    #[error("not a setting: {source}")]
    NotASetting {
        /// What is wrong.
        source: serde_json::Error,
    },
}

impl Explain for ChatError {
    fn fault(&self) -> Fault {
        match self {
            Self::Io { source, .. } => Fault::of_writing(source),
            Self::Sqlite { source, .. } => match source.sqlite_error_code() {
                Some(rusqlite::ErrorCode::DiskFull) => Fault::DiskFull,
                _ => Fault::Machine,
            },
            Self::NoFolder | Self::Content { .. } | Self::Turn { .. } => Fault::Machine,
            Self::Newer { .. } => Fault::Newer,
            Self::Foreign { .. } => Fault::Unsupported,
            Self::Gone { .. } => Fault::Gone,
            Self::NotASetting { .. } => Fault::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Newer { .. } => Some("install the newer version again; your chats are unharmed".to_owned()),
            Self::Foreign { .. } | Self::Content { .. } => {
                Some("move the file away; a new one is made at the next start".to_owned())
            }
            Self::Turn { .. } => Some("ask it again; the others of this chat are there".to_owned()),
            Self::Sqlite { source, .. } => match source.sqlite_error_code() {
                Some(rusqlite::ErrorCode::DiskFull) => Some("free some disk space".to_owned()),
                Some(rusqlite::ErrorCode::DatabaseBusy) => {
                    Some("another Videre is writing to it; try again".to_owned())
                }
                Some(rusqlite::ErrorCode::DatabaseCorrupt) => {
                    Some("the disk has damaged it; move it away, and a new one is made".to_owned())
                }
                _ => None,
            },
            Self::NoFolder | Self::Io { .. } | Self::Gone { .. } | Self::NotASetting { .. } => None,
        }
    }
}
