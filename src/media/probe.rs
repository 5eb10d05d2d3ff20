//! What is in a file, in terms that a person understands.
#![expect(unsafe_code, reason = "colour tags and display matrices have no safe getters")]

use std::path::Path;

use ffmpeg_next::codec::packet::side_data;
use ffmpeg_next::format::stream::{Disposition, Stream};
use ffmpeg_next::{Rational, ffi, media};

use super::demux::Demuxer;
use super::error::MediaError;
use super::index::FrameIndex;
use super::limits::Limits;
use super::times;
use crate::video::{Colour, FrameCount, FrameRate, Hdr, Orientation, Probe, Track};

/// Chooses the video stream as the `ffmpeg` program does: the largest picture, a track marked as default ahead of
/// others, never a cover picture.
///
/// # Errors
/// [`MediaError::NoVideo`], saying what is there instead.
pub(super) fn choose_stream(demuxer: &Demuxer) -> Result<usize, MediaError> {
    let score = |stream: &Stream<'_>| {
        let (width, height) = coded_size(stream);
        let default = stream.disposition().contains(Disposition::DEFAULT);
        u64::from(width) * u64::from(height) + if default { 5_000_000 } else { 0 }
    };
    let videos = demuxer
        .input()
        .streams()
        .filter(|stream| is(stream, media::Type::Video) && !is_cover(stream));
    // The first of equals, so not `max_by_key`, which takes the last.
    let best = videos.fold(None, |best: Option<(u64, usize)>, stream| {
        match (best, score(&stream)) {
            (Some((high, index)), score) if high >= score => Some((high, index)),
            (_, score) => Some((score, stream.index())),
        }
    });
    best.map(|(_, index)| index).ok_or_else(|| {
        let count = |kind| {
            demuxer
                .input()
                .streams()
                .filter(|stream| is(stream, kind))
                .count()
        };
        let parts = [
            (count(media::Type::Audio), "sound"),
            (count(media::Type::Video), "a cover picture"),
            (count(media::Type::Subtitle), "subtitles"),
        ];
        let parts: Vec<_> = parts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(_, name)| *name)
            .collect();
        let contents = if parts.is_empty() {
            "other data".to_owned()
        } else {
            parts.join(" and ")
        };
        MediaError::NoVideo {
            path: demuxer.path().to_owned(),
            contents,
        }
    })
}

/// Describes the file around the chosen stream.
///
/// # Errors
/// [`MediaError::TooLarge`], [`MediaError::NoFrames`] where not even the size of the picture is known.
pub(super) fn probe(demuxer: &Demuxer, limits: &Limits) -> Result<Probe, MediaError> {
    let path = demuxer.path();
    let no_frames = || MediaError::NoFrames {
        path: path.to_owned(),
    };
    let stream = demuxer.input().stream(demuxer.stream()).ok_or_else(no_frames)?;
    let coded_size = coded_size(&stream);
    check_size(path, coded_size, limits)?;
    let orientation = orientation(&stream);
    let colour = colour(&stream);
    let tracks = |kind| {
        let tracks = demuxer.input().streams().filter(move |stream| is(stream, kind));
        tracks.map(|stream| track(&stream)).collect::<Vec<_>>()
    };
    let average_fps = fraction(stream.avg_frame_rate()).or_else(|| fraction(stream.rate()));
    let duration_secs = claimed_duration(demuxer, &stream);
    let n_frames = match (usize::try_from(stream.frames()), average_fps) {
        (Ok(n), _) if n > 0 => Some(n),
        (_, Some(fps)) if duration_secs > 0.0 => Some((duration_secs * fps).round() as usize),
        _ => None,
    };
    // More are never listed, so it would be a promise without a meaning.
    let n_frames = n_frames.filter(|&n| n <= limits.max_packets);
    let n_frames = n_frames.map_or(FrameCount::Unknown, FrameCount::Estimated);
    let frame_rate = match (average_fps, fraction(stream.rate())) {
        (Some(average), Some(base)) if (average - base).abs() < 1e-3 * base => {
            FrameRate::Constant { fps: average }
        }
        (Some(average_fps), _) => FrameRate::Variable { average_fps },
        (None, _) => FrameRate::Unknown,
    };
    let mut probe = Probe {
        container: container(demuxer.input().format().name()),
        codec: stream.parameters().id().name().to_owned(),
        display_size: orientation.turned_size(coded_size),
        coded_size,
        orientation,
        pixel_aspect: pixel_aspect(&stream),
        n_frames,
        duration_secs,
        start_secs: start_secs(demuxer),
        frame_rate,
        colour,
        audio_tracks: tracks(media::Type::Audio),
        subtitle_tracks: tracks(media::Type::Subtitle),
        n_cover_pictures: demuxer.input().streams().filter(is_cover).count(),
        warnings: Vec::new(),
    };
    probe.warn_of_display();
    Ok(probe)
}

