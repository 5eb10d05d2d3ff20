//! MP4 and QuickTime, box by box (ISO/IEC 14496-12).

use super::clip;
use crate::random::Random;

/// A box.
pub(super) fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let n_bytes = u32::try_from(content.len() + 8).expect("it is small");
    [&n_bytes.to_be_bytes()[..], kind, &content].concat()
}

pub(super) fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// What a track says of itself.
pub(super) struct Track {
    pub(super) codec: [u8; 4],
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) depth: u16,
    /// What the decoder is told before the first frame.
    pub(super) extra: Vec<u8>,
    pub(super) scale: u32,
    pub(super) duration: u64,
    /// Boxes of the table of samples.
    pub(super) tables: Vec<Vec<u8>>,
    pub(super) edits: Vec<u8>,
}

impl Track {
    /// One whose samples are JPEGs, and which is good.
    pub(super) fn good(n_samples: u32, sample_bytes: u32, offset: u32) -> Self {
        Self {
            codec: *b"jpeg",
            width: 128,
            height: 96,
            depth: 24,
            extra: Vec::new(),
            scale: 25,
            duration: u64::from(n_samples),
            tables: vec![
                boxed(b"stts", &[&numbers(&[0, 1, n_samples, 1])]),
                boxed(b"stsc", &[&numbers(&[0, 1, 1, n_samples, 1])]),
                boxed(b"stsz", &[&numbers(&[0, sample_bytes, n_samples])]),
                boxed(b"stco", &[&numbers(&[0, 1, offset])]),
            ],
            edits: Vec::new(),
        }
    }

    pub(super) fn bytes(&self, id: u32) -> Vec<u8> {
        let [width, height] = [self.width as u16, self.height as u16].map(u16::to_be_bytes);
        let entry = [
            &numbers(&[0, 1])[..],
            &[0; 16],
            &width,
            &height,
            &numbers(&[0x48_0000, 0x48_0000, 0]),
            &[0, 1],
            &[0; 32],
            &self.depth.to_be_bytes(),
            &[0xff, 0xff],
            &self.extra,
        ]
        .concat();
        let described = boxed(b"stsd", &[&numbers(&[0, 1]), &boxed(&self.codec, &[&entry])]);
        let table = boxed(b"stbl", &[&described, &self.tables.concat()]);
        let handler = boxed(b"hdlr", &[&numbers(&[0, 0]), b"vide", &[0; 13]]);
        let long = self.duration > u64::from(u32::MAX);
        let header = match long {
            true => [
                numbers(&[0x100_0000, 0, 0, 0, 0, self.scale]),
                self.duration.to_be_bytes().to_vec(),
                vec![0; 4],
            ],
            false => [
                numbers(&[0, 0, 0, self.scale, self.duration as u32, 0]),
                Vec::new(),
                Vec::new(),
            ],
        };
        let media = boxed(
            b"mdia",
            &[
                &boxed(b"mdhd", &[&header.concat()]),
                &handler,
                &boxed(b"minf", &[&boxed(b"vmhd", &[&[0; 12]]), &table]),
            ],
        );
        let matrix = numbers(&[0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000]);
        let place = [
            numbers(&[7, 0, 0, id, 0, self.duration as u32, 0, 0, 0, 0]),
            matrix,
            vec![0; 8],
        ]
        .concat();
        boxed(b"trak", &[&boxed(b"tkhd", &[&place]), &self.edits, &media])
    }
}

/// A whole file: what it is, its samples, its tracks and more of the movie.
pub(super) fn film(samples: &[u8], tracks: &[Vec<u8>], more: &[u8]) -> Vec<u8> {
    let header = boxed(b"mvhd", &[&numbers(&[0, 0, 0, 25, 100]), &[0; 80]]);
    let start = boxed(b"ftyp", &[b"isom", &[0; 4]]);
    [
        start,
        boxed(b"mdat", &[samples]),
        boxed(b"moov", &[&header, &tracks.concat(), more]),
    ]
    .concat()
}

