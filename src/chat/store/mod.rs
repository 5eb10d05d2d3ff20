//! The file: opened safely, changed in whole transactions.

mod chats;
mod models;
mod rescue;
mod schema;
mod settings;
mod turns;
mod videos;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use etcetera::BaseStrategy;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::ChatError;
use crate::private;

pub use chats::{ChatId, NewTurn, TurnId};
pub use models::{KeptModel, UsedModel};
pub use rescue::SetAside;
pub use videos::{NewVideo, Poster};

/// How long one process waits while another writes. A write takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it looks again where SQLite itself does not wait.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Where chats are kept unless somebody says otherwise: in the platform's folder for the data of programs.
///
/// # Errors
/// [`ChatError::NoFolder`] for users without a home.
pub fn usual_file() -> Result<PathBuf, ChatError> {
    let folders = etcetera::choose_base_strategy().map_err(|_no_home| ChatError::NoFolder)?;
    Ok(folders.data_dir().join("videre").join("videre.db"))
}

/// Videos, chats, settings and models that were used.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    connection: Mutex<Connection>,
    set_aside: Option<SetAside>,
}

/// Why a file cannot be used as it is.
enum Unusable {
    /// It is ours, and damaged.
    Damaged,
    /// Anything else: it is left as it is.
    Refused(ChatError),
}

impl Store {
    /// Opens the file at `path`, and makes it, its folder and its tables where they are not there. The file and its folder
    /// are its owner's alone afterwards. A damaged file is set aside ([`Store::set_aside`]), and a new one begins with what
    /// could be read of it.
    ///
    /// # Errors
    /// [`ChatError::Newer`] and [`ChatError::Foreign`], which leave the file as it is; what the file system or SQLite say.
    pub fn open(path: &Path) -> Result<Self, ChatError> {
        let io = |source| ChatError::Io {
            path: path.to_owned(),
            source,
        };
        private::make_file(path).map_err(io)?;
        let (connection, set_aside) = match connect(path) {
            Ok(connection) => (connection, None),
            Err(Unusable::Refused(error)) => return Err(error),
            Err(Unusable::Damaged) => {
                let aside = rescue::set_aside(path).map_err(io)?;
                private::make_file(path).map_err(io)?;
                // A new file without what was in the old one is worth more than none; that one is not lost.
                let n_saved = rescue::take_over(&aside, path).unwrap_or_else(|error| {
                    tracing::warn!(%error, "nothing of the damaged file could be taken over");
                    0
                });
                tracing::warn!(path = %aside.display(), n_saved, "a damaged file of chats was set aside");
                let connection = connect(path).map_err(|unusable| match unusable {
                    Unusable::Refused(error) => error,
                    Unusable::Damaged => io(std::io::ErrorKind::InvalidData.into()),
                })?;
                let set_aside = SetAside { path: aside, n_saved };
                (connection, Some(set_aside))
            }
        };
        let store = Self {
            path: path.to_owned(),
            connection: Mutex::new(connection),
            set_aside,
        };
        store.remove_deleted(SystemTime::now())?;
        Ok(store)
    }

    /// The damaged file that was set aside when this store was opened; none where it was whole.
    #[must_use]
    pub fn set_aside(&self) -> Option<&SetAside> {
        self.set_aside.as_ref()
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads.
    fn read<T>(&self, what: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, ChatError> {
        what(&self.lock()).map_err(|source| self.failed(source))
    }

    /// Changes, whole or not at all. The lock on the file is taken at the start: a change that begins as a reader and finds
    /// another writer before it cannot wait for it.
    fn write<T>(&self, what: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, ChatError> {
        let mut connection = self.lock();
        let change = connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let changed = change.and_then(|change| {
            let result = what(&change)?;
            change.commit()?;
            Ok(result)
        });
        changed.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: rusqlite::Error) -> ChatError {
        of_sqlite(&self.path, source)
    }

    fn unreadable(&self, source: serde_json::Error) -> ChatError {
        ChatError::Content {
            path: self.path.clone(),
            source,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection to the file at `path`, brought to this version's format. Where nothing is to be done for that, it waits for
/// no other process.
fn connect(path: &Path) -> Result<Connection, Unusable> {
    let failed = |source| unusable(path, source);
    // Looked at through a connection that cannot write: whatever is found, nothing is changed by finding it.
    check(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    prepare(&connection).map_err(failed)?;
    let (found, _) = schema::version(&connection).map_err(failed)?;
    if found < schema::latest() {
        schema::migrate(&mut connection, schema::latest()).map_err(failed)?;
    }
    // Another process of a newer version may have been in between.
    let (found, _) = schema::version(&connection).map_err(failed)?;
    if found > schema::latest() {
        return Err(Unusable::Refused(newer(path, found)));
    }
    match rescue::is_whole(&connection, path).map_err(failed)? {
        true => Ok(connection),
        false => Err(Unusable::Damaged),
    }
}

/// Refuses a file that this version must not write to.
fn check(path: &Path) -> Result<(), Unusable> {
    let looked = || -> rusqlite::Result<(i64, bool)> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        schema::version(&connection)
    };
    let foreign = || {
        Unusable::Refused(ChatError::Foreign {
            path: path.to_owned(),
        })
    };
    match looked() {
        Ok((_, false)) => Err(foreign()),
        Ok((found, true)) if found > schema::latest() => Err(Unusable::Refused(newer(path, found))),
        Ok(_) => Ok(()),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            Err(if rescue::was_ours(path) {
                Unusable::Damaged
            } else {
                foreign()
            })
        }
        Err(source) => Err(unusable(path, source)),
    }
}

fn unusable(path: &Path, source: rusqlite::Error) -> Unusable {
    match source.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => Unusable::Damaged,
        _ => Unusable::Refused(of_sqlite(path, source)),
    }
}

fn of_sqlite(path: &Path, source: rusqlite::Error) -> ChatError {
    ChatError::Sqlite {
        path: path.to_owned(),
        source,
    }
}

fn newer(path: &Path, found: i64) -> ChatError {
    ChatError::Newer {
        path: path.to_owned(),
        found,
        known: schema::latest(),
    }
}

/// Settings of a connection. `WAL` lets one process read while another writes; `FULL` keeps a change through a power cut;
/// `secure_delete` overwrites what is removed, so that a forgotten video is not still readable in the file.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", true)?;
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if mode.eq_ignore_ascii_case("wal") {
        return Ok(());
    }
    // SQLite does not wait for this lock by itself where two processes make the file at once.
    let began = Instant::now();
    loop {
        let switched: rusqlite::Result<String> =
            connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
        match switched {
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
                    && began.elapsed() < PATIENCE =>
            {
                std::thread::sleep(LOOK_AGAIN);
            }
            switched => return switched.map(drop),
        }
    }
}

/// Milliseconds since 1970.
fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis() as i64
}

/// Milliseconds since 1970 as the window has them.
fn secs(millis: i64) -> f64 {
    millis as f64 / 1000.0
}