impl Probe {
    fn warn_of_display(&mut self) {
        if let Some(hdr) = self.colour.hdr {
            let name = match hdr {
                Hdr::Pq => "PQ",
                Hdr::Hlg => "HLG",
            };
            self.warnings.push(format!(
                "high dynamic range ({name}) is shown without tone mapping: it looks pale"
            ));
        }
        if self.pixel_aspect != (1, 1) {
            let (width, height) = self.pixel_aspect;
            self.warnings.push(format!(
                "pixels are {width}:{height}: the model sees them as if they were square"
            ));
        }
    }

    /// Takes over what only the index knows.
    pub(super) fn learn(&mut self, index: &FrameIndex) {
        let claimed = std::mem::replace(&mut self.n_frames, FrameCount::Exact(index.len()));
        self.duration_secs = index.duration_secs();
        self.frame_rate = match index.gaps_secs() {
            None => FrameRate::Unknown,
            Some((shortest, longest)) => {
                let average_fps = (index.len() - 1) as f64
                    / (index.pts_secs(index.len() - 1) - index.pts_secs(0)).max(f64::MIN_POSITIVE);
                // Two ticks of rounding, as a gap has two ends.
                if longest - shortest <= 2.01 * index.tick_secs() {
                    FrameRate::Constant { fps: average_fps }
                } else {
                    FrameRate::Variable { average_fps }
                }
            }
        };
        match index.n_damaged() {
            0 => {}
            1 => self.warnings.push("one place of the file is damaged".to_owned()),
            n => self.warnings.push(format!("{n} places of the file are damaged")),
        }
        if let FrameCount::Estimated(claimed) = claimed
            && index.n_damaged() > 0
            && claimed > index.len()
        {
            let n = index.len();
            self.warnings.push(format!(
                "the file promises about {claimed} frames, {n} can be shown"
            ));
        }
    }
}

/// Refuses pictures that are empty or beyond the limit.
pub(super) fn check_size(
    path: &Path,
    (width, height): (u32, u32),
    limits: &Limits,
) -> Result<(), MediaError> {
    let n_pixels = u64::from(width) * u64::from(height);
    if n_pixels == 0 {
        return Err(MediaError::NoFrames {
            path: path.to_owned(),
        });
    }
    if n_pixels > limits.max_pixels {
        let what = format!("pictures of {width}x{height} pixels");
        return Err(MediaError::TooLarge {
            path: path.to_owned(),
            what,
            limit: limits.max_pixels,
        });
    }
    Ok(())
}

fn is(stream: &Stream<'_>, kind: media::Type) -> bool {
    stream.parameters().medium() == kind
}

fn is_cover(stream: &Stream<'_>) -> bool {
    stream.disposition().contains(Disposition::ATTACHED_PIC)
}

fn track(stream: &Stream<'_>) -> Track {
    let language = stream
        .metadata()
        .get("language")
        .filter(|language| *language != "und")
        .map(str::to_owned);
    Track {
        codec: stream.parameters().id().name().to_owned(),
        language,
    }
}

fn fraction(rate: Rational) -> Option<f64> {
    let is_known = rate.numerator() > 0 && rate.denominator() > 0;
    is_known.then(|| f64::from(rate)).and_then(times::believable_fps)
}

/// Families of containers under names that people know; FFmpeg's own name otherwise.
fn container(name: &str) -> String {
    let known = match name {
        "mov,mp4,m4a,3gp,3g2,mj2" => "MP4/QuickTime",
        "matroska,webm" => "Matroska/WebM",
        "avi" => "AVI",
        "mpegts" => "MPEG transport stream",
        "mpeg" => "MPEG program stream",
        "flv" => "FLV",
        "ogg" => "Ogg",
        "asf" => "ASF/WMV",
        "gif" => "GIF",
        other => other,
    };
    known.to_owned()
}

/// Seconds at which players show zero: the container's start, as the `ffmpeg` program subtracts it.
fn start_secs(demuxer: &Demuxer) -> f64 {
    // SAFETY: a plain field of the open container.
    let start = unsafe { (*demuxer.input().as_ptr()).start_time };
    if start == ffi::AV_NOPTS_VALUE {
        0.0
    } else {
        start as f64 / f64::from(ffi::AV_TIME_BASE)
    }
}

