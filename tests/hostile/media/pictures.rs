//! Pictures that are few bytes and many pixels.

use super::clip;
use super::mp4::{SAMPLES_AT, Track, film};
use crate::random::Random;

/// PNG, JPEG, TIFF, BMP, run lengths and plain pixels, each as the frames of a film.
pub(super) fn in_mov(random: &mut Random) -> Vec<u8> {
    let (width, height) = (random.side_px(), random.side_px());
    let (codec, depth, frame) = match random.below(6) {
        0 => (*b"png ", 48, png(random, width, height)),
        1 => (*b"jpeg", 24, jpeg(random, width, height)),
        2 => (*b"rle ", *random.one_of(&[1, 8, 24, 32]), rle(height)),
        3 => (*b"raw ", *random.one_of(&[1, 8, 16, 24, 32]), random.bytes(4000)),
        4 => (*b"tiff", 24, tiff(width, height)),
        _ => (*b"WRLE", 24, bmp(width, height)),
    };
    let n_frames = *random.one_of(&[1, 3, 60, 400]);
    let mut track = Track::good(n_frames, frame.len() as u32, SAMPLES_AT);
    (track.codec, track.depth) = (codec, depth);
    if random.once_in(2) {
        (track.width, track.height) = (width, height);
    }
    let samples = frame.repeat(n_frames as usize);
    film(&samples, &[track.bytes(1)], &[])
}

/// CRC-32 of PNG (ISO 3309).
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            crc >> 1 ^ if crc & 1 > 0 { 0xedb8_8320 } else { 0 }
        })
    })
}

fn png(random: &mut Random, width: u32, height: u32) -> Vec<u8> {
    let chunk = |name: &[u8; 4], content: &[u8]| {
        let named = [name, content].concat();
        [
            &(content.len() as u32).to_be_bytes()[..],
            &named,
            &crc(&named).to_be_bytes(),
        ]
        .concat()
    };
    let (depth, colours) = *random.one_of(&[(1, 0), (8, 2), (16, 6), (16, 2), (8, 3), (16, 4)]);
    let head = [
        &width.to_be_bytes()[..],
        &height.to_be_bytes(),
        &[depth, colours, 0, 0, u8::from(random.once_in(3))],
    ]
    .concat();
    // Zeros without an end: a block of stored bytes, or one of the longest repetitions.
    let pressed = match random.below(2) {
        0 => [&[0x78, 0x01, 0x01, 0x00, 0x10, 0xff, 0xef][..], &[0; 4096]].concat(),
        _ => [
            &[0x78, 0x9c, 0xec, 0xc1, 0x01, 0x01, 0, 0, 0, 0x80, 0x90, 0xfe][..],
            &[0xff; 512],
        ]
        .concat(),
    };
    let n_more = *random.one_of(&[0, 1, 2000]);
    let more = chunk(b"tEXt", b"a\0b").repeat(n_more);
    [
        &b"\x89PNG\r\n\x1a\n"[..],
        &chunk(b"IHDR", &head),
        &more,
        &chunk(b"IDAT", &pressed),
        &chunk(b"IEND", &[]),
    ]
    .concat()
}

/// A good picture that says it is another size, and has tables by the thousand.
fn jpeg(random: &mut Random, width: u32, height: u32) -> Vec<u8> {
    let mut bytes = clip("picture.jpg");
    let frame = bytes
        .windows(2)
        .position(|mark| matches!(mark, [0xff, 0xc0..=0xc2]));
    if let Some(place) = frame.and_then(|at| bytes.get_mut(at + 2..at + 12)) {
        place[3..5].copy_from_slice(&(height as u16).to_be_bytes());
        place[5..7].copy_from_slice(&(width as u16).to_be_bytes());
        if random.once_in(3) {
            place[2] = *random.one_of(&[1, 7, 9, 12, 16]);
        }
        if random.once_in(3) {
            place[9] = *random.one_of(&[0x11, 0x44, 0xff, 0x00]);
        }
    }
    let marker = [0xff, *random.one_of(&[0xdb, 0xc4, 0xe1, 0xdd]), 0, 4, 0, 1];
    let n_markers = *random.one_of(&[0, 1, 3000]);
    bytes.splice(2..2, marker.repeat(n_markers));
    bytes
}

