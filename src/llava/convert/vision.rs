//! The tower's half: keys and tensors as `convert_hf_to_gguf.py` and `convert_image_encoder_to_gguf.py` of llama.cpp name
//! them, and `videre.family`.

use std::path::Path;

use super::error::ConvertError;
use super::family::{Config, Family};
use super::json::Json;
use super::names::{Named, Parts};
use super::plan::{Plan, Planned, RowOrder};
use super::tower::{Activation, TowerKind, TowerNumbers};
use crate::gguf::{MetaValue, TensorType};

const AS_STORED: RowOrder = RowOrder::From(0);
const CLIP_MEAN: [f32; 3] = [0.481_454_66, 0.457_827_5, 0.408_210_73];
const CLIP_STD: [f32; 3] = [0.268_629_54, 0.261_302_6, 0.275_777_1];
const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];

/// The plan of the mmproj file. Its rows must be `width` wide.
pub(super) fn plan(
    config: &Config,
    parts: &Parts,
    folder: &Path,
    matrices: TensorType,
    width: usize,
) -> Result<Plan, ConvertError> {
    let tower = TowerNumbers::of(config, parts, folder)?;
    let mut plan = Plan::default();
    add_keys(&mut plan, config, &tower, matrices, width);
    add_preprocessing(&mut plan, config, &tower, folder)?;
    let mut adding = Adding {
        plan: &mut plan,
        matrices,
        tower: &tower,
    };
    adding.add_embeddings(&parts.vision)?;
    for block in 0..tower.n_blocks {
        match tower.kind {
            TowerKind::InternViT => adding.add_intern_block(&parts.vision, block)?,
            TowerKind::Clip | TowerKind::Siglip => adding.add_block(&parts.vision, block)?,
        }
    }
    match config.family {
        Family::SmolVlm2 => adding.add_smolvlm_projector(parts, width)?,
        Family::InternVl3 => adding.add_internvl_projector(&parts.projector, width)?,
        _ => adding.add_mlp(config, &parts.projector, width)?,
    }
    if let Some(newline) = &parts.newline {
        plan.shaped("v.image_newline", newline, &[width], TensorType::F32, AS_STORED)?;
    }
    Ok(plan)
}

fn add_keys(plan: &mut Plan, config: &Config, tower: &TowerNumbers, matrices: TensorType, width: usize) {
    let file_type = u32::from(matrices != TensorType::F32);
    let projector = match config.family {
        Family::SmolVlm2 => "idefics3",
        Family::InternVl3 => "internvl",
        _ => "mlp",
    };
    plan.set("general.file_type", MetaValue::U32(file_type));
    plan.text("videre.family", config.family.name());
    plan.text("clip.projector_type", projector);
    plan.set("clip.has_text_encoder", MetaValue::Bool(false));
    plan.set("clip.has_vision_encoder", MetaValue::Bool(true));
    if projector == "mlp" {
        plan.set("clip.has_llava_projector", MetaValue::Bool(true));
        let layer = i32::try_from(tower.n_blocks).unwrap_or(i32::MAX);
        plan.set("clip.vision.feature_layer", MetaValue::I32s(vec![layer]));
    }
    let is_gelu = tower.activation != Activation::QuickGelu;
    plan.set("clip.use_gelu", MetaValue::Bool(is_gelu));
    let mut size = |key: &str, value: usize| plan.size(format!("clip.vision.{key}"), value);
    size("image_size", tower.side_px);
    size("patch_size", tower.patch_px);
    size("embedding_length", tower.width);
    size("feed_forward_length", tower.ff_width);
    size("projection_dim", width);
    size("block_count", tower.n_blocks);
    size("attention.head_count", tower.n_heads);
    let shuffle = match config.family {
        Family::SmolVlm2 => Some(config.whole.size("scale_factor").unwrap_or(2)),
        Family::InternVl3 => {
            let ratio = config
                .whole
                .number("downsample_ratio")
                .filter(|ratio| *ratio > 0.0);
            Some((1.0 / ratio.unwrap_or(0.5)).round() as usize)
        }
        _ => None,
    };
    if let Some(factor) = shuffle {
        size("projector.scale_factor", factor);
    }
    plan.set(
        "clip.vision.attention.layer_norm_epsilon",
        MetaValue::F32(tower.norm_eps),
    );
    if let Some(pinpoints) = pinpoints(&config.whole) {
        plan.set("clip.vision.image_grid_pinpoints", MetaValue::I32s(pinpoints));
    }
    if let Some(merge) = config.whole.text("mm_patch_merge_type") {
        plan.text("clip.vision.mm_patch_merge_type", merge);
    }
}

