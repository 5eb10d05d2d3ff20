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
use videre::media::{Limits, bound_memory};

/// Does what was asked for.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    // Whose only work is videos. Where a model answers, videos have a process of their own.
    if matches!(
        args.command,
        Command::Probe(_) | Command::Frames(_) | Command::Preview(_)
    ) {
        bound_memory(Limits::default().max_memory_bytes);
    }
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
            log,
        } => worker::run(
            *role,
            worker::Manner {
                is_for_command: *for_command,
                keeps_nothing: *keeps_nothing,
                log: log.as_ref(),
            },
        ),
        Command::Models(command) => models::run(command),
        Command::Doctor(args) => doctor::run(args),
        Command::Completions { shell } => pages::completions(*shell),
        Command::Man { out } => pages::manual(out.as_deref()),
    }
}
