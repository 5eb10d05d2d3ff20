//! `videre doctor`: what this build is, what this machine has, and whether the two go together.

use crate::args::DoctorArgs;
use crate::engine;
use crate::failure::Failure;
use crate::output::{answer, answer_json};
use videre::api::DoctorJson;
use videre::cancel::CancelToken;
use videre::engine::Check;
use videre::fault::Fault;
use videre::sandbox::{Layers, layers};

pub(crate) fn run(args: &DoctorArgs) -> Result<(), Failure> {
    let (machine, mut checks) = engine::local().examine(&CancelToken::new());
    checks.push(confinement());
    let report = DoctorJson::new((machine, checks));
    if args.json {
        answer_json(&report)
    } else {
        answer(&report.in_words())
    }?;
    let n_wrong = report.checks.iter().filter(|check| !check.ok).count();
    if n_wrong == 0 {
        return Ok(());
    }
    let message = format!("{n_wrong} of {} checks found something", report.checks.len());
    Err(Failure::new(Fault::Machine, message))
}

/// What holds a worker to its work.
fn confinement() -> Check {
    let Layers { files, calls } = layers();
    let found = match (files, calls) {
        (false, false) => "nothing but the user's rights holds the workers on this system",
        (true, true) if cfg!(target_os = "linux") => "Landlock and seccomp hold the workers",
        (true, false) if cfg!(target_os = "linux") => {
            "Landlock holds the workers; this kernel has no seccomp"
        }
        (false, true) if cfg!(target_os = "linux") => {
            "seccomp holds the workers; this kernel has no Landlock"
        }
        (true, _) => "the system's sandbox holds the workers",
        (false, true) => "a worker starts no other process; what it reads and writes is its user's",
    };
    Check::good("confinement", found)
}
