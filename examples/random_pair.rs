//! Writes a LLaVA pair of real geometry with random weights: for measuring speed and memory without a download. It
//! loads here and in llama.cpp, and talks nonsense.
//!
//! ```sh
//! cargo run --release --example random_pair -- --geometry llava-7b --quant q4_k_m DIR
//! ```

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use half::f16;
use videre::gguf::MetaValue::{Bool, F32, F32s, I32s, Str, Strs, U32};
use videre::gguf::{GgufWriter, TensorType};

/// Writes a LLaVA pair of real geometry with random weights.
#[derive(Parser)]
struct Arguments {
    /// Sizes of language model and tower.
    #[arg(long, value_enum, default_value = "llava-1b")]
    geometry: Geometry,
    /// Format of the language model; the tower is f16, as published ones are.
    #[arg(long, value_enum, default_value = "q4_k_m")]
    quant: Quant,
    /// Folder to write to; it is made.
    dir: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Geometry {
    /// A few megabytes, with a tower of 2 blocks.
    Tiny,
    /// TinyLlama with CLIP-L/336.
    #[value(name = "llava-1b")]
    Llava1b,
    /// Llama-2 or Vicuna 7B with CLIP-L/336.
    #[value(name = "llava-7b")]
    Llava7b,
    /// Mistral 7B with CLIP-L/336.
    #[value(name = "llava-mistral-7b")]
    LlavaMistral7b,
    /// Llama-2 or Vicuna 13B with CLIP-L/336.
    #[value(name = "llava-13b")]
    Llava13b,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Quant {
    /// All matrices f16.
    F16,
    /// All matrices `Q8_0`.
    #[value(name = "q8_0")]
    Q8_0,
    /// All matrices `Q4_0`.
    #[value(name = "q4_0")]
    Q4_0,
    /// llama.cpp's mixture of `Q4_K` and `Q6_K`.
    #[value(name = "q4_k_m")]
    Q4KM,
    /// llama.cpp's mixture of `Q5_K` and `Q6_K`.
    #[value(name = "q5_k_m")]
    Q5KM,
    /// All matrices `Q6_K`.
    #[value(name = "q6_k")]
    Q6K,
}

struct Language {
    n_layers: usize,
    width: usize,
    n_heads: usize,
    n_kv_heads: usize,
    ffn: usize,
    context: usize,
}

struct Tower {
    n_blocks: usize,
    width: usize,
    n_heads: usize,
    ffn: usize,
    side: usize,
}

const VOCABULARY: usize = 32000;
const PATCH: usize = 14;
const CLIP_L: Tower = Tower {
    n_blocks: 23,
    width: 1024,
    n_heads: 16,
    ffn: 4096,
    side: 336,
};

impl Geometry {
    fn sizes(self) -> (Language, Tower) {
        let language = |n_layers, width, n_heads, n_kv_heads, ffn, context| Language {
            n_layers,
            width,
            n_heads,
            n_kv_heads,
            ffn,
            context,
        };
        match self {
            Self::Tiny => {
                let tower = Tower {
                    n_blocks: 2,
                    width: 128,
                    n_heads: 2,
                    ffn: 512,
                    side: 56,
                };
                (language(2, 256, 4, 2, 512, 4096), tower)
            }
            Self::Llava1b => (language(22, 2048, 32, 4, 5632, 4096), CLIP_L),
            Self::Llava7b => (language(32, 4096, 32, 32, 11008, 4096), CLIP_L),
            Self::LlavaMistral7b => (language(32, 4096, 32, 8, 14336, 32768), CLIP_L),
            Self::Llava13b => (language(40, 5120, 40, 40, 13824, 4096), CLIP_L),
        }
    }
}

impl Quant {
    fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// ggml's number for a whole file of this format.
    fn file_type(self) -> u32 {
        match self {
            Self::F16 => 1,
            Self::Q4_0 => 2,
            Self::Q8_0 => 7,
            Self::Q4KM => 15,
            Self::Q5KM => 17,
            Self::Q6K => 18,
        }
    }

    fn plain(self) -> TensorType {
        match self {
            Self::F16 => TensorType::F16,
            Self::Q8_0 => TensorType::Q8_0,
            Self::Q4_0 => TensorType::Q4_0,
            Self::Q4KM => TensorType::Q4_K,
            Self::Q5KM => TensorType::Q5_K,
            Self::Q6K => TensorType::Q6_K,
        }
    }

    fn output(self) -> TensorType {
        match self {
            Self::Q4KM | Self::Q5KM | Self::Q4_0 => TensorType::Q6_K,
            _ => self.plain(),
        }
    }

    /// The format of value and down matrices, which mixtures keep finer in half of the layers (`use_more_bits` of
    /// llama.cpp's `llama-quant.cpp`).
    fn sensitive(self, layer: usize, n_layers: usize) -> TensorType {
        let eighth = n_layers / 8;
        let is_fine = layer < eighth || layer >= 7 * n_layers / 8 || (layer - eighth) % 3 == 2;
        match self {
            Self::Q4KM | Self::Q5KM if is_fine => TensorType::Q6_K,
            _ => self.plain(),
        }
    }
}

/// What a tensor is filled with.
#[derive(Clone, Copy)]
enum Fill {
    /// Random values with this standard deviation.
    Random(f32),
    Ones,
    Zeros,
}

/// A file being planned: the writer, and what to fill each tensor with.
#[derive(Default)]
struct Plan {
    gguf: GgufWriter,
    fills: HashMap<String, (TensorType, Fill)>,
}

impl Plan {
    fn add(&mut self, name: &str, shape: &[usize], dtype: TensorType, fill: Fill) {
        self.gguf.tensor(name, shape, dtype);
        self.fills.insert(name.to_owned(), (dtype, fill));
    }

    /// A matrix (outputs, inputs) that keeps the size of what goes through it.
    fn matrix(&mut self, name: &str, n_rows: usize, n_cols: usize, dtype: TensorType) {
        self.add(
            name,
            &[n_rows, n_cols],
            dtype,
            Fill::Random((n_cols as f32).powf(-0.5)),
        );
    }

    fn linear(&mut self, name: &str, n_rows: usize, n_cols: usize) {
        self.matrix(&format!("{name}.weight"), n_rows, n_cols, TensorType::F16);
        self.add(&format!("{name}.bias"), &[n_rows], TensorType::F32, Fill::Zeros);
    }

    fn layer_norm(&mut self, name: &str, width: usize) {
        self.add(&format!("{name}.weight"), &[width], TensorType::F32, Fill::Ones);
        self.add(&format!("{name}.bias"), &[width], TensorType::F32, Fill::Zeros);
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let mut random = Random::new();
        let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
        self.gguf.write_to(&mut out, |name, shape, bytes| {
            let (dtype, fill) = self.fills[name];
            random.fill(dtype, shape.iter().product(), fill, bytes);
            Ok(())
        })?;
        out.into_inner()?.sync_all()
    }
}

fn language_model(sizes: &Language, quant: Quant) -> Plan {
    let mut plan = Plan::default();
    let number = |n: usize| U32(u32::try_from(n).unwrap_or(u32::MAX));
    let head_dim = sizes.width / sizes.n_heads;
    plan.gguf
        .set("general.architecture", Str("llama".into()))
        .set("general.name", Str("random LLaVA".into()))
        .set("general.file_type", U32(quant.file_type()))
        .set("general.quantization_version", U32(2))
        .set("llama.context_length", number(sizes.context))
        .set("llama.embedding_length", number(sizes.width))
        .set("llama.block_count", number(sizes.n_layers))
        .set("llama.feed_forward_length", number(sizes.ffn))
        .set("llama.rope.dimension_count", number(head_dim))
        .set("llama.attention.head_count", number(sizes.n_heads))
        .set("llama.attention.head_count_kv", number(sizes.n_kv_heads))
        .set("llama.attention.layer_norm_rms_epsilon", F32(1e-5))
        .set("llama.vocab_size", number(VOCABULARY));
    set_vocabulary(&mut plan.gguf);
    let width = sizes.width;
    plan.add(
        "token_embd.weight",
        &[VOCABULARY, width],
        quant.plain(),
        Fill::Random(1.0),
    );
    plan.add("output_norm.weight", &[width], TensorType::F32, Fill::Ones);
    plan.matrix("output.weight", VOCABULARY, width, quant.output());
    let kv_width = sizes.n_kv_heads * head_dim;
    for layer in 0..sizes.n_layers {
        let name = |part: &str| format!("blk.{layer}.{part}.weight");
        let (plain, sensitive) = (quant.plain(), quant.sensitive(layer, sizes.n_layers));
        plan.add(&name("attn_norm"), &[width], TensorType::F32, Fill::Ones);
        plan.add(&name("ffn_norm"), &[width], TensorType::F32, Fill::Ones);
        plan.matrix(&name("attn_q"), width, width, plain);
        plan.matrix(&name("attn_k"), kv_width, width, plain);
        plan.matrix(&name("attn_v"), kv_width, width, sensitive);
        plan.matrix(&name("attn_output"), width, width, plain);
        plan.matrix(&name("ffn_gate"), sizes.ffn, width, plain);
        plan.matrix(&name("ffn_up"), sizes.ffn, width, plain);
        plan.matrix(&name("ffn_down"), width, sizes.ffn, sensitive);
    }
    plan
}

/// A vocabulary in the manner of SentencePiece: special tokens, bytes, then pieces that grow by one letter each, so
/// that every piece can be merged from two others.
fn set_vocabulary(gguf: &mut GgufWriter) {
    let letters = || 'a'..='z';
    let special = ["<unk>", "<s>", "</s>"].map(str::to_owned).into_iter();
    let bytes = (0..=255u8).map(|byte| format!("<0x{byte:02X}>"));
    let characters = std::iter::once('\u{2581}').chain('!'..='~').map(String::from);
    let pairs = || letters().flat_map(move |a| letters().map(move |b| format!("{a}{b}")));
    let triples = || pairs().flat_map(move |pair| letters().map(move |c| format!("{pair}{c}")));
    let begun = |piece: String| format!("\u{2581}{piece}");
    let pieces = characters
        .chain(letters().map(String::from).map(begun))
        .chain(pairs())
        .chain(pairs().map(begun))
        .chain(triples())
        .chain(triples().map(begun));
    let tokens: Vec<String> = special.chain(bytes).chain(pieces).take(VOCABULARY).collect();
    let kind = |i: usize| match i {
        0 => 2,
        1 | 2 => 3,
        3..259 => 6,
        _ => 1,
    };
    let score = |i: usize| if i < 259 { 0.0 } else { 259.0 - i as f32 };
    gguf.set("tokenizer.ggml.model", Str("llama".into()))
        .set("tokenizer.ggml.pre", Str("default".into()))
        .set(
            "tokenizer.ggml.scores",
            F32s((0..tokens.len()).map(score).collect()),
        )
        .set(
            "tokenizer.ggml.token_type",
            I32s((0..tokens.len()).map(kind).collect()),
        )
        .set("tokenizer.ggml.tokens", Strs(tokens))
        .set("tokenizer.ggml.bos_token_id", U32(1))
        .set("tokenizer.ggml.eos_token_id", U32(2))
        .set("tokenizer.ggml.unknown_token_id", U32(0))
        .set("tokenizer.ggml.add_bos_token", Bool(true))
        .set("tokenizer.ggml.add_eos_token", Bool(false));
}

/// Keys and names as llama.cpp's `convert_image_encoder_to_gguf.py` writes them, `ffn_down` being the first of the two.
fn tower(sizes: &Tower, language_width: usize) -> Plan {
    let mut plan = Plan::default();
    let number = |n: usize| U32(u32::try_from(n).unwrap_or(u32::MAX));
    plan.gguf
        .set("general.architecture", Str("clip".into()))
        .set("general.name", Str("random CLIP".into()))
        .set("general.description", Str("image encoder for LLaVA".into()))
        .set("general.file_type", U32(1))
        .set("clip.has_text_encoder", Bool(false))
        .set("clip.has_vision_encoder", Bool(true))
        .set("clip.has_llava_projector", Bool(true))
        .set("clip.projector_type", Str("mlp".into()))
        .set("clip.use_gelu", Bool(false))
        .set("clip.vision.image_size", number(sizes.side))
        .set("clip.vision.patch_size", number(PATCH))
        .set("clip.vision.embedding_length", number(sizes.width))
        .set("clip.vision.feed_forward_length", number(sizes.ffn))
        .set("clip.vision.projection_dim", U32(768))
        .set("clip.vision.block_count", number(sizes.n_blocks))
        .set("clip.vision.attention.head_count", number(sizes.n_heads))
        .set("clip.vision.attention.layer_norm_epsilon", F32(1e-5))
        .set(
            "clip.vision.image_mean",
            F32s(vec![0.481_454_66, 0.457_827_5, 0.408_210_73]),
        )
        .set(
            "clip.vision.image_std",
            F32s(vec![0.268_629_54, 0.261_302_6, 0.275_777_1]),
        );
    let width = sizes.width;
    let n_positions = (sizes.side / PATCH).pow(2) + 1;
    plan.add("v.class_embd", &[width], TensorType::F32, Fill::Random(1.0));
    let patch = Fill::Random(((3 * PATCH * PATCH) as f32).powf(-0.5));
    plan.add(
        "v.patch_embd.weight",
        &[width, 3, PATCH, PATCH],
        TensorType::F16,
        patch,
    );
    plan.add(
        "v.position_embd.weight",
        &[n_positions, width],
        TensorType::F16,
        Fill::Random(0.3),
    );
    plan.layer_norm("v.pre_ln", width);
    for block in 0..sizes.n_blocks {
        let name = |part: &str| format!("v.blk.{block}.{part}");
        for part in ["attn_q", "attn_k", "attn_v", "attn_out"] {
            plan.linear(&name(part), width, width);
        }
        plan.layer_norm(&name("ln1"), width);
        plan.linear(&name("ffn_down"), sizes.ffn, width);
        plan.linear(&name("ffn_up"), width, sizes.ffn);
        plan.layer_norm(&name("ln2"), width);
    }
    plan.linear("mm.0", language_width, width);
    plan.linear("mm.2", language_width, language_width);
    plan
}

/// Random blocks, at the speed of a disk.
struct Random {
    state: u64,
    /// Values of deviation 1, to draw from.
    normal: Vec<f32>,
}

impl Random {
    fn new() -> Self {
        let mut random = Self {
            state: 0x9e37_79b9_7f4a_7c15,
            normal: Vec::new(),
        };
        // The sum of twelve uniform numbers is close to normal, of deviation 1.
        let mut draw = || {
            (0..12)
                .map(|_| (random.bits() >> 40) as f32 / (1u32 << 24) as f32)
                .sum::<f32>()
                - 6.0
        };
        random.normal = (0..4096).map(|_| draw()).collect();
        random
    }

    fn bits(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    fn fill(&mut self, dtype: TensorType, n_values: usize, fill: Fill, bytes: &mut Vec<u8>) {
        let deviation = match fill {
            Fill::Random(deviation) => deviation,
            Fill::Ones => return (0..n_values).for_each(|_| bytes.extend(1f32.to_le_bytes())),
            Fill::Zeros => return bytes.resize(4 * n_values, 0),
        };
        match dtype {
            TensorType::F32 => {
                for _ in 0..n_values {
                    let at = self.bits() as usize % self.normal.len();
                    bytes.extend((deviation * self.normal[at]).to_le_bytes());
                }
            }
            TensorType::F16 => {
                let table: Vec<_> = self
                    .normal
                    .iter()
                    .map(|v| f16::from_f32(deviation * v).to_le_bytes())
                    .collect();
                for _ in 0..n_values {
                    bytes.extend(table[self.bits() as usize % table.len()]);
                }
            }
            _ => {
                bytes.resize(n_values / dtype.block_len() * dtype.block_bytes(), 0);
                for words in bytes.chunks_mut(8) {
                    words.copy_from_slice(&self.bits().to_le_bytes()[..words.len()]);
                }
                for block in bytes.chunks_exact_mut(dtype.block_bytes()) {
                    set_scales(dtype, block, deviation);
                }
            }
        }
    }
}

/// Gives a block of random quants the scales that make its values random around 0 with this deviation.
fn set_scales(dtype: TensorType, block: &mut [u8], deviation: f32) {
    // Uniform quants of n levels deviate by n / sqrt(12) steps.
    let step = |n_levels: f32| deviation * 12f32.sqrt() / n_levels;
    let mut put =
        |at: usize, scale: f32| block[at..at + 2].copy_from_slice(&f16::from_f32(scale).to_le_bytes());
    match dtype {
        TensorType::Q8_0 => put(0, step(256.0)),
        TensorType::Q4_0 => put(0, step(16.0)),
        TensorType::Q4_K | TensorType::Q5_K => {
            let n_levels = if dtype == TensorType::Q4_K { 16.0 } else { 32.0 };
            // Scales of 6 bits around 48, and minimums equal to them: values lie around 0.
            put(0, step(n_levels) / 48.0);
            put(2, step(n_levels) / 48.0 * (n_levels - 1.0) / 2.0);
            for i in 0..4 {
                let (low, high) = (32 | block[4 + i] & 31, 32 | block[8 + i] & 31);
                block[4 + i] = low | high >> 4 << 6;
                block[8 + i] = low | high >> 4 << 6;
                block[12 + i] = high & 15 | high << 4;
            }
        }
        _ => {
            put(208, step(64.0) / 96.0);
            for scale in &mut block[192..208] {
                *scale = 64 | *scale & 63;
            }
        }
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let (language, clip) = arguments.geometry.sizes();
    std::fs::create_dir_all(&arguments.dir)?;
    let model = arguments
        .dir
        .join(format!("ggml-model-{}.gguf", arguments.quant.name()));
    language_model(&language, arguments.quant).write(&model)?;
    let mmproj = arguments.dir.join("mmproj-model-f16.gguf");
    tower(&clip, language.width).write(&mmproj)?;
    eprintln!("{}\n{}", model.display(), mmproj.display());
    Ok(())
}
