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
    /// `null` where the program ended before there was one, and while it is written.
    pub answer: Option<KeptAnswer>,
    /// The questions that were asked in this place, this one among them, as they were asked: one where none was changed or
    /// asked again.
    pub alternatives: Vec<String>,
}

/// A conversation in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct ChatSummary {
    /// Its id.
    pub id: String,
    /// What the user calls it; where they do not, the first question, shortened.
    pub title: String,
    /// How many questions it is shown with.
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
    /// What the user calls it; where they do not, the first question, shortened.
    pub title: String,
    /// One after the other, the oldest first: of several that were asked in one place, the one that was chosen.
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
