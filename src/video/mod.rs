//! What a video file is, and how large its pictures are shown: plain data, known also where nothing decodes.

mod file;
mod orientation;
mod probe;
mod size;

pub use file::{FileState, VideoFile, VideoFileError, name_hash};
pub use orientation::Orientation;
pub use probe::{Colour, FrameCount, FrameRate, Hdr, Probe, Track};
pub use size::PreviewSize;
