//! Right or wrong, and how sure one can be of an accuracy.

use std::collections::BTreeMap;

use super::letter;
use super::question::{Format, Question, QuestionSet, Wanted};
use super::results::Answered;

/// What became of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The right answer.
    Right,
    /// A wrong one.
    Wrong,
    /// No letter could be read in it: counted as wrong, and told apart. (Video-MME's own scorer leaves such answers out.)
    Unreadable,
    /// An open question of a public set, or one whose answer is secret: someone else judges.
    NotJudged,
}

/// Judges `answer` to a question of a file of this format.
#[must_use]
pub fn judge(format: Format, question: &Question, answer: &str) -> Verdict {
    let is_right = match &question.wanted {
        Wanted::Unjudged { .. } | Wanted::Choice { right: None, .. } => return Verdict::NotJudged,
        Wanted::Exact { answer: wanted } => normalised(answer) == normalised(wanted),
        Wanted::Choice {
            right: Some(right), ..
        } => match letter_of(format, answer) {
            None => return Verdict::Unreadable,
            Some(said) => said == *right,
        },
    };
    if is_right { Verdict::Right } else { Verdict::Wrong }
}

/// The option that `answer` means by the rule of that format's own scorer, from 0.
#[must_use]
pub fn letter_of(format: Format, answer: &str) -> Option<usize> {
    match format {
        Format::VideoMme => letter::video_mme(answer),
        _ => letter::ts_llava(answer),
    }
}

/// An open answer without what does not matter: case, space around and between words, a full stop at the end.
#[must_use]
pub fn normalised(answer: &str) -> String {
    let words = answer.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = words.strip_suffix('.').map_or(words.as_str(), str::trim_end);
    words.to_lowercase()
}

/// Counts of one task, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Right answers.
    pub n_right: usize,
    /// Answers that were judged, unreadable ones included.
    pub n_judged: usize,
    /// Of them, those in which no letter could be read.
    pub n_unreadable: usize,
    /// Answers that the program does not judge.
    pub n_not_judged: usize,
    /// Questions that could not be asked.
    pub n_failed: usize,
    /// Questions without any result yet.
    pub n_open: usize,
    chance_sum: f64,
    n_chance: usize,
}

impl Tally {
    /// Share of the judged answers that are right, 0 to 1.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        (self.n_judged > 0).then(|| ratio(self.n_right, self.n_judged))
    }

    /// 95 % interval of [`Tally::accuracy`] (Wilson's), 0 to 1.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        (self.n_judged > 0).then(|| wilson(self.n_right, self.n_judged))
    }

    /// How often blind guesses at the judged questions would be right, where that is known of each of them.
    #[must_use]
    pub fn chance(&self) -> Option<f64> {
        (self.n_judged > 0 && self.n_chance == self.n_judged).then(|| self.chance_sum / self.n_chance as f64)
    }

    fn add(&mut self, question: &Question, answered: Option<&Answered>, format: Format) {
        let answer = match answered {
            None => {
                self.n_open += 1;
                return;
            }
            Some(Answered::Failed { .. }) => {
                self.n_failed += 1;
                return;
            }
            Some(Answered::Said { answer }) => answer,
        };
        match judge(format, question, answer) {
            Verdict::NotJudged => {
                self.n_not_judged += 1;
                return;
            }
            Verdict::Right => self.n_right += 1,
            Verdict::Wrong => {}
            Verdict::Unreadable => self.n_unreadable += 1,
        }
        self.n_judged += 1;
        if let Some(chance) = question.chance {
            self.chance_sum += chance;
            self.n_chance += 1;
        }
    }
}

/// Wilson's score interval at 95 % of `n_right` among `n`, 0 to 1. `n` is not 0.
#[must_use]
pub fn wilson(n_right: usize, n: usize) -> (f64, f64) {
    const Z: f64 = 1.959_963_984_540_054;
    let (p, n) = (ratio(n_right, n), n as f64);
    let middle = p + Z * Z / (2.0 * n);
    let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    (
        ((middle - spread) / scale).max(0.0),
        ((middle + spread) / scale).min(1.0),
    )
}

/// A video that could not be asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedVideo {
    /// The video as the question file names it.
    pub video: String,
    /// Why, of the first question that failed.
    pub reason: String,
    /// How many of its questions failed.
    pub n_questions: usize,
}

/// What an evaluation found.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Counts of every task, in the order in which tasks first appear in the file.
    pub tasks: Vec<(String, Tally)>,
    /// Counts of all questions together.
    pub overall: Tally,
    /// The videos that failed, in the file's order.
    pub failed: Vec<FailedVideo>,
}

impl Report {
    /// Counts what was answered. `answered` has one entry a question, in the set's order.
    #[must_use]
    pub fn new(set: &QuestionSet, answered: &[Option<Answered>]) -> Self {
        let mut tasks: Vec<(String, Tally)> = Vec::new();
        let mut place: BTreeMap<&str, usize> = BTreeMap::new();
        let mut overall = Tally::default();
        let mut failed: Vec<FailedVideo> = Vec::new();
        for (question, answered) in set.questions.iter().zip(answered) {
            let at = *place.entry(&question.task).or_insert_with(|| {
                tasks.push((question.task.clone(), Tally::default()));
                tasks.len() - 1
            });
            tasks[at].1.add(question, answered.as_ref(), set.format);
            overall.add(question, answered.as_ref(), set.format);
            if let Some(Answered::Failed { reason }) = answered {
                match failed.iter_mut().find(|one| one.video == question.video) {
                    Some(one) => one.n_questions += 1,
                    None => failed.push(FailedVideo {
                        video: question.video.clone(),
                        reason: reason.clone(),
                        n_questions: 1,
                    }),
                }
            }
        }
        Self {
            tasks,
            overall,
            failed,
        }
    }

    /// Mean of the tasks' accuracies, which TS-LLaVA and MVBench report; nothing where no task was judged.
    #[must_use]
    pub fn mean_of_tasks(&self) -> Option<f64> {
        let shares: Vec<f64> = self
            .tasks
            .iter()
            .filter_map(|(_, tally)| tally.accuracy())
            .collect();
        (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}
