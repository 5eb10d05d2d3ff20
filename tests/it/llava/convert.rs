//! Checkpoints that become pairs: what `tests/reference/checkpoints.py` saved, and broken ones.

use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use videre::cancel::CancelToken;
use videre::fault::{Explain, Fault};
use videre::gguf::{Gguf, TensorType};
use videre::llava::convert::{Conversion, ConvertError, Converted, Quant, convert};
use videre::llava::pair::Pair;
use videre::llava::template::ChatTemplate;
use videre::llava::tokenizer::{Place, Span, Tokenizer};
use videre::llava::{CacheType, Compute, Decoder, Projector, Tower, dequantize};

use super::{F16_ERROR, F32_ERROR, cache, computes, error, ids, read};

const NAMES: [(&str, &str); 3] = [
    ("llava-1.5", "llava-1.5"),
    ("llava-1.6", "llava-1.6"),
    ("llava-onevision", "llava-onevision"),
];

pub(super) fn checkpoint(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/checkpoints")
        .join(name)
}

pub(super) fn converted_in(folder: &Path, out: &Path, quant: Quant) -> Result<Converted, ConvertError> {
    let conversion = Conversion {
        folder: folder.to_owned(),
        out: out.to_owned(),
        quant,
    };
    convert(&conversion, &CancelToken::new(), &mut |_| {})
}

fn pair_of(converted: &Converted) -> Pair {
    Pair::of_files(&converted.language, &converted.vision).unwrap()
}

/// A copy of a checkpoint that a test may break.
fn copy_of(name: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(checkpoint(name)).unwrap() {
        let path = entry.unwrap().path();
        // What transformers computes is no part of the checkpoint.
        if path.ends_with("expected.safetensors") {
            continue;
        }
        fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
    }
    dir
}

#[test]
fn a_converted_pair_computes_what_transformers_does() {
    for (name, family) in NAMES {
        for (quant, bound) in [(Quant::F32, F32_ERROR), (Quant::F16, F16_ERROR)] {
            let out = tempfile::tempdir().unwrap();
            let converted = converted_in(&checkpoint(name), out.path(), quant).unwrap();
            assert_eq!(converted.family.name(), family);
            let pair = Pair::find(out.path().to_str().unwrap()).unwrap();
            assert_eq!(pair.vision.str("videre.family").unwrap(), Some(family));
            let expected = checkpoint(name).join("expected.safetensors");
            let golden = candle_core::safetensors::load(expected, &Device::Cpu).unwrap();
            let cancel = CancelToken::new();
            for (path, compute) in computes() {
                let tower = Tower::load(&pair.vision, &compute).unwrap();
                let projector = Projector::load(&pair.vision, &compute).unwrap();
                let features = tower.encode(&golden["pixels"], &cancel).unwrap();
                let rows = projector.project(&features, &cancel).unwrap();
                let of_rows = error(&rows, &golden["rows"]);
                let decoder = Decoder::load(&pair.language, &compute).unwrap();
                let text = |name: &str| decoder.embed(&ids(&golden[name])).unwrap();
                let prompt = Tensor::cat(&[&text("before"), &golden["rows"], &text("after")], 0).unwrap();
                let mut cache = cache(&decoder, 64, CacheType::F32);
                let logits = read(&decoder, &mut cache, &prompt, 64);
                let n_after = golden["logits"].dim(0).unwrap();
                let last = logits
                    .narrow(0, logits.dim(0).unwrap() - n_after, n_after)
                    .unwrap();
                let of_logits = error(&last, &golden["logits"]);
                eprintln!(
                    "{name} {} {path}: rows {of_rows:.1e}, logits {of_logits:.1e}",
                    quant.name()
                );
                assert!(of_rows <= bound, "{name} {path}: rows {of_rows:e}");
                assert!(of_logits <= bound, "{name} {path}: logits {of_logits:e}");
            }
        }
    }
}

