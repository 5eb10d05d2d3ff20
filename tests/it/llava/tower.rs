//! Vision towers and projector, from the pixels of a little clip to embedding rows.

use candle_core::{DType, Device, Tensor};
use videre::cancel::{CancelToken, Cancelled};
use videre::gguf::{Gguf, GgufWriter, MetaValue, Source, TensorType};
use videre::llava::{Activation, Compute, LanguageShape, LlavaError, Projector, Tower, TowerShape};

use super::layout;
use super::{F16_ERROR, F32_ERROR, QUANTIZED_COSINE, computes, cosine, error, golden, ids, model};

/// Frames `(n, side, side, 3)` as the tower wants one: `(3, side, side)`, normalised.
pub(super) fn normalised(frame: &Tensor, shape: &TowerShape) -> Tensor {
    let channel = |values: [f32; 3]| Tensor::new(&values, &Device::Cpu).unwrap();
    let pixels = (frame.to_dtype(DType::F32).unwrap() / 255.0).unwrap();
    let pixels = pixels
        .broadcast_sub(&channel(shape.mean))
        .unwrap()
        .broadcast_div(&channel(shape.std))
        .unwrap();
    pixels.permute((2, 0, 1)).unwrap()
}

/// Features of the six frames and the thumbnail, `(7, n_patches, width)`.
fn encode(tower: &Tower, thumbnail: &Tensor) -> Tensor {
    let frames = &golden("clip")["frames"];
    let mut images: Vec<Tensor> = (0..6)
        .map(|i| normalised(&frames.get(i).unwrap(), tower.shape()))
        .collect();
    images.push(thumbnail.clone());
    let features: Vec<Tensor> = images
        .iter()
        .map(|pixels| tower.encode(pixels, &CancelToken::new()).unwrap())
        .collect();
    Tensor::stack(&features, 0).unwrap()
}

#[test]
fn features_and_projected_rows_equal_transformers() {
    for (name, bound) in [
        ("tower-clip-f32", F32_ERROR),
        ("tower-siglip-f32", F32_ERROR),
        ("tower-smolvlm-f32", F32_ERROR),
        ("tower-internvl-f32", F32_ERROR),
        ("tower-clip-f16", F16_ERROR),
    ] {
        for (path, compute) in computes() {
            let (tower, projector) = load(name, &compute);
            let golden = golden(name);
            let features = encode(&tower, &golden["thumbnail"]);
            let rows = features.flatten(0, 1).unwrap();
            let tower_error = error(&rows, &golden["features"].flatten(0, 1).unwrap());
            let picked = rows
                .index_select(&Tensor::new(ids(&golden["picked"]), &Device::Cpu).unwrap(), 0)
                .unwrap();
            let projected = projector.project(&picked, &CancelToken::new()).unwrap();
            let projector_error = error(&projected, &golden["projected"]);
            eprintln!("{name} {path}: features {tower_error:.1e}, projected rows {projector_error:.1e}");
            assert!(tower_error <= bound, "{name} {path}: features {tower_error:e}");
            assert!(
                projector_error <= bound,
                "{name} {path}: projected rows {projector_error:e}"
            );
        }
    }
}

#[test]
fn a_quantized_tower_stays_close() {
    for (path, compute) in computes() {
        let (tower, projector) = load("tower-clip-q8_0", &compute);
        let golden = golden("tower-clip-q8_0");
        let rows = encode(&tower, &golden["thumbnail"]).flatten(0, 1).unwrap();
        let theirs = golden["features"].flatten(0, 1).unwrap();
        let tower_cosine = cosine(&rows, &theirs);
        assert!(tower_cosine >= QUANTIZED_COSINE, "{path}: cosine {tower_cosine}");
        let picked = theirs
            .index_select(&Tensor::new(ids(&golden["picked"]), &Device::Cpu).unwrap(), 0)
            .unwrap();
        let projected = projector.project(&picked, &CancelToken::new()).unwrap();
        let projector_cosine = cosine(&projected, &golden["projected"]);
        assert!(
            projector_cosine >= QUANTIZED_COSINE,
            "{path}: cosine {projector_cosine}"
        );
    }
}

