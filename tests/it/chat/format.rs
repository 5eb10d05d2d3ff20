//! The file itself: whose it is, which version it has, and what happens to one that is not ours.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rusqlite::Connection;
use videre::chat::{ChatError, Store};
use videre::fault::{Explain, Fault};

use super::{at, open, place, video};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn only_its_owner_may_read_the_file_its_journal_and_its_folder() {
    let (folder, file) = place();
    let store = open(&file);
    store
        .opened(&video(folder.path(), "a.mp4"), at(0))
        .expect("it is kept");
    let home = file.parent().expect("it lies in a folder");
    assert_eq!(mode(home), 0o700);
    let beside: Vec<_> = fs::read_dir(home).expect("it can be read").flatten().collect();
    assert!(beside.len() > 1, "a journal lies beside it");
    for entry in beside {
        assert_eq!(mode(&entry.path()), 0o600, "{:?}", entry.path());
    }
}

#[test]
fn rights_that_were_too_wide_are_taken_back() {
    let (_folder, file) = place();
    drop(open(&file));
    let home = file.parent().expect("it lies in a folder");
    fs::set_permissions(home, fs::Permissions::from_mode(0o755)).expect("rights can be set");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("rights can be set");
    drop(open(&file));
    assert_eq!((mode(home), mode(&file)), (0o700, 0o600));
}

#[test]
fn a_newer_file_is_refused_with_advice_and_not_touched() {
    let (folder, file) = place();
    let store = open(&file);
    store
        .opened(&video(folder.path(), "a.mp4"), at(0))
        .expect("it is kept");
    drop(store);
    let raise = Connection::open(&file).expect("SQLite opens it");
    raise
        .pragma_update(None, "user_version", 4711)
        .expect("the version can be set");
    drop(raise);
    let before = fs::read(&file).expect("it can be read");
    let error = Store::open(&file).expect_err("it is newer");
    assert!(matches!(error, ChatError::Newer { found: 4711, .. }), "{error}");
    assert!(error.to_string().contains(&file.display().to_string()), "{error}");
    assert_eq!(error.fault(), Fault::Newer);
    assert!(error.hint().is_some());
    assert!(
        before == fs::read(&file).expect("it can be read"),
        "its bytes are the same"
    );
}

#[test]
fn files_that_are_not_ours_are_refused_and_not_touched() {
    let (_folder, file) = place();
    drop(open(&file));
    fs::remove_file(&file).expect("it goes");
    let text =
        b"This is a diary and no database, and it is longer than a header of SQLite's would be.".repeat(20);
    fs::write(&file, &text).expect("it can be written");
    assert!(matches!(Store::open(&file), Err(ChatError::Foreign { .. })));
    assert!(text == fs::read(&file).expect("it can be read"));
    fs::remove_file(&file).expect("it goes");
    let foreign = Connection::open(&file).expect("SQLite makes it");
    foreign
        .execute_batch("CREATE TABLE diary (day TEXT)")
        .expect("a table can be made");
    drop(foreign);
    let before = fs::read(&file).expect("it can be read");
    assert!(matches!(Store::open(&file), Err(ChatError::Foreign { .. })));
    assert!(before == fs::read(&file).expect("it can be read"));
}

/// Version 1 as it was first written: everything in it must be found by every later version.
#[test]
fn a_file_of_version_1_is_read() {
    let (_folder, file) = place();
    drop(open(&file));
    fs::remove_file(&file).expect("it goes");
    let written = Connection::open(&file).expect("SQLite makes it");
    written
        .execute_batch(include_str!("version_1.sql"))
        .expect("the file of version 1 can be written");
    drop(written);
    let store = open(&file);
    let recent = store.recent_videos(10).expect("the list is read");
    assert_eq!(recent.len(), 1);
    assert_eq!(
        (recent[0].name.as_str(), recent[0].chats[0].n_turns),
        ("old.mp4", 2)
    );
    let id = recent[0].chats[0].id.parse().expect("ids are numbers");
    let chat = store.chat(videre::chat::ChatId(id)).expect("the chat is there");
    assert_eq!(chat.turns[0].question, "What is it?");
    let said = chat.turns[0].answer.as_ref().expect("it was answered");
    assert_eq!(said.text, "A red square.");
    assert_eq!(chat.turns[1].answer, None);
    assert_eq!(
        store.poster("ab").expect("it is read").expect("it is there").jpeg,
        [0xff, 0xd8]
    );
    assert!(!store.settings().expect("they are read").prepares_on_open);
    assert_eq!(store.models().expect("they are read").len(), 1);
}

#[test]
fn steps_between_versions_never_change_once_they_are_written() {
    let hashes: Vec<String> = [
        include_str!("../../../src/chat/store/0001.sql"),
        include_str!("../../../src/chat/store/0002.sql"),
        include_str!("../../../src/chat/store/0003.sql"),
    ]
    .iter()
    .map(|step| blake3::hash(step.as_bytes()).to_hex()[..16].to_owned())
    .collect();
    assert_eq!(
        hashes,
        ["e7efdedeb6f3df09", "14040d98432fbe0b", "eac6871f730059d9"]
    );
    // And this list has all of them.
    let (_folder, file) = place();
    drop(open(&file));
    let looked = Connection::open(&file).expect("SQLite opens it");
    let version: usize = looked
        .pragma_query_value(None, "user_version", |row| {
            row.get::<_, i64>(0).map(|version| version as usize)
        })
        .expect("it has a version");
    assert_eq!(version, hashes.len());
}

#[test]
fn a_file_that_cannot_be_made_says_which() {
    let (folder, _) = place();
    let blocked = folder.path().join("blocked");
    fs::write(&blocked, "a file where a folder should be").expect("it can be written");
    let file = blocked.join("videre.db");
    let error = Store::open(&file).expect_err("there is no such folder");
    assert!(error.to_string().contains("blocked"), "{error}");
    assert_eq!(error.fault(), Fault::Machine);
}
