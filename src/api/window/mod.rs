//! What crosses the seam between the window's page and the program, under the names that the page knows it by.
//!
//! Fields are `snake_case` with their units, words of an enum are `kebab-case`, an event carries its name in `kind`. Times
//! are seconds of presentation time, indices count displayable frames from 0, and `null` means "not known" or "not
//! chosen", never zero.

mod events;
mod menu;
mod model;
mod offer;
mod video;
mod view;

pub use events::{AnswerEvent, AppEvent, AskRequest, PrepareEvent, StageInfo, StageName, WorkerRole};
pub use menu::{Menu, MenuItem};
pub use model::{Device, MemoryEstimate, ModelInfo, ModelState, PickFrom};
pub use offer::{
    Download, DownloadState, Fit, Licence, OfferedModel, OfferedVariant, PresetFit, VariantState,
};
pub use video::{FilmstripRequest, FramePurpose, FrameRequest, PictureInfo, Place, SavedFile, VideoInfo};
pub use view::{ContextUse, Cost, Offer, PlanImage, PlanImageKind, PlanView, TokenPlace};

pub use crate::chat::{
    AnswerFacts, AnswerState, Chat, ChatSummary, KeptAnswer, PlanRequest, RecentVideo, Settings,
    SettingsChanges, TextSize, Theme, Timings, Turn, VideoView,
};
pub use crate::fault::{ApiError, ErrorCode};
pub use crate::question::Ending;
pub use crate::visual::preset::PresetName;
pub use crate::visual::sampling::TimeRange as Range;
pub use crate::visual::strategy::StrategyName;
