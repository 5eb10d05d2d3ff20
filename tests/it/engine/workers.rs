//! Two processes beside this one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use videre::cancel::CancelToken;
use videre::engine::{Stage, Update};
use videre::fault::Fault;
use videre::worker::{Patience, WorkerCommand};

use super::{N_FRAMES, Workers, ask, ask_meanwhile, example, local, open, question, setup};

fn folder() -> TempDir {
    TempDir::new().expect("a temporary folder can be made")
}

pub(crate) fn kill(pid: Option<u32>) {
    let pid = pid.expect("it runs").to_string();
    let killed = Command::new("kill").args(["-KILL", &pid]).status();
    assert!(killed.is_ok_and(|status| status.success()), "{pid} is killed");
}

fn n_encoded(update: &Update) -> usize {
    match update {
        Update::Progress(progress) => match progress.stage {
            Stage::Encoding { n_done, .. } => n_done,
            _ => 0,
        },
        Update::Prompt(_) | Update::Text(_) => 0,
    }
}

#[test]
fn the_same_question_brings_the_same_events_in_this_process_and_through_both_workers() {
    let (here, there) = (folder(), folder());
    let inside = local(here.path());
    let workers = Workers::new(there.path());
    let look_here = setup(&inside, &open(&inside));
    let look_there = setup(&workers.engine, &open(&workers.engine));
    for text in ["What is there?", "And what colour is it?"] {
        let inside = ask(&inside, &look_here, text);
        let outside = ask(&workers.engine, &look_there, text);
        assert_eq!(inside, outside, "{text}");
        assert!(!inside.said().is_empty(), "something is said");
    }
}

#[test]
fn a_killed_video_reader_ends_one_encoding_and_nothing_else() {
    let folder = folder();
    // The real one may be done with all frames before the first is encoded.
    let (workers, stands_still) = standing_still(folder.path());
    let setup = setup(&workers.engine, &open(&workers.engine));
    let model_pid = workers.model.pid();
    let mut killed = false;
    let seen = ask_meanwhile(
        &workers.engine,
        &setup,
        question("What is there?"),
        &CancelToken::new(),
        &mut |update| {
            if n_encoded(update) > 0 && !killed {
                // Between two requests its end would cost nobody anything: it stands still within one, as it tells by a file,
                // which also keeps the next one from it.
                wait_for(&stands_still);
                kill(workers.media.pid());
                killed = true;
            }
        },
    );
    let failure = seen.answer.expect_err("frames are missing");
    assert!(
        failure.message.starts_with("the video reader stopped"),
        "{failure:?}"
    );
    assert_eq!(failure.fault, Fault::WorkerEnded);
    assert!(failure.hint.is_some(), "{failure:?}");

    let again = ask(&workers.engine, &setup, "What is there?");
    assert!(!again.said().is_empty(), "the next question is answered");
    assert_eq!(workers.model.pid(), model_pid, "by the same model process");
    let n_encoded = again.answer().n_encoded_images;
    assert!(
        (1..N_FRAMES).contains(&n_encoded),
        "and goes on with what was encoded: {n_encoded} are new"
    );
}

#[test]
fn a_video_reader_that_does_not_stop_is_ended_and_the_next_question_is_answered() {
    let folder = folder();
    let (workers, stands_still) = standing_still(folder.path());
    let setup = setup(&workers.engine, &open(&workers.engine));
    let media_pid = workers.media.pid();
    let cancel = CancelToken::new();
    let (seen, cancelled_at) = std::thread::scope(|scope| {
        let cancelling = scope.spawn(|| {
            wait_for(&stands_still);
            cancel.cancel();
            Instant::now()
        });
        let what = question("What is there?");
        let seen = ask_meanwhile(&workers.engine, &setup, what, &cancel, &mut |_| {});
        (seen, cancelling.join().expect("no panic"))
    });
    let late = cancelled_at.elapsed();
    assert_eq!(seen.answer.expect_err("it was cancelled").fault, Fault::Cancelled);
    let patience = Patience::WITH_MEDIA.cancelled;
    assert!(late < 3 * patience, "{late:?}");

    let again = ask(&workers.engine, &setup, "What is there?");
    assert!(!again.said().is_empty(), "the next question is answered");
    assert_ne!(workers.media.pid(), media_pid, "by another video reader");
}

