//! The language model: Llama, Mistral, Qwen2, Qwen3 and Phi-3 in one description.
//!
//! Follows `LlamaForCausalLM`, `Qwen2ForCausalLM`, `Qwen3ForCausalLM` and `Phi3ForCausalLM` of transformers. It reads embedding rows, so that
//! text and pictures enter alike.

use candle_core::{DType, Tensor};
use candle_nn::ops::rms_norm;

use super::activation::silu_times;
use super::attention::{Sight, attend};
use super::cache::{CacheShape, CacheType, KvCache};
use super::device::Compute;
use super::error::LlavaError;
use super::linear::Linear;
use super::matrix::{Matrix, matmul_all};
use super::numbers::check_numbers;
use super::rope::{Rope, RopeAngles, RopeSet};
use super::shape::{Architecture, LanguageShape};
use super::weights::Weights;
use crate::cancel::CancelToken;
use crate::gguf::Gguf;

/// The positions whose logits are wanted. The output matrix is the largest of all: rows that nobody asks for cost much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// None: more of the prompt follows.
    Nothing,
    /// The last: the next token.
    Last,
    /// Every one: comparisons.
    Every,
}

/// A language model ready to read.
#[derive(Debug)]
pub struct Decoder {
    shape: LanguageShape,
    compute: Compute,
    rope: Rope,
    embeddings: Matrix,
    layers: Vec<Layer>,
    norm: Tensor,
    output: Matrix,
    file: String,
}

#[derive(Debug)]
struct Layer {
    attention_norm: Tensor,
    query: Linear,
    key: Linear,
    value: Linear,
    /// RMS norms of queries and keys, head by head: `head_dim` weights each (Qwen3).
    head_norms: Option<HeadNorms>,
    attention_out: Matrix,
    ff_norm: Tensor,
    gate: Matrix,
    up: Matrix,
    down: Matrix,
}

#[derive(Debug)]
struct HeadNorms {
    query: Tensor,
    key: Tensor,
}

impl Decoder {
    /// The language model of `file`, its weights left in the file where the device is the CPU.
    ///
    /// # Errors
    /// [`LlavaError::BadKey`], [`LlavaError::MissingTensor`], [`LlavaError::TensorShape`], or the upload's.
    pub fn load(file: &Gguf, compute: &Compute) -> Result<Self, LlavaError> {
        Self::with_shape(file, LanguageShape::read(file)?, compute)
    }

