//! An answer, and how it came about.

use serde::{Deserialize, Serialize};

use crate::fault::ApiError;
use crate::visual::plan::TokenCounts;
use crate::visual::preset::PresetName;
use crate::visual::sampling::{FrameRef, TimeRange};
use crate::visual::strategy::StrategyName;

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum AnswerState {
    /// It is whole.
    Done,
    /// It was cut short: by the user, or because the program ended.
    Stopped,
    /// Something went wrong.
    Failed,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(rename = "Answer"))]
pub struct KeptAnswer {
    /// How it ended.
    pub state: AnswerState,
    /// What was said, however it ended.
    pub text: String,
    /// Number in the question's options.
    pub choice: Option<usize>,
    /// How it came about; none where it did not come so far.
    pub facts: Option<AnswerFacts>,
    /// Why it failed.
    pub error: Option<ApiError>,
}

/// Seconds by stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Timings {
    /// Fetching pictures from the video.
    pub video_secs: f64,
    /// Pictures through the tower.
    pub encode_secs: f64,
    /// Reading what stands before the answer.
    pub prompt_secs: f64,
    /// From the question to its first word.
    pub first_word_secs: f64,
    /// Writing.
    pub answer_secs: f64,
    /// All of it.
    pub total_secs: f64,
}

/// How an answer came about, as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct AnswerFacts {
    /// The model's name.
    pub model: String,
    /// What it computed on.
    pub device: String,
    /// What `auto` came to; otherwise as requested.
    pub preset: PresetName,
    /// How frames became tokens.
    pub strategy: StrategyName,
    /// The part of the video that frames were taken from.
    pub range: Option<TimeRange>,
    /// The only frame, where only one was asked about.
    pub only_frame: Option<usize>,
    /// In the order of time.
    pub frames: Vec<FrameRef>,
    /// Tokens of the video.
    pub counts: TokenCounts,
    /// Tokens of the words around the video.
    pub n_prompt_tokens: usize,
    /// Tokens of the answer.
    pub n_answer_tokens: usize,
    /// The prompt with a mark where the visual tokens stand; empty where it was not recorded.
    pub prompt: String,
    /// Sampling and the like: name and value, ready to show.
    pub settings: Vec<(String, String)>,
    /// Seconds by stage.
    pub timings: Timings,
    /// Complete sentences for a person.
    pub notices: Vec<String>,
}
