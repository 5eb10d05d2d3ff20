//! Why a pair could not be loaded or a question not be answered.

use crate::cancel::Cancelled;
use crate::fault::{Explain, Fault};
use crate::gguf::GgufError;

/// What can go wrong between two model files and an answer.
#[derive(Debug, thiserror::Error)]
pub enum LlavaError {
    /// The file is no GGUF model, or a key in it makes no sense.
    #[error(transparent)]
    Gguf(#[from] GgufError),
    /// A weight that the architecture needs is not in the file.
    #[error("weight '{tensor}' is missing in {file}")]
    MissingTensor {
        /// The file.
        file: String,
        /// The tensor's name.
        tensor: String,
    },
    /// A metadata key that the architecture needs is not in the file, or senseless.
    #[error("'{key}' is missing or senseless in {file}")]
    BadKey {
        /// The file.
        file: String,
        /// The key.
        key: String,
    },
    /// A weight has another shape than the header promises.
    #[error("weight '{tensor}' has shape {found:?} where {expected:?} was expected in {file}")]
    TensorShape {
        /// The file.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// What the header's numbers ask for, `[out, in]`.
        expected: Vec<usize>,
        /// What the file holds.
        found: Vec<usize>,
    },
    /// The prompt alone is longer than the context.
    #[error("the question needs {needed} tokens, and the model reads {capacity} at a time")]
    ContextTooShort {
        /// Positions of the prompt.
        needed: usize,
        /// Positions of the cache.
        capacity: usize,
    },
    /// Keys and values of a long context do not fit.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The system does not give the memory for keys and values.
    #[error("computation failed (no memory for a context of {n_positions} tokens)")]
    NoContext {
        /// Positions of the cache.
        n_positions: usize,
    },
    /// A strategy with newlines, and a pair without a learned newline.
    #[error("this model has no learned newline, which the strategy needs")]
    NoNewline,
    /// A text that the vocabulary has no tokens for.
    #[error("{0}")]
    Text(String),
    /// A prompt without a single position.
    #[error("there is nothing to read")]
    EmptyPrompt,
    /// Rows that are to be read are known by name only: a fault of the program.
    #[error("visual rows are to be read whose values nobody computed")]
    RowsUnknown,
    /// What a model computed are no numbers: it can neither see nor answer.
    #[error("the weights give values that are not numbers: {file}")]
    NotNumbers {
        /// The file with the weights.
        file: String,
    },
    /// Rows of another width than the language model's.
    #[error("visual rows are {found} wide, and the language model reads {expected}")]
    RowWidth {
        /// The language model's width.
        expected: usize,
        /// The rows' width.
        found: usize,
    },
    /// A tensor operation failed: memory, the device, or a mistake of ours.
    #[error("computation failed ({})", first_line(.0))]
    Compute(#[from] candle_core::Error),
    /// It was asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// What candle says, without the stack that it appends where `RUST_BACKTRACE` is set.
fn first_line(error: &candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

impl Explain for LlavaError {
    fn fault(&self) -> Fault {
        match self {
            Self::Gguf(error) => error.fault(),
            Self::MissingTensor { .. }
            | Self::BadKey { .. }
            | Self::TensorShape { .. }
            | Self::NotNumbers { .. } => Fault::Unreadable,
            Self::RowWidth { .. } => Fault::NoPair,
            Self::ContextTooShort { .. } => Fault::ContextTooLong,
            Self::EmptyPrompt | Self::Text(_) | Self::NoNewline => Fault::Input,
            Self::Memory(error) => error.fault(),
            Self::NoContext { .. } => Fault::OutOfMemory,
            Self::Compute(_) | Self::RowsUnknown => Fault::Machine,
            Self::Cancelled(_) => Fault::Cancelled,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Gguf(error) => error.hint(),
            Self::Memory(_) => Some("ask for fewer tokens, or close other programs".to_owned()),
            Self::MissingTensor { .. } | Self::BadKey { .. } | Self::TensorShape { .. } => {
                Some("download the model again, or take a conversion made for llama.cpp".to_owned())
            }
            Self::NotNumbers { .. } => Some(
                "the file is damaged or was converted badly: download it again, or take another quantization"
                    .to_owned(),
            ),
            Self::RowWidth { .. } => {
                Some("take the mmproj file that was made for this language model".to_owned())
            }
            Self::ContextTooShort { .. } => {
                Some("choose a preset with fewer visual tokens, or a model with a longer context".to_owned())
            }
            Self::NoNewline => Some("choose another strategy".to_owned()),
            Self::RowsUnknown => Some("this is a fault of the program; please report it".to_owned()),
            Self::NoContext { .. }
            | Self::EmptyPrompt
            | Self::Text(_)
            | Self::Compute(_)
            | Self::Cancelled(_) => None,
        }
    }
}

/// The model does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the model needs {} of memory and {} are free", gigabytes(*needed_bytes), gigabytes(*free_bytes))]
pub struct MemoryError {
    /// What it needs.
    pub needed_bytes: u64,
    /// What is free.
    pub free_bytes: u64,
}

impl Explain for MemoryError {
    fn fault(&self) -> Fault {
        Fault::OutOfMemory
    }

    fn hint(&self) -> Option<String> {
        Some(
            "close other programs, take a smaller quantization of the model, or a preset with fewer tokens"
                .to_owned(),
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "for reading, with one digit")]
fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}
