//! Which FFmpeg does the work, and what it can decode.

use ffmpeg_next::codec::Id;

/// The FFmpeg libraries that this program runs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Their versions, such as `libavcodec 59.37.100, libavformat 59.27.100`.
    pub version: String,
    /// The licence that this build of them is under, such as `LGPL version 2.1 or later`.
    pub licence: String,
    /// Codecs that recordings and downloads commonly have and these libraries cannot decode.
    pub missing: Vec<&'static str>,
}

/// Looks at the libraries that were found when the program started.
#[must_use]
pub fn about() -> About {
    let common = [
        ("H.264", Id::H264),
        ("HEVC", Id::HEVC),
        ("VP8", Id::VP8),
        ("VP9", Id::VP9),
        ("AV1", Id::AV1),
        ("MPEG-4", Id::MPEG4),
        ("MPEG-2", Id::MPEG2VIDEO),
        ("ProRes", Id::PRORES),
        ("MJPEG", Id::MJPEG),
        ("GIF", Id::GIF),
    ];
    let missing = common
        .into_iter()
        .filter(|(_, id)| ffmpeg_next::decoder::find(*id).is_none());
    About {
        version: super::ffmpeg_version(),
        licence: ffmpeg_next::codec::license().to_owned(),
        missing: missing.map(|(name, _)| name).collect(),
    }
}
