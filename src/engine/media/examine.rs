//! Whether this build reads videos as it should.

use crate::engine::requests::Check;
use crate::media;

pub(super) fn decoders() -> Check {
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
