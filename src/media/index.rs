//! Which frames a video has, when each is shown, and where in the file it starts.

use std::ops::Range;

/// One packet of the stream, in the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PacketInfo {
    /// Presentation time stamp in ticks, where the container gives one.
    pub(super) pts: Option<i64>,
    /// Decoding time stamp in ticks.
    pub(super) dts: Option<i64>,
    /// Byte position in the file.
    pub(super) position: Option<i64>,
    pub(super) n_bytes: u32,
    /// Decoding may start here.
    pub(super) key: bool,
    /// Decoded but not shown: before the start of an edit list.
    pub(super) hidden: bool,
    /// Cut short or marked as damaged by the demuxer.
    pub(super) damaged: bool,
}

/// One frame, in the order in which frames are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its packet, counted in the order of the file.
    pub(super) packet: u32,
    /// When it is shown, in ticks of the stream.
    pub(super) pts: i64,
}

/// How sure it is that the index lists exactly the frames that decoding gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// From the container's own time stamps, after its first frames decoded as listed.
    Container,
    /// Every frame was decoded once.
    Decoded,
}

/// Every frame of a video, in the order in which frames are shown.
///
/// A frame *is* its presentation time stamp here; its index is only its place in this list. Times are seconds on the
/// clock that players show: zero is the start of the file's earliest track.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameIndex {
    entries: Vec<Entry>,
    packets: Vec<PacketInfo>,
    /// Place in `entries` of each packet's frame; [`NOT_SHOWN`] for packets that show none.
    shown_as: Vec<u32>,
    /// Packets at which decoding may start, ascending.
    keys: Vec<u32>,
    /// Frames that are key frames, ascending.
    key_frames: Vec<u32>,
    /// Packets in the order of their time stamps and of their positions, to recognise them after a seek.
    by_pts: Vec<u32>,
    by_position: Vec<u32>,
    clock: Clock,
    verification: Verification,
    n_damaged: usize,
}

const NOT_SHOWN: u32 = u32::MAX;

/// From ticks of a stream to seconds as players count them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Clock {
    /// Seconds of one tick.
    pub(super) tick_secs: f64,
    /// The tick at which players show zero.
    pub(super) start_ticks: i64,
    /// Ticks that a frame lasts by the stream's frame rate: all that is known of a frame without any time.
    pub(super) frame_ticks: i64,
    /// How long the last frame is shown, in ticks, where the file says so.
    pub(super) last_ticks: i64,
}

impl Clock {
    /// The time stamp of a second as players count them.
    pub(super) fn ticks(self, secs: f64) -> i64 {
        self.start_ticks
            .saturating_add((secs / self.tick_secs).round() as i64)
    }

    /// Seconds, as players count them, of a time stamp.
    pub(super) fn secs(self, ticks: i64) -> f64 {
        ticks.saturating_sub(self.start_ticks) as f64 * self.tick_secs
    }
}

impl FrameIndex {
    /// `entries` in order of presentation; `packets` in order of the file.
    pub(super) fn new(
        entries: Vec<Entry>,
        packets: Vec<PacketInfo>,
        clock: Clock,
        verification: Verification,
        n_damaged: usize,
    ) -> Self {
        let mut shown_as = vec![NOT_SHOWN; packets.len()];
        for (place, entry) in (0u32..).zip(&entries) {
            shown_as[entry.packet as usize] = place;
        }
        let ordinals = || 0..packets.len() as u32;
        let keys = ordinals().filter(|&i| packets[i as usize].key).collect();
        let key_frames = (0u32..)
            .zip(&entries)
            .filter(|(_, entry)| packets[entry.packet as usize].key)
            .map(|(place, _)| place)
            .collect();
        let mut by_pts: Vec<u32> = ordinals()
            .filter(|&i| packets[i as usize].pts.is_some())
            .collect();
        by_pts.sort_unstable_by_key(|&i| packets[i as usize].pts);
        let mut by_position: Vec<u32> = ordinals()
            .filter(|&i| packets[i as usize].position.is_some())
            .collect();
        by_position.sort_unstable_by_key(|&i| packets[i as usize].position);
        Self {
            entries,
            packets,
            shown_as,
            keys,
            key_frames,
            by_pts,
            by_position,
            clock,
            verification,
            n_damaged,
        }
    }

    /// Number of frames that can be shown.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no frame at all. An index that [`super::Video::index`] returned is never empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// When frame `index` is shown, in seconds.
    ///
    /// # Panics
    /// If `index` is not below [`FrameIndex::len`].
    #[must_use]
    pub fn pts_secs(&self, index: usize) -> f64 {
        self.clock.secs(self.entries[index].pts)
    }

