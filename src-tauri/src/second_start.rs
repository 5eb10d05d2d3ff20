//! A second start: what it was given goes to the window that is there, before anything of a window of its own begins.
//!
//! The plugin for single instances would do so too, but only once the window system's threads run. One of them reads
//! devices through a library of X11 that is taken down while the process ends, and dies of it now and then.

/// Whether a program of this name has a window, and has taken what this start was given.
#[cfg(target_os = "linux")]
pub(crate) fn is_handed_over(identifier: &str) -> bool {
    use std::env::{args_os, current_dir};

    // What the plugin listens to: `tauri-plugin-single-instance` 2.5, `platform_impl/linux.rs`.
    let name = format!("{identifier}.SingleInstance");
    let path = format!("/{}", name.replace('.', "/").replace('-', "_"));
    let arguments: Vec<String> = args_os()
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let folder = current_dir().unwrap_or_default();
    let given = (arguments, folder.to_string_lossy());
    let Ok(bus) = zbus::blocking::Connection::session() else {
        // Without a bus every start is a first one.
        return false;
    };
    bus.call_method(
        Some(name.as_str()),
        path.as_str(),
        Some("org.SingleInstance.DBus"),
        "ExecuteCallback",
        &given,
    )
    .is_ok()
}

/// Elsewhere the plugin hands over.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_handed_over(_identifier: &str) -> bool {
    false
}
