//! A disk that fills up in mid-answer: the answer is still read, the page is told, and nothing that was kept is lost.

use std::time::SystemTime;

use videre::api::window::{AnswerState, ApiError, AskRequest, ErrorCode, PlanRequest, PresetName};
use videre::cancel::CancelToken;

use super::{clip, desktop};
use crate::engine::tiny_pair;
use crate::small_disk;

/// Of the small disk: enough for the clip and a few answers.
const DISK_BYTES: usize = 8 << 20;

/// Before what the page was told, in what that process says.
const REFUSED: &str = "refused: ";

/// Not a test by itself: what happens on the small disk, which only a process of its own can mount without rights.
#[test]
#[ignore = "the process that the test below starts"]
fn on_a_small_disk() {
    let Some(disk) = small_disk::here() else {
        return;
    };
    let go = CancelToken::new();
    let desktop = desktop(&disk);
    let info = desktop
        .open_file(&clip(&disk, "a.mp4"), &go, &mut |_| {})
        .expect("the clip opens");
    let model = desktop.picked_model(&[tiny_pair().to_owned()], &go);
    desktop.load_model(&model.id, &go).expect("the pair loads");
    let chat = desktop
        .new_chat(&info.id, SystemTime::now())
        .expect("a chat is made");
    let request = |question: &str| AskRequest {
        chat: chat.id.clone(),
        question: question.to_owned(),
        options: vec![],
        plan: PlanRequest {
            video: info.id.clone(),
            preset: PresetName::Fast,
            strategy: None,
            range: None,
            pinned: vec![],
            removed: vec![],
            only_frame: None,
        },
        replaces: None,
    };
    let before = desktop
        .ask(&request("What is there?"), &go, &mut |_| {})
        .expect("there is room");
    assert_eq!(before.answer.expect("it is answered").state, AnswerState::Done);

    let filler = disk.join("filler");
    let mut is_full = false;
    let asked = desktop.ask(&request("And what else?"), &go, &mut |_| {
        if !is_full {
            small_disk::fill(&filler);
            is_full = true;
        }
    });
    let answer = asked
        .expect("the question was kept before")
        .answer
        .expect("it is answered");
    assert_eq!(answer.state, AnswerState::Done, "{:?}", answer.error);
    assert!(!answer.text.is_empty(), "the words are there to be read");
    let notices = answer.facts.expect("it tells how it came about").notices;
    assert!(
        notices.iter().any(|notice| notice.contains("could not be kept")),
        "{notices:?}"
    );

    let refused = desktop
        .ask(&request("And now?"), &go, &mut |_| {})
        .expect_err("it cannot be kept");
    assert_eq!(refused.code, ErrorCode::DiskFull, "{refused:?}");
    assert!(
        refused
            .hint
            .as_ref()
            .is_some_and(|hint| hint.contains("disk space"))
    );
    let refused_as_json = serde_json::to_string(&refused).expect("it is the page's");
    eprintln!("{REFUSED}{refused_as_json}");

    std::fs::remove_file(&filler).expect("there is room again");
    let after = desktop
        .ask(&request("And now?"), &go, &mut |_| {})
        .expect("it is kept");
    assert_eq!(after.answer.expect("it is answered").state, AnswerState::Done);
    let turns = desktop.chat(&chat.id).expect("it is there").turns;
    let questions: Vec<&str> = turns.iter().map(|turn| turn.question.as_str()).collect();
    assert_eq!(questions, ["What is there?", "And what else?", "And now?"]);
}

#[test]
fn a_disk_that_fills_up_loses_no_answer_that_was_kept_and_shows_the_one_that_was_not() {
    refused();
}

/// What the page is told on a disk that is full. None where no small disk can be mounted.
pub(super) fn refused() -> Option<ApiError> {
    let told = small_disk::run("desktop::full_disk::on_a_small_disk", DISK_BYTES)?;
    let refused = told.lines().find_map(|line| line.split_once(REFUSED));
    let (_, refused) = refused.expect("it said what it was told");
    Some(serde_json::from_str(refused).expect("it is the page's"))
}