    /// Time stamp of frame `index` in the file's own ticks: what identifies it in a cache.
    ///
    /// # Panics
    /// If `index` is not below [`FrameIndex::len`].
    #[must_use]
    pub fn pts_ticks(&self, index: usize) -> i64 {
        self.entries[index].pts
    }

    /// The frame whose time is nearest to `secs`; the earlier of two. 0 where there are no frames.
    #[must_use]
    pub fn nearest(&self, secs: f64) -> usize {
        let after = self.first_from(secs).min(self.len().saturating_sub(1));
        let before = after.saturating_sub(1);
        if self.is_empty() || (self.pts_secs(after) - secs).abs() < (secs - self.pts_secs(before)).abs() {
            after
        } else {
            before
        }
    }

    /// The frames that are shown at or after `secs.start` and before `secs.end`.
    #[must_use]
    pub fn range(&self, secs: Range<f64>) -> Range<usize> {
        let start = self.first_from(secs.start);
        start..self.first_from(secs.end).max(start)
    }

    /// The first frame at or after `secs`. Half a tick of slack, since `secs` was most likely read off a display.
    fn first_from(&self, secs: f64) -> usize {
        let slack = self.clock.tick_secs.min(1e-3) / 2.0;
        let from_ticks = (secs - slack) / self.clock.tick_secs + self.clock.start_ticks as f64;
        // Times ascend but for damaged files, where any answer near the place will do.
        self.entries
            .partition_point(|entry| (entry.pts as f64) < from_ticks)
    }

    /// Whether frame `index` is a key frame, which is quick to reach.
    ///
    /// # Panics
    /// If `index` is not below [`FrameIndex::len`].
    #[must_use]
    pub fn is_key(&self, index: usize) -> bool {
        self.packets[self.entries[index].packet as usize].key
    }

    /// The frames that are key frames, ascending.
    #[must_use]
    pub fn key_frames(&self) -> Vec<usize> {
        self.key_frames.iter().map(|&key| key as usize).collect()
    }

    /// The key frame whose time is nearest to `secs`; the earlier of two, and the first frame where there is none.
    #[must_use]
    pub fn nearest_key(&self, secs: f64) -> usize {
        let keys = &self.key_frames;
        let distance = |key: &usize| (self.pts_secs(*key) - secs).abs();
        let after = keys.partition_point(|&key| self.pts_secs(key as usize) < secs);
        let near = &keys[after.saturating_sub(1)..(after + 1).min(keys.len())];
        let nearest = near
            .iter()
            .map(|&key| key as usize)
            .min_by(|a, b| distance(a).total_cmp(&distance(b)));
        nearest.unwrap_or(0)
    }

    /// The last key frame that is shown at or before frame `index`; the first frame where there is none.
    #[must_use]
    pub fn key_before(&self, index: usize) -> usize {
        let after = self.key_frames.partition_point(|&key| key as usize <= index);
        let before = after.checked_sub(1).map(|at| self.key_frames[at] as usize);
        before.unwrap_or(0)
    }

    /// How the list was made sure of.
    #[must_use]
    pub fn verification(&self) -> Verification {
        self.verification
    }

    /// Damaged places met while the index was built.
    #[must_use]
    pub fn n_damaged(&self) -> usize {
        self.n_damaged
    }

    /// Seconds from the moment the first frame is shown until the last one is gone.
    #[must_use]
    pub fn duration_secs(&self) -> f64 {
        let (Some(first), Some(last)) = (self.entries.first(), self.entries.last()) else {
            return 0.0;
        };
        let shown = (last.pts - first.pts) as f64;
        let last_ticks = match self.clock.last_ticks {
            0 if self.len() > 1 => shown / (self.len() - 1) as f64,
            ticks => ticks as f64,
        };
        (shown + last_ticks) * self.clock.tick_secs
    }

    /// Shortest and longest time between neighbouring frames in seconds; `None` with fewer than two frames.
    #[must_use]
    pub fn gaps_secs(&self) -> Option<(f64, f64)> {
        let gaps = self
            .entries
            .windows(2)
            .map(|pair| (pair[1].pts - pair[0].pts) as f64 * self.clock.tick_secs);
        gaps.fold(None, |range, gap| match range {
            None => Some((gap, gap)),
            Some((shortest, longest)) => Some((gap.min(shortest), gap.max(longest))),
        })
    }

