//! Which keys and tensors a LLaVA pair has, by its sizes: for pairs of random weights, and for tests that need layers of
//! real sizes.

use videre::gguf::MetaValue::{Bool, F32, F32s, Str, U32};
use videre::gguf::{GgufWriter, MetaValue, TensorType};

/// Sizes of a language model of the architecture `llama`.
#[derive(Clone, Copy)]
pub(crate) struct Language {
    pub(crate) n_layers: usize,
    pub(crate) width: usize,
    pub(crate) n_heads: usize,
    pub(crate) n_kv_heads: usize,
    pub(crate) ffn: usize,
    pub(crate) context: usize,
    pub(crate) n_vocab: usize,
    /// Whether words are written with the matrix that they are read with.
    pub(crate) is_tied: bool,
}

/// Sizes of a CLIP tower over patches of 14 pixels.
#[derive(Clone, Copy)]
pub(crate) struct Tower {
    pub(crate) n_blocks: usize,
    pub(crate) width: usize,
    pub(crate) n_heads: usize,
    pub(crate) ffn: usize,
    pub(crate) side: usize,
}

const PATCH: usize = 14;

/// Keys and tensors of a file.
#[derive(Default)]
pub(crate) struct Layout {
    keys: Vec<(String, MetaValue)>,
    /// Name, row-major shape and format, in the order of the file.
    pub(crate) tensors: Vec<(String, Vec<usize>, TensorType)>,
}

impl Layout {
    /// A writer of it.
    pub(crate) fn writer(&self) -> GgufWriter {
        let mut writer = GgufWriter::new();
        for (key, value) in &self.keys {
            writer.set(key, value.clone());
        }
        for (name, shape, dtype) in &self.tensors {
            writer.tensor(name, shape, *dtype);
        }
        writer
    }

    fn set(&mut self, key: &str, value: MetaValue) {
        self.keys.push((key.to_owned(), value));
    }

    fn add(&mut self, name: &str, shape: &[usize], dtype: TensorType) {
        self.tensors.push((name.to_owned(), shape.to_vec(), dtype));
    }

    fn linear(&mut self, name: &str, n_rows: usize, n_cols: usize) {
        self.add(&format!("{name}.weight"), &[n_rows, n_cols], TensorType::F16);
        self.add(&format!("{name}.bias"), &[n_rows], TensorType::F32);
    }

    fn layer_norm(&mut self, name: &str, width: usize) {
        self.add(&format!("{name}.weight"), &[width], TensorType::F32);
        self.add(&format!("{name}.bias"), &[width], TensorType::F32);
    }
}

fn number(n: usize) -> MetaValue {
    U32(u32::try_from(n).unwrap_or(u32::MAX))
}

/// A language model without a vocabulary, each matrix in the format that `dtype_of` says for its name (as in `attn_q`)
/// and its layer.
pub(crate) fn language(sizes: &Language, dtype_of: impl Fn(&str, usize) -> TensorType) -> Layout {
    let mut layout = Layout::default();
    let head_dim = sizes.width / sizes.n_heads;
    layout.set("general.architecture", Str("llama".into()));
    for (key, value) in [
        ("context_length", sizes.context),
        ("embedding_length", sizes.width),
        ("block_count", sizes.n_layers),
        ("feed_forward_length", sizes.ffn),
        ("rope.dimension_count", head_dim),
        ("attention.head_count", sizes.n_heads),
        ("attention.head_count_kv", sizes.n_kv_heads),
        ("vocab_size", sizes.n_vocab),
    ] {
        layout.set(&format!("llama.{key}"), number(value));
    }
    layout.set("llama.attention.layer_norm_rms_epsilon", F32(1e-5));
    let (width, kv_width) = (sizes.width, sizes.n_kv_heads * head_dim);
    let words = [sizes.n_vocab, width];
    layout.add("token_embd.weight", &words, dtype_of("token_embd", 0));
    layout.add("output_norm.weight", &[width], TensorType::F32);
    if !sizes.is_tied {
        layout.add("output.weight", &words, dtype_of("output", 0));
    }
    for layer in 0..sizes.n_layers {
        for norm in ["attn_norm", "ffn_norm"] {
            layout.add(&format!("blk.{layer}.{norm}.weight"), &[width], TensorType::F32);
        }
        for (part, n_rows, n_cols) in [
            ("attn_q", width, width),
            ("attn_k", kv_width, width),
            ("attn_v", kv_width, width),
            ("attn_output", width, width),
            ("ffn_gate", sizes.ffn, width),
            ("ffn_up", sizes.ffn, width),
            ("ffn_down", width, sizes.ffn),
        ] {
            let name = format!("blk.{layer}.{part}.weight");
            layout.add(&name, &[n_rows, n_cols], dtype_of(part, layer));
        }
    }
    layout
}

/// A tower of f16 with its projector, with keys and names as llama.cpp's `convert_image_encoder_to_gguf.py` writes them,
/// `ffn_down` being the first of the two.
pub(crate) fn tower(sizes: &Tower, language_width: usize) -> Layout {
    let mut layout = Layout::default();
    layout.set("general.architecture", Str("clip".into()));
    for (key, value) in [
        ("has_text_encoder", Bool(false)),
        ("has_vision_encoder", Bool(true)),
        ("has_llava_projector", Bool(true)),
        ("projector_type", Str("mlp".into())),
        ("use_gelu", Bool(false)),
        ("vision.image_size", number(sizes.side)),
        ("vision.patch_size", number(PATCH)),
        ("vision.embedding_length", number(sizes.width)),
        ("vision.feed_forward_length", number(sizes.ffn)),
        ("vision.projection_dim", U32(768)),
        ("vision.block_count", number(sizes.n_blocks)),
        ("vision.attention.head_count", number(sizes.n_heads)),
        ("vision.attention.layer_norm_epsilon", F32(1e-5)),
        (
            "vision.image_mean",
            F32s(vec![0.481_454_66, 0.457_827_5, 0.408_210_73]),
        ),
        (
            "vision.image_std",
            F32s(vec![0.268_629_54, 0.261_302_6, 0.275_777_1]),
        ),
    ] {
        layout.set(&format!("clip.{key}"), value);
    }
    let width = sizes.width;
    let n_positions = (sizes.side / PATCH).pow(2) + 1;
    layout.add("v.class_embd", &[width], TensorType::F32);
    layout.add("v.patch_embd.weight", &[width, 3, PATCH, PATCH], TensorType::F16);
    layout.add("v.position_embd.weight", &[n_positions, width], TensorType::F16);
    layout.layer_norm("v.pre_ln", width);
    for block in 0..sizes.n_blocks {
        let name = |part: &str| format!("v.blk.{block}.{part}");
        for part in ["attn_q", "attn_k", "attn_v", "attn_out"] {
            layout.linear(&name(part), width, width);
        }
        layout.layer_norm(&name("ln1"), width);
        layout.linear(&name("ffn_down"), sizes.ffn, width);
        layout.linear(&name("ffn_up"), width, sizes.ffn);
        layout.layer_norm(&name("ln2"), width);
    }
    layout.linear("mm.0", language_width, width);
    layout.linear("mm.2", language_width, language_width);
    layout
}
