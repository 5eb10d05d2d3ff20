//! Downloads that are killed, the memory they take, and their speed beside curl's.
//!
//! ```text
//! bench_registry kills N      N kills at random moments of a 200 MB download
//! bench_registry memory       what a pull takes over what the process takes without one
//! bench_registry speed        a pull and curl in turn
//! ```

#[expect(dead_code, reason = "tests do more with it")]
#[path = "../../examples/local_hub/hub.rs"]
mod hub;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use videre::cancel::CancelToken;
use videre::registry::{Hub, Order, OrderedFile, Part};

use hub::{LocalHub, noise};

const N_BYTES: usize = 200_000_000;
/// Of a fast line: a download takes two seconds.
const BYTES_PER_SEC: f64 = 100e6;
const REPOSITORY: &str = "owner/model";
const FILE: &str = "model.gguf";
const N_TURNS: usize = 5;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["pull"] => pull(),
        ["idle"] => idle(),
        ["kills", n_kills] => kills(n_kills.parse()?),
        ["memory"] => memory(),
        ["speed"] => speed(),
        _ => bail!("bench_registry kills N | memory | speed"),
    }
}

/// What a child does: one pull, with the variables that it has.
fn pull() -> Result<()> {
    let order = Order {
        name: FILE.to_owned(),
        files: vec![OrderedFile {
            repository: REPOSITORY.parse()?,
            revision: "main".to_owned(),
            path: FILE.to_owned(),
            part: Part::Language,
            n_bytes: None,
            checksum: None,
        }],
        licence: None,
        notes: Vec::new(),
    };
    let pulled = Hub::of_environment().pull(&order, &CancelToken::new(), &mut |_| {})?;
    say(&format!("{} {}", pulled.files[0].display(), peak_kb()?))
}

fn idle() -> Result<()> {
    let hub = Hub::of_environment();
    say(&format!("{} {}", hub.cache().folder().display(), peak_kb()?))
}

fn say(line: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{line}")?)
}

/// The most memory that this process has had.
fn peak_kb() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line
        .and_then(|line| line.split_whitespace().next())
        .context("no VmHWM")?;
    Ok(number.parse()?)
}

struct Place {
    hub: LocalHub,
    home: tempfile::TempDir,
    bytes: Vec<u8>,
}

impl Place {
    fn new(n_bytes: usize) -> Result<Self> {
        let bytes = noise(n_bytes, 1);
        let hub = LocalHub::start(0)?;
        hub.put(REPOSITORY, FILE, bytes.clone());
        Ok(Self {
            hub,
            home: tempfile::tempdir()?,
            bytes,
        })
    }

    fn child(&self, what: &str) -> Result<Child> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg(what)
            .env("HF_ENDPOINT", self.hub.url())
            .env("HF_HOME", self.home.path());
        Ok(command.stdout(Stdio::piped()).spawn()?)
    }

    /// Lets a pull end, and says where the file is and how much memory it took.
    fn finish(child: Child) -> Result<(PathBuf, u64)> {
        let ended = child.wait_with_output()?;
        ensure!(ended.status.success(), "the pull failed");
        let line = String::from_utf8(ended.stdout)?;
        let (path, kb) = line.trim().rsplit_once(' ').context("no answer")?;
        Ok((PathBuf::from(path), kb.parse()?))
    }

    fn clear(&self) -> Result<()> {
        let cache = self.home.path().join("hub");
        if cache.exists() {
            fs::remove_dir_all(cache)?;
        }
        Ok(())
    }

    fn part_bytes(&self) -> u64 {
        let blobs = self.home.path().join("hub/models--owner--model/blobs");
        let entries = fs::read_dir(blobs).into_iter().flatten().flatten();
        let parts = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(".incomplete"));
        parts.filter_map(|entry| Some(entry.metadata().ok()?.len())).sum()
    }
}

fn kills(n_kills: usize) -> Result<()> {
    let place = Place::new(N_BYTES)?;
    place.hub.be(|manner| manner.bytes_per_sec = Some(BYTES_PER_SEC));
    let whole = Duration::from_millis((1e3 * N_BYTES as f64 / BYTES_PER_SEC) as u64);
    let (mut most_twice, mut n_midway) = (0, 0);
    for index in 0..n_kills {
        place.clear()?;
        let n_sent_before = place.hub.n_sent_bytes();
        let mut child = place.child("pull")?;
        let at = whole.mul_f64(random(index));
        std::thread::sleep(at);
        child.kill()?;
        child.wait()?;
        // What is on its way to a process that is gone goes nowhere.
        std::thread::sleep(Duration::from_millis(50));
        let (n_kept, n_sent) = (place.part_bytes(), place.hub.n_sent_bytes() - n_sent_before);
        let n_seen = place.hub.seen().len();
        let (path, _) = Place::finish(place.child("pull")?)?;
        let seen = place.hub.seen().split_off(n_seen);
        let range = seen
            .iter()
            .find(|seen| seen.method == "GET")
            .and_then(|seen| seen.range.clone());
        let is_midway = (1..N_BYTES as u64).contains(&n_kept);
        ensure!(
            !is_midway || range == Some(format!("bytes={n_kept}-")),
            "{range:?} with {n_kept} bytes kept"
        );
        ensure!(fs::read(&path)? == place.bytes, "kill {index}: other bytes");
        n_midway += usize::from(is_midway);
        let n_twice = if is_midway {
            n_sent.saturating_sub(n_kept)
        } else {
            0
        };
        most_twice = most_twice.max(n_twice);
    }
    say(&format!(
        "{n_kills} kills, {n_midway} of them with a part kept: all whole, at most {most_twice} bytes sent twice"
    ))
}

/// A number from 0 to 1 that is another one each time.
fn random(seed: usize) -> f64 {
    use std::hash::{BuildHasher, RandomState};
    (RandomState::new().hash_one(seed) % 10_000) as f64 / 1e4
}

fn memory() -> Result<()> {
    let place = Place::new(N_BYTES)?;
    let (_, idle_kb) = Place::finish(place.child("idle")?)?;
    let (_, pull_kb) = Place::finish(place.child("pull")?)?;
    say(&format!(
        "idle {idle_kb} kB, pulling {pull_kb} kB at most: {} kB more",
        pull_kb - idle_kb
    ))
}

fn speed() -> Result<()> {
    let place = Place::new(2 * N_BYTES)?;
    let target = place.home.path().join("curl");
    let mut ratios = Vec::new();
    for _ in 0..N_TURNS {
        let of_curl = timed(|| curl(&place, &target))?;
        place.clear()?;
        let of_pull = timed(|| Place::finish(place.child("pull")?).map(drop))?;
        ratios.push(of_curl.as_secs_f64() / of_pull.as_secs_f64());
        let mb_per_sec = |took: Duration| 2.0 * N_BYTES as f64 / 1e6 / took.as_secs_f64();
        say(&format!(
            "curl {:.0} MB/s, pull {:.0} MB/s",
            mb_per_sec(of_curl),
            mb_per_sec(of_pull)
        ))?;
    }
    ratios.sort_by(f64::total_cmp);
    say(&format!("median of pull over curl: {:.2}", ratios[N_TURNS / 2]))
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let began = Instant::now();
    work()?;
    Ok(began.elapsed())
}

fn curl(place: &Place, target: &Path) -> Result<()> {
    let url = format!("{}/{REPOSITORY}/resolve/main/{FILE}", place.hub.url());
    let ended = Command::new("curl")
        .args(["-sSfLo"])
        .arg(target)
        .arg(url)
        .status()?;
    ensure!(ended.success(), "curl failed");
    Ok(())
}
