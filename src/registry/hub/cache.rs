//! The layout of the Hugging Face cache: what lies where, and how a file comes to lie there.
//!
//! ```text
//! models--owner--name/blobs/HASH               the bytes, under the hash that they are checked by
//!                    /blobs/HASH.incomplete    a part of them
//!                    /snapshots/COMMIT/PATH -> ../../blobs/HASH
//!                    /refs/main                the commit that `main` was
//! .locks/models--owner--name/HASH.lock         held by whoever downloads
//! ```

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::RepositoryId;
use super::repository::is_plain_path;
use crate::registry::RegistryError;
use crate::registry::checksum::Checksum;

/// The folder that files of hubs are kept in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache(PathBuf);

impl Cache {
    /// A cache in this folder, which need not be there yet.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0
    }

    pub(in crate::registry) fn repository(&self, id: &RepositoryId) -> PathBuf {
        self.0.join(id.folder_name())
    }

    pub(in crate::registry) fn blob(&self, id: &RepositoryId, checksum: &Checksum) -> PathBuf {
        self.repository(id).join("blobs").join(checksum.hex())
    }

    pub(in crate::registry) fn part(&self, id: &RepositoryId, checksum: &Checksum) -> PathBuf {
        self.blob(id, checksum).with_added_extension("incomplete")
    }

    pub(in crate::registry) fn lock(&self, id: &RepositoryId, checksum: &Checksum) -> PathBuf {
        let folder = self.0.join(".locks").join(id.folder_name());
        folder.join(checksum.hex()).with_added_extension("lock")
    }

    pub(in crate::registry) fn snapshot(&self, id: &RepositoryId, commit: &str) -> PathBuf {
        self.repository(id).join("snapshots").join(commit)
    }

    fn reference(&self, id: &RepositoryId, revision: &str) -> PathBuf {
        self.repository(id).join("refs").join(revision)
    }

    /// The commit that `revision` was when it was last asked for; a commit is itself.
    pub(in crate::registry) fn commit(&self, id: &RepositoryId, revision: &str) -> Option<String> {
        if is_commit(revision) {
            return Some(revision.to_owned());
        }
        let text = fs::read_to_string(self.reference(id, revision)).ok()?;
        let commit = text.trim();
        is_plain_path(commit).then(|| commit.to_owned())
    }

    /// The folder of what is here of a repository: the snapshot that `main` was, else the only one.
    #[must_use]
    pub fn snapshot_of(&self, id: &RepositoryId) -> Option<PathBuf> {
        let main = self.commit(id, "main").map(|commit| self.snapshot(id, &commit));
        if let Some(snapshot) = main.filter(|folder| folder.is_dir()) {
            return Some(snapshot);
        }
        let mut all = fs::read_dir(self.repository(id).join("snapshots"))
            .ok()?
            .flatten();
        let only = all.next()?.path();
        all.next().is_none().then_some(only)
    }

    /// A file that is here whole, in the snapshot that `revision` was. Whole is what has its final name.
    #[must_use]
    pub fn find(&self, id: &RepositoryId, revision: &str, path: &str) -> Option<PathBuf> {
        let commit = self.commit(id, revision)?;
        let file = self.snapshot(id, &commit).join(path);
        file.is_file().then_some(file)
    }

    /// Lets a snapshot have a blob under the path that it has in the repository, and says where that is.
    pub(in crate::registry) fn place(
        &self,
        id: &RepositoryId,
        commit: &str,
        path: &str,
        checksum: &Checksum,
    ) -> Result<PathBuf, RegistryError> {
        let file = self.snapshot(id, commit).join(path);
        let folder = file.parent().unwrap_or(&self.0);
        fs::create_dir_all(folder).map_err(RegistryError::write(folder))?;
        let n_up = 2 + path.matches('/').count();
        let blob: PathBuf = std::iter::repeat_n("..", n_up).chain(["blobs"]).collect();
        link(&blob.join(checksum.hex()), &file).map_err(RegistryError::write(&file))?;
        Ok(file)
    }

    /// Keeps which commit `revision` is.
    pub(in crate::registry) fn keep_reference(
        &self,
        id: &RepositoryId,
        revision: &str,
        commit: &str,
    ) -> Result<(), RegistryError> {
        if is_commit(revision) {
            return Ok(());
        }
        let file = self.reference(id, revision);
        let folder = file.parent().unwrap_or(&self.0);
        let written = fs::create_dir_all(folder).and_then(|()| write_reference(&file, commit));
        written.map_err(RegistryError::write(&file))
    }
}

/// How often a name is tried that others give as well.
const MAX_TRIES: usize = 5;

/// Writes which commit a revision is, whole or not at all: under a name that is the same each time, so that what a killed process
/// left is found by the next.
fn write_reference(file: &Path, commit: &str) -> std::io::Result<()> {
    let unfinished = beside(file, ".new-");
    let is_there = || fs::read(file).is_ok_and(|known| known == commit.as_bytes());
    named(&unfinished, file, is_there, || {
        // Never cut: two at once write as many bytes into the same file, and it is whole whoever names it.
        let mut new = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&unfinished)?;
        new.write_all(commit.as_bytes())?;
        new.set_len(commit.len() as u64)
    })
}

/// A link that appears whole: whoever looks sees the old one or this one.
#[cfg(unix)]
fn link(target: &Path, link: &Path) -> std::io::Result<()> {
    let leads_there = |link: &Path| fs::read_link(link).is_ok_and(|known| known == target);
    if leads_there(link) {
        return Ok(());
    }
    let unfinished = beside(link, ".link-");
    named(
        &unfinished,
        link,
        || leads_there(link),
        || {
            // Another's that leads there as well is as good, one that leads elsewhere was left.
            if !leads_there(&unfinished) {
                drop(fs::remove_file(&unfinished));
            }
            match std::os::unix::fs::symlink(target, &unfinished) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
                made => made,
            }
        },
    )
}

fn beside(file: &Path, beginning: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(beginning);
    name.push(file.file_name().unwrap_or_default());
    file.with_file_name(name)
}

/// Makes something under a name for that, and gives it its own. Where another process has just taken it away, it has either
/// done the same, or it is done again.
fn named(
    unfinished: &Path,
    file: &Path,
    is_there: impl Fn() -> bool,
    make: impl Fn() -> std::io::Result<()>,
) -> std::io::Result<()> {
    for _ in 1..MAX_TRIES {
        make()?;
        match fs::rename(unfinished, file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if is_there() {
                    return Ok(());
                }
            }
            renamed => return renamed,
        }
    }
    make()?;
    fs::rename(unfinished, file)
}

/// Where links need rights that people do not have, the bytes get a second name.
#[cfg(not(unix))]
fn link(target: &Path, link: &Path) -> std::io::Result<()> {
    let folder = link.parent().unwrap_or(Path::new("."));
    if link.exists() {
        fs::remove_file(link)?;
    }
    fs::hard_link(folder.join(target), link)
}

/// Whether a revision is a commit, which stays what it is.
pub(in crate::registry) fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
}
