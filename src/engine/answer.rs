//! An answer, and how it came about.

use serde::{Deserialize, Serialize};

use crate::question::Ending;
use crate::visual::sampling::FrameRef;
use crate::worker::Message;

/// A complete answer, and how it came about: also what `videre ask --json` prints, so its fields stay as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The answer; for a multiple choice the letter and the option.
    pub answer: String,
    /// Why it ended.
    pub ending: Ending,
    /// The option that was chosen, for a multiple choice.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub choice: Option<OptionChoice>,
    /// The frames that were looked at.
    pub frames: Vec<FrameRef>,
    /// Images that went through the tower for this answer; the others were kept from earlier.
    pub n_encoded_images: usize,
    /// Tokens by what they were for.
    pub tokens: TokenUse,
    /// Milliseconds by stage.
    pub timings_ms: StageMillis,
    /// The model's name.
    pub model: String,
    /// The device it ran on.
    pub device: String,
    /// Earlier turns that no longer fit and were forgotten.
    pub n_forgotten_turns: usize,
    /// What a person should know, in words.
    pub notices: Vec<String>,
}

/// The option that was chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OptionChoice {
    /// Its letter.
    pub letter: char,
    /// Position among the options, from 0.
    pub option: usize,
    /// Its probability among the options' letters.
    pub probability: f32,
    /// Those of all options.
    pub probabilities: Vec<f32>,
}

/// Tokens by what they were for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUse {
    /// Rows of the video.
    pub visual: usize,
    /// The words around them.
    pub prompt: usize,
    /// Of all these, those that did not have to be read again.
    pub reused: usize,
    /// The answer.
    pub answer: usize,
}

/// Milliseconds by stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageMillis {
    /// Opening the file and listing its frames.
    pub open: u64,
    /// Loading the model.
    pub load: u64,
    /// Decoding and encoding images.
    pub encode: u64,
    /// Reading the video and the question, up to the first token.
    pub read: u64,
    /// Writing the answer.
    pub answer: u64,
    /// All of it.
    pub total: u64,
}

impl Message for Answer {}