/// Resolutions as one flat list. lmms-lab writes some of them as a text of two corners, which say nothing more than the
/// family does.
fn pinpoints(config: &Json) -> Option<Vec<i32>> {
    let list = config.get("image_grid_pinpoints")?.as_array()?;
    let numbers = list.iter().filter_map(|pair| pair.as_array()).flatten();
    let numbers: Option<Vec<i32>> = numbers
        .map(|number| i32::try_from(number.as_i64()?).ok())
        .collect();
    numbers.filter(|numbers| !numbers.is_empty())
}

fn add_preprocessing(
    plan: &mut Plan,
    config: &Config,
    tower: &TowerNumbers,
    folder: &Path,
) -> Result<(), ConvertError> {
    let own = Json::read_if_there(&folder.join("preprocessor_config.json"))?;
    let of_processor = Json::read_if_there(&folder.join("processor_config.json"))?;
    let settings = own.or_else(|| of_processor.as_ref()?.section("image_processor"));
    let (mean, std) = match tower.kind {
        TowerKind::Clip => (CLIP_MEAN, CLIP_STD),
        TowerKind::Siglip => ([0.5; 3], [0.5; 3]),
        TowerKind::InternViT => (IMAGENET_MEAN, IMAGENET_STD),
    };
    for (name, default) in [("image_mean", mean), ("image_std", std)] {
        let own = settings.as_ref().and_then(|settings| settings.numbers(name));
        let values = own.filter(|values| values.len() == 3).unwrap_or(default.to_vec());
        plan.set(format!("clip.vision.{name}"), MetaValue::F32s(values));
    }
    if config.family == Family::SmolVlm2 {
        let size = settings.as_ref().and_then(|settings| settings.section("size"));
        if let Some(edge) = size.and_then(|size| size.size("longest_edge")) {
            plan.size("clip.vision.preproc_image_size", edge);
        }
    }
    Ok(())
}

/// A plan that tensors of a tower are added to.
struct Adding<'a> {
    plan: &'a mut Plan,
    /// The format of matrices.
    matrices: TensorType,
    tower: &'a TowerNumbers,
}

