//! Videos that were opened, and their pictures for the list of them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::turns::text;
use super::{Store, millis, secs};
use crate::chat::ChatError;
use crate::chat::records::{ChatSummary, RecentVideo, VideoView};
use crate::engine::FileIdentity;

/// A video that is opened now.
#[derive(Clone, Debug, PartialEq)]
pub struct NewVideo {
    /// Which file it is.
    pub identity: FileIdentity,
    /// Where it is.
    pub path: PathBuf,
    /// How long it runs.
    pub duration_secs: f64,
}

/// A video that was opened before.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptVideo {
    /// Its id: the name of its [`FileIdentity`].
    pub id: String,
    /// Where it was last.
    pub path: PathBuf,
    /// The file's name without its folders.
    pub name: String,
    /// How long it runs.
    pub duration_secs: f64,
    /// When it was opened last, seconds since 1970.
    pub opened_at_secs: f64,
}

/// A picture for the list of videos.
#[derive(Clone, Debug, PartialEq)]
pub struct Poster {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// The frame that it shows.
    pub index: usize,
    /// That frame's time.
    pub pts_secs: f64,
    /// A JPEG file.
    pub jpeg: Vec<u8>,
}

impl Store {
    /// Puts a video that is opened `now` at the head of the list.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn opened(&self, video: &NewVideo, now: SystemTime) -> Result<(), ChatError> {
        let path = self.path_to_text(&video.path)?;
        let name = video.path.file_name().unwrap_or_default().to_string_lossy();
        self.write(|change| {
            change.execute(
                "INSERT INTO video (id, path, name, duration_secs, opened_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (id) DO UPDATE SET path = ?2, name = ?3, duration_secs = ?4, opened_at_ms = ?5",
                params![
                    video.identity.as_str(),
                    path,
                    name,
                    video.duration_secs,
                    millis(now)
                ],
            )?;
            Ok(())
        })
    }

    /// The video with this id; none where it is not known, or was forgotten.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn video(&self, id: &str) -> Result<Option<KeptVideo>, ChatError> {
        let found = self.read(|connection| {
            let sql = "SELECT id, path, name, duration_secs, opened_at_ms FROM video WHERE id = ?1";
            connection.query_row(sql, [id], video_of).optional()
        })?;
        found.map(|raw| self.finish(raw)).transpose()
    }

    /// At most `n_most` videos, the one opened last first.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn recent_videos(&self, n_most: usize) -> Result<Vec<RecentVideo>, ChatError> {
        let found = self.read(|connection| {
            let sql = "SELECT id, path, name, duration_secs, opened_at_ms FROM video
                       ORDER BY opened_at_ms DESC LIMIT ?1";
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map([n_most as i64], video_of)?;
            rows.map(|raw| {
                let raw = raw?;
                let chats = super::chats::summaries(connection, &raw.video.id, None)?;
                Ok((raw, chats))
            })
            .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let recent = found.into_iter().map(|(raw, chats)| {
            // A path that cannot be read leads to no file; the chats about it are there all the same.
            let path = self.path_from_text(&raw.path).unwrap_or_default();
            recent(KeptVideo { path, ..raw.video }, chats)
        });
        Ok(recent.collect())
    }

    /// How a video was left; none where nothing of it was kept, or an earlier version wrote what this one cannot read.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn view(&self, video: &str) -> Result<Option<VideoView>, ChatError> {
        let sql = "SELECT view FROM video WHERE id = ?1";
        let kept: Option<Option<String>> =
            self.read(|connection| connection.query_row(sql, [video], |row| text(row, 0)).optional())?;
        Ok(kept.flatten().and_then(|json| serde_json::from_str(&json).ok()))
    }

    /// Keeps how a video was left. Nothing where it was forgotten meanwhile.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn keep_view(&self, video: &str, view: &VideoView) -> Result<(), ChatError> {
        let json = serde_json::to_string(view).map_err(|error| self.unreadable(error))?;
        self.write(|change| {
            let sql = "UPDATE video SET view = ?2 WHERE id = ?1";
            change.execute(sql, params![video, json]).map(drop)
        })
    }

    /// Keeps the picture of a video, instead of an earlier one.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn keep_poster(&self, video: &str, poster: &Poster) -> Result<(), ChatError> {
        self.write(|change| {
            // Nothing where the video was forgotten meanwhile.
            change.execute(
                "INSERT OR REPLACE INTO poster (video, width, height, frame, pts_secs, jpeg)
                 SELECT id, ?2, ?3, ?4, ?5, ?6 FROM video WHERE id = ?1",
                params![
                    video,
                    poster.width,
                    poster.height,
                    poster.index as i64,
                    poster.pts_secs,
                    poster.jpeg
                ],
            )?;
            Ok(())
        })
    }

    /// The picture of a video; none where none was kept.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn poster(&self, video: &str) -> Result<Option<Poster>, ChatError> {
        let sql = "SELECT width, height, frame, pts_secs, jpeg FROM poster WHERE video = ?1";
        let poster_of = |row: &Row<'_>| {
            Ok(Poster {
                width: row.get(0)?,
                height: row.get(1)?,
                index: row.get::<_, i64>(2)? as usize,
                pts_secs: row.get(3)?,
                jpeg: row.get(4)?,
            })
        };
        self.read(|connection| connection.query_row(sql, [video], poster_of).optional())
    }

    /// Removes a video with its chats and pictures. Nothing of them can be read in the file afterwards. What the engine
    /// keeps of it goes by [`crate::engine::Engine::forget`].
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn forget_video(&self, id: &str) -> Result<(), ChatError> {
        self.write(|change| change.execute("DELETE FROM video WHERE id = ?1", [id]).map(drop))?;
        self.read(empty_journal)
    }

    pub(super) fn path_to_text(&self, path: &Path) -> Result<String, ChatError> {
        serde_json::to_string(path.as_os_str()).map_err(|error| self.unreadable(error))
    }

    pub(super) fn path_from_text(&self, text: &str) -> Result<PathBuf, ChatError> {
        let path: OsString = serde_json::from_str(text).map_err(|error| self.unreadable(error))?;
        Ok(path.into())
    }

    fn finish(&self, raw: RawVideo) -> Result<KeptVideo, ChatError> {
        let path = self.path_from_text(&raw.path)?;
        Ok(KeptVideo { path, ..raw.video })
    }
}

/// A video whose path is not read yet.
struct RawVideo {
    video: KeptVideo,
    path: String,
}

fn video_of(row: &Row<'_>) -> rusqlite::Result<RawVideo> {
    let video = KeptVideo {
        id: row.get(0)?,
        path: PathBuf::new(),
        name: text(row, 2)?.unwrap_or_default(),
        duration_secs: row.get(3)?,
        opened_at_secs: secs(row.get(4)?),
    };
    Ok(RawVideo {
        video,
        path: text(row, 1)?.unwrap_or_default(),
    })
}

fn recent(video: KeptVideo, chats: Vec<ChatSummary>) -> RecentVideo {
    RecentVideo {
        is_there: video.path.is_file(),
        id: video.id,
        name: video.name,
        duration_secs: video.duration_secs,
        opened_at_secs: video.opened_at_secs,
        chats,
    }
}

/// Writes the journal back and empties it: what was removed stands there too. While another process reads, that one's next
/// change does it.
pub(super) fn empty_journal(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_row| Ok(()))
}
