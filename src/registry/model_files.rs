//! Which files a model's name may mean. They are opened here, where no byte of them is read; whoever reads them finds out which
//! two belong together.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Cache, RepositoryId};
use crate::fault::{Explain, Fault};
use crate::gguf::ModelFile;

/// More GGUF files than any folder of one model has; the rest of a larger folder is not looked at. As many travel to a worker.
pub const MAX_MODEL_FILES: usize = 128;

/// The files that a model's name may mean, open.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ModelFiles {
    /// Two that were named, in either order.
    Both(Box<[ModelFile; 2]>),
    /// One that was named, and those of its folder.
    One {
        /// The one.
        file: ModelFile,
        /// The others, by their names; it may be among them.
        beside: Vec<ModelFile>,
    },
    /// Those of a folder that was named.
    Folder {
        /// The folder.
        folder: OsString,
        /// Its files, by their names.
        files: Vec<ModelFile>,
    },
}

/// Why a name means no files.
#[derive(Debug, thiserror::Error)]
pub enum ModelFilesError {
    /// Neither a path nor a repository in the cache.
    #[error("there is no such file or folder: {path}")]
    NotThere {
        /// As it was given.
        path: String,
    },
    /// A repository that was never downloaded.
    #[error("'{repository}' is not in the Hugging Face cache: {cache}")]
    NotInCache {
        /// `owner/repo`.
        repository: String,
        /// The cache's folder.
        cache: String,
    },
    /// A folder could not be listed.
    #[error("cannot read the folder ({source}): {folder}")]
    Folder {
        /// The operating system's words.
        source: io::Error,
        /// The folder.
        folder: String,
    },
}

impl ModelFiles {
    /// Two files, in either order.
    #[must_use]
    pub fn both(first: &Path, second: &Path) -> Self {
        Self::Both(Box::new([ModelFile::new(first), ModelFile::new(second)]))
    }

    /// Those of `model`: a file, a folder, or `owner/repo` of the cache.
    ///
    /// # Errors
    /// [`ModelFilesError`].
    pub fn of(model: &OsStr, cache: &Cache) -> Result<Self, ModelFilesError> {
        let path = Path::new(model);
        if path.is_dir() {
            return Self::in_folder(path);
        }
        if path.exists() {
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            return Ok(Self::One {
                file: ModelFile::new(path),
                beside: listed(folder)?,
            });
        }
        let repository = model.to_str().and_then(|name| name.parse::<RepositoryId>().ok());
        let Some(repository) = repository else {
            return Err(ModelFilesError::NotThere {
                path: path.display().to_string(),
            });
        };
        match cache.snapshot_of(&repository) {
            Some(folder) => Self::in_folder(&folder),
            None => Err(ModelFilesError::NotInCache {
                repository: path.display().to_string(),
                cache: cache.folder().display().to_string(),
            }),
        }
    }

    fn in_folder(folder: &Path) -> Result<Self, ModelFilesError> {
        Ok(Self::Folder {
            folder: folder.into(),
            files: listed(folder)?,
        })
    }

    fn all(&mut self) -> Vec<&mut ModelFile> {
        match self {
            Self::Both(files) => files.iter_mut().collect(),
            Self::One { file, beside } => std::iter::once(file).chain(beside).collect(),
            Self::Folder { files, .. } => files.iter_mut().collect(),
        }
    }

    /// The open files, taken out of it to travel beside it.
    pub(crate) fn take_files(&mut self) -> Vec<Arc<File>> {
        self.all().into_iter().filter_map(ModelFile::take_file).collect()
    }

    /// Puts back what travelled: all that were taken out, or none.
    ///
    /// # Errors
    /// Their number, where they are others.
    pub(crate) fn put_files(&mut self, files: Vec<Arc<File>>) -> Result<(), usize> {
        let n_files = files.len();
        if n_files == 0 {
            return Ok(());
        }
        let mut files = files.into_iter();
        let all_back = self.all().into_iter().all(|file| file.put_file(&mut files));
        if all_back && files.next().is_none() {
            Ok(())
        } else {
            Err(n_files)
        }
    }
}

/// The model files of a folder.
fn listed(folder: &Path) -> Result<Vec<ModelFile>, ModelFilesError> {
    let unreadable = |source| ModelFilesError::Folder {
        source,
        folder: folder.display().to_string(),
    };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let ending = path.extension();
        if ending.is_some_and(|ending| ending.eq_ignore_ascii_case("gguf")) {
            paths.push(path);
        }
    }
    paths.sort();
    paths.truncate(MAX_MODEL_FILES);
    Ok(paths.iter().map(|path| ModelFile::new(path)).collect())
}

impl Explain for ModelFilesError {
    fn fault(&self) -> Fault {
        match self {
            Self::NotThere { .. } | Self::NotInCache { .. } => Fault::Missing,
            Self::Folder { source, .. } => Fault::of_reading(source),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotThere { .. } => "give a file, a folder, or owner/repo as on Hugging Face",
            Self::NotInCache { .. } => "download it first, or give the folder where its files are",
            Self::Folder { .. } => "check that the folder may be read",
        };
        Some(hint.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_travelled_come_back_to_those_that_were_open() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [("a.gguf", "1"), ("c.GGUF", "333"), ("note.txt", "no model")] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        fs::create_dir(folder.path().join("b.gguf")).unwrap();
        let mut files = ModelFiles::in_folder(folder.path()).unwrap();
        let taken = files.take_files();
        assert_eq!(taken.len(), 2, "a folder cannot be opened");
        assert_eq!(files.put_files(taken[..1].to_vec()), Err(1), "one is missing");
        assert_eq!(files.put_files(taken), Ok(()));
        let lens = files
            .all()
            .into_iter()
            .map(|file| file.open().map(|(_, about)| about.len()).ok());
        assert_eq!(lens.collect::<Vec<_>>(), [Some(1), None, Some(3)]);
    }
}
