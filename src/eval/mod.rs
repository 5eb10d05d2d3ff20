//! Evaluation: a file of questions about videos goes in, a table of accuracies comes out.
//!
//! ```text
//! question file -> formats (questions) -> run (asks whoever answers, writes results line by line)
//!               -> score (right or wrong, accuracy with its interval) -> table
//! ```
//!
//! Nothing here knows models or video decoding: [`run::run`] is handed a function that answers one question about one
//! file. The question files are those of TS-LLaVA's scripts (NExT-QA, EgoSchema, IntentQA, MVBench, MLVU, Video-MME,
//! open questions) and our own.

mod error;
pub mod formats;
pub mod letter;
pub mod predictions;
pub mod question;
pub mod results;
pub mod run;
pub mod score;
pub mod table;

pub use error::EvalError;
pub use question::{Format, Part, Question, QuestionSet, Wanted};
pub use run::{AskError, Asked, run};
pub use score::{Report, Tally, Verdict};
