//! Conversations as the page names them.

use std::time::SystemTime;

use super::Desktop;
use super::refusal::{gone, of_store};
use crate::api::window::{ApiError, Chat, ChatSummary, Settings};
use crate::chat::{ChatId, TurnId};

impl Desktop {
    /// The chats about a video that have a question in them, the latest first.
    ///
    /// # Errors
    /// What the file of chats says.
    pub fn chats(&self, video: &str) -> Result<Vec<ChatSummary>, ApiError> {
        self.store.chats(video).map_err(of_store)
    }

    /// A chat with all its turns.
    ///
    /// # Errors
    /// One that is gone; what the file of chats says.
    pub fn chat(&self, id: &str) -> Result<Chat, ApiError> {
        self.store.chat(chat_id(id)?).map_err(of_store)
    }

    /// An empty chat about a video; it is not kept before something was asked.
    ///
    /// # Errors
    /// A video that is not known; what the file of chats says.
    pub fn new_chat(&self, video: &str, now: SystemTime) -> Result<Chat, ApiError> {
        let id = self.store.new_chat(video, now).map_err(of_store)?;
        self.store.chat(id).map_err(of_store)
    }

    /// The chats about a video in which these words stand, the latest first.
    ///
    /// # Errors
    /// What the file of chats says.
    pub fn find_chats(&self, video: &str, words: &str) -> Result<Vec<ChatSummary>, ApiError> {
        self.store.find_chats(video, words).map_err(of_store)
    }

    /// Shows a chat with this turn, and what was asked after it last.
    ///
    /// # Errors
    /// One that is gone; what the file of chats says.
    pub fn show_turn(&self, turn: &str) -> Result<Chat, ApiError> {
        let chat = self.store.show_turn(turn_id(turn)?).map_err(of_store)?;
        self.store.chat(chat).map_err(of_store)
    }

    /// Calls a chat so from now on; by its first question where `title` is blank.
    ///
    /// # Errors
    /// One that is gone; what the file of chats says.
    pub fn rename_chat(&self, id: &str, title: &str) -> Result<(), ApiError> {
        self.store.rename_chat(chat_id(id)?, title).map_err(of_store)
    }

    /// Removes a chat, which can be taken back for a minute.
    ///
    /// # Errors
    /// What the file of chats says.
    pub fn delete_chat(&self, id: &str, now: SystemTime) -> Result<(), ApiError> {
        self.store.delete_chat(chat_id(id)?, now).map_err(of_store)
    }

    /// Takes the removal of a chat back.
    ///
    /// # Errors
    /// Where it is too late; what the file of chats says.
    pub fn restore_chat(&self, id: &str) -> Result<(), ApiError> {
        self.store.restore_chat(chat_id(id)?).map_err(of_store)
    }

    /// All settings.
    ///
    /// # Errors
    /// What the file of chats says.
    pub fn settings(&self) -> Result<Settings, ApiError> {
        self.store.settings().map_err(of_store)
    }

    /// Changes those settings that are named, and answers with all of them.
    ///
    /// # Errors
    /// What is no setting; what the file of chats says.
    pub fn change_settings(
        &self,
        changes: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Settings, ApiError> {
        self.store.change_settings(changes).map_err(of_store)
    }
}

/// The number behind a chat's id; anything else is no chat's.
pub(super) fn chat_id(id: &str) -> Result<ChatId, ApiError> {
    id.parse().map(ChatId).map_err(|_no_number| gone("chat"))
}

/// The number behind a turn's id.
pub(super) fn turn_id(id: &str) -> Result<TurnId, ApiError> {
    id.parse().map(TurnId).map_err(|_no_number| gone("question"))
}
