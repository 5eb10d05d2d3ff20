//! An answer, and how it came about.

use serde::{Deserialize, Serialize};

use crate::fault::ApiError;
use crate::question::Ending;
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
    /// How likely the model found each of the question's options; they sum to 1. Empty for open questions.
    #[serde(default)]
    pub probabilities: Vec<f32>,
    /// How it came about; none where it did not come so far.
    pub facts: Option<AnswerFacts>,
    /// Why it failed.
    pub error: Option<ApiError>,
}

/// Seconds by stage, as somebody who waits sees them: the first five sum to `first_word_secs`, and with `answer_secs` to
/// `total_secs`. Answers of earlier versions have fewer stages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(default)]
pub struct Timings {
    /// Waiting until other work was done.
    pub wait_secs: f64,
    /// Loading the model.
    pub load_secs: f64,
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
    /// Tokens of the words around the video, earlier turns included.
    pub n_prompt_tokens: usize,
    /// Of these, tokens of earlier turns.
    #[serde(default)]
    pub n_history_tokens: usize,
    /// Of all that stands before the answer, tokens that had been read before.
    #[serde(default)]
    pub n_reused_tokens: usize,
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
    /// Whether the model inside the program gave it, which knows one little world.
    #[serde(default)]
    pub is_embedded: bool,
    /// Why it ended; `null` where it was cut short, or an earlier version did not say.
    #[serde(default)]
    pub ending: Option<Ending>,
}
