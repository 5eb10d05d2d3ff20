//! Every format is told from its keys, read whole and scored as counted by hand.

use serde_json::{Value, json};
use std::path::Path;

use super::{by_words, counts, evaluate, questions};
use videre::eval::formats::parse;
use videre::eval::{EvalError, Format, Part, Wanted, predictions};

/// A line of predictions.
fn object(line: &str) -> Value {
    serde_json::from_str(line).expect("a prediction is JSON")
}

#[test]
fn nextqa_lists_the_missing_video_and_counts_the_rest() {
    let set = questions("nextqa.json");
    assert_eq!(set.format, Format::MultipleChoice);
    // Right by "C)", wrong (B for A), missing, right by its first letter.
    let answers = &[
        ("why did", "C) to be checked"),
        ("at the end", "B) it jumps"),
        ("where is", "b"),
    ];
    let (report, _) = evaluate(&set, by_words(answers));
    assert_eq!(counts(&report, "NExTQA"), (2, 3));
    assert_eq!(report.overall.n_failed, 1);
    assert_eq!(report.failed.len(), 1);
    assert_eq!(
        (report.failed[0].video.as_str(), report.failed[0].n_questions),
        ("gone.mp4", 1)
    );
    assert!(
        report.failed[0].reason.contains("tests/clips"),
        "{}",
        report.failed[0].reason
    );
}

#[test]
fn egoschema_and_intentqa_are_scored_by_the_letter() {
    let set = questions("egoschema.json");
    assert_eq!(set.format, Format::MultipleChoice);
    // Right, right for the second video only (B is read, 4 and 1 are wanted), no letter.
    let (report, _) = evaluate(
        &set,
        by_words(&[("overall goal", "B) read"), ("used most", "It is a bar.")]),
    );
    assert_eq!(counts(&report, "EgoSchema"), (1, 3));
    assert_eq!(report.overall.n_unreadable, 1);
    assert!(
        report
            .overall
            .chance()
            .is_some_and(|chance| (chance - 0.2).abs() < 1e-12)
    );

    let set = questions("intentqa.json");
    let answers = &[
        ("why did", "The answer is (D)"),
        ("how did", "A"),
        ("what did", "E) eat"),
    ];
    let (report, _) = evaluate(&set, by_words(answers));
    assert_eq!(counts(&report, "IntentQA"), (2, 3));
}

#[test]
fn mvbench_takes_its_task_from_the_file_and_keeps_the_bounds() {
    let set = questions("action_sequence.json");
    assert_eq!(set.format, Format::Mvbench);
    let parts: Vec<Part> = set.questions.iter().map(|question| question.part).collect();
    let range = |start_secs, end_secs| Part::Range { start_secs, end_secs };
    assert_eq!(parts, [range(0.5, 1.5), range(0.0, 1.0), Part::Whole]);
    let answers = &[
        ("after the bar", "B) It fell."),
        ("before", "B) A cut."),
        ("first", "D) It turned."),
    ];
    let (report, _) = evaluate(&set, by_words(answers));
    assert_eq!(counts(&report, "action_sequence"), (2, 3));
    // Three, two and four options.
    let chance = report.overall.chance().expect("options tell it");
    assert!((chance - (1.0 / 3.0 + 0.5 + 0.25) / 3.0).abs() < 1e-12);
}

#[test]
fn mlvu_judges_options_and_leaves_summaries_to_a_judge() {
    let set = questions("mlvu.json");
    assert_eq!(set.format, Format::Mlvu);
    let answers = &[
        ("colour", "D) white"),
        ("order", "B) 2->1"),
        ("summarise", "A bar moves."),
    ];
    let (report, _) = evaluate(&set, by_words(answers));
    assert_eq!(counts(&report, "plotQA"), (1, 2));
    assert_eq!(counts(&report, "order"), (1, 1));
    assert_eq!(counts(&report, "summary"), (0, 0));
    assert_eq!(report.overall.n_not_judged, 1);
    // The mean of 1/2 and 1/1; a task that nobody judged has no part in it.
    assert_eq!(report.mean_of_tasks(), Some(0.75));
}

