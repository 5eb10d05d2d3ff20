//! Building the index: reading all packets, and decoding where packets cannot be believed.

use std::path::Path;
use std::time::Instant;

use super::decoder::{Decoder, Skipping, Step};
use super::demux::{Demuxer, Read};
use super::error::MediaError;
use super::index::{Clock, Entry, FrameIndex, PacketInfo, Verification};
use super::limits::Limits;
use super::source::Watch;
use super::times;

/// How far the index is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IndexProgress {
    /// What is being done.
    pub stage: IndexStage,
    /// From 0 to 1, of this stage.
    pub fraction: f64,
}

/// The two stages of indexing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexStage {
    /// Reading packets: as fast as the disk.
    Reading,
    /// Decoding frames, where the container alone cannot be believed.
    Decoding,
}

/// Frames decoded from the start of a long clip to see whether the container lists them right.
const N_VERIFIED_AT_START: usize = 32;

/// What indexing needs of the video around it.
pub(super) struct Scan<'a> {
    pub(super) path: &'a Path,
    pub(super) limits: &'a Limits,
    pub(super) watch: &'a Watch,
    /// Length of the file.
    pub(super) n_bytes: u64,
    /// When it has taken too long altogether.
    pub(super) until: Instant,
    /// Pixels of one frame.
    pub(super) frame_pixels: u64,
    pub(super) clock: Clock,
    /// Opens the file anew, at its very first packet.
    pub(super) reopen: &'a dyn Fn() -> Result<Demuxer, MediaError>,
    pub(super) progress: &'a mut dyn FnMut(IndexProgress),
}

