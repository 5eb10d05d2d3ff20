//! Question files of every format over shipped clips, with the accuracies counted by hand.
//!
//! What answers here is a list of answers: the questions, the files, the scoring and the results are the program's own.

mod formats;
mod results;
mod scoring;
mod whole_runs;

use std::path::{Path, PathBuf};

use videre::cancel::CancelToken;
use videre::eval::results::Results;
use videre::eval::{AskError, Asked, QuestionSet, Report, formats as question_files, run};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/eval")
        .join(name)
}

fn clips() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clips")
}

fn questions(name: &str) -> QuestionSet {
    question_files::read(&fixture(name)).expect("a fixture is a question file")
}

/// Answers by what the question says: (part of the question, the answer).
fn by_words(
    answers: &'static [(&'static str, &'static str)],
) -> impl FnMut(&Asked<'_>) -> Result<String, AskError> {
    move |asked| {
        assert!(
            asked.video.is_file(),
            "{} is asked about, but is no file",
            asked.video.display()
        );
        let found = answers
            .iter()
            .find(|(part, _)| asked.question.text.contains(part));
        Ok(found.expect("a question of the fixture").1.to_owned())
    }
}

/// Asks everything, in memory.
fn evaluate(set: &QuestionSet, ask: impl FnMut(&Asked<'_>) -> Result<String, AskError>) -> (Report, Results) {
    let mut results = Results::in_memory(set);
    let report = run(set, &clips(), &mut results, &CancelToken::new(), ask, |_, _| {})
        .expect("nothing stops this evaluation");
    (report, results)
}

/// (right, judged) of a task.
fn counts(report: &Report, task: &str) -> (usize, usize) {
    let (_, tally) = report
        .tasks
        .iter()
        .find(|(name, _)| name == task)
        .expect("a task of the fixture");
    (tally.n_right, tally.n_judged)
}
