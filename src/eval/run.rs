//! Asking every question of a file, whoever answers.

use std::path::{Path, PathBuf};

use super::error::EvalError;
use super::question::{Format, Question, QuestionSet};
use super::results::{Answered, Results};
use super::score::Report;
use crate::cancel::{CancelToken, Cancelled};

/// Endings that are tried where the question file leaves them out, in TS-LLaVA's order and then ours.
const ENDINGS: &[&str] = &["mp4", "avi", "mov", "mkv", "webm"];

/// A question with the file it is about.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The video. It was there a moment ago.
    pub video: &'a Path,
    /// The question, with its options and the part of the video.
    pub question: &'a Question,
    /// Whose question it is: the prompt follows it.
    pub format: Format,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It was asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// This question cannot be answered; the next one may.
    #[error(transparent)]
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

/// Asks what is not answered yet, video by video in the order of the file, and counts.
///
/// `ask` answers one question; `progress` hears how many of all questions are done. A video that is missing or fails is
/// listed in the report and the rest goes on.
///
/// # Errors
/// [`EvalError::Cancelled`] when `cancel` or `ask` says so, with everything answered so far kept in `results`;
/// [`EvalError::Io`] where results cannot be written.
pub fn run(
    set: &QuestionSet,
    videos_dir: &Path,
    results: &mut Results,
    cancel: &CancelToken,
    mut ask: impl FnMut(&Asked<'_>) -> Result<String, AskError>,
    mut progress: impl FnMut(usize, usize),
) -> Result<Report, EvalError> {
    let n_total = set.questions.len();
    let todo = by_video(set, results);
    let mut n_done = n_total - todo.len();
    progress(n_done, n_total);
    for n in todo {
        cancel.check()?;
        let question = &set.questions[n];
        let answered = match find_video(videos_dir, &question.video) {
            None => Answered::Failed {
                reason: format!("there is no such file in {}", videos_dir.display()),
            },
            Some(video) => {
                let asked = Asked {
                    video: &video,
                    question,
                    format: set.format,
                };
                match ask(&asked) {
                    Ok(answer) => Answered::Said { answer },
                    Err(AskError::Cancelled(cancelled)) => return Err(cancelled.into()),
                    Err(AskError::Failed(why)) => Answered::Failed {
                        reason: why.to_string(),
                    },
                }
            }
        };
        results.put(set, n, answered)?;
        n_done += 1;
        progress(n_done, n_total);
    }
    Ok(Report::new(set, results.answered()))
}

/// What is left to ask, all questions about a video one after the other: what was decoded and encoded is reused.
fn by_video(set: &QuestionSet, results: &Results) -> Vec<usize> {
    let mut first = std::collections::HashMap::new();
    for (n, question) in set.questions.iter().enumerate() {
        first.entry(question.video.as_str()).or_insert(n);
    }
    let mut todo: Vec<usize> = (0..set.questions.len())
        .filter(|&n| !results.is_done(n))
        .collect();
    todo.sort_by_key(|&n| first[set.questions[n].video.as_str()]);
    todo
}

/// The file that the question file means by `name`: with its ending, or without.
fn find_video(dir: &Path, name: &str) -> Option<PathBuf> {
    let named = dir.join(name);
    if named.exists() {
        return Some(named);
    }
    // Not `with_extension`: identifiers may hold a full stop.
    let with_ending = |ending: &&str| dir.join(format!("{name}.{ending}"));
    ENDINGS.iter().map(with_ending).find(|path| path.exists())
}
