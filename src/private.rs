//! Folders and files of a person's own, which nobody else on the machine may read.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

/// Makes the folder, and those around it, where they are not there. From everybody else it takes what rights they have on
/// the folder itself; those around it are left as they are.
///
/// # Errors
/// What the file system says.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)?;
    close_to_others(&fs::metadata(folder)?, 0o700, |rights| {
        fs::set_permissions(folder, rights)
    })
}

/// Makes the file and its folder where they are not there, and takes from everybody else what rights they have on either.
///
/// # Errors
/// What the file system says.
pub fn make_file(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let file = options.open(path)?;
    close_to_others(&file.metadata()?, 0o600, |rights| file.set_permissions(rights))
}

#[cfg(unix)]
fn close_to_others(
    found: &fs::Metadata,
    mode: u32,
    set: impl FnOnce(fs::Permissions) -> io::Result<()>,
) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if found.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    set(fs::Permissions::from_mode(mode))
}

/// Elsewhere the folder of a user's data is the user's alone by itself.
#[cfg(not(unix))]
fn close_to_others(
    _found: &fs::Metadata,
    _mode: u32,
    _set: impl FnOnce(fs::Permissions) -> io::Result<()>,
) -> io::Result<()> {
    Ok(())
}
