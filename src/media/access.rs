//! The way to a frame: from where, by seeking or by going on, and what may be left out on the way.

use std::collections::HashSet;
use std::ops::ControlFlow;

use ffmpeg_next::{Packet, frame};

use super::decoder::{Decoded, Decoder, Skipping, Step};
use super::demux::{Demuxer, Read};
use super::error::MediaError;
use super::index::FrameIndex;
use super::limits::Limits;
use super::source::Watch;

/// A seek costs about as much time as decoding so many packets: the decoder's pipeline runs empty and fills again.
/// Containers without an index are searched by bisection, each step of which reads and parses.
const SEEK_COST_INDEXED: usize = 8;
const SEEK_COST_UNINDEXED: usize = 60;

/// Packets read after a seek before it is given up that one of them is recognised.
const MOST_UNRECOGNISED: usize = 400;

/// Failed packets in a row after which the decoder is taken to be stuck.
const MOST_DAMAGE: usize = 4096;

/// What is wanted next after the frames at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// Nothing: frames that nobody asked for may be left out, and the decoder emptied after the last one.
    Batch,
    /// Most likely the next frame: everything from the wanted frame on is decoded, and nothing thrown away.
    Stepping,
}

/// Takes a wanted frame, by its place in the index, and says whether to go on.
pub(super) type OnFrame<'a> = dyn FnMut(usize, &frame::Video) -> Result<ControlFlow<()>, MediaError> + 'a;

/// Where reading and decoding stand.
struct Cursor {
    /// The packet that decoding began with.
    started_at: usize,
    /// The packet that is read next.
    next: usize,
    /// That packet, where a search has read it already.
    pending: Option<Packet>,
    /// Packets since `started_at` whose frames were left out.
    skipped: HashSet<usize>,
    /// The last frame that came out.
    shown: Option<usize>,
    /// No packet can be fed any more without starting anew.
    finished: bool,
}

/// A demuxer and a decoder on their way through one stream.
pub(super) struct Access {
    demuxer: Demuxer,
    decoder: Decoder,
    cursor: Option<Cursor>,
    seek_cost: usize,
}

impl Access {
    pub(super) fn new(demuxer: Demuxer, decoder: Decoder) -> Self {
        let indexed = matches!(
            demuxer.input().format().name(),
            "mov,mp4,m4a,3gp,3g2,mj2" | "matroska,webm" | "avi"
        );
        let seek_cost = if indexed {
            SEEK_COST_INDEXED
        } else {
            SEEK_COST_UNINDEXED
        };
        Self {
            demuxer,
            decoder,
            cursor: None,
            seek_cost,
        }
    }

    pub(super) fn demuxer(&self) -> &Demuxer {
        &self.demuxer
    }

    /// The decoder for other use; what it was doing is forgotten.
    pub(super) fn decoder(&mut self) -> &mut Decoder {
        self.cursor = None;
        self.decoder.flush();
        &mut self.decoder
    }

    /// Demuxer and decoder for other use; where they stood is forgotten.
    pub(super) fn lend(&mut self) -> (&mut Demuxer, &mut Decoder) {
        self.cursor = None;
        self.decoder.flush();
        (&mut self.demuxer, &mut self.decoder)
    }

    /// Decodes the `wanted` frames, ascending and distinct, and hands each out until told to stop.
    ///
    /// # Errors
    /// [`MediaError::FrameLost`] for a frame that cannot be reached from anywhere; what the file and the machine do.
    pub(super) fn visit(
        &mut self,
        way: &Way<'_>,
        wanted: &[usize],
        pace: Pace,
        on_frame: &mut OnFrame<'_>,
    ) -> Result<(), MediaError> {
        let index = way.index;
        let ordinals: HashSet<usize> = wanted.iter().map(|&frame| index.packet_of(frame)).collect();
        let mut delivered = vec![false; wanted.len()];
        for slot in 0..wanted.len() {
            if delivered[slot] {
                continue;
            }
            let target = wanted[slot];
            let target_packet = index.packet_of(target);
            for attempt in self.attempts(index, target) {
                let may_skip = attempt.may_skip;
                if let Some(start) = attempt.start {
                    self.start_at(way, start, attempt.position)?;
                }
                let going_on = |next: &&usize| self.goes_on(index, **next, Some(target_packet));
                let next_is_near = match pace {
                    Pace::Stepping => true,
                    Pace::Batch => wanted.get(slot + 1).iter().any(going_on),
                };
                // The second field of an interlaced frame may be a packet of its own.
                let last = if next_is_near {
                    usize::MAX
                } else {
                    target_packet + self.decoder.n_tail_packets()
                };
                while let Some(decoded) = self.advance(way, last, |ordinal| {
                    let asked_for = ordinals.contains(&ordinal)
                        || ordinal.checked_sub(1).is_some_and(|o| ordinals.contains(&o));
                    let needed =
                        asked_for || !may_skip || (pace == Pace::Stepping && ordinal >= target_packet);
                    if needed {
                        Skipping::Nothing
                    } else {
                        Skipping::IfUnreferenced
                    }
                })? {
                    let Some(shown) = index.shown_as(decoded.ordinal) else {
                        continue;
                    };
                    if let Ok(found) = wanted.binary_search(&shown)
                        && !delivered[found]
                    {
                        delivered[found] = true;
                        if on_frame(shown, &decoded.frame)?.is_break() {
                            return Ok(());
                        }
                        // Whoever got it may have taken long.
                        way.watch.progressed(way.limits.frame_deadline);
                    }
                    if shown >= target {
                        break;
                    }
                }
                if delivered[slot] {
                    break;
                }
            }
            if !delivered[slot] {
                self.cursor = None;
                return Err(MediaError::FrameLost {
                    path: self.demuxer.path().to_owned(),
                    index: target,
                });
            }
        }
        Ok(())
    }

