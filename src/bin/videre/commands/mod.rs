//! One file for each command.

mod ask;
mod bench;
mod chat;
mod convert;
mod doctor;
mod eval;
mod frames;
mod models;
mod pages;
mod preview;
mod probe;
mod worker;

use crate::args::{Args, Command};
use crate::failure::Failure;

/// Does what was asked for.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::Probe(args) => probe::run(args),
        Command::Frames(args) => frames::run(args),
        Command::Preview(args) => preview::run(args),
        Command::Ask(args) => ask::run(args),
        Command::Chat(args) => chat::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Eval(args) => eval::run(args),
        Command::Worker {
            role,
            for_command,
            keeps_nothing,
            ..
        } => worker::run(
            *role,
            worker::Manner {
                is_for_command: *for_command,
                keeps_nothing: *keeps_nothing,
            },
        ),
        Command::Models(command) => models::run(command),
        Command::Doctor(args) => doctor::run(args),
        Command::Completions { shell } => pages::completions(*shell),
        Command::Man { out } => pages::manual(out.as_deref()),
    }
}
