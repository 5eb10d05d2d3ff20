//! Reading again what is in the cache.

use super::hub::{Cache, KeptFile, RepositoryId};
use super::{Checksum, RegistryError, checksum};
use crate::cancel::CancelToken;

/// What came of reading a file again.
#[derive(Debug)]
pub enum Verified {
    /// It is what it was.
    Whole,
    /// It is not, or cannot be read.
    Wrong(RegistryError),
    /// Nothing says what it should be.
    Unknown,
}

impl Cache {
    /// Reads a file of the cache again, and compares it with the hash that its bytes lie under. `on_bytes` hears how many
    /// bytes were read.
    ///
    /// # Errors
    /// [`RegistryError::Cancelled`] alone.
    pub fn verify(
        &self,
        id: &RepositoryId,
        file: &KeptFile,
        cancel: &CancelToken,
        on_bytes: impl FnMut(u64),
    ) -> Result<Verified, RegistryError> {
        let name = file.blob.file_name().unwrap_or_default().to_string_lossy();
        let Some(expected) = Checksum::of_hex(&name) else {
            return Ok(Verified::Unknown);
        };
        match checksum::check(&file.blob, &expected, cancel, on_bytes) {
            Ok(()) => Ok(Verified::Whole),
            Err(RegistryError::Cancelled) => Err(RegistryError::Cancelled),
            Err(RegistryError::WrongHash { hash, expected, .. }) => {
                Ok(Verified::Wrong(RegistryError::WrongHash {
                    file: format!("{} in '{id}'", file.path),
                    hash,
                    expected,
                }))
            }
            Err(error) => Ok(Verified::Wrong(error)),
        }
    }
}
