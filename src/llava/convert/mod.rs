//! From a Hugging Face checkpoint to a pair of this project's: a language model and its mmproj file in GGUF.
//!
//! Weights are read where they lie in the mapped safetensors files, a piece of a tensor at a time, and pages are given back
//! as soon as they are read: memory does not depend on the size of the model. What comes out is what llama.cpp's converters
//! write, and the key `videre.family` beside it.

mod checkpoint;
mod error;
mod family;
mod json;
mod language;
mod names;
mod plan;
mod quant;
mod rows;
mod sentencepiece_file;
mod space;
mod tower;
mod vision;
mod vocabulary;
mod write;

use std::path::{Path, PathBuf};

pub use error::ConvertError;
pub use family::Family;
pub use quant::Quant;

use checkpoint::Checkpoint;
use family::Config;
use names::Parts;
use plan::Plan;
use write::Output;

use crate::cancel::CancelToken;
use crate::gguf::MetaValue;

/// What to convert, and to what.
#[derive(Clone, Debug)]
pub struct Conversion {
    /// The folder with `config.json`, the tokenizer's files and the safetensors files.
    pub folder: PathBuf,
    /// Where the pair goes; made if it does not exist.
    pub out: PathBuf,
    /// How the language model is stored. The tower is F16, or F32 beside a language model in F32.
    pub quant: Quant,
}

/// How far a conversion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvertProgress<'a> {
    /// The tensor that is being written.
    pub tensor: &'a str,
    /// Bytes that are written, of both files.
    pub n_done: u64,
    /// Bytes of both files.
    pub n_total: u64,
}

/// A pair that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The language model.
    pub language: PathBuf,
    /// Tower and projector.
    pub vision: PathBuf,
    /// What the checkpoint is.
    pub family: Family,
    /// Bytes of both files.
    pub n_bytes: u64,
}

/// Converts a checkpoint. An interrupted or cancelled conversion leaves nothing under the names of the pair; the next one
/// with the same checkpoint and settings goes on where it stopped.
///
/// # Errors
/// [`ConvertError`] names the file and what to do, before anything is written wherever that can be known.
pub fn convert(
    conversion: &Conversion,
    cancel: &CancelToken,
    on_progress: &mut dyn FnMut(ConvertProgress<'_>),
) -> Result<Converted, ConvertError> {
    let Conversion { folder, out, quant } = conversion;
    if !folder.is_dir() {
        return Err(ConvertError::NoFolder {
            folder: folder.display().to_string(),
        });
    }
    let config = Config::read(folder)?;
    let (parts, identity) = parts(folder, &config)?;
    cancel.check()?;
    let name = model_name(folder, &config);
    let (language, n_rows, width) = language::plan(&config, &parts, *quant)?;
    let vision = vision::plan(&config, &parts, folder, quant.of_tower(), width)?;
    let mut language = named(language, config.decoder.architecture(), &name);
    language
        .metadata
        .extend(vocabulary::keys(folder, &config, n_rows)?);
    cancel.check()?;
    let vision = named(vision, "clip", &name);
    std::fs::create_dir_all(out).map_err(|source| ConvertError::Write {
        source,
        file: out.display().to_string(),
    })?;
    let language_path = out.join(format!("{name}-{}.gguf", quant.name()));
    let vision_path = out.join(format!("mmproj-{name}-{}.gguf", quant.of_tower().name()));
    let language = Output::new(language_path, language, &identity)?;
    let vision = Output::new(vision_path, vision, &identity)?;
    let n_total = language.n_bytes() + vision.n_bytes();
    space::check(out, n_total, language.part_bytes() + vision.part_bytes())?;
    let mut progress = |tensor: &str, n_done| {
        on_progress(ConvertProgress {
            tensor,
            n_done,
            n_total,
        });
    };
    vision.write(cancel, &mut progress)?;
    language.write(cancel, &mut |tensor, n_done| {
        progress(tensor, vision.n_bytes() + n_done);
    })?;
    cancel.check()?;
    vision.publish()?;
    language.publish()?;
    Ok(Converted {
        language: language.path().to_owned(),
        vision: vision.path().to_owned(),
        family: config.family,
        n_bytes: n_total,
    })
}

/// The tensors of the checkpoint, and of the tower's own where LLaVA's checkpoints leave that out. Also what tells them
/// from others.
fn parts(folder: &Path, config: &Config) -> Result<(Parts, String), ConvertError> {
    let checkpoint = Checkpoint::open(folder)?;
    let mut identity = checkpoint.identity.clone();
    let mut parts = Parts::of(checkpoint, folder);
    if parts.vision.is_empty()
        && let Some(tower) = config.whole.text("mm_vision_tower")
    {
        let name = tower.rsplit('/').next().unwrap_or(tower);
        let beside = folder.join(name);
        if beside.is_dir() {
            let checkpoint = Checkpoint::open(&beside)?;
            identity += &checkpoint.identity;
            parts.vision = Parts::of(checkpoint, &beside).vision;
        }
    }
    Ok((parts, identity))
}

/// The plan with its architecture first, as every reader expects it, and its name.
fn named(plan: Plan, architecture: &str, name: &str) -> Plan {
    let text = |value: &str| MetaValue::Str(value.to_owned());
    let mut metadata = vec![
        ("general.architecture".to_owned(), text(architecture)),
        ("general.name".to_owned(), text(name)),
    ];
    metadata.extend(plan.metadata);
    Plan { metadata, ..plan }
}

/// The model's name: of its repository, where the folder lies in a cache or the config says it; else of the folder.
fn model_name(folder: &Path, config: &Config) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_gone| folder.to_owned());
    let cached = folder
        .iter()
        .filter_map(|part| part.to_str()?.strip_prefix("models--"))
        .find_map(|repository| repository.rsplit("--").next());
    let own = config
        .whole
        .text("_name_or_path")
        .and_then(|path| path.rsplit('/').next());
    let of_folder = folder.file_name().and_then(|name| name.to_str());
    let name = cached.or(own.filter(|name| !name.is_empty())).or(of_folder);
    let plain = |c: char| {
        if c.is_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '-'
        }
    };
    let name: String = name.unwrap_or("model").chars().map(plain).take(96).collect();
    name.trim_start_matches('.').to_owned()
}
