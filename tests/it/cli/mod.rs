//! The command line as a user meets it: through the real binary, by exit code, standard output and standard error.

mod answers;
mod ask;
#[cfg(target_os = "linux")]
mod bombs;
mod confined;
mod convert;
mod endings;
mod eval;
mod families;
#[cfg(unix)]
mod models;
mod nano;
#[cfg(target_os = "linux")]
mod offline;
mod preview;

use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// How a run ended.
#[derive(Debug)]
struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Run {
    /// The answer of a run that went well.
    #[track_caller]
    fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        serde_json::from_str(&self.stdout).expect("the answer is JSON")
    }
}

/// A folder of its own for each test: results, and a home for caches.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: TempDir::new().expect("a temporary folder can be made"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program, with nothing of this machine's settings.
    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_videre"));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("HOME", self.folder.path());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RUST_LOG"] {
            command.env_remove(name);
        }
        command
    }

    fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Run {
        let output = self
            .command()
            .args(args)
            .output()
            .expect("the program can be started");
        Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("answers are UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("messages are UTF-8"),
        }
    }

    /// Runs words that are separated by spaces, `SAMPLE` standing for the bundled clip.
    fn say(&self, words: &str) -> Run {
        let sample = sample();
        let word = |word: &str| {
            if word == "SAMPLE" {
                sample.clone().into_os_string()
            } else {
                word.into()
            }
        };
        self.run(words.split(' ').map(word))
    }
}

/// The bundled clip: 175 frames of 640 x 480 at 25 a second.
fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample.mp4")
}

/// The sample clip, in which the sample description names a codec that nobody has.
pub(crate) fn clip_of_an_unknown_codec() -> Vec<u8> {
    let mut clip = std::fs::read(sample()).expect("the sample clip");
    let at = clip
        .windows(8)
        .rposition(|bytes| bytes == b"stsd\0\0\0\0")
        .expect("an MP4 describes its samples");
    let name_at = at
        + clip[at..]
            .windows(4)
            .position(|bytes| bytes == b"avc1")
            .expect("it is H.264");
    clip[name_at..name_at + 4].copy_from_slice(b"zzzz");
    clip
}

/// The names in a folder, sorted.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder can be listed");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}
