//! Checkpoints of every family against the gguf package: which tensors their pairs hold under which names, what its quantizers
//! and dequantizers make of the values, and the keys beside them (`tests/reference/recipes.py`).

use std::fs;

use serde_json::Value;
use sha2::{Digest, Sha256};
use videre::gguf::{Gguf, TensorType};
use videre::llava::convert::Quant;

use super::convert::{checkpoint, converted_in, stored_values};

const CHECKPOINTS: [&str; 7] = [
    "smolvlm2",
    "internvl3",
    "llava-onevision-video",
    "llava-next-video",
    "llava-next-interleave",
    "llava-video",
    "llava-v1.5-7b-m3",
];
/// Configs hold numbers in decimals, files in f32.
const DECIMALS: f64 = 1e-6;

/// The first half of a hash of values, as hexadecimal digits.
fn digest(values: &[f32]) -> String {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let hash = Sha256::digest(&bytes);
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[track_caller]
fn assert_half(name: &str, quant: Quant, file: &Gguf, golden: &Value) {
    let named = golden["tensors"].as_object().expect("a table of tensors");
    let mut theirs: Vec<&str> = named.keys().map(String::as_str).collect();
    let mut ours: Vec<&str> = file.tensors().map(|tensor| tensor.name.as_str()).collect();
    theirs.sort_unstable();
    ours.sort_unstable();
    assert_eq!(ours, theirs, "{name}: names");
    for tensor in file.tensors() {
        let golden = &named[&tensor.name];
        let shape: Vec<usize> = serde_json::from_value(golden["shape"].clone()).expect("a shape");
        assert_eq!(tensor.shape, shape, "{name}: {}", tensor.name);
        let is_plain = quant == Quant::F32 || shape.len() == 1;
        assert_eq!(
            is_plain || tensor.name == "v.position_embd.weight",
            tensor.dtype == TensorType::F32,
            "{name}: {} is {}",
            tensor.name,
            tensor.dtype
        );
        let wanted = golden[tensor.dtype.name()].as_str();
        let found = digest(&stored_values(file, &tensor.name));
        assert_eq!(
            Some(found.as_str()),
            wanted,
            "{name}: {} as {}",
            tensor.name,
            tensor.dtype
        );
    }
    for (key, value) in golden["keys"].as_object().expect("a table of keys") {
        match value {
            Value::String(text) => assert_eq!(file.str(key).unwrap(), Some(text.as_str()), "{name}: {key}"),
            Value::Bool(flag) => assert_eq!(file.bool(key).unwrap(), Some(*flag), "{name}: {key}"),
            Value::Number(number) if number.is_u64() => {
                assert_eq!(file.u64(key).unwrap(), number.as_u64(), "{name}: {key}");
            }
            Value::Number(number) => {
                let (found, wanted) = (
                    f64::from(file.f32(key).unwrap().unwrap()),
                    number.as_f64().unwrap(),
                );
                assert!(
                    (found / wanted - 1.0).abs() <= DECIMALS,
                    "{name}: {key} is {found}"
                );
            }
            Value::Array(list) => {
                let wanted: Vec<f64> = list.iter().filter_map(Value::as_f64).collect();
                let found: Vec<f64> = file.array(key).unwrap().unwrap().numbers().collect();
                assert_eq!(found, wanted, "{name}: {key}");
            }
            other => panic!("{name}: {key} is {other}"),
        }
    }
}

#[test]
fn a_pair_holds_what_the_gguf_package_makes_of_its_checkpoint() {
    for name in CHECKPOINTS {
        let golden = fs::read_to_string(checkpoint(name).join("pair.json")).unwrap();
        let golden: Value = serde_json::from_str(&golden).unwrap();
        for quant in [Quant::F32, Quant::F16, Quant::Q8_0] {
            let out = tempfile::tempdir().unwrap();
            let converted = converted_in(&checkpoint(name), out.path(), quant).unwrap();
            let open = |path| Gguf::open(path).unwrap();
            assert_half(name, quant, &open(&converted.language), &golden["language"]);
            assert_half(name, quant, &open(&converted.vision), &golden["vision"]);
        }
    }
}
