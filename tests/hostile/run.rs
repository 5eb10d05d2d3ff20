//! One run of the program: how it ended, what it said, and what it cost.
#![expect(
    unsafe_code,
    reason = "what a process and its workers cost is told by wait4 alone"
)]

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, set_child_subreaper, wait};

/// After so long it will not end by itself.
const HANGS_AFTER: Duration = Duration::from_secs(90);
/// So long a worker may take to see that nobody listens any more.
const ORPHAN_ENDS_WITHIN: Duration = Duration::from_secs(5);
const LOOKS_EVERY: Duration = Duration::from_millis(2);

/// What is to be run.
pub(crate) struct Run<'a> {
    /// A folder of its own: caches, home, and where its files lie.
    pub(crate) folder: &'a Path,
    pub(crate) args: Vec<OsString>,
    /// When it is sent what.
    pub(crate) signal: Option<(Duration, Signal)>,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
    /// From the signal that it was sent to its end; none where it ended before.
    pub(crate) late: Option<Duration>,
    /// Of the processor, its workers' among it.
    pub(crate) cpu: Duration,
    /// Of the largest of its processes.
    pub(crate) peak_bytes: u64,
    /// It had to be killed.
    pub(crate) hung: bool,
    /// Workers that went on without it.
    pub(crate) n_orphans: usize,
}

/// From now on the workers of a program that ended become ours, and are seen.
pub(crate) fn adopt_orphans() -> io::Result<()> {
    Ok(set_child_subreaper(Some(rustix::process::getpid()))?)
}

pub(crate) fn args<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Vec<OsString> {
    args.into_iter().map(|arg| arg.as_ref().to_owned()).collect()
}

/// What is run: the program that was built with this, or the one that `VIDERE_PROGRAM` names.
pub(crate) fn program_file() -> OsString {
    std::env::var_os("VIDERE_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_videre").into())
}

/// The program, with nothing of this machine's settings.
pub(crate) fn program(folder: &Path) -> Command {
    let mut command = Command::new(program_file());
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .env("HOME", folder)
        .env("HF_HOME", folder.join("hub"));
    for name in ["CACHE", "CONFIG", "DATA", "STATE"] {
        command.env(format!("XDG_{name}_HOME"), folder.join(name.to_lowercase()));
    }
    for name in [
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "RUST_LOG",
        "RUST_BACKTRACE",
        "VIDERE_MODEL",
        "HF_TOKEN",
    ] {
        command.env_remove(name);
    }
    command
}

impl Run<'_> {
    /// Runs it until it ends, or until it must be ended.
    pub(crate) fn end(&self) -> io::Result<Ended> {
        let [out, err] = ["stdout", "stderr"].map(|name| self.folder.join(name));
        let mut command = program(self.folder);
        command
            .args(&self.args)
            .stdout(File::create(&out)?)
            .stderr(File::create(&err)?);
        let began = Instant::now();
        let child = command.spawn()?;
        let pid = pid_of(child.id())?;
        let mut pending = self.signal;
        let (mut sent, mut hung) = (None, false);
        let cost = loop {
            if let Some(cost) = cost_of_ended(child.id())? {
                break cost;
            }
            let took = began.elapsed();
            if let Some((_, signal)) = pending.take_if(|(at, _)| took >= *at) {
                kill_process(pid, signal)?;
                sent = Some(Instant::now());
            }
            if took > HANGS_AFTER && !hung {
                hung = true;
                kill_process(pid, Signal::KILL)?;
            }
            std::thread::sleep(LOOKS_EVERY);
        };
        let ended = Instant::now();
        Ok(Ended {
            code: cost.code,
            signal: cost.signal,
            stderr: String::from_utf8_lossy(&fs::read(err)?).into_owned(),
            took: ended - began,
            late: sent.map(|sent| ended - sent),
            cpu: cost.cpu,
            peak_bytes: cost.peak_bytes,
            hung,
            n_orphans: end_orphans()?,
        })
    }
}

pub(crate) fn pid_of(number: u32) -> io::Result<Pid> {
    let number = i32::try_from(number).ok().and_then(Pid::from_raw);
    number.ok_or_else(|| io::Error::other("no process has this number"))
}

struct Cost {
    code: Option<i32>,
    signal: Option<i32>,
    cpu: Duration,
    peak_bytes: u64,
}

/// How a child ended and what it and those that it waited for have cost; none while it runs.
fn cost_of_ended(pid: u32) -> io::Result<Option<Cost>> {
    let pid = i32::try_from(pid).map_err(io::Error::other)?;
    let mut status = 0;
    // SAFETY: all of it is numbers, for which zeros are values; both are written to before they are read.
    let (ended, usage) = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        (
            libc::wait4(pid, &raw mut status, libc::WNOHANG, &raw mut usage),
            usage,
        )
    };
    match ended {
        0 => return Ok(None),
        ..0 => return Err(io::Error::last_os_error()),
        _ => {}
    }
    let time = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec.unsigned_abs()) + Duration::from_micros(time.tv_usec.unsigned_abs())
    };
    Ok(Some(Cost {
        code: libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status)),
        signal: libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status)),
        cpu: time(usage.ru_utime) + time(usage.ru_stime),
        peak_bytes: usage.ru_maxrss.unsigned_abs() << 10,
    }))
}

/// Waits for what the program left running, which is now ours. What does not end by itself is counted, and killed.
pub(crate) fn end_orphans() -> io::Result<usize> {
    let began = Instant::now();
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) => {}
            // None is left.
            Err(_) => return Ok(0),
            Ok(None) if began.elapsed() < ORPHAN_ENDS_WITHIN => std::thread::sleep(LOOKS_EVERY),
            Ok(None) => break,
        }
    }
    let left = children()?;
    for &pid in &left {
        kill_process(pid_of(pid)?, Signal::KILL)?;
    }
    while let Ok(Some(_)) = wait(WaitOptions::empty()) {}
    Ok(left.len())
}

/// The processes that this one is the parent of.
pub(crate) fn children() -> io::Result<Vec<u32>> {
    children_of(std::process::id())
}

pub(crate) fn children_of(parent: u32) -> io::Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // One that ended meanwhile is none.
        let stat = fs::read_to_string(Path::new("/proc").join(name).join("stat")).unwrap_or_default();
        let of = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1));
        if of.and_then(|of| of.parse().ok()) == Some(parent) {
            found.push(pid);
        }
    }
    Ok(found)
}

/// All files below a folder.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
            match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                true => folders.push(entry.path()),
                false => files.push(entry.path()),
            }
        }
    }
    files
}
