//! AVI and FLV.

use super::clip;
use crate::random::Random;

fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut bytes = [name, &(content.len() as u32).to_le_bytes()[..], content].concat();
    if content.len() % 2 == 1 {
        bytes.push(0);
    }
    bytes
}

fn list(name: &[u8; 4], kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    chunk(name, &[kind, content].concat())
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Streams of JPEGs whose headers and indexes claim what one likes.
pub(super) fn avi(random: &mut Random) -> Vec<u8> {
    let picture = clip("picture.jpg");
    let n_streams = *random.one_of(&[1, 1, 2, 64, 300]);
    let mut some = |usual: u32| {
        if random.once_in(3) {
            random.extreme_u32()
        } else {
            usual
        }
    };
    let streams: Vec<u8> = (0..n_streams)
        .flat_map(|_| {
            let (scale, rate, start, length) = (some(1), some(25), some(0), some(30));
            let head = [
                b"vidsMJPG".to_vec(),
                words(&[
                    0,
                    0,
                    0,
                    scale,
                    rate,
                    start,
                    length,
                    some(70_000),
                    some(0),
                    some(0),
                    0,
                    0,
                ]),
            ];
            let (width, height) = (some(128), some(96));
            let format = [
                words(&[some(40), width, height, some(0x18_0001)]),
                b"MJPG".to_vec(),
                words(&[some(36_864), 0, 0, some(0), 0]),
            ];
            let mut content = [chunk(b"strh", &head.concat()), chunk(b"strf", &format.concat())].concat();
            if some(0) > 0 {
                // An index of indexes.
                let entries = words(&[some(0), some(0), some(100), some(1)]).repeat(50);
                let index = [
                    words(&[4, some(50)]),
                    b"00dc".to_vec(),
                    words(&[0, 0, 0]),
                    entries,
                ]
                .concat();
                content.extend(chunk(b"indx", &index));
            }
            list(b"LIST", b"strl", &content)
        })
        .collect();
    let main = words(&[
        some(40_000),
        some(0),
        0,
        some(0x10),
        some(30),
        0,
        some(n_streams),
        0,
        some(128),
        some(96),
        0,
        0,
        0,
        0,
    ]);
    let headers = list(b"LIST", b"hdrl", &[chunk(b"avih", &main), streams].concat());
    let n_frames = 1 + some(20) % 60;
    let frames = chunk(b"00dc", &picture).repeat(n_frames as usize);
    let n_entries = [0, n_frames, 5000][some(1) as usize % 3];
    let index: Vec<u8> = (0..n_entries)
        .flat_map(|at| {
            let at = at * picture.len() as u32;
            [
                b"00dc".to_vec(),
                words(&[some(0x10), some(at), some(picture.len() as u32)]),
            ]
            .concat()
        })
        .collect();
    let content = [headers, list(b"LIST", b"movi", &frames), chunk(b"idx1", &index)].concat();
    let mut bytes = list(b"RIFF", b"AVI ", &content);
    if some(0) > 0 {
        bytes.extend(list(b"RIFF", b"AVIX", &list(b"LIST", b"movi", &frames)));
    }
    bytes
}

/// A tag: kind, time and content.
fn tag(kind: u8, time: u32, content: &[u8]) -> Vec<u8> {
    let n_bytes = content.len() as u32;
    [
        &[kind][..],
        &n_bytes.to_be_bytes()[1..],
        &time.to_be_bytes()[1..],
        &[(time >> 24) as u8, 0, 0, 0],
        content,
        &(n_bytes + 11).to_be_bytes(),
    ]
    .concat()
}

/// The frames of a good file with other times, behind a description that is a bomb.
pub(super) fn flv(random: &mut Random) -> Vec<u8> {
    let good = clip(if random.once_in(2) { "h264.flv" } else { "flv1.flv" });
    let name = |text: &[u8]| [&(text.len() as u16).to_be_bytes()[..], text].concat();
    let mut about = [
        &[2][..],
        &name(b"onMetaData"),
        &[8],
        &random.extreme_u32().to_be_bytes(),
    ]
    .concat();
    match random.below(4) {
        // Objects in objects.
        0 => {
            for _ in 0..*random.one_of(&[5, 500, 50_000]) {
                about.extend([name(b"a"), vec![3]].concat());
            }
        }
        // Lists in lists, which say that they are long.
        1 => {
            about.extend([name(b"a"), vec![10]].concat());
            for _ in 0..*random.one_of(&[1, 50, 20_000]) {
                about.extend([&random.extreme_u32().to_be_bytes()[..], &[10]].concat());
            }
        }
        2 => {
            let times: Vec<u8> = (0..5000)
                .flat_map(|_| [&[0][..], &random.extreme().to_be_bytes()].concat())
                .collect();
            let said = *random.one_of(&[5000, u32::MAX, 1 << 28]);
            let of = |key: &[u8]| [&name(key)[..], &[10], &said.to_be_bytes(), &times].concat();
            about.extend(
                [
                    &name(b"keyframes")[..],
                    &[3],
                    &of(b"times"),
                    &of(b"filepositions"),
                    &[0, 0, 9],
                ]
                .concat(),
            );
        }
        _ => {
            for key in [
                &b"width"[..],
                b"height",
                b"duration",
                b"framerate",
                b"videodatarate",
                b"filesize",
            ] {
                let value = *random.one_of(&[f64::NAN, f64::INFINITY, -1.0, 1e300, 0.0, 70_000.0]);
                about.extend([&name(key)[..], &[0], &value.to_be_bytes()].concat());
            }
        }
    }
    let mut bytes = [
        &b"FLV\x01\x05"[..],
        &9_u32.to_be_bytes(),
        &[0; 4],
        &tag(18, 0, &about),
    ]
    .concat();
    let mut at = 13;
    while let Some(head) = good.get(at..at + 11) {
        let n_bytes = u32::from_be_bytes([0, head[1], head[2], head[3]]) as usize;
        let Some(content) = good.get(at + 11..at + 11 + n_bytes) else {
            break;
        };
        let time = u32::from_be_bytes([head[7], head[4], head[5], head[6]]);
        let time = if random.once_in(4) {
            random.extreme_u32()
        } else {
            time
        };
        bytes.extend(tag(head[0], time, content));
        at += 11 + n_bytes + 4;
    }
    bytes
}
