//! Where the lengths and pieces of a video file lie.

use std::ops::Range;

use crate::bytes::{Field, Inside, Order};

/// What the beginning of a file says it is, taken apart.
pub(crate) fn inside(bytes: &[u8]) -> Inside {
    let mut inside = Inside::default();
    match bytes {
        [0x1a, 0x45, 0xdf, 0xa3, ..] => elements(bytes, 0..bytes.len(), &mut inside),
        [b'R', b'I', b'F', b'F', ..] => chunks(bytes, 0..bytes.len(), &mut inside),
        [b'F', b'L', b'V', ..] => tags(bytes, &mut inside),
        [b'O', b'g', b'g', b'S', ..] => pages(bytes, &mut inside),
        [0x47, ..] => packets(bytes, &mut inside),
        _ => boxes(bytes, 0..bytes.len(), &mut inside),
    }
    inside
}

fn number(bytes: &[u8], at: usize, n_bytes: usize, order: Order) -> Option<(u64, Field)> {
    let field = Field { at, n_bytes, order };
    (at + n_bytes <= bytes.len()).then(|| (field.get(bytes), field))
}

/// Boxes of ISO/IEC 14496-12 that hold others.
const HOLDING: &[&[u8; 4]] = &[
    b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"mvex", b"moof", b"traf", b"udta", b"dinf",
];
/// Those with a number of entries, and where it is.
const COUNTING: &[(&[u8; 4], usize)] = &[
    (b"stts", 12),
    (b"stsc", 12),
    (b"stsz", 16),
    (b"stco", 12),
    (b"co64", 12),
    (b"ctts", 12),
    (b"elst", 12),
    (b"stsd", 12),
    (b"stss", 12),
    (b"trun", 12),
    (b"dref", 12),
    (b"stsz", 12),
];

fn boxes(bytes: &[u8], range: Range<usize>, inside: &mut Inside) {
    let mut at = range.start;
    while let Some((size, field)) = number(bytes, at, 4, Order::Big) {
        let end = at.saturating_add(size as usize);
        if size < 8 || end > range.end {
            return;
        }
        let kind = &bytes[at + 4..at + 8];
        inside.fields.push(field);
        inside.pieces.push(at..end);
        for (_, offset) in COUNTING.iter().filter(|(name, _)| name.as_slice() == kind) {
            inside
                .fields
                .extend(number(bytes, at + offset, 4, Order::Big).map(|(_, field)| field));
        }
        if matches!(
            kind,
            b"mvhd" | b"mdhd" | b"tkhd" | b"tfdt" | b"stts" | b"ctts" | b"elst"
        ) {
            // Times and rates, and first entries.
            let places = (at + 12..end.min(at + 48)).step_by(4);
            let fields = places.filter_map(|at| number(bytes, at, 4, Order::Big));
            inside.fields.extend(fields.map(|(_, field)| field));
        }
        if HOLDING.iter().any(|name| name.as_slice() == kind) {
            boxes(bytes, at + 8..end, inside);
        }
        at = end;
    }
}

/// Elements of RFC 8794 and RFC 9559 that hold others.
const MASTERS: &[u32] = &[
    0x1a45_dfa3,
    0x1853_8067,
    0x1654_ae6b,
    0xae,
    0x1f43_b675,
    0x1c53_bb6b,
    0xbb,
    0xb7,
    0x114d_9b74,
    0x4dbb,
    0x1549_a966,
    0xe0,
    0xe1,
    0xa0,
    0x1254_c367,
    0x7373,
    0x6d80,
    0x6240,
    0x5034,
    0x55b0,
];

fn elements(bytes: &[u8], range: Range<usize>, inside: &mut Inside) {
    let mut at = range.start;
    while at < range.end {
        let n_id = bytes[at].leading_zeros() as usize + 1;
        let Some((id, _)) = number(bytes, at, n_id, Order::Big).filter(|_| n_id <= 4) else {
            return;
        };
        let Some(first) = bytes.get(at + n_id) else { return };
        let n_size = first.leading_zeros() as usize + 1;
        let Some((raw, field)) = number(bytes, at + n_id, n_size, Order::Ebml).filter(|_| n_size <= 8) else {
            return;
        };
        let size = raw & ((1 << (7 * n_size)) - 1);
        let is_unknown = size == (1 << (7 * n_size)) - 1;
        let start = at + n_id + n_size;
        let end = if is_unknown {
            range.end
        } else {
            start.saturating_add(size as usize).min(range.end)
        };
        inside.fields.push(field);
        inside.pieces.push(at..end);
        if MASTERS.contains(&(id as u32)) {
            elements(bytes, start..end, inside);
        } else if (1..=8).contains(&size) {
            inside
                .fields
                .extend(number(bytes, start, size as usize, Order::Big).map(|(_, field)| field));
        }
        at = end;
    }
}

/// Chunks of RIFF.
fn chunks(bytes: &[u8], range: Range<usize>, inside: &mut Inside) {
    let mut at = range.start;
    while let Some((size, field)) = number(bytes, at + 4, 4, Order::Little) {
        let end = (at + 8).saturating_add(size as usize);
        inside.fields.push(field);
        if end > range.end {
            return;
        }
        inside.pieces.push(at..end);
        match &bytes[at..at + 4] {
            b"RIFF" | b"LIST" => chunks(bytes, at + 12..end, inside),
            b"avih" | b"strh" | b"strf" => {
                let fields = (at + 8..end)
                    .step_by(4)
                    .filter_map(|at| number(bytes, at, 4, Order::Little));
                inside.fields.extend(fields.map(|(_, field)| field));
            }
            _ => {}
        }
        at = end.next_multiple_of(2);
    }
}

/// Tags of FLV: a kind, a length, a time.
fn tags(bytes: &[u8], inside: &mut Inside) {
    let mut at = 13;
    while let Some((size, field)) = number(bytes, at + 1, 3, Order::Big) {
        let end = at + 11 + size as usize + 4;
        inside.fields.push(field);
        inside
            .fields
            .extend(number(bytes, at + 4, 3, Order::Big).map(|(_, field)| field));
        if end > bytes.len() {
            return;
        }
        inside.pieces.push(at..end);
        at = end;
    }
}

/// Pages of Ogg (RFC 3533).
fn pages(bytes: &[u8], inside: &mut Inside) {
    let mut at = 0;
    while let Some((n_segments, field)) = number(bytes, at + 26, 1, Order::Little) {
        let table = at + 27..at + 27 + n_segments as usize;
        let Some(lengths) = bytes.get(table.clone()) else {
            return;
        };
        let end = table.end + lengths.iter().map(|&n| usize::from(n)).sum::<usize>();
        inside.fields.push(field);
        for (offset, n_bytes) in [(6, 8), (14, 4), (18, 4)] {
            inside
                .fields
                .extend(number(bytes, at + offset, n_bytes, Order::Little).map(|(_, field)| field));
        }
        if end > bytes.len() {
            return;
        }
        inside.pieces.push(at..end);
        at = end;
    }
}

/// Packets of a transport stream, by some hundred.
fn packets(bytes: &[u8], inside: &mut Inside) {
    for at in (0..bytes.len()).step_by(188).take(400) {
        inside.pieces.push(at..(at + 188).min(bytes.len()));
        for (offset, n_bytes) in [(1, 2), (4, 1), (5, 4), (13, 4)] {
            inside
                .fields
                .extend(number(bytes, at + offset, n_bytes, Order::Big).map(|(_, field)| field));
        }
    }
}
