//! What the user chose.

use rusqlite::{Connection, params};
use serde_json::{Map, Value};

use super::Store;
use super::turns::text;
use crate::chat::ChatError;
use crate::chat::records::Settings;

impl Store {
    /// All settings. What was never chosen, or what an earlier version wrote and this one cannot read, has its usual value.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn settings(&self) -> Result<Settings, ChatError> {
        self.read(chosen).map(|chosen| settings_of(&chosen))
    }

    /// Changes the settings that `changes` names, and answers with all of them. Others, which another process may be
    /// changing, stay as they are.
    ///
    /// # Errors
    /// [`ChatError::NotASetting`], and nothing is changed; what the file system or SQLite say.
    pub fn change_settings(&self, changes: &Map<String, Value>) -> Result<Settings, ChatError> {
        serde_json::from_value::<Settings>(Value::Object(changes.clone()))
            .map_err(|source| ChatError::NotASetting { source })?;
        let chosen = self.write(|change| {
            for (name, value) in changes {
                change.execute(
                    "INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)",
                    params![name, value.to_string()],
                )?;
            }
            chosen(change)
        })?;
        Ok(settings_of(&chosen))
    }
}

fn chosen(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = connection.prepare("SELECT name, value FROM setting ORDER BY name")?;
    let rows = statement.query_map([], |row| {
        let [name, value] = [text(row, 0)?, text(row, 1)?].map(Option::unwrap_or_default);
        Ok((name, value))
    })?;
    rows.collect()
}

/// Each by itself, so that one that cannot be read does not take the others along.
fn settings_of(chosen: &[(String, String)]) -> Settings {
    let mut readable = Map::new();
    for (name, value) in chosen {
        let Ok(value) = serde_json::from_str::<Value>(value) else {
            continue;
        };
        let alone = Map::from_iter([(name.clone(), value.clone())]);
        if serde_json::from_value::<Settings>(Value::Object(alone)).is_ok() {
            readable.insert(name.clone(), value);
        }
    }
    serde_json::from_value(Value::Object(readable)).unwrap_or_default()
}
