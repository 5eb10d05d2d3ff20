//! A damaged file is set aside, never removed, and what can be read of it is taken over into a new one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::schema;
use crate::private;

/// A file that was damaged, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where the damaged file lies now.
    pub path: PathBuf,
    /// Entries that were taken over into the new one: videos, chats, questions, settings, models.
    pub n_saved: usize,
}

/// How SQLite's files begin.
const HEADER: &[u8] = b"SQLite format 3\0";
/// Where in them the id of the program stands that wrote it.
const APPLICATION_ID_AT: usize = 68;
/// Files beside the main one, by what their names end with.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Whether a file that SQLite does not take for a database was one of ours: what is left of its head says so, or nothing is
/// left in it, as after a power cut.
pub(super) fn was_ours(path: &Path) -> bool {
    let Ok(bytes) = fs::read(path) else { return false };
    let id = (schema::APPLICATION_ID as u32).to_be_bytes();
    bytes.starts_with(HEADER)
        || bytes
            .get(APPLICATION_ID_AT..)
            .is_some_and(|from| from.starts_with(&id))
        || bytes.iter().all(|byte| *byte == 0)
}

/// Whether the file has all that this version reads: no table is missing, and it has not been cut short.
pub(super) fn is_whole(connection: &Connection, path: &Path) -> rusqlite::Result<bool> {
    for table in tables(schema::latest())? {
        if let Err(error) = connection.prepare(&table.select("")) {
            return match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Err(error),
                _ => Ok(false),
            };
        }
    }
    let len = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    let page = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let n_bytes = page("page_count")?.saturating_mul(page("page_size")?);
    // What stands in the journal is not in the file yet.
    Ok(len(&beside(path, BESIDE[0])) > 0 || len(path) >= n_bytes as u64)
}

