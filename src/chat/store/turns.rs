//! Turns as they stand in the file, and what can be read of them.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::chats::{ChatId, TurnId};
use super::secs;
use crate::chat::ChatError;
use crate::chat::records::{AnswerState, KeptAnswer, KeptLook, PlanRequest, Turn};
use crate::fault::{ApiError, Origin};

/// What [`turn_of`] reads of a turn: last, what was asked in its place.
pub(super) const COLUMNS: &str = "turn.id, turn.chat, turn.question, turn.options, turn.plan, turn.asked_at_ms, turn.said,
    turn.answer, turn.look,
    (SELECT group_concat(beside.id) FROM
        (SELECT id FROM turn AS other WHERE other.chat = turn.chat AND other.parent IS turn.parent ORDER BY id) AS beside)";

/// A turn whose JSON is not read yet.
pub(super) struct RawTurn {
    id: i64,
    chat: i64,
    question: String,
    options: String,
    plan: String,
    asked_at_ms: i64,
    said: String,
    answer: Option<String>,
    look: Option<String>,
    alternatives: String,
}

pub(super) fn turn_of(row: &Row<'_>) -> rusqlite::Result<RawTurn> {
    Ok(RawTurn {
        id: row.get(0)?,
        chat: row.get(1)?,
        question: text(row, 2)?.unwrap_or_default(),
        options: text(row, 3)?.unwrap_or_default(),
        plan: text(row, 4)?.unwrap_or_default(),
        asked_at_ms: row.get(5)?,
        said: text(row, 6)?.unwrap_or_default(),
        answer: text(row, 7)?,
        look: text(row, 8)?,
        alternatives: text(row, 9)?.unwrap_or_default(),
    })
}

/// A text, also where some of its bytes are damaged: a sign stands for each of those.
pub(super) fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Null => None,
    })
}

/// This turn and those before it, the oldest first.
pub(super) fn turns_up_to(connection: &Connection, latest: TurnId) -> rusqlite::Result<Vec<RawTurn>> {
    let sql = format!(
        "WITH RECURSIVE shown (id, parent) AS (
             SELECT id, parent FROM turn WHERE id = ?1
             UNION ALL SELECT turn.id, turn.parent FROM turn JOIN shown ON turn.id = shown.parent)
         SELECT {COLUMNS} FROM turn JOIN shown ON shown.id = turn.id ORDER BY turn.id"
    );
    let mut statement = connection.prepare(&sql)?;
    statement.query_map([latest.0], turn_of)?.collect()
}

/// Removes a turn that another stands in the place of, with all that was asked after it, where no word was said to any of
/// them: what only waited for its turn is nothing that one wants to see again.
pub(super) fn remove_silent(change: &Connection, turn: TurnId) -> rusqlite::Result<()> {
    let sql = "WITH RECURSIVE after (id) AS (
            VALUES (?1)
            UNION ALL SELECT turn.id FROM turn JOIN after ON turn.parent = after.id)
        DELETE FROM turn WHERE id = ?1 AND NOT EXISTS (
            SELECT 1 FROM turn JOIN after USING (id)
            WHERE said <> '' OR CASE WHEN answer IS NULL THEN FALSE WHEN json_valid(answer)
                THEN json_extract(answer, '$.text') <> '' OR json_extract(answer, '$.choice') IS NOT NULL
                ELSE TRUE END)";
    change.execute(sql, [turn.0]).map(drop)
}

/// A turn as far as it can be read.
pub(super) struct ReadTurn {
    pub(super) chat: ChatId,
    pub(super) turn: Turn,
    /// What the model was to be shown.
    pub(super) plan: Result<PlanRequest, ChatError>,
    /// What it was shown; none where it did not come so far, or where that cannot be read.
    pub(super) look: Option<KeptLook>,
}

impl RawTurn {
    /// Reads the turn. Where a part of it cannot be read, it says so itself: others are none the worse for it.
    pub(super) fn read(self, path: &Path) -> ReadTurn {
        let damaged = |source| ChatError::Turn {
            path: path.to_owned(),
            source,
        };
        let options: Result<Vec<String>, _> = serde_json::from_str(&self.options);
        let answer = match self.answer.as_deref().map(serde_json::from_str).transpose() {
            Ok(None) if self.said.is_empty() => Ok(None),
            // The program ended while it was written: what was said stays.
            Ok(None) => Ok(Some(unfinished(AnswerState::Stopped, self.said))),
            answer => answer,
        };
        let (options, answer) = match (options, answer) {
            (Ok(options), Ok(answer)) => (options, answer),
            (options, Err(error)) => (options.unwrap_or_default(), Some(unreadable(&damaged(error)))),
            (Err(error), _) => (Vec::new(), Some(unreadable(&damaged(error)))),
        };
        ReadTurn {
            chat: ChatId(self.chat),
            turn: Turn {
                id: self.id.to_string(),
                question: self.question,
                options,
                asked_at_secs: secs(self.asked_at_ms),
                answer,
                alternatives: self.alternatives.split(',').map(str::to_owned).collect(),
            },
            plan: serde_json::from_str(&self.plan).map_err(damaged),
            look: self.look.and_then(|json| serde_json::from_str(&json).ok()),
        }
    }
}

fn unreadable(error: &ChatError) -> KeptAnswer {
    KeptAnswer {
        error: Some(ApiError::of(Origin::Store, error)),
        ..unfinished(AnswerState::Failed, String::new())
    }
}

/// An answer of which there are words at most.
fn unfinished(state: AnswerState, text: String) -> KeptAnswer {
    KeptAnswer {
        state,
        text,
        choice: None,
        probabilities: Vec::new(),
        facts: None,
        error: None,
    }
}
