//! Matroska, element by element (RFC 8794, RFC 9559).

use super::clip;
use crate::random::Random;

/// An element whose length is as it should be.
fn element(id: u32, content: &[u8]) -> Vec<u8> {
    [head(id), size(content.len() as u64), content.to_vec()].concat()
}

fn head(id: u32) -> Vec<u8> {
    id.to_be_bytes()
        .into_iter()
        .skip_while(|&byte| byte == 0)
        .collect()
}

/// A length in eight bytes.
fn size(n_bytes: u64) -> Vec<u8> {
    (n_bytes & ((1 << 56) - 1) | 1 << 56).to_be_bytes().to_vec()
}

/// A length that nobody knows.
const UNKNOWN: &[u8] = &[0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

fn number(id: u32, value: u64) -> Vec<u8> {
    element(id, &value.to_be_bytes())
}

fn start() -> Vec<u8> {
    let content = [
        number(0x4286, 1),
        number(0x42f7, 1),
        number(0x42f2, 4),
        number(0x42f3, 8),
    ]
    .concat();
    element(
        0x1a45_dfa3,
        &[
            content,
            element(0x4282, b"matroska"),
            number(0x4287, 4),
            number(0x4285, 2),
        ]
        .concat(),
    )
}

fn track(id: u64, codec: &[u8], width: u64, height: u64, more: &[u8]) -> Vec<u8> {
    let video = element(0xe0, &[number(0xb0, width), number(0xba, height)].concat());
    let about = [
        number(0xd7, id),
        number(0x73c5, id),
        number(0x83, 1),
        element(0x86, codec),
    ]
    .concat();
    element(0xae, &[about, video, more.to_vec()].concat())
}

/// A block of a frame, `lacing` as the flags say.
fn block(id: u32, track: u8, time: i16, flags: u8, frame: &[u8]) -> Vec<u8> {
    element(
        id,
        &[&[0x80 | track][..], &time.to_be_bytes(), &[flags], frame].concat(),
    )
}

fn segment(random: &mut Random, parts: &[Vec<u8>]) -> Vec<u8> {
    let content = parts.concat();
    let said = match random.below(4) {
        0 => UNKNOWN.to_vec(),
        1 => size(random.extreme()),
        _ => size(content.len() as u64),
    };
    [start(), head(0x1853_8067), said, content].concat()
}

fn about(random: &mut Random) -> Vec<u8> {
    let scale = if random.once_in(2) {
        random.extreme()
    } else {
        1_000_000
    };
    let length = *random.one_of(&[f64::NAN, f64::INFINITY, -1.0, 1e300, 1000.0, 0.0]);
    element(
        0x1549_a966,
        &[number(0x002a_d7b1, scale), element(0x4489, &length.to_be_bytes())].concat(),
    )
}

/// Clusters and blocks whose times, numbers and parts make no sense.
pub(super) fn blocks(random: &mut Random) -> Vec<u8> {
    let picture = clip("picture.jpg");
    let more = match random.below(4) {
        0 => number(0x0023_e383, random.extreme()),
        // Bytes that were taken off each frame, or that were pressed.
        1 => {
            let how = element(
                0x5034,
                &[
                    number(0x4254, random.below(5) as u64),
                    element(0x4255, &picture[..9]),
                ]
                .concat(),
            );
            let one = element(
                0x6240,
                &[number(0x5031, 0), number(0x5032, 1), number(0x5033, 0), how].concat(),
            );
            element(0x6d80, &one.repeat(*random.one_of(&[1, 2, 500])))
        }
        _ => Vec::new(),
    };
    let (width, height) = match random.once_in(3) {
        true => (random.side_px().into(), random.side_px().into()),
        false => (128, 96),
    };
    let codec: &[u8] = match random.below(4) {
        0 => b"V_UNCOMPRESSED",
        _ => b"V_MJPEG",
    };
    let tracks = element(0x1654_ae6b, &track(1, codec, width, height, &more));
    let mut parts = vec![about(random), tracks];
    for number_of in 0..*random.one_of(&[1, 5, 300]) {
        let time = if random.once_in(2) {
            random.extreme()
        } else {
            number_of * 1000
        };
        let mut content = number(0xe7, time);
        for at in 0..random.within(1..6) {
            let flags = *random.one_of(&[0x80, 0x00, 0x02, 0x04, 0x06, 0x08]);
            let time = *random.one_of(&[at as i16 * 40, i16::MIN, i16::MAX]);
            let n_bytes = *random.one_of(&[0, 1, picture.len()]);
            let laces: &[u8] = if flags & 6 > 0 {
                &[0xff, 0xff, 0xff, 0x01]
            } else {
                &[]
            };
            let frame = [laces, &picture[..n_bytes]].concat();
            content.extend(match random.below(3) {
                0 => {
                    let group = [
                        block(0xa1, 1, time, flags, &frame),
                        number(0x9b, random.extreme()),
                    ]
                    .concat();
                    element(0xa0, &[group, number(0xfb, random.extreme())].concat())
                }
                _ => block(0xa3, if random.once_in(9) { 9 } else { 1 }, time, flags, &frame),
            });
        }
        parts.push(element(0x1f43_b675, &content));
    }
    if random.once_in(2) {
        let n_points = *random.one_of(&[1, 100, 20_000]);
        let points: Vec<u8> = (0..n_points)
            .flat_map(|_| {
                let place = element(0xb7, &[number(0xf7, 1), number(0xf1, random.extreme())].concat());
                element(0xbb, &[number(0xb3, random.extreme()), place].concat())
            })
            .collect();
        parts.push(element(0x1c53_bb6b, &points));
    }
    segment(random, &parts)
}

/// Elements in elements and very many of them.
pub(super) fn masters(random: &mut Random) -> Vec<u8> {
    let picture = clip("picture.jpg");
    let n_tracks = *random.one_of(&[1, 64, 65, 1000, 5000]);
    let tracks: Vec<u8> = (0..n_tracks)
        .flat_map(|id| {
            let n_private = *random.one_of(&[0, 0, 4, 400]);
            let private = element(0x63a2, &random.bytes(n_private));
            let codec = **random.one_of(
                &[
                    &b"V_MJPEG"[..],
                    b"V_VP9",
                    b"V_AV1",
                    b"V_MPEG4/ISO/AVC",
                    b"V_REAL/RV40",
                    b"V_THEORA",
                ]
                .each_ref(),
            );
            track(id % 200, codec, 128, 96, &private)
        })
        .collect();
    let mut deep = Vec::new();
    let id = *random.one_of(&[0x67c8, 0xb6, 0xae, 0x1654_ae6b, 0x1f43_b675, 0x7373]);
    for _ in 0..*random.one_of(&[3, 30, 300, 2000]) {
        deep = element(id, &deep);
    }
    let around = *random.one_of(&[0x1254_c367, 0x1043_a770, 0x1654_ae6b]);
    let mut parts = vec![
        about(random),
        element(0x1654_ae6b, &tracks),
        element(around, &deep),
    ];
    if random.once_in(2) {
        let n_files = *random.one_of(&[1, 3000]);
        let file = element(
            0x61a7,
            &[
                element(0x466e, b"a.ttf"),
                element(0x4660, b"font/ttf"),
                element(0x465c, &[7; 64]),
            ]
            .concat(),
        );
        parts.push(element(0x1941_a469, &file.repeat(n_files)));
    }
    if random.once_in(2) {
        let n_seeks = *random.one_of(&[1, 5000]);
        let seek = element(
            0x4dbb,
            &[
                element(0x53ab, &head(0x1c53_bb6b)),
                number(0x53ac, random.extreme()),
            ]
            .concat(),
        );
        parts.insert(0, element(0x114d_9b74, &seek.repeat(n_seeks)));
    }
    parts.push(element(
        0x1f43_b675,
        &[number(0xe7, 0), block(0xa3, 1, 0, 0x80, &picture)].concat(),
    ));
    segment(random, &parts)
}