/// Moves the file and what belongs to it to a name that is free.
///
/// # Errors
/// What the file system says.
pub(super) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let aside = (1_u32..)
        .map(|number| beside(path, &format!(".damaged-{number}")))
        .find(|aside| !aside.exists())
        .expect("BUG: there are more numbers than files");
    for ending in BESIDE {
        match fs::rename(beside(path, ending), beside(&aside, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(path, &aside)?;
    Ok(aside)
}

/// Makes the file at `path` anew with what can be read of the one at `aside`, and says how many entries that were.
///
/// # Errors
/// What SQLite says of the new file; of the old one nothing is an error.
pub(super) fn take_over(aside: &Path, path: &Path) -> rusqlite::Result<usize> {
    let scratch = path.parent().and_then(|folder| tempfile::tempdir_in(folder).ok());
    let old = scratch.as_ref().and_then(|folder| copy(aside, folder.path()));
    let kept = old.as_ref().and_then(|old| schema::version(old).ok());
    let version = kept
        .map(|(version, _)| version)
        .filter(|version| (1..=schema::latest()).contains(version))
        .unwrap_or_else(schema::latest);
    drop(old);
    let mut new = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    super::prepare(&new)?;
    schema::migrate(&mut new, version)?;
    new.pragma_update(None, "foreign_keys", false)?;
    let tables = tables(version)?;
    let Some(old) = scratch.as_ref().and_then(|folder| mended(folder.path(), &tables)) else {
        return Ok(0);
    };
    let change = new.transaction()?;
    // No file has more entries than bytes: one whose pages lead in a circle has an end too.
    let most = fs::metadata(aside).map_or(0, |metadata| metadata.len() as usize);
    let mut n_saved = 0;
    for table in &tables {
        n_saved += take_table(&old, &change, table, most)?;
    }
    n_saved -= remove_orphans(&change)?;
    change.commit()?;
    Ok(n_saved)
}

/// The file beside `path` whose name goes on with `ending`.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

const COPY: &str = "copy.db";

/// A copy that can be mended: the damaged file itself is not written to.
fn copy(aside: &Path, folder: &Path) -> Option<Connection> {
    let copy = folder.join(COPY);
    for ending in ["", BESIDE[0]] {
        let to = beside(&copy, ending);
        if fs::copy(beside(aside, ending), &to).is_ok() {
            private::make_file(&to).ok()?;
        }
    }
    open_copy(folder)
}

/// Opens the copy so that what is damaged in its list of tables stops nobody from reading the others.
fn open_copy(folder: &Path) -> Option<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(folder.join(COPY), flags).ok()?;
    connection.pragma_update(None, "writable_schema", true).ok()?;
    Some(connection)
}

/// The copy with its tables described as they should be: what they hold is where it was.
fn mended(folder: &Path, tables: &[Table]) -> Option<Connection> {
    let connection = open_copy(folder)?;
    for table in tables {
        let sql = "UPDATE sqlite_schema SET tbl_name = ?1, sql = ?2 WHERE type = 'table' AND name = ?1";
        drop(connection.execute(sql, [&table.name, &table.sql]));
    }
    // They are made anew; those that stand for a key have no description of their own.
    drop(connection.execute(
        "DELETE FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL",
        [],
    ));
    drop(connection);
    open_copy(folder)
}

/// A table of ours.
struct Table {
    name: String,
    sql: String,
    columns: Vec<String>,
    has_rowid: bool,
}

impl Table {
    fn select(&self, order: &str) -> String {
        format!(
            "SELECT {} FROM \"{}\" {order}",
            self.columns.join(", "),
            self.name
        )
    }
}

/// The tables of a version of the file, each after those that it refers to.
fn tables(version: i64) -> rusqlite::Result<Vec<Table>> {
    let mut fresh = Connection::open_in_memory()?;
    schema::migrate(&mut fresh, version)?;
    let mut statement = fresh.prepare(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
    )?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let found: Vec<(String, String)> = found.collect::<rusqlite::Result<_>>()?;
    let table = |(name, sql): (String, String)| {
        let mut columns = fresh.prepare("SELECT name FROM pragma_table_info(?1)")?;
        let columns = columns.query_map([&name], |row| row.get::<_, String>(0))?;
        let columns = columns
            .map(|name| Ok(format!("\"{}\"", name?)))
            .collect::<rusqlite::Result<_>>()?;
        let wants = "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?1";
        let is_without: bool = fresh.query_row(wants, [&name], |row| row.get(0))?;
        Ok(Table {
            name,
            sql,
            columns,
            has_rowid: !is_without,
        })
    };
    found.into_iter().map(table).collect()
}

/// Takes over the rows of a table from its beginning to where it is damaged, and from its end back to there.
fn take_table(old: &Connection, new: &Connection, table: &Table, most: usize) -> rusqlite::Result<usize> {
    let places = vec!["?"; table.columns.len()].join(", ");
    let insert = format!("INSERT OR IGNORE INTO \"{}\" VALUES ({places})", table.name);
    let mut insert = new.prepare(&insert)?;
    let orders: &[&str] = match table.has_rowid {
        true => &["ORDER BY rowid", "ORDER BY rowid DESC"],
        false => &[""],
    };
    let mut n_taken = 0;
    for order in orders {
        let Ok(mut select) = old.prepare(&table.select(order)) else {
            continue;
        };
        let Ok(mut rows) = select.query([]) else { continue };
        let mut n_known = 0;
        let mut is_whole = false;
        for _ in 0..most {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => {
                    is_whole = true;
                    break;
                }
                Err(_damaged) => break,
            };
            let values = (0..table.columns.len()).map(|column| row.get_ref(column).map(value));
            let values: Vec<Value> = values.collect::<rusqlite::Result<_>>()?;
            match insert.execute(params_from_iter(values)) {
                Ok(n) => {
                    n_taken += n;
                    n_known += 1 - n.min(1);
                }
                Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) => {
                    return Err(error);
                }
                // A value that the table cannot hold.
                Err(_) => {}
            }
        }
        if is_whole || n_known > 0 {
            break;
        }
    }
    Ok(n_taken)
}

/// A value as it stands there; a sign stands for each byte of a text that is damaged.
fn value(found: ValueRef<'_>) -> Value {
    match found {
        ValueRef::Text(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        other => other.try_into().unwrap_or(Value::Null),
    }
}

/// Removes what refers to something that was lost, and what refers to that. A question that follows one that was lost
/// follows the one before it; a chat that was shown up to such a one is shown up to its last.
fn remove_orphans(change: &Connection) -> rusqlite::Result<usize> {
    let mut n_removed = 0;
    loop {
        let mut check = change.prepare(
            "SELECT broken.\"table\", broken.rowid, list.\"from\" FROM pragma_foreign_key_check AS broken,
                 pragma_foreign_key_list(broken.\"table\") AS list WHERE list.id = broken.fkid",
        )?;
        let orphans = check.query_map([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, String>(2)?,
            ))
        })?;
        let orphans: Vec<_> = orphans.collect::<rusqlite::Result<_>>()?;
        if orphans.is_empty() {
            return Ok(n_removed);
        }
        for (table, rowid, column) in orphans {
            match (table.as_str(), column.as_str()) {
                ("turn", "parent") => {
                    let sql = "UPDATE turn SET parent = (SELECT max(earlier.id) FROM turn AS earlier
                               WHERE earlier.chat = turn.chat AND earlier.id < turn.id) WHERE id = ?1";
                    change.execute(sql, [rowid])?;
                }
                ("chat", "latest") => {
                    change.execute("UPDATE chat SET latest = NULL WHERE id = ?1", [rowid])?;
                }
                _ => {
                    let sql = format!("DELETE FROM \"{table}\" WHERE rowid = ?1");
                    n_removed += change.execute(&sql, [rowid])?;
                }
            }
        }
    }
}