impl Scan<'_> {
    /// Lists the frames. `demuxer` stands at its first packet; `decoder` is fresh, and is left flushed.
    ///
    /// # Errors
    /// [`MediaError::NoFrames`], [`MediaError::TooLarge`], [`MediaError::Changed`], [`MediaError::Cancelled`].
    pub(super) fn run(mut self, demuxer: Demuxer, decoder: &mut Decoder) -> Result<FrameIndex, MediaError> {
        let believable = is_believable_container(demuxer.input().format().name());
        let (mut packets, last_ticks, n_damaged) = self.read_packets(demuxer)?;
        let mut clock = Clock {
            last_ticks,
            ..self.clock
        };
        let listed = if believable && n_damaged == 0 {
            entries_by_pts(&packets)
        } else {
            None
        };

        let short = (packets.len() as u64).saturating_mul(self.frame_pixels) <= self.limits.verify_pixels;
        if !short && let Some(mut listed) = listed {
            let (decoded, n_damaged) = self.decode(decoder, &mut packets, N_VERIFIED_AT_START)?;
            let mut clock = clock;
            if n_damaged == 0 && listed.starts_with(&decoded) && !times::mend(&mut listed, &mut clock) {
                return Ok(FrameIndex::new(
                    listed,
                    packets,
                    clock,
                    Verification::Container,
                    0,
                ));
            }
        }
        let (mut entries, n_undecodable) = self.decode(decoder, &mut packets, usize::MAX)?;
        if entries.is_empty() {
            return Err(MediaError::NoFrames {
                path: self.path.to_owned(),
            });
        }
        let is_mended = times::mend(&mut entries, &mut clock);
        Ok(FrameIndex::new(
            entries,
            packets,
            clock,
            Verification::Decoded,
            n_damaged + n_undecodable + usize::from(is_mended),
        ))
    }

    fn read_packets(&mut self, mut demuxer: Demuxer) -> Result<(Vec<PacketInfo>, i64, usize), MediaError> {
        let file_bytes = self.n_bytes.max(1) as f64;
        let mut packets: Vec<PacketInfo> = Vec::new();
        let mut last: Option<(i64, i64)> = None;
        let mut n_damaged = 0;
        loop {
            let packet = match demuxer.read()? {
                Read::Packet(packet) => packet,
                Read::End { is_damaged } => {
                    n_damaged += usize::from(is_damaged);
                    break;
                }
            };
            self.went_on()?;
            let info = super::demux::describe(&packet);
            n_damaged += usize::from(info.damaged);
            let shown = info.pts.or(info.dts);
            if let Some(pts) = shown.filter(|&pts| last.is_none_or(|(latest, _)| pts >= latest)) {
                last = Some((pts, packet.duration()));
            }
            if packets.len() >= self.limits.max_packets {
                let what = format!("over {} packets", packets.len());
                let limit = self.limits.max_packets as u64;
                return Err(MediaError::TooLarge {
                    path: self.path.to_owned(),
                    what,
                    limit,
                });
            }
            packets.push(info);
            if packets.len().is_multiple_of(256) {
                let fraction = info
                    .position
                    .map_or(0.0, |position| (position as f64 / file_bytes).clamp(0.0, 1.0));
                self.tell(IndexStage::Reading, fraction);
            }
        }
        Ok((packets, last.map_or(0, |(_, ticks)| ticks.max(0)), n_damaged))
    }

    /// Says how far it is. Whoever is told may hold it up, which costs it none of its time.
    fn tell(&mut self, stage: IndexStage, fraction: f64) {
        let began = Instant::now();
        (self.progress)(IndexProgress { stage, fraction });
        self.until += began.elapsed();
        self.watch.progressed(self.limits.frame_deadline);
    }

    /// There is more time for the next step, if there is for all.
    fn went_on(&self) -> Result<(), MediaError> {
        if Instant::now() > self.until {
            return Err(MediaError::TimedOut {
                path: self.path.to_owned(),
                action: "read",
            });
        }
        self.watch.progressed(self.limits.frame_deadline);
        Ok(())
    }

    /// Decodes from the first packet on until `most` frames came out: what the `ffmpeg` program would show. A packet
    /// that the container calls a key frame and the decoder does not is one no longer.
    fn decode(
        &mut self,
        decoder: &mut Decoder,
        packets: &mut [PacketInfo],
        most: usize,
    ) -> Result<(Vec<Entry>, usize), MediaError> {
        let mut demuxer = (self.reopen)()?;
        let machine = |error| MediaError::of_ffmpeg(self.path, error);
        let mut entries = Vec::new();
        let mut times = TimeGuess::new(self.clock);
        let mut n_damaged = 0;
        // A frame is listed once: a damaged stream may yield a packet's number twice.
        let mut listed = vec![false; packets.len()];
        let mut ordinal = 0;
        while entries.len() < most {
            match decoder.take().map_err(machine)? {
                Step::Frame(decoded) => {
                    n_damaged += usize::from(decoded.is_patched());
                    if let Some(listed) = listed.get_mut(decoded.ordinal).filter(|listed| !**listed) {
                        *listed = true;
                        // AVI marks both packets of a packed pair, and only the first is a place to start from.
                        packets[decoded.ordinal].key &= decoded.frame.is_key();
                        let pts = times.next(packets[decoded.ordinal].pts, decoded.dts);
                        entries.push(Entry {
                            packet: decoded.ordinal as u32,
                            pts,
                        });
                    }
                }
                Step::Damage => n_damaged += 1,
                Step::Drained => break,
                Step::Hungry if ordinal == packets.len() => decoder.finish(),
                Step::Hungry => match demuxer.read()? {
                    Read::Packet(packet) => {
                        self.went_on()?;
                        let fed = decoder
                            .feed(packet, ordinal, Skipping::Nothing)
                            .map_err(machine)?;
                        n_damaged += usize::from(matches!(fed, Step::Damage));
                        ordinal += 1;
                        if ordinal.is_multiple_of(16) {
                            let wanted = packets.len().min(most.saturating_add(16)).max(1);
                            let fraction = (ordinal as f64 / wanted as f64).min(1.0);
                            self.tell(IndexStage::Decoding, fraction);
                        }
                    }
                    Read::End { .. } => decoder.finish(),
                },
            }
        }
        decoder.flush();
        Ok((entries, n_damaged))
    }
}

/// A frame that was found without an index.
pub(super) struct FirstFrame {
    pub(super) pts_secs: f64,
    pub(super) frame: ffmpeg_next::frame::Video,
}

/// Decodes until the first frame comes out.
///
/// # Errors
/// [`MediaError::NoFrames`]; what reading may meet.
pub(super) fn first_frame(
    path: &Path,
    mut demuxer: Demuxer,
    decoder: &mut Decoder,
    clock: Clock,
) -> Result<FirstFrame, MediaError> {
    let machine = |error| MediaError::of_ffmpeg(path, error);
    let mut times = Vec::new();
    let found = loop {
        match decoder.take().map_err(machine)? {
            Step::Frame(decoded) => break Some(decoded),
            Step::Drained => break None,
            Step::Damage => {}
            Step::Hungry => match demuxer.read()? {
                Read::Packet(packet) => {
                    times.push(packet.pts());
                    decoder
                        .feed(packet, times.len() - 1, Skipping::Nothing)
                        .map_err(machine)?;
                }
                Read::End { .. } => decoder.finish(),
            },
        }
    };
    decoder.flush();
    let decoded = found.ok_or_else(|| MediaError::NoFrames {
        path: path.to_owned(),
    })?;
    let ticks = TimeGuess::new(clock).next(times.get(decoded.ordinal).copied().flatten(), decoded.dts);
    let pts_secs = times::believable_secs(clock.secs(ticks));
    Ok(FirstFrame {
        pts_secs,
        frame: decoded.frame,
    })
}

