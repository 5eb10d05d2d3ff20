//! What a file may cost before it is refused.

use std::time::Duration;

/// Bounds on what a video file may ask of the machine. [`Limits::default`] are the product's.
///
/// Files come from anywhere, so each of these is a promise about the worst file, not a tuning knob for good ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Most pixels of one frame, as coded. The default holds 8K twice (8192 x 8192), and a frame of it as RGB within
    /// `max_memory_bytes`.
    pub max_pixels: u64,
    /// Most streams of a container; more are refused by the demuxer.
    pub max_streams: u32,
    /// Most bytes read to find out what is in a file.
    pub probe_bytes: u64,
    /// Most media time analysed to find out what is in a file.
    pub probe_span: Duration,
    /// Most bytes read without a packet coming of them; the file is taken to end there. Holds a frame of 8K, and is a
    /// few seconds' work for the slowest demuxer.
    pub max_barren_bytes: u64,
    /// Longest that opening and probing may take before the file is refused.
    pub open_deadline: Duration,
    /// Longest single step (one frame's way from its key frame) before the file is given up.
    pub frame_deadline: Duration,
    /// Longest that listing the frames of any file may take, however short it is; see [`Limits::listing_span`].
    pub listing_deadline: Duration,
    /// Bytes of a file for which listing gets another second: the least that a slow machine decodes in one.
    pub listing_bytes_per_sec: u64,
    /// Most packets of the video stream, which bounds the index: 48 bytes each.
    pub max_packets: usize,
    /// Decoder threads: frames in flight, and so full frames held, are about as many. Fewer where frames are so large that
    /// those would be beyond `max_memory_bytes`.
    pub max_threads: usize,
    /// Most memory that a process whose only work is a video may take: see [`bound_memory`].
    ///
    /// [`bound_memory`]: super::bound_memory
    pub max_memory_bytes: u64,
    /// Bytes of compressed previews kept.
    pub preview_bytes: usize,
    /// A clip of at most so many pixels altogether is decoded once to verify its index, which costs about a second
    /// per 500 million; a longer one whose container can be trusted is verified over its first frames only.
    pub verify_pixels: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pixels: 8_192 * 8_192,
            max_streams: 64,
            probe_bytes: 8 << 20,
            probe_span: Duration::from_secs(5),
            max_barren_bytes: 256 << 20,
            open_deadline: Duration::from_secs(8),
            frame_deadline: Duration::from_secs(60),
            listing_deadline: Duration::from_secs(120),
            listing_bytes_per_sec: 64 << 10,
            max_packets: 4_000_000,
            max_threads: 4,
            max_memory_bytes: 900 << 20,
            preview_bytes: 64 << 20,
            verify_pixels: 200_000_000,
        }
    }
}

impl Limits {
    /// How long listing the frames of a file of `n_bytes` may take altogether: each step may be within its deadline, and
    /// there be millions of them.
    #[must_use]
    pub fn listing_span(&self, n_bytes: u64) -> Duration {
        self.listing_deadline + Duration::from_secs(n_bytes / self.listing_bytes_per_sec.max(1))
    }
}
