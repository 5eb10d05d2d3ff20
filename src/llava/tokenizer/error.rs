//! Why a vocabulary was refused.

use crate::fault::{Explain, Fault};
use crate::gguf::{Gguf, GgufError};

/// A vocabulary that cannot be used, or a text that it cannot express.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// A metadata key of a senseless type.
    #[error(transparent)]
    Gguf(#[from] GgufError),
    /// The language model has no vocabulary.
    #[error("the model file has no tokenizer: {file}")]
    Missing {
        /// The file.
        file: String,
    },
    /// A tokenizer or a pre-tokenizer that is not known here.
    #[error("the model uses the {what} '{name}', which Videre does not know: {file}")]
    Unsupported {
        /// "tokenizer" or "pre-tokenizer".
        what: &'static str,
        /// Its name in the file.
        name: String,
        /// The file.
        file: String,
    },
    /// Lists that contradict each other.
    #[error("the tokenizer in the model file is damaged ({what}): {file}")]
    Damaged {
        /// What is wrong.
        what: String,
        /// The file.
        file: String,
    },
    /// A text that the vocabulary has no tokens for.
    #[error("the text cannot be expressed in the model's vocabulary ({0})")]
    Encode(String),
}

impl Explain for TokenizerError {
    fn fault(&self) -> Fault {
        match self {
            Self::Gguf(error) => error.fault(),
            Self::Unsupported { .. } => Fault::Unsupported,
            Self::Missing { .. } | Self::Damaged { .. } => Fault::Unreadable,
            Self::Encode(_) => Fault::Input,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Gguf(error) => error.hint(),
            Self::Unsupported { .. } => {
                Some("get a LLaVA built on Vicuna, Mistral, Llama 3, Phi-3 or Qwen2".to_owned())
            }
            Self::Missing { .. } | Self::Damaged { .. } => {
                Some("download the model again, or take a newer conversion of it".to_owned())
            }
            Self::Encode(_) => Some("ask in other words".to_owned()),
        }
    }
}

pub(super) fn unsupported(file: &Gguf, what: &'static str, name: &str) -> TokenizerError {
    let name = name.chars().take(64).collect();
    TokenizerError::Unsupported {
        what,
        name,
        file: file.source().name().to_owned(),
    }
}

pub(super) fn damaged(file: &Gguf, what: &str) -> TokenizerError {
    TokenizerError::Damaged {
        what: what.to_owned(),
        file: file.source().name().to_owned(),
    }
}
