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
use crate::engine::Place;
use crate::failure::Failure;

/// Does what was asked for.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let place = if args.in_process {
        Place::Here
    } else {
        Place::Apart
    };
    match &args.command {
        Command::Probe(args) => probe::run(args, place),
        Command::Frames(args) => frames::run(args, place),
        Command::Preview(args) => preview::run(args, place),
        Command::Ask(args) => ask::run(args, place),
        Command::Chat(args) => chat::run(args, place),
        Command::Bench(args) => bench::run(args),
        Command::Eval(args) => eval::run(args, place),
        Command::Worker {
            role,
            for_command,
            keeps_nothing,
            log,
            from,
            to,
        } => worker::run(
            *role,
            worker::Manner {
                is_for_command: *for_command,
                keeps_nothing: *keeps_nothing,
                log: log.as_deref(),
                from: from.as_deref(),
                to: to.as_deref(),
            },
        ),
        Command::Models(command) => models::run(command),
        Command::Doctor(args) => doctor::run(args),
        Command::Completions { shell } => pages::completions(*shell),
        Command::Man { out } => pages::manual(out.as_deref()),
    }
}
