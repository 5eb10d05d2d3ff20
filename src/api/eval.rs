//! What `videre eval --json` answers.

use serde::Serialize;

use crate::eval::{Report, Tally};

/// An evaluation, counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvalJson {
    /// The format of the question file.
    pub format: String,
    /// Model, strategy and all else that the answers depend on.
    pub setting: serde_json::Value,
    /// Counts of every task, in the file's order.
    pub tasks: Vec<TaskJson>,
    /// Counts of all questions together.
    pub overall: TaskJson,
    /// Mean of the tasks' accuracies, 0 to 1; null where none was judged.
    pub mean_of_tasks: Option<f64>,
    /// The videos that could not be asked about.
    pub failed: Vec<FailedVideoJson>,
}

/// Counts of one task.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaskJson {
    /// Its name; `all` for all questions.
    pub task: String,
    /// Right answers.
    pub n_right: usize,
    /// Answers that were judged.
    pub n_judged: usize,
    /// Of them, those in which no letter could be read; they count as wrong.
    pub n_unreadable: usize,
    /// Answers that the program does not judge.
    pub n_not_judged: usize,
    /// Questions that could not be asked.
    pub n_failed: usize,
    /// Share of the judged answers that are right, 0 to 1; null where none was judged.
    pub accuracy: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<[f64; 2]>,
    /// Share that blind guesses would get right; null where that is not known.
    pub chance: Option<f64>,
}

/// A video that could not be asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedVideoJson {
    /// The video as the question file names it.
    pub video: String,
    /// Why.
    pub reason: String,
    /// How many of its questions failed.
    pub n_questions: usize,
}

impl EvalJson {
    /// The wire form of a report.
    #[must_use]
    pub fn new(format: &str, setting: serde_json::Value, report: &Report) -> Self {
        let failed = report.failed.iter().map(|one| FailedVideoJson {
            video: one.video.clone(),
            reason: one.reason.clone(),
            n_questions: one.n_questions,
        });
        Self {
            format: format.to_owned(),
            setting,
            tasks: report
                .tasks
                .iter()
                .map(|(task, tally)| TaskJson::new(task, tally))
                .collect(),
            overall: TaskJson::new("all", &report.overall),
            mean_of_tasks: report.mean_of_tasks(),
            failed: failed.collect(),
        }
    }
}

impl TaskJson {
    fn new(task: &str, tally: &Tally) -> Self {
        Self {
            task: task.to_owned(),
            n_right: tally.n_right,
            n_judged: tally.n_judged,
            n_unreadable: tally.n_unreadable,
            n_not_judged: tally.n_not_judged,
            n_failed: tally.n_failed,
            accuracy: tally.accuracy(),
            interval: tally.interval().map(|(low, high)| [low, high]),
            chance: tally.chance(),
        }
    }
}