/// Containers that keep one displayed frame in each packet, with its own presentation time.
fn is_believable_container(name: &str) -> bool {
    matches!(name, "mov,mp4,m4a,3gp,3g2,mj2" | "matroska,webm")
}

/// The frames in order of presentation, where every packet has a time stamp of its own and decoding can start at
/// the first; else `None`.
fn entries_by_pts(packets: &[PacketInfo]) -> Option<Vec<Entry>> {
    if !packets.first()?.key {
        return None;
    }
    let mut entries = (0..)
        .zip(packets)
        .filter(|(_, packet)| !packet.hidden)
        .map(|(i, packet)| packet.pts.map(|pts| Entry { packet: i, pts }))
        .collect::<Option<Vec<_>>>()?;
    entries.sort_unstable_by_key(|entry| entry.pts);
    let distinct = entries.windows(2).all(|pair| pair[0].pts < pair[1].pts);
    (distinct && !entries.is_empty()).then_some(entries)
}

/// Which of a frame's two time stamps to believe: `guess_correct_pts` of libavcodec's decode.c, which the `ffmpeg`
/// program goes by. Fed in the order in which frames come out.
struct TimeGuess {
    frame_ticks: i64,
    last_pts: Option<i64>,
    last_dts: Option<i64>,
    n_faulty_pts: usize,
    n_faulty_dts: usize,
    last: Option<i64>,
}

impl TimeGuess {
    fn new(clock: Clock) -> Self {
        Self {
            frame_ticks: clock.frame_ticks,
            last_pts: None,
            last_dts: None,
            n_faulty_pts: 0,
            n_faulty_dts: 0,
            last: None,
        }
    }

    fn next(&mut self, pts: Option<i64>, dts: Option<i64>) -> i64 {
        if let Some(dts) = dts {
            self.n_faulty_dts += usize::from(self.last_dts.is_some_and(|last| dts <= last));
            self.last_dts = Some(dts);
        } else if pts.is_some() {
            self.last_dts = pts;
        }
        if let Some(pts) = pts {
            self.n_faulty_pts += usize::from(self.last_pts.is_some_and(|last| pts <= last));
            self.last_pts = Some(pts);
        } else if dts.is_some() {
            self.last_pts = dts;
        }
        let believed = match (pts, dts) {
            (Some(pts), None) => Some(pts),
            (Some(pts), Some(_)) if self.n_faulty_pts <= self.n_faulty_dts => Some(pts),
            (_, dts) => dts,
        };
        let pts =
            believed.unwrap_or_else(|| self.last.map_or(0, |last| last.saturating_add(self.frame_ticks)));
        self.last = Some(pts);
        pts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(pts: Option<i64>, key: bool) -> PacketInfo {
        PacketInfo {
            pts,
            dts: None,
            position: None,
            n_bytes: 1,
            key,
            hidden: false,
            damaged: false,
        }
    }

    #[test]
    fn packets_are_believed_only_with_a_time_each() {
        let times = |all: &[Option<i64>]| {
            let packets: Vec<_> = all
                .iter()
                .enumerate()
                .map(|(i, &pts)| packet(pts, i == 0))
                .collect();
            entries_by_pts(&packets)
                .map(|entries| entries.iter().map(|entry| entry.packet).collect::<Vec<_>>())
        };
        assert_eq!(
            times(&[Some(0), Some(30), Some(10), Some(20)]),
            Some(vec![0, 2, 3, 1])
        );
        assert_eq!(times(&[Some(0), None, Some(10)]), None);
        assert_eq!(times(&[Some(0), Some(5), Some(5)]), None);
        assert_eq!(times(&[]), None);
        assert_eq!(entries_by_pts(&[packet(Some(0), false)]), None);
    }

    #[test]
    fn decoding_times_stand_in_for_missing_ones() {
        let mut guess = TimeGuess::new(Clock {
            tick_secs: 0.1,
            start_ticks: 0,
            frame_ticks: 5,
            last_ticks: 0,
        });
        let frames = [(None, Some(0)), (None, Some(1)), (None, None), (Some(9), Some(3))];
        let times: Vec<_> = frames.iter().map(|&(pts, dts)| guess.next(pts, dts)).collect();
        assert_eq!(times, [0, 1, 6, 9]);
    }
}
