//! From a video file to frames: the only module that names FFmpeg.
//!
//! ```text
//! path -> source (checks, bytes) -> demux (packets) -> decoder (frames) -> convert (RGB)
//!           probe: what is in it       scan -> index: which frames there are
//!                                      access: the cheapest exact way to one of them
//! ```
//!
//! A frame is known by its place in a [`FrameIndex`], which lists exactly what the `ffmpeg` program shows when it
//! decodes the file from start to end. Files are untrusted: see [`Limits`].

mod about;
mod access;
mod codecs;
mod convert;
mod decoder;
mod demux;
mod error;
mod filmstrip;
mod glimpse;
mod index;
mod index_cache;
mod limits;
mod lists;
mod memory;
mod nal;
mod preview;
mod probe;
mod scan;
mod source;
mod times;
mod video;

pub use about::about;
pub use error::MediaError;
pub use filmstrip::{Filmstrip, Landing, Slide, Slots};
pub use glimpse::Glimpse;
pub use index::FrameIndex;
pub use limits::Limits;
pub use lists::Lists;
pub use memory::bound_memory;
pub use preview::{Preview, Previews, encode_jpeg};
pub use scan::IndexProgress;
pub use video::{Frame, Video};

/// Keeps FFmpeg from printing: what is wrong with a file is told by errors and warnings.
fn quiet_ffmpeg() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| ffmpeg_next::util::log::set_level(ffmpeg_next::util::log::Level::Quiet));
}

/// The FFmpeg that does the work, such as `"libavcodec 59.37.100, libavformat 59.27.100"`.
#[must_use]
pub fn ffmpeg_version() -> String {
    let parts = |version: u32| format!("{}.{}.{}", version >> 16, version >> 8 & 0xff, version & 0xff);
    let (codec, format) = (ffmpeg_next::codec::version(), ffmpeg_next::format::version());
    format!("libavcodec {}, libavformat {}", parts(codec), parts(format))
}
