//! Models that were trained on videos, from pixels to tokens, against transformers (`tests/reference/videos.py`).

use std::convert::Infallible;

use candle_core::{Device, Tensor};
use image::RgbImage;
use videre::cancel::CancelToken;
use videre::llava::pair::Pair;
use videre::llava::video_family::video_family;
use videre::llava::{CacheType, Compute, Decoder, LlavaError, Projector, Tower, TowerEncoder};
use videre::visual::compose::plan;
use videre::visual::encoder::NoCache;
use videre::visual::execute::{FittedFrame, Run, execute};
use videre::visual::recipes::VideoFamily;
use videre::visual::sampling::{Chosen, FrameRef};
use videre::visual::strategy::{Newlines, Strategy};

use super::{F32_ERROR, cache, computes, error, follow_tokens, golden, golden_path, ids, model, read};

/// The frames of a golden file, as they are fitted into the tower's square.
fn clip(name: &str) -> Vec<FittedFrame> {
    let frames = &golden(name)["frames"];
    let (n_frames, side_px) = (frames.dim(0).unwrap(), frames.dim(1).unwrap() as u32);
    (0..n_frames)
        .map(|index| {
            let pixels = frames.get(index).unwrap().flatten_all().unwrap();
            let pixels = RgbImage::from_raw(side_px, side_px, pixels.to_vec1::<u8>().unwrap());
            FittedFrame {
                frame: FrameRef {
                    index,
                    pts_secs: index as f64 / 2.0,
                },
                pixels: pixels.expect("a frame of this size"),
            }
        })
        .collect()
}

/// The rows of `strategy` over all frames of a clip.
fn rows(
    tower_name: &str,
    clip: &[FittedFrame],
    strategy: &Strategy,
    compute: &Compute,
) -> Result<Tensor, String> {
    let file = model(tower_name);
    let tower = Tower::load(&file, compute).unwrap();
    let projector = Projector::load(&file, compute).unwrap();
    let chosen = Chosen {
        frames: clip.iter().map(|frame| frame.frame).collect(),
        duration_secs: 0.0,
        notices: Vec::new(),
    };
    let plan = plan(&chosen, strategy, tower.shape().geometry(&file).unwrap()).unwrap();
    let cancel = CancelToken::new();
    let no_text = |_: &str| -> Result<Tensor, LlavaError> { Err(LlavaError::EmptyPrompt) };
    let mut encoder = TowerEncoder::new(&file, &tower, &projector, &no_text, cancel.clone()).unwrap();
    let run = Run {
        batch_size: 3,
        cancel: &cancel,
        progress: &mut |_| {},
    };
    let rows = execute(&plan, &mut encoder, &mut NoCache, run, |wanted| {
        let frames = wanted.iter().map(|want| Ok(clip[want.index].clone()));
        frames.collect::<Vec<Result<FittedFrame, Infallible>>>()
    });
    let rows = rows.map_err(|error| error.to_string())?;
    Ok(Tensor::from_vec(rows.data, (rows.n_rows, rows.width), &Device::Cpu).unwrap())
}

#[test]
fn llava_onevision_equals_transformers_from_pixels_to_tokens() {
    let golden = golden("onevision");
    let strategy = VideoFamily::LlavaOnevision.recipe().strategy;
    for (path, compute) in computes() {
        let visual = rows("onevision-tower", &clip("onevision"), &strategy, &compute).unwrap();
        assert_eq!(visual.dim(0).unwrap(), 4 * 16 + 1, "one newline at the very end");
        let off = error(&visual, &golden["visual"]);
        assert!(off <= F32_ERROR, "{path}: rows are off by {off:e}");
        let decoder = Decoder::load(&model("onevision"), &compute).unwrap();
        let embed = |name: &str| decoder.embed(&ids(&golden[name])).unwrap();
        let prompt = Tensor::cat(&[&embed("before"), &visual, &embed("after")], 0).unwrap();
        let mut cache = cache(&decoder, 256, CacheType::F32);
        let logits = read(&decoder, &mut cache, &prompt, 32);
        let off = error(&logits, &golden["logits"]);
        assert!(off <= F32_ERROR, "{path}: logits are off by {off:e}");
        let tokens = ids(&golden["tokens"]);
        assert_eq!(tokens.len(), 64);
        // No choice of the reference is closer than a thousandth: to follow it is to make the same ones.
        follow_tokens(path, &decoder, &mut cache, &logits, &tokens, 0.0);
    }
}

#[test]
fn llava_next_video_pools_features_before_the_projector() {
    let wanted = &golden("next-video")["visual"];
    let strategy = VideoFamily::LlavaNextVideo.recipe().strategy;
    for (path, compute) in computes() {
        let ours = rows("tower-clip-f32", &clip("clip"), &strategy, &compute).unwrap();
        let off = error(&ours, wanted);
        assert!(off <= F32_ERROR, "{path}: rows are off by {off:e}");
    }
    // After it they are others: the test would see it.
    let Strategy::Pooled { mut pool, told, .. } = strategy else {
        panic!("it pools")
    };
    pool.stage = videre::visual::pool::PoolStage::After;
    let after = Strategy::Pooled {
        pool,
        newlines: Newlines::None,
        told,
    };
    let others = rows("tower-clip-f32", &clip("clip"), &after, &Compute::cpu()).unwrap();
    assert!(error(&others, wanted) > 0.01);
}

#[test]
fn a_pair_without_a_learned_newline_says_so() {
    let strategy = VideoFamily::LlavaOnevision.recipe().strategy;
    let error = rows("tower-clip-f32", &clip("clip"), &strategy, &Compute::cpu()).unwrap_err();
    assert_eq!(error, LlavaError::NoNewline.to_string());
}

#[test]
fn a_pair_is_of_the_family_that_its_mmproj_file_names() {
    let pair = Pair::of_files(
        &golden_path("onevision.gguf"),
        &golden_path("onevision-tower.gguf"),
    )
    .unwrap();
    assert_eq!(video_family(&pair), Some(VideoFamily::LlavaOnevision));
    let plain = Pair::of_files(
        &golden_path("llama-f32.gguf"),
        &golden_path("tower-clip-f32.gguf"),
    )
    .unwrap();
    assert_eq!(video_family(&plain), None);
    for family in VideoFamily::ALL {
        assert_eq!(VideoFamily::named(family.as_str()), Some(family));
        assert_eq!(
            serde_json::to_string(&family).unwrap(),
            format!("\"{}\"", family.as_str()),
            "one name in all files"
        );
    }
}
