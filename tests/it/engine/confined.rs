//! What the processes of models may read: what they were handed.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use videre::cancel::CancelToken;
use videre::engine::{Engine, ModelProtocol};
use videre::fault::{Failure, Fault};
use videre::sandbox::layers;
use videre::worker::Client;

use super::{Workers, worker};

fn checkpoint() -> &'static Path {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/golden/checkpoints/llava-onevision"
    ))
}

/// The checkpoint as a hub's cache keeps it: links in one folder, what they lead to in another.
fn in_a_cache() -> TempDir {
    let cache = TempDir::new().expect("a temporary folder can be made");
    let [blobs, snapshot] = ["blobs", "snapshot"].map(|name| cache.path().join(name));
    for folder in [&blobs, &snapshot] {
        fs::create_dir(folder).expect("it is made");
    }
    for (i, entry) in fs::read_dir(checkpoint()).expect("it is a folder").enumerate() {
        let entry = entry.expect("it is read");
        fs::copy(entry.path(), blobs.join(i.to_string())).expect("it is copied");
        let target = Path::new("../blobs").join(i.to_string());
        std::os::unix::fs::symlink(target, snapshot.join(entry.file_name())).expect("it is made");
    }
    cache
}

/// A folder whose files lie in another, to which it has a link.
fn with_a_linked_folder() -> TempDir {
    let place = TempDir::new().expect("a temporary folder can be made");
    std::os::unix::fs::symlink(checkpoint(), place.path().join("elsewhere")).expect("it is made");
    place
}

fn convert(engine: &Engine, folder: &Path, out: &Path) -> Result<(), Failure> {
    engine.convert(folder, out, "Q8_0", &CancelToken::new(), &mut |_, _| {})
}

/// Converts in a process that was started for the folder `from`.
fn with_a_converter(cache: &Path, from: Option<&Path>) -> Engine {
    let command = worker("converter", cache);
    let from = from.map(Path::to_owned);
    Workers::new(cache)
        .engine
        .converting_with(Arc::new(move |folder, out| {
            let mut command = command.clone();
            let from = from.as_deref().unwrap_or(folder);
            let folders = [
                "--from".as_ref(),
                from.as_os_str(),
                "--to".as_ref(),
                out.as_os_str(),
            ];
            command.args.extend(folders.map(Into::into));
            Arc::new(Client::<ModelProtocol>::new(command))
        }))
}

fn files_of(folder: &Path) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("it is a folder").flatten();
    let mut files: Vec<_> = entries
        .map(|entry| (entry.file_name(), fs::read(entry.path()).expect("it is read")))
        .collect();
    files.sort();
    files
}

#[test]
fn a_converter_reads_the_checkpoint_that_it_was_started_for_wherever_its_links_lead() {
    let (cache, place) = (in_a_cache(), TempDir::new().expect("a folder"));
    let snapshot = cache.path().join("snapshot");
    let out = place.path().join("pair");
    convert(&with_a_converter(place.path(), None), &snapshot, &out).expect("it is converted");
    let here = place.path().join("here");
    let in_this_process = super::local(place.path());
    convert(&in_this_process, &snapshot, &here).expect("it is converted");
    assert_eq!(files_of(&out), files_of(&here));
    assert_eq!(files_of(&out).len(), 2);
}

#[test]
fn what_a_process_was_not_started_for_it_does_not_read() {
    if !layers().files {
        eprintln!("skipped: this kernel has no Landlock");
        return;
    }
    let place = TempDir::new().expect("a folder");
    let refused = |engine: &Engine| {
        let failure = convert(engine, checkpoint(), &place.path().join("pair"));
        let failure = failure.expect_err("a file of the user's is read");
        assert_eq!(failure.fault, Fault::Unreadable, "{failure:?}");
        assert!(failure.message.contains("ermission denied"), "{failure:?}");
    };
    // The model's process reads the pairs that it is handed, the converter its own folder.
    refused(&Workers::new(place.path()).engine);
    refused(&with_a_converter(place.path(), Some(place.path())));
    let linked = with_a_linked_folder();
    refused(&with_a_converter(place.path(), Some(linked.path())));
}
