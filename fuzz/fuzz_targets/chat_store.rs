//! Any bytes as the file of chats, or in any place of a good one: opened, set aside where it must be, and read through.
#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

use libfuzzer_sys::fuzz_target;
use rusqlite::Connection;
use rusqlite::types::Value;
use videre::api::window::{AnswerState, KeptAnswer, PlanRequest, PresetName};
use videre::chat::{ChatId, NewTurn, NewVideo, Store, TurnId};
use videre::engine::FileIdentity;

/// Where a text, bytes or a number of the input go: table and column.
const PLACES: [(&str, &str); 16] = [
    ("turn", "question"),
    ("turn", "options"),
    ("turn", "plan"),
    ("turn", "answer"),
    ("turn", "look"),
    ("turn", "said"),
    ("turn", "parent"),
    ("turn", "chat"),
    ("chat", "latest"),
    ("chat", "title"),
    ("chat", "deleted_at_ms"),
    ("video", "name"),
    ("video", "path"),
    ("video", "view"),
    ("video", "duration_secs"),
    ("setting", "value"),
];

/// A folder for the file, and a good one's bytes.
fn place() -> &'static (PathBuf, Vec<u8>) {
    static PLACE: OnceLock<(PathBuf, Vec<u8>)> = OnceLock::new();
    PLACE.get_or_init(|| {
        let folder = PathBuf::from(format!("/dev/shm/videre-fuzz-chats-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("there is room");
        let file = folder.join("good.db");
        make_good(&file);
        let bytes = fs::read(&file).expect("it was made");
        (folder, bytes)
    })
}

/// A video with a chat of two turns, and a setting.
fn make_good(file: &Path) {
    let store = Store::open(file).expect("there is room");
    let (path, now) = (PathBuf::from("/videos/clip.mp4"), SystemTime::UNIX_EPOCH);
    let identity = FileIdentity::known("ab".repeat(32));
    let video = NewVideo {
        identity,
        path,
        duration_secs: 12.5,
    };
    store.opened(&video, now).expect("it is kept");
    let chat = store.new_chat(video.identity.as_str(), now).expect("it is kept");
    for question in ["What is there?", "And what colour is it?"] {
        let plan = PlanRequest {
            video: video.identity.as_str().to_owned(),
            preset: PresetName::Balanced,
            strategy: None,
            range: None,
            pinned: vec![3],
            removed: Vec::new(),
            only_frame: None,
        };
        let turn = NewTurn {
            question: question.to_owned(),
            options: vec!["red".to_owned()],
            plan,
            replaces: None,
        };
        let turn = store.begin_turn(chat, &turn, now).expect("it is kept");
        let answer = KeptAnswer {
            state: AnswerState::Done,
            text: "A red star.".to_owned(),
            choice: None,
            probabilities: Vec::new(),
            facts: None,
            error: None,
        };
        store.end_turn(turn, &answer, now).expect("it is kept");
    }
    let changes = serde_json::json!({ "prepares_on_open": false });
    store
        .change_settings(changes.as_object().expect("an object"))
        .expect("it is kept");
}

fuzz_target!(|data: &[u8]| {
    let Some((which, rest)) = data.split_first() else {
        return;
    };
    let (folder, good) = place();
    let file = folder.join("videre.db");
    for old in fs::read_dir(folder).into_iter().flatten().flatten() {
        drop(fs::remove_file(old.path()));
    }
    match usize::from(*which).checked_sub(128) {
        // All of it.
        None => drop(fs::write(&file, rest)),
        Some(at) => {
            fs::write(&file, good).expect("there is room");
            let Ok(connection) = Connection::open(&file) else {
                return;
            };
            let (table, column) = PLACES[at % PLACES.len()];
            let value = match at / PLACES.len() % 3 {
                0 => Value::Text(String::from_utf8_lossy(rest).into_owned()),
                1 => Value::Blob(rest.to_vec()),
                _ => Value::Integer(
                    rest.iter()
                        .take(8)
                        .fold(0, |value, &byte| value << 8 | i64::from(byte)),
                ),
            };
            // A place that is not there, or may not hold this, is none.
            drop(connection.execute(&format!("UPDATE {table} SET {column} = ?1"), [value]));
        }
    }
    let Ok(store) = Store::open(&file) else { return };
    drop((store.settings(), store.models(), store.last_model()));
    for video in store.recent_videos(20).unwrap_or_default() {
        drop((
            store.view(&video.id),
            store.poster(&video.id),
            store.find_chats(&video.id, "a"),
        ));
        for chat in video.chats {
            let Ok(id) = chat.id.parse() else { continue };
            let Ok(shown) = store.chat(ChatId(id)) else {
                continue;
            };
            for turn in shown.turns {
                let Ok(id) = turn.id.parse() else { continue };
                drop((store.turn(TurnId(id)), store.turns_before(TurnId(id))));
            }
        }
        // And it goes on.
        drop(store.new_chat(&video.id, SystemTime::UNIX_EPOCH));
    }
});
