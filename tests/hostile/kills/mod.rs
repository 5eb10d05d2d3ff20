//! Processes that are killed at any moment: what was said to be kept is there, the next start goes well, and nothing is left.

mod asks;
mod pulls;
mod window;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::Result;
use rustix::process::{Signal, kill_process};

use crate::random::Random;
use crate::run::{children_of, files_below, pid_of, program};
use crate::say;

pub(crate) use window::ask_and_tell;

/// Of each, in a hundred.
const KINDS: [(&str, usize); 4] = [("ask", 35), ("chat", 10), ("window", 25), ("pull", 30)];

/// What kills came to.
#[derive(Default)]
struct Toll {
    n_kills: usize,
    /// Those that came before the process ended by itself.
    n_midway: usize,
    /// Files that were being written and are there after the next start, by the kill and their name.
    left: Vec<String>,
    n_orphans: usize,
    wrongs: Vec<String>,
}

/// Kills `count` processes; answers how many times something was wrong afterwards.
///
/// Of one kind all of them, where it is named.
pub(crate) fn run(seed: u64, count: usize, only: Option<&str>) -> Result<usize> {
    let mut n_wrong = 0;
    for (name, in_a_hundred) in KINDS {
        let in_a_hundred = match only {
            None => in_a_hundred,
            Some(only) if only == name => 100,
            Some(_) => continue,
        };
        let (began, n_kills) = (Instant::now(), (count * in_a_hundred).div_ceil(100));
        let toll = match name {
            "ask" => asks::kill_asks(seed, n_kills)?,
            "chat" => asks::kill_chats(seed, n_kills)?,
            "window" => window::kill_windows(seed, n_kills)?,
            _ => pulls::kill_pulls(seed, n_kills)?,
        };
        for wrong in &toll.wrongs {
            say(&format!("WRONG {name} --seed {seed} {wrong}"))?;
        }
        for left in &toll.left {
            say(&format!("LEFT {name} --seed {seed} {left}"))?;
        }
        let Toll {
            n_kills,
            n_midway,
            left,
            n_orphans,
            wrongs,
        } = &toll;
        say(&format!(
            "{name} of seed {seed}, {:.0?}: {n_kills} kills, {n_midway} of them in the midst; {} wrong, {} left-overs, \
             {n_orphans} orphans",
            began.elapsed(),
            wrongs.len(),
            left.len(),
        ))?;
        n_wrong += wrongs.len() + left.len() + n_orphans;
    }
    Ok(n_wrong)
}

/// Whom a kill is for.
#[derive(Clone, Copy, Debug)]
enum Whom {
    Itself,
    /// One of the processes that it started, where there is one by then.
    AWorker,
}

/// Starts the program with its output in files of `folder`.
fn start(folder: &Path, args: &[&std::ffi::OsStr], stdin: Option<&Path>) -> io::Result<Child> {
    let mut command = program(folder);
    command
        .args(args)
        .stdout(File::create(folder.join("stdout"))?)
        .stderr(File::create(folder.join("stderr"))?);
    match stdin {
        Some(input) => command.stdin(File::open(input)?),
        None => command.stdin(Stdio::null()),
    };
    command.spawn()
}

/// Kills it at that moment, unless it ended before. Answers whether that was in its midst.
fn kill_at(child: &mut Child, moment: Duration, whom: Whom, random: &mut Random) -> io::Result<bool> {
    let began = Instant::now();
    while began.elapsed() < moment {
        if child.try_wait()?.is_some() {
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let workers = children_of(child.id())?;
    let is_midway = match whom {
        Whom::AWorker if !workers.is_empty() => {
            let worker = *random.one_of(&workers);
            // It may have ended since.
            kill_process(pid_of(worker)?, Signal::KILL).is_ok()
        }
        _ => {
            let runs = child.try_wait()?.is_none();
            child.kill()?;
            runs
        }
    };
    child.wait()?;
    Ok(is_midway)
}

/// What was being written and is no result of anything.
fn left_overs(folder: &Path) -> Vec<PathBuf> {
    let mut files = files_below(folder);
    files.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(".new-")
            || name.starts_with(".link-")
            || name.starts_with(".tmp")
            || name.contains(".incomplete")
            || name.ends_with(".part")
    });
    files
}
