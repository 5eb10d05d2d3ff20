//! What the model role is asked, and what it answers. Pixels travel as raw bytes beside these.

use std::ffi::OsString;

use serde::{Deserialize, Serialize};

use super::{ExaminedJson, FitJson, FrameJson, StrategyJson};
use crate::fault::Failure;

/// A model as a user names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ModelName {
    /// The one inside the program, which knows one little world.
    Embedded,
    /// A folder, one file of a pair with the other beside it, both files, or `owner/repo` of the Hugging Face cache.
    Named {
        /// The folder, file or repository.
        model: OsString,
        /// The mmproj file, where it is not beside the model.
        mmproj: Option<OsString>,
    },
}

/// Where numbers are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceName {
    /// The best device of this build on this machine.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
}

/// A request to the model role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ModelRequest {
    /// Loads a pair, unless it is the one that is loaded. Answers [`ModelEvent::Loaded`].
    Load {
        /// Which pair.
        model: ModelName,
        /// Where it computes.
        device: DeviceName,
    },
    /// Prepares a video, or answers a question about it. Answers [`ModelEvent::FramesWanted`] where frames are missing,
    /// progress, pieces of the answer and, for a question, [`ModelEvent::Answered`].
    Work(Box<WorkJson>),
    /// A frame that was wanted, in the tower's square; its pixels travel beside it. Ends when there is room for more.
    Frame {
        /// The work that wants it.
        job: u64,
        /// Which frame.
        frame: FrameJson,
    },
    /// No more frames come.
    EndOfFrames {
        /// The work that waits.
        job: u64,
        /// Why some are missing, if they are.
        failure: Option<Failure>,
    },
    /// Removes everything that was kept of a video.
    Forget {
        /// Identity of the file.
        video: String,
    },
    /// Says what a pair is, from its headers alone. Answers [`ModelEvent::Described`].
    Describe {
        /// Which pair.
        model: ModelName,
    },
    /// Says what work would find and need, without loading anything. Answers [`ModelEvent::Foreseen`].
    Foresee(Box<ForeseeJson>),
    /// Encoding waits, or goes on, so that somebody who looks has the machine.
    Hold {
        /// Whether it waits.
        is_held: bool,
    },
    /// Looks at this build and this machine. Answers [`ModelEvent::Examined`].
    Examine,
}

/// What is asked about work before it is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForeseeJson {
    /// Which pair.
    pub model: ModelName,
    /// Which words are put around a question.
    pub form: PromptForm,
    /// What would be looked at; all of one file. The first one is what the words are counted for.
    pub looks: Vec<VideoJson>,
    /// Earlier turns, the oldest first.
    pub history: Vec<TurnJson>,
    /// Most tokens of an answer.
    pub max_tokens: usize,
}

/// What work would find and need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeseenJson {
    /// For each way of looking, and each image of its plan, whether its features are kept.
    pub is_kept: Vec<Vec<bool>>,
    /// Tokens of the words around a question, without any earlier turn.
    pub n_fixed: usize,
    /// Tokens of the earlier turns that would be sent.
    pub n_chat: usize,
    /// Earlier turns that would no longer be sent, the oldest first.
    pub n_forgotten: usize,
}

/// Bytes by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryJson {
    /// Weights, as they are in the files.
    pub weights_bytes: u64,
    /// Keys and values of the positions that are held.
    pub cache_bytes: u64,
    /// What a step of the model needs beside them.
    pub working_bytes: u64,
    /// What programs can still take now; `None` where the system does not say.
    pub free_bytes: Option<u64>,
}

impl MemoryJson {
    /// All that it takes.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        [self.weights_bytes, self.cache_bytes, self.working_bytes]
            .iter()
            .fold(0, |sum, &bytes| sum.saturating_add(bytes))
    }
}

/// What the headers of a pair say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DescribedJson {
    /// The language model's file; none for the embedded model.
    pub language_file: Option<OsString>,
    /// The mmproj file.
    pub vision_file: Option<OsString>,
    /// Its name for people.
    pub name: String,
    /// As model pages name it, such as `Q4_K_M`.
    pub quantization: String,
    /// Of the language model, such as `llama`.
    pub architecture: String,
    /// `clip` or `siglip`.
    pub tower: String,
    /// Side of the tower's square, pixels.
    pub side_px: u32,
    /// Side of a patch, pixels.
    pub patch_px: u32,
    /// Positions that it reads at most.
    pub n_context: usize,
    /// What it will take.
    pub memory: MemoryJson,
}

/// One piece of work on a video.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkJson {
    /// A number that no other running work has; frames are sent to it.
    pub job: u64,
    /// Which pair.
    pub model: ModelName,
    /// Where it computes.
    pub device: DeviceName,
    /// What is looked at.
    pub video: VideoJson,
    /// Which words are put around the question.
    pub form: PromptForm,
    /// Whether the model is told the times of the frames.
    pub tell_times: bool,
    /// The question; none prepares the video for any.
    pub question: Option<QuestionJson>,
    /// The largest prefix that is kept on disk, bytes.
    pub max_prefix_bytes: u64,
}

