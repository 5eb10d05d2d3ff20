//! The bytes of a file: what kind of file it is, and reading it without FFmpeg ever seeing its path.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use super::error::MediaError;

/// A regular file, opened once. FFmpeg reads it through [`Reader`], so that no protocol and no second file can be
/// reached from inside it.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    file: Arc<File>,
    pub(super) n_bytes: u64,
    pub(super) modified: Option<SystemTime>,
    shrunk: Arc<AtomicBool>,
}

impl Source {
    /// Opens `path` after looking at what it is: opening a FIFO would wait for a writer, a device could do anything.
    pub(super) fn open(path: &Path) -> Result<Self, MediaError> {
        let before = std::fs::metadata(path).map_err(|error| MediaError::io(path, error))?;
        if let Some(found) = not_a_file(&before) {
            return Err(MediaError::NotAFile { path: path.to_owned(), found });
        }
        let file = open_without_waiting(path).map_err(|error| MediaError::io(path, error))?;
        let metadata = file.metadata().map_err(|error| MediaError::io(path, error))?;
        // It may have been replaced between the two looks.
        if let Some(found) = not_a_file(&metadata) {
            return Err(MediaError::NotAFile { path: path.to_owned(), found });
        }
        if metadata.len() == 0 {
            return Err(MediaError::Empty { path: path.to_owned() });
        }
        Ok(Self {
            path: path.to_owned(),
            file: Arc::new(file),
            n_bytes: metadata.len(),
            modified: metadata.modified().ok(),
            shrunk: Arc::default(),
        })
    }

    /// A reader of its own at the start of the file.
    pub(super) fn reader(&self) -> Reader {
        Reader { source: self.clone(), at: 0 }
    }

    /// Whether reading came upon an end before the length that the file had when it was opened.
    pub(super) fn has_shrunk(&self) -> bool {
        self.shrunk.load(Ordering::Acquire)
    }
}

fn not_a_file(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return None;
    }
    if kind.is_dir() {
        return Some("a folder");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return Some("a pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
    }
    Some("something else")
}

/// Opens for reading and never waits, even when the path became a FIFO since it was looked at.
#[cfg(unix)]
fn open_without_waiting(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)
}

#[cfg(not(unix))]
fn open_without_waiting(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Reads a [`Source`] with a position of its own.
pub(super) struct Reader {
    source: Source,
    at: u64,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = read_at(&self.source.file, buffer, self.at)?;
        if n_read == 0 && !buffer.is_empty() && self.at < self.source.n_bytes {
            self.source.shrunk.store(true, Ordering::Release);
        }
        self.at += n_read as u64;
        Ok(n_read)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            // The length is the one at opening, so that a growing or shrinking file stays one and the same file.
            SeekFrom::End(offset) => self.source.n_bytes.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}
