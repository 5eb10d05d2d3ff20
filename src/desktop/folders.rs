//! Where things of the program and its models usually lie.

use std::fs;
use std::path::{Path, PathBuf};

use crate::registry::Hub;
use crate::registry::catalogue::own_models;

/// More folders than anybody's models have.
const MAX_FOLDERS: usize = 200;

/// Folders with model files in them: those below the program's own folder of models, and what Hugging Face's tools
/// downloaded.
pub(super) fn with_models() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = own_models().into_iter().collect();
    found.extend(found.first().map(|own| below(own)).unwrap_or_default());
    for repository in below(Hub::of_environment().cache().folder()) {
        found.extend(below(&repository.join("snapshots")));
    }
    found.retain(|folder| holds_models(folder));
    found.truncate(MAX_FOLDERS);
    found
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// Whether there are model files in this folder.
pub(super) fn holds_models(folder: &Path) -> bool {
    let mut entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.any(|entry| {
        let path = entry.path();
        path.extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"))
    })
}
