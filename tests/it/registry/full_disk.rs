//! A disk that fills up in the middle of a download: it is said, and what came is kept.

use videre::cancel::CancelToken;
use videre::fault::{Explain, Fault};
use videre::registry::{Hub, Progress};

use super::{LANGUAGE, REPOSITORY, Scene, assert_whole, noise, one};
use crate::small_disk;

/// Room for the file, and for what is left free when a download begins.
const DISK_BYTES: usize = 90 << 20;
const N_FILE: usize = 8 << 20;

/// Not a test by itself: what happens on the small disk, which only a process of its own can mount without rights.
#[test]
#[ignore = "the process that the test below starts"]
fn on_a_small_disk() {
    let Some(disk) = small_disk::here() else {
        return;
    };
    let scene = Scene::new();
    scene.local.put(REPOSITORY, LANGUAGE, noise(N_FILE, 1));
    scene.local.be(|manner| manner.bytes_per_sec = Some(8e6));
    let endpoint = scene.local.url();
    let hub = Hub::of(
        |name| (name == "HF_ENDPOINT").then(|| endpoint.clone().into()),
        &disk,
    );
    let (filler, mut is_full) = (disk.join("filler"), false);
    let mut fill_once = |progress: &Progress| {
        if progress.n_bytes > 0 && !std::mem::replace(&mut is_full, true) {
            small_disk::fill(&filler);
        }
    };
    let refused = hub
        .pull(&one(), &CancelToken::new(), &mut fill_once)
        .expect_err("there is no room");
    assert_eq!(refused.fault(), Fault::DiskFull, "{refused}");
    assert!(refused.hint().is_some_and(|hint| hint.contains("kept")));
    let refused = hub
        .pull(&one(), &CancelToken::new(), &mut |_| {})
        .expect_err("there is still none");
    assert!(refused.to_string().contains("are missing"), "{refused}");

    std::fs::remove_file(&filler).expect("there is room again");
    scene.local.be(|manner| manner.bytes_per_sec = None);
    let pulled = hub
        .pull(&one(), &CancelToken::new(), &mut |_| {})
        .expect("it goes on");
    assert!(pulled.n_fetched_bytes < N_FILE as u64, "what came is kept");
    assert_whole(&pulled.files[0], &noise(N_FILE, 1));
}

#[test]
fn a_disk_that_fills_up_in_a_download_loses_nothing_that_came() {
    small_disk::run("registry::full_disk::on_a_small_disk", DISK_BYTES);
}
