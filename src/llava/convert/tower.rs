//! The numbers of a vision tower: from the config, or of the tower that LLaVA's own configs name.

use std::path::Path;

use super::error::ConvertError;
use super::family::{Config, Family};
use super::json::Json;
use super::names::Parts;

const TOWERS: &str = "convert a model whose tower is CLIP, SigLIP or InternViT";
const LAYERS: &str = "convert a LLaVA that reads one layer of its tower, without the class";

/// Which tower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TowerKind {
    /// With a class, and a norm before the blocks.
    Clip,
    /// Without a class.
    Siglip,
    /// With a class, and scales of layers.
    InternViT,
}

impl TowerKind {
    fn pick<T>(self, clip: T, siglip: T, intern: T) -> T {
        match self {
            Self::Clip => clip,
            Self::Siglip => siglip,
            Self::InternViT => intern,
        }
    }
}

/// The function between the two layers of a block's perceptron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activation {
    QuickGelu,
    Gelu,
}

/// The numbers that the tensors must agree with.
#[derive(Clone, Debug)]
pub(super) struct TowerNumbers {
    pub(super) kind: TowerKind,
    pub(super) side_px: usize,
    pub(super) patch_px: usize,
    pub(super) width: usize,
    pub(super) ff_width: usize,
    pub(super) n_heads: usize,
    /// Those that run: what comes after the layer that LLaVA reads is left out.
    pub(super) n_blocks: usize,
    pub(super) norm_eps: f32,
    pub(super) activation: Activation,
    /// Whether the norm behind the blocks is applied.
    pub(super) has_last_norm: bool,
}

impl TowerNumbers {
    pub(super) fn of(config: &Config, parts: &Parts, folder: &Path) -> Result<Self, ConvertError> {
        let (vision, n_layers) = match &config.vision {
            Some(vision) => (vision.clone(), vision.size("num_hidden_layers")),
            None => named_tower(&config.whole)?,
        };
        if parts.vision.is_empty() {
            let named = config.whole.text("mm_vision_tower");
            return Err(ConvertError::NoTower {
                tower: named.unwrap_or("of its config").to_owned(),
                folder: folder.display().to_string(),
            });
        }
        let kind = kind(config, &vision)?;
        let default = |clip, siglip, intern| kind.pick(clip, siglip, intern);
        let size = |key: &str, default: usize| match vision.side(key).unwrap_or(default) {
            0 => Err(vision.damaged(format!("'{key}' is 0"))),
            n => Ok(n),
        };
        // Some configs of SmolVLM leave out what their transformers of the time had as defaults.
        let n_layers = n_layers.unwrap_or(default(12, 12, 24));
        let activation =
            match vision
                .text("hidden_act")
                .unwrap_or(kind.pick("quick_gelu", "gelu_pytorch_tanh", "gelu"))
            {
                "quick_gelu" => Activation::QuickGelu,
                "gelu" | "gelu_pytorch_tanh" => Activation::Gelu,
                other => return Err(vision.unsupported("activation", other, TOWERS)),
            };
        let eps = vision
            .number("layer_norm_eps")
            .unwrap_or(kind.pick(1e-5, 1e-6, 1e-6)) as f32;
        let width = size("hidden_size", default(768, 768, 1024))?;
        let n_heads = size("num_attention_heads", default(12, 12, 16))?;
        if !width.is_multiple_of(n_heads) {
            return Err(vision.damaged(format!("{n_heads} heads of {width} values")));
        }
        let (n_blocks, has_last_norm) = match config.family {
            Family::SmolVlm2 => (n_layers, true),
            Family::InternVl3 => (n_layers, false),
            _ => (feature_layer(config, kind, n_layers)?, false),
        };
        Ok(Self {
            kind,
            side_px: size("image_size", 224)?,
            patch_px: size("patch_size", default(32, 16, 14))?,
            width,
            ff_width: size("intermediate_size", default(3072, 3072, 4096))?,
            n_heads,
            n_blocks,
            norm_eps: eps,
            activation,
            has_last_norm,
        })
    }

