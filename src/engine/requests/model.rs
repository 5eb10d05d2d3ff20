//! What the model role is asked.

use std::ffi::OsString;
use std::fs::File;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Pixels;
use super::open_model::OpenModel;
use crate::engine::answer::Answer;
use crate::engine::identity::FileIdentity;
use crate::fault::Failure;
use crate::question::{PromptForm, Question, Turn};
use crate::visual::recipe::{PlanDigest, Recipe};
use crate::visual::recipes::VideoFamily;
use crate::visual::sampling::FrameRef;
use crate::worker::{Lane, Message, Nothing, requests};

/// The model role's lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ModelLane {
    /// For work.
    Work,
    /// For frames that running work waits for.
    Feed,
    /// For what is known without loading anything, from headers and from what is kept: nobody who looks waits behind work.
    Headers,
    /// For making pairs of checkpoints, which takes minutes: nobody waits behind it.
    Convert,
    /// For holding work up: behind nothing that waits for that work.
    Hold,
}

impl Lane for ModelLane {
    fn name(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Feed => "feed",
            Self::Headers => "headers",
            Self::Convert => "convert",
            Self::Hold => "hold",
        }
    }
}

requests! {
    /// All that the model role is asked.
    ModelRequest for ModelProtocol on ModelLane {
        Load: Work, Nothing => ModelFacts;
        Prepare: Work, WorkEvent => ();
        Ask: Work, WorkEvent => Answer;
        Feed: Feed, Nothing => ();
        EndFeed: Feed, Nothing => ();
        Forget: Work, Nothing => ();
        Describe: Headers, Nothing => PairDescription;
        Foresee: Headers, Nothing => Foresight;
        CountTokens: Headers, Nothing => TokenCount;
        Hold: Hold, Nothing => ();
        ExamineModel: Headers, Nothing => Machine;
        Convert: Convert, Converting => ();
    }
}

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

/// Loads a pair, unless it is the one that is loaded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Load {
    /// Which pair.
    pub model: OpenModel,
    /// Where it computes.
    pub device: DeviceName,
}

/// What a loaded pair is, as far as others must know to plan for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelFacts {
    /// Its name for people.
    pub name: String,
    /// The device it computes on.
    pub device: String,
    /// `clip`, `siglip` or `internvit`.
    pub tower: String,
    /// Side of the tower's square, pixels.
    pub side_px: u32,
    /// Side of the square that becomes one token, pixels: of a patch, or of several shuffled into one.
    pub patch_px: u32,
    /// What the tower's input is normalised by: means.
    pub mean: [f32; 3],
    /// What the tower's input is normalised by: deviations.
    pub std: [f32; 3],
    /// The family of models trained on videos that it is of, where it is of one.
    pub family: Option<VideoFamily>,
    /// Whether it has a learned newline.
    pub has_newline: bool,
    /// Positions that it reads at most.
    pub n_context: usize,
    /// Expected time for one image through tower and projector, measured on a part of it at load.
    pub encode_secs: f64,
    /// Expected time for a token of the prompt, measured likewise, where few stand before it.
    pub read_secs: f64,
    /// What each token before it adds to that.
    pub read_growth_secs: f64,
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

impl ModelFacts {
    /// Expected seconds to read `n_tokens` that follow `n_before` others.
    #[must_use]
    pub fn reading_secs(&self, n_before: usize, n_tokens: usize) -> f64 {
        let (n_before, n_tokens) = (n_before as f64, n_tokens as f64);
        n_tokens * (self.read_secs + self.read_growth_secs * (n_before + n_tokens / 2.0))
    }
}

/// What is looked at of a file: a recipe over its frames, and what it has to come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Excerpt {
    /// Which file.
    pub video: FileIdentity,
    /// What is made of it.
    pub recipe: Recipe,
    /// The digest of the plan that the coordinator counted, showed and fetched frames for. Whoever runs the recipe checks
    /// that it comes to the same.
    pub digest: PlanDigest,
}

/// One piece of work on a video.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Work {
    /// A number that no other running work has; frames are sent to it.
    pub job: u64,
    /// Which pair.
    pub model: OpenModel,
    /// Where it computes.
    pub device: DeviceName,
    /// What is looked at.
    pub excerpt: Excerpt,
    /// Which words are put around the question.
    pub form: PromptForm,
    /// Whether the model is told the times of the frames.
    pub tell_times: bool,
    /// The largest prefix that is kept on disk, bytes.
    pub max_prefix_bytes: u64,
}

/// Encodes and reads what every question on a video begins with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Prepare(pub Work);

/// Answers a question about a video, preparing what is not prepared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ask {
    /// What is looked at, by which model.
    pub work: Work,
    /// What is asked.
    pub question: Question,
}

/// What comes while a video is prepared and a question answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum WorkEvent {
    /// These frames are needed, ascending and each once.
    FramesWanted(Vec<FrameRef>),
    /// Images that are encoded.
    Encoded {
        /// Done, those that were kept from earlier included.
        n_done: usize,
        /// All of the plan.
        n_images: usize,
    },
    /// Positions of the prompt that are read.
    Read {
        /// Reused or read.
        n_done: usize,
        /// All of them.
        n_total: usize,
    },
    /// What is read before the answer begins.
    Prompt(PromptText),
    /// A piece of the answer: whole characters.
    Text(String),
}

