//! A model file, opened by whoever was told its name, for whoever reads it.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::regular::{self, OpenError};

/// A model file that is open where it could be opened. Clones share it, across processes too: it travels as what the system
/// calls an open file, so that a worker reads this very file and needs no right to open any.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ModelFile {
    path: OsString,
    /// Whether it is among the files that travel.
    is_open: bool,
    #[serde(skip)]
    file: Option<Arc<File>>,
}

impl ModelFile {
    /// The file at `path`. Why it cannot be opened is said to whoever reads it.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        let file = regular::open(path).ok().map(|(file, _)| Arc::new(file));
        Self {
            path: path.as_os_str().to_owned(),
            is_open: file.is_some(),
            file,
        }
    }

    /// What it was called when it was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        Path::new(&self.path)
    }

    /// The open file and what it is; where none travelled along, it is opened by its name.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(&self) -> Result<(Arc<File>, Metadata), OpenError> {
        match &self.file {
            Some(file) => Ok((Arc::clone(file), file.metadata()?)),
            None => regular::open(self.path()).map(|(file, metadata)| (Arc::new(file), metadata)),
        }
    }

    /// The open file, taken out of it to travel beside it.
    pub(crate) fn take_file(&mut self) -> Option<Arc<File>> {
        self.file.take()
    }

    /// Puts back what travelled, if it did. True where the next of `files` is its own or it has none.
    pub(crate) fn put_file(&mut self, files: &mut impl Iterator<Item = Arc<File>>) -> bool {
        if self.is_open {
            self.file = files.next();
        }
        self.file.is_some() == self.is_open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_file_stays_what_it_was_and_one_that_is_not_there_says_so_when_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.gguf");
        std::fs::write(&path, "one").unwrap();
        let model = ModelFile::new(&path);
        std::fs::remove_file(&path).unwrap();
        let (_, metadata) = model.open().unwrap();
        assert_eq!(metadata.len(), 3);
        assert!(ModelFile::new(&path).open().is_err());
    }

    #[test]
    fn what_travelled_is_put_back_and_what_did_not_is_opened_by_its_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut model = ModelFile::new(file.path());
        let taken = model.take_file();
        assert!(!model.put_file(&mut std::iter::empty()), "it was open");
        assert!(model.open().is_ok(), "by its name");
        assert!(model.put_file(&mut taken.into_iter()));
        let mut absent = ModelFile::new(Path::new("/absent.gguf"));
        assert!(absent.put_file(&mut std::iter::empty()));
    }
}
