//! The command line of Videre: answers on standard output, everything else on standard error.

mod args;
mod clock;
mod commands;
mod engine;
mod failure;
mod interrupt;
mod output;
mod plan_args;
mod progress;
mod sheet;
mod stages;

use anstream::eprintln;
use anstyle::{AnsiColor, Style};
use clap::Parser;
use failure::Failure;
use std::io::IsTerminal;
use std::panic;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;
pub(crate) use videre::api::one_line;
use videre::fault::Fault;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // A closed pipe under `--help` is nothing to complain about either.
            drop(error.print());
            return ExitCode::from(if error.use_stderr() {
                Fault::Usage.exit_code()
            } else {
                0
            });
        }
    };
    panic::set_hook(Box::new(report_panic));
    match &args.command {
        args::Command::Worker {
            role,
            log: Some(folder),
            ..
        } => {
            // A worker without its log works all the same, and says so where there is one.
            if let Err(error) = videre::logs::start(folder, role.name()) {
                eprintln!("{error}");
            }
        }
        _ => start_log(args.verbose),
    }
    let outcome = panic::catch_unwind(|| commands::run(&args));
    match outcome {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(failure)) => {
            report(&failure);
            ExitCode::from(failure.exit_code())
        }
        Err(_reported_by_the_hook) => ExitCode::from(Fault::Machine.exit_code()),
    }
}

/// `RUST_LOG` decides; without it, `-v` does.
fn start_log(verbose: u8) {
    let default = match verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_not_set| EnvFilter::new(default));
    let in_colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(in_colour)
        .without_time()
        .init();
}

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

pub(crate) fn report(failure: &Failure) {
    match failure {
        Failure::Explained(failure) if failure.fault == Fault::Cancelled => eprintln!("interrupted"),
        Failure::Explained(failure) => {
            eprintln!("{ERROR}error{ERROR:#}: {}", one_line(&failure.message));
            if let Some(hint) = &failure.hint {
                eprintln!("{HINT}hint{HINT:#}: {}", one_line(hint));
            }
        }
        Failure::Reported(_) | Failure::ReaderGone => {}
    }
}

fn report_panic(panic: &panic::PanicHookInfo<'_>) {
    eprintln!("{ERROR}error{ERROR:#}: a bug in videre: {panic}");
    eprintln!("{HINT}hint{HINT:#}: please report it with the command that you ran");
}

/// An answer may hold terminal commands, but line breaks and tabs are its own.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\n' && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}
