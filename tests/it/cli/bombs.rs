//! Files of a few bytes that claim enough to fill a machine: each costs one clear sentence.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::Place;

/// The most that a process may take whose only work is such a file, of its own and of the libraries that it reads.
const MAX_BYTES: u64 = 1 << 30;

/// A box of ISO/IEC 14496-12.
fn boxed(kind: &str, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let n_bytes = u32::try_from(content.len() + 8).expect("it is small");
    [&n_bytes.to_be_bytes()[..], kind.as_bytes(), &content].concat()
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// A track of `n_samples` samples of one byte in one chunk.
fn track(n_samples: u32) -> Vec<u8> {
    let n_chunks = u32::from(n_samples > 0);
    let tables =
        |entry: &[u32]| numbers(&[&[0, n_chunks][..], &entry[..entry.len() * n_chunks as usize]].concat());
    let picture = [
        &numbers(&[0, 1])[..],
        &[0; 16],
        &[0, 64, 0, 64],
        &[0; 14],
        &[0; 32],
        &[0, 24, 0xff, 0xff],
    ]
    .concat();
    let description = boxed("stsd", &[&numbers(&[0, 1]), &boxed("mp4v", &[&picture])]);
    let table = boxed(
        "stbl",
        &[
            &description,
            &boxed("stts", &[&tables(&[n_samples, 1])]),
            &boxed("stsc", &[&tables(&[1, n_samples, 1])]),
            &boxed("stsz", &[&numbers(&[0, 1, n_samples])]),
            &boxed("stco", &[&tables(&[8])]),
        ],
    );
    let handler = boxed("hdlr", &[&numbers(&[0, 0]), b"vide", &[0; 13]]);
    let header = boxed("mdhd", &[&numbers(&[0, 0, 0, 25, n_samples, 0])]);
    let media = boxed(
        "mdia",
        &[
            &header,
            &handler,
            &boxed("minf", &[&boxed("vmhd", &[&[0; 12]]), &table]),
        ],
    );
    boxed(
        "trak",
        &[&boxed("tkhd", &[&numbers(&[0, 0, 0, 1]), &[0; 68]]), &media],
    )
}

fn film(tracks: &[u8], more: &[u8]) -> Vec<u8> {
    let header = boxed("mvhd", &[&numbers(&[0, 0, 0, 25, 100]), &[0; 80]]);
    let start = boxed("ftyp", &[b"isom", &[0; 4]]);
    [start, boxed("moov", &[&header, tracks, more])].concat()
}

/// Entries of an index by the hundred million, in its tables.
fn index_bomb() -> Vec<u8> {
    let tracks: Vec<u8> = (0..40).flat_map(|_| track(20_000_000)).collect();
    film(&tracks, &[])
}

/// The same, in fragments.
fn fragment_bomb() -> Vec<u8> {
    let defaults = boxed("mvex", &[&boxed("trex", &[&numbers(&[0, 1, 1, 1, 1, 0])])]);
    let run = boxed("trun", &[&numbers(&[0, 4_000_000])]);
    let fragment = boxed(
        "traf",
        &[
            &boxed("tfhd", &[&numbers(&[0x2_0000, 1])]),
            &boxed("tfdt", &[&numbers(&[0, 0])]),
            &run.repeat(40),
        ],
    );
    let fragment = boxed("moof", &[&boxed("mfhd", &[&numbers(&[0, 1])]), &fragment]);
    [film(&track(0), &defaults), fragment].concat()
}

/// How it ended, its messages, its peak memory in bytes and how long it took.
fn cost(place: &Place, command: &str) -> (Option<i32>, String, u64, Duration) {
    let began = Instant::now();
    let mut child = place
        .command()
        .args(command.split(' '))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("videre starts");
    let status = Path::new("/proc").join(child.id().to_string()).join("status");
    let mut peak_kb = 0;
    let ended = loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kb = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak_kb = peak_kb.max(kb.unwrap_or(0));
        if let Some(ended) = child.try_wait().expect("it is our child") {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let stderr = child.stderr.take().expect("it is piped");
    let said = std::io::read_to_string(stderr).expect("it is text");
    (ended.code(), said, peak_kb << 10, began.elapsed())
}

#[test]
fn a_file_that_claims_more_than_a_machine_has_is_refused_for_it() {
    let place = Place::new();
    fs::write(place.path("index.mp4"), index_bomb()).expect("written");
    fs::write(place.path("fragments.mp4"), fragment_bomb()).expect("written");
    for (file, message) in [
        // FFmpeg goes without what it finds no memory for, and then without frames.
        ("index.mp4", "no frame of it can be decoded"),
        ("fragments.mp4", "takes more than 900 MB of memory"),
    ] {
        for command in ["probe FILE", "frames --count 2 FILE", "ask FILE What?"] {
            let command = command.replace("FILE", file);
            let (code, said, peak_bytes, took) = cost(&place, &command);
            assert_eq!(code, Some(1), "{command}: {said}");
            assert!(said.contains(file) && said.contains(message), "{command}: {said}");
            // That of a worker is the worker's, which is bounded by the same call.
            assert!(peak_bytes < MAX_BYTES, "{command}: {peak_bytes}");
            assert!(took < Duration::from_secs(20), "{command}: {took:?}");
        }
    }
}
