//! A question and how its answer is written: plain data, known to whoever asks and to whoever answers.

use serde::{Deserialize, Serialize};

/// A question.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The user's words.
    pub text: String,
    /// Options to choose from, without letters; none for an open question.
    pub options: Vec<String>,
    /// Earlier turns, oldest first. Those that do not fit are forgotten, the oldest first.
    pub history: Vec<Turn>,
    /// Most tokens of the answer.
    pub max_tokens: usize,
    /// How tokens are chosen.
    pub sampling: SamplingOptions,
}

/// A question and the answer that it got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// What the user asked.
    pub question: String,
    /// What the model said.
    pub answer: String,
}

/// How the next token is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SamplingOptions {
    /// 0 takes the likeliest token; higher values flatten the distribution.
    pub temperature: f64,
    /// Only this many likeliest tokens.
    pub top_k: Option<usize>,
    /// Only the likeliest tokens that together have this probability.
    pub top_p: Option<f64>,
    /// Only tokens at least this fraction as likely as the likeliest.
    pub min_p: Option<f32>,
    /// Divides the logits of the last 64 tokens of the answer; 1 does nothing.
    pub repetition_penalty: f32,
    /// Starts the random numbers: the same seed gives the same answer.
    pub seed: u64,
}

impl SamplingOptions {
    /// The likeliest token each time, as TS-LLaVA runs its models: the same question gets the same answer.
    pub const GREEDY: Self = Self {
        temperature: 0.0,
        top_k: None,
        top_p: None,
        min_p: None,
        repetition_penalty: 1.0,
        seed: 0,
    };
}

impl Default for SamplingOptions {
    fn default() -> Self {
        Self::GREEDY
    }
}

/// Which words are put around a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PromptForm {
    /// The model's own chat template.
    #[default]
    Chat,
    /// The exact prompts of TS-LLaVA: its `v4` with options, `v3` for open questions.
    Reference,
    /// Its `v5`, which tells of a grid beside the key frames; open questions as in [`PromptForm::Reference`].
    ReferenceV5,
    /// Its `v2` for open questions, which begins with the expert of the others; with options as in [`PromptForm::Reference`].
    ReferenceV2,
    /// Its prompt for a letter alone.
    LetterOnly,
    /// Its prompt for Video-MME, which asks for the letter.
    VideoMme,
    /// The same, with "The best answer is:" at the end.
    VideoMmeBest,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The model said all it had to say.
    Finished,
    /// The limit of tokens was reached.
    TokenLimit,
    /// The context is full: the answer is cut.
    ContextFull,
    /// The same words came again and again: the answer is cut.
    Repetition,
}