#[test]
fn the_vocabulary_of_a_checkpoint_gives_the_ids_of_its_tokenizer() {
    for (name, _) in NAMES {
        let out = tempfile::tempdir().unwrap();
        let converted = converted_in(&checkpoint(name), out.path(), Quant::F16).unwrap();
        let pair = pair_of(&converted);
        let tokenizer = Tokenizer::read(&pair.language).unwrap();
        let cases = fs::read_to_string(checkpoint(name).join("ids.json")).unwrap();
        let cases: Vec<serde_json::Value> = serde_json::from_str(&cases).unwrap();
        for case in &cases {
            let text = case["text"].as_str().unwrap();
            let expected: Vec<u32> = serde_json::from_value(case["ids"].clone()).unwrap();
            let found = tokenizer.encode(&[Span::template(text)], Place::Inside).unwrap();
            assert_eq!(found, expected, "{name}: {text:?}");
        }
        let is_byte_level = name == "llava-onevision";
        assert_eq!(tokenizer.added_bos().is_none(), is_byte_level, "{name}");
        let template = ChatTemplate::choose(&pair.language, &tokenizer);
        assert_eq!(template.name(), "file", "{name}: {}", template.reason());
        let ends = tokenizer.stops().iter().filter_map(|&id| tokenizer.text_of(id));
        let end = if is_byte_level { "<|im_end|>" } else { "</s>" };
        assert!(ends.collect::<Vec<_>>().contains(&end), "{name}");
    }
}

