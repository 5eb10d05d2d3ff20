//! The vision tower: CLIP or SigLIP up to the layer whose features LLaVA reads.
//!
//! Follows `CLIPVisionTransformer` and `SiglipVisionTransformer` of transformers: the class token stands first, the
//! layers after the feature layer do not run, and the last norm is not applied. llama.cpp (2025-05 to 2026-10) puts the
//! class token last and runs one layer too few, so the same files give other features there.

use candle_core::{DType, Tensor};
use candle_nn::ops::{layer_norm, silu};

use super::activation::quick_gelu;
use super::attention::{Sight, attend};
use super::device::Compute;
use super::error::LlavaError;
use super::linear::Linear;
use super::shape::bad_key;
use super::weights::Weights;
use crate::cancel::CancelToken;
use crate::gguf::{Gguf, TensorType, Value};
use crate::visual::geometry::{GeometryError, TowerGeometry};

/// The function between the two layers of a block's perceptron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `x * sigmoid(1.702 x)`: CLIP.
    QuickGelu,
    /// The exact GELU: OpenCLIP.
    Gelu,
    /// GELU by its tanh approximation: SigLIP.
    GeluTanh,
    /// `x * sigmoid(x)`.
    Silu,
}

/// The numbers of a vision tower.
#[derive(Clone, Debug, PartialEq)]
pub struct TowerShape {
    /// Side of the square image, pixels.
    pub side_px: usize,
    /// Side of a patch, pixels.
    pub patch_px: usize,
    /// Width of a feature row.
    pub width: usize,
    /// Width of the feed-forward layer.
    pub ff_width: usize,
    /// Attention heads.
    pub n_heads: usize,
    /// Blocks that run.
    pub n_blocks: usize,
    /// Epsilon of the layer norms.
    pub norm_eps: f32,
    /// Whether a class token stands before the patches (CLIP) or not (SigLIP).
    pub has_class_token: bool,
    /// The function between the two layers of a block's perceptron.
    pub activation: Activation,
    /// Mean of a channel (red, green, blue), of values between 0 and 1.
    pub mean: [f32; 3],
    /// Standard deviation of a channel.
    pub std: [f32; 3],
}

/// What files leave out: CLIP-L/14 at 336 pixels, the tower of LLaVA 1.5 and 1.6.
const CLIP_L_336: (usize, usize) = (336, 14);
const CLIP_MEAN: [f32; 3] = [0.481_454_66, 0.457_827_5, 0.408_210_73];
const CLIP_STD: [f32; 3] = [0.268_629_54, 0.261_302_6, 0.275_777_1];

impl TowerShape {
    /// Patches along a side.
    #[must_use]
    pub fn grid(&self) -> usize {
        self.side_px / self.patch_px
    }

    /// Feature rows of an image.
    #[must_use]
    pub fn n_patches(&self) -> usize {
        self.grid() * self.grid()
    }

    /// The tower's image and patches as plans know them.
    ///
    /// # Errors
    /// [`LlavaError::BadKey`] where they make no sense.
    pub fn geometry(&self, file: &Gguf) -> Result<TowerGeometry, LlavaError> {
        let (side_px, patch_px) = (self.side_px as u32, self.patch_px as u32);
        TowerGeometry::new(side_px, patch_px)
            .map_err(|_senseless: GeometryError| bad_key(file, "clip.vision.image_size"))
    }

