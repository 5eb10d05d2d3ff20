//! One file for each command.

mod doctor;
mod frames;
mod models;
mod pages;
mod preview;
mod probe;

use crate::args::{Args, Command};
use crate::failure::Failure;

/// Does what was asked for.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::Probe(args) => probe::run(args),
        Command::Frames(args) => frames::run(args),
        Command::Preview(args) => preview::run(args),
        Command::Models(command) => models::run(command),
        Command::Doctor(args) => doctor::run(args),
        Command::Completions { shell } => pages::completions(*shell),
        Command::Man { out } => pages::manual(out.as_deref()),
    }
}
