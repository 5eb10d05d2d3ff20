//! Files that come from outside of the page: by drop, by argument, by a second start.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tauri::{AppHandle, Manager};

use crate::calls::Program;

/// What the program was started with, until a page is there that can show it.
pub(crate) struct Arguments(Mutex<Option<Vec<PathBuf>>>);

impl Arguments {
    pub(crate) fn of_this_start() -> Self {
        let folder = std::env::current_dir().unwrap_or_default();
        Self(Mutex::new(Some(named(std::env::args_os().skip(1), &folder))))
    }

    /// The names of those that are still to be opened, without their folders.
    pub(crate) fn names(&self) -> Vec<String> {
        let paths = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
        paths.iter().flatten().filter_map(name).collect()
    }

    /// None from the second time on: a page that is loaded anew has shown them already.
    pub(crate) fn take(&self) -> Option<Vec<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The files among a program's arguments. A relative name is one of the folder that the program was started in.
pub(crate) fn named(arguments: impl Iterator<Item = OsString>, folder: &Path) -> Vec<PathBuf> {
    let is_file =
        |argument: &OsString| !argument.is_empty() && !argument.as_encoded_bytes().starts_with(b"-");
    arguments.filter(is_file).map(|name| folder.join(name)).collect()
}

/// Has them opened away from the window's thread.
pub(crate) fn open(app: &AppHandle, paths: Vec<PathBuf>) {
    if paths.is_empty() {
        return;
    }
    let desktop = Arc::clone(&app.state::<Program>().desktop);
    tauri::async_runtime::spawn_blocking(move || desktop.open_given(paths));
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::named;

    #[test]
    fn arguments_name_files_of_the_folder_of_that_start() {
        let arguments = ["clip.mp4", "-psn_0_1", "/elsewhere/a b.mkv", "", "--flag"].map(Into::into);
        let files = named(arguments.into_iter(), Path::new("/started/here"));
        let expected: Vec<PathBuf> = vec!["/started/here/clip.mp4".into(), "/elsewhere/a b.mkv".into()];
        assert_eq!(files, expected);
    }
}
