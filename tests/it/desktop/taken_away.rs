//! A video whose file is taken away, or cut, while it is open.

use std::path::Path;
use std::sync::Arc;

use videre::api::window::{AnswerState, ErrorCode, Turn};
use videre::chat::Store;
use videre::desktop::Desktop;
use videre::engine::MediaProtocol;
use videre::worker::Client;

use super::asking::{Scene, answer, go};
use super::folder;
use crate::engine::{Workers, kill};

/// A video that is open and read by a worker, and that worker.
fn read_by_a_worker(folder: &Path) -> (Scene, Arc<Client<MediaProtocol>>) {
    let Workers {
        media,
        model: _,
        engine,
    } = Workers::new(&folder.join("cache"));
    let store = Store::open(&folder.join("data").join("videre.db")).expect("it opens");
    (Scene::new(Desktop::new(Arc::new(engine), store), folder), media)
}

#[test]
fn a_video_that_is_taken_away_while_it_is_open_is_still_asked_about() {
    let folder = folder();
    let (scene, media) = read_by_a_worker(folder.path());
    std::fs::remove_file(folder.path().join("a.mp4")).expect("it goes");
    // Also by a worker that never opened it.
    kill(media.pid());
    let ask = |question| scene.ask(&scene.request(question), &go(), &mut |_| {}).0;
    // The first may be told of the worker's end.
    let (first, second) = (ask("What is there?"), ask("Again?"));
    let is_done = |turn: &Turn| answer(turn).state == AnswerState::Done;
    assert!(is_done(&first) || is_done(&second), "{first:?} {second:?}");
}

#[test]
fn a_file_that_was_cut_is_said_by_name_and_not_by_place() {
    let folder = folder();
    let (scene, media) = read_by_a_worker(folder.path());
    let file = std::fs::File::options()
        .write(true)
        .open(folder.path().join("a.mp4"));
    file.and_then(|file| file.set_len(1000)).expect("it is cut");
    kill(media.pid());
    let ask = |question| scene.ask(&scene.request(question), &go(), &mut |_| {}).0;
    let (first, second) = (ask("What is there?"), ask("Again?"));
    let error = answer(&first).error.clone().expect("it says why");
    let error = match error.code {
        // The first may have been told of the worker's end.
        ErrorCode::WorkerEnded => answer(&second).error.clone().expect("it says why"),
        _ => error,
    };
    assert_eq!(error.code, ErrorCode::VideoUnreadable, "{error:?}");
    assert!(
        error.message.contains("a.mp4") && !error.message.contains('/'),
        "{}",
        error.message
    );
}
