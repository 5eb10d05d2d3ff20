//! What the web view needs of the system before it is started.

use std::io;

/// On Linux: a display, and a way of painting that works on it.
///
/// # Errors
/// Where there is no display; whatever keeps this program from starting itself again.
pub(crate) fn prepare() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    linux()?;
    Ok(())
}

#[cfg(target_os = "linux")]
fn linux() -> io::Result<()> {
    use std::env::{args_os, current_exe, var_os};
    use std::os::unix::process::CommandExt as _;
    use std::path::Path;
    use std::process::Command;

    const PAINTING: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

    if var_os("DISPLAY").is_none() && var_os("WAYLAND_DISPLAY").is_none() {
        return Err(io::Error::other(
            "there is no display to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set)",
        ));
    }
    // With NVIDIA's driver WebKitGTK's usual way leaves the window blank: https://github.com/tauri-apps/tauri/issues/9304.
    // A process cannot safely change its own environment, so it starts itself again in another one.
    if var_os(PAINTING).is_none() && Path::new("/proc/driver/nvidia/version").exists() {
        return Err(Command::new(current_exe()?)
            .args(args_os().skip(1))
            .env(PAINTING, "1")
            .exec());
    }
    Ok(())
}