/// Older checkpoints hold the same vocabulary as two lists.
#[test]
fn a_vocabulary_in_two_lists_is_the_same() {
    let dir = copy_of("llava-onevision");
    let at = |name: &str| dir.path().join(name);
    let tokenizer: serde_json::Value =
        serde_json::from_slice(&fs::read(at("tokenizer.json")).unwrap()).unwrap();
    let model = &tokenizer["model"];
    fs::write(at("vocab.json"), model["vocab"].to_string()).unwrap();
    let merge =
        |pair: &serde_json::Value| format!("{} {}\n", pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
    let merges: String = model["merges"].as_array().unwrap().iter().map(merge).collect();
    fs::write(at("merges.txt"), format!("#version: 0.2\n{merges}")).unwrap();
    let added = tokenizer["added_tokens"].as_array().unwrap();
    let added: serde_json::Map<String, serde_json::Value> = added
        .iter()
        .map(|token| (token["content"].as_str().unwrap().to_owned(), token["id"].clone()))
        .collect();
    fs::write(
        at("added_tokens.json"),
        serde_json::Value::from(added).to_string(),
    )
    .unwrap();
    fs::remove_file(at("tokenizer.json")).unwrap();
    let out = tempfile::tempdir().unwrap();
    let lists = pair_of(&converted_in(dir.path(), out.path(), Quant::F16).unwrap());
    let whole = tempfile::tempdir().unwrap();
    let whole = pair_of(&converted_in(&checkpoint("llava-onevision"), whole.path(), Quant::F16).unwrap());
    for key in ["tokens", "merges", "token_type"] {
        let list = |pair: &Pair| {
            format!(
                "{:?}",
                texts_or_numbers(&pair.language, &format!("tokenizer.ggml.{key}"))
            )
        };
        assert_eq!(list(&lists), list(&whole), "{key}");
    }
    assert_eq!(lists.language.str("tokenizer.ggml.pre").unwrap(), Some("qwen2"));
}

fn texts_or_numbers(file: &Gguf, key: &str) -> (Vec<Vec<u8>>, Vec<f64>) {
    let list = || file.array(key).unwrap().unwrap();
    let texts = list().strings().map(<[u8]>::to_vec).collect();
    (texts, list().numbers().collect())
}

/// The values of a tensor, in a row.
pub(super) fn stored_values(file: &Gguf, name: &str) -> Vec<f32> {
    let tensor = file.tensor(name).unwrap();
    let bytes = file.tensor_bytes(tensor);
    let values = dequantize(bytes, tensor.dtype, 1, tensor.n_values()).unwrap();
    values.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn quantized_weights_stand_for_the_checkpoints() {
    let out = tempfile::tempdir().unwrap();
    let plain = pair_of(&converted_in(&checkpoint("llava-1.5"), out.path(), Quant::F32).unwrap());
    for (quant, bound) in [
        (Quant::BF16, 1e-9),
        (Quant::Q8_0, 0.01),
        (Quant::Q5_K_M, 0.08),
        (Quant::Q4_K_M, 0.12),
        (Quant::Q4_0, 0.15),
    ] {
        let out = tempfile::tempdir().unwrap();
        let pair = pair_of(&converted_in(&checkpoint("llava-1.5"), out.path(), quant).unwrap());
        for tensor in pair.language.tensors() {
            let is_vector = tensor.shape.len() == 1;
            assert_eq!(is_vector, tensor.dtype == TensorType::F32, "{}", tensor.name);
            let wanted = stored_values(&plain.language, &tensor.name);
            let found = stored_values(&pair.language, &tensor.name);
            let square = |values: &mut dyn Iterator<Item = f32>| values.map(|v| v * v).sum::<f32>().sqrt();
            let off = square(&mut wanted.iter().zip(&found).map(|(a, b)| a - b));
            let error = off / square(&mut wanted.iter().copied());
            assert!(error <= bound, "{} of {}: {error}", tensor.name, quant.name());
        }
    }
}

/// Values of one matrix in a checkpoint of its own, as every format stores them.
#[test]
fn blocks_are_those_of_the_gguf_package() {
    let golden = candle_core::safetensors::load(checkpoint("blocks.safetensors"), &Device::Cpu).unwrap();
    let dir = copy_of("llava-1.5");
    let path = dir.path().join("model.safetensors");
    let mut tensors = candle_core::safetensors::load(&path, &Device::Cpu).unwrap();
    // The widths of the feed-forward layer are free: one of 512 holds the values in its first rows.
    for layer in [
        "language_model.model.layers.0.mlp",
        "language_model.model.layers.1.mlp",
    ] {
        let wide = Tensor::zeros((512, 64), candle_core::DType::F32, &Device::Cpu).unwrap();
        tensors.insert(format!("{layer}.gate_proj.weight"), wide.clone());
        tensors.insert(format!("{layer}.up_proj.weight"), wide);
        let rest = Tensor::zeros((60, 512), candle_core::DType::F32, &Device::Cpu).unwrap();
        let down = Tensor::cat(&[&golden["values"], &rest], 0).unwrap();
        tensors.insert(format!("{layer}.down_proj.weight"), down);
    }
    candle_core::safetensors::save(&tensors, &path).unwrap();
    for (quant, name) in [
        (Quant::Q8_0, "Q8_0"),
        (Quant::Q4_0, "Q4_0"),
        (Quant::F16, "F16"),
        (Quant::BF16, "BF16"),
    ] {
        let out = tempfile::tempdir().unwrap();
        let pair = pair_of(&converted_in(dir.path(), out.path(), quant).unwrap());
        let tensor = pair.language.tensor("blk.0.ffn_down.weight").unwrap();
        let bytes = pair.language.tensor_bytes(tensor);
        let wanted: Vec<u8> = golden[name].flatten_all().unwrap().to_vec1().unwrap();
        assert_eq!(&bytes[..wanted.len()], wanted, "{name}");
    }
    // The package has no quantizer for these, so that what the blocks stand for is held to the values. The second layer is
    // the last, which gets more bits.
    let out = tempfile::tempdir().unwrap();
    let pair = pair_of(&converted_in(dir.path(), out.path(), Quant::Q4_K_M).unwrap());
    let values: Vec<f32> = golden["values"].flatten_all().unwrap().to_vec1().unwrap();
    for (layer, dtype, bound) in [(0, TensorType::Q4_K, 0.09), (1, TensorType::Q6_K, 0.02)] {
        let name = format!("blk.{layer}.ffn_down.weight");
        assert_eq!(pair.language.tensor(&name).unwrap().dtype, dtype);
        let found = stored_values(&pair.language, &name);
        for (row, wanted) in values.chunks(512).enumerate() {
            let found = &found[row * 512..(row + 1) * 512];
            let off: f32 = wanted.iter().zip(found).map(|(a, b)| (a - b).powi(2)).sum();
            let size: f32 = wanted.iter().map(|a| a * a).sum();
            let error = (off / size).sqrt();
            assert!(error <= bound, "row {row} of {dtype}: {error}");
        }
    }
}

#[track_caller]
fn refused(folder: &Path, fault: Fault, message: &str) {
    let out = tempfile::tempdir().unwrap();
    let error = converted_in(folder, out.path(), Quant::F16).unwrap_err();
    let said = error.to_string().replace(&folder.display().to_string(), "DIR");
    assert_eq!((said.as_str(), error.fault()), (message, fault));
    assert!(error.hint().is_some_and(|hint| !hint.is_empty()), "{said}");
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0, "nothing is left");
}

fn set(folder: &Path, change: impl Fn(&mut serde_json::Value)) {
    let path = folder.join("config.json");
    let mut config: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut config);
    fs::write(&path, config.to_string()).unwrap();
}

