//! Names the commands that the page may be allowed to call, one by one, in `capabilities/`.

use tauri_build::{AppManifest, Attributes};

const COMMANDS: &[&str] = &[
    "answer_plan",
    "ask",
    "cancel",
    "change_settings",
    "chat",
    "chats",
    "copy_text",
    "delete_chat",
    "diagnosis",
    "filmstrip",
    "forget_video",
    "frame",
    "frame_times",
    "listen",
    "load_model",
    "model_state",
    "models",
    "new_chat",
    "open_recent",
    "open_sample",
    "open_with_dialog",
    "pick_model",
    "plan",
    "plan_picture",
    "poster",
    "prepare",
    "ready",
    "recent_videos",
    "save_frame",
    "set_full_screen",
    "set_menu",
    "set_scrubbing",
    "set_title",
    "settings",
    "show_logs",
];

fn main() {
    let manifest = AppManifest::new().commands(COMMANDS);
    if let Err(error) = tauri_build::try_build(Attributes::new().app_manifest(manifest)) {
        println!("cargo::error={error:#}");
    }
}
