//! Files of somebody's choice: opened only where they are regular files, and read only so far.

use std::fs::{File, FileType, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

/// Why a file is not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// What the file system says.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// There is something else, in words: "a pipe".
    #[error("it is {0}, not a file")]
    NotRegular(&'static str),
}

impl From<OpenError> for io::Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io(error) => error,
            OpenError::NotRegular(_) => io::Error::new(io::ErrorKind::InvalidInput, error),
        }
    }
}

/// Opens a regular file for reading, and says what it is.
///
/// # Errors
/// [`OpenError`]; nothing waits for what could be at the other end of a pipe.
pub fn open(path: &Path) -> Result<(File, Metadata), OpenError> {
    // Opening a pipe would wait for a writer, so its kind is asked first, and again of what was really opened.
    accept(std::fs::metadata(path)?.file_type())?;
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK | libc::O_CLOEXEC);
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    accept(metadata.file_type())?;
    Ok((file, metadata))
}

/// The bytes of a regular file.
///
/// # Errors
/// What [`open`] and the file system say, and [`io::ErrorKind::FileTooLarge`] where there are more than `max_bytes`.
pub fn read(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let (file, _) = open(path)?;
    let mut bytes = Vec::new();
    // One more than may be, whatever the file said of its length.
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        let text = format!("it has more than {max_bytes} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

/// The text of a regular file.
///
/// # Errors
/// As [`read`], and [`io::ErrorKind::InvalidData`] where it is not UTF-8.
pub fn read_text(path: &Path, max_bytes: u64) -> io::Result<String> {
    String::from_utf8(read(path, max_bytes)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Reads an open file from a place of its own, wherever others are reading it.
#[derive(Clone, Debug)]
pub struct Positioned {
    file: Arc<File>,
    position: u64,
}

impl Positioned {
    /// At the beginning.
    #[must_use]
    pub fn new(file: Arc<File>) -> Self {
        Self { file, position: 0 }
    }

    /// Where it reads next, bytes from the beginning.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }
}

impl Read for Positioned {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        let n = std::os::unix::fs::FileExt::read_at(&*self.file, buffer, self.position)?;
        #[cfg(windows)]
        let n = std::os::windows::fs::FileExt::seek_read(&*self.file, buffer, self.position)?;
        self.position += n as u64;
        Ok(n)
    }
}

impl Seek for Positioned {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.file.metadata()?.len().checked_add_signed(by),
        };
        self.position = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

fn accept(kind: FileType) -> Result<(), OpenError> {
    let words = if kind.is_file() {
        return Ok(());
    } else if kind.is_dir() {
        "a folder"
    } else {
        special(kind)
    };
    Err(OpenError::NotRegular(words))
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special(_kind: FileType) -> &'static str {
    "a device"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_far_as_it_may() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "äb").unwrap();
        assert_eq!(read_text(&path, 3).unwrap(), "äb");
        assert_eq!(read(&path, 2).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        std::fs::write(&path, [0xff]).unwrap();
        assert_eq!(
            read_text(&path, 3).unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
        assert!(matches!(
            open(folder.path()),
            Err(OpenError::NotRegular("a folder"))
        ));
        assert!(matches!(open(&folder.path().join("none")), Err(OpenError::Io(_))));
    }

    #[test]
    fn two_who_read_one_file_do_not_move_each_other() {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, b"abcdef").unwrap();
        let mut one = Positioned::new(Arc::new(file));
        let mut other = one.clone();
        let mut two = [0; 2];
        one.read_exact(&mut two).unwrap();
        other.seek(SeekFrom::End(-2)).unwrap();
        other.read_exact(&mut two).unwrap();
        assert_eq!(&two, b"ef");
        one.read_exact(&mut two).unwrap();
        assert_eq!((&two, one.position()), (b"cd", 4));
        assert!(one.seek(SeekFrom::Current(-5)).is_err(), "before the beginning");
    }

    #[cfg(unix)]
    #[test]
    fn nothing_waits_for_a_pipe() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        assert!(matches!(open(&path), Err(OpenError::NotRegular("a pipe"))));
        let error = read(&path, 9).unwrap_err();
        assert_eq!(error.to_string(), "it is a pipe, not a file");
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(matches!(open(&socket), Err(OpenError::NotRegular("a socket"))));
        assert!(matches!(
            open(Path::new("/dev/null")),
            Err(OpenError::NotRegular("a device"))
        ));
    }
}
