//! What the page can ask for, over a real engine and a real file of chats.

mod asking;
mod codes;
mod full_disk;
mod models;
mod sees;
mod taken_away;
mod timing;
mod videos;
mod workers;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use videre::chat::Store;
use videre::desktop::Desktop;
use videre::engine::{Engine, MediaRole, ModelRole};
use videre::worker::Local;

/// A desktop whose files are all in `folder`.
fn desktop(folder: &Path) -> Desktop {
    let cache = folder.join("cache");
    let index = cache.join("index");
    let media = Local::new("media", MediaRole::maker());
    let model = Local::new("model", ModelRole::maker(Some(&cache)));
    let engine = Engine::new(Arc::new(media), Arc::new(model)).keeping_lists(Some(index));
    let store = Store::open(&folder.join("data").join("videre.db")).expect("the file of chats opens");
    Desktop::new(Arc::new(engine), store)
}

fn folder() -> TempDir {
    TempDir::new().expect("a temporary folder can be made")
}

/// The sample clip under another name, so that it can be moved and changed.
fn clip(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::copy(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample.mp4"),
        &path,
    )
    .expect("the sample can be copied");
    path
}
