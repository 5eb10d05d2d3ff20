//! The numbers of a vision tower, as an mmproj file's header gives them.

use crate::gguf::{Gguf, Value};
use crate::llava::error::LlavaError;
use crate::llava::shape::{bad_key, is_epsilon, is_factor, number};
use crate::llava::vision::vision_family;
use crate::visual::family::ModelFamily;
use crate::visual::geometry::{GeometryError, TowerGeometry};

/// The function between the two layers of a block's perceptron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `x * sigmoid(1.702 x)`: CLIP.
    QuickGelu,
    /// The exact GELU: OpenCLIP, InternViT.
    Gelu,
    /// GELU by its tanh approximation: SigLIP.
    GeluTanh,
    /// `x * sigmoid(x)`.
    Silu,
}

/// The numbers of a vision tower.
#[derive(Clone, Debug, PartialEq)]
pub struct TowerShape {
    /// Which family's it is.
    pub family: ModelFamily,
    /// Side of the square image, pixels.
    pub side_px: usize,
    /// Side of a patch, pixels.
    pub patch_px: usize,
    /// Patches along a side of the square that becomes one row (pixel shuffle): 1 where each patch is a row.
    pub shuffle: usize,
    /// Width of a patch inside the tower.
    pub width: usize,
    /// Width of the feed-forward layer.
    pub ff_width: usize,
    /// Attention heads.
    pub n_heads: usize,
    /// Blocks that run.
    pub n_blocks: usize,
    /// Epsilon of the layer norms.
    pub norm_eps: f32,
    /// Whether a class token stands before the patches (CLIP, InternViT) or not (SigLIP).
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
/// Patches along a side of a row where the file does not say: what both families' first models have.
const USUAL_SHUFFLE: usize = 2;

impl TowerShape {
    /// Patches along a side.
    #[must_use]
    pub fn grid(&self) -> usize {
        self.side_px / self.patch_px
    }

    /// Patches of an image, each a row inside the tower.
    #[must_use]
    pub fn n_patches(&self) -> usize {
        self.grid() * self.grid()
    }

    /// Feature rows of an image: what the projector turns into rows of the language model, one each.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        let side = self.grid() / self.shuffle;
        side * side
    }

    /// Width of a feature row.
    #[must_use]
    pub fn row_width(&self) -> usize {
        self.width * self.shuffle * self.shuffle
    }

    /// What people call such a tower.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match (self.family, self.has_class_token) {
            (ModelFamily::InternVl, _) => "internvit",
            (_, true) => "clip",
            (_, false) => "siglip",
        }
    }

    /// The tower's image and the squares of it that become rows, as plans know them: a "patch" of a plan is all of the
    /// patches that are shuffled into one row.
    ///
    /// # Errors
    /// [`LlavaError::BadKey`] where they make no sense.
    pub fn geometry(&self, file: &Gguf) -> Result<TowerGeometry, LlavaError> {
        let (side_px, row_px) = (self.side_px as u32, (self.patch_px * self.shuffle) as u32);
        TowerGeometry::new(side_px, row_px)
            .map_err(|_senseless: GeometryError| bad_key(file, "clip.vision.image_size"))
    }

    /// Reads the numbers from an mmproj file's header; what it leaves out is CLIP-L/14 at 336 pixels.
    ///
    /// # Errors
    /// [`LlavaError::BadKey`] or [`LlavaError::MissingTensor`].
    pub fn read(file: &Gguf) -> Result<Self, LlavaError> {
        let family = vision_family(file)?;
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
        let shape = Self {
            family,
            side_px: size("image_size", CLIP_L_336.0)?,
            patch_px: size("patch_size", CLIP_L_336.1)?,
            shuffle: match family {
                ModelFamily::Llava => 1,
                _ => size("projector.scale_factor", USUAL_SHUFFLE)?,
            },
            width,
            ff_width: size("feed_forward_length", 4096)?,
            n_heads,
            n_blocks: blocks_to_run(file, family)?,
            norm_eps: number(file, &key("attention.layer_norm_epsilon"), 1e-5, is_epsilon)?,
            has_class_token,
            activation: activation(file, has_class_token)?,
            mean: channels(file, &key("image_mean"), CLIP_MEAN, f32::is_finite)?,
            std: channels(file, &key("image_std"), CLIP_STD, is_factor)?,
        };
        // Squares that do not fill the grid would be cut off by one reader and padded by another.
        if shape.grid() == 0 || !shape.grid().is_multiple_of(shape.shuffle) {
            return Err(bad_key(file, &key("projector.scale_factor")));
        }
        Ok(shape)
    }
}

fn activation(file: &Gguf, has_class_token: bool) -> Result<Activation, LlavaError> {
    let flag = |name: &str| file.bool(name).map(|value| value == Some(true));
    Ok(match (flag("clip.use_silu")?, flag("clip.use_gelu")?) {
        (true, _) => Activation::Silu,
        // The converters write either value for SigLIP, whose function is always this one.
        _ if !has_class_token => Activation::GeluTanh,
        (_, true) => Activation::Gelu,
        (_, false) => Activation::QuickGelu,
    })
}

/// The feature layer where the file names it (an index into hidden states: 0 is before the first block). Else the
/// stored blocks, which the legacy converter cut at LLaVA's layer; all 24 of CLIP-L were stored by accident. Other
/// families read what comes after the last block.
fn blocks_to_run(file: &Gguf, family: ModelFamily) -> Result<usize, LlavaError> {
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
        None if stored == CLIP_L_BLOCKS && family == ModelFamily::Llava => Ok(CLIP_L_BLOCKS - 1),
        None => Ok(stored),
    }
}

fn channels(
    file: &Gguf,
    key: &str,
    default: [f32; 3],
    is_sensible: fn(f32) -> bool,
) -> Result<[f32; 3], LlavaError> {
    let Some(list) = file.array(key)? else {
        return Ok(default);
    };
    let values: Vec<f32> = list.numbers().map(|value| value as f32).collect();
    if !values.iter().all(|&value| is_sensible(value)) {
        return Err(bad_key(file, key));
    }
    values
        .try_into()
        .map_err(|_other_count: Vec<f32>| bad_key(file, key))
}
