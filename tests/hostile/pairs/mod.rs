//! Models that mean harm: a good pair that was damaged, or one of which one thing is absurd.

mod raw;

use std::fs;
use std::path::{Path, PathBuf};

use raw::{Raw, Value, put_text};

use crate::bytes::{Inside, damage};
use crate::random::Random;

/// Language model and tower of the small pairs of the tests, and the one inside the program.
const PAIRS: [(&str, &str); 9] = [
    (
        "tests/golden/llava/internvl-f32.gguf",
        "tests/golden/llava/tower-internvl-f32.gguf",
    ),
    (
        "tests/golden/llava/smolvlm-f32.gguf",
        "tests/golden/llava/tower-smolvlm-f32.gguf",
    ),
    (
        "tests/golden/llava/onevision.gguf",
        "tests/golden/llava/onevision-tower.gguf",
    ),
    ("tests/golden/llava/llama-q2_k.gguf", NANO),
    ("tests/golden/llava/llama-q4_k.gguf", NANO),
    ("tests/golden/llava/llama-q5_1.gguf", NANO),
    ("tests/golden/llava/llama-q6_k.gguf", NANO),
    ("tests/golden/llava/llama-f16.gguf", NANO),
    ("models/nano/weights/nano.gguf", NANO),
];
const NANO: &str = "models/nano/weights/nano-mmproj.gguf";

fn read(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("the models of the tests are there")
}

fn write(folder: &Path, language: &[u8], vision: &[u8]) -> PathBuf {
    let pair = folder.join("pair");
    fs::create_dir(&pair).expect("the folder can be written");
    fs::write(pair.join("model.gguf"), language).expect("the folder can be written");
    fs::write(pair.join("mmproj.gguf"), vision).expect("the folder can be written");
    pair
}

/// A folder with a pair, of which one file is wrong in one way or a few.
pub(crate) fn make(random: &mut Random, number: usize, folder: &Path) -> (PathBuf, String) {
    let (language, vision) = *random.one_of(&PAIRS);
    let is_vision = random.once_in(3);
    let (wrong, right) = if is_vision {
        (vision, language)
    } else {
        (language, vision)
    };
    let (bytes, how) = match number % 5 {
        0 | 1 => {
            let other = |random: &mut Random| read(random.one_of(&PAIRS).0);
            let damaged = damage(random, read(wrong), |_| Inside::default(), &other);
            (damaged.bytes, damaged.how)
        }
        _ => {
            let mut raw = Raw::read(&read(wrong));
            let mut how = String::new();
            for _ in 0..random.within(1..3) {
                how.push_str(craft(random, &mut raw));
                how.push(' ');
            }
            (raw.bytes(), how)
        }
    };
    let right = read(right);
    let pair = match is_vision {
        true => write(folder, &right, &bytes),
        false => write(folder, &bytes, &right),
    };
    let stem = Path::new(wrong).file_name().unwrap_or_default().to_string_lossy();
    (pair, format!("{stem} {how}"))
}

/// A small pair that is good.
pub(crate) fn good(folder: &Path) -> PathBuf {
    let (language, vision) = PAIRS[0];
    write(folder, &read(language), &read(vision))
}

/// The good pair with this chat template.
pub(crate) fn with_template(template: &str, folder: &Path) -> PathBuf {
    let (language, vision) = PAIRS[0];
    let mut raw = Raw::read(&read(language));
    raw.set("tokenizer.chat_template", Value::text(template));
    write(folder, &raw.bytes(), &read(vision))
}

fn craft(random: &mut Random, raw: &mut Raw) -> &'static str {
    match random.below(10) {
        0 => sizes(random, raw),
        1 => floats(random, raw),
        2 => types(random, raw),
        3 => vocabulary(random, raw),
        4 => merges(random, raw),
        5 => directory(random, raw),
        6 | 7 => weights(random, raw),
        8 => counts(random, raw),
        _ => lists(random, raw),
    }
}

/// Hyperparameters that are no size of anything.
fn sizes(random: &mut Random, raw: &mut Raw) -> &'static str {
    const ENDINGS: [&str; 20] = [
        ".context_length",
        ".embedding_length",
        ".block_count",
        ".feed_forward_length",
        ".attention.head_count",
        ".attention.head_count_kv",
        ".attention.key_length",
        ".attention.value_length",
        ".rope.dimension_count",
        ".vocab_size",
        ".vision.image_size",
        ".vision.patch_size",
        ".vision.embedding_length",
        ".vision.block_count",
        ".vision.feed_forward_length",
        ".vision.attention.head_count",
        ".vision.projection_dim",
        ".projector.scale_factor",
        ".rope.scaling.original_context_length",
        ".expert_count",
    ];
    for _ in 0..random.within(1..4) {
        let ending = *random.one_of(&ENDINGS);
        let own = raw.key(".context_length").map_or("clip".to_owned(), |key| {
            key.split('.').next().unwrap_or("llama").to_owned()
        });
        let name = raw.key(ending).unwrap_or_else(|| format!("{own}{ending}"));
        let value = match random.below(3) {
            0 => Value::u64(random.extreme()),
            1 => Value::u32(*random.one_of(&[0, 1, 2, 3, 4, 12, 1 << 16, 1 << 24, 1 << 31])),
            _ => Value::u32(random.extreme_u32()),
        };
        raw.set(&name, value);
    }
    "sizes"
}

