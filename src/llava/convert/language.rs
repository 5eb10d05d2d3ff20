//! The language model's half: keys and tensors as `convert_hf_to_gguf.py` of llama.cpp names them.

use std::f32::consts::PI;

use super::error::ConvertError;
use super::family::{Config, Decoder};
use super::json::Json;
use super::names::{Named, Parts};
use super::plan::{Plan, Planned, RowOrder};
use super::quant::{Class, Quant};
use crate::gguf::{MetaValue, TensorType};

/// What transformers takes where a config leaves a number out.
struct Defaults {
    n_heads: usize,
    n_kv_heads: Option<usize>,
    context_len: usize,
    norm_eps: f64,
}

impl Decoder {
    /// llama.cpp's name.
    pub(super) fn architecture(self) -> &'static str {
        match self {
            Self::Llama | Self::Mistral => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
            Self::Phi3 => "phi3",
        }
    }

    fn defaults(self) -> Defaults {
        let (n_kv_heads, context_len, norm_eps) = match self {
            Self::Llama => (None, 2048, 1e-6),
            Self::Mistral => (Some(8), 131_072, 1e-6),
            Self::Qwen2 | Self::Qwen3 => (Some(32), 32_768, 1e-6),
            Self::Phi3 => (None, 4096, 1e-5),
        };
        Defaults {
            n_heads: 32,
            n_kv_heads,
            context_len,
            norm_eps,
        }
    }
}

/// The numbers that the tensors must agree with.
struct Numbers {
    n_layers: usize,
    width: usize,
    ff_width: usize,
    n_heads: usize,
    n_kv_heads: usize,
    head_dim: usize,
    n_vocab: usize,
}

impl Numbers {
    fn of(config: &Config, parts: &Parts) -> Result<Self, ConvertError> {
        let text = &config.text;
        let defaults = config.decoder.defaults();
        let embeddings = parts.language.need(&["embed_tokens.weight"])?;
        let &[n_vocab, width] = embeddings.shape.as_slice() else {
            return Err(embeddings.shape_error("a matrix"));
        };
        let stored = (0..)
            .take_while(|i| {
                parts
                    .language
                    .get(&format!("layers.{i}.input_layernorm.weight"))
                    .is_some()
            })
            .count();
        let n_layers = text.size("num_hidden_layers").unwrap_or(stored);
        if n_layers == 0 || n_layers > stored {
            parts
                .language
                .need(&[&format!("layers.{stored}.input_layernorm.weight")])?;
        }
        let down = parts.language.need(&["layers.0.mlp.down_proj.weight"])?;
        let &[_, ff_width] = down.shape.as_slice() else {
            return Err(down.shape_error("a matrix"));
        };
        let n_heads = text.size("num_attention_heads").unwrap_or(defaults.n_heads);
        let n_kv_heads = text
            .size("num_key_value_heads")
            .or(defaults.n_kv_heads)
            .unwrap_or(n_heads);
        let head_dim = text
            .size("head_dim")
            .or_else(|| width.checked_div(n_heads))
            .unwrap_or(0);
        if n_kv_heads == 0
            || !n_heads.is_multiple_of(n_kv_heads)
            || head_dim < 2
            || !head_dim.is_multiple_of(2)
        {
            return Err(text.damaged(format!(
                "{n_heads} heads, {n_kv_heads} for keys, of {head_dim} values"
            )));
        }
        Ok(Self {
            n_layers,
            width,
            ff_width,
            n_heads,
            n_kv_heads,
            head_dim,
            n_vocab,
        })
    }
}

/// The plan of the language model's file, without its vocabulary; also rows of the embeddings and their width.
pub(super) fn plan(
    config: &Config,
    parts: &Parts,
    quant: Quant,
) -> Result<(Plan, usize, usize), ConvertError> {
    let numbers = Numbers::of(config, parts)?;
    let mut plan = Plan::default();
    add_keys(&mut plan, config, &numbers, quant);
    add_rope(&mut plan, config, &numbers)?;
    add_ends(&mut plan, config, parts, &numbers, quant)?;
    for layer in 0..numbers.n_layers {
        add_layer(&mut plan, config, &parts.language, &numbers, layer, quant)?;
    }
    Ok((plan, numbers.n_vocab, numbers.width))
}

fn add_keys(plan: &mut Plan, config: &Config, numbers: &Numbers, quant: Quant) {
    let architecture = config.decoder.architecture();
    let text = &config.text;
    let defaults = config.decoder.defaults();
    plan.set("general.file_type", MetaValue::U32(quant.file_type()));
    plan.set("general.quantization_version", MetaValue::U32(2));
    let mut size = |key: &str, value: usize| plan.size(format!("{architecture}.{key}"), value);
    size(
        "context_length",
        text.size("max_position_embeddings")
            .unwrap_or(defaults.context_len),
    );
    size("embedding_length", numbers.width);
    size("block_count", numbers.n_layers);
    size("feed_forward_length", numbers.ff_width);
    size("attention.head_count", numbers.n_heads);
    size("attention.head_count_kv", numbers.n_kv_heads);
    if numbers.head_dim * numbers.n_heads != numbers.width {
        size("attention.key_length", numbers.head_dim);
        size("attention.value_length", numbers.head_dim);
    }
    size("vocab_size", numbers.n_vocab);
    let eps = text.number("rms_norm_eps").unwrap_or(defaults.norm_eps) as f32;
    plan.set(
        format!("{architecture}.attention.layer_norm_rms_epsilon"),
        MetaValue::F32(eps),
    );
}

