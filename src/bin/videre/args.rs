//! What can be typed: parsed here, given a meaning in `commands`.

mod models;

use crate::clock::{NotATime, parse_clock};
use crate::plan_args::PlanArgs;
use clap::builder::{PossibleValuesParser, RangedU64ValueParser};
use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use videre::visual::sampling::TimeRange;
use videre::visual::tower::TowerInput;

pub(crate) use models::{
    ConvertArgs, InspectArgs, ModelsCommand, ModelsListArgs, PullArgs, RemoveArgs, VerifyArgs,
};

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

    /// Read videos and compute answers in this process, with all of its rights: for finding faults
    #[arg(long, global = true)]
    pub(crate) in_process: bool,

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
    /// Ask a question about a video
    Ask(AskArgs),
    /// Ask several questions about a video, one a line
    Chat(ChatArgs),
    /// Ask every question of a file, and count how many answers are right
    Eval(EvalArgs),
    /// Measure how fast a model is on this machine
    Bench(BenchArgs),
    /// Get models, say what they are, remove them
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Check this machine and this build
    Doctor(DoctorArgs),
    /// Serve one part of the engine over standard input and output
    #[command(hide = true)]
    Worker {
        /// Which part
        #[arg(value_enum)]
        role: WorkerRole,
        /// Write log files into this folder instead of standard error
        #[arg(long, value_name = "DIR")]
        log: Option<PathBuf>,
        /// Work for a command that somebody waits for: with all of the machine, and until that command ends
        #[arg(long)]
        for_command: bool,
        /// Keep nothing on disk
        #[arg(long)]
        keeps_nothing: bool,
        /// The folder of the checkpoint
        #[arg(long, value_name = "DIR", required_if_eq("role", "converter"))]
        from: Option<PathBuf>,
        /// The folder of the pair
        #[arg(long, value_name = "DIR", required_if_eq("role", "converter"))]
        to: Option<PathBuf>,
    },
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

    #[command(flatten)]
    pub(crate) model: ModelArgs,

    /// The vision tower to prepare for, where no model is named
    #[arg(long, value_name = "NAME", default_value = "clip-l-336", value_parser = PossibleValuesParser::new(TowerInput::NAMES))]
    pub(crate) tower: String,

    /// Folder for the pictures and tokens.json
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// Answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Model")]
pub(crate) struct ModelArgs {
    /// The model: a folder, either file of a pair, or owner/repo in the Hugging Face cache
    #[arg(long, value_name = "MODEL", env = "VIDERE_MODEL")]
    pub(crate) model: Option<OsString>,

    /// The mmproj file, where it is not beside the model
    #[arg(long, value_name = "PATH", requires = "model")]
    pub(crate) mmproj: Option<OsString>,

    /// Where it computes
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) device: DeviceArg,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum DeviceArg {
    /// The best there is
    Auto,
    /// The processor
    Cpu,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum PromptArg {
    /// The model's own chat template
    Chat,
    /// The exact prompts of TS-LLaVA
    Reference,
    /// Its version 5, which tells of a grid beside the frames
    ReferenceV5,
    /// Its version 2 for open questions
    ReferenceV2,
    /// Its prompt for a letter alone
    LetterOnly,
    /// Its prompt for Video-MME
    VideoMme,
    /// The same, ending in "The best answer is:"
    VideoMmeBest,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum WorkerRole {
    /// Files to frames
    Media,
    /// Frames and words to answers
    Model,
    /// A checkpoint to a pair
    Converter,
}

impl WorkerRole {
    /// What its log files are called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Media => "media",
            Self::Model => "model",
            Self::Converter => "converter",
        }
    }
}

#[derive(clap::Args)]
pub(crate) struct AskArgs {
    /// The video
    pub(crate) file: PathBuf,

    /// The question
    pub(crate) question: String,

    #[command(flatten)]
    pub(crate) plan: PlanArgs,

    #[command(flatten)]
    pub(crate) model: ModelArgs,