fn claimed_duration(demuxer: &Demuxer, stream: &Stream<'_>) -> f64 {
    let (of_stream, of_container) = (stream.duration(), demuxer.input().duration());
    let secs = if of_stream > 0 {
        of_stream as f64 * f64::from(stream.time_base())
    } else {
        of_container.max(0) as f64 / f64::from(ffi::AV_TIME_BASE)
    };
    times::believable_secs(secs)
}

fn coded_size(stream: &Stream<'_>) -> (u32, u32) {
    // SAFETY: plain fields of the stream's parameters.
    let (width, height) = unsafe {
        let parameters = &*(*stream.as_ptr()).codecpar;
        (parameters.width, parameters.height)
    };
    (
        u32::try_from(width).unwrap_or(0),
        u32::try_from(height).unwrap_or(0),
    )
}

fn pixel_aspect(stream: &Stream<'_>) -> (u32, u32) {
    // SAFETY: plain fields; the container's word goes before the codec's, as in av_guess_sample_aspect_ratio.
    let candidates = unsafe {
        let raw = &*stream.as_ptr();
        [raw.sample_aspect_ratio, (*raw.codecpar).sample_aspect_ratio]
    };
    let positive = |ratio: ffi::AVRational| match (u32::try_from(ratio.num), u32::try_from(ratio.den)) {
        (Ok(num), Ok(den)) if num > 0 && den > 0 => Some((num, den)),
        _ => None,
    };
    // Beyond 16:1 it is damage, not an aspect.
    let plausible = |&(num, den): &(u32, u32)| num.max(den) / num.min(den) <= 16;
    let (width, height) = candidates
        .into_iter()
        .find_map(positive)
        .filter(plausible)
        .unwrap_or((1, 1));
    // GIF says 64:64 where it means square.
    let divisor = greatest_common_divisor(width, height);
    (width / divisor, height / divisor)
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

fn orientation(stream: &Stream<'_>) -> Orientation {
    let matrix = stream
        .side_data()
        .find(|data| data.kind() == side_data::Type::DisplayMatrix);
    let Some(matrix) = matrix else {
        return Orientation::Upright;
    };
    let mut values = [0; 9];
    for (value, bytes) in values.iter_mut().zip(matrix.data().as_chunks::<4>().0) {
        *value = i32::from_ne_bytes(*bytes);
    }
    Orientation::from_display_matrix(&values)
}

fn colour(stream: &Stream<'_>) -> Colour {
    // SAFETY: plain fields of the stream's parameters, whose tags FFmpeg replaces by `unspecified` where it does not
    // know them; the formats below `NB` are all values of the enum; names are in static memory or null.
    unsafe {
        let parameters = &*(*stream.as_ptr()).codecpar;
        let name = |name: *const std::ffi::c_char| {
            let known =
                (!name.is_null()).then(|| std::ffi::CStr::from_ptr(name).to_string_lossy().into_owned());
            known.filter(|name| name != "unknown" && name != "reserved")
        };
        let known_format = (0..ffi::AVPixelFormat::AV_PIX_FMT_NB as i32).contains(&parameters.format);
        let descriptor = if known_format {
            ffi::av_pix_fmt_desc_get(std::mem::transmute::<i32, ffi::AVPixelFormat>(parameters.format))
        } else {
            std::ptr::null()
        };
        let bits = (!descriptor.is_null()).then(|| (*descriptor).comp[0].depth);
        let hdr = match parameters.color_trc {
            ffi::AVColorTransferCharacteristic::AVCOL_TRC_SMPTE2084 => Some(Hdr::Pq),
            ffi::AVColorTransferCharacteristic::AVCOL_TRC_ARIB_STD_B67 => Some(Hdr::Hlg),
            _ => None,
        };
        Colour {
            pixel_format: (!descriptor.is_null())
                .then(|| name((*descriptor).name))
                .flatten(),
            bits: bits.and_then(|bits| u32::try_from(bits).ok()),
            matrix: name(ffi::av_color_space_name(parameters.color_space)),
            primaries: name(ffi::av_color_primaries_name(parameters.color_primaries)),
            transfer: name(ffi::av_color_transfer_name(parameters.color_trc)),
            range: name(ffi::av_color_range_name(parameters.color_range)),
            hdr,
        }
    }
}
