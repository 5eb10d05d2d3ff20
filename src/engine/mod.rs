//! From a file and a question to an answer: the two roles, and whoever coordinates them.
//!
//! ```text
//!            Engine (this process)
//!            |  opens, plans, asks
//!   media ---+--- model          each a role: in this process, or a worker behind pipes
//!   file -> frames   frames -> features -> rows -> answer
//! ```
//!
//! The coordinator knows neither FFmpeg nor candle, so the window's process links it without either. Frames go from the
//! media role to the model role through it, a few at a time, so that decoding and encoding overlap and nothing piles up.

mod answer;
mod auto;
mod convert;
mod coordinator;
mod feeder;
mod foresight;
mod guard;
mod identity;
mod kept_lists;
#[cfg(feature = "media")]
mod media;
#[cfg(feature = "llava")]
mod model;
mod plan_pictures;
mod pointer;
mod progress;
mod requests;
mod selection;
mod viewer;

pub use answer::{Answer, StageMillis};
pub use auto::{Preselection, own_way};
pub use convert::StartConverter;
pub use coordinator::{Engine, OpenVideo, USUAL_PREFIX_BYTES, Update, VideoSetup};
pub use identity::FileIdentity;
pub use kept_lists::usual_list_folder;
#[cfg(feature = "media")]
pub use media::MediaRole;
#[cfg(feature = "llava")]
pub use model::ModelRole;
pub use progress::{Progress, Stage};
pub use requests::media::{Glimpse, MediaProtocol, MediaRequest, Picture};
pub use requests::model::{
    DeviceName, Machine, ModelFacts, ModelName, ModelProtocol, PairDescription, PromptText,
};
pub use requests::{Check, Pixels};
pub use selection::{PlanSetting, Refinement, Selection, SelectionError};

/// Contexts grow in steps of this, positions.
pub const CONTEXT_STEP: usize = 1024;
/// Tokens kept free for an answer before earlier turns are forgotten: about two hundred words.
pub const ANSWER_RESERVE: usize = 256;