/// Where the first sample lies in such a file.
pub(super) const SAMPLES_AT: u32 = 24;

/// A table of so many entries, of which all, some or more are there.
fn table(random: &mut Random, kind: &[u8; 4], n_words: usize, n_entries: usize) -> Vec<u8> {
    let said = match random.below(3) {
        0 => random.extreme_u32(),
        _ => n_entries as u32,
    };
    let mut content = numbers(&[if random.once_in(3) { 0x100_0000 } else { 0 }, said]);
    for _ in 0..n_entries * n_words {
        let value = match random.below(3) {
            0 => random.extreme_u32(),
            _ => random.below(40) as u32,
        };
        content.extend(value.to_be_bytes());
    }
    boxed(kind, &[&content])
}

/// Sample tables that contradict each other and the machine.
pub(super) fn tables(random: &mut Random) -> Vec<u8> {
    let picture = clip("picture.jpg");
    let n_samples = 1 + random.below(60) as u32;
    let samples = picture.repeat(n_samples as usize);
    let mut track = Track::good(n_samples, picture.len() as u32, SAMPLES_AT);
    for at in 0..track.tables.len() {
        if random.once_in(2) {
            let (kind, n_words) = [(b"stts", 2), (b"stsc", 3), (b"stsz", 1), (b"stco", 1)][at];
            let n_entries = *random.one_of(&[0, 1, 3, 50, 5000]);
            track.tables[at] = match at {
                // All of one size, as many as one likes.
                2 if random.once_in(2) => {
                    let (size, count) = (*random.one_of(&[0, 1, 1 << 30]), random.extreme_u32());
                    boxed(b"stsz", &[&numbers(&[0, size, count])])
                }
                0 if random.once_in(2) => {
                    let (count, delta) = (random.extreme_u32(), random.extreme_u32());
                    boxed(b"stts", &[&numbers(&[0, 2, n_samples, 1, count, delta])])
                }
                3 if random.once_in(2) => {
                    let places: Vec<u8> = (0..3).flat_map(|_| random.extreme().to_be_bytes()).collect();
                    boxed(b"co64", &[&numbers(&[0, 3]), &places])
                }
                _ => table(random, kind, n_words, n_entries),
            };
        }
    }
    for (kind, n_words) in [
        (b"ctts", 2),
        (b"stss", 1),
        (b"sbgp", 3),
        (b"sdtp", 1),
        (b"saiz", 2),
        (b"cslg", 5),
    ] {
        if random.once_in(3) {
            let n_entries = *random.one_of(&[1, 7, 3000]);
            track.tables.push(table(random, kind, n_words, n_entries));
        }
    }
    if random.once_in(2) {
        (track.scale, track.duration) = (random.extreme_u32(), random.extreme());
    }
    if random.once_in(2) {
        let n_edits = *random.one_of(&[1, 2, 2000]);
        track.edits = boxed(b"edts", &[&table(random, b"elst", 3, n_edits)]);
    }
    film(&samples, &[track.bytes(1)], &[])
}

