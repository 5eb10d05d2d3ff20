//! Writes a LLaVA pair of real geometry with random weights: for measuring speed and memory without a download. It
//! loads here and in llama.cpp, and talks nonsense.
//!
//! ```sh
//! cargo run --release --example random_pair -- --geometry llava-7b --quant q4_k_m DIR
//! ```

mod layout;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use half::f16;
use layout::{Language, Layout, Tower};
use videre::gguf::MetaValue::{Bool, F32s, I32s, Str, Strs, U32};
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

const VOCABULARY: usize = 32000;
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
            n_vocab: VOCABULARY,
            is_tied: false,
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

/// What a tensor is filled with, so that the size of what goes through it stays.
fn fill_of(name: &str, shape: &[usize]) -> Fill {
    const NORMS: [&str; 4] = ["norm", "pre_ln", "ln1", "ln2"];
    match name {
        "token_embd.weight" | "v.class_embd" => Fill::Random(1.0),
        "v.position_embd.weight" => Fill::Random(0.3),
        _ if name.ends_with(".bias") => Fill::Zeros,
        _ if NORMS.iter().any(|norm| name.ends_with(&format!("{norm}.weight"))) => Fill::Ones,
        _ => Fill::Random((shape[1..].iter().product::<usize>() as f32).powf(-0.5)),
    }
}

/// Writes a file of this layout with the keys that `more` adds.
fn write(layout: &Layout, more: impl FnOnce(&mut GgufWriter), path: &Path) -> io::Result<()> {
    let mut gguf = layout.writer();
    more(&mut gguf);
    let dtypes: HashMap<&str, TensorType> = layout
        .tensors
        .iter()
        .map(|(name, _, dtype)| (name.as_str(), *dtype))
        .collect();
    let mut random = Random::new();
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    gguf.write_to(&mut out, |name, shape, bytes| {
        random.fill(dtypes[name], shape.iter().product(), fill_of(name, shape), bytes);
        Ok(())
    })?;
    out.into_inner()?.sync_all()
}

fn write_language_model(sizes: &Language, quant: Quant, path: &Path) -> io::Result<()> {
    let layout = layout::language(sizes, |part, layer| match part {
        "output" => quant.output(),
        "attn_v" | "ffn_down" => quant.sensitive(layer, sizes.n_layers),
        _ => quant.plain(),
    });
    let more = |gguf: &mut GgufWriter| {
        gguf.set("general.name", Str("random LLaVA".into()))
            .set("general.file_type", U32(quant.file_type()))
            .set("general.quantization_version", U32(2));
        set_vocabulary(gguf);
    };
    write(&layout, more, path)
}

fn write_tower(sizes: &Tower, language_width: usize, path: &Path) -> io::Result<()> {
    let more = |gguf: &mut GgufWriter| {
        gguf.set("general.name", Str("random CLIP".into()))
            .set("general.description", Str("image encoder for LLaVA".into()))
            .set("general.file_type", U32(1));
    };
    write(&layout::tower(sizes, language_width), more, path)
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
    write_language_model(&language, arguments.quant, &model)?;
    let mmproj = arguments.dir.join("mmproj-model-f16.gguf");
    write_tower(&clip, language.width, &mmproj)?;
    eprintln!("{}\n{}", model.display(), mmproj.display());
    Ok(())
}
