//! Conversations: what was asked, and what came of it.

use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::videos::empty_journal;
use super::{Store, millis, secs};
use crate::chat::ChatError;
use crate::chat::records::{AnswerState, Chat, ChatSummary, KeptAnswer, KeptLook, PlanRequest, Turn};

/// Characters of a question that serve as a title.
const MAX_TITLE_CHARS: usize = 60;
/// A chat without a question is somebody's who has not asked yet, until it is older than this.
const EMPTY_CHATS_STAY_MS: i64 = 24 * 3600 * 1000;

/// Which chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChatId(pub i64);

/// Which question of which chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TurnId(pub i64);

/// A question that is asked now.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTurn {
    /// The user's words.
    pub question: String,
    /// Answers to choose from; none for an open question.
    pub options: Vec<String>,
    /// What the model is to be shown.
    pub plan: PlanRequest,
    /// Takes the place of this turn and of all after it.
    pub replaces: Option<TurnId>,
}

/// A question with all that is kept of it.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptTurn {
    /// The chat that it belongs to.
    pub chat: ChatId,
    /// As the window shows it.
    pub turn: Turn,
    /// What the model was to be shown.
    pub plan: PlanRequest,
    /// What it was shown; none where it did not come so far.
    pub look: Option<KeptLook>,
}

impl Store {
    /// An empty chat about a video. It is in no list before something was asked.
    ///
    /// # Errors
    /// [`ChatError::Gone`] for a video that is not known; what the file system or SQLite say.
    pub fn new_chat(&self, video: &str, now: SystemTime) -> Result<ChatId, ChatError> {
        let now = millis(now);
        let made = self.write(|change| {
            change.execute(
                "DELETE FROM chat WHERE changed_at_ms < ?1 AND NOT EXISTS
                 (SELECT 1 FROM turn WHERE turn.chat = chat.id)",
                [now - EMPTY_CHATS_STAY_MS],
            )?;
            let n = change.execute(
                "INSERT INTO chat (video, changed_at_ms) SELECT id, ?2 FROM video WHERE id = ?1",
                params![video, now],
            )?;
            Ok((n > 0).then(|| ChatId(change.last_insert_rowid())))
        })?;
        made.ok_or(ChatError::Gone { what: "video" })
    }

