//! Whether this build reads videos as it should.

use std::fs;

use super::MediaRole;
use crate::engine::requests::Check;
use crate::media;

impl MediaRole {
    pub(super) fn examine(&self) -> Vec<Check> {
        vec![decoders(), self.index_cache()]
    }

    fn index_cache(&self) -> Check {
        let Some(folder) = self.lists.folder() else {
            let hint = Some("set HOME, or XDG_CACHE_HOME".to_owned());
            return Check::bad("cache", "there is no home folder", hint);
        };
        match fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder)) {
            Ok(_) => Check::good("cache", folder.display().to_string()),
            Err(error) => {
                let hint = "make it writable, or set XDG_CACHE_HOME to a folder that is";
                let found = format!("{} cannot be written: {error}", folder.display());
                Check::bad("cache", found, Some(hint.to_owned()))
            }
        }
    }
}

fn decoders() -> Check {
    let about = media::about();
    let libraries = format!("FFmpeg ({}; {})", about.version, about.licence);
    if about.missing.is_empty() {
        Check::good("decoders", format!("{libraries} decodes every common format"))
    } else {
        let found = format!("{libraries} does not decode {}", about.missing.join(", "));
        Check::bad(
            "decoders",
            found,
            Some("install a fuller build of FFmpeg".to_owned()),
        )
    }
}
