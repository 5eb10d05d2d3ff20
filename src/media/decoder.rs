//! A video decoder that is told which packet a frame came from by number, not by time stamp.
#![expect(unsafe_code, reason = "decoder settings that have no safe setter")]

use std::path::Path;

use ffmpeg_next::codec::{self, discard::Discard};
use ffmpeg_next::{Error, Packet, ffi, format, frame};

use super::codecs;
use super::error::MediaError;
use super::limits::Limits;
use super::nal::{self, Framing};

/// A frame as the decoder gave it.
pub(super) struct Decoded {
    /// Number of its packet in the order of the file.
    pub(super) ordinal: usize,
    /// Decoding time stamp that FFmpeg attaches to it, in the stream's ticks.
    pub(super) dts: Option<i64>,
    pub(super) frame: frame::Video,
}

impl Decoded {
    /// Whether something was missing that the decoder filled in from other frames.
    pub(super) fn is_patched(&self) -> bool {
        self.frame.is_corrupt() || self.frame.has_decode_errors()
    }
}

/// What the decoder has to say.
pub(super) enum Step {
    /// A frame is ready.
    Frame(Box<Decoded>),
    /// It needs another packet first.
    Hungry,
    /// It has been drained.
    Drained,
    /// It could not decode something, and goes on.
    Damage,
}

/// Which frames may be left out on the way to the wanted ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skipping {
    /// Nothing.
    Nothing,
    /// This packet, if no other frame refers to it.
    IfUnreferenced,
}

/// An opened decoder.
pub(super) struct Decoder {
    decoder: codec::decoder::Video,
    unreferenced: Unreferenced,
    n_tail_packets: usize,
}

/// How it is known that nothing refers to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unreferenced {
    /// It is not, for certain.
    Unknown,
    /// The decoder knows.
    Decoder,
    /// Its packet says so before it is decoded.
    H264(Framing),
}

/// Frames that a decoder holds beside those in flight: as many as codecs in use refer to at their largest pictures.
const N_REFERENCES: u64 = 6;

/// Decoder threads whose frames are within `max_bytes`; one where not even its are.
fn threads_within(frame_bytes: u64, max_bytes: u64) -> usize {
    let n_frames = max_bytes / frame_bytes.max(1);
    usize::try_from(n_frames.saturating_sub(N_REFERENCES).max(1)).unwrap_or(usize::MAX)
}

/// Bytes of one frame as coded; four a pixel where its format is still to be known.
fn frame_bytes(context: &codec::Context) -> u64 {
    // SAFETY: plain fields of the context; the function reads a table of formats, and refuses one that is not in it.
    let (n_bytes, n_pixels) = unsafe {
        let raw = &*context.as_ptr();
        let n_bytes = ffi::av_image_get_buffer_size(raw.pix_fmt, raw.width, raw.height, 1);
        (n_bytes, i64::from(raw.width) * i64::from(raw.height))
    };
    u64::try_from(n_bytes)
        .or_else(|_unknown| u64::try_from(4 * n_pixels))
        .unwrap_or(0)
}

impl Decoder {
    /// Packets after a frame's own that may hold a part of it: its second field, or (in MPEG-4 part 2, whose packets
    /// may be packed) the signal to decode it.
    pub(super) fn n_tail_packets(&self) -> usize {
        self.n_tail_packets
    }

    /// Opens the decoder of a stream.
    ///
    /// # Errors
    /// [`MediaError::UnsupportedCodec`], [`MediaError::Machine`].
    pub(super) fn open(
        path: &Path,
        stream: &format::stream::Stream<'_>,
        limits: &Limits,
    ) -> Result<Self, MediaError> {
        let machine = |error| MediaError::of_ffmpeg(path, error);
        let unsupported = || MediaError::UnsupportedCodec {
            path: path.to_owned(),
            codec: stream.parameters().id().name().to_owned(),
        };
        let parameters = stream.parameters();
        let unreferenced = unreferenced_frames(&parameters);
        let n_tail_packets = if parameters.id() == codec::Id::MPEG4 { 3 } else { 1 };
        let decoder = codec::decoder::find(parameters.id());
        if !decoder.is_some_and(|decoder| codecs::decodes_video(decoder.name())) {
            return Err(unsupported());
        }
        let mut context = codec::Context::from_parameters(parameters).map_err(machine)?;
        let n_threads = std::thread::available_parallelism()
            .map_or(1, |n| n.get() + 1)
            .min(limits.max_threads)
            .min(threads_within(frame_bytes(&context), limits.max_memory_bytes));
        // SAFETY: fields that a user of a decoder may set before it is opened.
        unsafe {
            let raw = context.as_mut_ptr();
            // Whichever of the two the codec can; frames first, as the `ffmpeg` program has it.
            (*raw).thread_type = ffi::FF_THREAD_FRAME | ffi::FF_THREAD_SLICE;
            (*raw).thread_count = i32::try_from(n_threads).unwrap_or(1);
            (*raw).pkt_timebase = (*stream.as_ptr()).time_base;
            (*raw).max_pixels = i64::try_from(limits.max_pixels).unwrap_or(i64::MAX);
        }
        let decoder = context.decoder().video().map_err(|error| match error {
            Error::Other { errno: libc::ENOMEM } => machine(error),
            _ => unsupported(),
        })?;
        Ok(Self {
            decoder,
            unreferenced,
            n_tail_packets,
        })
    }