    /// As [`Decoder::load`], with numbers that differ from the header's: another rope scaling.
    ///
    /// # Errors
    /// As [`Decoder::load`].
    pub fn with_shape(file: &Gguf, shape: LanguageShape, compute: &Compute) -> Result<Self, LlavaError> {
        let weights = Weights::new(file, compute);
        let embeddings = weights.matrix("token_embd.weight", shape.n_vocab, shape.width)?;
        let output = if weights.has("output.weight") {
            weights.matrix("output.weight", shape.n_vocab, shape.width)?
        } else {
            embeddings.clone()
        };
        let layers = (0..shape.n_layers)
            .map(|i| Layer::load(&weights, &shape, i))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            norm: weights.vector("output_norm.weight", shape.width)?,
            rope: Rope::new(
                shape.n_rotated,
                shape.rope_base,
                shape.rope_pairs(),
                shape.rope_scaling.clone(),
            ),
            shape,
            compute: compute.clone(),
            embeddings,
            layers,
            output,
            file: file.source().name().to_owned(),
        })
    }

    /// Its numbers.
    #[must_use]
    pub fn shape(&self) -> &LanguageShape {
        &self.shape
    }

    /// Where it runs.
    #[must_use]
    pub fn compute(&self) -> &Compute {
        &self.compute
    }

    /// Its rotary position embedding.
    #[must_use]
    pub fn rope(&self) -> &Rope {
        &self.rope
    }

    /// Sizes of a cache for `capacity` positions.
    #[must_use]
    pub fn cache_shape(&self, capacity: usize, dtype: CacheType) -> CacheShape {
        let LanguageShape {
            n_layers,
            n_kv_heads,
            head_dim,
            ..
        } = self.shape;
        CacheShape {
            n_layers,
            n_kv_heads,
            head_dim,
            capacity,
            dtype,
        }
    }

    /// Embedding rows of token ids, `(ids, width)`.
    ///
    /// # Errors
    /// candle's; an id beyond the vocabulary is one.
    pub fn embed(&self, ids: &[u32]) -> Result<Tensor, LlavaError> {
        self.embeddings.gather(ids, &self.compute)
    }

    /// Reads `rows` `(n, width)` after what `cache` holds, with keys turned by `rope`. Gives the logits of the wanted
    /// positions, `(wanted, n_vocab)`. Broken off, it leaves the cache as it was.
    ///
    /// # Errors
    /// [`LlavaError::ContextTooShort`] where the cache is too small, [`LlavaError::RowWidth`], [`LlavaError::NotNumbers`]
    /// where the logits are none, [`LlavaError::Cancelled`] within a fraction of a layer, or candle's.
    pub fn forward(
        &self,
        rows: &Tensor,
        cache: &mut KvCache,
        rope: RopeSet,
        wanted: Wanted,
        cancel: &CancelToken,
    ) -> Result<Option<Tensor>, LlavaError> {
        let n = rows.dim(0)?;
        self.check_width(rows)?;
        if cache.len() + n > cache.capacity() {
            return Err(LlavaError::ContextTooShort {
                needed: cache.len() + n,
                capacity: cache.capacity(),
            });
        }
        self.compute
            .run(|| self.forward_inside(rows, cache, rope, wanted, cancel))
    }

    fn forward_inside(
        &self,
        rows: &Tensor,
        cache: &mut KvCache,
        rope: RopeSet,
        wanted: Wanted,
        cancel: &CancelToken,
    ) -> Result<Option<Tensor>, LlavaError> {
        let n = rows.dim(0)?;
        let angles = self.rope.angles(rope, cache.len(), n, self.compute.device())?;
        let mut xs = rows.clone();
        for (i, layer) in self.layers.iter().enumerate() {
            xs = (&xs + self.attention(layer, i, &xs, &angles, cache, cancel)?)?;
            xs = (&xs + self.feed_forward(layer, &xs, cancel)?)?;
        }
        let xs = match wanted {
            Wanted::Nothing => None,
            Wanted::Last => Some(xs.narrow(0, n - 1, 1)?.contiguous()?),
            Wanted::Every => Some(xs),
        };
        let logits = match xs {
            Some(xs) => {
                let xs = rms_norm(&xs, &self.norm, self.shape.norm_eps)?;
                let logits = self.output.matmul(&xs, &self.compute, cancel)?;
                check_numbers(&logits, &self.file)?;
                Some(logits)
            }
            None => None,
        };
        cache.advance(n);
        Ok(logits)
    }

    /// Runs one layer on `n` rows of nothing that follow `depth` others, to find out how long that takes.
    pub(super) fn run_one_layer(
        &self,
        n: usize,
        depth: usize,
        cancel: &CancelToken,
    ) -> Result<(), LlavaError> {
        let device = self.compute.device();
        let Some(layer) = self.layers.first() else {
            return Ok(());
        };
        let shape = CacheShape {
            n_layers: 1,
            ..self.cache_shape(depth + n, CacheType::F16)
        };
        let mut cache = KvCache::new(shape, &self.compute)?;
        cache.advance(depth);
        let angles = self.rope.angles(RopeSet::Base, 0, n, device)?;
        let xs = Tensor::ones((n, self.shape.width), DType::F32, device)?;
        let xs = (&xs + self.attention(layer, 0, &xs, &angles, &cache, cancel)?)?;
        self.feed_forward(layer, &xs, cancel)?;
        Ok(device.synchronize()?)
    }

    pub(super) fn check_width(&self, rows: &Tensor) -> Result<(), LlavaError> {
        let (_, found) = rows.dims2()?;
        let expected = self.shape.width;
        if found == expected {
            Ok(())
        } else {
            Err(LlavaError::RowWidth { expected, found })
        }
    }

    fn attention(
        &self,
        layer: &Layer,
        index: usize,
        xs: &Tensor,
        angles: &RopeAngles,
        cache: &KvCache,
        cancel: &CancelToken,
    ) -> Result<Tensor, LlavaError> {
        let LanguageShape {
            n_heads,
            n_kv_heads,
            head_dim,
            norm_eps,
            ..
        } = self.shape;
        let n = xs.dim(0)?;
        let xs = rms_norm(xs, &layer.attention_norm, norm_eps)?;
        let [query, key, value] = Linear::forward_all(
            [&layer.query, &layer.key, &layer.value],
            &xs,
            &self.compute,
            cancel,
        )?;
        let mut query = query.reshape((n, n_heads, head_dim))?;
        let mut key = key.reshape((n, n_kv_heads, head_dim))?;
        if let Some(norms) = &layer.head_norms {
            query = rms_norm(&query, &norms.query, norm_eps)?;
            key = rms_norm(&key, &norms.key, norm_eps)?;
        }
        let (query, key) = (self.rope.rotate(&query, angles)?, self.rope.rotate(&key, angles)?);
        let value = value.reshape((n, n_kv_heads, head_dim))?;
        let (keys, values) = cache.extend(index, &key, &value)?;
        let seen = attend(
            &query,
            &keys,
            &values,
            Sight::UpTo(cache.len()),
            &self.compute,
            cancel,
        )?;
        layer.attention_out.matmul(&seen, &self.compute, cancel)
    }

    fn feed_forward(&self, layer: &Layer, xs: &Tensor, cancel: &CancelToken) -> Result<Tensor, LlavaError> {
        let xs = rms_norm(xs, &layer.ff_norm, self.shape.norm_eps)?;
        let [gate, up] = matmul_all([&layer.gate, &layer.up], &xs, &self.compute, cancel)?;
        layer
            .down
            .matmul(&silu_times(gate, &up, &self.compute)?, &self.compute, cancel)
    }
}

