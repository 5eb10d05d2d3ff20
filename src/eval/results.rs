//! Results, one JSON line an answer, written as they come: an interrupted evaluation goes on from them.
//!
//! The first line says of what: the digest of the question file and the setting (model, preset, …) as whoever asks
//! describes it. Every other line has `n`, the question's position in its file from 0, and `answer` with its `verdict`,
//! or `error`. Of two lines about a question the later one counts. What failed is asked again when the evaluation goes
//! on; a last line that was cut short is dropped.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{EvalError, OtherResults};
use super::question::QuestionSet;
use super::score::{Verdict, judge};

const FORMAT: &str = "videre-results";
const VERSION: u32 = 1;

/// What became of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The model said this.
    Said {
        /// The answer's text.
        answer: String,
    },
    /// It could not be asked.
    Failed {
        /// Why, in words.
        reason: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    format: String,
    version: u32,
    questions: String,
    setting: serde_json::Value,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    n: usize,
    #[serde(default)]
    id: serde_json::Value,
    task: String,
    video: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verdict: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// The results of one evaluation, in memory and, if wanted, in a file.
#[derive(Debug)]
pub struct Results {
    answered: Vec<Option<Answered>>,
    file: Option<(PathBuf, File)>,
}

impl Results {
    /// Results that are kept in memory only.
    #[must_use]
    pub fn in_memory(set: &QuestionSet) -> Self {
        Self {
            answered: vec![None; set.questions.len()],
            file: None,
        }
    }

    /// Results that are written to `path`, going on with what it holds.
    ///
    /// # Errors
    /// [`EvalError::OtherResults`] where `path` holds results of another question file or `setting`,
    /// [`EvalError::BadResult`] for a whole line that is none, [`EvalError::Io`].
    pub fn open(path: &Path, set: &QuestionSet, setting: &serde_json::Value) -> Result<Self, EvalError> {
        let fail = |doing| move |source| io_error(doing, path, source);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(fail("write"))?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(fail("read"))?;
        // A line is written with its end, so one without was cut short.
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        let head = Head {
            format: FORMAT.to_owned(),
            version: VERSION,
            questions: set.digest.clone(),
            setting: setting.clone(),
        };
        let mut results = Self::in_memory(set);
        let mut lines = whole.lines().enumerate();
        let first = lines.next().map(|(_, first)| first);
        let other = |what| EvalError::OtherResults {
            path: path.to_owned(),
            what,
        };
        match first {
            Some(first) => check_head(first, &head).map_err(other)?,
            None if !text.is_empty() => return Err(other(OtherResults::Foreign)),
            None => {}
        }
        for (n, line) in lines {
            let (at, answered) = read_line(line).ok_or_else(|| EvalError::BadResult {
                path: path.to_owned(),
                number: n + 1,
            })?;
            if let Some(slot) = results.answered.get_mut(at) {
                *slot = Some(answered);
            }
        }
        file.set_len(whole.len() as u64).map_err(fail("write"))?;
        file.seek(SeekFrom::End(0)).map_err(fail("write"))?;
        if first.is_none() {
            write_line(&mut file, &head).map_err(fail("write"))?;
        }
        results.file = Some((path.to_owned(), file));
        Ok(results)
    }

    /// What became of each question, in the set's order; nothing for those that were not asked yet.
    #[must_use]
    pub fn answered(&self) -> &[Option<Answered>] {
        &self.answered
    }

    /// Whether question `n` needs no asking any more.
    #[must_use]
    pub fn is_done(&self, n: usize) -> bool {
        matches!(self.answered.get(n), Some(Some(Answered::Said { .. })))
    }

    /// Keeps what became of question `n`, and writes it down before it returns.
    ///
    /// # Errors
    /// [`EvalError::Io`].
    pub fn put(&mut self, set: &QuestionSet, n: usize, answered: Answered) -> Result<(), EvalError> {
        if let Some((path, file)) = &mut self.file {
            let question = &set.questions[n];
            let (answer, verdict, error) = match &answered {
                Answered::Said { answer } => {
                    let verdict = verdict_name(judge(set.format, question, answer));
                    (Some(answer.clone()), Some(verdict.to_owned()), None)
                }
                Answered::Failed { reason } => (None, None, Some(reason.clone())),
            };
            let line = Line {
                n,
                id: question.id.clone(),
                task: question.task.clone(),
                video: question.video.clone(),
                answer,
                verdict,
                error,
            };
            write_line(file, &line).map_err(|source| io_error("write", path, source))?;
        }
        self.answered[n] = Some(answered);
        Ok(())
    }
}

fn io_error(doing: &'static str, path: &Path, source: io::Error) -> EvalError {
    EvalError::Io {
        doing,
        path: path.to_owned(),
        source,
    }
}

fn check_head(line: &str, wanted: &Head) -> Result<(), OtherResults> {
    match serde_json::from_str::<Head>(line) {
        Ok(head) if head.format == FORMAT && head.version == VERSION => {
            if head.questions != wanted.questions {
                Err(OtherResults::Questions)
            } else if head.setting != wanted.setting {
                Err(OtherResults::Setting)
            } else {
                Ok(())
            }
        }
        Ok(_) | Err(_) => Err(OtherResults::Foreign),
    }
}

/// The question's position and what became of it.
fn read_line(line: &str) -> Option<(usize, Answered)> {
    let line: Line = serde_json::from_str(line).ok()?;
    let answered = match (line.answer, line.error) {
        (Some(answer), None) => Answered::Said { answer },
        (None, Some(reason)) => Answered::Failed { reason },
        _ => return None,
    };
    Some((line.n, answered))
}

/// One write a line, so that a crash cuts at most the last one short.
fn write_line(file: &mut File, line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    file.write_all(text.as_bytes())
}

/// The name of a verdict in files.
fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Right => "right",
        Verdict::Wrong => "wrong",
        Verdict::Unreadable => "unreadable",
        Verdict::NotJudged => "not judged",
    }
}
