//! What is kept of conversations, as it is kept and as the page shows it: one type for both. Their JSON lies in the files
//! of earlier versions, and so only ever grows (`tests/it/chat/format.rs`).

mod answer;
mod look;
mod plan;
mod settings;
mod turn;
mod view;

pub use answer::{AnswerFacts, AnswerState, KeptAnswer, Timings};
pub use look::KeptLook;
pub use plan::PlanRequest;
pub use settings::{Settings, SettingsChanges, TextSize, Theme};
pub use turn::{Chat, ChatSummary, RecentVideo, Turn};
pub use view::VideoView;
