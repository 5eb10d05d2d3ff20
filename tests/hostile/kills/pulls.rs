//! Downloads: what came stays, is gone on with, and is whole in the end.

use std::ffi::OsStr;
use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::{Toll, Whom, kill_at, left_overs};
use crate::hub::{LocalHub, noise};
use crate::random::Random;
use crate::run::{end_orphans, program};

const REPOSITORY: &str = "owner/model";
const FILES: [(&str, usize); 2] = [
    ("model-Q4_K_M.gguf", 24_000_000),
    ("mmproj-model-f16.gguf", 3_000_000),
];
/// Of each connection: a download takes half a second.
const BYTES_PER_SEC: f64 = 50e6;

struct Place {
    hub: LocalHub,
    folder: tempfile::TempDir,
    files: Vec<Vec<u8>>,
}

impl Place {
    fn start(&self) -> Result<Child> {
        let out = |name: &str| fs::File::create(self.folder.path().join(name));
        let mut command = program(self.folder.path());
        command
            .args([
                OsStr::new("models"),
                "pull".as_ref(),
                "--json".as_ref(),
                REPOSITORY.as_ref(),
            ])
            .env("HF_ENDPOINT", self.hub.url());
        Ok(command.stdout(out("stdout")?).stderr(out("stderr")?).spawn()?)
    }

    /// Whether both files are there as they are on the hub.
    fn is_whole(&self) -> Result<bool> {
        let said: serde_json::Value = serde_json::from_slice(&fs::read(self.folder.path().join("stdout"))?)?;
        for (at, bytes) in self.files.iter().enumerate() {
            let path = said["files"][at]["file"].as_str().context("a path is said")?;
            if fs::read(path)? != *bytes {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

pub(super) fn kill_pulls(seed: u64, n_kills: usize) -> Result<Toll> {
    let files: Vec<Vec<u8>> = FILES
        .iter()
        .zip(1..)
        .map(|((_, n), seed)| noise(*n, seed))
        .collect();
    let place = Place {
        hub: LocalHub::start(0)?,
        folder: tempfile::tempdir()?,
        files,
    };
    for ((name, _), bytes) in FILES.iter().zip(&place.files) {
        place.hub.put(REPOSITORY, name, bytes.clone());
    }
    place.hub.put(REPOSITORY, "README.md", b"A model.\n".to_vec());
    place.hub.be(|manner| manner.bytes_per_sec = Some(BYTES_PER_SEC));
    let began = Instant::now();
    ensure!(
        place.start()?.wait()?.success() && place.is_whole()?,
        "it comes where nothing is killed"
    );
    let whole = began.elapsed();
    let mut toll = Toll {
        n_kills,
        ..Toll::default()
    };
    for number in 0..n_kills {
        let mut random = Random::of(seed ^ 0x9011, number);
        fs::remove_dir_all(place.folder.path().join("hub")).context("the cache goes")?;
        let n_sent_before = place.hub.n_sent_bytes();
        // Sometimes the one that goes on is killed as well.
        for _ in 0..random.within(1..4) {
            let mut child = place.start()?;
            let moment = whole.mul_f64(random.below(1000) as f64 / 1e3);
            toll.n_midway += usize::from(kill_at(&mut child, moment, Whom::Itself, &mut random)?);
        }
        std::thread::sleep(Duration::from_millis(20));
        let n_kept: u64 = left_overs(place.folder.path())
            .iter()
            .filter_map(|path| Some(path.metadata().ok()?.len()))
            .sum();
        let n_fetched_before = place.hub.n_sent_bytes();
        let mut child = place.start()?;
        let ended = child.wait()?;
        toll.n_orphans += end_orphans()?;
        if !ended.success() || !place.is_whole()? {
            let said = fs::read_to_string(place.folder.path().join("stderr"))?;
            toll.wrongs.push(format!("kill {number}: {ended}, {said}"));
        }
        // What was kept is not fetched again.
        let all: usize = FILES.iter().map(|(_, n)| n).sum();
        let n_fetched = place.hub.n_sent_bytes() - n_fetched_before;
        if n_kept > 0 && n_fetched + n_kept > all as u64 + (1 << 20) {
            let n_sent = n_fetched_before - n_sent_before;
            toll.wrongs.push(format!(
                "kill {number}: {n_fetched} bytes were fetched although of {n_sent} {n_kept} were kept"
            ));
        }
        for path in left_overs(place.folder.path()) {
            toll.left.push(format!("kill {number}: {}", path.display()));
        }
    }
    Ok(toll)
}
