//! Files of chats that the disk has damaged.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};
use videre::api::window::AnswerState;
use videre::chat::{ChatId, Store, TurnId};

use super::{answer, at, open, place, turn, video};

const N_TURNS: usize = 60;

/// A file with one chat of many turns, closed.
fn long_chat() -> (tempfile::TempDir, PathBuf, ChatId) {
    let (folder, file) = place();
    let clip = video(folder.path(), "a.mp4");
    let store = open(&file);
    store.opened(&clip, at(0)).expect("it is kept");
    let chat = store
        .new_chat(clip.identity.as_str(), at(0))
        .expect("a chat is made");
    for number in 0..N_TURNS {
        let asked = store
            .begin_turn(chat, &turn(&clip, &format!("question {number}")), at(1))
            .expect("it is kept");
        let said = answer(&format!("answer {number} {}", "word ".repeat(200)));
        store.end_turn(asked, &said, at(2)).expect("it is kept");
    }
    let changes = serde_json::json!({ "prepares_on_open": false });
    store
        .change_settings(changes.as_object().expect("an object"))
        .expect("it is kept");
    drop(store);
    (folder, file, chat)
}

/// Changes the file through SQLite, behind the program's back.
fn meddle(file: &Path, sql: &str) {
    let other = Connection::open(file).expect("SQLite opens it");
    other.execute_batch(sql).expect("it can be changed");
}

fn questions(store: &Store, chat: ChatId) -> Vec<String> {
    let chat = store.chat(chat).expect("the chat is there");
    chat.turns.into_iter().map(|turn| turn.question).collect()
}

/// Opens a damaged file and says where it lies now.
fn rescued(file: &Path) -> (Store, PathBuf) {
    let before = fs::read(file).expect("it can be read");
    let store = open(file);
    let aside = store.set_aside().expect("it was set aside").path.clone();
    assert_eq!(aside.parent(), file.parent());
    assert!(
        before == fs::read(&aside).expect("it is there"),
        "the damaged file is as it was"
    );
    (store, aside)
}

#[test]
fn a_damaged_list_of_tables_costs_nothing_that_is_in_them() {
    let (_folder, file, chat) = long_chat();
    meddle(
        &file,
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE tu#n (' WHERE name = 'turn';",
    );
    let (store, _) = rescued(&file);
    assert_eq!(questions(&store, chat).len(), N_TURNS);
    assert!(!store.settings().expect("they are read").prepares_on_open);
    drop(store);
    let again = open(&file);
    assert_eq!(again.set_aside(), None, "it is said once");
    assert_eq!(questions(&again, chat).len(), N_TURNS);
}

#[test]
fn a_file_that_was_cut_short_gives_what_is_left_of_it() {
    let (_folder, file, chat) = long_chat();
    let n_bytes = fs::metadata(&file).expect("it is there").len();
    for n_left in [n_bytes / 2, 3 * n_bytes / 4, n_bytes - 4096] {
        let (_copies, copy) = place();
        fs::create_dir_all(copy.parent().expect("a folder")).expect("it can be made");
        fs::copy(&file, &copy).expect("it can be copied");
        let cut = fs::OpenOptions::new().write(true).open(&copy).expect("it opens");
        cut.set_len(n_left).expect("it can be cut");
        drop(cut);
        let (store, _) = rescued(&copy);
        let left = questions(&store, chat);
        assert!(!left.is_empty(), "{n_left} of {n_bytes} bytes");
        // And it goes on.
        let first = store.recent_videos(9).expect("the list is read");
        assert_eq!(first.len(), 1);
        store.new_chat(&first[0].id, at(9)).expect("a chat is made");
    }
}

#[test]
fn a_file_of_nothing_but_zeros_or_of_a_few_bytes_is_set_aside() {
    let (_folder, file, _) = long_chat();
    for content in [vec![0; 8192], b"SQLite format 3\0".to_vec()] {
        fs::write(&file, &content).expect("it can be written");
        let (store, _) = rescued(&file);
        assert_eq!(store.set_aside().map(|aside| aside.n_saved), Some(0));
        assert_eq!(store.recent_videos(9).expect("the list is read"), []);
    }
}

