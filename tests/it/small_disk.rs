//! A disk that a test can fill, which only a process of its own can mount without rights.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names the folder that a small disk is mounted on, to the test that runs there.
const DISK: &str = "VIDERE_TEST_SMALL_DISK";

/// The small disk of this process; none where nobody mounted one.
pub(crate) fn here() -> Option<PathBuf> {
    std::env::var_os(DISK).map(PathBuf::from)
}

/// Runs the ignored test `name` of this binary on a disk of `n_bytes`, and gives what it says on standard error. None where
/// no small disk can be mounted.
#[track_caller]
pub(crate) fn run(name: &str, n_bytes: usize) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let isolated = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-ec", script, "sh"]);
        command.arg(folder.path()).arg(n_bytes.to_string());
        command
    };
    let mount = r#"mount -t tmpfs -o size="$2" tmpfs "$1""#;
    if !isolated(mount).output().is_ok_and(|tried| tried.status.success()) {
        eprintln!("skipped: a small disk cannot be mounted here");
        return None;
    }
    let run = isolated(&format!(
        r#"{mount}; exec "$3" --ignored --exact --nocapture "$4""#
    ))
    .arg(std::env::current_exe().expect("a test knows its own file"))
    .arg(name)
    .env(DISK, folder.path())
    .output()
    .expect("this binary starts again");
    let passed = String::from_utf8_lossy(&run.stdout);
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(
        run.status.success() && passed.contains("1 passed"),
        "{passed}{told}"
    );
    Some(told)
}

/// Takes all the room that is left, in pieces that get smaller.
pub(crate) fn fill(path: &Path) {
    let mut file = std::fs::File::create(path).expect("there is room for an empty file");
    for n_bytes in [1 << 20, 4096, 1] {
        while file.write(&vec![0; n_bytes]).is_ok() {}
    }
}