    /// Reads the numbers from an mmproj file's header; what it leaves out is CLIP-L/14 at 336 pixels.
    ///
    /// # Errors
    /// [`LlavaError::BadKey`] or [`LlavaError::MissingTensor`].
    pub fn read(file: &Gguf) -> Result<Self, LlavaError> {
        let key = |name: &str| format!("clip.vision.{name}");
        let size = |name: &str, default: usize| -> Result<usize, LlavaError> {
            match file.size(&key(name))?.unwrap_or(default) {
                0 => Err(bad_key(file, &key(name))),
                n => Ok(n),
            }
        };
        let width = size("embedding_length", 1024)?;
        let n_heads = size("attention.head_count", 16)?;
        if !width.is_multiple_of(n_heads) {
            return Err(bad_key(file, &key("attention.head_count")));
        }
        let has_class_token = file.tensor("v.class_embd").is_some();
        let flag = |name: &str| file.bool(name).map(|value| value == Some(true));
        let activation = match (flag("clip.use_silu")?, flag("clip.use_gelu")?) {
            (true, _) => Activation::Silu,
            // The converters write either value for SigLIP, whose function is always this one.
            _ if !has_class_token => Activation::GeluTanh,
            (_, true) => Activation::Gelu,
            (_, false) => Activation::QuickGelu,
        };
        Ok(Self {
            side_px: size("image_size", CLIP_L_336.0)?,
            patch_px: size("patch_size", CLIP_L_336.1)?,
            width,
            ff_width: size("feed_forward_length", 4096)?,
            n_heads,
            n_blocks: blocks_to_run(file)?,
            norm_eps: file.f32(&key("attention.layer_norm_epsilon"))?.unwrap_or(1e-5),
            has_class_token,
            activation,
            mean: channels(file, &key("image_mean"), CLIP_MEAN)?,
            std: channels(file, &key("image_std"), CLIP_STD)?,
        })
    }
}

/// The feature layer where the file names it (an index into hidden states: 0 is before the first block). Else the
/// stored blocks, which the legacy converter cut at LLaVA's layer; all 24 of CLIP-L were stored by accident.
fn blocks_to_run(file: &Gguf) -> Result<usize, LlavaError> {
    const CLIP_L_BLOCKS: usize = 24;
    let stored = (0..)
        .take_while(|i| file.tensor(&format!("v.blk.{i}.ln1.weight")).is_some())
        .count();
    let key = "clip.vision.feature_layer";
    let named = match file.value(key) {
        None => None,
        Some(Value::Array(layers)) if layers.len == 1 => layers.numbers().next().map(|layer| layer as usize),
        // Several layers side by side (granite) are another model.
        Some(Value::Array(_)) => return Err(bad_key(file, key)),
        Some(_) => file.size(key)?,
    };
    match named {
        Some(layer) if (1..=stored).contains(&layer) => Ok(layer),
        Some(_) => Err(bad_key(file, key)),
        None if stored == 0 => Err(bad_key(file, "clip.vision.block_count")),
        None if stored == CLIP_L_BLOCKS => Ok(CLIP_L_BLOCKS - 1),
        None => Ok(stored),
    }
}

fn channels(file: &Gguf, key: &str, default: [f32; 3]) -> Result<[f32; 3], LlavaError> {
    let Some(list) = file.array(key)? else {
        return Ok(default);
    };
    let values: Vec<f32> = list.numbers().map(|value| value as f32).collect();
    values
        .try_into()
        .map_err(|_other_count: Vec<f32>| bad_key(file, key))
}

/// A vision tower ready to look.
#[derive(Debug)]
pub struct Tower {
    shape: TowerShape,
    compute: Compute,
    features_dtype: DType,
    patches: Linear,
    class: Option<Tensor>,
    positions: Tensor,
    first_norm: Option<Norm>,
    blocks: Vec<Block>,
}

#[derive(Debug)]
struct Block {
    attention_norm: Norm,
    query: Linear,
    key: Linear,
    value: Linear,
    attention_out: Linear,
    ff_norm: Norm,
    ff_in: Linear,
    ff_out: Linear,
}