/// QuickTime's run lengths: every line is there, and is left as it was.
fn rle(height: u32) -> Vec<u8> {
    let head = [
        &40_u32.to_be_bytes()[..],
        &[0, 8, 0, 0, 0, 0],
        &(height as u16).to_be_bytes(),
        &[0, 0],
    ]
    .concat();
    [head, [1, 0xff].repeat(64)].concat()
}

fn tiff(width: u32, height: u32) -> Vec<u8> {
    let entries: [(u16, u32); 7] = [
        (256, width),
        (257, height),
        (258, 8),
        (259, 1),
        (262, 2),
        (273, 8),
        (279, u32::MAX),
    ];
    let mut bytes = [
        &b"II*\0"[..],
        &8_u32.to_le_bytes(),
        &(entries.len() as u16).to_le_bytes(),
    ]
    .concat();
    for (tag, value) in entries {
        bytes.extend(
            [
                &tag.to_le_bytes()[..],
                &4_u16.to_le_bytes(),
                &1_u32.to_le_bytes(),
                &value.to_le_bytes(),
            ]
            .concat(),
        );
    }
    bytes
}

fn bmp(width: u32, height: u32) -> Vec<u8> {
    let words: Vec<u8> = [54, 40, width, height, 0x18_0001, 0, u32::MAX, 0, 0, 0, 0]
        .iter()
        .flat_map(|word: &u32| word.to_le_bytes())
        .collect();
    [&b"BM\xff\xff\xff\xff\0\0\0\0"[..], &words].concat()
}

/// What LZW makes pixels of: code sizes, blocks, and too few of them.
const DATA: &[&[u8]] = &[
    &[2, 0x4c, 0x01, 0],
    &[1, 0x44, 0],
    &[0],
    &[4, 0x84, 0x8f, 0xa9, 0xcb, 0],
];

/// Very many frames of very many pixels, each of a byte.
pub(super) fn gif(random: &mut Random) -> Vec<u8> {
    let (width, height) = (random.side_px() as u16, random.side_px() as u16);
    let size = [width.to_le_bytes(), height.to_le_bytes()].concat();
    let mut bytes = [&b"GIF89a"[..], &size, &[0x80, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff]].concat();
    if random.once_in(3) {
        // A comment that goes on and on.
        bytes.extend([0x21, 0xfe]);
        bytes.extend(
            [&[0xff][..], &[b'x'; 255]]
                .concat()
                .repeat(*random.one_of(&[1, 4000])),
        );
        bytes.push(0);
    }
    for _ in 0..*random.one_of(&[1, 60, 3000, 60_000]) {
        let delay = random.extreme_u32() as u16;
        bytes.extend(
            [
                &[0x21, 0xf9, 4, *random.one_of(&[0, 4, 8, 12, 9])][..],
                &delay.to_le_bytes(),
                &[0, 0],
            ]
            .concat(),
        );
        let place = if random.once_in(20) {
            [random.next() as u8, 0, random.next() as u8, 0]
        } else {
            [0; 4]
        };
        let code_bits = if random.once_in(20) {
            *random.one_of(&[0, 1, 11, 12, 255])
        } else {
            2
        };
        let data = *random.one_of(DATA);
        bytes.extend(
            [
                &[0x2c][..],
                &place,
                &size,
                &[if random.once_in(30) { 0x40 } else { 0 }, code_bits],
                data,
            ]
            .concat(),
        );
        if bytes.len() > 2 << 20 {
            break;
        }
    }
    bytes.push(0x3b);
    bytes
}
