//! What is kept beside a part: what its bytes were of.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

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

    /// It appears whole: under this name until it is. Only whoever has the part's lock writes one, so the name need not be
    /// another each time, and what a killed process left is found by the next.
    fn unfinished(part: &Path) -> PathBuf {
        part.with_added_extension("json.new")
    }

    /// One that cannot be read is none: the part is checked by its hash all the same.
    pub(super) fn read(part: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(Self::path(part)).ok()?).ok()
    }

    pub(super) fn write(&self, part: &Path) -> io::Result<()> {
        let unfinished = Self::unfinished(part);
        fs::write(&unfinished, serde_json::to_vec(self)?)?;
        fs::rename(unfinished, Self::path(part))
    }

    pub(super) fn remove(part: &Path) -> io::Result<()> {
        for file in [Self::unfinished(part), Self::path(part)] {
            match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}
