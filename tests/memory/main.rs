//! Memory that grows with the length of a prompt, by an allocator that counts. A binary of its own: it has only one.
#![expect(
    clippy::unwrap_used,
    reason = "what these tests call must succeed, and the panic names the line"
)]

use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use peak_alloc::PeakAlloc;
use videre::cancel::CancelToken;
use videre::gguf::{Gguf, GgufWriter, MetaValue, Source, TensorType};
use videre::llava::{CacheType, Compute, Decoder, Sequence, SequencePart, Session, Tower};

#[global_allocator]
static COUNTED: PeakAlloc = PeakAlloc;

/// What is allowed beyond a straight line: the score matrix of one head of the longest prompt would be 64 MB.
const SLACK_BYTES: usize = 1 << 20;

fn zeroed(writer: &GgufWriter) -> Gguf {
    let source = Source::Static {
        bytes: writer.zeroed().leak(),
        name: "test.gguf",
    };
    Gguf::read(source).unwrap()
}

/// Most bytes alive at once during `work`, beyond those alive before.
fn peak_bytes(work: impl FnOnce()) -> usize {
    let before = COUNTED.current_usage();
    COUNTED.reset_peak_usage();
    work();
    COUNTED.peak_usage() - before
}

/// Fails where peaks at `sizes`, which double each time, rise by more than twice the rise before.
fn rises_in_a_line(name: &str, sizes: [usize; 4], mut peak: impl FnMut(usize) -> usize) {
    // What is made once (threads, their buffers) is made here.
    peak(sizes[3]);
    let peaks = sizes.map(&mut peak);
    eprintln!("{name}: peaks {peaks:?} bytes at {sizes:?}");
    for three in peaks.windows(3) {
        let (first, second) = (
            three[1].saturating_sub(three[0]),
            three[2].saturating_sub(three[1]),
        );
        assert!(second <= 2 * first + SLACK_BYTES, "{name}: {peaks:?}");
    }
}

fn language() -> Decoder {
    const WIDTH: usize = 256;
    let mut file = GgufWriter::new();
    file.set("general.architecture", MetaValue::Str("llama".into()));
    for (key, value) in [
        ("context_length", 8192),
        ("embedding_length", 256),
        ("block_count", 2),
        ("feed_forward_length", 512),
        ("attention.head_count", 4),
    ] {
        file.set(&format!("llama.{key}"), MetaValue::U32(value));
    }
    file.tensor("token_embd.weight", &[512, WIDTH], TensorType::Q4_K)
        .tensor("output_norm.weight", &[WIDTH], TensorType::F32);
    for layer in 0..2 {
        for (part, rows, cols) in [
            ("attn_q", WIDTH, WIDTH),
            ("attn_k", WIDTH, WIDTH),
            ("attn_v", WIDTH, WIDTH),
            ("attn_output", WIDTH, WIDTH),
            ("ffn_gate", 512, WIDTH),
            ("ffn_up", 512, WIDTH),
            ("ffn_down", WIDTH, 512),
        ] {
            let name = format!("blk.{layer}.{part}.weight");
            file.tensor(&name, &[rows, cols], TensorType::Q4_K);
        }
        for norm in ["attn_norm", "ffn_norm"] {
            file.tensor(&format!("blk.{layer}.{norm}.weight"), &[WIDTH], TensorType::F32);
        }
    }
    Decoder::load(&zeroed(&file), &Compute::cpu()).unwrap()
}

/// A tower of one block over `n_side` patches of 14 pixels a side.
fn tower(n_side: usize) -> Tower {
    const WIDTH: usize = 64;
    let mut file = GgufWriter::new();
    file.set("general.architecture", MetaValue::Str("clip".into()))
        .set("clip.vision.image_size", MetaValue::U32(14 * n_side as u32))
        .set("clip.vision.embedding_length", MetaValue::U32(64))
        .set("clip.vision.feed_forward_length", MetaValue::U32(128))
        .set("clip.vision.attention.head_count", MetaValue::U32(1))
        .tensor("v.class_embd", &[WIDTH], TensorType::F32)
        .tensor("v.patch_embd.weight", &[WIDTH, 3, 14, 14], TensorType::F16)
        .tensor(
            "v.position_embd.weight",
            &[n_side * n_side + 1, WIDTH],
            TensorType::F16,
        );
    for block in 0..2 {
        for (part, rows, cols) in [
            ("attn_q", WIDTH, WIDTH),
            ("attn_k", WIDTH, WIDTH),
            ("attn_v", WIDTH, WIDTH),
            ("attn_out", WIDTH, WIDTH),
            ("ffn_up", 128, WIDTH),
            ("ffn_down", WIDTH, 128),
        ] {
            let name = format!("v.blk.{block}.{part}");
            file.tensor(&format!("{name}.weight"), &[rows, cols], TensorType::F16)
                .tensor(&format!("{name}.bias"), &[rows], TensorType::F32);
        }
        for norm in ["ln1", "ln2"] {
            for part in ["weight", "bias"] {
                file.tensor(&format!("v.blk.{block}.{norm}.{part}"), &[WIDTH], TensorType::F32);
            }
        }
    }
    Tower::load(&zeroed(&file), &Compute::cpu()).unwrap()
}

/// One test, so that no other allocates meanwhile.
#[test]
fn nothing_grows_with_the_square_of_the_length() {
    let decoder = Arc::new(language());
    rises_in_a_line("reading", [512, 1024, 2048, 4096], |n| {
        // The cache is as large as the context whatever is read: it is not what is asked about here.
        let mut session = Session::new(Arc::clone(&decoder), 8192, CacheType::F16).unwrap();
        let prompt = Sequence::new(vec![SequencePart::Tokens(vec![3; n])], 0);
        peak_bytes(|| {
            session
                .read(&prompt, 0, &mut |_| {}, &CancelToken::new())
                .unwrap();
        })
    });
    // Patches: 256, 484, 1024, 2116; in steps of about two.
    rises_in_a_line("looking", [16, 22, 32, 46], |n_side| {
        let tower = tower(n_side);
        let pixels = Tensor::zeros((3, 14 * n_side, 14 * n_side), DType::F32, &Device::Cpu).unwrap();
        peak_bytes(|| {
            tower.encode(&pixels, &CancelToken::new()).unwrap();
        })
    });
}
