//! `ask`, `chat`, `bench` and `models inspect`, with a small pair of random weights.

use super::{Place, Run};
use crate::engine::tiny_pair;
use serde_json::Value;
use std::io::{BufRead, Write};
use std::process::Stdio;

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sample.mp4");

impl Place {
    /// Runs with the small pair as the model.
    fn ask(&self, words: &str, more: &[&str]) -> Run {
        let mut args: Vec<String> = words
            .split_whitespace()
            .map(|word| word.replace("SAMPLE", SAMPLE))
            .collect();
        args.extend(more.iter().map(|&word| word.to_owned()));
        args.extend(["--model".to_owned(), tiny_pair().display().to_string()]);
        self.run(args)
    }
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

#[test]
fn the_answer_alone_is_on_standard_output() {
    let place = Place::new();
    let run = place.ask("ask SAMPLE --max-tokens 8", &["What is there?"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let answer = place
        .ask("ask SAMPLE --max-tokens 8 --json", &["What is there?"])
        .json();
    assert_eq!(
        run.stdout,
        format!("{}\n", answer["answer"].as_str().expect("a text"))
    );
    assert!(
        run.stderr.contains("note: preset paper"),
        "why it was looked at this way: {run:?}"
    );
    assert!(run.stderr.contains("cut at --max-tokens"), "{run:?}");
}

/// `script` gives it a terminal; the answer goes to a file, so that only standard error is drawn.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_is_told_the_stages_and_a_file_gets_the_answer_alone() {
    let place = Place::new();
    let [program, sample] = [env!("CARGO_BIN_EXE_videre"), SAMPLE].map(|path| format!("'{path}'"));
    let pair = tiny_pair().display();
    let ask = format!("{program} ask {sample} What? --preset paper --max-tokens 4 --model '{pair}' > answer");
    let run = std::process::Command::new("script")
        .args(["-qec", &ask, "/dev/null"])
        .current_dir(place.folder.path())
        .env("XDG_CACHE_HOME", place.path("cache"))
        .stdin(Stdio::null())
        .output();
    let Ok(run) = run else {
        eprintln!("skipped: there is no `script`");
        return;
    };
    let drawn = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{drawn}");
    assert!(
        drawn.contains("Looking at image ") && drawn.contains(" of 51"),
        "{drawn:?}"
    );
    let answer = std::fs::read_to_string(place.path("answer")).expect("it was written");
    assert!(
        answer.lines().count() == 1 && !answer.contains('\u{1b}'),
        "{answer:?}"
    );
}

#[test]
fn the_json_of_an_answer_keeps_its_promise() {
    let answer = Place::new()
        .ask("ask SAMPLE --preset fast --max-tokens 4 --json", &["What?"])
        .json();
    assert_eq!(
        keys(&answer).join(" "),
        "answer device ending frames model n_encoded_images n_forgotten_turns notices timings_ms tokens",
        "field names are a promise"
    );
    assert_eq!(
        keys(&answer["timings_ms"]).join(" "),
        "answer encode load open read total"
    );
    assert_eq!(keys(&answer["tokens"]).join(" "), "answer prompt reused visual");
    assert_eq!(answer["frames"].as_array().map(Vec::len), Some(6));
    assert_eq!(answer["tokens"]["visual"], 16);
    assert_eq!(answer["tokens"]["answer"], 4);
    assert_eq!(answer["n_encoded_images"], 1);
    assert_eq!(answer["device"], "cpu");
}

#[test]
fn a_range_and_picks_decide_on_the_frames() {
    let place = Place::new();
    let times = |words: &str| -> Vec<f64> {
        let answer = place.ask(words, &["What?"]).json();
        let frames = answer["frames"].as_array().expect("a list").clone();
        frames
            .iter()
            .map(|frame| frame["pts_secs"].as_f64().expect("a number"))
            .collect()
    };
    let range = times("ask SAMPLE --preset balanced --range 2..4 --max-tokens 1 --json");
    assert_eq!(range.len(), 16);
    assert!(range.iter().all(|secs| (2.0..4.0).contains(secs)), "{range:?}");
    let picks = times("ask SAMPLE --indices 7,100 --strategy every-patch --max-tokens 1 --json");
    assert_eq!(picks, [0.28, 4.0]);
}

#[test]
fn options_are_answered_with_a_letter() {
    let run = Place::new().ask(
        "ask SAMPLE --json",
        &["Which?", "--option", "red", "--option", "blue"],
    );
    let answer = run.json();
    let letter = answer["choice"]["letter"].as_str().expect("a letter");
    let option = if letter == "A" { "red" } else { "blue" };
    assert_eq!(answer["answer"], format!("({letter}) {option}"));
    let probability = answer["choice"]["probability"].as_f64().expect("a number");
    assert!(
        (0.5..=1.0).contains(&probability),
        "the better of two: {probability}"
    );
}

#[test]
fn the_same_seed_gives_the_same_answer_and_another_one_another() {
    let place = Place::new();
    let say = |seed: &str| {
        place
            .ask(
                "ask SAMPLE --temperature 1.5 --max-tokens 16",
                &["What?", "--seed", seed],
            )
            .stdout
    };
    assert_eq!(say("1"), say("1"));
    assert_ne!(say("1"), say("2"));
}

/// A chat that is given these lines, to their end.
fn chat(place: &Place, lines: &[u8]) -> std::process::Output {
    let mut child = place
        .command()
        .args(["chat", SAMPLE, "--max-tokens", "6", "--model"])
        .arg(tiny_pair())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(lines).expect("it listens");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

#[test]
fn a_question_that_cannot_be_asked_does_not_end_a_chat() {
    let long = "words ".repeat(20_000);
    let lines = [
        b"What is it?\n".as_slice(),
        b"no \xff text\n",
        long.as_bytes(),
        b"\nAnd then?",
    ]
    .concat();
    let output = chat(&Place::new(), &lines);
    assert_eq!(output.status.code(), Some(1), "something went wrong: {output:?}");
    let errors = String::from_utf8_lossy(&output.stderr);
    let found: Vec<&str> = errors
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    assert!(
        found[0].contains("no text") && found[1].contains("4096 at a time"),
        "{errors}"
    );
    let answers = String::from_utf8_lossy(&output.stdout).lines().count();
    assert_eq!((found.len(), answers), (2, 2), "{output:?}");
}

#[cfg(unix)]
#[test]
fn a_chat_that_waits_for_a_question_ends_at_once() {
    let place = Place::new();
    let mut child = place
        .command()
        .args(["chat", SAMPLE, "--max-tokens", "2", "--model"])
        .arg(tiny_pair())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(b"What?\n").expect("it listens");
    let mut answers = std::io::BufReader::new(child.stdout.take().expect("it is piped"));
    let mut answer = String::new();
    answers.read_line(&mut answer).expect("it answers");
    // The answer is out a moment before it waits again.
    std::thread::sleep(std::time::Duration::from_millis(300));
    let pid = child.id().to_string();
    let interrupted = std::process::Command::new("kill").args(["-INT", &pid]).status();
    assert!(interrupted.expect("there is a kill").success());
    let ended = child.wait().expect("it ends");
    assert_eq!(ended.code(), Some(130), "after {answer:?}");
    drop(stdin);
}

#[test]
fn a_chat_answers_each_line_and_remembers() {
    let place = Place::new();
    let chat = |lines: &str| {
        let output = chat(&place, lines.as_bytes());
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("answers are text")
    };
    let both = chat("What is it?\n\nAnd then?\n");
    assert_eq!(both.lines().count(), 2, "an answer a question: {both:?}");
    let alone = chat("And then?\n");
    assert_ne!(
        both.lines().last(),
        alone.lines().last(),
        "the second question was asked after the first"
    );
}

#[test]
fn what_is_missing_or_wrong_is_said_before_anything_is_done() {
    let place = Place::new();
    let run = place.ask("ask nothing.mp4", &["What?"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("nothing.mp4"), "{run:?}");
    let run = place.ask("ask SAMPLE --range 100..200", &["What?"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("no frame lies between"), "{run:?}");
    assert_eq!(run.stdout, "", "nothing is said that is no answer");
}

#[test]
fn what_has_no_meaning_is_usage() {
    let place = Place::new();
    let hot = "ask SAMPLE What? --temperature 1";
    for (words, more) in [
        ("ask SAMPLE What? --temperature -1", &[][..]),
        ("ask SAMPLE What? --temperature nan", &[]),
        ("ask SAMPLE What? --max-tokens 0", &[]),
        ("ask SAMPLE What? --range 5..2", &[]),
        ("ask SAMPLE What? --preset best", &[]),
        ("ask SAMPLE What? --times --prompt reference", &[]),
        ("ask SAMPLE What? --repetition-penalty 0", &[]),
        (hot, &["--top-k", "0"]),
        (hot, &["--top-p", "1.5"]),
        (hot, &["--min-p", "3"]),
        (hot, &["--min-p", "inf"]),
        ("ask SAMPLE", &["  "]),
        ("ask SAMPLE What?", &["--option", "red"]),
        ("ask SAMPLE What?", &["--option", "red", "--option", ""]),
        ("bench --prefill 0", &[]),
        ("bench --decode 0", &[]),
    ] {
        let run = place.ask(words, more);
        assert_eq!(run.code, Some(2), "{words} {more:?}: {run:?}");
        assert!(
            run.stderr.starts_with("error: ") && run.stdout.is_empty(),
            "{run:?}"
        );
    }
}

#[test]
fn bench_measures_what_it_names() {
    let found = Place::new()
        .ask("bench --prefill 64 --depth 32 --decode 4 --json", &[])
        .json();
    for key in ["prefill_tokens_per_sec", "decode_tokens_per_sec", "image_secs"] {
        assert!(found[key].as_f64() > Some(0.0), "{key} in {found}");
    }
    assert_eq!((&found["n_prefill"], &found["depth"]), (&64.into(), &32.into()));
    let run = Place::new().ask("bench --prefill 100000", &[]);
    assert_eq!(run.code, Some(1), "more than the model reads: {run:?}");
}

#[test]
fn models_inspect_says_what_was_detected() {
    let place = Place::new();
    let folder = tiny_pair().display().to_string();
    let found = place.run(["models", "inspect", folder.as_str(), "--json"]).json();
    assert_eq!(found["architecture"], "llama");
    assert_eq!(found["tower"], "clip");
    assert_eq!(found["n_patches"], 16);
    assert_eq!(found["tokenizer"], "sentencepiece");
    assert!(
        found["template_reason"]
            .as_str()
            .is_some_and(|why| !why.is_empty())
    );
    let words = place.run(["models", "inspect", folder.as_str()]);
    assert_eq!(words.code, Some(0), "{words:?}");
    for name in ["language", "vision", "weights", "tokenizer", "template", "memory"] {
        assert!(words.stdout.contains(name), "`{name}` in:\n{}", words.stdout);
    }
    let none = place.run(["models", "inspect", "no/such"]);
    assert_eq!(none.code, Some(1), "{none:?}");
}

#[test]
fn preview_uses_the_geometry_of_the_model() {
    let place = Place::new();
    let run = place.ask("preview SAMPLE --preset fast --out seen --json", &[]);
    assert_eq!(run.json()["counts"]["total"], 16, "{run:?}");
}
