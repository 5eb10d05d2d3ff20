//! What of a hub lies in the cache: repositories, their files, parts of files; and how they go.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::{Cache, RepositoryId};
use crate::registry::RegistryError;

/// A repository of which something is in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRepository {
    /// Which.
    pub id: RepositoryId,
    /// Its files, by snapshot and path.
    pub files: Vec<KeptFile>,
    /// Bytes of downloads that are not done.
    pub part_bytes: u64,
    /// Bytes on disk: what several snapshots share counts once.
    pub n_bytes: u64,
}

/// A file of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFile {
    /// The commit of its snapshot.
    pub commit: String,
    /// Its path in the repository.
    pub path: String,
    /// Where it is.
    pub file: PathBuf,
    /// Where its bytes are.
    pub blob: PathBuf,
    /// How many.
    pub n_bytes: u64,
}

/// What a removal came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Files that are no longer there.
    pub n_files: usize,
    /// Bytes that are free again.
    pub freed_bytes: u64,
}

impl Cache {
    /// The repositories of models that something of is here, by name. What cannot be read is left out.
    #[must_use]
    pub fn kept(&self) -> Vec<KeptRepository> {
        let names = entries(self.folder()).into_iter().filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            RepositoryId::of_folder_name(&name)
        });
        let mut kept: Vec<KeptRepository> = names.map(|id| self.kept_of(&id)).collect();
        kept.retain(|repository| !repository.files.is_empty() || repository.part_bytes > 0);
        kept.sort_by(|a, b| a.id.cmp(&b.id));
        kept
    }

    /// Parts of a repository's files.
    pub(in crate::registry) fn parts(&self, id: &RepositoryId) -> Vec<PathBuf> {
        let mut parts = entries(&self.repository(id).join("blobs"));
        parts.retain(|path| is_part(path));
        parts
    }

    /// What of one repository is here.
    #[must_use]
    pub fn kept_of(&self, id: &RepositoryId) -> KeptRepository {
        let folder = self.repository(id);
        let mut files = Vec::new();
        for snapshot in entries(&folder.join("snapshots")) {
            let commit = name_of(&snapshot);
            files.extend(files_below(&snapshot).into_iter().filter_map(|file| {
                let blob = fs::canonicalize(&file).ok()?;
                let path = file
                    .strip_prefix(&snapshot)
                    .ok()?
                    .to_string_lossy()
                    .replace('\\', "/");
                Some(KeptFile {
                    commit: commit.clone(),
                    path,
                    n_bytes: fs::metadata(&blob).ok()?.len(),
                    blob,
                    file,
                })
            }));
        }
        files.sort_by(|a, b| (&a.commit, &a.path).cmp(&(&b.commit, &b.path)));
        let blobs: BTreeMap<&Path, u64> = files.iter().map(|file| (&*file.blob, file.n_bytes)).collect();
        let parts = entries(&folder.join("blobs"));
        let parts = parts.iter().filter(|path| is_part(path));
        let part_bytes = parts
            .filter_map(|path| Some(fs::metadata(path).ok()?.len()))
            .sum();
        KeptRepository {
            id: id.clone(),
            n_bytes: blobs.values().sum::<u64>() + part_bytes,
            part_bytes,
            files,
        }
    }

    /// Removes those of a repository's files that `is_meant` says, and the bytes that no other snapshot uses; where
    /// nothing of it is left, all of its folder.
    ///
    /// # Errors
    /// [`RegistryError::Write`] where something stays that should go.
    pub fn remove(
        &self,
        id: &RepositoryId,
        is_meant: impl Fn(&KeptFile) -> bool,
    ) -> Result<Removed, RegistryError> {
        let (gone, stays): (Vec<_>, Vec<_>) = self.kept_of(id).files.into_iter().partition(is_meant);
        let used: BTreeSet<&Path> = stays.iter().map(|file| &*file.blob).collect();
        let mut removed = Removed {
            n_files: gone.len(),
            freed_bytes: 0,
        };
        for file in &gone {
            fs::remove_file(&file.file).map_err(RegistryError::write(&file.file))?;
        }
        let unused: BTreeMap<&Path, u64> = gone.iter().map(|file| (&*file.blob, file.n_bytes)).collect();
        let own = fs::canonicalize(self.repository(id)).unwrap_or_default();
        for (blob, n_bytes) in unused {
            // A link that somebody made leads to what is theirs.
            if used.contains(blob) || !blob.starts_with(&own) {
                continue;
            }
            // Without links, the file was the bytes.
            if blob.exists() {
                fs::remove_file(blob).map_err(RegistryError::write(blob))?;
            }
            removed.freed_bytes += n_bytes;
        }
        if stays.is_empty() {
            removed.freed_bytes += self.remove_rest(id)?;
        }
        Ok(removed)
    }

    /// Parts, references and empty folders of a repository that no file is left of.
    fn remove_rest(&self, id: &RepositoryId) -> Result<u64, RegistryError> {
        let folder = self.repository(id);
        let blobs = entries(&folder.join("blobs"));
        let sizes = blobs
            .iter()
            .filter_map(|path| Some(fs::metadata(path).ok()?.len()));
        let freed_bytes = sizes.sum();
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(RegistryError::write(&folder))?;
        }
        Ok(freed_bytes)
    }
}

fn is_part(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "incomplete")
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).into_iter().flatten().flatten();
    read.map(|entry| entry.path()).collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            // A link to a folder could lead anywhere.
            match fs::symlink_metadata(&path) {
                Ok(about) if about.is_dir() => folders.push(path),
                _ => files.push(path),
            }
        }
    }
    files
}
