//! The vision tower: CLIP, SigLIP or InternViT up to the layer whose features the projector reads.
//!
//! Follows `CLIPVisionTransformer`, `SiglipVisionTransformer`, `SmolVLMVisionTransformer` and `InternVLVisionModel` of
//! transformers. In LLaVA the class token stands first, the layers after the feature layer do not run, and the last norm
//! is not applied; llama.cpp (2025-05 to 2026-10) puts the class token last and runs one layer too few, so the same files
//! give other features there. SmolVLM applies the last norm. Both it and InternVL then lay the patches of a square one
//! after the other, so that a feature row stands for several (pixel shuffle).

mod shape;

pub use shape::{Activation, TowerShape};

use candle_core::{DType, Tensor};
use candle_nn::ops::silu;

use super::activation::quick_gelu;
use super::attention::{Sight, attend};
use super::device::Compute;
use super::error::LlavaError;
use super::linear::Linear;
use super::norm::LayerNorm;
use super::weights::Weights;
use crate::cancel::CancelToken;
use crate::gguf::{Gguf, TensorType};
use crate::visual::family::ModelFamily;

/// A vision tower ready to look.
#[derive(Debug)]
pub struct Tower {
    shape: TowerShape,
    compute: Compute,
    features_dtype: DType,
    patches: Linear,
    class: Option<Tensor>,
    positions: Tensor,
    first_norm: Option<LayerNorm>,
    blocks: Vec<Block>,
    last_norm: Option<LayerNorm>,
}

#[derive(Debug)]
struct Block {
    attention_norm: LayerNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    attention_out: Linear,
    /// What the attention's result is multiplied by, value by value, before it is added (InternViT).
    attention_scale: Option<Tensor>,
    ff_norm: LayerNorm,
    ff_in: Linear,
    ff_out: Linear,
    /// The same for the perceptron's result.
    ff_scale: Option<Tensor>,
}

impl Tower {
    /// The tower of an mmproj file, its weights left in the file where the device is the CPU.
    ///
    /// # Errors
    /// [`LlavaError::BadKey`], [`LlavaError::MissingTensor`], [`LlavaError::TensorShape`], or the upload's.
    pub fn load(file: &Gguf, compute: &Compute) -> Result<Self, LlavaError> {
        let shape = TowerShape::read(file)?;
        let weights = Weights::new(file, compute);
        let TowerShape {
            width,
            patch_px,
            has_class_token,
            ..
        } = shape;
        let n_positions = shape.n_patches() + usize::from(has_class_token);
        let norm_eps = shape.norm_eps;
        let last_norm = match shape.family {
            ModelFamily::Llava => None,
            ModelFamily::SmolVlm => Some(LayerNorm::load(&weights, "v.post_ln", width, norm_eps)?),
            ModelFamily::InternVl => LayerNorm::optional(&weights, "v.post_ln", width, norm_eps)?,
        };
        let is_f32 = file
            .tensor("v.blk.0.attn_q.weight")
            .is_some_and(|weight| weight.dtype == TensorType::F32);
        Ok(Self {
            features_dtype: if is_f32 { DType::F32 } else { DType::F16 },
            patches: Linear::load(&weights, "v.patch_embd", width, 3 * patch_px * patch_px)?,
            class: weights.optional_vector("v.class_embd", width)?,
            positions: weights.table("v.position_embd.weight", n_positions, width)?,
            first_norm: LayerNorm::optional(&weights, "v.pre_ln", width, norm_eps)?,
            blocks: (0..shape.n_blocks)
                .map(|i| Block::load(&weights, &shape, i))
                .collect::<Result<_, _>>()?,
            last_norm,
            compute: compute.clone(),
            shape,
        })
    }

    /// Its numbers.
    #[must_use]
    pub fn shape(&self) -> &TowerShape {
        &self.shape
    }

    /// The precision that features are kept in: f32 for a tower of f32 weights, f16 for every other.
    #[must_use]
    pub fn features_dtype(&self) -> DType {
        self.features_dtype
    }

    /// Where it runs.
    #[must_use]
    pub fn compute(&self) -> &Compute {
        &self.compute
    }

    /// Features of one normalised image `(3, side_px, side_px)`: `(n_rows, row_width)` of its [`TowerShape`], in reading
    /// order.
    ///
    /// # Errors
    /// [`LlavaError::Cancelled`] within a fraction of a block, or candle's; an image of another size is one.
    pub fn encode(&self, pixels: &Tensor, cancel: &CancelToken) -> Result<Tensor, LlavaError> {
        self.compute.run(|| self.encode_inside(pixels, cancel))
    }

    fn encode_inside(&self, pixels: &Tensor, cancel: &CancelToken) -> Result<Tensor, LlavaError> {
        let mut xs = self.embed(pixels, cancel)?;
        for block in &self.blocks {
            xs = self.run_block(block, &xs, cancel)?;
        }
        let n_class = usize::from(self.shape.has_class_token);
        let xs = xs.narrow(0, n_class, self.shape.n_patches())?.contiguous()?;
        let xs = match &self.last_norm {
            Some(norm) => norm.forward(&xs)?,
            None => xs,
        };
        self.shuffle(xs)
    }

    /// Lays the patches of each square side by side: those of its first row from left to right, then those of the next.
    /// `pixel_shuffle` of transformers' SmolVLM and InternVL write it differently and come to this order both.
    fn shuffle(&self, xs: Tensor) -> Result<Tensor, LlavaError> {
        let (n, side) = (self.shape.shuffle, self.shape.grid() / self.shape.shuffle);
        if n == 1 {
            return Ok(xs);
        }
        let rows = xs
            .reshape((side, n, side, n, self.shape.width))?
            .permute((0, 2, 1, 3, 4))? // (row, column, y, x, value)
            .reshape((self.shape.n_rows(), self.shape.row_width()))?;
        Ok(rows)
    }

