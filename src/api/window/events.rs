//! What comes while work is done.

use serde::{Deserialize, Serialize};

use super::{ApiError, Download, ModelInfo, ModelState, PlanRequest, VideoInfo};

/// What is being done; in this order, any may be skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(rename = "Stage"))]
#[serde(rename_all = "kebab-case")]
pub enum StageName {
    /// Other work comes first.
    Waiting,
    /// The model is loaded.
    LoadingModel,
    /// The frames of the file are listed.
    ReadingVideo,
    /// Pictures go through the tower.
    Encoding,
    /// The language model reads the video and the question.
    ReadingPrompt,
    /// It writes.
    Answering,
}

/// How far work is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct StageInfo {
    /// What is being done.
    pub stage: StageName,
    /// In pictures or tokens; both 0 where nothing can be counted.
    pub n_done: usize,
    /// All of them.
    pub n_total: usize,
    /// Of all that is left until the first word.
    pub remaining_secs: Option<f64>,
}

/// What comes while a video is prepared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PrepareEvent {
    /// How far it is.
    Stage(StageInfo),
    /// These frames have gone through the tower; sent once for each.
    Encoded {
        /// Their numbers.
        frames: Vec<usize>,
    },
}

/// A question as the page asks it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct AskRequest {
    /// The chat's id.
    pub chat: String,
    /// The user's words.
    pub question: String,
    /// Answers to choose from, without their letters; none for an open question.
    pub options: Vec<String>,
    /// What the model is to be shown.
    pub plan: PlanRequest,
    /// Takes the place of this turn and of all after it.
    pub replaces: Option<String>,
}

/// What comes while a question is answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum AnswerEvent {
    /// How far it is.
    Stage(StageInfo),
    /// These frames have gone through the tower; sent once for each.
    Encoded {
        /// Their numbers.
        frames: Vec<usize>,
    },
    /// The first event: the turn exists and is kept.
    Began {
        /// Its id.
        turn: String,
    },
    /// The chat's earliest turn that the model still gets.
    RemembersFrom {
        /// Its id.
        turn: String,
    },
    /// A piece of the answer.
    Text {
        /// Whole characters.
        text: String,
    },
    /// A process ended and is started again; what was said so far stays.
    Restarting {
        /// Why.
        error: ApiError,
    },
}

impl From<PrepareEvent> for AnswerEvent {
    fn from(event: PrepareEvent) -> Self {
        match event {
            PrepareEvent::Stage(stage) => Self::Stage(stage),
            PrepareEvent::Encoded { frames } => Self::Encoded { frames },
        }
    }
}

/// One of the two workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum WorkerRole {
    /// The one that reads videos.
    Media,
    /// The one that answers.
    Model,
}

/// What happens without the page having asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum AppEvent {
    /// Something was chosen in one of the system's menus.
    Command {
        /// The name that the page gave it.
        command: String,
    },
    /// Files lie over the window, or no longer do.
    Drag {
        /// Whether they do.
        is_over: bool,
    },
    /// By drop, argument, second start or menu; the first is to be shown.
    Opened {
        /// What was opened.
        videos: Vec<VideoInfo>,
    },
    /// A file that cannot be opened.
    OpenFailed {
        /// The file's name without its folders.
        name: String,
        /// Why.
        error: ApiError,
    },
    /// A model's files were dropped: it is to be loaded, or its refusal shown.
    ModelGiven {
        /// Which.
        model: ModelInfo,
    },
    /// The model does something else now.
    Model {
        /// What.
        state: ModelState,
    },
    /// A download is further, or stopped; at most ten times a second for each.
    Download {
        /// How far it is now.
        download: Download,
    },
    /// A worker ended; it is already being started again.
    WorkerEnded {
        /// Which.
        role: WorkerRole,
        /// Why.
        error: ApiError,
    },
}
