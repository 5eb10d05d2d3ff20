//! `videre ask` and `videre chat`, and their workers: results that were half kept change nothing of the next answer.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{Toll, Whom, kill_at, left_overs, start};
use crate::pairs;
use crate::random::Random;
use crate::run::end_orphans;

/// A folder with a good pair, a clip and what is kept of it.
struct Place {
    folder: tempfile::TempDir,
    pair: PathBuf,
    clip: PathBuf,
    questions: PathBuf,
}

impl Place {
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let pair = pairs::good(folder.path());
        let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample.mp4");
        let questions = folder.path().join("questions");
        fs::write(&questions, "What is there?\nAnd what colour is it?\nWhere?\n")?;
        Ok(Self {
            folder,
            pair,
            clip,
            questions,
        })
    }

    /// The words of a command; every second time with the model inside the program.
    fn args(&self, is_chat: bool, is_nano: bool) -> Vec<OsString> {
        // As much as each has room for, so that there is much to keep.
        let look: &[&str] = match is_nano {
            true => &["--max-tokens", "12", "--preset", "fast"],
            false => &[
                "--max-tokens",
                "12",
                "--strategy",
                "every-patch",
                "--preset",
                "paper",
            ],
        };
        let mut args: Vec<OsString> = look.iter().map(Into::into).collect();
        args.insert(0, if is_chat { "chat".into() } else { "ask".into() });
        if !is_nano {
            args.extend(["--model".into(), self.pair.clone().into_os_string()]);
        }
        args.push(self.clip.clone().into_os_string());
        if !is_chat {
            args.push("What is there?".into());
        }
        args
    }

    /// Runs it to its end: what it answered, and how long it took.
    fn answer(&self, is_chat: bool, is_nano: bool) -> Result<(Option<i32>, Vec<u8>, Duration)> {
        let began = Instant::now();
        let mut child = self.start(is_chat, is_nano)?;
        let code = child.wait()?.code();
        Ok((
            code,
            fs::read(self.folder.path().join("stdout"))?,
            began.elapsed(),
        ))
    }

    fn start(&self, is_chat: bool, is_nano: bool) -> Result<std::process::Child> {
        let args = self.args(is_chat, is_nano);
        let args: Vec<&OsStr> = args.iter().map(OsString::as_os_str).collect();
        let input = is_chat.then_some(self.questions.as_path());
        Ok(start(self.folder.path(), &args, input)?)
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }
}

pub(super) fn kill_asks(seed: u64, n_kills: usize) -> Result<Toll> {
    kill(seed, n_kills, false)
}

pub(super) fn kill_chats(seed: u64, n_kills: usize) -> Result<Toll> {
    kill(seed ^ 0xc4a7, n_kills, true)
}

fn kill(seed: u64, n_kills: usize, is_chat: bool) -> Result<Toll> {
    let place = Place::new()?;
    let mut wanted = Vec::new();
    for is_nano in [false, true] {
        let (code, said, took) = place.answer(is_chat, is_nano)?;
        ensure!(
            code == Some(0) && !said.is_empty(),
            "it answers where nothing is killed"
        );
        wanted.push((said, took));
    }
    let mut toll = Toll {
        n_kills,
        ..Toll::default()
    };
    for number in 0..n_kills {
        let mut random = Random::of(seed, number);
        let is_nano = random.once_in(3);
        let (said, took) = &wanted[usize::from(is_nano)];
        // Mostly with something left to keep.
        match random.below(4) {
            0 => {}
            1 => damage_cache(&mut random, &place.cache()),
            _ => drop(fs::remove_dir_all(place.cache())),
        }
        let whom = if random.once_in(3) {
            Whom::AWorker
        } else {
            Whom::Itself
        };
        let moment = took.mul_f64(random.below(1000) as f64 / 1e3);
        let mut child = place.start(is_chat, is_nano)?;
        toll.n_midway += usize::from(kill_at(&mut child, moment, whom, &mut random)?);
        let code = child.wait()?.code();
        let told = fs::read_to_string(place.folder.path().join("stderr"))?;
        if let (Whom::AWorker, Some(code)) = (whom, code)
            && !matches!((code, told.contains("error: ")), (0, false) | (1 | 4, true))
        {
            toll.wrongs.push(format!(
                "kill {number}: code {code} after the end of a worker: {told}"
            ));
        }
        let n_orphans = end_orphans()?;
        toll.n_orphans += n_orphans;
        let (code, again, _) = place.answer(is_chat, is_nano)?;
        if code != Some(0) || again != *said {
            let again = String::from_utf8_lossy(&again).into_owned();
            toll.wrongs.push(format!(
                "kill {number} after {moment:.0?} of {whom:?}: code {code:?}, {again:?}"
            ));
        }
        for path in left_overs(place.folder.path()) {
            toll.left.push(format!("kill {number}: {}", path.display()));
            fs::remove_file(path)?;
        }
    }
    Ok(toll)
}

/// Half of a file, as a power cut leaves it.
fn damage_cache(random: &mut Random, cache: &Path) {
    let files = crate::run::files_below(cache);
    if files.is_empty() {
        return;
    }
    let path = random.one_of(&files);
    if let Ok(file) = fs::File::options().write(true).open(path) {
        let n_bytes = file.metadata().map_or(0, |about| about.len());
        drop(file.set_len(n_bytes / 2));
    }
}
