//! What is kept between runs: videos that were opened, conversations about them, settings, and models that were used.
//!
//! One SQLite file that its owner alone may read. Window and command line may use it at once, and any process may be
//! killed at any moment: every change is one transaction, and what was said of an answer is kept while it is written.

mod error;
mod records;
mod store;

pub use error::ChatError;
pub use records::{
    AnswerFacts, AnswerState, Chat, ChatSummary, KeptAnswer, KeptLook, PlanRequest, RecentVideo, Settings,
    SettingsChanges, TextSize, Theme, Timings, Turn, VideoView,
};
pub use store::{
    ChatId, KeptModel, NewTurn, NewVideo, Poster, SetAside, Store, TurnId, UsedModel, usual_file,
};