impl Adding<'_> {
    fn vector(&mut self, name: &str, from: &Named, names: &[&str], len: usize) -> Result<(), ConvertError> {
        let tensor = from.need(names)?;
        if tensor.shape.iter().product::<usize>() != len {
            return Err(tensor.shape_error(format!("[{len}]")));
        }
        let planned = Planned::rows(name, tensor, vec![len], TensorType::F32, AS_STORED);
        self.plan.tensors.push(planned);
        Ok(())
    }

    fn matrix(
        &mut self,
        name: &str,
        from: &Named,
        names: &[&str],
        shape: &[usize],
    ) -> Result<(), ConvertError> {
        self.plan
            .shaped(name, from.need(names)?, shape, self.matrices, AS_STORED)
    }

    /// A matrix and its bias.
    fn linear(
        &mut self,
        name: &str,
        from: &Named,
        theirs: &[&str],
        (out, inner): (usize, usize),
    ) -> Result<(), ConvertError> {
        let with = |end: &str| -> Vec<String> { theirs.iter().map(|name| format!("{name}.{end}")).collect() };
        let (weights, biases) = (with("weight"), with("bias"));
        let weights: Vec<&str> = weights.iter().map(String::as_str).collect();
        let biases: Vec<&str> = biases.iter().map(String::as_str).collect();
        self.matrix(&format!("{name}.weight"), from, &weights, &[out, inner])?;
        self.vector(&format!("{name}.bias"), from, &biases, out)
    }

    fn norm(&mut self, name: &str, from: &Named, theirs: &str, len: usize) -> Result<(), ConvertError> {
        self.vector(
            &format!("{name}.weight"),
            from,
            &[&format!("{theirs}.weight")],
            len,
        )?;
        self.vector(&format!("{name}.bias"), from, &[&format!("{theirs}.bias")], len)
    }

    /// Patches, positions, the class and the norms before and after the blocks.
    fn add_embeddings(&mut self, tensors: &Named) -> Result<(), ConvertError> {
        let TowerNumbers {
            width,
            patch_px,
            kind,
            ..
        } = *self.tower;
        let is_clip = kind == TowerKind::Clip;
        let patches = [
            "embeddings.patch_embedding",
            "embeddings.patch_embeddings.projection",
        ];
        let weights = patches.map(|name| format!("{name}.weight"));
        let shape = [width, 3, patch_px, patch_px];
        self.matrix(
            "v.patch_embd.weight",
            tensors,
            &[&weights[0], &weights[1]],
            &shape,
        )?;
        if !is_clip {
            let biases = patches.map(|name| format!("{name}.bias"));
            self.vector("v.patch_embd.bias", tensors, &[&biases[0], &biases[1]], width)?;
        }
        if kind != TowerKind::Siglip {
            let class = ["embeddings.class_embedding", "embeddings.cls_token"];
            self.vector("v.class_embd", tensors, &class, width)?;
        }
        let n_positions = self.tower.n_positions();
        let positions = tensors.need(&[
            "embeddings.position_embedding.weight",
            "embeddings.position_embedding",
            "embeddings.position_embeddings",
        ])?;
        if positions.shape.iter().product::<usize>() != n_positions * width {
            return Err(positions.shape_error(format!("[{n_positions}, {width}]")));
        }
        self.plan.tensors.push(Planned::rows(
            "v.position_embd.weight",
            positions,
            vec![n_positions, width],
            TensorType::F32,
            AS_STORED,
        ));
        if is_clip {
            self.norm("v.pre_ln", tensors, "pre_layrnorm", width)?;
        }
        if self.tower.has_last_norm {
            self.norm("v.post_ln", tensors, "post_layernorm", width)?;
        }
        Ok(())
    }

    /// A block of CLIP or SigLIP.
    fn add_block(&mut self, tensors: &Named, block: usize) -> Result<(), ConvertError> {
        let TowerNumbers { width, ff_width, .. } = *self.tower;
        let theirs = |name: &str| format!("encoder.layers.{block}.{name}");
        let ours = |name: &str| format!("v.blk.{block}.{name}");
        self.norm(&ours("ln1"), tensors, &theirs("layer_norm1"), width)?;
        self.norm(&ours("ln2"), tensors, &theirs("layer_norm2"), width)?;
        for (name, from) in [
            ("attn_q", "self_attn.q_proj"),
            ("attn_k", "self_attn.k_proj"),
            ("attn_v", "self_attn.v_proj"),
            ("attn_out", "self_attn.out_proj"),
        ] {
            self.linear(&ours(name), tensors, &[&theirs(from)], (width, width))?;
        }
        self.linear(&ours("ffn_up"), tensors, &[&theirs("mlp.fc1")], (ff_width, width))?;
        self.linear(
            &ours("ffn_down"),
            tensors,
            &[&theirs("mlp.fc2")],
            (width, ff_width),
        )
    }

    /// A block of InternViT, in OpenGVLab's names (one weight for queries, keys and values) or in transformers'.
    fn add_intern_block(&mut self, tensors: &Named, block: usize) -> Result<(), ConvertError> {
        let TowerNumbers { width, ff_width, .. } = *self.tower;
        let ours = |name: &str| format!("v.blk.{block}.{name}");
        let fused = format!("encoder.layers.{block}.attn.qkv");
        if tensors.get(&format!("{fused}.weight")).is_some() {
            let theirs = |name: &str| format!("encoder.layers.{block}.{name}");
            self.norm(&ours("ln1"), tensors, &theirs("norm1"), width)?;
            self.norm(&ours("ln2"), tensors, &theirs("norm2"), width)?;
            self.vector(&ours("ls1.weight"), tensors, &[&theirs("ls1")], width)?;
            self.vector(&ours("ls2.weight"), tensors, &[&theirs("ls2")], width)?;
            for (part, name) in ["attn_q", "attn_k", "attn_v"].into_iter().enumerate() {
                self.part_of_fused(&ours(name), tensors, &fused, part)?;
            }
            self.linear(
                &ours("attn_out"),
                tensors,
                &[&theirs("attn.proj")],
                (width, width),
            )?;
            self.linear(&ours("ffn_up"), tensors, &[&theirs("mlp.fc1")], (ff_width, width))?;
            return self.linear(
                &ours("ffn_down"),
                tensors,
                &[&theirs("mlp.fc2")],
                (width, ff_width),
            );
        }
        let theirs = |name: &str| format!("encoder.layer.{block}.{name}");
        self.norm(&ours("ln1"), tensors, &theirs("layernorm_before"), width)?;
        self.norm(&ours("ln2"), tensors, &theirs("layernorm_after"), width)?;
        self.vector(&ours("ls1.weight"), tensors, &[&theirs("lambda_1")], width)?;
        self.vector(&ours("ls2.weight"), tensors, &[&theirs("lambda_2")], width)?;
        for (name, from) in [("attn_q", "q_proj"), ("attn_k", "k_proj"), ("attn_v", "v_proj")] {
            let weight = theirs(&format!("attention.{from}.weight"));
            self.matrix(
                &ours(&format!("{name}.weight")),
                tensors,
                &[&weight],
                &[width, width],
            )?;
            let bias = theirs(&format!("attention.{from}.bias"));
            if tensors.get(&bias).is_some() {
                self.vector(&ours(&format!("{name}.bias")), tensors, &[&bias], width)?;
            }
        }
        let out = theirs("attention.projection_layer");
        self.linear(&ours("attn_out"), tensors, &[&out], (width, width))?;
        self.linear(&ours("ffn_up"), tensors, &[&theirs("mlp.fc1")], (ff_width, width))?;
        self.linear(
            &ours("ffn_down"),
            tensors,
            &[&theirs("mlp.fc2")],
            (width, ff_width),
        )
    }

    /// A third of a fused weight, and of its bias where it has one.
    fn part_of_fused(
        &mut self,
        name: &str,
        tensors: &Named,
        fused: &str,
        part: usize,
    ) -> Result<(), ConvertError> {
        let width = self.tower.width;
        let order = RowOrder::From(part * width);
        let weight = tensors.need(&[&format!("{fused}.weight")])?;
        if weight.shape != [3 * width, width] {
            return Err(weight.shape_error(format!("[{}, {width}]", 3 * width)));
        }
        let (shape, dtype) = (vec![width, width], self.matrices);
        let planned = Planned::rows(&format!("{name}.weight"), weight, shape, dtype, order);
        self.plan.tensors.push(planned);
        if let Some(bias) = tensors.get(&format!("{fused}.bias")) {
            if bias.shape != [3 * width] {
                return Err(bias.shape_error(format!("[{}]", 3 * width)));
            }
            let name = format!("{name}.bias");
            let planned = Planned::rows(&name, bias, vec![width], TensorType::F32, order);
            self.plan.tensors.push(planned);
        }
        Ok(())
    }

    /// Two layers, as in every LLaVA since 1.5.
    fn add_mlp(&mut self, config: &Config, tensors: &Named, width: usize) -> Result<(), ConvertError> {
        let named = config.whole.text("mm_projector_type").unwrap_or("mlp2x_gelu");
        let act = config.whole.text("projector_hidden_act").unwrap_or("gelu");
        if named != "mlp2x_gelu" || act != "gelu" {
            let name = if act == "gelu" { named } else { act };
            let supported = "convert a LLaVA whose projector is two layers with a GELU between them";
            return Err(config.whole.unsupported("projector", name, supported));
        }
        let first = tensors.need(&["linear_1.weight", "0.weight"])?;
        let hidden = first.shape.first().copied().unwrap_or(0);
        let inner = self.tower.width;
        self.linear("mm.0", tensors, &["linear_1", "0"], (hidden, inner))?;
        self.linear("mm.2", tensors, &["linear_2", "2"], (width, hidden))
    }

    /// One matrix behind a shuffle of pixels.
    fn add_smolvlm_projector(&mut self, parts: &Parts, width: usize) -> Result<(), ConvertError> {
        let tensor = parts.projector.need(&["proj.weight"])?;
        let inner = tensor.shape.last().copied().unwrap_or(0);
        self.matrix(
            "mm.model.fc.weight",
            &parts.projector,
            &["proj.weight"],
            &[width, inner],
        )
    }

    /// A norm and two layers behind a shuffle of pixels.
    fn add_internvl_projector(&mut self, tensors: &Named, width: usize) -> Result<(), ConvertError> {
        let is_own = tensors.get("0.weight").is_some();
        let (norm, first, second) = if is_own {
            ("0", "1", "3")
        } else {
            ("layer_norm", "linear_1", "linear_2")
        };
        let weight = tensors.need(&[&format!("{first}.weight")])?;
        let &[hidden, inner] = weight.shape.as_slice() else {
            return Err(weight.shape_error("a matrix"));
        };
        self.norm("mm.model.mlp.0", tensors, norm, inner)?;
        self.linear("mm.model.mlp.1", tensors, &[first], (hidden, inner))?;
        self.linear("mm.model.mlp.3", tensors, &[second], (width, hidden))
    }
}
