//! Checkpoints of other families, made here: which tensor becomes which.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use candle_core::{Device, Tensor};
use serde_json::json;
use videre::gguf::Gguf;
use videre::llava::convert::Quant;

use super::convert::{checkpoint, converted_in, stored_values};

const WIDTH: usize = 64;
const TOWER: usize = 32;

/// Tensors with values of their own: each is one more than the last.
#[derive(Default)]
struct Weights {
    tensors: HashMap<String, Tensor>,
    next: f32,
}

impl Weights {
    fn add(&mut self, name: impl Into<String>, shape: &[usize]) {
        let n: usize = shape.iter().product();
        let values: Vec<f32> = (0..n).map(|i| self.next + i as f32 / 4096.0).collect();
        self.next += 1.0;
        let tensor = Tensor::from_vec(values, shape, &Device::Cpu).unwrap();
        self.tensors.insert(name.into(), tensor);
    }

    fn linear(&mut self, name: &str, out: usize, inner: usize) {
        self.add(format!("{name}.weight"), &[out, inner]);
        self.add(format!("{name}.bias"), &[out]);
    }

    fn norm(&mut self, name: &str, len: usize) {
        self.add(format!("{name}.weight"), &[len]);
        self.add(format!("{name}.bias"), &[len]);
    }

    /// One layer of a language model whose names begin with `prefix`.
    fn language(&mut self, prefix: &str, has_biases: bool) {
        self.add(format!("{prefix}embed_tokens.weight"), &[320, WIDTH]);
        self.add(format!("{prefix}norm.weight"), &[WIDTH]);
        let layer = format!("{prefix}layers.0.");
        for name in ["input_layernorm", "post_attention_layernorm"] {
            self.add(format!("{layer}{name}.weight"), &[WIDTH]);
        }
        for (name, out) in [("q", WIDTH), ("k", 32), ("v", 32)] {
            self.add(format!("{layer}self_attn.{name}_proj.weight"), &[out, WIDTH]);
            if has_biases {
                self.add(format!("{layer}self_attn.{name}_proj.bias"), &[out]);
            }
        }
        self.add(format!("{layer}self_attn.o_proj.weight"), &[WIDTH, WIDTH]);
        for (name, out, inner) in [("gate", 96, WIDTH), ("up", 96, WIDTH), ("down", WIDTH, 96)] {
            self.add(format!("{layer}mlp.{name}_proj.weight"), &[out, inner]);
        }
    }

    /// Writes a checkpoint of these and converts it: language model and tower.
    fn converted(&self, config: &serde_json::Value, tokenizer: &str) -> (tempfile::TempDir, Gguf, Gguf) {
        let dir = tempfile::tempdir().unwrap();
        candle_core::safetensors::save(&self.tensors, dir.path().join("model.safetensors")).unwrap();
        fs::write(dir.path().join("config.json"), config.to_string()).unwrap();
        for name in ["tokenizer.json", "tokenizer_config.json"] {
            fs::copy(checkpoint(tokenizer).join(name), dir.path().join(name)).unwrap();
        }
        let converted = converted_in(dir.path(), &dir.path().join("out"), Quant::F32).unwrap();
        let open = |path: &Path| Gguf::open(path).unwrap();
        let (language, vision) = (open(&converted.language), open(&converted.vision));
        (dir, language, vision)
    }

    fn values(&self, name: &str) -> Vec<f32> {
        self.tensors[name].flatten_all().unwrap().to_vec1().unwrap()
    }
}

fn text(model_type: &str) -> serde_json::Value {
    json!({"model_type": model_type, "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 1,
        "max_position_embeddings": 512, "tie_word_embeddings": true})
}