    fn run_block(&self, block: &Block, xs: &Tensor, cancel: &CancelToken) -> Result<Tensor, LlavaError> {
        let scaled = |xs: Tensor, scale: &Option<Tensor>| match scale {
            Some(scale) => xs.broadcast_mul(scale),
            None => Ok(xs),
        };
        let xs = (xs + scaled(self.attention(block, xs, cancel)?, &block.attention_scale)?)?;
        let out = scaled(self.feed_forward(block, &xs, cancel)?, &block.ff_scale)?;
        Ok((xs + out)?)
    }

    /// Runs one block on rows of nothing, to find out how long that takes.
    pub(super) fn run_one_block(&self, cancel: &CancelToken) -> Result<(), LlavaError> {
        let n_rows = self.shape.n_patches() + usize::from(self.shape.has_class_token);
        let shape = (n_rows, self.shape.width);
        let xs = Tensor::ones(shape, DType::F32, self.compute.device())?;
        let Some(block) = self.blocks.first() else {
            return Ok(());
        };
        self.run_block(block, &xs, cancel)?;
        Ok(self.compute.device().synchronize()?)
    }

    /// The convolution of patches as a matrix product, class token, positions, first norm.
    ///
    /// `SmolVLMVisionEmbeddings` finds a patch's position by its fraction of the side, in f32: for the grids in use (26, 27, 32)
    /// that is its place.
    fn embed(&self, pixels: &Tensor, cancel: &CancelToken) -> Result<Tensor, LlavaError> {
        let (grid, patch_px) = (self.shape.grid(), self.shape.patch_px);
        let pixels = pixels
            .to_device(self.compute.device())?
            .narrow(1, 0, grid * patch_px)?
            .narrow(2, 0, grid * patch_px)?
            .reshape((3, grid, patch_px, grid, patch_px))?
            .permute((1, 3, 0, 2, 4))? // (row, column, channel, y, x)
            .reshape((grid * grid, 3 * patch_px * patch_px))?;
        let mut xs = self.patches.forward(&pixels, &self.compute, cancel)?;
        if let Some(class) = &self.class {
            xs = Tensor::cat(&[&class.unsqueeze(0)?, &xs], 0)?;
        }
        let xs = (xs + &self.positions)?;
        Ok(match &self.first_norm {
            Some(norm) => norm.forward(&xs)?,
            None => xs,
        })
    }

    fn attention(&self, block: &Block, xs: &Tensor, cancel: &CancelToken) -> Result<Tensor, LlavaError> {
        let (n, width) = xs.dims2()?;
        let heads = (n, self.shape.n_heads, width / self.shape.n_heads);
        let xs = block.attention_norm.forward(xs)?;
        let [query, key, value] = Linear::forward_all(
            [&block.query, &block.key, &block.value],
            &xs,
            &self.compute,
            cancel,
        )?;
        let (query, key, value) = (query.reshape(heads)?, key.reshape(heads)?, value.reshape(heads)?);
        let seen = attend(&query, &key, &value, Sight::All, &self.compute, cancel)?;
        block.attention_out.forward(&seen, &self.compute, cancel)
    }

    fn feed_forward(&self, block: &Block, xs: &Tensor, cancel: &CancelToken) -> Result<Tensor, LlavaError> {
        let xs = block.ff_norm.forward(xs)?;
        let xs = block.ff_in.forward(&xs, &self.compute, cancel)?;
        let xs = match self.shape.activation {
            Activation::QuickGelu => quick_gelu(xs, &self.compute)?,
            Activation::Gelu => xs.gelu_erf()?,
            Activation::GeluTanh => xs.gelu()?,
            Activation::Silu => silu(&xs)?,
        };
        block.ff_out.forward(&xs, &self.compute, cancel)
    }
}

impl Block {
    fn load(weights: &Weights<'_>, shape: &TowerShape, index: usize) -> Result<Self, LlavaError> {
        let name = |part: &str| format!("v.blk.{index}.{part}");
        let TowerShape { width, ff_width, .. } = *shape;
        let norm = |part: &str| LayerNorm::load(weights, &name(part), width, shape.norm_eps);
        // Legacy files call the first layer of the perceptron `ffn_down` and the second `ffn_up`: what counts is the width.
        let up_is_first = weights.shape(&name("ffn_up.weight"))? == [ff_width, width];
        let (ff_in, ff_out) = if up_is_first {
            ("ffn_up", "ffn_down")
        } else {
            ("ffn_down", "ffn_up")
        };
        Ok(Self {
            attention_norm: norm("ln1")?,
            query: Linear::load(weights, &name("attn_q"), width, width)?,
            key: Linear::load(weights, &name("attn_k"), width, width)?,
            value: Linear::load(weights, &name("attn_v"), width, width)?,
            attention_out: Linear::load(weights, &name("attn_out"), width, width)?,
            attention_scale: weights.optional_vector(&name("ls1.weight"), width)?,
            ff_norm: norm("ln2")?,
            ff_in: Linear::load(weights, &name(ff_in), ff_width, width)?,
            ff_out: Linear::load(weights, &name(ff_out), width, ff_width)?,
            ff_scale: weights.optional_vector(&name("ls2.weight"), width)?,
        })
    }
}
