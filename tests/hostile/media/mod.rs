//! Video files that mean harm: good ones that were damaged, and ones that never were good.

mod containers;
mod inside;
mod matroska;
mod mp4;
mod pictures;
mod streams;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::bytes::damage;
use crate::random::Random;

pub(crate) fn clip(name: &str) -> Vec<u8> {
    fs::read(clips().join(name)).expect("the clips of the tests are there")
}

fn clips() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clips")
}

/// The clips, sorted. The largest are left out: what is done to a header is the same there.
fn names() -> Vec<PathBuf> {
    let entries = fs::read_dir(clips()).expect("the clips of the tests are there");
    let mut names: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    names.retain(|path| {
        path.metadata()
            .is_ok_and(|about| (1..400_000).contains(&about.len()))
    });
    names.retain(|path| {
        path.extension()
            .is_some_and(|ending| !matches!(ending.to_str(), Some("sh" | "md")))
    });
    names.sort();
    names
}

/// A file in `folder`, and what was done to it.
pub(crate) fn mutated(random: &mut Random, folder: &Path) -> (PathBuf, String) {
    let names = names();
    let name = random.one_of(&names).clone();
    let read = |path: &PathBuf| fs::read(path).expect("the clips of the tests are there");
    let damaged = damage(random, read(&name), inside::inside, &|random| {
        read(random.one_of(&names))
    });
    let stem = name.file_name().expect("a clip has a name");
    let path = folder.join(stem);
    let mut file = File::create(&path).expect("the folder can be written");
    file.write_all(&damaged.bytes).expect("the folder can be written");
    if let Some(n_bytes) = damaged.n_bytes {
        file.set_len(n_bytes)
            .expect("this folder can have files with holes");
    }
    (path, format!("{} {}", stem.to_string_lossy(), damaged.how))
}

/// A file that was made by hand for harm, and what it is.
pub(crate) fn crafted(random: &mut Random, number: usize, folder: &Path) -> (PathBuf, String) {
    type Make = fn(&mut Random) -> Vec<u8>;
    const KINDS: [(&str, Make); 12] = [
        ("tables.mp4", mp4::tables),
        ("fragments.mp4", mp4::fragments),
        ("tracks.mp4", mp4::tracks),
        ("nested.mov", mp4::nested),
        ("picture.mov", pictures::in_mov),
        ("blocks.mkv", matroska::blocks),
        ("masters.mkv", matroska::masters),
        ("index.avi", containers::avi),
        ("script.flv", containers::flv),
        ("packets.ts", streams::transport),
        ("pages.ogv", streams::ogg),
        ("frames.gif", pictures::gif),
    ];
    let (name, make) = KINDS[number % KINDS.len()];
    // A few streams have frames and nothing else.
    let (name, bytes) = match (name, random.once_in(3)) {
        ("frames.gif", true) => ("times.ivf", streams::ivf(random)),
        _ => (name, make(random)),
    };
    let path = folder.join(name);
    fs::write(&path, bytes).expect("the folder can be written");
    (path, name.to_owned())
}
