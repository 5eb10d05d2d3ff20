//! What is kept between runs: found again, its owner's alone, and unharmed by other processes and by their end.

mod damage;
mod format;
mod kept;
mod shared;
mod versions;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use videre::api::window::{AnswerState, KeptAnswer, PlanRequest, PresetName};
use videre::chat::{NewTurn, NewVideo, Store};
use videre::engine::FileIdentity;
use videre::video::VideoFile;

/// A folder that is not there yet, for the file of chats.
fn place() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let file = folder.path().join("data").join("videre.db");
    (folder, file)
}

fn open(file: &Path) -> Store {
    Store::open(file).expect("the file opens")
}

/// So many seconds after 2026 began.
fn at(secs: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_225_600 + secs)
}

/// A video whose file is in `folder` and has this content.
fn video(folder: &Path, name: &str) -> NewVideo {
    let path = folder.join(name);
    std::fs::write(&path, name).expect("a file can be written");
    NewVideo {
        identity: VideoFile::open(&path)
            .map(|file| FileIdentity::of(&file).expect("it can be read"))
            .expect("it is a file"),
        path,
        duration_secs: 12.5,
    }
}

fn turn(video: &NewVideo, question: &str) -> NewTurn {
    NewTurn {
        question: question.to_owned(),
        options: vec!["red".to_owned(), "blue".to_owned()],
        plan: PlanRequest {
            video: video.identity.as_str().to_owned(),
            preset: PresetName::Balanced,
            strategy: None,
            range: None,
            pinned: vec![3],
            removed: vec![],
            only_frame: None,
        },
        replaces: None,
    }
}

fn answer(text: &str) -> KeptAnswer {
    KeptAnswer {
        state: AnswerState::Done,
        text: text.to_owned(),
        choice: None,
        probabilities: Vec::new(),
        facts: None,
        error: None,
    }
}
