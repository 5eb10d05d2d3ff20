//! What is kept changes how long an answer takes, never what it says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use videre::cancel::CancelToken;
use videre::engine::VideoSetup;

use super::{N_FRAMES, PATCHES_A_FRAME, Seen, ask, local, open, sample, setup, tiny_pair};

const N_VISUAL: usize = N_FRAMES * PATCHES_A_FRAME;

fn folder() -> TempDir {
    TempDir::new().expect("a temporary folder can be made")
}

/// A new engine over the same caches, as after a restart.
fn ask_anew(folder: &Path, change: impl FnOnce(&mut VideoSetup)) -> Seen {
    let engine = local(folder);
    let mut setup = setup(&engine, &open(&engine));
    change(&mut setup);
    ask(&engine, &setup, "What is there?")
}

/// The files that are kept, with this ending.
fn kept(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                files.push(path);
            }
        }
    }
    files
}

#[test]
fn a_second_question_reads_only_its_own_words() {
    let folder = folder();
    let engine = local(folder.path());
    let setup = setup(&engine, &open(&engine));
    let first = ask(&engine, &setup, "What is there?");
    assert_eq!(first.answer().tokens.visual, N_VISUAL);
    assert_eq!(first.answer().tokens.reused, 0);
    assert_eq!(first.answer().n_encoded_images, N_FRAMES);
    let second = ask(&engine, &setup, "And what colour is it?");
    assert_eq!(second.answer().n_encoded_images, 0, "nothing is encoded again");
    let reused = second.answer().tokens.reused;
    assert!(
        reused > N_VISUAL,
        "the video and the words around it are reused: {reused}"
    );
    let alone = {
        let folder = super::caches::folder();
        let engine = local(folder.path());
        ask(&engine, &setup, "And what colour is it?")
    };
    assert_eq!(second.said(), alone.said(), "the answer is that of a fresh start");
}

#[test]
fn a_prepared_video_is_answered_without_another_look() {
    let folder = folder();
    let engine = local(folder.path());
    let video = open(&engine);
    let setup = setup(&engine, &video);
    engine
        .prepare(&video, &setup, &CancelToken::new(), &mut |_| {})
        .expect("it is prepared");
    let seen = ask(&engine, &setup, "What is there?");
    assert_eq!(seen.answer().n_encoded_images, 0, "nothing is left to encode");
    assert!(seen.answer().tokens.reused > N_VISUAL);
    assert_eq!(
        seen.said(),
        ask_anew(super::caches::folder().path(), |_| {}).said()
    );
}

#[test]
fn a_video_opened_again_comes_from_its_prefix_or_its_features() {
    let folder = folder();
    let first = ask_anew(folder.path(), |_| {});
    assert_eq!(kept(folder.path(), "features").len(), N_FRAMES);
    let prefixes = kept(folder.path(), "prefix");
    assert_eq!(prefixes.len(), 1);

    let again = ask_anew(folder.path(), |_| {});
    assert_eq!(again.answer().n_encoded_images, 0, "the prefix says all");
    assert!(again.answer().tokens.reused > N_VISUAL);
    assert_eq!(again.said(), first.said());

    fs::remove_file(&prefixes[0]).expect("it is there");
    let from_features = ask_anew(folder.path(), |setup| setup.max_prefix_bytes = 0);
    assert_eq!(
        from_features.answer().tokens.reused,
        0,
        "everything is read again"
    );
    assert_eq!(from_features.said(), first.said());
    assert_eq!(
        kept(folder.path(), "prefix").len(),
        0,
        "nothing over the limit is kept"
    );
}

#[test]
fn damaged_results_are_computed_again() {
    let folder = folder();
    let first = ask_anew(folder.path(), |_| {});
    for path in kept(folder.path(), "features")
        .into_iter()
        .chain(kept(folder.path(), "prefix"))
    {
        let mut bytes = fs::read(&path).expect("it is there");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x40;
        fs::write(&path, bytes).expect("it can be written");
    }
    let again = ask_anew(folder.path(), |_| {});
    assert_eq!(again.said(), first.said());
    assert_eq!(again.answer().tokens.reused, 0, "nothing of it was used");
    assert_eq!(again.answer().n_encoded_images, N_FRAMES);
}