impl Layer {
    fn load(weights: &Weights<'_>, shape: &LanguageShape, index: usize) -> Result<Self, LlavaError> {
        let name = |part: &str| format!("blk.{index}.{part}");
        let LanguageShape { width, ff_width, .. } = *shape;
        let (q, kv) = (shape.n_heads * shape.head_dim, shape.n_kv_heads * shape.head_dim);
        let (query, key, value, gate, up);
        if shape.architecture == Architecture::Phi3 {
            let qkv = |rows| {
                let part = weights.matrix_rows(&name("attn_qkv.weight"), rows, q + 2 * kv, width)?;
                Ok::<_, LlavaError>(Linear::without_bias(part))
            };
            let gate_up = |rows| weights.matrix_rows(&name("ffn_up.weight"), rows, 2 * ff_width, width);
            (query, key, value) = (qkv(0..q)?, qkv(q..q + kv)?, qkv(q + kv..q + 2 * kv)?);
            (gate, up) = (gate_up(0..ff_width)?, gate_up(ff_width..2 * ff_width)?);
        } else {
            query = Linear::load(weights, &name("attn_q"), q, width)?;
            key = Linear::load(weights, &name("attn_k"), kv, width)?;
            value = Linear::load(weights, &name("attn_v"), kv, width)?;
            gate = weights.matrix(&name("ffn_gate.weight"), ff_width, width)?;
            up = weights.matrix(&name("ffn_up.weight"), ff_width, width)?;
        }
        let head_norm = |part: &str| weights.vector(&name(part), shape.head_dim);
        let head_norms = match shape.architecture {
            Architecture::Qwen3 => Some(HeadNorms {
                query: head_norm("attn_q_norm.weight")?,
                key: head_norm("attn_k_norm.weight")?,
            }),
            Architecture::Llama | Architecture::Qwen2 | Architecture::Phi3 => None,
        };
        Ok(Self {
            attention_norm: weights.vector(&name("attn_norm.weight"), width)?,
            query,
            key,
            value,
            head_norms,
            attention_out: weights.matrix(&name("attn_output.weight"), width, q)?,
            ff_norm: weights.vector(&name("ffn_norm.weight"), width)?,
            gate,
            up,
            down: weights.matrix(&name("ffn_down.weight"), width, ff_width)?,
        })
    }
}
