//! What can be typed after `videre models`.

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::path::PathBuf;
use videre::llava::convert::Quant;

#[derive(Subcommand)]
pub(crate) enum ModelsCommand {
    /// Show the models that can be had, what of them is here, and what other programs have
    List(ModelsListArgs),
    /// Download a model into the Hugging Face cache; an interrupted download goes on where it stopped
    Pull(PullArgs),
    /// Read downloaded models again, and compare them with their hashes
    Verify(VerifyArgs),
    /// Remove a model from the Hugging Face cache
    Remove(RemoveArgs),
    /// Say what the two files of a model are, and which chat template is used
    Inspect(InspectArgs),
    /// Make a model of a Hugging Face checkpoint in safetensors
    Convert(ConvertArgs),
}

#[derive(clap::Args)]
pub(crate) struct ConvertArgs {
    /// The checkpoint: the folder that holds config.json
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,

    /// How the language model is stored: F32, F16, BF16, Q8_0, Q6_K, Q5_K_M, Q4_K_M or Q4_0
    #[arg(long, value_name = "FORMAT", default_value = "Q4_K_M", ignore_case = true, value_parser = quant(), hide_possible_values = true)]
    pub(crate) quant: Quant,

    /// Folder for the two files; without it, one in the checkpoint's named after the format
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// A format by its name.
fn quant() -> impl TypedValueParser<Value = Quant> {
    let names = PossibleValuesParser::new(Quant::ALL.map(Quant::name));
    names.map(|name| Quant::named(&name).expect("BUG: it is one of them"))
}

#[derive(clap::Args)]
pub(crate) struct ModelsListArgs {
    /// Answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
pub(crate) struct PullArgs {
    /// An id of `videre models list`, or owner/repo on Hugging Face; with a colon and a quantization, that one
    #[arg(value_name = "ID|OWNER/REPO[:QUANT]")]
    pub(crate) model: String,

    /// Answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
pub(crate) struct VerifyArgs {
    /// Which one; all that are in the cache where none is named
    #[arg(value_name = "ID|OWNER/REPO[:QUANT]")]
    pub(crate) model: Option<String>,

    /// Answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
pub(crate) struct RemoveArgs {
    /// Which one
    #[arg(value_name = "ID|OWNER/REPO[:QUANT]")]
    pub(crate) model: String,

    /// Remove it without asking
    #[arg(short, long)]
    pub(crate) yes: bool,

    /// Answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
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
