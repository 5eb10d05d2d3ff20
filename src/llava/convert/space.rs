//! Whether a pair fits on the disk, asked before a byte is written.

use std::path::Path;

use sysinfo::Disks;

use super::error::ConvertError;

/// `n_total` bytes are going to lie in `folder`, and `n_there` of them do so already.
pub(super) fn check(folder: &Path, n_total: u64, n_there: u64) -> Result<(), ConvertError> {
    let needed_bytes = n_total.saturating_sub(n_there);
    match free_bytes(folder) {
        Some(free_bytes) if free_bytes < needed_bytes => Err(ConvertError::Space {
            needed_bytes,
            free_bytes,
            folder: folder.display().to_string(),
        }),
        _ => Ok(()),
    }
}

/// What is free where the folder lies; nothing where that cannot be told.
fn free_bytes(folder: &Path) -> Option<u64> {
    let folder = folder.canonicalize().ok()?;
    let disks = Disks::new_with_refreshed_list().ok()?;
    let holding = disks.iter().filter(|disk| folder.starts_with(disk.mount_point()));
    holding
        .max_by_key(|disk| disk.mount_point().as_os_str().len())
        .map(sysinfo::Disk::available_space)
}
