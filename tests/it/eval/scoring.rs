//! The letter rules and the interval, value by value.

use super::{by_words, evaluate, questions};
use videre::eval::letter::{ts_llava, video_mme};
use videre::eval::score::{normalised, wilson};
use videre::eval::table;

/// What `map_prediction_to_option` of TS-LLaVA's scorer gives, by `tests/reference/eval_letters.py`.
#[test]
fn ts_llavas_rule_reads_letters() {
    let cases = [
        ("A", Some(0)),
        ("e) because", Some(4)),
        ("C) to run", Some(2)),
        ("Because of B) and A)", Some(0)),
        ("Both", Some(1)),
        ("A: no, the answer is D) that", Some(3)),
        ("The answer is (B)", Some(1)),
        ("answer is", Some(0)),
        ("Going home", None),
        ("(C) yes", Some(2)),
        ("G) none", None),
        ("F) none", Some(5)),
        ("", None),
        (" A", None),
    ];
    for (answer, letter) in cases {
        assert_eq!(ts_llava(answer), letter, "{answer:?}");
    }
}

/// What `extract_characters_regex` of Video-MME's scorer gives, by the same script.
#[test]
fn video_mmes_rule_reads_letters() {
    let cases = [
        ("C", Some(2)),
        ("The best answer is: B. Two.", Some(1)),
        ("The best option is D", Some(3)),
        ("Answer: A", Some(0)),
        ("the answer is b", None),
        ("E. Five.", None),
        ("It shows a Dog", Some(3)),
        ("", None),
    ];
    for (answer, letter) in cases {
        assert_eq!(video_mme(answer), letter, "{answer:?}");
    }
}

#[test]
fn open_answers_lose_what_does_not_matter() {
    assert_eq!(normalised("  The star\tis RED. "), "the star is red");
    assert_eq!(normalised("Yes"), "yes");
    assert_ne!(normalised("The star is red"), normalised("The star is not red"));
}

/// Values of `statsmodels.stats.proportion.proportion_confint(…, method="wilson")`.
#[test]
fn wilsons_interval() {
    for (n_right, n, low, high) in [
        (0, 10, 0.0, 0.277_533),
        (5, 10, 0.236_593, 0.763_407),
        (95, 100, 0.888_250, 0.978_456),
    ] {
        let (found_low, found_high) = wilson(n_right, n);
        assert!(
            (found_low - low).abs() < 1e-5 && (found_high - high).abs() < 1e-5,
            "{found_low} {found_high}"
        );
    }
    assert_eq!(wilson(3, 3).1, 1.0);
}

#[test]
fn the_table_says_what_was_counted_and_what_was_not() {
    let set = questions("nextqa.json");
    let answers = &[
        ("why did", "C) to be checked"),
        ("at the end", "no idea"),
        ("where is", "b"),
    ];
    let (report, _) = evaluate(&set, by_words(answers));
    let mut text = String::new();
    table::write(&report, &mut text).expect("a string takes everything");
    insta::assert_snapshot!(text.replace(super::clips().to_str().expect("a plain path"), "CLIPS"), @r"
    task            right          asked       accuracy  95 % interval    blind guess
    NExTQA              2              3         66.7 %   20.8 to 93.9         20.0 %

    no letter could be read in 1 answer; counted as wrong

    failed and not counted: 1 question
      gone.mp4: there is no such file in CLIPS (1 question)
    ");

    let set = questions("mlvu.json");
    let answers = &[
        ("colour", "D) white"),
        ("order", "B) 2->1"),
        ("summarise", "A bar moves."),
    ];
    let (report, _) = evaluate(&set, by_words(answers));
    let mut text = String::new();
    table::write(&report, &mut text).expect("a string takes everything");
    insta::assert_snapshot!(text, @r"
    task                   right          asked       accuracy  95 % interval    blind guess
    plotQA                     1              2         50.0 %    9.5 to 90.5         25.0 %
    order                      1              1        100.0 %  20.7 to 100.0         50.0 %
    summary                                   0     not judged
    all questions              2              3         66.7 %   20.8 to 93.9         33.3 %
    mean of tasks                                       75.0 %

    not judged: 1 question (for a judge of your own)
    ");
}
