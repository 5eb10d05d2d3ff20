//! The sandbox of macOS. Written by its documentation and by what browsers do with it, and checked by the compiler only: it
//! has not been run.
#![expect(unsafe_code, reason = "`sandbox_init` has no binding that is kept")]

use std::ffi::{CStr, CString, c_char, c_int};
use std::path::Path;
use std::ptr;

use super::{Confinement, Layers};

// Part of the system's library. Deprecated since 10.7 without a successor for programs outside the store.
unsafe extern "C" {
    fn sandbox_init(profile: *const c_char, flags: u64, error: *mut *mut c_char) -> c_int;
    fn sandbox_free_error(error: *mut c_char);
}

/// What decoding and computing need of the system whatever they read: its libraries, what they ask of the machine, and to end.
const ALWAYS: &str = "(version 1)
(deny default)
(allow sysctl-read)
(allow process-info* (target self))
(allow signal (target self))
(allow file-read-metadata)
(allow file-read* (subpath \"/System\") (subpath \"/usr/lib\") (subpath \"/usr/share\") (literal \"/dev/urandom\"))
";

pub(super) fn confine(confinement: &Confinement) -> Layers {
    super::leave_no_memory();
    let held = init(&profile(confinement));
    if let Err(reason) = &held {
        tracing::warn!(%reason, "the sandbox does not hold");
    }
    Layers {
        files: held.is_ok(),
        calls: held.is_ok(),
    }
}

pub(super) fn layers() -> Layers {
    Layers {
        files: true,
        calls: true,
    }
}

fn profile(confinement: &Confinement) -> String {
    let mut profile = ALWAYS.to_owned();
    for place in &confinement.reads {
        allow(&mut profile, "file-read*", place);
    }
    for folder in &confinement.writes {
        allow(&mut profile, "file-read* file-write*", folder);
    }
    profile
}

/// A folder that has no such name as a profile can say is left out: nothing is allowed then.
fn allow(profile: &mut String, what: &str, folder: &Path) {
    // The kernel compares with all links resolved.
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    if let Some(name) = folder.to_str() {
        let name = name.replace('\\', "\\\\").replace('"', "\\\"");
        profile.push_str(&format!("(allow {what} (subpath \"{name}\"))\n"));
    }
}

/// Restricts this process, or says why not.
fn init(profile: &str) -> Result<(), std::borrow::Cow<'static, str>> {
    let profile = CString::new(profile).map_err(|_| "a folder's name ends in its middle")?;
    let mut error: *mut c_char = ptr::null_mut();
    // SAFETY: the profile is text that ends with a zero and outlives the call; `error` is written where it fails, as text that
    // is freed below.
    let failed = unsafe { sandbox_init(profile.as_ptr(), 0, &raw mut error) } != 0;
    if !failed {
        return Ok(());
    }
    if error.is_null() {
        return Err("no reason is given".into());
    }
    // SAFETY: it is text that the call made, ends with a zero, and is freed once, after it was copied.
    let reason = unsafe {
        let reason = CStr::from_ptr(error).to_string_lossy().into_owned();
        sandbox_free_error(error);
        reason
    };
    Err(reason.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_allows_what_was_named_and_quotes_it() {
        let written = profile(&Confinement {
            reads: Vec::new(),
            writes: vec!["/a \"b\"".into()],
        });
        assert!(written.contains("(allow file-read* file-write* (subpath \"/a \\\"b\\\"\"))"));
        assert!(!written.contains("(allow file-read*)\n"));
    }
}
