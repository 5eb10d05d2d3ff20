//! What crosses the seam between the window's page and the program, under the names that the page knows it by.
//!
//! Fields are `snake_case` with their units, words of an enum are `kebab-case`, an event carries its name in `kind`. Times
//! are seconds of presentation time, indices count displayable frames from 0, and `null` means "not known" or "not
//! chosen", never zero.

mod answer;
mod chat;
mod error;
mod events;
mod menu;
mod model;
mod plan;
mod settings;
mod video;
mod view;

pub use answer::{Answer, AnswerFacts, AnswerState, Timings};
pub use chat::{Chat, ChatSummary, RecentVideo, Turn};
pub use error::{ApiError, ErrorCode};
pub use events::{AnswerEvent, AppEvent, AskRequest, PrepareEvent, StageInfo, StageName, WorkerRole};
pub use menu::{Menu, MenuItem};
pub use model::{Device, MemoryEstimate, Model, ModelState, PickFrom};
pub use plan::{PlanRequest, PresetName, Range, StrategyName};
pub use settings::{Settings, SettingsChanges, Theme};
pub use video::{FilmstripRequest, FramePurpose, FrameRequest, PictureInfo, Place, SavedFile, VideoInfo};
pub use view::{ContextUse, Cost, Offer, PlanImage, PlanImageKind, PlanView, TokenPlace};
