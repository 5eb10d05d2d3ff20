//! What was detected in a pair, for people to check before anything is loaded.

use std::collections::BTreeMap;

use super::error::LlavaError;
use super::estimate::{MemoryEstimate, estimate};
use super::pair::{Pair, PairError};
use super::template::ChatTemplate;
use super::tokenizer::{Tokenizer, TokenizerError};
use super::tower::TowerShape;
use crate::fault::{Explain, Fault};
use crate::gguf::{Gguf, GgufError};
use crate::visual::family::ModelFamily;

/// What the headers of a pair say.
#[derive(Clone, Debug)]
pub struct Description {
    /// The language model.
    pub language: LanguageFacts,
    /// Vision tower and projector.
    pub vision: VisionFacts,
    /// The vocabulary.
    pub tokenizer: TokenizerFacts,
    /// Name of the chat template: `file`, or that of a family.
    pub template: &'static str,
    /// Why it is this one.
    pub template_reason: String,
    /// Texts that end an answer.
    pub stop_texts: &'static [&'static str],
    /// Memory at the model's whole context, with a cache of f16.
    pub memory: MemoryEstimate,
}

/// The language model in numbers.
#[derive(Clone, Debug)]
pub struct LanguageFacts {
    /// The file.
    pub file: String,
    /// Architecture, as in `llama`.
    pub architecture: String,
    /// Its own name, where the file has one.
    pub name: Option<String>,
    /// Layers.
    pub n_layers: usize,
    /// Width of an embedding row.
    pub width: usize,
    /// Query heads.
    pub n_heads: usize,
    /// Key/value heads.
    pub n_kv_heads: usize,
    /// Positions that the model was made for.
    pub context_len: usize,
    /// Weights.
    pub n_params: u64,
    /// Bytes of weights by format, as in `Q4_K`.
    pub weight_bytes: BTreeMap<&'static str, u64>,
}

/// Tower and projector in numbers.
#[derive(Clone, Debug)]
pub struct VisionFacts {
    /// The file.
    pub file: String,
    /// `clip`, `siglip` or `internvit`.
    pub kind: &'static str,
    /// Which family's projector it has, which says how rows stand in a prompt.
    pub family: ModelFamily,
    /// Side of the square picture, pixels.
    pub side_px: usize,
    /// Side of a patch, pixels.
    pub patch_px: usize,
    /// Side of the square of pixels that becomes one token: of a patch, or of several that are shuffled into one.
    pub token_px: usize,
    /// Tokens of a picture.
    pub n_tokens: usize,
    /// Stored blocks.
    pub n_blocks: usize,
    /// Bytes of weights by format.
    pub weight_bytes: BTreeMap<&'static str, u64>,
}

/// The vocabulary in numbers.
#[derive(Clone, Debug)]
pub struct TokenizerFacts {
    /// `sentencepiece` or `byte-level`.
    pub kind: &'static str,
    /// Number of tokens.
    pub n_tokens: usize,
    /// The token that is put before a sequence.
    pub bos: Option<String>,
    /// The tokens that end an answer.
    pub stops: Vec<String>,
}

/// A pair that could not be described.
#[derive(Debug, thiserror::Error)]
pub enum DescribeError {
    /// The files are no pair.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// A key of a senseless type.
    #[error(transparent)]
    Gguf(#[from] GgufError),
    /// The vocabulary cannot be used.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The tower's numbers make no sense.
    #[error(transparent)]
    Tower(#[from] LlavaError),
}

impl Explain for DescribeError {
    fn fault(&self) -> Fault {
        match self {
            Self::Pair(error) => error.fault(),
            Self::Gguf(error) => error.fault(),
            Self::Tokenizer(error) => error.fault(),
            Self::Tower(error) => error.fault(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Pair(error) => error.hint(),
            Self::Gguf(error) => error.hint(),
            Self::Tokenizer(error) => error.hint(),
            Self::Tower(error) => error.hint(),
        }
    }
}

/// Describes a pair from its headers.
///
/// # Errors
/// [`DescribeError`] where the vocabulary cannot be used or a key is senseless.
pub fn describe(pair: &Pair) -> Result<Description, DescribeError> {
    let tokenizer = Tokenizer::read(&pair.language)?;
    let template = ChatTemplate::choose(&pair.language, &tokenizer);
    let language = language_facts(&pair.language)?;
    let text = |id: u32| tokenizer.text_of(id).unwrap_or_default().to_owned();
    Ok(Description {
        memory: estimate(pair, language.context_len as u64, 2)?,
        vision: vision_facts(&pair.vision)?,
        tokenizer: TokenizerFacts {
            kind: if tokenizer.is_sentencepiece() {
                "sentencepiece"
            } else {
                "byte-level"
            },
            n_tokens: tokenizer.n_tokens(),
            bos: tokenizer.added_bos().map(text),
            stops: tokenizer.stops().iter().map(|&id| text(id)).collect(),
        },
        template: template.name(),
        template_reason: template.reason().to_owned(),
        stop_texts: template.stop_texts(),
        language,
    })
}

fn language_facts(file: &Gguf) -> Result<LanguageFacts, GgufError> {
    let architecture = file.str("general.architecture")?.unwrap_or_default();
    let size = |key: &str| file.size(&format!("{architecture}.{key}"));
    let n_heads = size("attention.head_count")?.unwrap_or(0);
    Ok(LanguageFacts {
        file: file.source().name().to_owned(),
        architecture: architecture.to_owned(),
        name: file.str("general.name")?.map(str::to_owned),
        n_layers: size("block_count")?.unwrap_or(0),
        width: size("embedding_length")?.unwrap_or(0),
        n_heads,
        n_kv_heads: size("attention.head_count_kv")?.unwrap_or(n_heads),
        context_len: size("context_length")?.unwrap_or(0),
        n_params: file.tensors().map(|tensor| tensor.n_values() as u64).sum(),
        weight_bytes: weight_bytes(file),
    })
}

fn vision_facts(file: &Gguf) -> Result<VisionFacts, LlavaError> {
    let shape = TowerShape::read(file)?;
    Ok(VisionFacts {
        file: file.source().name().to_owned(),
        kind: shape.name(),
        family: shape.family,
        side_px: shape.side_px,
        patch_px: shape.patch_px,
        token_px: shape.patch_px * shape.shuffle,
        n_tokens: shape.n_rows(),
        n_blocks: (0..)
            .take_while(|i| file.tensor(&format!("v.blk.{i}.ln1.weight")).is_some())
            .count(),
        weight_bytes: weight_bytes(file),
    })
}

fn weight_bytes(file: &Gguf) -> BTreeMap<&'static str, u64> {
    let mut bytes = BTreeMap::new();
    for tensor in file.tensors() {
        *bytes.entry(tensor.dtype.name()).or_default() += tensor.n_bytes() as u64;
    }
    bytes
}
