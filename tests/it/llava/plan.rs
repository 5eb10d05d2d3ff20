//! A whole plan through the real tower: from the pictures of a little clip to the rows that the language model reads.

use std::convert::Infallible;

use candle_core::{Device, Tensor};
use image::RgbImage;
use videre::cancel::CancelToken;
use videre::llava::{LlavaError, Projector, Tower, TowerEncoder};
use videre::visual::compose::plan;
use videre::visual::encoder::NoCache;
use videre::visual::execute::{FittedFrame, Run, execute};
use videre::visual::sampling::{Chosen, FrameRef};
use videre::visual::strategy::{Cells, Order, Strategy};

use super::{F32_ERROR, computes, error, golden, model};

const SIDE_PX: u32 = 48;

fn clip() -> Vec<FittedFrame> {
    let frames = &golden("clip")["frames"];
    (0..6)
        .map(|index| {
            let bytes = frames
                .get(index)
                .unwrap()
                .flatten_all()
                .unwrap()
                .to_vec1::<u8>()
                .unwrap();
            let pixels = RgbImage::from_raw(SIDE_PX, SIDE_PX, bytes).expect("a frame of this size");
            FittedFrame {
                frame: FrameRef {
                    index,
                    pts_secs: index as f64 / 2.0,
                },
                pixels,
            }
        })
        .collect()
}

#[test]
fn sampled_rows_and_a_thumbnail_equal_the_reference_from_pixels_on() {
    let clip = clip();
    let chosen = Chosen {
        frames: clip.iter().map(|frame| frame.frame).collect(),
        duration_secs: 0.0,
        notices: Vec::new(),
    };
    let strategy = Strategy::ThumbnailAndSampled {
        n_thumbnails: 1,
        cells: Cells::in_time(6),
        n_sampled: 24,
        order: Order::SampledFirst,
    };
    let no_text = |_: &str| -> Result<Tensor, LlavaError> { Err(LlavaError::EmptyPrompt) };
    for name in ["tower-clip-f32", "tower-siglip-f32", "tower-internvl-f32"] {
        for (path, compute) in computes() {
            let file = model(name);
            let tower = Tower::load(&file, &compute).unwrap();
            let projector = Projector::load(&file, &compute).unwrap();
            let plan = plan(&chosen, &strategy, tower.shape().geometry(&file).unwrap()).unwrap();
            let mut encoder =
                TowerEncoder::new(&file, &tower, &projector, &no_text, CancelToken::new()).unwrap();
            let cancel = CancelToken::new();
            let run = Run {
                batch_size: 4,
                cancel: &cancel,
                progress: &mut |_| {},
            };
            let rows = execute(&plan, &mut encoder, &mut NoCache, run, |wanted| {
                let frames: Vec<Result<FittedFrame, Infallible>> =
                    wanted.iter().map(|want| Ok(clip[want.index].clone())).collect();
                frames
            })
            .unwrap();
            let ours = Tensor::from_vec(rows.data, (rows.n_rows, rows.width), &Device::Cpu).unwrap();
            let error = error(&ours, &golden(name)["projected"]);
            assert!(error <= F32_ERROR, "{name} {path}: error {error:e}");
        }
    }
}
