//! How much an untrusted file may ask for.

use std::time::Duration;

/// What a file may cost before it is refused. One documented type, so that nothing is limited in passing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest picture in pixels, checked before one is allocated. 8K UHD is 33 million.
    pub max_pixels: u64,
    /// Longest side of a picture.
    pub max_side_px: u32,
    /// Streams in one container. Recordings have below ten; broadcast captures tens.
    pub max_streams: u32,
    /// Bytes read to find out what the file is.
    pub max_probe_bytes: u64,
    /// Media time read to find out what the streams are.
    pub max_analyze: Duration,
    /// Time for opening a file: one that takes longer is refused.
    pub open_deadline: Duration,
    /// Frames in one clip: 100 hours at 60 frames a second are 21.6 million.
    pub max_frames: usize,
    /// Bytes that compressed previews may take in memory.
    pub max_preview_bytes: usize,
    /// Decoder threads; zero is as many as there are cores.
    pub n_threads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pixels: 16_384 * 16_384 / 2,
            max_side_px: 16_384,
            max_streams: 100,
            max_probe_bytes: 8 << 20,
            max_analyze: Duration::from_secs(5),
            open_deadline: Duration::from_secs(8),
            max_frames: 25_000_000,
            max_preview_bytes: 64 << 20,
            n_threads: 0,
        }
    }
}