    #[command(flatten)]
    pub(crate) answer: AnswerArgs,

    /// An option to choose from; repeat it for each
    #[arg(long = "option", value_name = "TEXT")]
    pub(crate) options: Vec<String>,

    /// Answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
pub(crate) struct ChatArgs {
    /// The video
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) plan: PlanArgs,

    #[command(flatten)]
    pub(crate) model: ModelArgs,

    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
}

#[derive(clap::Args)]
pub(crate) struct EvalArgs {
    /// The questions: a file of TS-LLaVA's scripts (NExT-QA, EgoSchema, IntentQA, MVBench, MLVU, Video-MME), or our own
    /// QUESTIONS.json
    pub(crate) questions: PathBuf,

    /// The folder of the videos that it names
    #[arg(long, value_name = "DIR")]
    pub(crate) videos: PathBuf,

    #[command(flatten)]
    pub(crate) plan: PlanArgs,

    #[command(flatten)]
    pub(crate) model: ModelArgs,

    #[command(flatten)]
    pub(crate) answer: AnswerArgs,

    /// Write every answer to this file as it comes; an interrupted evaluation goes on from it
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Write predictions in TS-LLaVA's own form, for judges and leaderboards
    #[arg(long, value_name = "FILE")]
    pub(crate) predictions: Option<PathBuf>,

    /// Answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Answer")]
pub(crate) struct AnswerArgs {
    /// The words around the question
    #[arg(long, value_enum, default_value = "chat")]
    pub(crate) prompt: PromptArg,

    /// Tell the model the times of the frames (only with the model's own template)
    #[arg(long)]
    pub(crate) times: bool,

    /// Most tokens of the answer
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) max_tokens: usize,

    /// 0 always takes the likeliest word; higher values vary
    #[arg(long, value_name = "T", default_value_t = 0.0, value_parser = number_in(0.0..=100.0), allow_negative_numbers = true)]
    pub(crate) temperature: f64,

    /// Take only the N likeliest tokens
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) top_k: Option<usize>,

    /// Take only the likeliest tokens that together have this probability
    #[arg(long, value_name = "P", value_parser = number_in(0.0..=1.0), allow_negative_numbers = true)]
    pub(crate) top_p: Option<f64>,

    /// Take only tokens at least this fraction as likely as the likeliest
    #[arg(long, value_name = "P", value_parser = number_in(0.0..=1.0), allow_negative_numbers = true)]
    pub(crate) min_p: Option<f64>,

    /// Make words that were just said less likely; 1 does nothing
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = number_in(0.1..=10.0), allow_negative_numbers = true)]
    pub(crate) repetition_penalty: f64,

    /// Start of the random numbers: the same seed gives the same answer
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,

    /// Keep what was read of the video on disk even where that is more than 256 MB
    #[arg(long)]
    pub(crate) keep_prefix: bool,
}

#[derive(clap::Args)]
pub(crate) struct BenchArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,

    /// Tokens to read
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) prefill: usize,

    /// Tokens that are held already when words are written
    #[arg(long, value_name = "D", default_value_t = 0)]
    pub(crate) depth: usize,

    /// Words to write
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) decode: usize,

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

/// A number that is not one of those that are meant.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("it must be a number from {} to {}", .0.start(), .0.end())]
pub(crate) struct NotInRange(RangeInclusive<f64>);

/// Reads numbers of `range`; what else parses as a number (`nan`, `inf`) is none of them.
fn number_in(range: RangeInclusive<f64>) -> impl Fn(&str) -> Result<f64, NotInRange> + Clone {
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| NotInRange(range.clone()))
    }
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
    fn numbers_outside_their_range_are_none() {
        let fraction = number_in(0.0..=1.0);
        assert_eq!((fraction("0"), fraction("1")), (Ok(0.0), Ok(1.0)));
        for text in ["-0.1", "1.5", "nan", "inf", "", "half"] {
            let refused = fraction(text).expect_err(text).to_string();
            assert_eq!(refused, "it must be a number from 0 to 1");
        }
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
