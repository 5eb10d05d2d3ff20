//! What is kept beside a part: what its bytes were of.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::registry::hub::cache::write_whole;

/// Lies beside `HASH.incomplete` as `HASH.incomplete.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sidecar {
    /// As the host that sent the bytes gave it.
    pub(super) etag: Option<String>,
    /// Bytes of the whole file.
    #[serde(rename = "size")]
    pub(super) n_bytes: u64,
    /// The file's path in its repository: its hash need not be known to whoever looks for its part.
    #[serde(default)]
    pub(super) path: String,
}

impl Sidecar {
    pub(super) fn new(path: &str, n_bytes: u64) -> Self {
        Self {
            etag: None,
            n_bytes,
            path: path.to_owned(),
        }
    }

    fn path(part: &Path) -> PathBuf {
        part.with_added_extension("json")
    }

    /// One that cannot be read is none: the part is checked by its hash all the same.
    pub(super) fn read(part: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(Self::path(part)).ok()?).ok()
    }

    pub(super) fn write(&self, part: &Path) -> io::Result<()> {
        write_whole(&Self::path(part), &serde_json::to_vec(self)?)
    }

    pub(super) fn remove(part: &Path) -> io::Result<()> {
        match fs::remove_file(Self::path(part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
