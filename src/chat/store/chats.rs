//! Conversations: what was asked, and what came of it.

use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::turns::{COLUMNS, RawTurn, ReadTurn, remove_silent, text, turn_of, turns_up_to};
use super::videos::empty_journal;
use super::{Store, millis, secs};
use crate::chat::ChatError;
use crate::chat::records::{Chat, ChatSummary, KeptAnswer, KeptLook, PlanRequest, Turn};

/// Characters of a question that serve as a title.
const MAX_TITLE_CHARS: usize = 60;
/// A chat without a question is somebody's who has not asked yet, until it is older than this.
const EMPTY_CHATS_STAY_MS: i64 = 24 * 3600 * 1000;
/// So long a chat that was deleted can be had back.
const DELETED_CHATS_STAY_MS: i64 = 60 * 1000;

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
    /// Stands in the place of this turn from now on; that one and all after it can be shown again.
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
        self.read(|connection| summaries(connection, video, None))
    }

    /// Those of them in which these words stand one after the other, in a question, an answer or the title; whether in
    /// capitals matters only beyond English letters.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn find_chats(&self, video: &str, words: &str) -> Result<Vec<ChatSummary>, ChatError> {
        let words = words.trim();
        self.read(|connection| summaries(connection, video, Some(words).filter(|words| !words.is_empty())))
    }

    /// A chat with the turns that it is shown with, and the earliest of them that the model still got when it was asked last.
    ///
    /// # Errors
    /// [`ChatError::Gone`] for one that is not there; what the file system or SQLite say.
    pub fn chat(&self, id: ChatId) -> Result<Chat, ChatError> {
        let found = self.read(|connection| {
            let sql = "SELECT video, title FROM chat WHERE id = ?1 AND deleted_at_ms IS NULL";
            let about = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, text(row, 1)?));
            let chat = connection.query_row(sql, [id.0], about).optional()?;
            let latest = latest_turn(connection, id)?;
            let turns = latest.map_or(Ok(Vec::new()), |latest| turns_up_to(connection, latest))?;
            Ok(chat.map(|chat| (chat, turns)))
        })?;
        let ((video, own_title), raw) = found.ok_or(ChatError::Gone { what: "chat" })?;
        let kept = self.read_turns(raw);
        let remembers_from = kept
            .last()
            .and_then(|last| last.look.as_ref()?.remembers_from.clone());
        let turns: Vec<Turn> = kept.into_iter().map(|kept| kept.turn).collect();
        let first = || {
            turns
                .first()
                .map_or_else(String::new, |turn| title(&turn.question))
        };
        Ok(Chat {
            id: id.0.to_string(),
            video,
            title: own_title.unwrap_or_else(first),
            turns,
            remembers_from,
        })
    }

    /// The turns that came before this one, the oldest first: also where the chat is shown with others by now.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn turns_before(&self, turn: TurnId) -> Result<Vec<Turn>, ChatError> {
        let mut raw = self.read(|connection| turns_up_to(connection, turn))?;
        raw.pop();
        let kept = self.read_turns(raw).into_iter();
        Ok(kept.map(|kept| kept.turn).collect())
    }

    /// Shows the chat of this turn with it, and with what was asked after it last.
    ///
    /// # Errors
    /// [`ChatError::Gone`] for a turn that is not there; what the file system or SQLite say.
    pub fn show_turn(&self, turn: TurnId) -> Result<ChatId, ChatError> {
        let shown = self.write(|change| {
            // Numbers rise, so the latest of what follows has nothing after it.
            let sql = "WITH RECURSIVE after (id) AS (
                           SELECT ?1 UNION ALL SELECT turn.id FROM turn JOIN after ON turn.parent = after.id)
                       UPDATE chat SET latest = (SELECT max(id) FROM after)
                       WHERE id = (SELECT chat FROM turn WHERE id = ?1) AND deleted_at_ms IS NULL RETURNING id";
            change.query_row(sql, [turn.0], |row| row.get(0)).optional()
        })?;
        shown.map(ChatId).ok_or(ChatError::Gone { what: "question" })
    }

    /// Calls a chat so from now on; by its first question where `name` is blank.
    ///
    /// # Errors
    /// [`ChatError::Gone`] for one that is not there; what the file system or SQLite say.
    pub fn rename_chat(&self, id: ChatId, name: &str) -> Result<(), ChatError> {
        let name = Some(title(name)).filter(|name| !name.is_empty());
        let n = self.write(|change| {
            let sql = "UPDATE chat SET title = ?2 WHERE id = ?1 AND deleted_at_ms IS NULL";
            change.execute(sql, params![id.0, name])
        })?;
        if n == 0 {
            return Err(ChatError::Gone { what: "chat" });
        }
        Ok(())
    }

    /// Removes a chat, which [`Store::restore_chat`] can take back for a minute. After that nothing of it can be read in the
    /// file, once the file is opened or another chat is removed.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn delete_chat(&self, id: ChatId, now: SystemTime) -> Result<(), ChatError> {
        self.remove_deleted(now)?;
        self.write(|change| {
            let sql = "UPDATE chat SET deleted_at_ms = ?2 WHERE id = ?1";
            change.execute(sql, params![id.0, millis(now)]).map(drop)
        })
    }

    /// Takes a removal back.
    ///
    /// # Errors
    /// [`ChatError::Gone`] where it is too late; what the file system or SQLite say.
    pub fn restore_chat(&self, id: ChatId) -> Result<(), ChatError> {
        let n = self
            .write(|change| change.execute("UPDATE chat SET deleted_at_ms = NULL WHERE id = ?1", [id.0]))?;
        if n == 0 {
            return Err(ChatError::Gone { what: "chat" });
        }
        Ok(())
    }

    /// Removes for good what was deleted longer than a minute ago. Nothing of it can be read in the file afterwards.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn remove_deleted(&self, now: SystemTime) -> Result<(), ChatError> {
        let until = millis(now) - DELETED_CHATS_STAY_MS;
        // Looked at first: a look waits for nobody who writes.
        let sql = "SELECT EXISTS (SELECT 1 FROM chat WHERE deleted_at_ms <= ?1)";
        if !self.read(|connection| connection.query_row(sql, [until], |row| row.get(0)))? {
            return Ok(());
        }
        let n = self.write(|change| change.execute("DELETE FROM chat WHERE deleted_at_ms <= ?1", [until]))?;
        if n == 0 {
            return Ok(());
        }
        self.read(empty_journal)
    }

    /// Keeps a question before it is answered. What it stands in the place of can be shown again, with all after it; it is
    /// gone where no word was said to any of that.
    ///
    /// # Errors
    /// [`ChatError::Gone`] where the chat was deleted, or the turn that it replaces is not in it; what the file system or
    /// SQLite say.
    pub fn begin_turn(&self, chat: ChatId, turn: &NewTurn, now: SystemTime) -> Result<TurnId, ChatError> {
        let options = self.write_json(&turn.options)?;
        let plan = self.write_json(&turn.plan)?;
        self.write(|change| {
            let is_there = change.execute(
                "UPDATE chat SET changed_at_ms = ?2 WHERE id = ?1 AND deleted_at_ms IS NULL",
                params![chat.0, millis(now)],
            )?;
            if is_there == 0 {
                return Ok(Err(ChatError::Gone { what: "chat" }));
            }
            let parent: Option<i64> = match turn.replaces {
                None => latest_turn(change, chat)?.map(|latest| latest.0),
                Some(TurnId(other)) => {
                    let sql = "SELECT parent FROM turn WHERE id = ?1 AND chat = ?2";
                    let found = change.query_row(sql, [other, chat.0], |row| row.get(0)).optional()?;
                    let Some(parent) = found else {
                        return Ok(Err(ChatError::Gone { what: "question" }));
                    };
                    parent
                }
            };
            change.execute(
                "INSERT INTO turn (chat, parent, question, options, plan, asked_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![chat.0, parent, turn.question, options, plan, millis(now)],
            )?;
            let asked = change.last_insert_rowid();
            change.execute("UPDATE chat SET latest = ?2 WHERE id = ?1", [chat.0, asked])?;
            if let Some(other) = turn.replaces {
                remove_silent(change, other)?;
            }
            Ok(Ok(TurnId(asked)))
        })?
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
    /// [`ChatError::Gone`] for one that is not there; [`ChatError::Turn`] where what the model was to be shown cannot be read;
    /// what the file system or SQLite say.
    pub fn turn(&self, id: TurnId) -> Result<KeptTurn, ChatError> {
        let found = self.read(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM turn WHERE id = ?1");
            connection.query_row(&sql, [id.0], turn_of).optional()
        })?;
        let raw = found.ok_or(ChatError::Gone { what: "question" })?;
        let ReadTurn {
            chat,
            turn,
            plan,
            look,
        } = raw.read(&self.path);
        let plan = plan?;
        Ok(KeptTurn {
            chat,
            turn,
            plan,
            look,
        })
    }

    fn read_turns(&self, raw: Vec<RawTurn>) -> Vec<ReadTurn> {
        raw.into_iter().map(|turn| turn.read(&self.path)).collect()
    }

    fn write_json(&self, value: &impl serde::Serialize) -> Result<String, ChatError> {
        serde_json::to_string(value).map_err(|error| self.unreadable(error))
    }
}
/// The turn that a chat is shown up to; none where nothing was asked.
fn latest_turn(connection: &Connection, chat: ChatId) -> rusqlite::Result<Option<TurnId>> {
    let sql = "SELECT coalesce((SELECT latest FROM chat WHERE id = ?1), (SELECT max(id) FROM turn WHERE chat = ?1))";
    let latest: Option<i64> = connection.query_row(sql, [chat.0], |row| row.get(0))?;
    Ok(latest.map(TurnId))
}

