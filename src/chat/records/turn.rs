//! Conversations about a video.

use serde::{Deserialize, Serialize};

use super::KeptAnswer;

/// A question with what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Turn {
    /// Its id.
    pub id: String,
    /// The user's words.
    pub question: String,
    /// Answers to choose from; none for an open question.
    pub options: Vec<String>,
    /// Seconds since 1970.
    pub asked_at_secs: f64,
    /// `null` where the program ended before there was one.
    pub answer: Option<KeptAnswer>,
}

/// A conversation in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct ChatSummary {
    /// Its id.
    pub id: String,
    /// The first question, shortened.
    pub title: String,
    /// How many questions.
    pub n_turns: usize,
    /// Seconds since 1970.
    pub changed_at_secs: f64,
}

/// A conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Chat {
    /// Its id.
    pub id: String,
    /// The video's id.
    pub video: String,
    /// The first question, shortened.
    pub title: String,
    /// The oldest first.
    pub turns: Vec<Turn>,
    /// The earliest turn that the model still gets; `null` while it gets all.
    pub remembers_from: Option<String>,
}

/// A video that was opened before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct RecentVideo {
    /// Its id.
    pub id: String,
    /// The file's name without its folders.
    pub name: String,
    /// How long it runs.
    pub duration_secs: f64,
    /// Seconds since 1970.
    pub opened_at_secs: f64,
    /// Whether the file is still where it was.
    pub is_there: bool,
    /// Those with a question in them, the latest first.
    pub chats: Vec<ChatSummary>,
}