#[derive(Debug)]
struct Norm {
    weight: Tensor,
    bias: Tensor,
    eps: f32,
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
        let first_norm = weights.has("v.pre_ln.weight");
        let is_f32 = file
            .tensor("v.blk.0.attn_q.weight")
            .is_some_and(|weight| weight.dtype == TensorType::F32);
        Ok(Self {
            features_dtype: if is_f32 { DType::F32 } else { DType::F16 },
            patches: Linear::load(&weights, "v.patch_embd", width, 3 * patch_px * patch_px)?,
            class: weights.optional_vector("v.class_embd", width)?,
            positions: weights.table("v.position_embd.weight", n_positions, width)?,
            first_norm: first_norm
                .then(|| Norm::load(&weights, &shape, "v.pre_ln"))
                .transpose()?,
            blocks: (0..shape.n_blocks)
                .map(|i| Block::load(&weights, &shape, i))
                .collect::<Result<_, _>>()?,
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

    /// Features of one normalised image `(3, side_px, side_px)`: `(n_patches, width)`, patches in reading order.
    ///
    /// # Errors
    /// [`LlavaError::Cancelled`] within a fraction of a block, or candle's; an image of another size is one.
    pub fn encode(&self, pixels: &Tensor, cancel: &CancelToken) -> Result<Tensor, LlavaError> {
        self.compute.run(|| self.encode_inside(pixels, cancel))
    }

    fn encode_inside(&self, pixels: &Tensor, cancel: &CancelToken) -> Result<Tensor, LlavaError> {
        let mut xs = self.embed(pixels, cancel)?;
        for block in &self.blocks {
            xs = (&xs + self.attention(block, &xs, cancel)?)?;
            xs = (&xs + self.feed_forward(block, &xs, cancel)?)?;
        }
        let n_class = usize::from(self.shape.has_class_token);
        Ok(xs.narrow(0, n_class, self.shape.n_patches())?.contiguous()?)
    }

    /// Runs one block on rows of nothing, to find out how long that takes.
    pub(super) fn run_one_block(&self, cancel: &CancelToken) -> Result<(), LlavaError> {
        let n_rows = self.shape.n_patches() + usize::from(self.shape.has_class_token);
        let shape = (n_rows, self.shape.width);
        let xs = Tensor::ones(shape, DType::F32, self.compute.device())?;
        let Some(block) = self.blocks.first() else {
            return Ok(());
        };
        let xs = (&xs + self.attention(block, &xs, cancel)?)?;
        self.feed_forward(block, &xs, cancel)?;
        Ok(self.compute.device().synchronize()?)
    }

    /// The convolution of patches as a matrix product, class token, positions, first norm.
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
        // Legacy files call the first layer of the perceptron `ffn_down` and the second `ffn_up`: what counts is the width.
        let up_is_first = weights.shape(&name("ffn_up.weight"))? == [ff_width, width];
        let (ff_in, ff_out) = if up_is_first {
            ("ffn_up", "ffn_down")
        } else {
            ("ffn_down", "ffn_up")
        };
        Ok(Self {
            attention_norm: Norm::load(weights, shape, &name("ln1"))?,
            query: Linear::load(weights, &name("attn_q"), width, width)?,
            key: Linear::load(weights, &name("attn_k"), width, width)?,
            value: Linear::load(weights, &name("attn_v"), width, width)?,
            attention_out: Linear::load(weights, &name("attn_out"), width, width)?,
            ff_norm: Norm::load(weights, shape, &name("ln2"))?,
            ff_in: Linear::load(weights, &name(ff_in), ff_width, width)?,
            ff_out: Linear::load(weights, &name(ff_out), width, ff_width)?,
        })
    }
}

impl Norm {
    fn load(weights: &Weights<'_>, shape: &TowerShape, name: &str) -> Result<Self, LlavaError> {
        Ok(Self {
            weight: weights.vector(&format!("{name}.weight"), shape.width)?,
            bias: weights.vector(&format!("{name}.bias"), shape.width)?,
            eps: shape.norm_eps,
        })
    }

    fn forward(&self, xs: &Tensor) -> Result<Tensor, candle_core::Error> {
        layer_norm(xs, &self.weight, &self.bias, self.eps)
    }
}