#[test]
fn results_that_changed_places_are_computed_again() {
    let folder = folder();
    let first = ask_anew(folder.path(), |_| {});
    fs::remove_file(&kept(folder.path(), "prefix")[0]).expect("it is there");
    let features = kept(folder.path(), "features");
    let (one, other) = (&features[0], &features[1]);
    let between = folder.path().join("between");
    for (from, to) in [(one, &between), (other, one), (&between, other)] {
        fs::rename(from, to).expect("it can be moved");
    }
    let again = ask_anew(folder.path(), |_| {});
    assert_eq!(again.said(), first.said());
    assert_eq!(again.answer().n_encoded_images, 2, "those two and no others");
}

#[cfg(unix)]
#[test]
fn what_is_kept_is_its_owner_s_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let cache = folder.path().join("cache");
    fs::create_dir(&cache).expect("it can be made");
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o755)).expect("it is ours");
    ask_anew(&cache, |_| {});
    for ending in ["features", "prefix", "vidx"] {
        for file in kept(&cache, ending) {
            for path in file.ancestors().take_while(|path| *path != folder.path()) {
                let mode = fs::metadata(path).expect("it is there").permissions().mode();
                assert_eq!(mode & 0o077, 0, "{} has {mode:o}", path.display());
            }
        }
    }
}

#[test]
fn two_at_once_share_a_folder() {
    let folder = folder();
    let said: Vec<String> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| ask_anew(folder.path(), |_| {}).said()))
            .collect();
        asking
            .into_iter()
            .map(|thread| thread.join().expect("it answers"))
            .collect()
    });
    assert_eq!(said[0], said[1]);
    assert_eq!(kept(folder.path(), "features").len(), N_FRAMES);
}

#[test]
fn a_forgotten_video_leaves_nothing() {
    let folder = folder();
    let engine = local(folder.path());
    let video = open(&engine);
    let setup = setup(&engine, &video);
    ask(&engine, &setup, "What is there?");
    assert_eq!(kept(folder.path(), "vidx").len(), 1);
    engine
        .forget(&video.identity, video.path(), &CancelToken::new())
        .expect("it is forgotten");
    let left = ["features", "prefix", "vidx"].map(|ending| kept(folder.path(), ending).len());
    assert_eq!(left, [0, 0, 0]);
    let again = ask(&engine, &setup, "What is there?");
    assert_eq!(again.answer().n_encoded_images, N_FRAMES, "it is looked at again");
}

#[test]
fn a_folder_that_cannot_be_written_costs_time_only() {
    let folder = folder();
    let file = folder.path().join("a file");
    fs::write(&file, "in the way").expect("it can be written");
    let seen = ask_anew(&file, |_| {});
    assert!(!seen.said().is_empty());
}

#[test]
fn a_process_killed_while_it_keeps_things_leaves_nothing_wrong() {
    let folder = folder();
    let expected = ask_anew(super::caches::folder().path(), |_| {}).said();
    // From the first feature that is written to the prefix; each process goes on where the last one was killed.
    let mut n_kills_between = 0;
    for n_wanted in [1, 7, 20, 40, N_FRAMES] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_videre"))
            .args([
                "ask",
                "--strategy",
                "every-patch",
                "--preset",
                "paper",
                "--max-tokens",
                "1",
                "--model",
            ])
            .arg(tiny_pair())
            .arg(sample())
            .arg("What?")
            .env("XDG_CACHE_HOME", folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let has_ended = |child: &mut Child| child.try_wait().expect("it is a child").is_some();
        while kept(folder.path(), "features").len() < n_wanted && !has_ended(&mut child) {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().expect("it is killed, or has ended");
        child.wait().expect("it ended");
        n_kills_between += usize::from(kept(folder.path(), "features").len() < N_FRAMES);
    }
    assert!(n_kills_between > 0, "none was killed in the middle");
    let engine_folder = folder.path().join("videre");
    assert_eq!(ask_anew(&engine_folder, |_| {}).said(), expected);
}