fn floats(random: &mut Random, raw: &mut Raw) -> &'static str {
    const ENDINGS: [&str; 7] = [
        ".attention.layer_norm_rms_epsilon",
        ".rope.freq_base",
        ".rope.scaling.factor",
        ".attention.layer_norm_epsilon",
        ".rope.scaling.attn_factor",
        ".image_mean",
        ".image_std",
    ];
    let ending = *random.one_of(&ENDINGS);
    let name = raw.key(ending).unwrap_or_else(|| format!("llama{ending}"));
    let value = *random.one_of(&[
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        -1.0,
        0.0,
        f32::MAX,
        f32::MIN_POSITIVE,
        1e-45,
    ]);
    raw.set(
        &name,
        match ending.starts_with(".image") {
            true => Value::list(6, 3, &value.to_le_bytes().repeat(3)),
            false => Value::f32(value),
        },
    );
    if random.once_in(2) {
        raw.set(
            &name.replace(ending, ".rope.scaling.type"),
            Value::text(random.text(&["linear", "dynamic", "yarn", "longrope"])),
        );
    }
    "floats"
}

/// A key that holds something else than it should.
fn types(random: &mut Random, raw: &mut Raw) -> &'static str {
    let at = random.below(raw.keys.len());
    let value = match random.below(4) {
        0 => Value::text(&"x".repeat(1 << random.below(20))),
        1 => Value {
            tag: random.below(14) as u32,
            bytes: random.bytes(8),
        },
        2 => Value::list(4, 3, &[0; 12]),
        _ => Value::f32(f32::NAN),
    };
    raw.keys[at].1 = value;
    "types"
}

/// Words that are none, too many, too long or all the same.
fn vocabulary(random: &mut Random, raw: &mut Raw) -> &'static str {
    let mut words = raw.texts("tokenizer.ggml.tokens");
    if words.is_empty() {
        return sizes(random, raw);
    }
    match random.below(9) {
        0 => words.iter_mut().for_each(Vec::clear),
        1 => words.iter_mut().for_each(|word| *word = b"a".to_vec()),
        2 => {
            let at = random.below(words.len());
            words[at] = vec![b'a'; 1 << random.within(10..25)];
        }
        3 => words.iter_mut().for_each(|word| *word = vec![0xff, 0xfe, 0x80]),
        4 => words.truncate(random.below(4)),
        5 => {
            // Each is the one before, and a letter.
            for (at, word) in words.iter_mut().enumerate() {
                *word = vec![b'e'; at * if at % 2 == 0 { 1 } else { 40 }];
            }
        }
        // Of these more is made than they are: what searches for them, and each in halves.
        6 => {
            let n_bytes = *random.one_of(&[20, 60, 900]);
            words = (0..1 << random.within(8..17))
                .map(|at: usize| format!("{at:x>n_bytes$}").into_bytes())
                .collect();
        }
        7 => words = (1..1 << random.within(6..11)).map(|n| vec![b'a'; n]).collect(),
        _ => {
            words = (0..1_u32 << random.within(10..20))
                .map(|at| at.to_string().into_bytes())
                .collect();
        }
    }
    let content: Vec<u8> = words.iter().flat_map(|word| put_text(word)).collect();
    raw.set(
        "tokenizer.ggml.tokens",
        Value::list(8, words.len() as u64, &content),
    );
    if random.once_in(2) {
        let kinds: Vec<u8> = (0..words.len())
            .flat_map(|_| (random.below(9) as u32).to_le_bytes())
            .collect();
        raw.set(
            "tokenizer.ggml.token_type",
            Value::list(5, words.len() as u64, &kinds),
        );
    }
    if random.once_in(2) {
        let value = *random.one_of(&[f32::NAN, f32::INFINITY, 0.0, -1e30]);
        raw.set(
            "tokenizer.ggml.scores",
            Value::list(6, words.len() as u64, &value.to_le_bytes().repeat(words.len())),
        );
    }
    "vocabulary"
}

