//! Indexes kept on disk, so that a large file is read through once only.
//!
//! Each is its owner's alone, and no more are kept than a limit allows: the least recently used go first.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::index::{Clock, Entry, FrameIndex, PacketInfo, Verification};
use crate::private;

/// Changes whenever the layout or the meaning of the entries does.
const MAGIC: &[u8; 8] = b"vidxv004";
/// What all indexes together may take: that of a film of two hours takes about ten million bytes.
const MAX_BYTES: u64 = 256 << 20;
/// What was being written for longer than this belongs to a process that is gone.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 3600);
/// How the names of files begin that are being written: here, and in versions before.
const UNFINISHED: [&str; 2] = [".new-", ".tmp"];

/// Which state of which file an index belongs to.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct CacheKey {
    /// A hash of the file's name.
    file: [u8; 32],
    /// One of that, size, time of last change, stream and FFmpeg.
    state: [u8; 32],
}

impl CacheKey {
    /// `None` where the file cannot be named or has no time of change: then nothing is cached.
    pub(super) fn of(path: &Path, stream: usize) -> Option<Self> {
        let canonical = path.canonicalize().ok()?;
        let metadata = canonical.metadata().ok()?;
        let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let file = hash_of(&canonical);
        let mut hasher = blake3::Hasher::new();
        hasher.update(MAGIC);
        hasher.update(&file);
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
        Some(Self {
            file,
            state: *hasher.finalize().as_bytes(),
        })
    }

    fn file_in(&self, folder: &Path) -> PathBuf {
        let state = blake3::Hash::from_bytes(self.state).to_hex();
        folder.join(format!("{}{state}.vidx", beginning(&self.file)))
    }

    /// The checksum of what is kept under this key: of another key's content it is another.
    fn checksum(&self, content: &[u8]) -> [u8; 32] {
        *blake3::Hasher::new_keyed(&self.state)
            .update(content)
            .finalize()
            .as_bytes()
    }
}

fn hash_of(path: &Path) -> [u8; 32] {
    *blake3::hash(path.as_os_str().as_encoded_bytes()).as_bytes()
}

/// How the names of a video's indexes begin, whatever state of it they are of.
fn beginning(file: &[u8; 32]) -> String {
    format!("{}-", &blake3::Hash::from_bytes(*file).to_hex()[..32])
}

/// The index kept for this key; `None` where there is none, or where it is damaged or another's.
pub(super) fn load(folder: &Path, key: &CacheKey) -> Option<FrameIndex> {
    let path = key.file_in(folder);
    let bytes = fs::read(&path).ok()?;
    let (content, checksum) = bytes.split_last_chunk::<32>()?;
    if key.checksum(content) != *checksum {
        tracing::warn!(path = %path.display(), "a kept index is damaged or another's and is not used");
        return None;
    }
    // The time of the last use; that it cannot be set is no reason to read the video again.
    drop(File::open(&path).and_then(|file| file.set_modified(SystemTime::now())));
    read(content)
}

/// Keeps an index, whole or not at all.
///
/// # Errors
/// What the file system says. The caller can go on without.
pub(super) fn store(folder: &Path, key: &CacheKey, index: &FrameIndex) -> io::Result<()> {
    private::make_folder(folder)?;
    let mut content = write(index);
    content.extend_from_slice(&key.checksum(&content));
    let mut file = tempfile::Builder::new()
        .prefix(UNFINISHED[0])
        .tempfile_in(folder)?;
    file.write_all(&content)?;
    file.persist(key.file_in(folder))?;
    trim(folder, MAX_BYTES)
}

