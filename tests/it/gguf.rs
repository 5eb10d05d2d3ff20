//! GGUF headers: what a good one gives, and what each kind of broken one says.

use videre::fault::{Explain, Fault};
use videre::gguf::{Gguf, GgufError, GgufWriter, MetaValue, Problem, Source, TensorType};

fn read(bytes: Vec<u8>) -> Result<Gguf, GgufError> {
    Gguf::read(Source::Static {
        bytes: bytes.leak(),
        name: "test.gguf",
    })
}

fn small() -> GgufWriter {
    let mut writer = GgufWriter::new();
    writer
        .set("general.architecture", MetaValue::Str("llama".into()))
        .set("llama.block_count", MetaValue::U32(2))
        .set("llama.rope.freq_base", MetaValue::F32(10000.0))
        .set("offset", MetaValue::I32(-3))
        .set("tokenizer.ggml.add_bos_token", MetaValue::Bool(true))
        .set(
            "tokenizer.ggml.tokens",
            MetaValue::Strs(vec!["a".into(), "\u{2581}b".into(), String::new()]),
        )
        .set("tokenizer.ggml.scores", MetaValue::F32s(vec![0.5, -1.0]))
        .set("clip.vision.feature_layer", MetaValue::I32s(vec![-2, 7]))
        .tensor("b.weight", &[3, 64], TensorType::Q8_0)
        .tensor("a.weight", &[5], TensorType::F32);
    writer
}

#[track_caller]
fn refuses(bytes: Vec<u8>, fault: Fault, message: &str) {
    let error = read(bytes).expect_err("must be refused");
    assert_eq!(error.to_string(), message);
    assert_eq!(error.fault(), fault);
    assert!(
        error.hint().is_some_and(|hint| !hint.is_empty()),
        "no hint for {error}"
    );
}

#[test]
fn values_and_tensors_come_back() {
    let mut bytes = Vec::new();
    small()
        .write_to(&mut bytes, |name, _, out| {
            out.resize(
                if name == "b.weight" { 3 * 2 * 34 } else { 20 },
                if name == "b.weight" { 7 } else { 9 },
            );
            Ok(())
        })
        .expect("memory takes all");
    assert_eq!(bytes.len() % 32, 0);
    let gguf = read(bytes).expect("a good file");
    assert_eq!(gguf.str("general.architecture").unwrap(), Some("llama"));
    assert_eq!(gguf.size("llama.block_count").unwrap(), Some(2));
    assert_eq!(gguf.f32("llama.rope.freq_base").unwrap(), Some(10000.0));
    assert_eq!(gguf.bool("tokenizer.ggml.add_bos_token").unwrap(), Some(true));
    assert_eq!(gguf.u64("absent").unwrap(), None);
    let tokens: Vec<_> = gguf
        .array("tokenizer.ggml.tokens")
        .unwrap()
        .unwrap()
        .strings()
        .collect();
    assert_eq!(tokens, [b"a".as_slice(), "\u{2581}b".as_bytes(), b""]);
    let layers: Vec<_> = gguf
        .array("clip.vision.feature_layer")
        .unwrap()
        .unwrap()
        .numbers()
        .collect();
    assert_eq!(layers, [-2.0, 7.0]);
    let b = gguf.tensor("b.weight").unwrap();
    assert_eq!(
        (b.shape.as_slice(), b.dtype, b.n_bytes(), b.n_values()),
        ([3, 64].as_slice(), TensorType::Q8_0, 204, 192)
    );
    assert!(gguf.tensor_bytes(b).iter().all(|&byte| byte == 7));
    assert!(
        gguf.tensor_bytes(gguf.tensor("a.weight").unwrap())
            .iter()
            .all(|&byte| byte == 9)
    );
}

#[test]
fn a_key_of_a_senseless_type_is_named() {
    let gguf = read(small().zeroed()).unwrap();
    let error = gguf.u64("general.architecture").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model file is damaged (key 'general.architecture' holds a text, expected a whole number): test.gguf"
    );
    assert!(gguf.u64("offset").is_err(), "a negative number is no count");
}

#[test]
fn other_files_are_told_apart() {
    let cases: [(&[u8], &str); 9] = [
        (
            b"\x10\0\0\0\0\0\0\0{\"a\":1}        ",
            "not a GGUF model but a safetensors file: test.gguf",
        ),
        (
            b"PK\x03\x04rest",
            "not a GGUF model but a PyTorch checkpoint or another zip archive: test.gguf",
        ),
        (
            b"\x80\x02}q",
            "not a GGUF model but a Python pickle, such as an old PyTorch checkpoint: test.gguf",
        ),
        (
            b"tjgg\x03\0\0\0",
            "not a GGUF model but a GGML file from before GGUF (2023): test.gguf",
        ),
        (b"<!DOCTYPE html>", "not a GGUF model but a web page: test.gguf"),
        (
            b"version https://git-lfs",
            "not a GGUF model but a Git LFS pointer without its content: test.gguf",
        ),
        (b"{\"model\": 1}", "not a GGUF model but a JSON file: test.gguf"),
        (
            b"hello",
            "not a GGUF model but some other kind of file: test.gguf",
        ),
        (b"", "the model file is empty: test.gguf"),
    ];
    for (bytes, message) in cases {
        refuses(bytes.to_vec(), Fault::Unreadable, message);
    }
}

#[test]
fn every_cut_is_noticed() {
    let whole = small().zeroed();
    for len in 1..whole.len() {
        let error = read(whole[..len].to_vec()).expect_err("a cut file must be refused");
        assert!(
            matches!(error.problem, Problem::CutShort { .. }),
            "cut at {len}: {error}"
        );
    }
    let len = whole.len();
    refuses(
        whole[..len - 1].to_vec(),
        Fault::Unreadable,
        &format!(
            "the model file is cut short: {} of {len} bytes are there: test.gguf",
            len - 1
        ),
    );
}

