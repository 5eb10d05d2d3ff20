//! Several processes at one file, and the end of one at any moment.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rusqlite::Connection;
use videre::api::window::AnswerState;
use videre::chat::{ChatId, Store};

use super::{answer, at, open, place, turn, video};

/// Names the file to the process that writes, and how many questions it asks.
const WRITER: &str = "VIDERE_TEST_WRITER";

/// Not a test by itself: the other process. It says each question's number once its answer is kept.
#[test]
#[ignore = "the process that the tests below start"]
fn a_writer() {
    let Ok(orders) = std::env::var(WRITER) else { return };
    let (n_questions, file) = orders.split_once(' ').expect("a number and a file");
    let n_questions: usize = n_questions.parse().expect("a number");
    let file = PathBuf::from(file);
    let folder = file.ancestors().nth(2).expect("the test's folder");
    let clip = video(folder, "clip.mp4");
    let store = Store::open(&file).expect("the file opens while others use it");
    store.opened(&clip, at(0)).expect("it is kept");
    let chat = store
        .new_chat(clip.identity.as_str(), at(0))
        .expect("a chat is made");
    let mut told = std::io::stdout();
    writeln!(told, "chat {}", chat.0).expect("the test listens");
    for number in 0..n_questions {
        let asked = store
            .begin_turn(chat, &turn(&clip, &format!("question {number}")), at(1))
            .expect("the question is kept");
        for n_words in 1..5 {
            store
                .keep_said(asked, &"word ".repeat(n_words))
                .expect("the words are kept");
        }
        store
            .end_turn(asked, &answer(&format!("answer {number}")), at(2))
            .expect("the answer is kept");
        writeln!(told, "answered {number}").expect("the test listens");
        told.flush().expect("the test listens");
    }
}

fn start_writer(file: &Path, n_questions: usize) -> Child {
    Command::new(std::env::current_exe().expect("a test knows its own file"))
        .args(["--ignored", "--exact", "--nocapture", "chat::shared::a_writer"])
        .env(WRITER, format!("{n_questions} {}", file.display()))
        .stdout(Stdio::piped())
        .spawn()
        .expect("this binary starts again")
}

/// What a writer says, until it ends or `enough` says so: its chat, and how many answers it has kept.
fn listen(writer: &mut Child, mut enough: impl FnMut(usize) -> bool) -> (ChatId, usize) {
    let stdout = writer.stdout.take().expect("it was piped");
    let (mut chat, mut n_kept) = (None, 0);
    for line in BufReader::new(stdout).lines() {
        let line = line.expect("it writes text");
        if let Some(id) = line.strip_prefix("chat ") {
            chat = Some(ChatId(id.parse().expect("a number")));
        }
        if line.starts_with("answered") {
            n_kept += 1;
            if enough(n_kept) {
                break;
            }
        }
    }
    (chat.expect("it made a chat"), n_kept)
}

#[test]
fn a_writer_that_is_killed_at_any_moment_loses_nothing_that_was_kept() {
    let (_folder, file) = place();
    for round in 0..8 {
        let mut writer = start_writer(&file, usize::MAX);
        let (chat, n_kept) = listen(&mut writer, |n_kept| n_kept == 3 + round);
        // Somewhere in the middle of what it does next.
        std::thread::sleep(Duration::from_micros(700 * round as u64));
        writer.kill().expect("it is killed");
        writer.wait().expect("it has ended");
        let store = open(&file);
        let sound: String = Connection::open(&file)
            .and_then(|looked| looked.query_row("PRAGMA integrity_check", [], |row| row.get(0)))
            .expect("SQLite checks it");
        assert_eq!(sound, "ok");
        let turns = store.chat(chat).expect("the chat is there").turns;
        assert!(turns.len() >= n_kept, "{} of {n_kept}", turns.len());
        for (number, turn) in turns.iter().enumerate() {
            assert_eq!(turn.question, format!("question {number}"));
            match &turn.answer {
                Some(said) if said.state == AnswerState::Done => {
                    assert_eq!(said.text, format!("answer {number}"));
                }
                // Only what it was writing when it was killed.
                _ => assert!(number >= n_kept, "answer {number} was kept"),
            }
        }
    }
}

#[test]
fn several_processes_make_and_use_one_file_at_once() {
    let (_folder, file) = place();
    let n_questions = 20;
    let mut writers = [(); 3].map(|()| start_writer(&file, n_questions));
    let mut chats = Vec::new();
    for writer in &mut writers {
        let (chat, n_kept) = listen(writer, |_| false);
        let status = writer.wait().expect("it ends");
        assert!(status.success(), "no writer was refused: {status}");
        assert_eq!(n_kept, n_questions);
        chats.push(chat);
    }
    chats.dedup();
    assert_eq!(chats.len(), 3, "each made its own");
    let store = open(&file);
    for chat in chats {
        let turns = store.chat(chat).expect("it is there").turns;
        assert_eq!(turns.len(), n_questions);
        assert!(turns.iter().all(|turn| turn.answer.is_some()));
    }
}

#[test]
fn a_reader_goes_on_while_another_process_is_in_the_middle_of_a_change() {
    let (folder, file) = place();
    let clip = video(folder.path(), "a.mp4");
    let store = open(&file);
    store.opened(&clip, at(0)).expect("it is kept");
    let mut other = Connection::open(&file).expect("SQLite opens it");
    let change = other
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .expect("it may write");
    change
        .execute("DELETE FROM video", [])
        .expect("it changes something");
    assert_eq!(
        store.recent_videos(9).expect("it is read").len(),
        1,
        "as it was before"
    );
    change.commit().expect("it is changed");
    assert_eq!(store.recent_videos(9).expect("it is read").len(), 0);
}
