//! Streams without an index: transport streams, Ogg, IVF.

use super::clip;
use crate::random::Random;

const PACKET: usize = 188;

/// The CRC of sections (ISO/IEC 13818-1, annex A) and of Ogg's pages, which begin with another value.
fn crc(bytes: &[u8], start: u32) -> u32 {
    bytes.iter().fold(start, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| {
            crc << 1 ^ if crc >> 31 > 0 { 0x04c1_1db7 } else { 0 }
        })
    })
}

fn packet(pid: u16, is_start: bool, counter: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = pid.to_be_bytes();
    let mut bytes = vec![
        0x47,
        high | if is_start { 0x40 } else { 0 },
        low,
        0x10 | (counter % 16),
    ];
    bytes.extend_from_slice(content);
    bytes.resize(PACKET, 0xff);
    bytes
}

fn section(table: u8, id: u16, content: &[u8]) -> Vec<u8> {
    let n_bytes = (content.len() + 9) as u16 & 0xfff;
    let mut bytes = [
        &[table][..],
        &(0xb000 | n_bytes).to_be_bytes(),
        &id.to_be_bytes(),
        &[0xc1, 0, 0],
        content,
    ]
    .concat();
    bytes.extend(crc(&bytes, u32::MAX).to_be_bytes());
    [&[0][..], &bytes].concat()
}

/// A time as packets have it: 33 bits between markers.
fn time(ticks: u64) -> [u8; 5] {
    [
        (0x21 | (ticks >> 29) & 0xe) as u8,
        (ticks >> 22) as u8,
        ((ticks >> 14) & 0xff | 1) as u8,
        (ticks >> 7) as u8,
        ((ticks << 1) & 0xff | 1) as u8,
    ]
}

/// A good stream with other times and tables, or one that announces thousands of programs.
pub(super) fn transport(random: &mut Random) -> Vec<u8> {
    let mut bytes = clip(random.text(&["mpeg2.ts", "h264.ts", "wrap.ts", "resize.ts"]));
    bytes.truncate(PACKET * random.within(20..1200));
    for at in (0..bytes.len() / PACKET).map(|at| at * PACKET) {
        let has_field = bytes[at + 3] & 0x20 > 0;
        let start = at
            + 4
            + if has_field {
                1 + usize::from(bytes[at + 4])
            } else {
                0
            };
        if random.once_in(40) && has_field {
            // The clock, or a field that is longer than its packet.
            let other = random.bytes(6);
            bytes[at + 6..at + 12].copy_from_slice(&other);
            bytes[at + 4] = *random.one_of(&[7, 183, 184, 255, 0]);
        } else if bytes
            .get(start..start + 4)
            .is_some_and(|head| head.starts_with(&[0, 0, 1]))
            && random.once_in(3)
        {
            let value = *random.one_of(&[0, 1, (1 << 33) - 1, 1 << 32, 90_000]);
            if let Some(place) = bytes.get_mut(start + 9..start + 14) {
                place.copy_from_slice(&time(value));
            }
        }
    }
    if random.once_in(2) {
        let n_programs = 40;
        let programs: Vec<u8> = (1..=n_programs)
            .flat_map(|id: u16| [id.to_be_bytes(), (0xe100 + id).to_be_bytes()].concat())
            .collect();
        let mut head = packet(0, true, 0, &section(0, 1, &programs));
        for id in 1..=n_programs {
            let streams: Vec<u8> = (0..30_u16)
                .flat_map(|at| {
                    let kind = *random.one_of(&[1, 2, 0x10, 0x1b, 0x24, 0x06, 0xea]);
                    [&[kind][..], &(0xe200 + id * 30 + at).to_be_bytes(), &[0xf0, 0]].concat()
                })
                .collect();
            head.extend(packet(
                0x100 + id,
                true,
                0,
                &section(2, id, &[&[0xe1, 0, 0xf0, 0][..], &streams].concat()),
            ));
        }
        for pid in 0..random.within(1..1500) as u16 {
            head.extend(packet(
                0x200 + pid,
                true,
                0,
                &[&[0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5][..], &time(random.next())].concat(),
            ));
        }
        bytes = [head, bytes].concat();
    }
    bytes
}

/// A good file whose pages have other times, numbers and owners, all with a checksum that is right.
pub(super) fn ogg(random: &mut Random) -> Vec<u8> {
    let good = clip("theora.ogv");
    let mut bytes = Vec::new();
    if random.once_in(3) {
        // Very many streams begin.
        for serial in 0..random.within(1..5000) as u32 {
            let content = random
                .one_of(&[
                    &b"\x80theora\x03\x02\x01"[..],
                    b"\x01vorbis",
                    b"OpusHead\x01",
                    b"fishead\0",
                ])
                .to_vec();
            bytes.extend(page(0x02, random.extreme(), serial, 0, &content));
        }
    }
    let mut at = 0;
    while let Some(head) = good.get(at..at + 27) {
        let n_segments = usize::from(head[26]);
        let Some(table) = good.get(at + 27..at + 27 + n_segments) else {
            break;
        };
        let end = at + 27 + n_segments + table.iter().map(|&n| usize::from(n)).sum::<usize>();
        let Some(whole) = good.get(at..end) else { break };
        let mut whole = whole.to_vec();
        if random.once_in(3) {
            whole[6..14].copy_from_slice(&random.extreme().to_le_bytes());
        }
        if random.once_in(12) {
            whole[5] = random.next() as u8;
        }
        if random.once_in(12) {
            whole[14..18].copy_from_slice(&random.extreme_u32().to_le_bytes());
        }
        if random.once_in(8) {
            let at = 27 + n_segments + random.below(whole.len() - 27 - n_segments + 1);
            if let Some(byte) = whole.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        sign(&mut whole);
        bytes.extend(whole);
        at = end;
    }
    bytes
}

fn page(flags: u8, granule: u64, serial: u32, number: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = [
        &b"OggS\0"[..],
        &[flags],
        &granule.to_le_bytes(),
        &serial.to_le_bytes(),
        &number.to_le_bytes(),
        &[0; 4],
        &[1, content.len() as u8],
        content,
    ]
    .concat();
    sign(&mut bytes);
    bytes
}

fn sign(page: &mut [u8]) {
    page[22..26].fill(0);
    let sum = crc(page, 0);
    page[22..26].copy_from_slice(&sum.to_le_bytes());
}

/// Frames of VP8 with times at the ends of 64 bits.
pub(super) fn ivf(random: &mut Random) -> Vec<u8> {
    let (width, height) = (random.side_px() as u16, random.side_px() as u16);
    let n_frames = *random.one_of(&[1, 100, 3000]);
    let mut bytes = [
        &b"DKIF\0\0\x20\0"[..],
        random.one_of(&[b"VP80", b"VP90", b"AV01"]).as_slice(),
        &width.to_le_bytes(),
        &height.to_le_bytes(),
        &random.extreme_u32().to_le_bytes(),
        &random.extreme_u32().to_le_bytes(),
        &random.extreme_u32().to_le_bytes(),
        &[0; 4],
    ]
    .concat();
    for at in 0..n_frames {
        let key = [
            &[0x10, 0x02, 0, 0x9d, 0x01, 0x2a][..],
            &width.to_le_bytes(),
            &height.to_le_bytes(),
            &random.bytes(20),
        ]
        .concat();
        let said = if random.once_in(50) {
            random.extreme_u32()
        } else {
            key.len() as u32
        };
        let time = if random.once_in(3) { random.extreme() } else { at };
        bytes.extend([&said.to_le_bytes()[..], &time.to_le_bytes(), &key].concat());
    }
    bytes
}
