//! A frame index as it is kept, so that a large file is read through once only. Where, is for whoever keeps it.

use std::io::Read as _;

use super::index::{Clock, Entry, FrameIndex, PacketInfo, Verification};
use super::times;
use crate::regular::Positioned;
use crate::video::VideoFile;

/// Changes whenever the layout or the meaning of the entries does.
const MAGIC: &[u8; 8] = b"vidxv005";
/// The longest list: [`super::Limits::max_packets`] packets and as many frames.
const MAX_BYTES: u64 = 256 << 20;

/// The checksum of what is kept of this file: of another's content it is another.
fn checksum(video: &VideoFile, content: &[u8]) -> [u8; 32] {
    *blake3::Hasher::new_keyed(&video.state().state)
        .update(content)
        .finalize()
        .as_bytes()
}

/// How a list of this stream begins that was made with these libraries.
fn beginning(stream: usize) -> Vec<u8> {
    let numbers = [
        stream as u64,
        u64::from(ffmpeg_next::format::version()),
        u64::from(ffmpeg_next::codec::version()),
    ];
    let numbers = numbers.iter().flat_map(|number| number.to_le_bytes());
    MAGIC.iter().copied().chain(numbers).collect()
}

/// An index as it is kept.
pub(super) fn pack(video: &VideoFile, stream: usize, index: &FrameIndex) -> Vec<u8> {
    let mut content = beginning(stream);
    write(index, &mut content);
    content.extend_from_slice(&checksum(video, &content));
    content
}

/// The index that was kept of this file; `None` where there is none, or where it is damaged or another's.
pub(super) fn load(video: &VideoFile, stream: usize) -> Option<FrameIndex> {
    let file = Positioned::new(video.kept_list()?);
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    let (content, kept) = bytes.split_last_chunk::<32>()?;
    if checksum(video, content) != *kept {
        tracing::warn!(path = %video.path().display(), "the kept index is damaged or another's and is not used");
        return None;
    }
    read(content.strip_prefix(&*beginning(stream))?)
}

/// A time that is not there.
const NOTHING: i64 = i64::MIN;

fn write(index: &FrameIndex, bytes: &mut Vec<u8>) {
    let clock = index.clock();
    bytes.reserve(64 + index.packets().len() * 29 + index.len() * 12);
    bytes.extend_from_slice(&clock.tick_secs.to_le_bytes());
    bytes.extend_from_slice(&clock.start_ticks.to_le_bytes());
    bytes.extend_from_slice(&clock.frame_ticks.to_le_bytes());
    bytes.extend_from_slice(&clock.last_ticks.to_le_bytes());
    bytes.push(match index.verification() {
        Verification::Container => 0,
        Verification::Decoded => 1,
    });
    bytes.extend_from_slice(&(index.n_damaged() as u64).to_le_bytes());
    bytes.extend_from_slice(&(index.packets().len() as u64).to_le_bytes());
    for packet in index.packets() {
        for time in [packet.pts, packet.dts, packet.position] {
            bytes.extend_from_slice(&time.unwrap_or(NOTHING).to_le_bytes());
        }
        bytes.extend_from_slice(&packet.n_bytes.to_le_bytes());
        let flags = [packet.key, packet.hidden, packet.damaged];
        bytes.push(
            flags
                .iter()
                .rev()
                .fold(0, |bits, &flag| bits << 1 | u8::from(flag)),
        );
    }
    bytes.extend_from_slice(&(index.len() as u64).to_le_bytes());
    for entry in index.entries() {
        bytes.extend_from_slice(&entry.packet.to_le_bytes());
        bytes.extend_from_slice(&entry.pts.to_le_bytes());
    }
}

/// Takes values off the front of a slice, never past its end.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    fn time(&mut self) -> Option<Option<i64>> {
        self.take()
            .map(i64::from_le_bytes)
            .map(|time| (time != NOTHING).then_some(time))
    }

    /// A count of things of `n_bytes` each, of which at least as many bytes are left.
    fn count(&mut self, n_bytes: usize) -> Option<usize> {
        let count = usize::try_from(u64::from_le_bytes(self.take()?)).ok()?;
        (count.checked_mul(n_bytes)? <= self.0.len()).then_some(count)
    }
}