#[test]
fn a_checkpoint_that_is_not_whole_says_what_is_missing() {
    let dir = copy_of("llava-1.5");
    let at = |name: &str| dir.path().join(name);
    let weights = fs::read(at("model.safetensors")).unwrap();
    fs::write(at("model.safetensors"), &weights[..weights.len() - 1]).unwrap();
    refused(
        dir.path(),
        Fault::Unreadable,
        "the file is cut short: DIR/model.safetensors",
    );
    fs::write(at("model.safetensors"), &weights[..100]).unwrap();
    refused(
        dir.path(),
        Fault::Unreadable,
        "the file is cut short: DIR/model.safetensors",
    );
    fs::rename(at("model.safetensors"), at("model-00001-of-00002.safetensors")).unwrap();
    let missing = "the checkpoint is not whole, 'model-00002-of-00002.safetensors' is missing: DIR";
    refused(dir.path(), Fault::Missing, missing);
    let index = r#"{"weight_map": {"a": "model-00002-of-00002.safetensors"}}"#;
    fs::write(at("model.safetensors.index.json"), index).unwrap();
    refused(dir.path(), Fault::Missing, missing);
    let index = r#"{"weight_map": {"a": "../elsewhere.safetensors"}}"#;
    fs::write(at("model.safetensors.index.json"), index).unwrap();
    refused(
        dir.path(),
        Fault::Unreadable,
        "the checkpoint is damaged (weight_map names a file elsewhere): DIR/model.safetensors.index.json",
    );
    fs::remove_file(at("model.safetensors.index.json")).unwrap();
    fs::rename(at("model-00001-of-00002.safetensors"), at("pytorch_model.bin")).unwrap();
    let pickles = "the weights are Python pickles, not safetensors: DIR/pytorch_model.bin";
    refused(dir.path(), Fault::Unsupported, pickles);
    fs::remove_file(at("pytorch_model.bin")).unwrap();
    refused(
        dir.path(),
        Fault::Missing,
        "the checkpoint has no model.safetensors: DIR",
    );
    fs::write(at("model.safetensors"), &weights).unwrap();
    fs::remove_file(at("tokenizer.json")).unwrap();
    refused(
        dir.path(),
        Fault::Missing,
        "the checkpoint has no tokenizer.json: DIR",
    );
    fs::remove_file(at("config.json")).unwrap();
    refused(
        dir.path(),
        Fault::Missing,
        "the checkpoint has no config.json: DIR",
    );
    let gone = at("nowhere");
    refused(&gone, Fault::Missing, "there is no such folder: DIR");
}

#[test]
fn a_checkpoint_of_another_kind_is_named() {
    let check = |change: &dyn Fn(&mut serde_json::Value), fault, message: &str| {
        let dir = copy_of("llava-1.5");
        set(dir.path(), change);
        refused(dir.path(), fault, &format!("{message}: DIR/config.json"));
    };
    let unsupported = Fault::Unsupported;
    check(
        &|config| config["model_type"] = "paligemma".into(),
        unsupported,
        "the model 'paligemma' is not converted",
    );
    check(
        &|config| config["text_config"]["model_type"] = "gemma3".into(),
        unsupported,
        "the decoder 'gemma3' is not converted",
    );
    check(
        &|config| config["vision_config"]["model_type"] = "pixtral".into(),
        unsupported,
        "the tower 'pixtral' is not converted",
    );
    check(
        &|config| config["vision_feature_layer"] = serde_json::json!([-2, -1]),
        unsupported,
        "the tower 'of which several layers are read' is not converted",
    );
    check(
        &|config| config["projector_hidden_act"] = "relu".into(),
        unsupported,
        "the projector 'relu' is not converted",
    );
    let dir = copy_of("llava-1.5");
    set(dir.path(), |config| {
        config["text_config"]["num_hidden_layers"] = 3.into();
    });
    let missing = "the checkpoint has no tensor 'layers.2.input_layernorm.weight': DIR";
    refused(dir.path(), Fault::Unreadable, missing);
}

#[test]
fn what_a_stopped_conversion_leaves_has_not_the_pairs_name() {
    let out = tempfile::tempdir().unwrap();
    let conversion = Conversion {
        folder: checkpoint("llava-1.6"),
        out: out.path().to_owned(),
        quant: Quant::Q8_0,
    };
    let names = || -> Vec<String> {
        let entries = fs::read_dir(out.path()).unwrap();
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<String> = entries.map(|entry| name(entry.unwrap())).collect();
        names.sort();
        names
    };
    let mut last = 0;
    for stop_at in [1, 10, 40, 70] {
        let cancel = CancelToken::new();
        let mut n_seen = 0;
        let stopped = convert(&conversion, &cancel, &mut |progress| {
            assert!(progress.n_done <= progress.n_total, "{progress:?}");
            last = progress.n_total;
            n_seen += 1;
            if n_seen == stop_at {
                cancel.cancel();
            }
        });
        assert_eq!(stopped.unwrap_err().fault(), Fault::Cancelled);
        assert!(
            names()
                .iter()
                .all(|name| name.starts_with('.') && name.ends_with(".part")),
            "{:?}",
            names()
        );
    }
    let converted = converted_in(&conversion.folder, out.path(), conversion.quant).unwrap();
    assert_eq!(converted.n_bytes, last);
    assert_eq!(names(), ["llava-1.6-Q8_0.gguf", "mmproj-llava-1.6-F16.gguf"]);
    pair_of(&converted);
    let again = converted_in(&conversion.folder, out.path(), conversion.quant).unwrap_err();
    assert_eq!(again.fault(), Fault::Usage);
    assert!(matches!(again, ConvertError::Exists { .. }), "{again}");
}

