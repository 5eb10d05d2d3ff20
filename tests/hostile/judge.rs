//! What a hostile file may cost, and whether a run kept to it.

use std::time::Duration;

use crate::run::Ended;

/// The most memory that a process may take whose only work is a video.
pub(crate) const MAX_MEDIA_BYTES: u64 = 1 << 30;
/// The most that a model may take beyond what was estimated for it.
pub(crate) const MAX_OVER_ESTIMATE_BYTES: u64 = 256 << 20;
/// Of the processor, in all.
const MAX_CPU: Duration = Duration::from_secs(20);
/// From Ctrl-C to the end.
const ENDS_WITHIN: Duration = Duration::from_secs(1);
/// What a machine that does other work adds to that, and how many times as long it may take: as many as wait for each core.
const BUSY_MACHINE: Duration = Duration::from_millis(500);
/// More is no clear sentence.
const MAX_SAID_BYTES: usize = 4000;
const INTERRUPTED: i32 = 130;
const SIGINT: i32 = 2;

/// Everything that was wrong with a run, in words; nothing where nothing was.
pub(crate) fn wrongs(ended: &Ended, max_bytes: u64) -> Vec<String> {
    let mut wrongs = Vec::new();
    let mut hold = |is_right: bool, what: String| {
        if !is_right {
            wrongs.push(what);
        }
    };
    hold(!ended.hung, format!("it did not end within {:.0?}", ended.took));
    if let Some(signal) = ended.signal.filter(|_| !ended.hung) {
        // Before it listens, a Ctrl-C ends it as it ends any program.
        let is_ours = ended.late.is_some() && signal == SIGINT;
        hold(is_ours, format!("it was ended by signal {signal}"));
    }
    if let Some(code) = ended.code {
        let is_known = matches!(code, 0..=4) || code == INTERRUPTED && ended.late.is_some();
        hold(is_known, format!("its code is {code}"));
        let n_errors = ended
            .stderr
            .lines()
            .filter(|line| line.starts_with("error: "))
            .count();
        hold(
            matches!(code, 0 | INTERRUPTED) == (n_errors == 0),
            format!("code {code} with {n_errors} errors"),
        );
        hold(n_errors < 2, format!("it said {n_errors} errors"));
    }
    for word in [
        "panicked",
        "a bug in videre",
        "fault of the program",
        "memory allocation of",
    ] {
        hold(!ended.stderr.contains(word), format!("it said “{word}”"));
    }
    hold(
        ended.stderr.len() < MAX_SAID_BYTES,
        format!("it said {} bytes", ended.stderr.len()),
    );
    hold(
        ended.peak_bytes <= max_bytes,
        format!("it took {} MB of {}", ended.peak_bytes >> 20, max_bytes >> 20),
    );
    hold(
        ended.cpu < MAX_CPU,
        format!("it took {:.1?} of the processor", ended.cpu),
    );
    if let Some(late) = ended.late {
        hold(
            late < ENDS_WITHIN.mul_f64(waiting_for_a_core()) + BUSY_MACHINE,
            format!("it ended {late:.1?} after a Ctrl-C"),
        );
    }
    hold(
        ended.n_orphans == 0,
        format!("{} workers outlived it", ended.n_orphans),
    );
    wrongs
}

/// How many want each core, of late; one where nobody waits.
fn waiting_for_a_core() -> f64 {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().and_then(|load| load.parse::<f64>().ok());
    let n_cores = std::thread::available_parallelism().map_or(1, usize::from);
    load.map_or(1.0, |load| (load / n_cores as f64).max(1.0))
}

/// The sentence about a worker that ended, where there is one: no wrong of the program's, but worth a look.
pub(crate) fn about_a_worker(ended: &Ended) -> Option<&str> {
    ended
        .stderr
        .lines()
        .find(|line| line.starts_with("error: ") && line.contains(" stopped: "))
}

/// What runs came to, altogether.
#[derive(Default)]
pub(crate) struct Tally {
    codes: std::collections::BTreeMap<i32, usize>,
    n_runs: usize,
    n_cancelled: usize,
    n_late: usize,
    peak_bytes: u64,
    cpu: Duration,
    latest: Duration,
}

impl Tally {
    pub(crate) fn add(&mut self, ended: &Ended) {
        self.n_runs += 1;
        *self
            .codes
            .entry(ended.code.unwrap_or(-ended.signal.unwrap_or(0)))
            .or_default() += 1;
        self.peak_bytes = self.peak_bytes.max(ended.peak_bytes);
        self.cpu = self.cpu.max(ended.cpu);
        if let Some(late) = ended.late {
            self.n_cancelled += 1;
            self.n_late += usize::from(late >= ENDS_WITHIN);
            self.latest = self.latest.max(late);
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} runs, by code (or signal, below 0) {:?}; at most {} MB and {:.1?} of the processor; {} stopped in their midst, \
             the last of them {:.0?} late, {} later than a second",
            self.n_runs,
            self.codes,
            self.peak_bytes >> 20,
            self.cpu,
            self.n_cancelled,
            self.latest,
            self.n_late,
        )
    }
}