#[test]
fn a_killed_model_leaves_what_was_said_and_the_video_reader() {
    let folder = folder();
    let workers = Workers::new(folder.path());
    let setup = setup(&workers.engine, &open(&workers.engine));
    let media_pid = workers.media.pid();
    let mut n_pieces = 0;
    let seen = ask_meanwhile(
        &workers.engine,
        &setup,
        question("What is there?"),
        &CancelToken::new(),
        &mut |update| {
            n_pieces += usize::from(matches!(update, Update::Text(_)));
            if n_pieces == 1 {
                n_pieces += 1;
                kill(workers.model.pid());
            }
        },
    );
    let said = seen.said();
    let failure = seen.answer.expect_err("the model is gone");
    assert_eq!(failure.fault, Fault::WorkerEnded);
    assert!(
        failure.message.contains("memory"),
        "a kill nobody sent means memory: {failure:?}"
    );
    assert!(!said.is_empty(), "what was said stays");

    let again = ask(&workers.engine, &setup, "What is there?");
    assert!(
        again.said().starts_with(&said),
        "{:?} begins with {said:?}",
        again.said()
    );
    assert_eq!(workers.media.pid(), media_pid, "the video reader was not touched");
}

/// Workers whose video reader stands still once, and the file by which it tells.
fn standing_still(folder: &Path) -> (Workers, PathBuf) {
    let stands_still = folder.join("stands still");
    let mut reader = aborting(&stands_still);
    reader.args.push("stand still".into());
    (Workers::with_media(reader, folder), stands_still)
}

fn wait_for(file: &Path) {
    let is_late = Instant::now() + Duration::from_secs(60);
    while !file.exists() && Instant::now() < is_late {
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn aborting(crashed: &Path) -> WorkerCommand {
    WorkerCommand {
        program: example("aborting_media"),
        args: vec![crashed.as_os_str().to_owned()],
        called: "the video reader",
        patience: Patience::WITH_MEDIA,
    }
}

#[test]
fn a_crash_inside_the_video_reader_is_told_and_the_next_question_is_answered() {
    let folder = folder();
    let workers = Workers::with_media(aborting(&folder.path().join("crashed")), folder.path());
    let setup = setup(&workers.engine, &open(&workers.engine));
    let model_pid = workers.model.pid();
    let failure = ask(&workers.engine, &setup, "What is there?")
        .answer
        .expect_err("the third frame never comes");
    assert_eq!(failure.message, "the video reader stopped: it crashed (abort)");
    let again = ask(&workers.engine, &setup, "What is there?");
    assert!(!again.said().is_empty(), "the next question is answered");
    assert_eq!(workers.model.pid(), model_pid, "by the same model process");
}

#[test]
fn a_cancelled_question_is_no_error_and_what_was_encoded_is_kept() {
    let folder = folder();
    let workers = Workers::new(folder.path());
    let setup = setup(&workers.engine, &open(&workers.engine));
    let cancel = CancelToken::new();
    let seen = ask_meanwhile(
        &workers.engine,
        &setup,
        question("What is there?"),
        &cancel,
        &mut |update| {
            if n_encoded(update) == 2 {
                cancel.cancel();
            }
        },
    );
    let failure = seen.answer.expect_err("it was cancelled");
    assert_eq!(failure.fault, Fault::Cancelled);
    let again = ask(&workers.engine, &setup, "What is there?");
    let n_encoded = again.answer().n_encoded_images;
    assert!(
        n_encoded <= N_FRAMES - 2,
        "two images are there already: {n_encoded} are new"
    );
    assert!(!again.said().is_empty(), "it is answered");
}