/// LLaVA's own layout: one config for all, `model.` before the language model, the tower in a repository of its own.
#[test]
fn llavas_own_names_give_the_same_pair() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("llava-v1.6-mistral-tiny");
    let tower = folder.join("clip-vit-large-patch14-336");
    fs::create_dir(&folder).unwrap();
    let weights =
        candle_core::safetensors::load(checkpoint("llava-1.6").join("model.safetensors"), &Device::Cpu);
    let (mut own, mut of_tower) = (std::collections::HashMap::new(), std::collections::HashMap::new());
    for (name, tensor) in weights.unwrap() {
        let renamed = name
            .replace("language_model.model.", "model.")
            .replace("language_model.lm_head", "lm_head")
            .replace("multi_modal_projector.linear_1", "model.mm_projector.0")
            .replace("multi_modal_projector.linear_2", "model.mm_projector.2")
            .replace("image_newline", "model.image_newline");
        match name.strip_prefix("vision_tower.") {
            Some(rest) => of_tower.insert(format!("vision_model.{rest}"), tensor),
            None => own.insert(renamed, tensor),
        };
    }
    candle_core::safetensors::save(&own, folder.join("model.safetensors")).unwrap();
    for name in ["tokenizer.json", "tokenizer_config.json"] {
        fs::copy(checkpoint("llava-1.6").join(name), folder.join(name)).unwrap();
    }
    let config = serde_json::json!({
        "model_type": "llava_llama", "mm_vision_tower": "openai/clip-vit-large-patch14-336", "hidden_size": 64,
        "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2, "max_position_embeddings": 512,
        "rms_norm_eps": 1e-5, "mm_projector_type": "mlp2x_gelu", "mm_vision_select_layer": -2,
        "mm_patch_merge_type": "spatial_unpad", "image_grid_pinpoints": [[48, 96], [96, 48]], "bos_token_id": 1,
    });
    fs::write(folder.join("config.json"), config.to_string()).unwrap();
    refused(
        &folder,
        Fault::Missing,
        "the checkpoint does not hold its vision tower 'openai/clip-vit-large-patch14-336': DIR",
    );
    fs::create_dir(&tower).unwrap();
    candle_core::safetensors::save(&of_tower, tower.join("model.safetensors")).unwrap();
    // That tower has other widths than this small one.
    refused(
        &folder,
        Fault::Unreadable,
        "the tensor 'vision_model.embeddings.patch_embedding.weight' has the shape [32, 3, 8, 8], and [1024, 3, 14, 14] \
         was expected: DIR/clip-vit-large-patch14-336/model.safetensors",
    );
    let of_hub = serde_json::from_slice::<serde_json::Value>(
        &fs::read(checkpoint("llava-1.6").join("config.json")).unwrap(),
    );
    set(&folder, |config| {
        config["vision_config"] = of_hub.as_ref().unwrap()["vision_config"].clone();
    });
    set(&folder, |config| {
        config["mm_vision_select_feature"] = "patch".into();
    });
    let out = tempfile::tempdir().unwrap();
    let own = pair_of(&converted_in(&folder, out.path(), Quant::F16).unwrap());
    let out = tempfile::tempdir().unwrap();
    let other = pair_of(&converted_in(&checkpoint("llava-1.6"), out.path(), Quant::F16).unwrap());
    for (own, other) in [(&own.language, &other.language), (&own.vision, &other.vision)] {
        assert_eq!(own.tensors().count(), other.tensors().count());
        for tensor in own.tensors() {
            let twin = other.tensor(&tensor.name).unwrap();
            assert_eq!(
                own.tensor_bytes(tensor),
                other.tensor_bytes(twin),
                "{}",
                tensor.name
            );
        }
    }
    assert_eq!(own.vision.str("videre.family").unwrap(), Some("llava-1.6"));
    let compute = Compute::cpu();
    assert!(Tower::load(&own.vision, &compute).is_ok());
}
