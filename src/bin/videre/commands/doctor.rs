//! `videre doctor`: what this build is, what this machine has, and whether the two go together.

use crate::args::DoctorArgs;
use crate::engine;
use crate::failure::Failure;
use crate::output::{answer, answer_json};
use videre::api::DoctorJson;
use videre::cancel::CancelToken;
use videre::fault::Fault;

pub(crate) fn run(args: &DoctorArgs) -> Result<(), Failure> {
    let report = DoctorJson::new(engine::local().examine(&CancelToken::new()));
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
