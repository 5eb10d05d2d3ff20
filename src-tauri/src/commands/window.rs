//! The window itself, settings, and help.

use std::sync::Arc;

use tauri::ipc::Channel;
use tauri::{AppHandle, State, WebviewWindow};
use tauri_plugin_clipboard_manager::ClipboardExt;
use videre::api::window::{ApiError, AppEvent, Menu, Settings};
use videre::cancel::CancelToken;
use videre::logs;

use crate::calls::{Host, unknown};
use crate::events::Events;
use crate::files::{self, Arguments};
use crate::menus;

#[tauri::command]
pub(crate) fn cancel(host: State<'_, Host>, call: u64) {
    host.cancel(call);
}

/// Events from now on. A page that is loaded anew takes the place of the one before it.
#[tauri::command]
pub(crate) fn listen(events: State<'_, Events>, each: Channel<AppEvent>) {
    events.to(each);
}

#[tauri::command]
pub(crate) async fn settings(host: State<'_, Host>, call: u64) -> Result<Settings, ApiError> {
    host.run(call, |desktop, _| desktop.settings()).await
}

#[tauri::command]
pub(crate) async fn change_settings(
    host: State<'_, Host>,
    call: u64,
    changes: serde_json::Map<String, serde_json::Value>,
) -> Result<Settings, ApiError> {
    host.run(call, move |desktop, _| desktop.change_settings(&changes))
        .await
}

#[tauri::command]
pub(crate) async fn set_menu(app: AppHandle, menus: Vec<Menu>) -> Result<(), ApiError> {
    if menus::HAS_SYSTEM_MENUS {
        let menu = menus::drawn(&app, &menus).map_err(of_window)?;
        app.set_menu(menu).map_err(of_window)?;
    }
    Ok(())
}

#[tauri::command]
pub(crate) fn set_title(window: WebviewWindow, title: &str) -> Result<(), ApiError> {
    window.set_title(title).map_err(of_window)
}

#[tauri::command]
pub(crate) fn set_full_screen(window: WebviewWindow, is_full: bool) -> Result<(), ApiError> {
    window.set_fullscreen(is_full).map_err(of_window)
}

/// The page's first picture is painted: the window is shown, what the program was started with is opened, and the model
/// loaded. Before that all of the machine is the page's.
#[tauri::command]
pub(crate) fn ready(
    app: AppHandle,
    window: WebviewWindow,
    host: State<'_, Host>,
    arguments: State<'_, Arguments>,
) -> Result<(), ApiError> {
    window.show().map_err(of_window)?;
    let Some(paths) = arguments.take() else {
        // A page that is loaded anew.
        return Ok(());
    };
    files::open(&app, paths);
    let desktop = Arc::clone(&host.desktop);
    tauri::async_runtime::spawn_blocking(move || {
        // The page is told by an event, and whoever asks before it is loaded is told again.
        if let Err(error) = desktop.start(&CancelToken::new()) {
            tracing::error!(message = error.message, "the model was not loaded");
        }
    });
    Ok(())
}

#[tauri::command]
pub(crate) async fn diagnosis(
    host: State<'_, Host>,
    call: u64,
    with_file_names: bool,
) -> Result<String, ApiError> {
    host.run(call, move |desktop, cancel| {
        Ok(desktop.diagnosis(with_file_names, cancel))
    })
    .await
}

/// Opens the folder of the log files in the system's file manager.
#[tauri::command]
pub(crate) async fn show_logs() -> Result<(), ApiError> {
    let folder = logs::usual_folder().map_err(|error| unknown(error.to_string()))?;
    open::that_detached(&folder).map_err(|error| ApiError {
        hint: Some("open the folder by hand".to_owned()),
        ..unknown(format!("{} could not be shown: {error}", folder.display()))
    })
}

#[tauri::command]
pub(crate) async fn copy_text(app: AppHandle, text: String) -> Result<(), ApiError> {
    app.clipboard()
        .write_text(text)
        .map_err(|error| unknown(format!("the text could not be copied: {error}")))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` takes")]
fn of_window(error: tauri::Error) -> ApiError {
    unknown(format!("the window could not be changed: {error}"))
}
