//! The bundled clip from the file to the rows that the language model reads: `tests/reference/real_clip.py` made the
//! golden values with the `ffmpeg` program, Pillow and transformers.

use std::ops::ControlFlow;
use std::path::Path;

use candle_core::{Device, Tensor};
use videre::cancel::CancelToken;
use videre::llava::{LlavaError, Projector, Tower, TowerEncoder};
use videre::media::{Limits, MediaError, Video};
use videre::visual::compose::plan;
use videre::visual::encoder::NoCache;
use videre::visual::execute::{FittedFrame, Run, execute};
use videre::visual::plan::RowSource;
use videre::visual::preprocess::{Fit, fit};
use videre::visual::preset::Preset;
use videre::visual::sampling::choose;

use super::{F32_ERROR, error, golden, ids, model};

#[test]
fn the_tokens_of_a_real_clip_are_those_of_the_reference() {
    let golden = golden("real-clip");
    let file = model("tower-clip-f32");
    let compute = videre::llava::Compute::cpu();
    let tower = Tower::load(&file, &compute).unwrap();
    let projector = Projector::load(&file, &compute).unwrap();
    let geometry = tower.shape().geometry(&file).unwrap();

    let cancel = CancelToken::new();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample.mp4");
    let mut video = Video::open(&path, &Limits::default(), &cancel).unwrap();
    let index = video.index(&mut |_| {}, &cancel).unwrap();
    let pts_secs: Vec<f64> = (0..index.len()).map(|frame| index.pts_secs(frame)).collect();
    let chosen = choose(&pts_secs, None, &Preset::Paper.sampling()).unwrap();
    let indices: Vec<u32> = chosen.frames.iter().map(|frame| frame.index as u32).collect();
    assert_eq!(indices, ids(&golden["chosen"]), "the same frames");

    let plan = plan(&chosen, &Preset::Paper.strategy(geometry), geometry).unwrap();
    let n_patches = geometry.n_patches();
    // Images stand in the plan as they are first read; the reference counts frames in time and then the thumbnail.
    let place_of = |image: usize| match plan.images[image].frames() {
        [frame] => indices
            .iter()
            .position(|&index| index as usize == frame.index)
            .expect("a chosen frame") as u32,
        _ => indices.len() as u32,
    };
    let picked: Vec<u32> = (plan.rows.iter())
        .map(|row| match row {
            RowSource::Patch { image, patch } => place_of(*image as usize) * n_patches + patch,
            other => panic!("{other:?} is no patch"),
        })
        .collect();
    assert_eq!(
        picked,
        ids(&golden["picked"]),
        "the same patches in the same order"
    );

    let no_text = |_: &str| -> Result<Tensor, LlavaError> { Err(LlavaError::EmptyPrompt) };
    let mut encoder = TowerEncoder::new(&file, &tower, &projector, &no_text, cancel.clone()).unwrap();
    let run = Run {
        batch_size: 1,
        cancel: &cancel,
        progress: &mut |_| {},
    };
    let rows = execute(&plan, &mut encoder, &mut NoCache, run, |wanted| {
        let indices: Vec<usize> = wanted.iter().map(|frame| frame.index).collect();
        let mut frames: Vec<Result<FittedFrame, MediaError>> = Vec::new();
        video
            .frames(&indices, &cancel, &mut |frame| {
                let at = wanted[frames.len()];
                assert_eq!((at.index, at.pts_secs), (frame.index, frame.pts_secs));
                frames.push(Ok(FittedFrame {
                    frame: at,
                    pixels: fit(&frame.image, Fit::Squash, geometry.side_px()).unwrap(),
                }));
                ControlFlow::Continue(())
            })
            .unwrap();
        frames
    })
    .unwrap();
    let ours = Tensor::from_vec(rows.data, (rows.n_rows, rows.width), &Device::Cpu).unwrap();
    let error = error(&ours, &golden["projected"]);
    assert!(error <= F32_ERROR, "error {error:e}");
}
