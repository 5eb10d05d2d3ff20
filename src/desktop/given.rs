//! Files that come from outside of the page: by drop, by argument, by a second start.

use std::path::{Path, PathBuf};

use super::Desktop;
use super::folders::holds_models;
use crate::api::window::{ApiError, AppEvent};
use crate::cancel::CancelToken;
use crate::chat::SetAside;
use crate::fault::{Failure, Fault, Origin};

impl Desktop {
    /// Opens what the user gave, one after the other, and tells the page: of the first video at once, of each file that
    /// cannot be opened, and of a model. Further videos are in the list of recent ones. GGUF files and folders with them
    /// are one model together, whatever else was given.
    pub fn open_given(&self, paths: Vec<PathBuf>) {
        let (models, videos): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| is_model(path));
        if !models.is_empty() {
            let model = self.picked_model(&models, &CancelToken::new());
            self.listener.tell(AppEvent::ModelGiven { model });
        }
        let mut is_first = true;
        for path in videos {
            match self.open_file(&path, &CancelToken::new(), &mut |_| {}) {
                Ok(video) if is_first => {
                    is_first = false;
                    self.listener.tell(AppEvent::Opened { videos: vec![video] });
                }
                Ok(_) => {}
                Err(error) => {
                    let name = path.file_name().unwrap_or(path.as_os_str());
                    let name = name.to_string_lossy().into_owned();
                    self.listener.tell(AppEvent::OpenFailed { name, error });
                }
            }
        }
    }

    /// Tells the page of the file of chats that was damaged, where there was one: what became of it, and where it lies.
    pub(super) fn tell_of_set_aside(&self) {
        let Some(SetAside { path, n_saved }) = self.store.set_aside() else {
            return;
        };
        let name = self.store.path().file_name().unwrap_or_default();
        let failure = Failure::new(
            Fault::Machine,
            format!(
                "the file of chats and settings was damaged; a new one was begun with what could be read of it \
                 ({n_saved} entries), and the old one lies in {}",
                path.display()
            ),
        );
        let failure = failure.with_hint("keep the old file if something is missing; nothing removes it");
        let error = ApiError::of(Origin::Store, &failure);
        let name = name.to_string_lossy().into_owned();
        self.listener.tell(AppEvent::OpenFailed { name, error });
    }
}

/// Whether this is a file or a folder of a model: no video is called so.
fn is_model(path: &Path) -> bool {
    let is_gguf = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"));
    is_gguf || holds_models(path)
}