/// Base, rotated part and scaling: in `rope_parameters` since transformers 5, in two keys before.
fn add_rope(plan: &mut Plan, config: &Config, numbers: &Numbers) -> Result<(), ConvertError> {
    let architecture = config.decoder.architecture();
    let text = &config.text;
    let empty = Json {
        value: serde_json::Value::Null,
        file: text.file.clone(),
    };
    let scaling = text
        .section("rope_parameters")
        .or_else(|| text.section("rope_scaling"))
        .unwrap_or(empty);
    let base = scaling
        .number("rope_theta")
        .or_else(|| text.number("rope_theta"))
        .unwrap_or(10_000.0) as f32;
    let part = scaling
        .number("partial_rotary_factor")
        .or_else(|| text.number("partial_rotary_factor"))
        .unwrap_or(1.0);
    let n_rotated = (numbers.head_dim as f64 * part) as usize;
    plan.set(format!("{architecture}.rope.freq_base"), MetaValue::F32(base));
    plan.size(format!("{architecture}.rope.dimension_count"), n_rotated);
    let needed = |key: &str| {
        scaling
            .number(key)
            .map(|value| value as f32)
            .ok_or_else(|| text.damaged(format!("a scaling of positions without '{key}'")))
    };
    let original = scaling
        .size("original_max_position_embeddings")
        .or_else(|| text.size("original_max_position_embeddings"));
    match scaling
        .text("rope_type")
        .or_else(|| scaling.text("type"))
        .unwrap_or("default")
    {
        "default" | "mrope" => {}
        name @ ("linear" | "dynamic") => {
            plan.text(format!("{architecture}.rope.scaling.type"), name);
            plan.set(
                format!("{architecture}.rope.scaling.factor"),
                MetaValue::F32(needed("factor")?),
            );
        }
        "llama3" => {
            let original = original.unwrap_or(8192) as f32;
            let (low, high) = (needed("low_freq_factor")?, needed("high_freq_factor")?);
            let divisors = llama_3_divisors(base, n_rotated, needed("factor")?, low, high, original);
            plan.tensors.push(Planned::values("rope_freqs.weight", divisors));
        }
        "longrope" | "su" => {
            let lists = (scaling.numbers("long_factor"), scaling.numbers("short_factor"));
            let (Some(long), Some(short)) = lists else {
                return Err(text.damaged("a scaling of positions without its factors"));
            };
            let context_len = text.size("max_position_embeddings").unwrap_or(4096);
            let original = original.unwrap_or(context_len);
            let ratio = context_len as f32 / original as f32;
            let magnitude = if ratio > 1.0 {
                (1.0 + ratio.ln() / (original as f32).ln()).sqrt()
            } else {
                1.0
            };
            plan.size(
                format!("{architecture}.rope.scaling.original_context_length"),
                original,
            );
            plan.set(
                format!("{architecture}.rope.scaling.attn_factor"),
                MetaValue::F32(magnitude),
            );
            plan.tensors
                .push(Planned::values("rope_factors_long.weight", long));
            plan.tensors
                .push(Planned::values("rope_factors_short.weight", short));
        }
        other => {
            let supported = "convert a model whose positions are scaled linearly, dynamically, as Llama 3's or as Phi-3's";
            return Err(text.unsupported("scaling of positions", other, supported));
        }
    }
    Ok(())
}

/// `_compute_llama3_parameters` of transformers, as divisors of the unscaled frequencies.
fn llama_3_divisors(
    base: f32,
    n_rotated: usize,
    factor: f32,
    low: f32,
    high: f32,
    original: f32,
) -> Vec<f32> {
    let divisor = |pair: usize| {
        let wavelength = 2.0 * PI * base.powf(2.0 * pair as f32 / n_rotated as f32);
        if wavelength < original / high {
            1.0
        } else if wavelength > original / low {
            factor
        } else {
            let smooth = (original / wavelength - low) / (high - low);
            1.0 / ((1.0 - smooth) / factor + smooth)
        }
    };
    (0..n_rotated / 2).map(divisor).collect()
}

