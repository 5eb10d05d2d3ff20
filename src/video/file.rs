//! A video file, opened once: by whoever was told its name, for whoever reads it.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use crate::fault::{Explain, Fault};
use crate::regular::{self, OpenError};

/// A video file that is open. Clones share it, across processes too: it travels as what the system calls an open file, so
/// that a worker reads this very file and needs no right to open any.
///
/// Two are equal that are of the same name in the same state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VideoFile {
    /// For words; whoever reads goes by what is open.
    path: OsString,
    state: FileState,
    #[serde(skip)]
    file: Option<Arc<File>>,
    /// The list of its frames as it was kept from an earlier time.
    #[serde(skip)]
    kept_list: Option<Arc<File>>,
}

/// Which state of which file: hashes of its name and of that, its length and the time of its last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileState {
    /// Of the name, all links resolved.
    pub name: [u8; 32],
    /// Of all.
    pub state: [u8; 32],
}

/// Why a file is not taken for a video's, in words for whoever chose it.
#[derive(Debug, thiserror::Error)]
pub enum VideoFileError {
    /// The operating system would not open it.
    #[error("cannot open {}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder, device, pipe or socket.
    #[error("{} is {kind}, not a video file", path.display())]
    NotAFile {
        /// What was given.
        path: PathBuf,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// Zero bytes.
    #[error("{} is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

impl VideoFile {
    /// Opens `path` for reading after making sure that it is an ordinary file with something in it.
    ///
    /// # Errors
    /// [`VideoFileError`].
    pub fn open(path: &Path) -> Result<Self, VideoFileError> {
        let named = || path.to_owned();
        let (file, metadata) = regular::open(path).map_err(|error| match error {
            OpenError::Io(source) => VideoFileError::Open {
                path: named(),
                source,
            },
            OpenError::NotRegular(kind) => VideoFileError::NotAFile { path: named(), kind },
        })?;
        if metadata.len() == 0 {
            return Err(VideoFileError::Empty { path: named() });
        }
        let name = name_hash(&path.canonicalize().unwrap_or_else(|_| named()));
        let changed = metadata.modified().ok();
        let changed = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let mut hasher = blake3::Hasher::new();
        hasher.update(&name);
        hasher.update(&metadata.len().to_le_bytes());
        hasher.update(&changed.unwrap_or_default().as_nanos().to_le_bytes());
        Ok(Self {
            path: path.as_os_str().to_owned(),
            state: FileState {
                name,
                state: *hasher.finalize().as_bytes(),
            },
            file: Some(Arc::new(file)),
            kept_list: None,
        })
    }

    /// With the list of its frames that was kept from an earlier time, if it was.
    #[must_use]
    pub fn with_kept_list(self, list: Option<File>) -> Self {
        Self {
            kept_list: list.map(Arc::new),
            ..self
        }
    }

    /// What it was called when it was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        Path::new(&self.path)
    }

    /// The state in which it was opened.
    #[must_use]
    pub fn state(&self) -> FileState {
        self.state
    }

    /// The open file; where it did not travel along, it is opened by its name.
    ///
    /// # Errors
    /// As [`VideoFile::open`].
    pub fn file(&self) -> Result<Arc<File>, VideoFileError> {
        match &self.file {
            Some(file) => Ok(Arc::clone(file)),
            None => Self::open(self.path())?.file(),
        }
    }

    /// The list of its frames that was kept, if it was.
    #[must_use]
    pub fn kept_list(&self) -> Option<Arc<File>> {
        self.kept_list.clone()
    }

    /// The open files, taken out of it to travel beside it.
    pub(crate) fn take_files(&mut self) -> Vec<Arc<File>> {
        let files = [self.file.take(), self.kept_list.take()];
        files.into_iter().flatten().collect()
    }

    /// Puts back what travelled.
    ///
    /// # Errors
    /// Their number, where there are more than it has.
    pub(crate) fn put_files(&mut self, files: Vec<Arc<File>>) -> Result<(), usize> {
        let n_files = files.len();
        let mut files = files.into_iter();
        (self.file, self.kept_list) = (files.next(), files.next());
        if files.next().is_none() {
            Ok(())
        } else {
            Err(n_files)
        }
    }
}

impl PartialEq for VideoFile {
    fn eq(&self, other: &Self) -> bool {
        (&self.path, self.state) == (&other.path, other.state)
    }
}

/// What a file's name goes by where it is not to be read: that of a file which need not be there.
#[must_use]
pub fn name_hash(path: &Path) -> [u8; 32] {
    *blake3::hash(path.as_os_str().as_encoded_bytes()).as_bytes()
}

impl VideoFileError {
    /// The file that it is about.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Open { path, .. } | Self::NotAFile { path, .. } | Self::Empty { path } => path,
        }
    }
}

impl Explain for VideoFileError {
    fn fault(&self) -> Fault {
        match self {
            Self::Open { source, .. } => Fault::of_reading(source),
            Self::NotAFile { .. } | Self::Empty { .. } => Fault::Unreadable,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Open { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => "check the name and the folder",
                io::ErrorKind::PermissionDenied => "check who may read the file",
                _ => "check that other programs can read the file",
            },
            Self::NotAFile { .. } => "give a video file",
            Self::Empty { .. } => "the recording or the copy did not finish; copy the file again",
        };
        Some(hint.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_an_empty_file_and_a_missing_file_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            VideoFile::open(folder.path()),
            Err(VideoFileError::NotAFile { kind: "a folder", .. })
        ));
        let empty = folder.path().join("empty.mp4");
        File::create(&empty).unwrap();
        assert!(matches!(
            VideoFile::open(&empty),
            Err(VideoFileError::Empty { .. })
        ));
        assert!(matches!(
            VideoFile::open(&folder.path().join("missing")),
            Err(VideoFileError::Open { .. })
        ));
    }

    #[test]
    fn a_file_that_changed_is_another_and_the_open_one_stays_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip");
        std::fs::write(&path, "one").unwrap();
        let one = VideoFile::open(&path).unwrap();
        assert_eq!(one, VideoFile::open(&path).unwrap());
        let other = folder.path().join("other");
        std::fs::write(&other, "another").unwrap();
        std::fs::rename(&other, &path).unwrap();
        assert_ne!(one, VideoFile::open(&path).unwrap());
        let open = one.file().unwrap();
        assert_eq!(open.metadata().unwrap().len(), 3);
    }

    #[test]
    fn what_travels_beside_it_is_put_back() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "one").unwrap();
        let mut video = VideoFile::open(file.path()).unwrap();
        let mut files = video.take_files();
        assert_eq!(files.len(), 1);
        files.push(Arc::new(tempfile::tempfile().unwrap()));
        assert_eq!(video.put_files(files.clone()), Ok(()));
        assert!(video.kept_list().is_some());
        files.push(Arc::clone(&files[0]));
        assert_eq!(video.put_files(files), Err(3));
    }
}