/// Fragments, with times and counts of their own.
pub(super) fn fragments(random: &mut Random) -> Vec<u8> {
    let picture = clip("picture.jpg");
    let defaults = numbers(&[0, 1, 1, random.extreme_u32(), picture.len() as u32, 0]);
    let track = Track::good(0, 0, 0).bytes(1);
    let mut bytes = film(&[], &[track], &boxed(b"mvex", &[&boxed(b"trex", &[&defaults])]));
    let n_fragments = *random.one_of(&[1, 3, 40, 400]);
    for number in 0..n_fragments {
        let time = match random.below(3) {
            0 => random.extreme(),
            _ => u64::from(number) * 25,
        };
        let start = boxed(b"tfdt", &[&numbers(&[0x100_0000]), &time.to_be_bytes()]);
        let n_runs = *random.one_of(&[1, 1, 5, 60]);
        let flags = *random.one_of(&[0_u32, 0x1, 0x100, 0x201, 0x301, 0xf01]);
        let n_entries = match random.below(3) {
            0 => *random.one_of(&[4_000_000, u32::MAX, 100_000_000, 1 << 24]),
            _ => 1 + random.below(20) as u32,
        };
        let n_words = (flags & 0xf00).count_ones() as usize;
        let mut content = numbers(&[flags | if random.once_in(3) { 0x100_0000 } else { 0 }, n_entries]);
        if flags & 1 > 0 {
            content.extend(random.extreme_u32().to_be_bytes());
        }
        for _ in 0..n_words * n_entries.min(20) as usize {
            content.extend(random.extreme_u32().to_be_bytes());
        }
        let run = boxed(b"trun", &[&content]).repeat(n_runs);
        let head = boxed(
            b"tfhd",
            &[&numbers(&[0x2_0000, 1 + u32::from(random.once_in(9))])],
        );
        let fragment = boxed(b"traf", &[&head, &start, &run]).repeat(if random.once_in(6) { 50 } else { 1 });
        bytes.extend(boxed(
            b"moof",
            &[&boxed(b"mfhd", &[&numbers(&[0, number])]), &fragment],
        ));
        bytes.extend(boxed(b"mdat", &[&picture]));
    }
    if random.once_in(3) {
        let entries = random.bytes(12 * 4000);
        let index = [
            &numbers(&[0x100_0000, 1, 0]),
            &numbers(&[0; 4])[..],
            &[0, 0, 0xff, 0xff],
            &entries,
        ]
        .concat();
        bytes.extend(boxed(b"sidx", &[&index]));
    }
    bytes
}

/// Very many tracks, each claiming very much.
pub(super) fn tracks(random: &mut Random) -> Vec<u8> {
    let picture = clip("picture.jpg");
    let n_tracks = *random.one_of(&[2, 40, 63, 64, 65, 300, 3000]);
    let n_samples = *random.one_of(&[0, 1, 1000, 20_000_000, 1 << 28]);
    let tracks: Vec<Vec<u8>> = (0..n_tracks)
        .map(|id| {
            let mut track = Track::good(
                n_samples,
                *random.one_of(&[0, 1, picture.len() as u32]),
                SAMPLES_AT,
            );
            track.codec = **random.one_of(&[
                b"jpeg", b"mp4v", b"avc1", b"hvc1", b"av01", b"rle ", b"raw ", b"zzzz",
            ]);
            if random.once_in(4) {
                (track.width, track.height) = (random.side_px(), random.side_px());
            }
            let n_extra = *random.one_of(&[0, 0, 8, 3000]);
            track.extra = random.bytes(n_extra);
            track.bytes(id % 4)
        })
        .collect();
    film(&picture, &tracks, &[])
}

/// Boxes in boxes, where they belong and where they do not.
pub(super) fn nested(random: &mut Random) -> Vec<u8> {
    let kinds: [&[u8; 4]; 12] = [
        b"moov", b"trak", b"udta", b"meta", b"edts", b"ilst", b"cmov", b"wave", b"stbl", b"mdia", b"moof",
        b"wide",
    ];
    let picture = clip("picture.jpg");
    let mut inner = Track::good(1, picture.len() as u32, SAMPLES_AT).bytes(1);
    let always = *random.one_of(&kinds);
    let is_one_kind = random.once_in(2);
    for _ in 0..*random.one_of(&[10, 200, 2000, 60_000]) {
        let kind = if is_one_kind {
            always
        } else {
            random.one_of(&kinds)
        };
        // By hand: copying all of it for each would take minutes.
        inner.extend(kind.iter().rev());
        inner.extend((inner.len() as u32 + 4).to_be_bytes().iter().rev());
    }
    // What was put behind belongs before.
    let track = Track::good(1, picture.len() as u32, SAMPLES_AT).bytes(1);
    let n_inner = track.len();
    let mut heads: Vec<u8> = inner.split_off(n_inner);
    heads.reverse();
    let more = [heads, inner].concat();
    film(
        &picture,
        if random.once_in(2) {
            &[]
        } else {
            std::slice::from_ref(&track)
        },
        &more,
    )
}