    pub(super) fn tick_secs(&self) -> f64 {
        self.clock.tick_secs
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn packets(&self) -> &[PacketInfo] {
        &self.packets
    }

    /// The packet that frame `index` comes from.
    pub(super) fn packet_of(&self, index: usize) -> usize {
        self.entries[index].packet as usize
    }

    /// The frame that packet `ordinal` shows.
    pub(super) fn shown_as(&self, ordinal: usize) -> Option<usize> {
        self.shown_as
            .get(ordinal)
            .filter(|&&place| place != NOT_SHOWN)
            .map(|&place| place as usize)
    }

    /// Packets from which frame `index` can be decoded, the nearest first, ending with the start of the file.
    ///
    /// A frame that is stored after a key frame but shown before it (an open group) refers to what is before that
    /// key frame too, so only key frames shown no later than it count.
    pub(super) fn starts(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        let entry = self.entries[index];
        let before = self.keys.partition_point(|&key| key <= entry.packet);
        let keys = self.keys[..before].iter().rev().map(|&key| key as usize);
        let usable = move |&key: &usize| match (self.shown_as(key), self.packets[key].pts) {
            (Some(shown), _) => shown <= index,
            (None, Some(pts)) => pts <= entry.pts,
            (None, None) => true,
        };
        keys.filter(usable).chain(std::iter::once(0))
    }

    /// Recognises a packet after a seek by its time stamp, else by its place; `None` where several might be it.
    pub(super) fn recognise(&self, pts: Option<i64>, position: Option<i64>, n_bytes: u32) -> Option<usize> {
        let only = |list: &[u32], key: &dyn Fn(&PacketInfo) -> Option<i64>, value: i64| {
            let from = list.partition_point(|&i| key(&self.packets[i as usize]) < Some(value));
            let to = list.partition_point(|&i| key(&self.packets[i as usize]) <= Some(value));
            match list[from..to] {
                [ordinal] => Some(ordinal as usize),
                _ => None,
            }
        };
        pts.and_then(|pts| only(&self.by_pts, &|packet| packet.pts, pts))
            .or_else(|| position.and_then(|place| only(&self.by_position, &|packet| packet.position, place)))
            .filter(|&ordinal| self.packets[ordinal].n_bytes == n_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames in order of presentation 0..8 at 10 frames a second; stored as I P B B, then an open group I B B P.
    fn open_group() -> FrameIndex {
        let pts = [0, 3, 1, 2, 6, 4, 5, 7];
        let packets = (0i64..)
            .zip(pts)
            .map(|(i, pts)| PacketInfo {
                pts: Some(pts),
                dts: Some(i),
                position: Some(1000 * i),
                n_bytes: 10,
                key: i == 0 || i == 4,
                hidden: false,
                damaged: false,
            })
            .collect();
        let entries = [0, 2, 3, 1, 5, 6, 4, 7]
            .iter()
            .zip(0..)
            .map(|(&packet, pts)| Entry { packet, pts })
            .collect();
        let clock = Clock {
            tick_secs: 0.1,
            start_ticks: 0,
            frame_ticks: 1,
            last_ticks: 1,
        };
        FrameIndex::new(entries, packets, clock, Verification::Container, 0)
    }

    #[test]
    fn a_leading_frame_starts_at_the_key_frame_before_its_own() {
        let index = open_group();
        let first = |frame| index.starts(frame).next();
        assert_eq!(first(3), Some(0));
        assert_eq!(
            first(4),
            Some(0),
            "stored after the second key frame, shown before it"
        );
        assert_eq!(first(6), Some(4));
        assert_eq!(first(7), Some(4));
        assert_eq!(index.key_before(5), 0);
        assert_eq!(index.key_before(7), 6);
    }

    #[test]
    fn times_find_frames() {
        let index = open_group();
        assert_eq!(index.nearest(-5.0), 0);
        assert_eq!(index.nearest(0.34), 3);
        assert_eq!(index.nearest(0.36), 4);
        assert_eq!(index.nearest(99.0), 7);
        assert_eq!(index.range(0.1..0.3), 1..3);
        assert_eq!(index.range(0.5..0.2), 5..5);
        assert_eq!(index.range(0.75..9.0), 8..8);
        assert!((index.duration_secs() - 0.8).abs() < 1e-9);
    }

    #[test]
    fn packets_are_recognised_by_time_or_place_and_size() {
        let index = open_group();
        assert_eq!(index.recognise(Some(6), None, 10), Some(4));
        assert_eq!(index.recognise(None, Some(2000), 10), Some(2));
        assert_eq!(index.recognise(Some(6), None, 11), None);
        assert_eq!(index.recognise(None, None, 10), None);
    }
}
