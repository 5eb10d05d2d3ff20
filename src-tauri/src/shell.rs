//! What the page's calls need of the window: dialogs, the bundled clip, menus, the clipboard.

use std::path::PathBuf;
use std::sync::Arc;

use tauri::image::Image;
use tauri::{AppHandle, Manager, WebviewWindow};
use tauri_plugin_clipboard_manager::ClipboardExt;
use tauri_plugin_dialog::{DialogExt, FilePath};
use videre::api::window::{ApiError, Menu, PickFrom};
use videre::cancel::CancelToken;
use videre::desktop::{Shell, Window, unknown};
use videre::logs;

use crate::calls::Program;
use crate::files::{self, Arguments};
use crate::menus;
use crate::scrubbing::Scrubbing;

/// Endings that the dialog shows; every other file can still be opened by a drop.
const ENDINGS: &[&str] = &[
    "mp4", "m4v", "mov", "mkv", "webm", "avi", "ts", "mts", "m2ts", "mpg", "mpeg", "flv", "wmv", "ogv",
    "3gp", "gif",
];

/// The window that the page is in, and what belongs to it.
pub(crate) struct WindowShell {
    pub(crate) app: AppHandle,
    pub(crate) arguments: Arguments,
    pub(crate) scrubbing: Scrubbing,
}

impl WindowShell {
    fn main_window(&self) -> Result<WebviewWindow, ApiError> {
        let window = self.app.get_webview_window("main");
        window.ok_or_else(|| unknown("the window is closed".to_owned()))
    }
}

impl Shell for WindowShell {
    fn choose_videos(&self) -> Result<Vec<PathBuf>, ApiError> {
        let dialog = self.app.dialog().file().add_filter("Video", ENDINGS);
        paths(dialog.blocking_pick_files().unwrap_or_default())
    }

    fn choose_model(&self, from: PickFrom) -> Result<Option<Vec<PathBuf>>, ApiError> {
        let dialog = self.app.dialog().file();
        let chosen = match from {
            PickFrom::Files => dialog.add_filter("GGUF", &["gguf"]).blocking_pick_files(),
            PickFrom::Folder => dialog.blocking_pick_folder().map(|folder| vec![folder]),
        };
        chosen.map(paths).transpose()
    }

    fn choose_target(&self, name: &str) -> Result<Option<PathBuf>, ApiError> {
        let mut dialog = self.app.dialog().file().set_file_name(name);
        // Where people look for pictures, and not wherever the program was started.
        if let Ok(pictures) = self.app.path().picture_dir() {
            dialog = dialog.set_directory(pictures);
        }
        dialog.blocking_save_file().map(path).transpose()
    }

    fn sample(&self) -> Result<PathBuf, ApiError> {
        let resources = self.app.path().resource_dir();
        let resources = resources.map_err(|error| unknown(error.to_string()))?;
        Ok(resources.join("assets").join("sample.mp4"))
    }

    fn names_to_open(&self) -> Vec<String> {
        self.arguments.names()
    }

    fn copy_picture(&self, rgba: &[u8], width: u32, height: u32) -> Result<(), ApiError> {
        let copied = self.app.clipboard().write_image(&Image::new(rgba, width, height));
        copied.map_err(|error| unknown(format!("the picture could not be copied: {error}")))
    }

    /// The window is shown, what the program was started with is opened, and the model loaded. Before that all of the
    /// machine is the page's.
    fn begin(&self) -> Result<(), ApiError> {
        self.main_window()?.show().map_err(of_window)?;
        let Some(paths) = self.arguments.take() else {
            // A page that is loaded anew.
            return Ok(());
        };
        files::open(&self.app, paths);
        let desktop = Arc::clone(&self.app.state::<Program>().desktop);
        tauri::async_runtime::spawn_blocking(move || {
            // The page is told by an event, and whoever asks before it is loaded is told again.
            if let Err(error) = desktop.start(&CancelToken::new()) {
                tracing::error!(message = error.message, "the model was not loaded");
            }
        });
        Ok(())
    }

    fn scrub(&self, is_scrubbing: bool) {
        self.scrubbing.tell(is_scrubbing);
    }

    fn window(&self) -> Option<&dyn Window> {
        Some(self)
    }
}

impl Window for WindowShell {
    fn set_menu(&self, menus: Vec<Menu>) -> Result<(), ApiError> {
        if menus::HAS_SYSTEM_MENUS {
            let menu = menus::drawn(&self.app, &menus).map_err(of_window)?;
            self.app.set_menu(menu).map_err(of_window)?;
        }
        Ok(())
    }

    fn set_title(&self, title: String) -> Result<(), ApiError> {
        self.main_window()?.set_title(&title).map_err(of_window)
    }

    fn set_full_screen(&self, is_full: bool) -> Result<(), ApiError> {
        self.main_window()?.set_fullscreen(is_full).map_err(of_window)
    }

    fn show_logs(&self) -> Result<(), ApiError> {
        let folder = logs::usual_folder().map_err(|error| unknown(error.to_string()))?;
        // The folder is what was asked for, and nobody could open it by hand without its path.
        open::that_detached(&folder).map_err(|error| ApiError {
            hint: Some("open the folder by hand".to_owned()),
            ..unknown(format!("{} could not be shown: {error}", folder.display()))
        })
    }

    fn copy_text(&self, text: String) -> Result<(), ApiError> {
        let copied = self.app.clipboard().write_text(text);
        copied.map_err(|error| unknown(format!("the text could not be copied: {error}")))
    }
}

fn path(chosen: FilePath) -> Result<PathBuf, ApiError> {
    chosen.into_path().map_err(|error| unknown(error.to_string()))
}

fn paths(chosen: Vec<FilePath>) -> Result<Vec<PathBuf>, ApiError> {
    chosen.into_iter().map(path).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` takes")]
fn of_window(error: tauri::Error) -> ApiError {
    unknown(format!("the window could not be changed: {error}"))
}