/// Removes all indexes of the file at `path`, in whatever state it was, also where it is gone by now.
///
/// # Errors
/// What the file system says.
pub(super) fn forget(folder: &Path, path: &Path) -> io::Result<()> {
    let around = path.parent().and_then(|parent| parent.canonicalize().ok());
    let names = [
        path.canonicalize().ok(),
        around
            .zip(path.file_name())
            .map(|(around, name)| around.join(name)),
        Some(path.to_owned()),
    ];
    let beginnings = names.into_iter().flatten().map(|name| beginning(&hash_of(&name)));
    let beginnings: Vec<String> = beginnings.collect();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if beginnings
            .iter()
            .any(|beginning| name.starts_with(beginning.as_str()))
        {
            match fs::remove_file(entry.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Removes what processes left that were killed, and of the rest what was used least recently, until no more than
/// `max_bytes` are left.
fn trim(folder: &Path, max_bytes: u64) -> io::Result<()> {
    let (mut files, mut total) = (Vec::new(), 0);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Another process may have removed it since.
        let Ok(metadata) = entry.metadata() else { continue };
        let used = metadata.modified().unwrap_or(UNIX_EPOCH);
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if UNFINISHED.iter().any(|beginning| name.starts_with(beginning)) {
            if used.elapsed().unwrap_or_default() > ABANDONED_AFTER {
                drop(fs::remove_file(entry.path()));
            }
        } else if name.ends_with(".vidx") {
            total += metadata.len();
            files.push((used, metadata.len(), entry.path()));
        }
    }
    files.sort();
    for (_, n_bytes, path) in files {
        if total <= max_bytes {
            break;
        }
        if fs::remove_file(path).is_ok() {
            total -= n_bytes;
        }
    }
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
        assert!(CacheKey::of(&clip, 0).unwrap() != key);
    }

    /// A folder with the clips `a` and `b`, and an index kept for each.
    fn two() -> (tempfile::TempDir, PathBuf, [(PathBuf, CacheKey); 2]) {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache");
        let clips = ["a", "b"].map(|name| {
            let clip = folder.path().join(name);
            std::fs::write(&clip, "not a clip, but a file").unwrap();
            let key = CacheKey::of(&clip, 0).unwrap();
            store(&cache, &key, &index()).unwrap();
            (clip, key)
        });
        (folder, cache, clips)
    }

    #[test]
    fn an_index_under_another_s_name_is_none() {
        let (_folder, cache, [(_, a), (_, b)]) = two();
        std::fs::copy(a.file_in(&cache), b.file_in(&cache)).unwrap();
        assert_eq!(load(&cache, &a), Some(index()));
        assert_eq!(load(&cache, &b), None);
    }

    #[test]
    fn a_forgotten_video_takes_its_indexes_along() {
        let (_folder, cache, [(clip, a), (_, b)]) = two();
        std::fs::remove_file(&clip).unwrap();
        forget(&cache, &clip).unwrap();
        assert_eq!(load(&cache, &a), None);
        assert_eq!(load(&cache, &b), Some(index()));
        forget(&cache.join("none"), &clip).unwrap();
    }

    #[test]
    fn the_least_recently_used_goes_first_and_so_does_what_was_left() {
        let (_folder, cache, [(_, a), (_, b)]) = two();
        let set_age = |path: &Path, age| {
            let file = File::options().write(true).open(path).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        };
        let left = [".new-1", ".tmp2", ".new-3"].map(|name| cache.join(name));
        for path in &left {
            std::fs::write(path, "half").unwrap();
        }
        for path in &left[..2] {
            set_age(path, 2 * ABANDONED_AFTER);
        }
        for key in [&a, &b] {
            set_age(&key.file_in(&cache), 2 * ABANDONED_AFTER);
        }
        assert_eq!(load(&cache, &a), Some(index()));
        let n_bytes = std::fs::metadata(a.file_in(&cache)).unwrap().len();
        trim(&cache, n_bytes).unwrap();
        assert_eq!((load(&cache, &a), load(&cache, &b)), (Some(index()), None));
        assert_eq!(left.map(|path| path.exists()), [false, false, true]);
    }

    #[cfg(unix)]
    #[test]
    fn an_index_is_its_owner_s_alone() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, cache, [(_, a), _]) = two();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&cache), mode(&a.file_in(&cache))), (0o700, 0o600));
        std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o755)).unwrap();
        store(&cache, &a, &index()).unwrap();
        assert_eq!(mode(&cache), 0o700);
    }
}
