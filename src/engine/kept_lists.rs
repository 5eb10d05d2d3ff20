//! Lists of frames kept on disk, so that a large file is read through once only. What is in one, the media role knows.
//!
//! Each is its owner's alone, and no more are kept than a limit allows: the least recently used go first.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use etcetera::BaseStrategy;

use super::requests::Check;
use crate::private;
use crate::regular;
use crate::video::{VideoFile, name_hash};

/// Where lists are usually kept; nowhere for users without a home.
#[must_use]
pub fn usual_list_folder() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy().ok()?;
    Some(folders.cache_dir().join("videre").join("index"))
}

/// What all lists together may take: that of a film of two hours takes about ten million bytes.
const MAX_BYTES: u64 = 256 << 20;
/// What was being written for longer than this belongs to a process that is gone.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 3600);
/// How the names of files begin that are being written: here, and in versions before.
const UNFINISHED: [&str; 2] = [".new-", ".tmp"];

/// Where lists of frames are kept from run to run; nowhere without a folder.
#[derive(Clone, Debug, Default)]
pub(super) struct KeptLists {
    folder: Option<PathBuf>,
}

impl KeptLists {
    /// In this folder, which is made when there is something to keep.
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// The file together with the list that is kept of it, if one is.
    pub(super) fn attach(&self, video: VideoFile) -> VideoFile {
        let kept = self.folder.as_ref().and_then(|folder| {
            let (list, _) = regular::open(&file_in(folder, &video)).ok()?;
            // The time of the last use; that it cannot be set is no reason to read the video again.
            drop(list.set_modified(SystemTime::now()));
            Some(list)
        });
        video.with_kept_list(kept)
    }

    /// Keeps the list of a file, whole or not at all. That it cannot be kept is no reason not to show the video.
    pub(super) fn keep(&self, video: &VideoFile, list: &[u8]) {
        if let Some(folder) = &self.folder
            && let Err(error) = store(folder, video, list)
        {
            tracing::warn!(%error, folder = %folder.display(), "the list of frames is not kept");
        }
    }

    /// Removes all lists of the file at `path`, in whatever state it was, also where it is gone by now.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn forget(&self, path: &Path) -> io::Result<()> {
        self.folder.as_ref().map_or(Ok(()), |folder| forget(folder, path))
    }

    /// Whether lists can be kept.
    pub(super) fn examine(&self) -> Check {
        let Some(folder) = &self.folder else {
            let hint = Some("set HOME, or XDG_CACHE_HOME".to_owned());
            return Check::bad("cache", "there is no home folder", hint);
        };
        match private::make_folder(folder).and_then(|()| tempfile::tempfile_in(folder)) {
            Ok(_) => Check::good("cache", folder.display().to_string()),
            Err(error) => {
                let hint = "make it writable, or set XDG_CACHE_HOME to a folder that is";
                let found = format!("{} cannot be written: {error}", folder.display());
                Check::bad("cache", found, Some(hint.to_owned()))
            }
        }
    }
}

fn file_in(folder: &Path, video: &VideoFile) -> PathBuf {
    let state = video.state();
    let hash = blake3::Hash::from_bytes(state.state).to_hex();
    folder.join(format!("{}{hash}.vidx", beginning(&state.name)))
}

/// How the names of a video's lists begin, whatever state of it they are of.
fn beginning(name: &[u8; 32]) -> String {
    format!("{}-", &blake3::Hash::from_bytes(*name).to_hex()[..32])
}