#[test]
fn smolvlm_keeps_its_last_norm_and_its_one_matrix() {
    let mut weights = Weights::default();
    weights.language("model.text_model.", false);
    let vision = "model.vision_model.";
    weights.add(
        format!("{vision}embeddings.patch_embedding.weight"),
        &[TOWER, 3, 8, 8],
    );
    weights.add(format!("{vision}embeddings.patch_embedding.bias"), &[TOWER]);
    weights.add(
        format!("{vision}embeddings.position_embedding.weight"),
        &[36, TOWER],
    );
    weights.norm(&format!("{vision}post_layernorm"), TOWER);
    let block = format!("{vision}encoder.layers.0.");
    weights.norm(&format!("{block}layer_norm1"), TOWER);
    weights.norm(&format!("{block}layer_norm2"), TOWER);
    for name in ["q_proj", "k_proj", "v_proj", "out_proj"] {
        weights.linear(&format!("{block}self_attn.{name}"), TOWER, TOWER);
    }
    weights.linear(&format!("{block}mlp.fc1"), 48, TOWER);
    weights.linear(&format!("{block}mlp.fc2"), TOWER, 48);
    weights.add(
        "model.connector.modality_projection.proj.weight",
        &[WIDTH, 4 * TOWER],
    );
    let config = json!({"model_type": "smolvlm", "scale_factor": 2, "text_config": text("llama"),
        "vision_config": {"model_type": "smolvlm_vision", "hidden_size": TOWER, "intermediate_size": 48,
            "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 48, "patch_size": 8}});
    let (_dir, language, vision) = weights.converted(&config, "llava-1.5");
    assert_eq!(vision.str("videre.family").unwrap(), Some("smolvlm2"));
    assert_eq!(vision.str("clip.projector_type").unwrap(), Some("idefics3"));
    assert_eq!(
        vision.size("clip.vision.projector.scale_factor").unwrap(),
        Some(2)
    );
    assert_eq!(vision.size("clip.vision.block_count").unwrap(), Some(1));
    for (ours, theirs) in [
        ("v.post_ln.weight", "model.vision_model.post_layernorm.weight"),
        (
            "mm.model.fc.weight",
            "model.connector.modality_projection.proj.weight",
        ),
        (
            "v.blk.0.ffn_up.weight",
            "model.vision_model.encoder.layers.0.mlp.fc1.weight",
        ),
        (
            "v.blk.0.ffn_down.bias",
            "model.vision_model.encoder.layers.0.mlp.fc2.bias",
        ),
        (
            "v.blk.0.attn_out.weight",
            "model.vision_model.encoder.layers.0.self_attn.out_proj.weight",
        ),
    ] {
        assert_eq!(stored_values(&vision, ours), weights.values(theirs), "{ours}");
    }
    assert!(language.tensor("output.weight").is_none(), "it is the embeddings");
    // Halves of a head in turn: rows 0, 8, 1, 9, … of heads of 16.
    let query = weights.values("model.text_model.layers.0.self_attn.q_proj.weight");
    let row = |row: usize| query[row * WIDTH..(row + 1) * WIDTH].to_vec();
    let turned: Vec<f32> = [0, 8, 1, 9].into_iter().flat_map(row).collect();
    assert_eq!(
        stored_values(&language, "blk.0.attn_q.weight")[..4 * WIDTH],
        turned
    );
}

#[test]
fn internvl_is_the_same_in_either_layout() {
    let mut own = Weights::default();
    own.language("language_model.model.", true);
    let vision = "vision_model.";
    own.add(format!("{vision}embeddings.class_embedding"), &[1, 1, TOWER]);
    own.add(format!("{vision}embeddings.position_embedding"), &[1, 17, TOWER]);
    own.add(
        format!("{vision}embeddings.patch_embedding.weight"),
        &[TOWER, 3, 7, 7],
    );
    own.add(format!("{vision}embeddings.patch_embedding.bias"), &[TOWER]);
    let block = format!("{vision}encoder.layers.0.");
    own.norm(&format!("{block}norm1"), TOWER);
    own.norm(&format!("{block}norm2"), TOWER);
    own.add(format!("{block}ls1"), &[TOWER]);
    own.add(format!("{block}ls2"), &[TOWER]);
    own.linear(&format!("{block}attn.qkv"), 3 * TOWER, TOWER);
    own.linear(&format!("{block}attn.proj"), TOWER, TOWER);
    own.linear(&format!("{block}mlp.fc1"), 48, TOWER);
    own.linear(&format!("{block}mlp.fc2"), TOWER, 48);
    own.norm("mlp1.0", 4 * TOWER);
    own.linear("mlp1.1", WIDTH, 4 * TOWER);
    own.linear("mlp1.3", WIDTH, WIDTH);
    let sizes = json!({"hidden_size": TOWER, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 2,
        "image_size": 28, "patch_size": 7});
    let config = json!({"model_type": "internvl_chat", "downsample_ratio": 0.5, "llm_config": text("qwen2"),
        "vision_config": sizes});
    let (_dir, language, tower) = own.converted(&config, "llava-onevision");
    assert_eq!(tower.str("videre.family").unwrap(), Some("internvl3"));
    assert_eq!(tower.str("clip.projector_type").unwrap(), Some("internvl"));
    assert_eq!(language.str("general.architecture").unwrap(), Some("qwen2"));
    let fused = own.values("vision_model.encoder.layers.0.attn.qkv.weight");
    let biases = own.values("vision_model.encoder.layers.0.attn.qkv.bias");
    for (part, name) in ["attn_q", "attn_k", "attn_v"].into_iter().enumerate() {
        let at = part * TOWER * TOWER;
        let weight = stored_values(&tower, &format!("v.blk.0.{name}.weight"));
        assert_eq!(weight, fused[at..at + TOWER * TOWER], "{name}");
        let bias = stored_values(&tower, &format!("v.blk.0.{name}.bias"));
        assert_eq!(bias, biases[part * TOWER..(part + 1) * TOWER], "{name}");
    }

    let mut hub = Weights::default();
    for (name, tensor) in &own.tensors {
        let renamed = name
            .replace(
                "vision_model.embeddings.class_embedding",
                "vision_tower.embeddings.cls_token",
            )
            .replace(
                "vision_model.embeddings.position_embedding",
                "vision_tower.embeddings.position_embeddings",
            )
            .replace(
                "vision_model.embeddings.patch_embedding",
                "vision_tower.embeddings.patch_embeddings.projection",
            )
            .replace("vision_model.encoder.layers.", "vision_tower.encoder.layer.")
            .replace("attn.proj", "attention.projection_layer")
            .replace("norm1", "layernorm_before")
            .replace("norm2", "layernorm_after")
            .replace("ls1", "lambda_1")
            .replace("ls2", "lambda_2")
            .replace("mlp1.0", "multi_modal_projector.layer_norm")
            .replace("mlp1.1", "multi_modal_projector.linear_1")
            .replace("mlp1.3", "multi_modal_projector.linear_2");
        let Some((base, end)) = renamed.split_once("attn.qkv.") else {
            hub.tensors.insert(renamed, tensor.clone());
            continue;
        };
        for (part, name) in ["q", "k", "v"].into_iter().enumerate() {
            let third = tensor
                .narrow(0, part * TOWER, TOWER)
                .unwrap()
                .contiguous()
                .unwrap();
            hub.tensors
                .insert(format!("{base}attention.{name}_proj.{end}"), third);
        }
    }
    let config = json!({"model_type": "internvl", "downsample_ratio": 0.5, "text_config": text("qwen2"),
        "vision_config": sizes});
    let (_dir, _language, twin) = hub.converted(&config, "llava-onevision");
    assert_eq!(tower.tensors().count(), twin.tensors().count());
    for tensor in tower.tensors() {
        let other = twin
            .tensor(&tensor.name)
            .unwrap_or_else(|| panic!("{}", tensor.name));
        assert_eq!(
            tower.tensor_bytes(tensor),
            twin.tensor_bytes(other),
            "{}",
            tensor.name
        );
    }
}
