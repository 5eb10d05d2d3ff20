//! Memory, known from headers alone.

use std::fs::File;
use std::io;

use videre::cancel::CancelToken;
use videre::fault::{Explain, Fault};
use videre::gguf::{Gguf, GgufWriter, MetaValue, Source, TensorType};
use videre::llava::estimate::{MemoryEstimate, estimate, free_bytes};
use videre::llava::pair::Pair;
use videre::llava::{Compute, LoadError, Model};

use crate::llava::layout;

fn header(writer: &GgufWriter) -> Gguf {
    Gguf::read(Source::Static {
        bytes: writer.zeroed().leak(),
        name: "test.gguf",
    })
    .expect("the test gives a good one")
}

#[test]
fn sizes_that_are_none_come_to_more_than_there_is() {
    let mut language = GgufWriter::new();
    language.set("general.architecture", MetaValue::Str("llama".into()));
    let large = MetaValue::U32(u32::MAX);
    for key in [
        "embedding_length",
        "block_count",
        "feed_forward_length",
        "attention.head_count_kv",
        "attention.key_length",
    ] {
        language.set(&format!("llama.{key}"), large.clone());
    }
    let mut vision = GgufWriter::new();
    for key in ["embedding_length", "feed_forward_length"] {
        vision.set(&format!("clip.vision.{key}"), large.clone());
    }
    vision.tensor("v.position_embd.weight", &[5, 8], TensorType::F16);
    let pair = Pair {
        language: header(&language),
        vision: header(&vision),
    };
    let memory = estimate(&pair, 8192, 2).expect("the keys are numbers");
    assert_eq!(
        memory.cache_bytes,
        u64::MAX,
        "and not what is left of it in 64 bits"
    );
    assert_eq!(memory.total_bytes(), u64::MAX);
    assert!(memory.check(u64::MAX - 1).is_err());
}

#[test]
fn every_part_is_counted() {
    let mut language = GgufWriter::new();
    language.set("general.architecture", MetaValue::Str("llama".into()));
    for (key, value) in [
        ("embedding_length", 64),
        ("block_count", 3),
        ("feed_forward_length", 128),
        ("attention.head_count", 4),
    ] {
        language.set(&format!("llama.{key}"), MetaValue::U32(value));
    }
    language
        .set("llama.attention.head_count_kv", MetaValue::U32(2))
        .tensor("token_embd.weight", &[10, 64], TensorType::Q8_0);
    let mut vision = GgufWriter::new();
    vision.tensor("v.position_embd.weight", &[5, 8], TensorType::F16);
    let pair = Pair {
        language: header(&language),
        vision: header(&vision),
    };
    let estimate = estimate(&pair, 100, 2).unwrap();
    assert_eq!(estimate.weights_bytes, 10 * 2 * 34);
    assert_eq!(estimate.tower_bytes, 5 * 8 * 2);
    // Keys and values, 3 layers, 2 heads of 16, 100 positions, 2 bytes.
    assert_eq!(estimate.cache_bytes, 2 * 3 * 2 * 16 * 100 * 2);
}

#[test]
fn too_little_memory_is_said_in_gigabytes() {
    let part = 2_000_000_000;
    let estimate = MemoryEstimate {
        weights_bytes: part,
        tower_bytes: part,
        cache_bytes: part,
        working_bytes: part / 4,
    };
    assert!(estimate.check(6_500_000_000).is_ok());
    let error = estimate.check(3_000_000_000).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model needs 6.5 GB of memory and 3.0 GB are free"
    );
}

#[test]
fn this_machine_has_memory() {
    if cfg!(target_os = "linux") {
        assert!(free_bytes().is_some_and(|bytes| bytes > 1 << 20));
    }
}

/// Its weights are a hole in a file that takes no room.
#[cfg(unix)]
#[test]
fn a_model_larger_than_the_memory_is_refused_before_it_is_loaded() {
    let folder = tempfile::tempdir().expect("the test gives a good one");
    let sizes = layout::Language {
        n_layers: 1,
        width: 256,
        n_heads: 4,
        n_kv_heads: 4,
        ffn: 1_000_000_000,
        context: 4096,
        n_vocab: 256,
        is_tied: true,
    };
    let language = layout::language(&sizes, |_, _| TensorType::Q4_K);
    let bytes = |(_, shape, dtype): &(String, Vec<usize>, TensorType)| {
        dtype.n_bytes(shape.iter().product::<usize>() as u64).unwrap() + 64
    };
    let n_bytes: u64 = language.tensors.iter().map(bytes).sum();
    let mut writer = language.writer();
    let words: Vec<String> = (0..256).map(|n| format!("w{n}")).collect();
    writer
        .set("tokenizer.ggml.model", MetaValue::Str("llama".into()))
        .set("tokenizer.ggml.scores", MetaValue::F32s(vec![0.0; 256]))
        .set("tokenizer.ggml.token_type", MetaValue::I32s(vec![1; 256]))
        .set("tokenizer.ggml.tokens", MetaValue::Strs(words));
    let path = folder.path().join("large.gguf");
    let mut file = File::create(&path).unwrap();
    let only_the_header = writer.write_to(&mut file, |_, _, _| Err(io::ErrorKind::Other.into()));
    assert!(only_the_header.is_err());
    let header_bytes = file.metadata().unwrap().len();
    file.set_len(header_bytes + n_bytes).unwrap();
    let tower = layout::Tower {
        n_blocks: 1,
        width: 64,
        n_heads: 1,
        ffn: 128,
        side: 56,
    };
    let pair = Pair {
        language: Gguf::open(&path).expect("a good header"),
        vision: header(&layout::tower(&tower, 256).writer()),
    };
    let error = Model::load(&pair, &Compute::cpu(), &CancelToken::new()).unwrap_err();
    assert!(matches!(error, LoadError::Memory(_)), "{error}");
    assert_eq!(error.fault(), Fault::OutOfMemory);
    let text = error.to_string();
    // 432 GB of weights, and rows that are as wide.
    assert!(
        text.starts_with("the model needs 2480.1 GB of memory and") && text.ends_with("GB are free"),
        "{text}"
    );
}
