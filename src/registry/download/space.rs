//! Room on a disk.

use std::path::Path;

use crate::registry::RegistryError;

/// What stays free: a disk that is full to the last byte is of no use to anybody.
const RESERVE_BYTES: u64 = 64 << 20;

/// Checks that `n_bytes` more fit into a folder, which need not be there yet. What does not say how much is free is
/// taken to have room.
///
/// # Errors
/// [`RegistryError::NoSpace`] with what is missing.
pub(super) fn check(folder: &Path, n_bytes: u64) -> Result<(), RegistryError> {
    if n_bytes == 0 {
        return Ok(());
    }
    let needed_bytes = n_bytes + RESERVE_BYTES;
    match free_disk_bytes(folder) {
        Some(free_bytes) if free_bytes < needed_bytes => Err(RegistryError::NoSpace {
            needed_bytes,
            free_bytes,
            folder: folder.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Bytes that this user may still write into a folder, which need not be there yet; `None` where that cannot be told.
#[must_use]
pub fn free_disk_bytes(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|folder| folder.exists())?;
    fs4::available_space(there).ok()
}
