//! Results on disk: an interrupted evaluation asks only what is left, and no other evaluation goes on with them.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use serde_json::json;

use super::{by_words, clips, counts, questions};
use videre::cancel::CancelToken;
use videre::eval::results::Results;
use videre::eval::{AskError, Asked, EvalError, QuestionSet, Report, run};

const ANSWERS: &[(&str, &str)] = &[
    ("why did", "C) to be checked"),
    ("at the end", "B) it jumps"),
    ("where is", "b"),
];

/// Runs with results at `path`; `ask` hears every question.
fn go_on(
    set: &QuestionSet,
    path: &Path,
    cancel: &CancelToken,
    ask: impl FnMut(&Asked<'_>) -> Result<String, AskError>,
) -> Result<Report, EvalError> {
    let mut results =
        Results::open(path, set, &json!({"model": "test"})).expect("results of this evaluation");
    run(set, &clips(), &mut results, cancel, ask, |_, _| {})
}

#[test]
fn a_stopped_evaluation_asks_only_what_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("results.jsonl");
    let set = questions("nextqa.json");

    // It is stopped while the second question is asked, and a crash cuts the file short in a line.
    let (cancel, mut answer) = (CancelToken::new(), by_words(ANSWERS));
    let stopped = go_on(&set, &path, &cancel, |asked| {
        if asked.question.text.contains("at the end") {
            cancel.cancel();
            return Err(AskError::Cancelled(videre::cancel::Cancelled));
        }
        answer(asked)
    });
    assert!(matches!(stopped, Err(EvalError::Cancelled(_))));
    let mut text = fs::read_to_string(&path).expect("results");
    assert_eq!(text.lines().count(), 2, "a head and one answer: {text}");
    text.push_str(r#"{"n":1,"id":"1","task":"NExTQA","vid"#);
    fs::write(&path, text).expect("results can be written");

    let heard = RefCell::new(Vec::new());
    let mut answer = by_words(ANSWERS);
    let mut listen = |asked: &Asked<'_>| {
        heard.borrow_mut().push(asked.question.text.clone());
        answer(asked)
    };
    let report = go_on(&set, &path, &CancelToken::new(), &mut listen).expect("it runs to its end");
    assert_eq!(heard.take(), ["what happens at the end", "where is it"]);
    assert_eq!(counts(&report, "NExTQA"), (2, 3));
    assert_eq!(report.overall.n_failed, 1);

    // The video that was missing is tried again, the rest is not asked; the outcome is the same.
    let again = go_on(&set, &path, &CancelToken::new(), &mut listen).expect("it runs to its end");
    assert_eq!(heard.take(), Vec::<String>::new());
    assert_eq!(again, report);
    let text = fs::read_to_string(&path).expect("results");
    let verdicts: Vec<bool> = text
        .lines()
        .skip(1)
        .map(|line| line.contains(r#""verdict":"right""#))
        .collect();
    assert_eq!(verdicts, [true, false, false, true, false]);
}

#[test]
fn questions_about_a_video_are_asked_together() {
    let set = questions("QUESTIONS.json");
    let mut order = Vec::new();
    let mut results = Results::in_memory(&set);
    let ask = |asked: &Asked<'_>| {
        order.push(asked.question.video.clone());
        Ok("two".to_owned())
    };
    let mut done = Vec::new();
    run(
        &set,
        &clips(),
        &mut results,
        &CancelToken::new(),
        ask,
        |n, total| done.push((n, total)),
    )
    .expect("it runs");
    assert_eq!(order, ["h264.mp4", "h264.mp4", "hevc.mp4", "vfr.mp4"]);
    assert_eq!(done, [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]);
}

#[test]
fn a_video_that_cannot_be_answered_about_is_listed_and_the_rest_goes_on() {
    let set = questions("egoschema.json");
    let mut results = Results::in_memory(&set);
    let ask = |asked: &Asked<'_>| {
        if asked.question.video == "hevc.mp4" {
            return Err(AskError::Failed("the decoder gave up".into()));
        }
        Ok("E".to_owned())
    };
    let report = run(&set, &clips(), &mut results, &CancelToken::new(), ask, |_, _| {}).expect("it runs");
    assert_eq!(counts(&report, "EgoSchema"), (1, 2));
    assert_eq!(report.failed[0].reason, "the decoder gave up");
}

#[test]
fn results_of_something_else_are_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("results.jsonl");
    let (set, setting) = (questions("nextqa.json"), json!({"model": "a"}));
    drop(Results::open(&path, &set, &setting).expect("new results"));
    let before = fs::read(&path).expect("results");
    for (set, setting) in [(&set, json!({"model": "b"})), (&questions("mlvu.json"), setting)] {
        let refused = Results::open(&path, set, &setting);
        assert!(
            matches!(refused, Err(EvalError::OtherResults { .. })),
            "{refused:?}"
        );
        assert_eq!(fs::read(&path).expect("results"), before);
    }
    let notes = folder.path().join("notes.txt");
    fs::write(&notes, "my notes\nmore of them").expect("a file");
    assert!(matches!(
        Results::open(&notes, &set, &json!(null)),
        Err(EvalError::OtherResults { .. })
    ));
    assert_eq!(
        fs::read_to_string(&notes).expect("a file"),
        "my notes\nmore of them"
    );
}
