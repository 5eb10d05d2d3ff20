//! A disk that fills up in the middle of a download: it is said, and what came is kept.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use videre::cancel::CancelToken;
use videre::fault::{Explain, Fault};
use videre::registry::{Hub, Progress};

use super::{LANGUAGE, REPOSITORY, Scene, assert_whole, noise, one};

/// The folder that the test below mounts a small disk on.
const DISK: &str = "VIDERE_TEST_SMALL_DISK";
/// Room for the file, and for what is left free when a download begins.
const DISK_BYTES: usize = 90 << 20;
const N_FILE: usize = 8 << 20;

/// Not a test by itself: what happens on the small disk, which only a process of its own can mount without rights.
#[test]
#[ignore = "the process that the test below starts"]
fn on_a_small_disk() {
    let Some(disk) = std::env::var_os(DISK).map(PathBuf::from) else {
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
            fill(&filler);
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

/// Takes all the room that is left.
fn fill(path: &Path) {
    let mut file = std::fs::File::create(path).expect("there is room for an empty file");
    for n_bytes in [1 << 20, 4096, 1] {
        while file.write(&vec![0; n_bytes]).is_ok() {}
    }
}

#[test]
fn a_disk_that_fills_up_in_a_download_loses_nothing_that_came() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let isolated = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-ec", script, "sh"]);
        command.arg(folder.path()).arg(DISK_BYTES.to_string());
        command
    };
    let mount = r#"mount -t tmpfs -o size="$2" tmpfs "$1""#;
    if !isolated(mount).output().is_ok_and(|tried| tried.status.success()) {
        eprintln!("skipped: a small disk cannot be mounted here");
        return;
    }
    let run = isolated(&format!(
        r#"{mount}; exec "$3" --ignored --exact --nocapture registry::full_disk::on_a_small_disk"#
    ))
    .arg(std::env::current_exe().expect("a test knows its own file"))
    .env(DISK, folder.path())
    .output()
    .expect("this binary starts again");
    let told = String::from_utf8_lossy(&run.stderr);
    let passed = String::from_utf8_lossy(&run.stdout);
    assert!(
        run.status.success() && passed.contains("1 passed"),
        "{passed}{told}"
    );
}
