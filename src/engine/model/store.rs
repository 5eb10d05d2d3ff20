//! Results that are kept on disk: a folder for each video, a file for each result.
//!
//! Whole or not at all: a file is written beside its place and moved there, and a checksum ends it, so a process that is
//! killed in mid-write, a full disk, or two processes at once leave at worst a result that is computed again. The
//! checksum is that of the name too: a result that lies under another's is none. The least recently used go first when
//! the limit is reached.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::engine::identity::FileIdentity;
use crate::gguf::Source;
use crate::private;

/// Changes whenever what a file consists of does: those before are dropped.
const FORMAT: &[u8] = b"videre kept 2";
const CHECKSUM_BYTES: usize = blake3::OUT_LEN;
/// What was being written for longer than this belongs to a process that is gone.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 3600);
/// What removal goes down to, of the limit: so that it does not run at every write.
const KEPT_FRACTION: f64 = 0.9;

/// A folder of results with a limit.
#[derive(Clone, Debug)]
pub(super) struct Store {
    folder: PathBuf,
    max_bytes: u64,
}

/// A kept result, mapped. Files of the store are never written to once they are in their place.
pub(super) struct Kept(Source);

impl Deref for Kept {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let bytes = self.0.bytes();
        &bytes[..bytes.len() - CHECKSUM_BYTES]
    }
}

impl Store {
    /// A store in `folder`, which is made when something is first kept. It and the folder around it are their owner's alone.
    pub(super) fn new(folder: PathBuf, max_bytes: u64) -> Self {
        Self { folder, max_bytes }
    }

    /// Where the results of `video` lie.
    fn folder_of(&self, video: &FileIdentity) -> Option<PathBuf> {
        let video = video.as_str();
        // An identity is hex; anything else would be a path of somebody's choice.
        let is_plain = !video.is_empty() && video.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_plain.then(|| self.folder.join(video))
    }

    /// The result kept as `key`; none where there is none, or a damaged one.
    pub(super) fn get(&self, video: &FileIdentity, key: &str) -> Option<Kept> {
        let path = self.folder_of(video)?.join(key);
        let source = Source::open(&path).ok()?;
        let (content, checksum) = source.bytes().split_last_chunk::<CHECKSUM_BYTES>()?;
        let mut hasher = hasher_of(video, key);
        if hasher.update(content).finalize().as_bytes() != checksum {
            // The first format had the checksum of the content alone.
            if blake3::hash(content).as_bytes() != checksum {
                tracing::warn!(path = %path.display(), "a kept result is damaged or another's and is not used");
            }
            drop(fs::remove_file(&path));
            return None;
        }
        // The time of the last use; that it cannot be set is no reason to compute again.
        drop(File::open(&path).and_then(|file| file.set_modified(SystemTime::now())));
        Some(Kept(source))
    }

    /// Whether a result is kept as `key`.
    pub(super) fn has(&self, video: &FileIdentity, key: &str) -> bool {
        self.folder_of(video)
            .is_some_and(|folder| folder.join(key).is_file())
    }

    /// Keeps a result that `write` writes.
    ///
    /// # Errors
    /// What the file system says: the caller goes on without.
    pub(super) fn put<E: From<io::Error>>(
        &self,
        video: &FileIdentity,
        key: &str,
        write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(folder) = self.folder_of(video) else {
            return Ok(());
        };
        for private in [self.folder.parent(), Some(&self.folder), Some(&folder)] {
            private.map_or(Ok(()), private::make_folder)?;
        }
        let file = tempfile::Builder::new().prefix(".new-").tempfile_in(&folder)?;
        let mut hashed = Hashed {
            to: BufWriter::with_capacity(1 << 20, file.as_file()),
            hasher: hasher_of(video, key),
        };
        write(&mut hashed)?;
        let checksum = hashed.hasher.finalize();
        hashed.to.write_all(checksum.as_bytes())?;
        hashed.to.flush()?;
        drop(hashed);
        file.persist(folder.join(key)).map_err(|error| error.error)?;
        self.trim()?;
        Ok(())
    }

    /// Removes everything that was kept of `video`.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn forget(&self, video: &FileIdentity) -> io::Result<()> {
        match self.folder_of(video).map(fs::remove_dir_all) {
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes what was used least recently until the limit holds.
    fn trim(&self) -> io::Result<()> {
        let mut files = Vec::new();
        let mut total = 0;
        for folder in fs::read_dir(&self.folder)? {
            let Ok(inside) = fs::read_dir(folder?.path()) else {
                continue;
            };
            for entry in inside {
                let entry = entry?;
                // Another process may have removed it since.
                let Ok(metadata) = entry.metadata() else { continue };
                let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                let is_new = entry.file_name().as_encoded_bytes().starts_with(b".new-");
                if is_new && used.elapsed().unwrap_or_default() > ABANDONED_AFTER {
                    drop(fs::remove_file(entry.path()));
                } else if !is_new {
                    total += metadata.len();
                    files.push((used, metadata.len(), entry.path()));
                }
            }
        }
        if total <= self.max_bytes {
            return Ok(());
        }
        files.sort();
        let goal = (self.max_bytes as f64 * KEPT_FRACTION) as u64;
        for (_, n_bytes, path) in files {
            if total <= goal {
                break;
            }
            if fs::remove_file(&path).is_ok() {
                total -= n_bytes;
                remove_if_empty(path.parent());
            }
        }
        Ok(())
    }
}

/// What hashes a result, and before it what it is the result of.
fn hasher_of(video: &FileIdentity, key: &str) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new();
    for part in [FORMAT, video.as_str().as_bytes(), key.as_bytes()] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher
}

fn remove_if_empty(folder: Option<&Path>) {
    if let Some(folder) = folder {
        // Fails where something is in it, which is what is wanted.
        drop(fs::remove_dir(folder));
    }
}

/// Writes through and hashes what passes.
struct Hashed<W> {
    to: W,
    hasher: blake3::Hasher,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.to.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
