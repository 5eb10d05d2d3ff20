//! The numbers of a language model and a vision tower, as the file's header gives them.

use super::error::LlavaError;
use super::rope::{RopePairs, RopeScaling};
use crate::gguf::Gguf;

/// Which weights a layer has, and how they are fused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Llama, Vicuna, Mistral, Llama-3.
    Llama,
    /// Qwen2: biases on Q, K and V.
    Qwen2,
    /// Qwen3: norms on each head of Q and K.
    Qwen3,
    /// Phi-3: Q, K, V in one weight, gate and up in another.
    Phi3,
}

/// The numbers of a language model.
#[derive(Clone, Debug, PartialEq)]
pub struct LanguageShape {
    /// Which weights a layer has.
    pub architecture: Architecture,
    /// Number of layers.
    pub n_layers: usize,
    /// Width of the residual stream and of embedding rows.
    pub width: usize,
    /// Query heads.
    pub n_heads: usize,
    /// Key/value heads.
    pub n_kv_heads: usize,
    /// Width of a head.
    pub head_dim: usize,
    /// Width of the feed-forward layer.
    pub ff_width: usize,
    /// Size of the vocabulary.
    pub n_vocab: usize,
    /// Positions that the model was made for.
    pub context_len: usize,
    /// Epsilon of the RMS norms.
    pub norm_eps: f32,
    /// Values of a head that are turned by position.
    pub n_rotated: usize,
    /// Base of the rotary frequencies.
    pub rope_base: f32,
    /// How they are stretched.
    pub rope_scaling: RopeScaling,
}

impl LanguageShape {
    /// Reads the numbers from a language model's header.
    ///
    /// # Errors
    /// [`LlavaError::BadKey`] where a needed key is missing or senseless.
    pub fn read(file: &Gguf) -> Result<Self, LlavaError> {
        let bad = |key: &str| bad_key(file, key);
        let name = file.str("general.architecture")?.unwrap_or_default();
        let architecture = match name {
            "llama" => Architecture::Llama,
            "qwen2" => Architecture::Qwen2,
            "qwen3" => Architecture::Qwen3,
            "phi3" => Architecture::Phi3,
            _ => return Err(bad("general.architecture")),
        };
        let size = |key: &str| -> Result<Option<usize>, LlavaError> {
            Ok(file.size(&format!("{name}.{key}"))?.filter(|&n| n > 0))
        };
        let needed = |key: &str| size(key)?.ok_or_else(|| bad(&format!("{name}.{key}")));
        let width = needed("embedding_length")?;
        let n_heads = needed("attention.head_count")?;
        let n_kv_heads = size("attention.head_count_kv")?.unwrap_or(n_heads);
        let head_dim = size("attention.key_length")?.unwrap_or(width / n_heads);
        if !n_heads.is_multiple_of(n_kv_heads) || head_dim == 0 || !head_dim.is_multiple_of(2) {
            return Err(bad(&format!("{name}.attention.head_count")));
        }
        let n_rotated = size("rope.dimension_count")?.unwrap_or(head_dim);
        if n_rotated > head_dim || !n_rotated.is_multiple_of(2) {
            return Err(bad(&format!("{name}.rope.dimension_count")));
        }
        let context_len = needed("context_length")?;
        let embeddings = file
            .tensor("token_embd.weight")
            .ok_or_else(|| LlavaError::MissingTensor {
                file: file.source().name().to_owned(),
                tensor: "token_embd.weight".to_owned(),
            })?;
        Ok(Self {
            architecture,
            n_layers: needed("block_count")?,
            width,
            n_heads,
            n_kv_heads,
            head_dim,
            ff_width: needed("feed_forward_length")?,
            n_vocab: embeddings.shape[0],
            context_len,
            norm_eps: number(
                file,
                &format!("{name}.attention.layer_norm_rms_epsilon"),
                1e-5,
                is_epsilon,
            )?,
            n_rotated,
            // Files of Llama 2 have no such key.
            rope_base: number(file, &format!("{name}.rope.freq_base"), 10_000.0, is_factor)?,
            rope_scaling: read_scaling(file, name, n_rotated, context_len)?,
        })
    }

    /// Which values of a head turn together.
    #[must_use]
    pub fn rope_pairs(&self) -> RopePairs {
        match self.architecture {
            Architecture::Llama => RopePairs::Adjacent,
            Architecture::Qwen2 | Architecture::Qwen3 | Architecture::Phi3 => RopePairs::Halves,
        }
    }
}

pub(super) fn bad_key(file: &Gguf, key: &str) -> LlavaError {
    LlavaError::BadKey {
        file: file.source().name().to_owned(),
        key: key.to_owned(),
    }
}

/// A number that is computed with, where it is sensible. Weights that are none are noticed in what comes of them; a header's number
/// is named.
pub(super) fn number(
    file: &Gguf,
    key: &str,
    default: f32,
    is_sensible: fn(f32) -> bool,
) -> Result<f32, LlavaError> {
    let value = file.f32(key)?.unwrap_or(default);
    match is_sensible(value) {
        true => Ok(value),
        false => Err(bad_key(file, key)),
    }
}

/// What a norm adds to what it divides by.
pub(super) fn is_epsilon(value: f32) -> bool {
    (0.0..1.0).contains(&value)
}

/// What may be multiplied with, and divided by.
pub(super) fn is_factor(value: f32) -> bool {
    value.is_finite() && value > 0.0
}

fn read_scaling(
    file: &Gguf,
    name: &str,
    n_rotated: usize,
    context_len: usize,
) -> Result<RopeScaling, LlavaError> {
    if let (Some(long), Some(short)) = (
        divisors(file, "rope_factors_long.weight", n_rotated)?,
        divisors(file, "rope_factors_short.weight", n_rotated)?,
    ) {
        let trained_len = file
            .size(&format!("{name}.rope.scaling.original_context_length"))?
            .unwrap_or(context_len);
        let magnitude = number(file, &format!("{name}.rope.scaling.attn_factor"), 1.0, is_factor)?;
        return Ok(RopeScaling::Long {
            short,
            long,
            trained_len,
            magnitude,
        });
    }
    if let Some(divisors) = divisors(file, "rope_freqs.weight", n_rotated)? {
        return Ok(RopeScaling::PerFrequency { divisors });
    }
    let key = format!("{name}.rope.scaling.type");
    let factor = number(file, &format!("{name}.rope.scaling.factor"), 0.0, f32::is_finite)?;
    let factor = Some(factor).filter(|&factor| factor > 1.0);
    match (file.str(&key)?, factor) {
        (None | Some("none" | ""), _) | (Some("linear" | "dynamic"), None) => Ok(RopeScaling::Unscaled),
        (Some("linear"), Some(factor)) => Ok(RopeScaling::Linear { factor }),
        (Some("dynamic"), Some(factor)) => Ok(RopeScaling::Dynamic {
            factor,
            trained_len: context_len,
        }),
        _ => Err(bad_key(file, &key)),
    }
}

/// One divisor for each rotary frequency.
fn divisors(file: &Gguf, tensor: &str, n_rotated: usize) -> Result<Option<Vec<f32>>, LlavaError> {
    let Some(info) = file.tensor(tensor) else {
        return Ok(None);
    };
    let values = super::dequantize::dequantize(file.tensor_bytes(info), info.dtype, 1, info.n_values())?;
    let values = values.flatten_all()?.to_vec1::<f32>()?;
    let sensible = values.len() == n_rotated / 2 && values.iter().all(|v| v.is_finite() && *v > 0.0);
    if sensible {
        Ok(Some(values))
    } else {
        Err(bad_key(file, tensor))
    }
}
