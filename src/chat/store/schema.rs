//! The format of the file, version by version.

use rusqlite::{Connection, TransactionBehavior};

/// Tells a file of Videre from any other database: "VDRE".
pub(super) const APPLICATION_ID: i64 = 0x5644_5245;

/// What leads from each version to the next. A step that was ever released is never changed: a test holds them to
/// their hashes.
pub(super) const STEPS: &[&str] = &[
    include_str!("0001.sql"),
    include_str!("0002.sql"),
    include_str!("0003.sql"),
];

/// The version that [`STEPS`] lead to.
pub(super) fn latest() -> i64 {
    STEPS.len() as i64
}

/// The version of the file that `connection` is open on, and whether it is one of ours. An empty file has version 0.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<(i64, bool)> {
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let n_tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let is_empty = version == 0 && application == 0 && n_tables == 0;
    Ok((version, application == APPLICATION_ID || is_empty))
}

/// Brings the file to version `to`: all steps or none. Two processes that start at once take turns, and the second finds
/// nothing left to do.
pub(super) fn migrate(connection: &mut Connection, to: i64) -> rusqlite::Result<()> {
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (from, _) = version(&change)?;
    for step in STEPS.iter().take(to as usize).skip(from as usize) {
        change.execute_batch(step)?;
    }
    if from < to {
        change.pragma_update(None, "application_id", APPLICATION_ID)?;
        change.pragma_update(None, "user_version", to)?;
    }
    change.commit()
}
