//! A picture near a time without a list of the frames: of the key frame that the container itself finds.

use ffmpeg_next::codec::packet::Flags;
use ffmpeg_next::{Packet, frame};
use image::RgbImage;

use super::decoder::{Decoder, Skipping, Step};
use super::demux::{self, Demuxer, Read};
use super::error::MediaError;

/// Packets read after a seek until one of them is a key frame: seconds of a stream that is found by bisection.
const MOST_BEFORE_KEY: usize = 400;

/// A frame that is known by its time alone: its number would take a list.
#[derive(Clone, Debug)]
pub struct Glimpse {
    /// When it is shown, in seconds; see [`super::FrameIndex`].
    pub pts_secs: f64,
    /// RGB, turned and with square pixels.
    pub image: RgbImage,
}

/// The packet of the key frame whose time is nearest to `ticks`, by the container's own index; `None` where that leads to
/// no packet that is shown, whole and timed.
pub(super) fn nearest_key(demuxer: &mut Demuxer, ticks: i64) -> Result<Option<(i64, Packet)>, MediaError> {
    let mut found: Option<(i64, Packet)> = None;
    for backward in [true, false] {
        if !demuxer.seek_to_key(ticks, backward) {
            continue;
        }
        let Some((pts, packet)) = next_key(demuxer)? else {
            continue;
        };
        let distance = |pts: i64| pts.abs_diff(ticks);
        if found
            .as_ref()
            .is_none_or(|(earlier, _)| distance(pts) < distance(*earlier))
        {
            found = Some((pts, packet));
        }
        // What lies behind it cannot be nearer.
        if backward && pts >= ticks {
            break;
        }
    }
    Ok(found)
}

fn next_key(demuxer: &mut Demuxer) -> Result<Option<(i64, Packet)>, MediaError> {
    for _ in 0..MOST_BEFORE_KEY {
        let Read::Packet(packet) = demuxer.read()? else {
            return Ok(None);
        };
        if !packet.flags().contains(Flags::KEY) {
            continue;
        }
        let info = demux::describe(&packet);
        let is_sound = !info.hidden && !info.damaged;
        return Ok(info.pts.filter(|_| is_sound).map(|pts| (pts, packet)));
    }
    Ok(None)
}

/// Decodes one key packet by itself; `None` where it gives no whole frame so.
pub(super) fn decode_alone(
    decoder: &mut Decoder,
    packet: Packet,
) -> Result<Option<frame::Video>, ffmpeg_next::Error> {
    let mut found = None;
    let mut step = decoder.feed(packet, 0, Skipping::Nothing)?;
    decoder.finish();
    loop {
        match step {
            Step::Frame(decoded) if decoded.ordinal == 0 && !decoded.is_patched() => {
                found = Some(decoded.frame);
            }
            Step::Frame(_) | Step::Hungry => {}
            Step::Damage => found = None,
            Step::Drained => break,
        }
        step = decoder.take()?;
    }
    decoder.flush();
    Ok(found)
}
