//! Which file it is, whatever it is called.

use std::io::{self, Read, Seek, SeekFrom};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use crate::fault::{Failure, Fault};
use crate::regular::Positioned;
use crate::video::VideoFile;

/// Bytes that are read at the head, the middle and the tail.
const SAMPLE_BYTES: u64 = 64 * 1024;

/// Identity of a file's content: its size, the time of its last change, and a hash of its head, middle and tail. Hex, so
/// that it can name a folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileIdentity(String);

impl FileIdentity {
    /// The identity of an open file as it is now.
    ///
    /// # Errors
    /// What the file system says.
    pub fn of(video: &VideoFile) -> io::Result<Self> {
        let file = video.file().map_err(io::Error::other)?;
        let metadata = file.metadata()?;
        let mut file = Positioned::new(file);
        let n_bytes = metadata.len();
        let mut hasher = blake3::Hasher::new();
        hasher.update(&n_bytes.to_le_bytes());
        if let Some(changed) = metadata
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        {
            hasher.update(&changed.as_nanos().to_le_bytes());
        }
        let last = n_bytes.saturating_sub(SAMPLE_BYTES);
        for start in [0, last / 2, last] {
            file.seek(SeekFrom::Start(start))?;
            let mut sample = Vec::new();
            (&mut file).take(SAMPLE_BYTES).read_to_end(&mut sample)?;
            hasher.update(&sample);
        }
        let hash = hasher.finalize().to_hex();
        Ok(Self(hash.as_str()[..32].to_owned()))
    }

    /// The identity of an open file, or why it has none.
    pub(super) fn read(video: &VideoFile) -> Result<Self, Failure> {
        Self::of(video).map_err(|error| {
            let text = format!("cannot read {}: {error}", video.path().display());
            Failure::new(Fault::of_reading(&error), text)
        })
    }

    /// An identity that was found earlier, by its name.
    #[must_use]
    pub fn known(name: String) -> Self {
        Self(name)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
