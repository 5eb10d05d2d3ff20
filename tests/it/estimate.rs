//! Memory, known from headers alone.

use videre::gguf::{Gguf, GgufWriter, MetaValue, Source, TensorType};
use videre::llava::estimate::{MemoryEstimate, estimate, free_bytes};
use videre::llava::pair::Pair;

fn header(writer: &GgufWriter) -> Gguf {
    Gguf::read(Source::Static {
        bytes: writer.zeroed().leak(),
        name: "test.gguf",
    })
    .expect("the test gives a good one")
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
