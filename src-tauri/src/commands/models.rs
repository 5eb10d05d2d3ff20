//! Models: which there are, and which answers.

use tauri::{AppHandle, State};
use tauri_plugin_dialog::{DialogExt, FilePath};
use videre::api::window::{ApiError, Model, ModelState};

use crate::calls::{Host, unknown};

/// What the user points at.
#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PickFrom {
    /// The two files of a pair.
    Files,
    /// The folder that they are in.
    Folder,
}

#[tauri::command]
pub(crate) async fn model_state(host: State<'_, Host>, call: u64) -> Result<ModelState, ApiError> {
    host.run(call, |desktop, _| Ok(desktop.model_state())).await
}

#[tauri::command]
pub(crate) async fn models(host: State<'_, Host>, call: u64) -> Result<Vec<Model>, ApiError> {
    host.run(call, videre::desktop::Desktop::models).await
}

#[tauri::command]
pub(crate) async fn pick_model(
    app: AppHandle,
    host: State<'_, Host>,
    call: u64,
    from: PickFrom,
) -> Result<Option<Model>, ApiError> {
    host.run(call, move |desktop, cancel| {
        let dialog = app.dialog().file();
        let chosen = match from {
            PickFrom::Files => dialog.add_filter("GGUF", &["gguf"]).blocking_pick_files(),
            PickFrom::Folder => dialog.blocking_pick_folder().map(|folder| vec![folder]),
        };
        let Some(chosen) = chosen else { return Ok(None) };
        let paths = chosen
            .into_iter()
            .map(FilePath::into_path)
            .collect::<Result<Vec<_>, _>>();
        let paths = paths.map_err(|error| unknown(error.to_string()))?;
        Ok(Some(desktop.picked_model(&paths, cancel)))
    })
    .await
}

#[tauri::command]
pub(crate) async fn load_model(host: State<'_, Host>, call: u64, model: String) -> Result<(), ApiError> {
    host.run(call, move |desktop, cancel| desktop.load_model(&model, cancel))
        .await
}
