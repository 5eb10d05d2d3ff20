//! Models that were loaded from disk.

use std::path::PathBuf;
use std::time::SystemTime;

use rusqlite::params;

use super::turns::text;
use super::{Store, millis};
use crate::chat::ChatError;

/// A pair of files that was loaded before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptModel {
    /// The language model.
    pub language_file: PathBuf,
    /// The mmproj file.
    pub vision_file: PathBuf,
}

/// A model that was loaded before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsedModel {
    /// The one inside the program.
    Embedded,
    /// A pair of files.
    Pair(KeptModel),
}

/// What stands for the embedded model in the list: a pair of files without names.
fn embedded() -> KeptModel {
    KeptModel {
        language_file: PathBuf::new(),
        vision_file: PathBuf::new(),
    }
}

impl Store {
    /// The model that was loaded last, in any run.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn last_model(&self) -> Result<Option<UsedModel>, ChatError> {
        let last = self.used_models()?.into_iter().next();
        Ok(last.map(|model| {
            if model == embedded() {
                UsedModel::Embedded
            } else {
                UsedModel::Pair(model)
            }
        }))
    }

    /// Remembers that the embedded model was loaded `now`.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn keep_embedded(&self, now: SystemTime) -> Result<(), ChatError> {
        self.keep_model(&embedded(), now)
    }

    /// Puts a pair that was loaded `now` at the head of the list.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn keep_model(&self, model: &KeptModel, now: SystemTime) -> Result<(), ChatError> {
        let language = self.path_to_text(&model.language_file)?;
        let vision = self.path_to_text(&model.vision_file)?;
        self.write(|change| {
            let sql =
                "INSERT OR REPLACE INTO model (language_file, vision_file, loaded_at_ms) VALUES (?1, ?2, ?3)";
            change
                .execute(sql, params![language, vision, millis(now)])
                .map(drop)
        })
    }

    /// Pairs that were loaded, the latest first.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn models(&self) -> Result<Vec<KeptModel>, ChatError> {
        let mut models = self.used_models()?;
        models.retain(|model| *model != embedded());
        Ok(models)
    }

    fn used_models(&self) -> Result<Vec<KeptModel>, ChatError> {
        let found = self.read(|connection| {
            let sql = "SELECT language_file, vision_file FROM model ORDER BY loaded_at_ms DESC";
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map([], |row| Ok((text(row, 0)?, text(row, 1)?)))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        // One that cannot be read any more does not take the others along.
        let models = found.into_iter().filter_map(|(language, vision)| {
            Some(KeptModel {
                language_file: self.path_from_text(&language?).ok()?,
                vision_file: self.path_from_text(&vision?).ok()?,
            })
        });
        Ok(models.collect())
    }

    /// Takes a pair off the list. Its files stay where they are.
    ///
    /// # Errors
    /// What the file system or SQLite say.
    pub fn forget_model(&self, model: &KeptModel) -> Result<(), ChatError> {
        let language = self.path_to_text(&model.language_file)?;
        let vision = self.path_to_text(&model.vision_file)?;
        self.write(|change| {
            let sql = "DELETE FROM model WHERE language_file = ?1 AND vision_file = ?2";
            change.execute(sql, params![language, vision]).map(drop)
        })
    }
}