#[test]
fn versions_and_byte_orders() {
    let with_version = |version: [u8; 4]| {
        let mut bytes = small().zeroed();
        bytes[4..8].copy_from_slice(&version);
        bytes
    };
    assert!(read(with_version([2, 0, 0, 0])).is_ok());
    let message = |n: u32| format!("GGUF version {n} is not supported, only 2 and 3 are: test.gguf");
    refuses(with_version([1, 0, 0, 0]), Fault::Unsupported, &message(1));
    refuses(with_version([4, 0, 0, 0]), Fault::Unsupported, &message(4));
    refuses(
        with_version([0, 0, 0, 3]),
        Fault::Unsupported,
        "a big-endian GGUF file, which only big-endian machines read: test.gguf",
    );
}

#[test]
fn unknown_weight_formats_are_named() {
    let mut writer = small();
    writer
        .raw_tensor("x.weight", &[256], 23, 136)
        .raw_tensor("y.weight", &[256], 23, 136);
    writer.raw_tensor("z.weight", &[32], 39, 17);
    refuses(
        writer.zeroed(),
        Fault::Unsupported,
        "this file uses IQ4_XS, which Videre cannot run (2 tensors, 'x.weight' first): test.gguf",
    );
    let error = read(writer.zeroed()).unwrap_err();
    assert_eq!(error.hint().as_deref(), Some("get a Q4_K_M of the same model"));
    refuses(
        small().raw_tensor("new", &[32], 77, 32).zeroed(),
        Fault::Unsupported,
        "this file uses tensor type 77, which Videre cannot run (1 tensors, 'new' first): test.gguf",
    );
}

#[test]
fn one_part_of_a_split_model_is_refused() {
    let mut writer = small();
    writer
        .set("split.no", MetaValue::U32(1))
        .set("split.count", MetaValue::U32(3));
    refuses(
        writer.zeroed(),
        Fault::Unsupported,
        "part 2 of 3 of a split model: test.gguf",
    );
}

#[test]
fn contradictions_are_refused() {
    let message = |what: &str| format!("the model file is damaged ({what}): test.gguf");
    let mut twice = small();
    twice.tensor("a.weight", &[5], TensorType::F32);
    refuses(
        twice.zeroed(),
        Fault::Unreadable,
        &message("tensor 'a.weight' is listed twice"),
    );

    let ragged = small()
        .raw_tensor("ragged", &[2, 33], TensorType::Q8_0.ggml_id(), 68)
        .zeroed();
    refuses(
        ragged,
        Fault::Unreadable,
        &message("tensor 'ragged' of type Q8_0 has shape [33, 2]"),
    );

    let huge = small().raw_tensor("huge", &[usize::MAX, 3], 0, 12).zeroed();
    refuses(
        huge,
        Fault::Unreadable,
        &message(&format!(
            "tensor 'huge' of type F32 has shape [3, {}]",
            usize::MAX
        )),
    );

    let overlapping = small()
        .raw_tensor("c", &[100], 0, 32)
        .tensor("d", &[100], TensorType::F32)
        .zeroed();
    refuses(
        overlapping,
        Fault::Unreadable,
        &message("tensor 'd' overlaps another"),
    );

    let mut alignment = small();
    alignment.set("general.alignment", MetaValue::U32(12));
    refuses(
        alignment.zeroed(),
        Fault::Unreadable,
        &message("senseless alignment"),
    );

    for at in [8, 16] {
        let mut counts = small().zeroed();
        counts[at..at + 8].copy_from_slice(&u64::MAX.to_le_bytes());
        let what = if at == 8 { "tensors" } else { "metadata keys" };
        refuses(
            counts,
            Fault::Unreadable,
            &message(&format!("{} {what}", u64::MAX)),
        );
    }
}

#[test]
fn a_mapped_file_is_read_and_its_pages_can_be_given_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.gguf");
    std::fs::write(&path, small().zeroed()).unwrap();
    let gguf = Gguf::open(&path).expect("a good file");
    let tensor = gguf.tensor("b.weight").unwrap();
    gguf.source().release(0..gguf.source().bytes().len());
    gguf.source().release(5..usize::MAX);
    assert!(gguf.tensor_bytes(tensor).iter().all(|&byte| byte == 0));

    let error = Gguf::open(dir.path()).unwrap_err();
    assert!(matches!(error.problem, Problem::NotAFile(_)), "{error}");
    let error = Gguf::open(&dir.path().join("absent.gguf")).unwrap_err();
    assert!(
        error.to_string().starts_with("cannot open the model file"),
        "{error}"
    );
}

proptest::proptest! {
    #[test]
    fn damaged_bytes_never_panic(changes in proptest::collection::vec((0usize..700, proptest::num::u8::ANY), 1..8)) {
        let mut bytes = small().zeroed();
        for (at, value) in changes {
            let at = at % bytes.len();
            bytes[at] = value;
        }
        if let Ok(gguf) = read(bytes) {
            for tensor in gguf.tensors() {
                proptest::prop_assert_eq!(gguf.tensor_bytes(tensor).len(), tensor.n_bytes());
            }
            for key in gguf.keys() {
                if let Ok(Some(array)) = gguf.array(key) {
                    proptest::prop_assert!(array.strings().count() <= array.len);
                    proptest::prop_assert!(array.numbers().count() <= array.len);
                }
            }
        }
    }
}
