//! What `videre doctor` and the window's diagnosis tell.

use std::fmt::Write as _;

use serde::Serialize;

use crate::engine::{Check, Machine};

/// What `videre doctor --json` answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DoctorJson {
    /// Version of the program.
    pub version: String,
    /// What was compiled into it.
    pub features: Vec<String>,
    /// Operating system.
    pub system: String,
    /// Processor architecture.
    pub architecture: String,
    /// Threads that can run at once.
    pub n_cpus: usize,
    /// Memory of the machine.
    pub memory_bytes: u64,
    /// Memory that is free or can be freed.
    pub memory_available_bytes: u64,
    /// What was looked at, and how it is.
    pub checks: Vec<Check>,
}

impl DoctorJson {
    /// What was found out about this build and this machine.
    #[must_use]
    pub fn new((machine, checks): (Machine, Vec<Check>)) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            features: machine.features,
            system: machine.system,
            architecture: std::env::consts::ARCH.to_owned(),
            n_cpus: machine.n_cpus,
            memory_bytes: machine.memory_bytes,
            memory_available_bytes: machine.memory_available_bytes,
            checks,
        }
    }

    /// The same for people, line by line.
    #[must_use]
    pub fn in_words(&self) -> String {
        let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
        let mut text = format!("videre {} with {}\n", self.version, self.features.join(", "));
        let mut line = |line: String| {
            writeln!(text, "{}", one_line(&line)).expect("BUG: writing to memory cannot fail");
        };
        line(format!(
            "{} on {}, {} threads, {:.1} GiB of memory, {:.1} GiB available",
            self.system,
            self.architecture,
            self.n_cpus,
            gib(self.memory_bytes),
            gib(self.memory_available_bytes)
        ));
        for check in &self.checks {
            let mark = if check.ok { "ok" } else { "!!" };
            line(format!("{mark:<4}{}: {}", check.name, check.found));
            if let Some(hint) = &check.hint {
                line(format!("    hint: {hint}"));
            }
        }
        text
    }
}

/// Text from elsewhere, such as a file's name, without anything that could move a terminal's cursor.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