/// The words that are read before an answer begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptText {
    /// With `<image>` where the video stands.
    pub text: String,
    /// Tokens of the words.
    pub n_tokens: usize,
    /// Of these, tokens of earlier turns.
    pub n_history_tokens: usize,
    /// Earlier turns that no longer fit and were forgotten.
    pub n_forgotten_turns: usize,
}

/// A frame that was wanted, in the tower's square. Ends when there is room for more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Feed {
    /// The work that wants it.
    pub job: u64,
    /// Which frame.
    pub frame: FrameRef,
    /// Its pixels.
    pub pixels: Pixels,
}

/// No more frames come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndFeed {
    /// The work that waits.
    pub job: u64,
    /// Why some are missing, if they are.
    pub failure: Option<Failure>,
}

/// Removes everything that was kept of a video.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Forget {
    /// Which file.
    pub video: FileIdentity,
}

/// Says what a pair is, from its headers alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Describe {
    /// Which pair.
    pub model: OpenModel,
}

/// What the headers of a pair say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairDescription {
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
    /// Weights of the language model.
    pub n_params: u64,
    /// `clip` or `siglip`.
    pub tower: String,
    /// Side of the tower's square, pixels.
    pub side_px: u32,
    /// Side of a patch, pixels.
    pub patch_px: u32,
    /// Positions that it reads at most.
    pub n_context: usize,
    /// What it will take.
    pub memory: MemoryNeed,
}

/// Bytes by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryNeed {
    /// Weights, as they are in the files.
    pub weights_bytes: u64,
    /// Keys and values of the positions that are held.
    pub cache_bytes: u64,
    /// What a step of the model needs beside them.
    pub working_bytes: u64,
    /// What programs can still take now; `None` where the system does not say.
    pub free_bytes: Option<u64>,
}

impl MemoryNeed {
    /// All that it takes.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        [self.weights_bytes, self.cache_bytes, self.working_bytes]
            .iter()
            .fold(0, |sum, &bytes| sum.saturating_add(bytes))
    }
}

/// Says what work would find and need, without loading anything.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Foresee {
    /// Which pair.
    pub model: OpenModel,
    /// Which words are put around a question.
    pub form: PromptForm,
    /// What would be looked at; all of one file. The first one is what the words are counted for.
    pub excerpts: Vec<Excerpt>,
    /// Earlier turns, the oldest first.
    pub history: Vec<Turn>,
    /// Most tokens of an answer.
    pub max_tokens: usize,
}

/// What work would find and need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foresight {
    /// For each excerpt, and each image of its plan, whether its features are kept.
    pub is_kept: Vec<Vec<bool>>,
    /// For each excerpt, tokens of the words around a question and between the pictures, without any earlier turn.
    pub n_words: Vec<usize>,
    /// Those of the first one.
    pub n_fixed: usize,
    /// Tokens of the earlier turns that would be sent.
    pub n_chat: usize,
    /// Earlier turns that would no longer be sent, the oldest first.
    pub n_forgotten: usize,
}

/// Counts the tokens of somebody's words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CountTokens {
    /// Which pair.
    pub model: OpenModel,
    /// The words.
    pub words: String,
}

/// How many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCount(pub usize);

/// Encoding waits, or goes on, so that somebody who looks has the machine.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Hold {
    /// Whether it waits.
    pub is_held: bool,
}

/// Looks at this build and this machine.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ExamineModel;

/// What the model role knows of its build and the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// What was compiled into it.
    pub features: Vec<String>,
    /// Operating system.
    pub system: String,
    /// Threads that can run at once.
    pub n_cpus: usize,
    /// Memory of the machine.
    pub memory_bytes: u64,
    /// Memory that is free or can be freed.
    pub memory_available_bytes: u64,
}

/// Makes a pair of a checkpoint. What an earlier one of the same left unfinished is gone on with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Convert {
    /// The folder of the checkpoint.
    pub folder: OsString,
    /// Where the pair goes.
    pub out: OsString,
    /// How the language model is stored, such as `Q4_K_M`.
    pub quantization: String,
}

/// How far a conversion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Converting {
    /// Bytes that are written.
    pub n_done: u64,
    /// Bytes of the pair.
    pub n_total: u64,
}

impl Message for ModelFacts {}
impl Message for WorkEvent {}
impl Message for EndFeed {}
impl Message for Forget {}
impl Message for PairDescription {}
impl Message for Foresight {}
impl Message for TokenCount {}
impl Message for Hold {}
impl Message for ExamineModel {}
impl Message for Machine {}
impl Message for Convert {}
impl Message for Converting {}

impl Message for Feed {
    fn take_bytes(&mut self) -> Vec<u8> {
        self.pixels.take_bytes()
    }

    fn put_bytes(&mut self, bytes: Vec<u8>) -> Result<(), Vec<u8>> {
        self.pixels.put_bytes(bytes)
    }
}

/// The open files of a request are those of its model.
macro_rules! about_a_model {
    ($($request:ident: $($way:tt).+;)+) => {$(
        impl Message for $request {
            fn take_files(&mut self) -> Vec<Arc<File>> {
                self.$($way).+.take_files()
            }

            fn put_files(&mut self, files: Vec<Arc<File>>) -> Result<(), usize> {
                self.$($way).+.put_files(files)
            }
        }
    )+};
}

about_a_model! {
    Load: model;
    Prepare: 0.model;
    Ask: work.model;
    Describe: model;
    Foresee: model;
    CountTokens: model;
}