    /// Whether going on from where decoding stands reaches frame `target` within `n_packets`.
    pub(super) fn is_just_ahead(&self, index: &FrameIndex, target: usize, n_packets: usize) -> bool {
        let next = self.cursor.as_ref().map_or(usize::MAX, |cursor| cursor.next);
        index.packet_of(target) < next.saturating_add(n_packets) && self.goes_on(index, target, None)
    }

    /// Decodes the frame of one key packet alone and hands it out; `None` where that packet gives none by itself.
    pub(super) fn key_frame(
        &mut self,
        way: &Way<'_>,
        frame: usize,
    ) -> Result<Option<frame::Video>, MediaError> {
        let ordinal = way.index.packet_of(frame);
        self.start_at(way, ordinal, Position::Search)?;
        let mut found = None;
        while let Some(decoded) = self.advance(way, ordinal, |_| Skipping::Nothing)? {
            if decoded.ordinal == ordinal {
                found = Some(decoded.frame);
            }
        }
        Ok(found)
    }

    /// The ways to try, the cheapest first: go on; from the nearest usable key frame; from the ones before it,
    /// leaving nothing out; from the first packet of the file, read anew.
    fn attempts(&self, index: &FrameIndex, target: usize) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        if self.goes_on(index, target, None) {
            attempts.push(Attempt {
                start: None,
                position: Position::Search,
                may_skip: index.n_damaged() == 0,
            });
        }
        // A damaged frame is patched up from whatever was decoded before it, so there everything is.
        let whole = index.n_damaged() == 0;
        let from = |(nth, start)| Attempt {
            start: Some(start),
            position: Position::Search,
            may_skip: whole && nth == 0,
        };
        attempts.extend(index.starts(target).take(3).enumerate().map(from));
        attempts.push(Attempt {
            start: Some(0),
            position: Position::Reopen,
            may_skip: false,
        });
        attempts
    }

    /// The cost model: whether frame `target` is reached sooner by going on than by a seek to its key frame.
    ///
    /// `after`: as it will be once the packet of that number has been fed.
    fn goes_on(&self, index: &FrameIndex, target: usize, after: Option<usize>) -> bool {
        let Some(cursor) = self.cursor.as_ref().filter(|cursor| !cursor.finished) else {
            return false;
        };
        let packet = index.packet_of(target);
        let start = index.starts(target).next().unwrap_or(0);
        if start < cursor.started_at || cursor.shown.is_some_and(|shown| shown >= target) {
            return false;
        }
        let next = after.map_or(cursor.next, |after| cursor.next.max(after + 1));
        if packet < next {
            !cursor.skipped.contains(&packet)
        } else {
            start <= next.saturating_add(self.seek_cost)
        }
    }

    /// The next frame in order of presentation; `None` once the packet `last`, or the file, is behind and drained.
    fn advance(
        &mut self,
        way: &Way<'_>,
        last: usize,
        skipping: impl Fn(usize) -> Skipping,
    ) -> Result<Option<Decoded>, MediaError> {
        let mut n_damage = 0;
        loop {
            way.watch.check(self.demuxer.path(), "decode")?;
            let path = self.demuxer.path().to_owned();
            let machine = |error| MediaError::of_ffmpeg(&path, error);
            let Some(cursor) = self.cursor.as_mut() else {
                return Ok(None);
            };
            let step = match self.decoder.take() {
                Ok(Step::Hungry) if cursor.finished => Step::Drained,
                // Behind the last packet there is nothing, which may take long to read.
                Ok(Step::Hungry) if cursor.next > last || cursor.next == way.index.packets().len() => {
                    cursor.finished = true;
                    self.decoder.finish();
                    Step::Hungry
                }
                Ok(Step::Hungry) => match cursor
                    .pending
                    .take()
                    .map_or_else(|| self.demuxer.read(), |p| Ok(Read::Packet(p)))
                {
                    Err(error) => {
                        // Somewhere within a packet: nothing can go on from there.
                        self.cursor = None;
                        return Err(error);
                    }
                    Ok(Read::Packet(packet)) => {
                        let ordinal = cursor.next;
                        let listed = way.index.packets().get(ordinal);
                        if listed.is_none_or(|listed| listed.n_bytes as usize != packet.size()) {
                            // Not the packet that the index has here: whatever follows would be mistaken for others.
                            self.cursor = None;
                            return Ok(None);
                        }
                        cursor.next += 1;
                        let skipping = skipping(ordinal);
                        if skipping == Skipping::IfUnreferenced {
                            cursor.skipped.insert(ordinal);
                        }
                        self.decoder.feed(packet, ordinal, skipping).map_err(machine)?
                    }
                    Ok(Read::End { .. }) => {
                        cursor.finished = true;
                        self.decoder.finish();
                        Step::Hungry
                    }
                },
                other => other.map_err(machine)?,
            };
            match step {
                Step::Frame(decoded) => {
                    cursor.shown = way.index.shown_as(decoded.ordinal).or(cursor.shown);
                    way.watch.progressed(way.limits.frame_deadline);
                    return Ok(Some(*decoded));
                }
                Step::Drained => return Ok(None),
                Step::Hungry => {}
                Step::Damage => {
                    n_damage += 1;
                    if n_damage > MOST_DAMAGE {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Empties the decoder and moves to packet `start`.
    fn start_at(&mut self, way: &Way<'_>, start: usize, position: Position) -> Result<(), MediaError> {
        let reached = self
            .cursor
            .take()
            .filter(|cursor| cursor.pending.is_none())
            .map(|cursor| cursor.next);
        self.decoder.flush();
        let pending = match position {
            // Reading on is surest, and quicker than a search where there is no index to search by.
            Position::Search
                if reached.is_some_and(|next| next <= start && start - next <= self.seek_cost * 8) =>
            {
                self.read_up_to(start - reached.unwrap_or(start))?
            }
            Position::Search => self.search(way, start)?,
            Position::Reopen => None,
        };
        let pending = match pending {
            Some(packet) => Some(packet),
            None => {
                self.demuxer = (way.reopen)()?;
                self.read_up_to(start)?
            }
        };
        self.cursor = Some(Cursor {
            started_at: start,
            next: start,
            pending,
            skipped: HashSet::new(),
            shown: None,
            finished: false,
        });
        Ok(())
    }

    /// Reads over `n` packets and returns the one after them.
    fn read_up_to(&mut self, n: usize) -> Result<Option<Packet>, MediaError> {
        for _ in 0..n {
            if let Read::End { .. } = self.demuxer.read()? {
                return Ok(None);
            }
        }
        match self.demuxer.read()? {
            Read::Packet(packet) => Ok(Some(packet)),
            Read::End { .. } => Ok(None),
        }
    }

    /// Seeks to the packet `start` and reads until it is recognised; `None` where it cannot be found so.
    fn search(&mut self, way: &Way<'_>, start: usize) -> Result<Option<Packet>, MediaError> {
        let wanted = way.index.packets()[start];
        // Matroska and FLV list key frames by the time they are shown, the others by the time they are decoded.
        let by_presentation = matches!(
            self.demuxer.input().format().name(),
            "matroska,webm" | "flv" | "ogg"
        );
        let (first, second) = if by_presentation {
            (wanted.pts, wanted.dts)
        } else {
            (wanted.dts, wanted.pts)
        };
        let earlier = first
            .or(second)
            .map(|time| time.saturating_sub((2.0 / way.index.tick_secs()) as i64));
        for time in [first, second, earlier].into_iter().flatten() {
            if !self.demuxer.seek(time) {
                continue;
            }
            let mut n_unrecognised = 0;
            while n_unrecognised < MOST_UNRECOGNISED {
                let Read::Packet(packet) = self.demuxer.read()? else {
                    break;
                };
                let size = u32::try_from(packet.size()).unwrap_or(u32::MAX);
                let position = i64::try_from(packet.position())
                    .ok()
                    .filter(|&position| position >= 0);
                match way.index.recognise(packet.pts(), position, size) {
                    Some(ordinal) if ordinal == start => return Ok(Some(packet)),
                    Some(ordinal) if ordinal > start => break,
                    Some(_) => n_unrecognised = 0,
                    None => n_unrecognised += 1,
                }
            }
        }
        Ok(None)
    }
}

/// What a way through the file needs to know of it.
pub(super) struct Way<'a> {
    pub(super) index: &'a FrameIndex,
    pub(super) limits: &'a Limits,
    pub(super) watch: &'a Watch,
    /// Opens the file anew, at its very first packet.
    pub(super) reopen: &'a dyn Fn() -> Result<Demuxer, MediaError>,
}

/// One way of reaching a frame.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    /// The packet to start from; `None` to go on from where the decoder stands.
    start: Option<usize>,
    position: Position,
    may_skip: bool,
}

/// How to come to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// By seeking.
    Search,
    /// By opening the file anew and reading up to it.
    Reopen,
}
