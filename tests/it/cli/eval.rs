//! `eval` with a pair of random weights: what it says is nonsense, how it is asked and counted is not.

use super::Place;
use crate::engine::tiny_pair;
use std::fs;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/eval")
        .join(name)
}

fn clips() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clips")
}

/// `videre eval` of a fixture with the tiny pair and these words more.
fn eval(place: &Place, questions: &str, videos: &Path, more: &str) -> super::Run {
    let mut command = vec!["eval".into(), fixture(questions).into_os_string()];
    command.extend(["--videos".into(), videos.as_os_str().to_owned()]);
    command.extend(["--model".into(), tiny_pair().as_os_str().to_owned()]);
    command.extend(more.split(' ').map(Into::into));
    place.run(command)
}

#[test]
fn eval_asks_about_clips_parts_and_frames_and_goes_on_from_its_results() {
    let place = Place::new();
    let flags = "--preset fast --max-tokens 4 --out results.jsonl --json";
    let first = eval(&place, "QUESTIONS.json", &clips(), flags).json();
    assert_eq!(first["format"], "videre");
    assert_eq!(
        (&first["overall"]["n_judged"], &first["overall"]["n_failed"]),
        (&4.into(), &0.into())
    );
    assert_eq!(
        (&first["tasks"][0]["task"], &first["tasks"][0]["n_judged"]),
        (&"colour".into(), &2.into())
    );
    // A letter is chosen among the options, whatever the weights.
    assert_eq!(first["overall"]["n_unreadable"], 0);
    assert_eq!(first["setting"]["preset"], "fast");

    let written = fs::read(place.path("results.jsonl")).expect("results");
    let again = eval(&place, "QUESTIONS.json", &clips(), flags).json();
    assert_eq!(again, first);
    assert_eq!(
        fs::read(place.path("results.jsonl")).expect("results"),
        written,
        "nothing was asked again"
    );

    let other = eval(
        &place,
        "QUESTIONS.json",
        &clips(),
        &flags.replace("fast", "frame"),
    );
    assert_eq!(other.code, Some(2), "{other:?}");
    assert!(
        other.stderr.contains("another model or setting"),
        "{}",
        other.stderr
    );
}

#[test]
fn eval_lists_what_could_not_be_asked() {
    let place = Place::new();
    let run = eval(
        &place,
        "nextqa.json",
        &clips(),
        "--preset fast --predictions said.jsonl",
    );
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.stdout
            .contains("failed and not counted: 1 question\n  gone.mp4: "),
        "{}",
        run.stdout
    );
    let said = fs::read_to_string(place.path("said.jsonl")).expect("predictions");
    assert_eq!(said.lines().count(), 3);
    let first: serde_json::Value =
        serde_json::from_str(said.lines().next().expect("three lines")).expect("JSON");
    assert_eq!(
        (&first["task_name"], &first["answer_number"]),
        (&"NExTQA".into(), &2.into())
    );
    assert_eq!(first["question"], "why did the picture count");

    let nothing = eval(&place, "nextqa.json", place.folder.path(), "--preset fast");
    assert_eq!(nothing.code, Some(1), "{nothing:?}");
    assert!(
        nothing.stderr.contains("not one question of"),
        "{}",
        nothing.stderr
    );
}