#[test]
fn a_damaged_page_costs_what_is_on_it() {
    let (_folder, file, chat) = long_chat();
    let mut bytes = fs::read(&file).expect("it can be read");
    let words = b"question 30";
    let found = bytes.windows(words.len()).position(|some| some == words);
    let page = found.expect("it stands there") / 4096 * 4096;
    bytes[page..page + 4096].fill(0xa5);
    // The list of tables as well, so that it is noticed at once.
    let name = bytes.windows(17).position(|some| some == b"CREATE TABLE turn");
    bytes[name.expect("it stands there")] = b'X';
    fs::write(&file, &bytes).expect("it can be written");
    let (store, _) = rescued(&file);
    let left = store.find_chats(
        &store.recent_videos(9).expect("the list is read")[0].id,
        "question",
    );
    assert_eq!(left.expect("they are found").len(), 1);
    assert!(store.turn(TurnId(1)).is_ok() && store.turn(TurnId(N_TURNS as i64)).is_ok());
    assert!(!questions(&store, chat).is_empty());
}

#[test]
fn one_bad_turn_is_said_to_be_bad_and_the_others_are_there() {
    for damage in [
        "UPDATE turn SET answer = '{' WHERE id = 7",
        "UPDATE turn SET options = 'x' WHERE id = 7",
        "UPDATE turn SET answer = CAST(x'7b22ff' AS TEXT) WHERE id = 7",
        "UPDATE turn SET options = CAST(x'ff' AS TEXT), look = '}' WHERE id = 7",
    ] {
        let (_folder, file, chat) = long_chat();
        meddle(&file, damage);
        let store = open(&file);
        let shown = store.chat(chat).expect("the chat is there");
        assert_eq!(shown.turns.len(), N_TURNS, "{damage}");
        for (number, turn) in shown.turns.iter().enumerate() {
            let said = turn.answer.as_ref().expect("there is an answer");
            assert_eq!(turn.question, format!("question {number}"));
            match said.state {
                AnswerState::Failed => {
                    assert_eq!(turn.id, "7", "{damage}");
                    assert!(said.error.is_some());
                }
                _ => assert!(said.text.starts_with(&format!("answer {number} "))),
            }
        }
        let bad = shown.turns.iter().filter(|turn| {
            let said = turn.answer.as_ref();
            said.is_some_and(|said| said.state == AnswerState::Failed)
        });
        assert_eq!(bad.count(), 1, "{damage}");
        let video = store.recent_videos(9).expect("the list is read").remove(0);
        let found = store.find_chats(&video.id, "answer 9").expect("it is found");
        assert_eq!(found.len(), 1, "{damage}");
    }
}

#[test]
fn a_bad_byte_in_a_question_is_one_bad_sign() {
    let (_folder, file, chat) = long_chat();
    meddle(
        &file,
        "UPDATE turn SET question = CAST(x'61ff62' AS TEXT) WHERE id = 1; UPDATE video SET name = CAST(x'ff' AS TEXT)",
    );
    let store = open(&file);
    assert_eq!(questions(&store, chat)[0], "a\u{fffd}b");
    let video = store.recent_videos(9).expect("the list is read").remove(0);
    assert_eq!(
        (video.name.as_str(), video.chats[0].title.as_str()),
        ("\u{fffd}", "a\u{fffd}b")
    );
}

#[test]
fn a_start_waits_for_nobody_who_writes() {
    let (_folder, file, chat) = long_chat();
    let mut other = Connection::open(&file).expect("SQLite opens it");
    for behavior in [TransactionBehavior::Immediate, TransactionBehavior::Exclusive] {
        let change = other.transaction_with_behavior(behavior).expect("it may write");
        let began = Instant::now();
        let store = open(&file);
        assert_eq!(questions(&store, chat).len(), N_TURNS);
        let took = began.elapsed();
        assert!(took < Duration::from_secs(2), "{took:?}");
        change.rollback().expect("nothing was changed");
    }
}
