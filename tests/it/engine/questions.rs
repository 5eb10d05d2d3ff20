//! Kinds of questions, and what does not fit.

use tempfile::TempDir;
use videre::cancel::CancelToken;
use videre::engine::{Engine, Preselection, VideoSetup};
use videre::fault::Fault;
use videre::question::{Ending, PromptForm, Turn};
use videre::visual::geometry::TowerGeometry;
use videre::visual::preset::Preset;

use super::{ask_meanwhile, local, open, question, setup};

fn ready() -> (TempDir, Engine, VideoSetup) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let engine = local(folder.path());
    let setup = setup(&engine, &open(&engine));
    (folder, engine, setup)
}

#[test]
fn a_multiple_choice_names_a_letter_and_how_sure_it_is() {
    let (_folder, engine, mut setup) = ready();
    for form in [PromptForm::Chat, PromptForm::Reference] {
        setup.form = form;
        let mut asked = question("Which?");
        asked.options = ["a red circle", "a blue star", "nothing"]
            .map(str::to_owned)
            .to_vec();
        let seen = ask_meanwhile(&engine, &setup, asked.clone(), &CancelToken::new(), &mut |_| {});
        let answer = seen.answer();
        let choice = answer.choice.as_ref().expect("an option is chosen");
        assert_eq!(choice.letter, ['A', 'B', 'C'][choice.option]);
        assert_eq!(
            answer.answer,
            format!("({}) {}", choice.letter, asked.options[choice.option])
        );
        let sum: f32 = choice.probabilities.iter().sum();
        assert!((sum - 1.0).abs() < 1e-5, "{choice:?}");
        let best = choice.probabilities.iter().copied().fold(0.0, f32::max);
        assert_eq!(choice.probability, best);
    }
}

#[test]
fn the_oldest_turns_are_forgotten_first_where_they_do_not_fit() {
    let (_folder, engine, setup) = ready();
    let turn = |n: usize| Turn {
        question: format!("Question {n}? {}", "some words and more ".repeat(40)),
        answer: "an answer of a few words".to_owned(),
    };
    let mut asked = question("And now?");
    asked.history = (0..40).map(turn).collect();
    let seen = ask_meanwhile(&engine, &setup, asked.clone(), &CancelToken::new(), &mut |_| {});
    let n_forgotten = seen.answer().n_forgotten_turns;
    assert!(
        (1..40).contains(&n_forgotten),
        "{n_forgotten} of 40 are forgotten"
    );
    let tokens = seen.answer().tokens;
    assert!(tokens.visual + tokens.prompt + asked.max_tokens <= setup.facts.n_context);

    // What is left is what would have been asked with the younger turns alone.
    asked.history.drain(..n_forgotten);
    let younger = ask_meanwhile(&engine, &setup, asked, &CancelToken::new(), &mut |_| {});
    assert_eq!(younger.answer().n_forgotten_turns, 0);
    assert_eq!(younger.said(), seen.said());
}

#[test]
fn a_question_that_does_not_fit_says_so() {
    let (_folder, engine, setup) = ready();
    let asked = question(&"more words than any model reads ".repeat(2000));
    let seen = ask_meanwhile(&engine, &setup, asked, &CancelToken::new(), &mut |_| {});
    let failure = seen.answer.expect_err("it is too long");
    assert_eq!(failure.fault, Fault::ContextTooLong);
    assert!(
        failure.message.contains("the model reads 4096 at a time"),
        "{failure:?}"
    );
    assert!(failure.hint.is_some());
}

#[test]
fn an_answer_ends_for_the_reason_it_names() {
    let (_folder, engine, setup) = ready();
    let mut asked = question("What is there?");
    asked.max_tokens = 3;
    let seen = ask_meanwhile(&engine, &setup, asked, &CancelToken::new(), &mut |_| {});
    assert_eq!(seen.answer().ending, Ending::TokenLimit);
    assert_eq!(seen.answer().tokens.answer, 3);
    assert_eq!(seen.said(), seen.answer().answer, "what was shown is the answer");
}

#[test]
fn times_are_told_where_they_are_wanted() {
    let (_folder, engine, mut setup) = ready();
    let without = super::ask(&engine, &setup, "When?");
    setup.tell_times = true;
    let with = super::ask(&engine, &setup, "When?");
    let more = with.answer().tokens.prompt - without.answer().tokens.prompt;
    assert!(
        more > 2 * super::N_FRAMES,
        "{more} tokens tell the times of {} frames",
        super::N_FRAMES
    );
}

#[test]
fn the_preset_chosen_for_the_user_is_the_richest_that_is_quick_enough() {
    let (_folder, _engine, setup) = ready();
    let of = |encode_secs: f64, read_secs: f64, n_context: usize| {
        let facts = videre::engine::ModelFacts {
            encode_secs,
            read_secs,
            n_context,
            ..setup.facts.clone()
        };
        Preselection::of(&facts, TowerGeometry::CLIP_L_336).preset
    };
    // 51 images and 3456 tokens; 17 and 2304; 1 and 576.
    assert_eq!(of(0.5, 0.005, 4096), Preset::Paper);
    assert_eq!(of(1.5, 0.005, 4096), Preset::Balanced);
    assert_eq!(
        of(0.5, 0.005, 3500),
        Preset::Balanced,
        "the context is too short for the paper's"
    );
    assert_eq!(of(4.0, 0.1, 4096), Preset::Fast);
}
