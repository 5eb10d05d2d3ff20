//! Whether a pair fits on the disk, asked before a byte is written.

use std::path::Path;

use super::error::ConvertError;
use crate::registry::free_disk_bytes;

/// `n_total` bytes are going to lie in `folder`, and `n_there` of them do so already.
pub(super) fn check(folder: &Path, n_total: u64, n_there: u64) -> Result<(), ConvertError> {
    let needed_bytes = n_total.saturating_sub(n_there);
    match free_disk_bytes(folder) {
        Some(free_bytes) if free_bytes < needed_bytes => Err(ConvertError::Space {
            needed_bytes,
            free_bytes,
            folder: folder.display().to_string(),
        }),
        _ => Ok(()),
    }
}