fn store(folder: &Path, video: &VideoFile, list: &[u8]) -> io::Result<()> {
    private::make_folder(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(UNFINISHED[0])
        .tempfile_in(folder)?;
    file.write_all(list)?;
    file.persist(file_in(folder, video))?;
    trim(folder, MAX_BYTES)
}

fn forget(folder: &Path, path: &Path) -> io::Result<()> {
    let around = path.parent().and_then(|parent| parent.canonicalize().ok());
    let names = [
        path.canonicalize().ok(),
        around
            .zip(path.file_name())
            .map(|(around, name)| around.join(name)),
        Some(path.to_owned()),
    ];
    let beginnings = names
        .into_iter()
        .flatten()
        .map(|name| beginning(&name_hash(&name)));
    let beginnings: Vec<String> = beginnings.collect();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if beginnings
            .iter()
            .any(|beginning| name.starts_with(beginning.as_str()))
        {
            match fs::remove_file(entry.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Removes what processes left that were killed, and of the rest what was used least recently, until no more than
/// `max_bytes` are left.
fn trim(folder: &Path, max_bytes: u64) -> io::Result<()> {
    let (mut files, mut total) = (Vec::new(), 0);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Another process may have removed it since.
        let Ok(metadata) = entry.metadata() else { continue };
        let used = metadata.modified().unwrap_or(UNIX_EPOCH);
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if UNFINISHED.iter().any(|beginning| name.starts_with(beginning)) {
            if used.elapsed().unwrap_or_default() > ABANDONED_AFTER {
                drop(fs::remove_file(entry.path()));
            }
        } else if name.ends_with(".vidx") {
            total += metadata.len();
            files.push((used, metadata.len(), entry.path()));
        }
    }
    files.sort();
    for (_, n_bytes, path) in files {
        if total <= max_bytes {
            break;
        }
        if fs::remove_file(path).is_ok() {
            total -= n_bytes;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    /// A folder with the clips `a` and `b`, and a list kept of each.
    fn two() -> (tempfile::TempDir, PathBuf, [(PathBuf, VideoFile); 2]) {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache");
        let clips = ["a", "b"].map(|name| {
            let clip = folder.path().join(name);
            fs::write(&clip, "not a clip, but a file").unwrap();
            let video = VideoFile::open(&clip).unwrap();
            store(&cache, &video, name.as_bytes()).unwrap();
            (clip, video)
        });
        (folder, cache, clips)
    }

    fn is_kept(cache: &Path, video: &VideoFile) -> bool {
        let kept = KeptLists::new(Some(cache.to_owned()));
        kept.attach(video.clone()).kept_list().is_some()
    }

    #[test]
    fn a_list_is_found_again_for_the_same_state_of_the_same_file() {
        let (_folder, cache, [(clip, a), (_, b)]) = two();
        assert!(is_kept(&cache, &a) && is_kept(&cache, &b));
        fs::write(&clip, "changed").unwrap();
        assert!(!is_kept(&cache, &VideoFile::open(&clip).unwrap()));
        KeptLists::new(None).keep(&a, b"nowhere");
        assert!(KeptLists::new(None).attach(a).kept_list().is_none());
    }

    #[test]
    fn a_forgotten_video_takes_its_lists_along() {
        let (_folder, cache, [(clip, a), (_, b)]) = two();
        fs::remove_file(&clip).unwrap();
        forget(&cache, &clip).unwrap();
        assert!(!is_kept(&cache, &a));
        assert!(is_kept(&cache, &b));
        forget(&cache.join("none"), &clip).unwrap();
    }

    #[test]
    fn the_least_recently_used_goes_first_and_so_does_what_was_left() {
        let (_folder, cache, [(_, a), (_, b)]) = two();
        let set_age = |path: &Path, age| {
            let file = File::options().write(true).open(path).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        };
        let left = [".new-1", ".tmp2", ".new-3"].map(|name| cache.join(name));
        for path in &left {
            fs::write(path, "half").unwrap();
        }
        for path in &left[..2] {
            set_age(path, 2 * ABANDONED_AFTER);
        }
        for video in [&a, &b] {
            set_age(&file_in(&cache, video), 2 * ABANDONED_AFTER);
        }
        assert!(is_kept(&cache, &a), "and is the one used last by that");
        trim(&cache, 1).unwrap();
        assert_eq!((is_kept(&cache, &a), is_kept(&cache, &b)), (true, false));
        assert_eq!(left.map(|path| path.exists()), [false, false, true]);
    }

    #[cfg(unix)]
    #[test]
    fn a_list_is_its_owner_s_alone() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, cache, [(_, a), _]) = two();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&cache), mode(&file_in(&cache, &a))), (0o700, 0o600));
        fs::set_permissions(&cache, fs::Permissions::from_mode(0o755)).unwrap();
        store(&cache, &a, b"a").unwrap();
        assert_eq!(mode(&cache), 0o700);
    }
}