    /// Feeds the packet with number `ordinal`. Every frame must have been taken before ([`Step::Hungry`]).
    ///
    /// # Errors
    /// Only [`MediaError::Machine`]: a packet that cannot be decoded is [`Step::Damage`], as it is no reason to stop.
    pub(super) fn feed(
        &mut self,
        mut packet: Packet,
        ordinal: usize,
        skipping: Skipping,
    ) -> Result<Step, Error> {
        let skip = match (skipping, self.unreferenced) {
            (Skipping::IfUnreferenced, Unreferenced::H264(framing))
                if packet
                    .data()
                    .is_some_and(|data| nal::is_droppable_h264(data, framing)) =>
            {
                return Ok(Step::Hungry);
            }
            (Skipping::IfUnreferenced, Unreferenced::Decoder | Unreferenced::H264(_)) => {
                Discard::NonReference
            }
            (Skipping::IfUnreferenced, Unreferenced::Unknown) | (Skipping::Nothing, _) => Discard::Default,
        };
        self.decoder.skip_frame(skip);
        // A decoder hands time stamps through untouched and puts them in order of presentation: the number that
        // travels in their place names a frame even where the file has no time stamps, or the same one twice.
        packet.set_pts(i64::try_from(ordinal).ok());
        match self.decoder.send_packet(&packet) {
            Ok(()) => Ok(Step::Hungry),
            Err(error @ Error::Other { errno: libc::ENOMEM }) => Err(error),
            Err(_) => Ok(Step::Damage),
        }
    }

    /// Says that no packet follows: the frames still inside come out.
    pub(super) fn finish(&mut self) {
        // Refused only where it has been said already.
        self.decoder.send_eof().ok();
    }

    /// The next frame in order of presentation.
    ///
    /// # Errors
    /// Out of memory.
    pub(super) fn take(&mut self) -> Result<Step, Error> {
        let mut frame = frame::Video::empty();
        match self.decoder.receive_frame(&mut frame) {
            Ok(()) => {
                let Some(ordinal) = frame.pts().and_then(|number| usize::try_from(number).ok()) else {
                    return Ok(Step::Damage);
                };
                // SAFETY: a plain field of a valid frame.
                let dts = unsafe { (*frame.as_ptr()).pkt_dts };
                let dts = (dts != ffi::AV_NOPTS_VALUE).then_some(dts);
                Ok(Step::Frame(Box::new(Decoded { ordinal, dts, frame })))
            }
            Err(Error::Other { errno: libc::EAGAIN }) => Ok(Step::Hungry),
            Err(Error::Eof) => Ok(Step::Drained),
            Err(error @ Error::Other { errno: libc::ENOMEM }) => Err(error),
            Err(_) => Ok(Step::Damage),
        }
    }

    /// Forgets everything, for packets from elsewhere in the file.
    pub(super) fn flush(&mut self) {
        self.decoder.flush();
    }
}

/// How this stream tells that nothing refers to a frame.
///
/// In MPEG-4 part 2 a packet may hold two pictures, the second of which is decoded with the next packet: leaving one
/// out would leave out the other. HEVC's "sub-layer non-reference" pictures may be referred to from a higher temporal
/// layer, so there it holds for streams of a single layer only (`numTemporalLayers` of ISO/IEC 14496-15, 8.3.3.1.2).
fn unreferenced_frames(parameters: &codec::Parameters) -> Unreferenced {
    // SAFETY: FFmpeg keeps `extradata` and its size together for as long as the parameters live.
    let extradata = unsafe {
        let raw = &*parameters.as_ptr();
        match usize::try_from(raw.extradata_size) {
            Ok(n_bytes) if n_bytes > 0 && !raw.extradata.is_null() => {
                std::slice::from_raw_parts(raw.extradata, n_bytes)
            }
            _ => &[],
        }
    };
    let one_layer =
        || extradata.first() == Some(&1) && extradata.get(21).is_some_and(|byte| byte >> 3 & 7 == 1);
    match parameters.id() {
        codec::Id::H264 => Unreferenced::H264(Framing::of_h264(extradata)),
        codec::Id::MPEG4 => Unreferenced::Unknown,
        codec::Id::HEVC if !one_layer() => Unreferenced::Unknown,
        _ => Unreferenced::Decoder,
    }
}

#[cfg(test)]
mod tests {
    use super::threads_within;

    #[test]
    fn larger_frames_are_decoded_by_fewer_threads() {
        let (full_hd, large, largest) = (1920 * 1080 * 3 / 2, 7680 * 4320 * 3, 8_192 * 8_192 * 8);
        assert!(threads_within(full_hd, 1 << 30) > 100);
        assert_eq!(threads_within(large, 1 << 30), 4);
        assert_eq!(threads_within(largest, 1 << 30), 1);
        assert_eq!(threads_within(0, 1 << 30), (1 << 30) - 6);
    }
}
