//! Indexes kept on disk, so that a large file is read through once only.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::index::{Clock, Entry, FrameIndex, PacketInfo, Verification};

/// Changes whenever the layout or the meaning of the entries does.
const MAGIC: &[u8; 8] = b"vidxv002";

/// Which state of which file an index belongs to: name, size, time of last change, stream and FFmpeg.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct CacheKey([u8; 32]);

impl CacheKey {
    /// `None` where the file cannot be named or has no time of change: then nothing is cached.
    pub(super) fn of(path: &Path, stream: usize) -> Option<Self> {
        let canonical = path.canonicalize().ok()?;
        let metadata = canonical.metadata().ok()?;
        let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(MAGIC);
        hasher.update(canonical.as_os_str().as_encoded_bytes());
        for number in [
            metadata.len(),
            changed.as_secs(),
            u64::from(changed.subsec_nanos()),
            stream as u64,
            u64::from(ffmpeg_next::format::version()),
            u64::from(ffmpeg_next::codec::version()),
        ] {
            hasher.update(&number.to_le_bytes());
        }
        Some(Self(*hasher.finalize().as_bytes()))
    }

    fn file_in(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.vidx", blake3::Hash::from_bytes(self.0).to_hex()))
    }
}

/// The index kept for this key; `None` where there is none, or where it is damaged.
pub(super) fn load(folder: &Path, key: &CacheKey) -> Option<FrameIndex> {
    let bytes = std::fs::read(key.file_in(folder)).ok()?;
    let (content, checksum) = bytes.split_last_chunk::<32>()?;
    if blake3::hash(content).as_bytes() != checksum {
        return None;
    }
    read(content)
}

/// Keeps an index, whole or not at all.
///
/// # Errors
/// What the file system says. The caller can go on without.
pub(super) fn store(folder: &Path, key: &CacheKey, index: &FrameIndex) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut content = write(index);
    content.extend_from_slice(blake3::hash(&content).as_bytes());
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&content)?;
    file.persist(key.file_in(folder))?;
    Ok(())
}

/// A time that is not there.
const NOTHING: i64 = i64::MIN;

fn write(index: &FrameIndex) -> Vec<u8> {
    let clock = index.clock();
    let mut bytes = Vec::with_capacity(64 + index.packets().len() * 29 + index.len() * 12);
    bytes.extend_from_slice(MAGIC);
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
    bytes
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
    if &reader.take()? != MAGIC {
        return None;
    }
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
    if !reader.0.is_empty() || entries.is_empty() {
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

    #[test]
    fn an_index_comes_back_as_it_was_and_a_damaged_one_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let clip = folder.path().join("clip.mp4");
        std::fs::write(&clip, "not a clip, but a file").unwrap();
        let cache = folder.path().join("cache");
        let key = CacheKey::of(&clip, 0).unwrap();
        assert_eq!(load(&cache, &key), None);
        store(&cache, &key, &index()).unwrap();
        assert_eq!(load(&cache, &key), Some(index()));

        let file = key.file_in(&cache);
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[40] ^= 1;
        std::fs::write(&file, &bytes).unwrap();
        assert_eq!(load(&cache, &key), None);

        std::fs::write(&clip, "changed").unwrap();
        assert_ne!(CacheKey::of(&clip, 0).unwrap().0, key.0);
    }
}