/// The frames of a file that are looked at, and how they become tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VideoJson {
    /// Identity of the file.
    pub identity: String,
    /// The chosen frames in the order of time.
    pub frames: Vec<FrameJson>,
    /// How frames become tokens.
    pub strategy: StrategyJson,
    /// How frames become square.
    pub fit: FitJson,
}

/// Which words are put around a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PromptForm {
    /// The model's own chat template.
    #[default]
    Chat,
    /// The exact prompts of TS-LLaVA.
    Reference,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuestionJson {
    /// The user's words.
    pub text: String,
    /// Options to choose from, without letters; none for an open question.
    pub options: Vec<String>,
    /// Earlier turns, oldest first. Those that do not fit are forgotten, the oldest first.
    pub history: Vec<TurnJson>,
    /// Most tokens of the answer.
    pub max_tokens: usize,
    /// How tokens are chosen.
    pub sampling: SamplingJson,
}

/// A question and the answer that it got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnJson {
    /// What the user asked.
    pub question: String,
    /// What the model said.
    pub answer: String,
}

/// How the next token is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SamplingJson {
    /// 0 takes the likeliest token.
    pub temperature: f64,
    /// Only this many likeliest tokens.
    pub top_k: Option<usize>,
    /// Only the likeliest tokens that together have this probability.
    pub top_p: Option<f64>,
    /// Only tokens at least this fraction as likely as the likeliest.
    pub min_p: Option<f32>,
    /// Divides the logits of recent tokens; 1 does nothing.
    pub repetition_penalty: f32,
    /// Starts the random numbers.
    pub seed: u64,
}

/// What a loaded pair is, as far as others must know to plan for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelFacts {
    /// Its name for people.
    pub name: String,
    /// The device it computes on.
    pub device: String,
    /// `clip` or `siglip`.
    pub tower: String,
    /// Side of the tower's square, pixels.
    pub side_px: u32,
    /// Side of a patch, pixels.
    pub patch_px: u32,
    /// What the tower's input is normalised by: means.
    pub mean: [f32; 3],
    /// What the tower's input is normalised by: deviations.
    pub std: [f32; 3],
    /// Positions that it reads at most.
    pub n_context: usize,
    /// Expected time for one image through tower and projector, measured on a part of it at load.
    pub encode_secs: f64,
    /// Expected time for a token of the prompt, measured likewise.
    pub read_secs: f64,
    /// Memory that it will take at its whole context, bytes.
    pub memory_bytes: u64,
    /// Of these, keys and values of all the positions that are held.
    pub cache_bytes: u64,
    /// How many positions those are.
    pub n_held: usize,
    /// Threads and the like of the device, for people.
    pub device_detail: String,
    /// Why it is this device, in a sentence.
    pub device_reason: String,
    /// How long loading took; 0 where it was loaded before.
    pub load_ms: u64,
}

/// What the model role answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ModelEvent {
    /// The pair is loaded.
    Loaded(Box<ModelFacts>),
    /// These frames are needed, ascending and each once.
    FramesWanted {
        /// Which.
        frames: Vec<FrameJson>,
    },
    /// Images that are encoded.
    Encoded {
        /// Done, those that were kept from earlier included.
        n_done: usize,
        /// All of the plan.
        n_images: usize,
    },
    /// Positions of the prompt that are read.
    Read {
        /// Reused from earlier.
        n_reused: usize,
        /// Reused or read.
        n_done: usize,
        /// All of them.
        n_total: usize,
    },
    /// A piece of the answer.
    Piece {
        /// Whole characters.
        text: String,
    },
    /// What is read before the answer begins.
    Prompt {
        /// The words, with `<image>` where the video stands.
        text: String,
        /// Tokens of the words.
        n_tokens: usize,
        /// Earlier turns that no longer fit and were forgotten.
        n_forgotten_turns: usize,
    },
    /// The answer is complete.
    Answered(Box<AnswerJson>),
    /// What a pair is.
    Described(Box<DescribedJson>),
    /// What work would find and need.
    Foreseen(ForeseenJson),
    /// What this build and this machine are.
    Examined(Box<ExaminedJson>),
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndingJson {
    /// The model said all it had to say.
    Finished,
    /// The limit of tokens was reached.
    TokenLimit,
    /// The context is full: the answer is cut.
    ContextFull,
}

/// A complete answer: what `videre ask --json` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnswerJson {
    /// The answer; for a multiple choice the letter and the option.
    pub answer: String,
    /// Why it ended.
    pub ending: EndingJson,
    /// The option that was chosen, for a multiple choice.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub choice: Option<ChoiceJson>,
    /// The frames that were looked at.
    pub frames: Vec<FrameJson>,
    /// Images that went through the tower for this answer; the others were kept from earlier.
    pub n_encoded_images: usize,
    /// Tokens by what they were for.
    pub tokens: TokenUseJson,
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
pub struct ChoiceJson {
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
pub struct TokenUseJson {
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
