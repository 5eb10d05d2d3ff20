//! What can be typed: parsed here, given a meaning in `commands`.

use crate::clock::{NotATime, parse_clock};
use crate::plan_args::PlanArgs;
use clap::{ArgAction, Parser, Subcommand};
use std::path::PathBuf;
use videre::visual::sampling::TimeRange;

/// Ask questions about a video, entirely on your own computer
#[derive(Parser)]
#[command(name = "videre", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 the input's fault, 2 usage, 3 not supported, 4 the machine, 130 interrupted"
)]
pub(crate) struct Args {
    /// Say more about what is done: -v, -vv (RUST_LOG decides where it is set)
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Say what a video file is: tracks, size, frames, times, and what is unusual about it
    Probe(ProbeArgs),
    /// Choose frames of a video exactly, and save them as pictures
    Frames(FramesArgs),
    /// Show what the model would see: thumbnail, sampled patches, tokens
    Preview(PreviewArgs),
    /// Say what models are
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Check this machine and this build
    Doctor(DoctorArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one for each command
    Man {
        /// Folder to write the pages to
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
pub(crate) enum ModelsCommand {
    /// Say what the two files of a model are, and which chat template is used
    Inspect(InspectArgs),
}

#[derive(clap::Args)]
pub(crate) struct InspectArgs {
    /// A folder, either file of a model, or owner/repo in the Hugging Face cache
    #[arg(value_name = "MODEL")]
    pub(crate) model: String,

    /// The mmproj file, where it is not beside the model
    #[arg(long, value_name = "PATH")]
    pub(crate) mmproj: Option<PathBuf>,

    /// Answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
pub(crate) struct ProbeArgs {
    /// The video
    pub(crate) file: PathBuf,

    /// Answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true).args(["count", "rate", "indices", "range"]))]
pub(crate) struct FramesArgs {
    /// The video
    pub(crate) file: PathBuf,

    /// This many frames, spread evenly
    #[arg(long, value_name = "N", conflicts_with_all = ["rate", "indices"])]
    pub(crate) count: Option<usize>,

    /// This many frames for each second
    #[arg(long, value_name = "N", conflicts_with = "indices")]
    pub(crate) rate: Option<f64>,

    /// These frames, counted from 0
    #[arg(
        long,
        value_name = "N,N,…",
        value_delimiter = ',',
        num_args = 1,
        conflicts_with = "range"
    )]
    pub(crate) indices: Option<Vec<usize>>,

    /// Only frames from time A up to but without time B; all of them, or as --count or --rate say
    #[arg(long, value_name = "A..B", value_parser = parse_range, allow_hyphen_values = true)]
    pub(crate) range: Option<TimeRange>,

    /// Save each frame as a PNG in this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
pub(crate) struct PreviewArgs {
    /// The video
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) plan: PlanArgs,

    /// Folder for the pictures and tokens.json
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// Answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
pub(crate) struct DoctorArgs {
    /// Answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is not a range of times.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotARange {
    #[error("write it as A..B, such as 12.5..1:30")]
    NoDots,
    #[error(transparent)]
    Time(#[from] NotATime),
    #[error("its start must be before its end")]
    EndsBeforeStart,
}

/// Two times with two dots between them.
pub(crate) fn parse_range(text: &str) -> Result<TimeRange, NotARange> {
    let (start, end) = text.split_once("..").ok_or(NotARange::NoDots)?;
    let range = TimeRange {
        start_secs: parse_clock(start)?,
        end_secs: parse_clock(end)?,
    };
    if range.start_secs < range.end_secs {
        Ok(range)
    } else {
        Err(NotARange::EndsBeforeStart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn ranges_are_two_times() {
        assert_eq!(
            parse_range("1.5..1:30"),
            Ok(TimeRange {
                start_secs: 1.5,
                end_secs: 90.0
            })
        );
        assert_eq!(
            parse_range("-0.5..1"),
            Ok(TimeRange {
                start_secs: -0.5,
                end_secs: 1.0
            })
        );
        assert_eq!(parse_range("5"), Err(NotARange::NoDots));
        assert_eq!(parse_range("5..5"), Err(NotARange::EndsBeforeStart));
        assert!(matches!(parse_range("5..x"), Err(NotARange::Time(_))));
    }
}
