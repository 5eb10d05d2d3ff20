//! Each of the six public formats from its file to the printed table: stopped, gone on with, and with a video missing.
//! What is expected was counted by hand in the files of `tests/data/eval`.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::{by_words, clips, questions};
use videre::cancel::{CancelToken, Cancelled};
use videre::eval::results::Results;
use videre::eval::{AskError, Asked, EvalError, QuestionSet, Report, run, table};

/// One format: its file, a clip of it that is taken away, what is answered, and what the table must say.
struct Case {
    file: &'static str,
    missing: &'static str,
    answers: &'static [(&'static str, &'static str)],
    /// The beginnings of lines: task, right, asked, accuracy.
    lines: &'static [&'static str],
    /// Questions about the clip that is missing.
    n_failed: usize,
}

const CASES: [Case; 6] = [
    // C is right, B is not (A is), b is.
    Case {
        file: "nextqa.json",
        missing: "gone.mp4",
        answers: &[
            ("why did", "C) to be checked"),
            ("at the end", "B) it jumps"),
            ("where is", "b"),
        ],
        lines: &["NExTQA 2 3 66.7 %"],
        n_failed: 1,
    },
    // E is right of h264.mp4, A of vfr.mp4.
    Case {
        file: "egoschema.json",
        missing: "hevc.mp4",
        answers: &[("overall goal", "B) read"), ("used most", "A) a bar")],
        lines: &["EgoSchema 1 2 50.0 %"],
        n_failed: 1,
    },
    Case {
        file: "intentqa.json",
        missing: "hevc.mp4",
        answers: &[("why did", "The answer is (D)"), ("how did", "A")],
        lines: &["IntentQA 2 2 100.0 %"],
        n_failed: 1,
    },
    // B is right of the first, D of the last.
    Case {
        file: "action_sequence.json",
        missing: "vfr.mp4",
        answers: &[("after the bar", "B) It fell."), ("first", "A) It stopped.")],
        lines: &["action_sequence 1 2 50.0 %"],
        n_failed: 1,
    },
    // D is right, then B; the summary is for somebody else to judge.
    Case {
        file: "mlvu.json",
        missing: "hevc.mp4",
        answers: &[
            ("colour", "D) white"),
            ("order", "A) 1->2"),
            ("summarise", "A bar."),
        ],
        lines: &[
            "plotQA 1 1 100.0 %",
            "order 0 1 0.0 %",
            "summary 0 not judged",
            "all questions 1 2 50.0 %",
            "mean of tasks 50.0 %",
        ],
        n_failed: 1,
    },
    // C is right; "Nothing" holds no capital letter from A to D.
    Case {
        file: "videomme.json",
        missing: "vfr.mp4",
        answers: &[("bars", "The best answer is: C. Three."), ("say", "Nothing.")],
        lines: &[
            "Counting Problem 1 1 100.0 %",
            "OCR Problems 0 1 0.0 %",
            "all questions 1 2 50.0 %",
            "mean of tasks 50.0 %",
        ],
        n_failed: 1,
    },
];

/// A folder with the clips that `set` names, but for one.
fn all_but(set: &QuestionSet, missing: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for question in &set.questions {
        // Video-MME leaves the ending out.
        let name = format!("{}.mp4", question.video.trim_end_matches(".mp4"));
        if name != missing {
            fs::copy(clips().join(&name), folder.path().join(&name)).expect("a shipped clip");
        }
    }
    folder
}

fn go_on(
    set: &QuestionSet,
    videos: &Path,
    out: &Path,
    ask: impl FnMut(&Asked<'_>) -> Result<String, AskError>,
) -> Result<Report, EvalError> {
    let mut results = Results::open(out, set, &json!({})).expect("results of this evaluation");
    run(set, videos, &mut results, &CancelToken::new(), ask, |_, _| {})
}

#[test]
fn every_public_format_is_counted_as_by_hand_over_an_interruption_and_a_missing_video() {
    for case in CASES {
        let set = questions(case.file);
        assert!(set.questions.len() >= 3, "{}", case.file);
        let videos = all_but(&set, case.missing);
        let out = videos.path().join("results.jsonl");

        let mut answer = by_words(case.answers);
        let mut n_asked = 0;
        let stopped = go_on(&set, videos.path(), &out, |asked| {
            n_asked += 1;
            if n_asked == 2 {
                return Err(AskError::Cancelled(Cancelled));
            }
            answer(asked)
        });
        assert!(matches!(stopped, Err(EvalError::Cancelled(_))), "{}", case.file);

        let mut heard = Vec::new();
        let report = go_on(&set, videos.path(), &out, |asked| {
            heard.push(asked.question.text.clone());
            answer(asked)
        });
        let report = report.expect("nothing stops it now");
        assert_eq!(
            heard.len(),
            set.questions.len() - case.n_failed - 1,
            "{}: what was answered is not asked again: {heard:?}",
            case.file
        );

        let mut text = String::new();
        table::write(&report, &mut text).expect("a string takes everything");
        let printed: Vec<String> = text
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        for line in case.lines {
            assert!(
                printed.iter().any(|printed| printed.starts_with(line)),
                "{}: no line begins with '{line}' in\n{text}",
                case.file
            );
        }
        let name = case.missing.trim_end_matches(".mp4");
        assert!(
            text.contains(&format!("failed and not counted: {} question", case.n_failed))
                && text.contains(&format!("  {name}"))
                && text.contains("there is no such file in"),
            "{}: {text}",
            case.file
        );
    }
}
