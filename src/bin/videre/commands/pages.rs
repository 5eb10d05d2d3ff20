//! `videre completions` and `videre man`: written from the arguments themselves.

use crate::args::Args;
use crate::failure::Failure;
use crate::output::{OutFolder, answer};
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use std::path::Path;

/// Completions for a shell.
pub(crate) fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "videre", &mut script);
    answer(&String::from_utf8_lossy(&script))
}

/// The manual page of the program, or one for it and each of its commands.
pub(crate) fn manual(out: Option<&Path>) -> Result<(), Failure> {
    let mut program = Args::command();
    program.build();
    let Some(out) = out else {
        return answer(&String::from_utf8_lossy(&page(program)));
    };
    let folder = OutFolder::open(out)?;
    for command in program
        .get_subcommands()
        .filter(|command| command.get_name() != "help")
    {
        write_page(&folder, command.clone())?;
    }
    write_page(&folder, program)
}

fn write_page(folder: &OutFolder, command: Command) -> Result<(), Failure> {
    let name = Man::new(command.clone()).get_filename();
    folder.write(&name, &page(command))?;
    Ok(())
}

fn page(command: Command) -> Vec<u8> {
    let mut roff = Vec::new();
    Man::new(command)
        .render(&mut roff)
        .expect("BUG: writing into memory cannot fail");
    roff
}