/// The chats about a video that have a question in them, the latest first; only those with these words, if any.
pub(super) fn summaries(
    connection: &Connection,
    video: &str,
    words: Option<&str>,
) -> rusqlite::Result<Vec<ChatSummary>> {
    let pattern = words.map(|words| {
        let escaped = words.replace('!', "!!").replace('%', "!%").replace('_', "!_");
        format!("%{escaped}%")
    });
    let sql = "WITH RECURSIVE
                   shown (chat, id, parent) AS (
                       SELECT chat.id, turn.id, turn.parent FROM chat JOIN turn
                       ON turn.id = coalesce(chat.latest, (SELECT max(id) FROM turn WHERE turn.chat = chat.id))
                       WHERE chat.video = ?1 AND chat.deleted_at_ms IS NULL
                       UNION ALL
                       SELECT shown.chat, turn.id, turn.parent FROM turn JOIN shown ON turn.id = shown.parent),
                   sums (chat, n_turns, first) AS (SELECT chat, count(id), min(id) FROM shown GROUP BY chat)
               SELECT chat.id, sums.n_turns, chat.changed_at_ms, chat.title, first.question
               FROM sums JOIN chat ON chat.id = sums.chat JOIN turn AS first ON first.id = sums.first
               WHERE ?2 IS NULL OR chat.title LIKE ?2 ESCAPE '!' OR EXISTS (
                   SELECT 1 FROM turn WHERE turn.chat = chat.id AND (turn.question LIKE ?2 ESCAPE '!'
                       OR turn.said LIKE ?2 ESCAPE '!' OR CASE WHEN json_valid(turn.answer)
                       THEN json_extract(turn.answer, '$.text') LIKE ?2 ESCAPE '!' END))
               ORDER BY chat.changed_at_ms DESC, chat.id DESC";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map(params![video, pattern], |row| {
        let own_title = text(row, 3)?;
        let first = text(row, 4)?.unwrap_or_default();
        Ok(ChatSummary {
            id: row.get::<_, i64>(0)?.to_string(),
            n_turns: row.get::<_, i64>(1)? as usize,
            changed_at_secs: secs(row.get(2)?),
            title: own_title.unwrap_or_else(|| title(&first)),
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
