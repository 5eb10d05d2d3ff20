//! Files that the user opened, and pictures of them.

use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender};

use tauri::ipc::{Channel, InvokeResponseBody, Response};
use tauri::{AppHandle, Manager, State};
use tauri_plugin_dialog::DialogExt;
use videre::api::window::{ApiError, FilmstripRequest, FrameRequest, RecentVideo, SavedFile, VideoInfo};
use videre::desktop::Desktop;

use crate::calls::{Host, packed, unknown};

/// Endings that the dialog shows; every other file can still be opened by a drop.
const ENDINGS: &[&str] = &[
    "mp4", "m4v", "mov", "mkv", "webm", "avi", "ts", "mts", "m2ts", "mpg", "mpeg", "flv", "wmv", "ogv",
    "3gp", "gif",
];

#[tauri::command]
pub(crate) async fn open_with_dialog(
    app: AppHandle,
    host: State<'_, Host>,
    call: u64,
) -> Result<Vec<VideoInfo>, ApiError> {
    let chosen = tauri::async_runtime::spawn_blocking(move || {
        app.dialog()
            .file()
            .add_filter("Video", ENDINGS)
            .blocking_pick_files()
    });
    let chosen = chosen
        .await
        .map_err(|error| unknown(error.to_string()))?
        .unwrap_or_default();
    host.run(call, move |desktop, cancel| {
        let mut opened = Vec::new();
        let mut refused = None;
        for file in chosen {
            let path = file.into_path().map_err(|error| unknown(error.to_string()))?;
            match desktop.open_file(&path, cancel, &mut |_| {}) {
                Ok(info) => opened.push(info),
                Err(error) => refused = Some(error),
            }
        }
        match refused {
            Some(error) if opened.is_empty() => Err(error),
            _ => Ok(opened),
        }
    })
    .await
}

#[tauri::command]
pub(crate) async fn open_sample(
    app: AppHandle,
    host: State<'_, Host>,
    call: u64,
) -> Result<VideoInfo, ApiError> {
    let resources = app
        .path()
        .resource_dir()
        .map_err(|error| unknown(error.to_string()))?;
    let path = resources.join("assets").join("sample.mp4");
    host.run(call, move |desktop, cancel| {
        desktop.open_file(&path, cancel, &mut |_| {})
    })
    .await
}

#[tauri::command]
pub(crate) async fn open_recent(
    host: State<'_, Host>,
    call: u64,
    video: String,
) -> Result<VideoInfo, ApiError> {
    host.run(call, move |desktop, cancel| {
        desktop.open_recent(&video, cancel, &mut |_| {})
    })
    .await
}

#[tauri::command]
pub(crate) async fn recent_videos(host: State<'_, Host>, call: u64) -> Result<Vec<RecentVideo>, ApiError> {
    host.run(call, |desktop, _| desktop.recent_videos()).await
}

#[tauri::command]
pub(crate) async fn poster(host: State<'_, Host>, call: u64, video: String) -> Result<Response, ApiError> {
    host.run(call, move |desktop, _| {
        Ok(Response::new(packed(&desktop.poster(&video)?)?))
    })
    .await
}

#[tauri::command]
pub(crate) async fn forget_video(host: State<'_, Host>, call: u64, video: String) -> Result<(), ApiError> {
    host.run(call, move |desktop, cancel| desktop.forget_video(&video, cancel))
        .await
}

/// Seconds as `f64`, little endian: a clip of hours has hundreds of thousands.
#[tauri::command]
pub(crate) async fn frame_times(
    host: State<'_, Host>,
    call: u64,
    video: String,
) -> Result<Response, ApiError> {
    host.run(call, move |desktop, cancel| {
        let times = desktop.frame_times(&video, cancel)?;
        let bytes: Vec<u8> = times.iter().flat_map(|secs| secs.to_le_bytes()).collect();
        Ok(Response::new(bytes))
    })
    .await
}

#[tauri::command]
pub(crate) async fn frame(
    host: State<'_, Host>,
    call: u64,
    request: FrameRequest,
) -> Result<Response, ApiError> {
    host.run(call, move |desktop, cancel| {
        Ok(Response::new(packed(&desktop.frame(&request, cancel)?)?))
    })
    .await
}

/// Each picture is one raw message: the slot (4 bytes, little endian), then as [`packed`]. An empty one is the last.
#[tauri::command]
pub(crate) async fn filmstrip(
    host: State<'_, Host>,
    call: u64,
    request: FilmstripRequest,
    each: Channel<InvokeResponseBody>,
) -> Result<(), ApiError> {
    host.run(call, move |desktop, cancel| {
        let mut failed = None;
        desktop.filmstrip(&request, cancel, &mut |slot, shown| match packed(&shown) {
            Ok(picture) => {
                let mut message = (slot as u32).to_le_bytes().to_vec();
                message.extend_from_slice(&picture);
                // A page that went away needs no more pictures.
                if each.send(InvokeResponseBody::Raw(message)).is_err() {
                    cancel.cancel();
                }
            }
            Err(error) => failed = Some(error),
        })?;
        drop(each.send(InvokeResponseBody::Raw(Vec::new())));
        failed.map_or(Ok(()), Err)
    })
    .await
}

#[tauri::command]
pub(crate) async fn save_frame(
    app: AppHandle,
    host: State<'_, Host>,
    call: u64,
    video: String,
    index: usize,
) -> Result<Option<SavedFile>, ApiError> {
    host.run(call, move |desktop, cancel| {
        let (frame, name) = desktop.full_frame(&video, index, cancel)?;
        let Some(chosen) = app.dialog().file().set_file_name(&name).blocking_save_file() else {
            return Ok(None);
        };
        let path = chosen.into_path().map_err(|error| unknown(error.to_string()))?;
        let image = frame.pixels.into_image();
        let image = image.ok_or_else(|| unknown("the frame did not come whole".to_owned()))?;
        image
            .save_with_format(&path, image::ImageFormat::Png)
            .map_err(|error| ApiError {
                hint: Some("choose another folder".to_owned()),
                ..unknown(format!("cannot write {}: {error}", path.display()))
            })?;
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Ok(Some(SavedFile { name }))
    })
    .await
}

/// Whether somebody drags through a video. What is said here arrives in its order, and not on the window's thread: a
/// worker may take its time.
pub(crate) struct Scrubbing(SyncSender<bool>);

impl Scrubbing {
    /// More drags than begin and end while a worker answers once.
    const N_WAITING: usize = 256;

    pub(crate) fn told_to(desktop: Arc<Desktop>) -> std::io::Result<Self> {
        let (sender, told) = mpsc::sync_channel(Self::N_WAITING);
        std::thread::Builder::new()
            .name("scrubbing".to_owned())
            .spawn(move || {
                while let Ok(mut is_scrubbing) = told.recv() {
                    // Only the latest counts.
                    while let Ok(newer) = told.try_recv() {
                        is_scrubbing = newer;
                    }
                    if let Err(error) = desktop.set_scrubbing(is_scrubbing) {
                        tracing::warn!(message = error.message, "encoding does not wait for scrubbing");
                    }
                }
            })?;
        Ok(Self(sender))
    }
}

#[tauri::command]
pub(crate) fn set_scrubbing(scrubbing: State<'_, Scrubbing>, is_scrubbing: bool) {
    // Its thread lives as long as the program. The window's thread never waits: encoding that is held up goes on by itself.
    scrubbing.0.try_send(is_scrubbing).ok();
}