fn read(content: &[u8]) -> Option<FrameIndex> {
    let mut reader = Reader(content);
    let clock = Clock {
        tick_secs: f64::from_le_bytes(reader.take()?),
        start_ticks: i64::from_le_bytes(reader.take()?),
        frame_ticks: i64::from_le_bytes(reader.take()?),
        last_ticks: i64::from_le_bytes(reader.take()?),
    };
    let verification = match reader.take()? {
        [0] => Verification::Container,
        [1] => Verification::Decoded,
        _ => return None,
    };
    let n_damaged = usize::try_from(u64::from_le_bytes(reader.take()?)).ok()?;
    let n_packets = reader.count(29)?;
    let packets = (0..n_packets)
        .map(|_| {
            let (pts, dts, position) = (reader.time()?, reader.time()?, reader.time()?);
            let n_bytes = u32::from_le_bytes(reader.take()?);
            let [flags] = reader.take()?;
            let (key, hidden, damaged) = (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0);
            Some(PacketInfo {
                pts,
                dts,
                position,
                n_bytes,
                key,
                hidden,
                damaged,
            })
        })
        .collect::<Option<Vec<_>>>()?;
    let n_entries = reader.count(12)?;
    let entries = (0..n_entries)
        .map(|_| {
            let entry = Entry {
                packet: u32::from_le_bytes(reader.take()?),
                pts: i64::from_le_bytes(reader.take()?),
            };
            ((entry.packet as usize) < n_packets).then_some(entry)
        })
        .collect::<Option<Vec<_>>>()?;
    if !reader.0.is_empty() || entries.is_empty() || !(clock.tick_secs.is_finite() && clock.tick_secs > 0.0) {
        return None;
    }
    // What was listed is a film's, and stays so.
    let (mut mended, mut mended_clock) = (entries.clone(), clock);
    times::mend(&mut mended, &mut mended_clock);
    if (&mended, mended_clock) != (&entries, clock) {
        return None;
    }
    Some(FrameIndex::new(entries, packets, clock, verification, n_damaged))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> FrameIndex {
        let packet = |i: i64| PacketInfo {
            pts: (i != 1).then_some(i * 40),
            dts: None,
            position: Some(i),
            n_bytes: 7,
            key: i == 0,
            hidden: i == 2,
            damaged: false,
        };
        let clock = Clock {
            tick_secs: 0.001,
            start_ticks: 1500,
            frame_ticks: 40,
            last_ticks: 40,
        };
        let entries = vec![Entry { packet: 0, pts: 0 }, Entry { packet: 1, pts: 40 }];
        FrameIndex::new(
            entries,
            (0..3).map(packet).collect(),
            clock,
            Verification::Decoded,
            2,
        )
    }

    /// An open file.
    fn video(content: &str) -> VideoFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        VideoFile::open(file.path()).unwrap()
    }

    fn with(video: &VideoFile, packed: &[u8]) -> VideoFile {
        let mut list = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut list, packed).unwrap();
        video.clone().with_kept_list(Some(list))
    }

    #[test]
    fn one_of_times_that_no_film_has_does_not_come_back() {
        let clip = video("not a clip, but a file");
        let loaded = |change: fn(&mut [Entry], &mut Clock)| {
            let index = index();
            let (mut entries, mut clock) = (index.entries().to_vec(), index.clock());
            change(&mut entries, &mut clock);
            let packets = index.packets().to_vec();
            let changed = FrameIndex::new(entries, packets, clock, index.verification(), 0);
            load(&with(&clip, &pack(&clip, 0, &changed)), 0)
        };
        assert!(loaded(|_, clock| clock.last_ticks = 41).is_some());
        assert_eq!(loaded(|entries, _| entries[1].pts = i64::MAX), None);
        assert_eq!(
            loaded(|entries, _| (entries[0].pts, entries[1].pts) = (i64::MAX, i64::MIN)),
            None
        );
        assert_eq!(loaded(|_, clock| clock.start_ticks = i64::MIN), None);
        assert_eq!(loaded(|_, clock| clock.tick_secs = f64::NAN), None);
    }

    #[test]
    fn an_index_comes_back_as_it_was_and_a_damaged_one_or_another_s_not_at_all() {
        let clip = video("not a clip, but a file");
        assert_eq!(load(&clip, 0), None);
        let mut packed = pack(&clip, 0, &index());
        assert_eq!(load(&with(&clip, &packed), 0), Some(index()));
        assert_eq!(load(&with(&clip, &packed), 1), None, "of another stream");
        assert_eq!(
            load(&with(&video("another"), &packed), 0),
            None,
            "of another file"
        );
        packed[40] ^= 1;
        assert_eq!(load(&with(&clip, &packed), 0), None);
        assert_eq!(load(&with(&clip, &packed[..20]), 0), None);
    }
}