fn merges(random: &mut Random, raw: &mut Raw) -> &'static str {
    if random.once_in(3) {
        for key in [
            "bos_token_id",
            "eos_token_id",
            "unknown_token_id",
            "padding_token_id",
            "eot_token_id",
        ] {
            raw.set(&format!("tokenizer.ggml.{key}"), Value::u32(random.extreme_u32()));
        }
        return "ids";
    }
    let one: Vec<u8> = match random.below(5) {
        0 => b"a a".to_vec(),
        1 => b" ".to_vec(),
        2 => b"no-space".to_vec(),
        3 => vec![0xff, b' ', 0xff],
        _ => [vec![b'a'; 70_000], b" ".to_vec(), vec![b'a'; 70_000]].concat(),
    };
    let n_merges = if one.len() > 1000 {
        20
    } else {
        1 << random.below(20)
    };
    raw.set(
        "tokenizer.ggml.merges",
        Value::list(8, n_merges as u64, &put_text(&one).repeat(n_merges)),
    );
    let kind = *random.one_of(&["gpt2", "llama", "bert", "", "t5"]);
    raw.set("tokenizer.ggml.model", Value::text(kind));
    raw.set(
        "tokenizer.ggml.pre",
        Value::text(random.text(&["default", "qwen2", "smollm", "llama-bpe", "nothing"])),
    );
    "merges"
}

/// Shapes, formats and places of tensors that are not theirs.
fn directory(random: &mut Random, raw: &mut Raw) -> &'static str {
    let at = random.below(raw.tensors.len());
    let other = raw.tensors[random.below(raw.tensors.len())].clone();
    let tensor = &mut raw.tensors[at];
    match random.below(9) {
        0 => tensor.dims.iter_mut().for_each(|dim| *dim = random.extreme()),
        1 => tensor.dims = vec![1; random.within(0..6)],
        2 => tensor.dims.reverse(),
        3 => tensor.kind = random.below(45) as u32,
        4 => tensor.offset = Some(random.extreme() & !31),
        5 => tensor.name = other.name,
        6 => tensor.name = random.bytes(70),
        7 => drop(raw.tensors.remove(at)),
        // Of the same bytes another shape, which may be right for none.
        _ => {
            let n_values: u64 = tensor.dims.iter().product();
            tensor.dims = vec![n_values.div_ceil(2).max(1), 2];
        }
    }
    "directory"
}

/// Weights that are no numbers, or the largest.
fn weights(random: &mut Random, raw: &mut Raw) -> &'static str {
    for _ in 0..random.within(1..5) {
        let at = random.below(raw.tensors.len());
        let data = &mut raw.tensors[at].data;
        match random.below(5) {
            0 => data.fill(0xff),
            1 => data
                .chunks_exact_mut(4)
                .for_each(|value| value.copy_from_slice(&f32::NAN.to_le_bytes())),
            2 => data
                .chunks_exact_mut(4)
                .for_each(|value| value.copy_from_slice(&f32::MAX.to_le_bytes())),
            // Infinity in 16 bits, which are the scales of blocks.
            3 => data
                .chunks_exact_mut(2)
                .for_each(|value| value.copy_from_slice(&0x7c00_u16.to_le_bytes())),
            _ => data.fill(0),
        }
    }
    "weights"
}

fn counts(random: &mut Random, raw: &mut Raw) -> &'static str {
    match random.below(5) {
        0 => raw.said_keys = Some(random.extreme()),
        1 => raw.said_tensors = Some(random.extreme()),
        2 => raw.version = random.extreme_u32(),
        3 => raw.set("general.alignment", Value::u32(random.extreme_u32())),
        _ => {
            for at in 0..4000 {
                raw.set(&format!("k{at}"), Value::u32(at));
            }
        }
    }
    "counts"
}

/// Lists in lists, and lists that are not as long as they say.
fn lists(random: &mut Random, raw: &mut Raw) -> &'static str {
    let said = random.extreme();
    let value = match random.below(4) {
        0 => {
            let mut inner = Vec::new();
            for _ in 0..*random.one_of(&[2, 5, 100, 20_000]) {
                inner = [&9_u32.to_le_bytes()[..], &1_u64.to_le_bytes(), &inner].concat();
            }
            Value { tag: 9, bytes: inner }
        }
        1 => Value::list(8, said, &[0; 64]),
        2 => Value::list(0, 1 << random.below(22), &vec![1; 1 << 22]),
        _ => {
            let empty = [&9_u32.to_le_bytes()[..], &0_u64.to_le_bytes()].concat();
            let n_lists = 1 << random.below(18);
            Value::list(9, n_lists as u64, &empty.repeat(n_lists))
        }
    };
    let name = *random.one_of(&[
        "x",
        "tokenizer.ggml.tokens",
        "tokenizer.ggml.merges",
        "tokenizer.ggml.scores",
        "clip.vision.feature_layer",
    ]);
    raw.set(name, value);
    "lists"
}