    /// Patches, and the class where there is one.
    pub(super) fn n_positions(&self) -> usize {
        let grid = self.side_px / self.patch_px;
        grid * grid + usize::from(self.kind != TowerKind::Siglip)
    }
}

fn kind(config: &Config, vision: &Json) -> Result<TowerKind, ConvertError> {
    if config.family == Family::InternVl3 {
        let norm = vision.text("norm_type").unwrap_or("layer_norm");
        let is_plain =
            vision.flag("use_qk_norm") != Some(true) && vision.flag("qk_normalization") != Some(true);
        return match (norm, is_plain) {
            ("layer_norm", true) => Ok(TowerKind::InternViT),
            _ => Err(vision.unsupported(
                "tower",
                "InternViT-6B",
                "convert an InternVL whose tower is InternViT-300M",
            )),
        };
    }
    match vision.text("model_type").unwrap_or_default() {
        "clip_vision_model" => Ok(TowerKind::Clip),
        "siglip_vision_model" | "smolvlm_vision" | "idefics3" | "idefics3_vision" => Ok(TowerKind::Siglip),
        "" if config.family == Family::SmolVlm2 => Ok(TowerKind::Siglip),
        other => Err(vision.unsupported("tower", other, TOWERS)),
    }
}

/// The tower that a config of LLaVA's own names, and its number of layers. Its weights may be cut after the layer that
/// is read.
fn named_tower(config: &Json) -> Result<(Json, Option<usize>), ConvertError> {
    let name = config.text("mm_vision_tower").unwrap_or_default();
    let (value, n_layers) = if name.contains("siglip-so400m-patch14-384") {
        let value = serde_json::json!({"model_type": "siglip_vision_model", "image_size": 384, "patch_size": 14,
            "hidden_size": 1152, "intermediate_size": 4304, "num_attention_heads": 16});
        (value, 27)
    } else if name.contains("clip-vit-large-patch14") {
        let side = if name.contains("336") { 336 } else { 224 };
        let value = serde_json::json!({"model_type": "clip_vision_model", "image_size": side, "patch_size": 14,
            "hidden_size": 1024, "intermediate_size": 4096, "num_attention_heads": 16});
        (value, 24)
    } else {
        return Err(config.unsupported("tower", name, TOWERS));
    };
    let json = Json {
        value,
        file: config.file.clone(),
    };
    Ok((json, Some(n_layers)))
}

/// How many blocks run until the features that LLaVA reads: an index into hidden states, of which the first is before all
/// blocks.
fn feature_layer(config: &Config, kind: TowerKind, n_layers: usize) -> Result<usize, ConvertError> {
    let whole = &config.whole;
    let is_onevision = whole.text("model_type") == Some("llava_onevision");
    let strategy = whole
        .text("vision_feature_select_strategy")
        .or_else(|| whole.text("mm_vision_select_feature"))
        .or(is_onevision.then_some("full"));
    let keeps_all = matches!(strategy, Some("full" | "cls_patch"));
    // "default" cuts off the first row; LLaVA's own SigLIP does not look at the option.
    let cuts_first = matches!(strategy, Some("default")) || (strategy.is_none() && config.vision.is_some());
    match kind {
        TowerKind::Clip if keeps_all => {
            return Err(whole.unsupported("tower", "with the class as a row", LAYERS));
        }
        TowerKind::Siglip if cuts_first => {
            return Err(whole.unsupported("tower", "without its first patch", LAYERS));
        }
        _ => {}
    }
    let layer = whole
        .get("vision_feature_layer")
        .or_else(|| whole.get("mm_vision_select_layer"));
    let layer = match layer {
        None if is_onevision => -1,
        None => -2,
        Some(value) => value
            .as_i64()
            .ok_or_else(|| whole.unsupported("tower", "of which several layers are read", LAYERS))?,
    };
    let n_states = i64::try_from(n_layers).unwrap_or(i64::MAX).saturating_add(1);
    let index = if layer < 0 {
        n_states.saturating_add(layer)
    } else {
        layer
    };
    match usize::try_from(index) {
        Ok(index) if (1..=n_layers).contains(&index) => Ok(index),
        _ => Err(whole.damaged(format!("layer {layer} of {n_layers} layers is read"))),
    }
}
