//! Why an evaluation cannot go on.

use std::io;
use std::path::PathBuf;

use crate::cancel::Cancelled;
use crate::fault::{Explain, Fault};

/// An evaluation that could not be started or ended. A video that fails is no such thing: it is listed in the report.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// The question file or the results could not be read or written.
    #[error("cannot {doing} {path} ({source})", path = path.display())]
    Io {
        /// What was tried: `read`, `write`.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No JSON.
    #[error("{path} is no JSON ({source})", path = path.display())]
    NotJson {
        /// Which file.
        path: PathBuf,
        /// Where it stops being JSON.
        #[source]
        source: serde_json::Error,
    },
    /// JSON of a shape that no known question file has.
    #[error("{path} is no question file that is known here", path = path.display())]
    UnknownFormat {
        /// Which file.
        path: PathBuf,
    },
    /// One of its questions is not as the format wants it.
    #[error("{path}: question {number} {problem}", path = path.display())]
    BadQuestion {
        /// Which file.
        path: PathBuf,
        /// Which question, from 1.
        number: usize,
        /// What is wrong with it.
        problem: BadQuestion,
    },
    /// Nothing to ask.
    #[error("{path} holds no question", path = path.display())]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// The results belong to something else.
    #[error("{path} holds results of {what}", path = path.display())]
    OtherResults {
        /// The results file.
        path: PathBuf,
        /// Of what.
        what: OtherResults,
    },
    /// A line of the results that this program did not write.
    #[error("{path}: line {number} is no result", path = path.display())]
    BadResult {
        /// The results file.
        path: PathBuf,
        /// Which line, from 1.
        number: usize,
    },
    /// It was asked to stop; what was answered so far is in the results.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// What is wrong with a question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadQuestion {
    /// A key is missing or holds something else.
    #[error("has no {0}")]
    Lacks(&'static str),
    /// The right answer is not among the options.
    #[error("has a right answer that is none of its options")]
    NoSuchOption,
    /// Options run from A to Z at most.
    #[error("has {0} options, which is not between 2 and 26")]
    OptionCount(usize),
    /// A time that is no time, or a range that ends before it starts.
    #[error("has times that make no sense")]
    BadTimes,
}

/// Whose results they are instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OtherResults {
    /// Another question file.
    #[error("another question file")]
    Questions,
    /// Another model or way of asking.
    #[error("another model or setting")]
    Setting,
    /// Something else altogether.
    #[error("something else")]
    Foreign,
}

impl Explain for EvalError {
    fn fault(&self) -> Fault {
        match self {
            Self::Io {
                doing: "write",
                source,
                ..
            } => Fault::of_writing(source),
            Self::Io { source, .. } => Fault::of_reading(source),
            Self::Cancelled(_) => Fault::Cancelled,
            Self::OtherResults { .. } => Fault::Usage,
            Self::NotJson { .. }
            | Self::UnknownFormat { .. }
            | Self::BadQuestion { .. }
            | Self::Empty { .. }
            | Self::BadResult { .. } => Fault::Unreadable,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownFormat { .. } => Some(
                "the files of TS-LLaVA's scripts are read (NExT-QA, EgoSchema, IntentQA, MVBench, MLVU, Video-MME), \
                 and our own QUESTIONS.json"
                    .to_owned(),
            ),
            Self::OtherResults { .. } => Some("give another file to --out, or remove this one".to_owned()),
            _ => None,
        }
    }
}
