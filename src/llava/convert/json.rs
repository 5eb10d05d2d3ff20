//! Files of JSON beside the weights.

use std::path::Path;

use serde_json::Value;

use super::error::ConvertError;
use crate::regular;

/// Most bytes of a file beside the weights. Tokenizers in use have up to 20 MB.
pub(super) const MAX_BYTES: u64 = 1 << 27;

/// A file of JSON, or a part of one.
#[derive(Clone, Debug)]
pub(super) struct Json {
    pub(super) value: Value,
    pub(super) file: String,
}

impl Json {
    pub(super) fn read(path: &Path) -> Result<Self, ConvertError> {
        let file = path.display().to_string();
        let read = |source| ConvertError::Read {
            source,
            file: file.clone(),
        };
        let bytes = regular::read(path, MAX_BYTES).map_err(read)?;
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Self { value, file }),
            Err(error) => Err(ConvertError::Damaged {
                what: format!("not JSON: {error}"),
                file,
            }),
        }
    }

    /// The file where it is there.
    pub(super) fn read_if_there(path: &Path) -> Result<Option<Self>, ConvertError> {
        path.is_file().then(|| Self::read(path)).transpose()
    }

    pub(super) fn damaged(&self, what: impl Into<String>) -> ConvertError {
        ConvertError::Damaged {
            what: what.into(),
            file: self.file.clone(),
        }
    }

    pub(super) fn unsupported(
        &self,
        what: &'static str,
        name: impl Into<String>,
        supported: &'static str,
    ) -> ConvertError {
        ConvertError::Unsupported {
            what,
            name: name.into().chars().take(64).collect(),
            supported,
            file: self.file.clone(),
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.value.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    pub(super) fn size(&self, key: &str) -> Option<usize> {
        usize::try_from(self.get(key)?.as_u64()?).ok()
    }

    pub(super) fn number(&self, key: &str) -> Option<f64> {
        self.get(key)?.as_f64()
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        self.get(key)?.as_bool()
    }

    /// The first number of a list, or the number itself: sides and patches are written both ways.
    pub(super) fn side(&self, key: &str) -> Option<usize> {
        let value = self.get(key)?;
        let side = value.as_array().map_or(Some(value), |list| list.first())?;
        usize::try_from(side.as_u64()?).ok()
    }

    pub(super) fn numbers(&self, key: &str) -> Option<Vec<f32>> {
        let list = self.get(key)?.as_array()?;
        list.iter().map(|value| Some(value.as_f64()? as f32)).collect()
    }

    pub(super) fn section(&self, key: &str) -> Option<Self> {
        let value = self.get(key)?;
        value.is_object().then(|| Self {
            value: value.clone(),
            file: self.file.clone(),
        })
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.value
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.as_str(), value))
    }
}