    /// The chats about a video that have a question in them, the latest first.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn chats(&self, video: &str) -> Result<Vec<ChatSummary>, ChatError> {
        self.read(|connection| summaries(connection, video))
    }

    /// A chat with all its turns, and the earliest of them that the model still got when it was asked last.
    ///
    /// # Errors
    /// [`ChatError::Gone`] for one that is not there; what the file system or SQLite say.
    pub fn chat(&self, id: ChatId) -> Result<Chat, ChatError> {
        let found = self.read(|connection| {
            let video: Option<String> = connection
                .query_row("SELECT video FROM chat WHERE id = ?1", [id.0], |row| row.get(0))
                .optional()?;
            let sql = "SELECT id, chat, question, options, plan, asked_at_ms, said, answer, look FROM turn
                       WHERE chat = ?1 ORDER BY id";
            let mut statement = connection.prepare(sql)?;
            let turns = statement
                .query_map([id.0], turn_of)?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(video.map(|video| (video, turns)))
        })?;
        let (video, raw) = found.ok_or(ChatError::Gone { what: "chat" })?;
        let kept = raw
            .into_iter()
            .map(|turn| self.finish_turn(turn))
            .collect::<Result<Vec<_>, _>>()?;
        let remembers_from = kept
            .last()
            .and_then(|last| last.look.as_ref()?.remembers_from.clone());
        let turns: Vec<Turn> = kept.into_iter().map(|kept| kept.turn).collect();
        Ok(Chat {
            id: id.0.to_string(),
            video,
            title: turns
                .first()
                .map_or_else(String::new, |turn| title(&turn.question)),
            turns,
            remembers_from,
        })
    }

    /// Removes a chat. Nothing of it can be read in the file afterwards.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn delete_chat(&self, id: ChatId) -> Result<(), ChatError> {
        self.write(|change| change.execute("DELETE FROM chat WHERE id = ?1", [id.0]).map(drop))?;
        self.read(empty_journal)
    }

    /// Keeps a question before it is answered.
    ///
    /// # Errors
    /// [`ChatError::Gone`] where the chat was deleted; what the file system or SQLite say.
    pub fn begin_turn(&self, chat: ChatId, turn: &NewTurn, now: SystemTime) -> Result<TurnId, ChatError> {
        let options = self.write_json(&turn.options)?;
        let plan = self.write_json(&turn.plan)?;
        let begun = self.write(|change| {
            let is_there = change.execute(
                "UPDATE chat SET changed_at_ms = ?2 WHERE id = ?1",
                params![chat.0, millis(now)],
            )?;
            if is_there == 0 {
                return Ok(None);
            }
            if let Some(TurnId(first)) = turn.replaces {
                change.execute(
                    "DELETE FROM turn WHERE chat = ?1 AND id >= ?2",
                    params![chat.0, first],
                )?;
            }
            change.execute(
                "INSERT INTO turn (chat, question, options, plan, asked_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![chat.0, turn.question, options, plan, millis(now)],
            )?;
            Ok(Some(TurnId(change.last_insert_rowid())))
        })?;
        begun.ok_or(ChatError::Gone { what: "chat" })
    }

    /// Keeps what was said so far, for the case that this process is killed. Nothing where the chat was deleted.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn keep_said(&self, turn: TurnId, said: &str) -> Result<(), ChatError> {
        self.write(|change| {
            let sql = "UPDATE turn SET said = ?2 WHERE id = ?1 AND answer IS NULL";
            change.execute(sql, params![turn.0, said]).map(drop)
        })
    }

    /// Keeps what the model is shown for a question. Nothing where the chat was deleted.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn keep_look(&self, turn: TurnId, look: &KeptLook) -> Result<(), ChatError> {
        let json = self.write_json(look)?;
        self.write(|change| {
            let sql = "UPDATE turn SET look = ?2 WHERE id = ?1";
            change.execute(sql, params![turn.0, json]).map(drop)
        })
    }

    /// Keeps what came of a question. Nothing where the chat was deleted.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn end_turn(&self, turn: TurnId, answer: &KeptAnswer, now: SystemTime) -> Result<(), ChatError> {
        let json = self.write_json(answer)?;
        self.write(|change| {
            change.execute(
                "UPDATE turn SET said = '', answer = ?2 WHERE id = ?1",
                params![turn.0, json],
            )?;
            change.execute(
                "UPDATE chat SET changed_at_ms = ?2 WHERE id = (SELECT chat FROM turn WHERE id = ?1)",
                params![turn.0, millis(now)],
            )?;
            Ok(())
        })
    }

    /// A question with all that is kept of it.
    ///
    /// # Errors
    /// [`ChatError::Gone`] for one that is not there; what the file system or SQLite say.
    pub fn turn(&self, id: TurnId) -> Result<KeptTurn, ChatError> {
        let found = self.read(|connection| {
            let sql =
                "SELECT id, chat, question, options, plan, asked_at_ms, said, answer, look FROM turn WHERE id = ?1";
            connection.query_row(sql, [id.0], turn_of).optional()
        })?;
        self.finish_turn(found.ok_or(ChatError::Gone { what: "question" })?)
    }

    fn finish_turn(&self, raw: RawTurn) -> Result<KeptTurn, ChatError> {
        let answer = match raw.answer {
            Some(json) => Some(self.read_json(&json)?),
            None if raw.said.is_empty() => None,
            // The program ended while it was written: what was said stays.
            None => Some(KeptAnswer {
                state: AnswerState::Stopped,
                text: raw.said,
                choice: None,
                facts: None,
                error: None,
            }),
        };
        Ok(KeptTurn {
            chat: ChatId(raw.chat),
            turn: Turn {
                id: raw.id.to_string(),
                question: raw.question,
                options: self.read_json(&raw.options)?,
                asked_at_secs: secs(raw.asked_at_ms),
                answer,
            },
            plan: self.read_json(&raw.plan)?,
            look: raw.look.map(|json| self.read_json(&json)).transpose()?,
        })
    }

    fn write_json(&self, value: &impl serde::Serialize) -> Result<String, ChatError> {
        serde_json::to_string(value).map_err(|error| self.unreadable(error))
    }

    fn read_json<T: serde::de::DeserializeOwned>(&self, json: &str) -> Result<T, ChatError> {
        serde_json::from_str(json).map_err(|error| self.unreadable(error))
    }
}

/// A turn whose JSON is not read yet.
struct RawTurn {
    id: i64,
    chat: i64,
    question: String,
    options: String,
    plan: String,
    asked_at_ms: i64,
    said: String,
    answer: Option<String>,
    look: Option<String>,
}

fn turn_of(row: &Row<'_>) -> rusqlite::Result<RawTurn> {
    Ok(RawTurn {
        id: row.get(0)?,
        chat: row.get(1)?,
        question: row.get(2)?,
        options: row.get(3)?,
        plan: row.get(4)?,
        asked_at_ms: row.get(5)?,
        said: row.get(6)?,
        answer: row.get(7)?,
        look: row.get(8)?,
    })
}

/// The chats about a video that have a question in them, the latest first.
pub(super) fn summaries(connection: &Connection, video: &str) -> rusqlite::Result<Vec<ChatSummary>> {
    let sql = "SELECT chat.id, count(turn.id), chat.changed_at_ms,
                      (SELECT question FROM turn WHERE turn.chat = chat.id ORDER BY turn.id LIMIT 1)
               FROM chat JOIN turn ON turn.chat = chat.id
               WHERE chat.video = ?1 GROUP BY chat.id ORDER BY chat.changed_at_ms DESC, chat.id DESC";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([video], |row| {
        Ok(ChatSummary {
            id: row.get::<_, i64>(0)?.to_string(),
            n_turns: row.get::<_, i64>(1)? as usize,
            changed_at_secs: secs(row.get(2)?),
            title: title(&row.get::<_, String>(3)?),
        })
    })?;
    rows.collect()
}

/// A question, on one line and shortened.
fn title(question: &str) -> String {
    let line = question.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_TITLE_CHARS) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}
