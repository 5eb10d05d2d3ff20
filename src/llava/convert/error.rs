//! Why a checkpoint was not converted.

use std::io;

use crate::cancel::Cancelled;
use crate::fault::{Explain, Fault};
use crate::gguf::GgufError;

/// A checkpoint that cannot be converted, or a machine that cannot do it.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// Not a folder, or none that is there.
    #[error("there is no such folder: {folder}")]
    NoFolder {
        /// As it was given.
        folder: String,
    },
    /// A file that every checkpoint has.
    #[error("the checkpoint has no {file}: {folder}")]
    NoFile {
        /// Its name.
        file: &'static str,
        /// The folder.
        folder: String,
    },
    /// A file of JSON that is none, or that lacks what it must say.
    #[error("the checkpoint is damaged ({what}): {file}")]
    Damaged {
        /// What is wrong.
        what: String,
        /// The file.
        file: String,
    },
    /// Well-formed, and of a kind that is not converted.
    #[error("the {what} '{name}' is not converted: {file}")]
    Unsupported {
        /// "model", "decoder", "tower", …
        what: &'static str,
        /// Its name in the checkpoint.
        name: String,
        /// What is converted instead.
        supported: &'static str,
        /// The file that says so.
        file: String,
    },
    /// Weights as Python pickles, which run code when they are read.
    #[error("the weights are Python pickles, not safetensors: {file}")]
    OnlyPickles {
        /// One of them.
        file: String,
    },
    /// The index names a file that is not there.
    #[error("the checkpoint is not whole, '{shard}' is missing: {folder}")]
    MissingShard {
        /// The file.
        shard: String,
        /// The folder.
        folder: String,
    },
    /// A file that ends before its header says it should.
    #[error("the file is cut short: {file}")]
    CutShort {
        /// The file.
        file: String,
    },
    /// A weight that every model of this kind has.
    #[error("the checkpoint has no tensor '{tensor}': {folder}")]
    MissingTensor {
        /// Its name behind the name of the part of the model.
        tensor: String,
        /// The folder.
        folder: String,
    },
    /// A weight of another shape than the rest of the model.
    #[error("the tensor '{tensor}' has the shape {found:?}, and {expected} was expected: {file}")]
    Shape {
        /// Its name in the checkpoint.
        tensor: String,
        /// What would fit.
        expected: String,
        /// What is there.
        found: Vec<usize>,
        /// The file.
        file: String,
    },
    /// LLaVA's own checkpoints leave out the tower that they were trained with.
    #[error("the checkpoint does not hold its vision tower '{tower}': {folder}")]
    NoTower {
        /// The repository that its config names.
        tower: String,
        /// The folder.
        folder: String,
    },
    /// A file cannot be opened.
    #[error(transparent)]
    File(#[from] GgufError),
    /// A file cannot be read.
    #[error("cannot read the file ({source}): {file}")]
    Read {
        /// The operating system's words.
        source: io::Error,
        /// The file.
        file: String,
    },
    /// The pair is there already.
    #[error("the file is already there: {file}")]
    Exists {
        /// The file.
        file: String,
    },
    /// Another conversion writes the same pair.
    #[error("another conversion is writing this file: {file}")]
    Busy {
        /// The file.
        file: String,
    },
    /// Too little space.
    #[error("the pair needs {} of space, and {} are free: {folder}", gigabytes(*needed_bytes), gigabytes(*free_bytes))]
    Space {
        /// Bytes that the pair still needs.
        needed_bytes: u64,
        /// Bytes that are free.
        free_bytes: u64,
        /// The folder.
        folder: String,
    },
    /// A file cannot be written.
    #[error("cannot write the file ({source}): {file}")]
    Write {
        /// The operating system's words.
        source: io::Error,
        /// The file.
        file: String,
    },
    /// The quantizer refused.
    #[error("the weights could not be quantized ({0})")]
    Quantize(#[from] candle_core::Error),
    /// It was asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

#[expect(clippy::cast_precision_loss, reason = "for reading, with two digits")]
fn gigabytes(bytes: u64) -> String {
    format!("{:.2} GB", bytes as f64 / 1e9)
}

impl Explain for ConvertError {
    fn fault(&self) -> Fault {
        match self {
            Self::NoFolder { .. }
            | Self::NoFile { .. }
            | Self::MissingShard { .. }
            | Self::NoTower { .. } => Fault::Missing,
            Self::Damaged { .. }
            | Self::CutShort { .. }
            | Self::MissingTensor { .. }
            | Self::Shape { .. } => Fault::Unreadable,
            Self::Unsupported { .. } | Self::OnlyPickles { .. } => Fault::Unsupported,
            Self::File(error) => error.fault(),
            Self::Read { source, .. } => Fault::of_reading(source),
            Self::Exists { .. } | Self::Busy { .. } => Fault::Usage,
            Self::Space { .. } => Fault::DiskFull,
            Self::Write { source, .. } => Fault::of_writing(source),
            Self::Quantize(_) => Fault::Machine,
            Self::Cancelled(_) => Fault::Cancelled,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoFolder { .. } => "give the folder that holds config.json and the safetensors files",
            Self::NoFile { .. } => {
                "download the whole repository, not only its weights, and give the folder that holds config.json"
            }
            Self::Damaged { .. } | Self::CutShort { .. } | Self::Shape { .. } => {
                "download the file again and compare its size and checksum with the page it came from"
            }
            Self::Unsupported { supported, .. } => supported,
            Self::OnlyPickles { .. } => {
                "get the checkpoint in safetensors, as the llava-hf repositories have it"
            }
            Self::MissingShard { .. } | Self::MissingTensor { .. } => {
                "download the files of the repository that are not there yet"
            }
            Self::NoTower { .. } => {
                "download that repository too and put its folder, named as it is, into the checkpoint's"
            }
            Self::File(error) => return error.hint(),
            Self::Read { .. } => "check that the file may be read",
            Self::Exists { .. } => "use the pair that is there, remove it, or name another folder with --out",
            Self::Busy { .. } => "wait for it to end, or name another folder with --out",
            Self::Space { .. } => {
                "free some space, name a folder on another disk with --out, or quantize smaller"
            }
            Self::Write { .. } => "name a folder that you may write to with --out",
            Self::Quantize(_) | Self::Cancelled(_) => return None,
        };
        Some(hint.to_owned())
    }
}