#[test]
fn mlvus_secret_answers_become_predictions() {
    let set = questions("mlvu_test.json");
    assert_eq!(set.format, Format::Mlvu);
    let (report, results) = evaluate(&set, by_words(&[("colour", "F) pink"), ("many", "six of them")]));
    assert_eq!((report.overall.n_judged, report.overall.n_not_judged), (0, 3));
    assert_eq!(report.mean_of_tasks(), None);
    let lines = predictions::lines(&set, results.answered());
    let option = |id: &str, kind: &str, option: &str| json!({"question_id": id, "question_type": kind, "option": option});
    assert_eq!(object(&lines[0]), option("AR_1", "plotQA", "F"));
    assert_eq!(object(&lines[1]), option("AC_2", "count", "none"));
    assert_eq!(lines.len(), 3);
}

#[test]
fn video_mme_finds_videos_without_ending_and_reads_its_own_letters() {
    let set = questions("videomme.json");
    assert_eq!(set.format, Format::VideoMme);
    // "The best answer is" holds no letter once it is taken out; a lower-case letter is none.
    let answers = &[
        ("bars", "The best answer is: C. Three."),
        ("say", "nothing"),
        ("cuts", "A. 1."),
    ];
    let (report, _) = evaluate(&set, by_words(answers));
    assert_eq!(counts(&report, "Counting Problem"), (1, 2));
    assert_eq!(counts(&report, "OCR Problems"), (0, 1));
    assert_eq!(report.overall.n_unreadable, 1);
    assert_eq!(report.failed, []);
}

#[test]
fn open_questions_of_public_sets_are_never_judged() {
    let set = questions("msvd_qa.json");
    assert_eq!(set.format, Format::Open);
    let (report, results) = evaluate(&set, by_words(&[("what moves", "a bar"), ("who", "nobody")]));
    assert_eq!((report.overall.n_judged, report.overall.n_not_judged), (0, 3));
    assert_eq!(report.overall.accuracy(), None);
    let lines = predictions::lines(&set, results.answered());
    let expected = json!({"question": "who is it?", "id": "m3", "answer": "nobody", "pred": "nobody"});
    assert_eq!(object(&lines[2]), expected);
}

#[test]
fn our_own_questions_may_be_about_frames_parts_and_options() {
    let set = questions("QUESTIONS.json");
    assert_eq!(set.format, Format::Videre);
    let parts: Vec<Part> = set.questions.iter().map(|question| question.part).collect();
    let range = Part::Range {
        start_secs: 0.25,
        end_secs: 1.0,
    };
    assert_eq!(
        parts,
        [Part::Whole, Part::Frame { at_secs: 0.5 }, range, Part::Whole]
    );
    let options = ["one", "two", "three"].map(str::to_owned).to_vec();
    assert_eq!(
        set.questions[3].wanted,
        Wanted::Choice {
            options,
            right: Some(2)
        }
    );
    // Right but for case, space and the full stop; wrong; right; the last is asked in the same words and gets no letter.
    let answers = &[
        ("star", " the  star is RED "),
        ("ring", "The ring is red."),
        ("many", "There are two objects."),
    ];
    let (report, _) = evaluate(&set, by_words(answers));
    assert_eq!(counts(&report, "colour"), (1, 2));
    assert_eq!(counts(&report, "count"), (1, 2));
    assert_eq!(report.overall.n_unreadable, 1);
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let problem = |text: &str| {
        let error = parse(Path::new("some.json"), text.as_bytes()).expect_err("a file with a mistake");
        error.to_string()
    };
    assert!(problem("{").starts_with("some.json is no JSON"));
    assert_eq!(problem("[]"), "some.json holds no question");
    assert_eq!(
        problem(r#"[{"picture": 1}]"#),
        "some.json is no question file that is known here"
    );
    let mvbench = |rest: &str| {
        problem(&format!(
            r#"[{{"video": "a.mp4", "candidates": ["x", "y"], {rest}}}]"#
        ))
    };
    assert_eq!(
        mvbench(r#""answer": "x""#),
        "some.json: question 1 has no question"
    );
    assert_eq!(
        mvbench(r#""question": "?", "answer": "z""#),
        "some.json: question 1 has a right answer that is none of its options"
    );
    assert_eq!(
        mvbench(r#""question": "?", "answer": "x", "start": 2, "end": 1"#),
        "some.json: question 1 has times that make no sense"
    );
    let absent = videre::eval::formats::read(Path::new("no/such.json"));
    assert!(matches!(absent, Err(EvalError::Io { doing: "read", .. })));
}