/// Embeddings, last norm and output.
fn add_ends(
    plan: &mut Plan,
    config: &Config,
    parts: &Parts,
    numbers: &Numbers,
    quant: Quant,
) -> Result<(), ConvertError> {
    let Numbers { width, n_vocab, .. } = *numbers;
    let ties = |json: &Json| json.flag("tie_word_embeddings");
    // A checkpoint of tied weights may hold the output all the same; it is the embeddings.
    let is_tied = ties(&config.text)
        .or_else(|| ties(&config.whole))
        .unwrap_or(false);
    let output = parts.head.as_ref().filter(|_| !is_tied);
    let class = Class::Embeddings {
        is_output: output.is_none(),
    };
    let as_stored = RowOrder::From(0);
    let embeddings = parts.language.need(&["embed_tokens.weight"])?;
    let dtype = quant.of(class, width);
    plan.shaped(
        "token_embd.weight",
        embeddings,
        &[n_vocab, width],
        dtype,
        as_stored,
    )?;
    let norm = parts.language.need(&["norm.weight"])?;
    plan.shaped("output_norm.weight", norm, &[width], TensorType::F32, as_stored)?;
    if let Some(output) = output {
        let dtype = quant.of(Class::Output, width);
        plan.shaped("output.weight", output, &[n_vocab, width], dtype, as_stored)?;
    }
    Ok(())
}

fn add_layer(
    plan: &mut Plan,
    config: &Config,
    tensors: &Named,
    numbers: &Numbers,
    layer: usize,
    quant: Quant,
) -> Result<(), ConvertError> {
    let Numbers {
        width,
        ff_width,
        n_heads,
        n_kv_heads,
        head_dim,
        n_layers,
        ..
    } = *numbers;
    let (q_width, kv_width) = (n_heads * head_dim, n_kv_heads * head_dim);
    let as_stored = RowOrder::From(0);
    let rotary = |n_heads| match config.decoder {
        Decoder::Llama | Decoder::Mistral => RowOrder::Rotary { n_heads },
        Decoder::Qwen2 | Decoder::Qwen3 | Decoder::Phi3 => as_stored,
    };
    let mut add = |ours: &str, theirs: &str, shape: &[usize], class: Class, order: RowOrder| {
        let tensor = tensors.need(&[&format!("layers.{layer}.{theirs}.weight")])?;
        let dtype = quant.of(class, shape.last().copied().unwrap_or(1));
        plan.shaped(&format!("blk.{layer}.{ours}.weight"), tensor, shape, dtype, order)
    };
    let sensitive = Class::Sensitive { layer, n_layers };
    let (vector, matrix) = (Class::Vector, Class::Matrix);
    add("attn_norm", "input_layernorm", &[width], vector, as_stored)?;
    add(
        "ffn_norm",
        "post_attention_layernorm",
        &[width],
        vector,
        as_stored,
    )?;
    if config.decoder == Decoder::Phi3 {
        let fused = q_width + 2 * kv_width;
        add(
            "attn_qkv",
            "self_attn.qkv_proj",
            &[fused, width],
            Class::FusedAttention,
            as_stored,
        )?;
        add(
            "ffn_up",
            "mlp.gate_up_proj",
            &[2 * ff_width, width],
            matrix,
            as_stored,
        )?;
    } else {
        add(
            "attn_q",
            "self_attn.q_proj",
            &[q_width, width],
            matrix,
            rotary(n_heads),
        )?;
        add(
            "attn_k",
            "self_attn.k_proj",
            &[kv_width, width],
            matrix,
            rotary(n_kv_heads),
        )?;
        add(
            "attn_v",
            "self_attn.v_proj",
            &[kv_width, width],
            sensitive,
            as_stored,
        )?;
        add("ffn_gate", "mlp.gate_proj", &[ff_width, width], matrix, as_stored)?;
        add("ffn_up", "mlp.up_proj", &[ff_width, width], matrix, as_stored)?;
    }
    if config.decoder == Decoder::Qwen3 {
        add("attn_q_norm", "self_attn.q_norm", &[head_dim], vector, as_stored)?;
        add("attn_k_norm", "self_attn.k_norm", &[head_dim], vector, as_stored)?;
    }
    add(
        "attn_output",
        "self_attn.o_proj",
        &[width, q_width],
        matrix,
        as_stored,
    )?;
    add(
        "ffn_down",
        "mlp.down_proj",
        &[width, ff_width],
        sensitive,
        as_stored,
    )?;
    for (ours, theirs, len) in [
        ("attn_q", "q", q_width),
        ("attn_k", "k", kv_width),
        ("attn_v", "v", kv_width),
    ] {
        let name = format!("layers.{layer}.self_attn.{theirs}_proj.bias");
        match (config.decoder, tensors.get(&name)) {
            (Decoder::Qwen2, _) => {
                let bias = tensors.need(&[&name])?;
                let name = format!("blk.{layer}.{ours}.bias");
                plan.shaped(&name, bias, &[len], TensorType::F32, as_stored)?;
            }
            (_, Some(_)) => {
                let supported = "convert a model whose attention has no biases, or a Qwen2";
                return Err(config.text.unsupported("attention", "with biases", supported));
            }
            (_, None) => {}
        }
    }
    Ok(())
}
