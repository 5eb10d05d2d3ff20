//! The model inside the program, asked about the bundled clip without a word about models.

use super::Place;
use std::path::Path;

/// The way to a model that knows more, and what is true of this one.
fn says_what_it_knows(stderr: &str) -> bool {
    [
        "knows only clips of moving coloured shapes",
        "means nothing",
        "hf download",
        "--model",
    ]
    .iter()
    .all(|words| stderr.contains(words))
}

#[test]
fn nano_answers_about_the_bundled_clip_and_says_what_it_knows() {
    let place = Place::new();
    // What `models/nano/make_sample.py` draws.
    for (preset, question, answer) in [
        (
            "fast",
            "Which way does the circle move?",
            "The circle moves to the right.\n",
        ),
        ("fast", "What changes colour?", "The star changes colour.\n"),
        (
            "fast",
            "What colour does the star become?",
            "The star becomes blue.\n",
        ),
        (
            "balanced",
            "Where is the ring?",
            "The ring is at the top right.\n",
        ),
        (
            "paper",
            "What do you see?",
            "A green circle, a red star and a yellow ring.\n",
        ),
        ("frame", "What colour is the ring?", "The ring is yellow.\n"),
    ] {
        let sample = super::sample();
        let run = place.run([
            "ask".as_ref(),
            sample.as_os_str(),
            question.as_ref(),
            "--preset".as_ref(),
            preset.as_ref(),
        ]);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (Some(0), answer),
            "{question} {run:?}"
        );
        assert!(says_what_it_knows(&run.stderr), "{run:?}");
    }
}

#[test]
fn asked_about_another_kind_of_video_it_says_what_it_knows_and_how_to_get_more() {
    let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clips/h264.mp4");
    for json in [&[][..], &["--json"]] {
        let mut args = vec!["ask".as_ref(), clip.as_os_str(), "What happens here?".as_ref()];
        args.extend(json.iter().map(std::ffi::OsStr::new));
        let run = Place::new().run(args);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(says_what_it_knows(&run.stderr), "{run:?}");
    }
    let questions = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/eval/egoschema.json");
    let clips = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clips");
    let run = Place::new().run([
        "eval".as_ref(),
        questions.as_os_str(),
        "--videos".as_ref(),
        clips.as_os_str(),
    ]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(says_what_it_knows(&run.stderr), "{run:?}");
}

/// The small set in the repository: decoded from H.264, asked and counted as `videre eval` does it for anybody.
#[test]
fn nano_answers_the_committed_questions() {
    let set = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/nano/eval");
    for (file, preset, n_questions) in [("FRAMES.json", "frame", 102), ("QUESTIONS.json", "fast", 206)] {
        let questions = set.join(file);
        let report = Place::new().run([
            "eval".as_ref(),
            questions.as_os_str(),
            "--videos".as_ref(),
            set.as_os_str(),
            "--preset".as_ref(),
            preset.as_ref(),
            "--json".as_ref(),
        ]);
        let overall = &report.json()["overall"];
        assert_eq!(
            (&overall["n_judged"], &overall["n_failed"]),
            (&n_questions.into(), &0.into())
        );
        let n_right = overall["n_right"].as_u64().expect("a count");
        assert!(
            n_right * 100 >= n_questions * 85,
            "{n_right} of {n_questions}, {file}"
        );
    }
}

/// A program file in which one byte of the weights is another one: it must be named, and nothing answered.
#[cfg(target_os = "linux")]
#[test]
fn a_program_with_damaged_weights_says_so_and_does_not_answer() {
    use std::fs;
    use std::process::{Command, Stdio};

    let place = Place::new();
    for (file, name) in [
        ("nano.gguf", "the embedded language model is damaged"),
        ("nano-mmproj.gguf", "the embedded mmproj file is damaged"),
    ] {
        let weights = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("models/nano/weights")
            .join(file);
        let weights = fs::read(weights).expect("the weights are in the repository");
        let inside = weights.len() / 2;
        let some = &weights[inside..inside + 64];
        let mut program = fs::read(env!("CARGO_BIN_EXE_videre")).expect("the program");
        let at = program.windows(64).position(|bytes| bytes == some);
        program[at.expect("the weights are in the program") + 32] ^= 1;
        // Over a copy, which keeps the permission to run it.
        let copy = place.path("videre");
        fs::copy(env!("CARGO_BIN_EXE_videre"), &copy).expect("a copy");
        fs::write(&copy, program).expect("a damaged copy");
        let run = Command::new(&copy)
            .args([
                "ask".as_ref(),
                super::sample().as_os_str(),
                "What do you see?".as_ref(),
            ])
            .env("HOME", place.folder.path())
            .env("XDG_CACHE_HOME", place.path("cache"))
            .stdin(Stdio::null())
            .output()
            .expect("the copy can be started");
        let stderr = String::from_utf8_lossy(&run.stderr);
        assert!(stderr.contains(name), "{stderr}");
        assert_eq!(
            (run.status.code(), run.stdout.as_slice()),
            (Some(4), &b""[..]),
            "{stderr}"
        );
    }
}