fn load(name: &str, compute: &Compute) -> (Tower, Projector) {
    let file = model(name);
    (
        Tower::load(&file, compute).unwrap(),
        Projector::load(&file, compute).unwrap(),
    )
}

#[test]
fn headers_decide_blocks_and_activation() {
    let clip = TowerShape::read(&model("tower-clip-f32")).unwrap();
    assert_eq!(
        (clip.n_blocks, clip.activation),
        (3, Activation::QuickGelu),
        "a legacy file is cut at LLaVA's layer"
    );
    let siglip = TowerShape::read(&model("tower-siglip-f32")).unwrap();
    assert_eq!(
        (siglip.n_blocks, siglip.activation),
        (3, Activation::GeluTanh),
        "four are stored, the third is named"
    );
    assert_eq!((clip.grid(), clip.n_patches(), clip.n_rows()), (6, 36, 36));
    let smolvlm = TowerShape::read(&model("tower-smolvlm-f32")).unwrap();
    assert_eq!(
        (
            smolvlm.n_blocks,
            smolvlm.activation,
            smolvlm.n_rows(),
            smolvlm.row_width()
        ),
        (2, Activation::GeluTanh, 4, 9 * 32),
        "all blocks run, and nine patches are a row"
    );
    let internvl = TowerShape::read(&model("tower-internvl-f32")).unwrap();
    assert_eq!(
        (
            internvl.n_blocks,
            internvl.activation,
            internvl.n_rows(),
            internvl.row_width()
        ),
        (2, Activation::Gelu, 9, 4 * 32),
    );
}

#[test]
fn looking_can_be_cancelled() {
    let (tower, _) = load("tower-clip-f32", &Compute::cpu());
    let cancel = CancelToken::new();
    cancel.cancel();
    let pixels = Tensor::zeros((3, 48, 48), DType::F32, &Device::Cpu).unwrap();
    let stopped = tower.encode(&pixels, &cancel);
    assert!(
        matches!(stopped, Err(LlavaError::Cancelled(Cancelled))),
        "it stops"
    );
}

#[test]
fn numbers_of_a_header_that_are_none_are_named() {
    let file = |writer: &GgufWriter| {
        let bytes = writer.zeroed().leak();
        Gguf::read(Source::Static {
            bytes,
            name: "test.gguf",
        })
        .unwrap()
    };
    let of_key = |key: &str, read: Result<(), LlavaError>| {
        let named = matches!(&read, Err(LlavaError::BadKey { key: named, .. }) if named == key);
        assert!(named, "{key}: {read:?}");
    };
    let sizes = layout::Tower {
        n_blocks: 1,
        width: 32,
        n_heads: 2,
        ffn: 64,
        side: 28,
    };
    let tower = layout::tower(&sizes, 64).writer();
    assert!(TowerShape::read(&file(&tower)).is_ok());
    for (key, value) in [
        ("image_mean", MetaValue::F32s(vec![0.5, f32::NAN, 0.5])),
        ("image_std", MetaValue::F32s(vec![1.0, 0.0, 1.0])),
        ("image_std", MetaValue::F32s(vec![f32::INFINITY; 3])),
        ("attention.layer_norm_epsilon", MetaValue::F32(-1.0)),
    ] {
        let key = format!("clip.vision.{key}");
        let read = TowerShape::read(&file(tower.clone().set(&key, value)));
        of_key(&key, read.map(drop));
    }
    let sizes = layout::Language {
        n_layers: 1,
        width: 32,
        n_heads: 2,
        n_kv_heads: 1,
        ffn: 64,
        context: 128,
        n_vocab: 16,
        is_tied: true,
    };
    let language = layout::language(&sizes, |_, _| TensorType::F32).writer();
    assert!(LanguageShape::read(&file(&language)).is_ok());
    for (key, value) in [
        ("attention.layer_norm_rms_epsilon", -1.0),
        ("rope.freq_base", -1e4),
        ("rope.freq_base", 0.0),
    ] {
        let key = format!("llama.{key}");
        let read = LanguageShape::read(&file(language.clone().set(&key, MetaValue::F32(value))));
        of_key(&key, read.map(drop));
    }
}
