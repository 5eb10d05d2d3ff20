//! The invariants of ARCHITECTURE.md that a compiler does not see: what no file of a module may say.

mod faults;
mod modules;
mod notices;
mod seam;
mod waits;
mod walls;

use std::fs;
use std::path::{Path, PathBuf};

/// Everything below the repository's root that a person wrote and git keeps, as (path from the root, text).
struct SourceFile {
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text files below `folder` (from the root) whose name ends in one of `endings`, sorted by path.
fn source_files(folder: &str, endings: &[&str]) -> Vec<SourceFile> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.map(|entry| entry.expect("a folder of the repository can be listed")) {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                if !is_ignored(&path, &name) {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let bytes = fs::read(&path).expect("a file of the repository can be read");
                // A transport stream ends in `.ts` as TypeScript does, but is no text.
                let Ok(text) = String::from_utf8(bytes) else {
                    continue;
                };
                files.push(SourceFile {
                    path: path_from_root(&path),
                    text,
                });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// What `.gitignore` names, and git's own folder.
fn is_ignored(path: &Path, name: &str) -> bool {
    let in_root = path.parent() == Some(root());
    matches!(name, ".git" | "node_modules" | "__pycache__" | ".venv" | "corpus")
        || (name.starts_with("target"))
        || (in_root && name == "out")
        || path == root().join("ui/dist")
}

fn path_from_root(path: &Path) -> String {
    let relative: PathBuf = path
        .strip_prefix(root())
        .expect("below the root")
        .components()
        .collect();
    relative.to_string_lossy().replace('\\', "/")
}

/// Fails with every offence at once: a list that can be worked through.
fn assert_none(rule: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{rule}:\n  {}\n", offences.join("\n  "));
}
