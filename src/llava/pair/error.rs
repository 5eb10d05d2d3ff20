//! Why no pair was found.

use crate::fault::{Explain, Fault};
use crate::gguf::GgufError;
use crate::registry::ModelFilesError;

/// A model that cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// One of the files is no usable GGUF file.
    #[error(transparent)]
    Gguf(#[from] GgufError),
    /// A well-formed model of a kind that is not run here.
    #[error("the {what} '{name}' is not supported: {file}")]
    Unsupported {
        /// "architecture", "projector" or "encoder".
        what: &'static str,
        /// Its name.
        name: String,
        /// The file.
        file: String,
    },
    /// A header that contradicts its tensors.
    #[error("the model file is damaged ({what}): {file}")]
    Damaged {
        /// Where.
        what: String,
        /// The file.
        file: String,
    },
    /// The name means no files.
    #[error(transparent)]
    Files(#[from] ModelFilesError),
    /// A language model alone.
    #[error("this is a language model without its mmproj file{beside}: {file}")]
    LoneLanguageModel {
        /// The file.
        file: String,
        /// What was found beside it instead, or nothing.
        beside: String,
    },
    /// An mmproj file alone.
    #[error("this is an mmproj file without its language model{beside}: {file}")]
    LoneProjector {
        /// The file.
        file: String,
        /// What was found beside it instead, or nothing.
        beside: String,
    },
    /// The other half lies there and cannot be used.
    #[error("the {half} beside it cannot be used ({problem}): {file}")]
    Partner {
        /// "mmproj file" or "language model".
        half: &'static str,
        /// The file that is sound.
        file: String,
        /// What is wrong with the other one.
        problem: Box<PairError>,
    },
    /// Two language models where a pair was asked for.
    #[error("both files are language models: {first} and {second}")]
    TwoLanguageModels {
        /// One file.
        first: String,
        /// The other.
        second: String,
    },
    /// Two mmproj files where a pair was asked for.
    #[error("both files are mmproj files: {first} and {second}")]
    TwoProjectors {
        /// One file.
        first: String,
        /// The other.
        second: String,
    },
    /// Halves of different models.
    #[error(
        "the mmproj file gives rows {vision_width} wide and the language model reads {language_width}: {vision} and {language}"
    )]
    Widths {
        /// What the language model reads.
        language_width: usize,
        /// What the projector gives.
        vision_width: usize,
        /// The language model.
        language: String,
        /// The mmproj file.
        vision: String,
    },
    /// More than one pair could be meant.
    #[error("more than one model could be meant: {}", candidates.join(", "))]
    Ambiguous {
        /// The files that could be meant.
        candidates: Vec<String>,
    },
    /// A folder without a pair.
    #[error("no LLaVA model in this folder{}: {folder}", in_brackets(problems))]
    NoneInFolder {
        /// The folder.
        folder: String,
        /// What is wrong with the files in it; none where there are none.
        problems: Vec<PairError>,
    },
}

/// What is wrong with files, for the middle of a message.
fn in_brackets(problems: &[PairError]) -> String {
    match problems {
        [] => String::new(),
        _ => {
            let words: Vec<String> = problems.iter().map(PairError::to_string).collect();
            format!(" ({})", words.join("; "))
        }
    }
}

impl Explain for PairError {
    fn fault(&self) -> Fault {
        match self {
            Self::Gguf(error) => error.fault(),
            Self::Files(error) => error.fault(),
            Self::Partner { problem, .. } => problem.fault(),
            Self::NoneInFolder { problems, .. } => problems.first().map_or(Fault::NoPair, Self::fault),
            Self::Unsupported { .. } => Fault::Unsupported,
            Self::Damaged { .. } => Fault::Unreadable,
            Self::LoneLanguageModel { .. }
            | Self::LoneProjector { .. }
            | Self::TwoLanguageModels { .. }
            | Self::TwoProjectors { .. }
            | Self::Widths { .. } => Fault::NoPair,
            Self::Ambiguous { .. } => Fault::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Gguf(error) => return error.hint(),
            Self::Files(error) => return error.hint(),
            Self::Partner { problem, .. } => return problem.hint(),
            Self::Unsupported {
                what: "architecture", ..
            } => "get a model built on Llama, Vicuna, Mistral, Phi-3, Qwen2 or Qwen3",
            Self::Unsupported { .. } => "get a LLaVA 1.5 or 1.6, a SmolVLM2 or an InternVL3",
            Self::Damaged { .. } => {
                "download the file again and compare its size and checksum with the page it came from"
            }
            Self::LoneLanguageModel { .. } => {
                "put the mmproj file of the same model beside it, or name it with --mmproj"
            }
            Self::LoneProjector { .. } => "put the language model of the same model beside it",
            Self::TwoLanguageModels { .. } => "replace one of them by the mmproj file of the other",
            Self::TwoProjectors { .. } => "replace one of them by the language model of the other",
            Self::Widths { .. } => {
                "take both files from the same model: a 7B mmproj does not fit a 13B model"
            }
            Self::Ambiguous { .. } => {
                "name the language model with --model and its mmproj file with --mmproj"
            }
            Self::NoneInFolder { problems, .. } if !problems.is_empty() => return problems[0].hint(),
            Self::NoneInFolder { .. } => "a LLaVA is two files: the language model and its mmproj file",
        };
        Some(hint.to_owned())
    }
}
