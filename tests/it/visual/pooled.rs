//! Pooled and interleaved frames: values against torch and numpy (`tests/reference/pooling.py`), and what a plan says of
//! them.

use serde::Deserialize;
use videre::visual::compose::{PlanError, plan};
use videre::visual::encoder::NoCache;
use videre::visual::geometry::TowerGeometry;
use videre::visual::plan::{Op, Plan, RowSource};
use videre::visual::pool::{Pool, PoolOp, PoolSide, PoolStage};
use videre::visual::recipes::VideoFamily;
use videre::visual::sampling::{Chosen, FrameRef, Sampling, choose, duration_secs};
use videre::visual::strategy::{Newlines, Strategy};
use videre::visual::words::{FrameWords, Intro, Label, Told};

use super::naming::{NamingEncoder, frames, rows_of, run_with, small_tower};

#[derive(Deserialize)]
struct Case {
    op: String,
    side: Option<u32>,
    stride: Option<u32>,
    budget: Option<usize>,
    frames: Option<usize>,
    patches: u32,
    rows: Vec<f32>,
}

fn golden<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/visual")
        .join(name);
    let text = std::fs::read(path).expect("a golden file");
    serde_json::from_slice(&text).expect("JSON of this form")
}

fn tower(patches: u32) -> TowerGeometry {
    TowerGeometry::new(patches * 2, 2).expect("a tower")
}

/// The script's `grid`.
fn value(patch: f32) -> f32 {
    ((patch as u32 * 7919) % 1024) as f32 / 512.0 - 1.0
}

fn pooled(pool: Pool, newlines: Newlines) -> Strategy {
    Strategy::Pooled {
        pool,
        newlines,
        told: Told::KeyFrames,
    }
}

/// What the rows of the first frame come to, of patches that have the script's values.
fn worth(plan: &Plan) -> Vec<f32> {
    let of_patch = |patch: u32| value(patch as f32);
    let first = plan.rows.iter().filter(|row| row.image() == Some(0));
    let row = |row: &RowSource| {
        let values = plan.patches_of(row).into_iter().map(of_patch);
        match row {
            RowSource::Max { .. } => values.fold(f32::NEG_INFINITY, f32::max),
            RowSource::Blend { taps, .. } => values
                .zip(taps.as_slice())
                .map(|(value, tap)| value * tap.weight)
                .sum(),
            _ => values.clone().sum::<f32>() / values.count() as f32,
        }
    };
    first.map(row).collect()
}

#[test]
fn pooled_rows_are_those_of_torch() {
    let cases: Vec<Case> = golden("pooled.json");
    assert!(cases.len() > 20);
    for case in cases {
        let side = match (case.side, case.stride, case.budget) {
            (Some(side), ..) => PoolSide::Side(side),
            (_, Some(stride), _) => PoolSide::Stride(stride),
            (.., budget) => PoolSide::Budget(budget.unwrap()),
        };
        let op = match case.op.as_str() {
            "bilinear" => PoolOp::Bilinear,
            "max" => PoolOp::Max,
            _ => PoolOp::Mean,
        };
        for stage in [PoolStage::After, PoolStage::Before] {
            if stage == PoolStage::Before && op != PoolOp::Mean {
                continue;
            }
            let strategy = pooled(Pool { side, op, stage }, Newlines::None);
            let plan = plan(&frames(case.frames.unwrap_or(1)), &strategy, tower(case.patches)).unwrap();
            let got = worth(&plan);
            assert_eq!(got.len(), case.rows.len(), "{strategy:?} {}", case.patches);
            for (got, wanted) in got.iter().zip(&case.rows) {
                assert!(
                    (got - wanted).abs() <= 1e-5,
                    "{strategy:?} {}: {got} for {wanted}",
                    case.patches
                );
            }
        }
    }
}

#[test]
fn the_executor_blends_projected_patches_and_projects_pooled_features() {
    for (stage, op) in [
        (PoolStage::After, PoolOp::Bilinear),
        (PoolStage::Before, PoolOp::Mean),
        (PoolStage::After, PoolOp::Max),
    ] {
        let pool = Pool {
            side: PoolSide::Stride(2),
            op,
            stage,
        };
        let plan = plan(&frames(3), &pooled(pool, Newlines::None), small_tower()).unwrap();
        let rows = rows_of(&plan);
        assert_eq!(rows.len(), 3 * 36);
        // Patches 0, 1, 12 and 13 of the first frame; their mean is 6.5, the largest 13.
        let expected = if op == PoolOp::Max { 13.0 } else { 6.5 };
        assert_eq!(rows[0], (0.0, expected), "{op:?}");
        assert_eq!(rows[36 + 35], (1.0, expected + 130.0), "{op:?}");
    }
}

#[test]
fn seven_rows_of_patches_are_blended_to_four() {
    let plan = plan(
        &frames(1),
        &pooled(Pool::by_stride(2, PoolOp::Bilinear), Newlines::None),
        tower(7),
    )
    .unwrap();
    assert_eq!(plan.counts().total, 16);
    let RowSource::Blend { taps, .. } = &plan.rows[0] else {
        panic!("{:?}", plan.rows[0])
    };
    // 7 / 4 * 0.5 - 0.5 = 0.375 of the second in each direction.
    let weights: Vec<f32> = taps.as_slice().iter().map(|tap| tap.weight).collect();
    assert_eq!(weights, [0.390_625, 0.234_375, 0.234_375, 0.140_625]);
    assert_eq!(weights.iter().sum::<f32>(), 1.0);
    let provenance = plan.provenance(0);
    assert_eq!(provenance.op, Op::Blend);
    let rect = provenance.regions[0].rect;
    assert_eq!((rect.left, rect.top), (0.0, 0.0));
    assert!(
        (rect.right - 2.0 / 7.0).abs() < 1e-9,
        "two patches make it: {rect:?}"
    );
    assert_eq!(plan.used_patches(0).len(), 49);
}

#[test]
fn newlines_stand_where_they_are_asked_for() {
    let count = |newlines| {
        let plan = plan(
            &frames(5),
            &pooled(Pool::by_stride(2, PoolOp::Mean), newlines),
            small_tower(),
        )
        .unwrap();
        let places: Vec<usize> = (0..plan.rows.len())
            .filter(|&row| plan.rows[row] == RowSource::Newline)
            .collect();
        assert_eq!(places.len(), plan.counts().newline);
        (plan.counts().total, places[..places.len().min(2)].to_vec())
    };
    assert_eq!(count(Newlines::None), (180, vec![]));
    assert_eq!(count(Newlines::Row), (180 + 30, vec![6, 13]));
    assert_eq!(count(Newlines::Frame), (180 + 5, vec![36, 73]));
    assert_eq!(count(Newlines::End), (181, vec![180]));
}

#[test]
fn families_get_the_numbers_that_their_papers_have() {
    let of = |family: VideoFamily, tower: TowerGeometry| {
        let recipe = family.recipe();
        let pts: Vec<f64> = (0..3000).map(|index| f64::from(index) / 30.0).collect();
        let chosen = choose(&pts, None, &recipe.sampling).unwrap();
        let plan = plan(&chosen, &recipe.strategy, tower).unwrap();
        (plan.chosen.len(), plan.counts().total)
    };
    let siglip = TowerGeometry::SIGLIP_384;
    assert_eq!(of(VideoFamily::LlavaOnevision, siglip), (32, 32 * 196 + 1));
    assert_eq!(of(VideoFamily::LlavaVideo, siglip), (64, 64 * 210));
    assert_eq!(of(VideoFamily::LlavaNextInterleave, siglip), (16, 16 * 729));
    assert_eq!(
        of(VideoFamily::LlavaNextVideo, TowerGeometry::CLIP_L_336),
        (32, 32 * 144)
    );
    let plain = pooled(Pool::to_side(12, PoolOp::Mean), Newlines::None);
    let pllava = plan(&frames(16), &plain, TowerGeometry::CLIP_L_336).unwrap();
    assert_eq!(pllava.counts().total, 2304);
    let rows = pooled(Pool::by_stride(2, PoolOp::Mean), Newlines::Row);
    let next_image = plan(&frames(16), &rows, TowerGeometry::CLIP_L_336).unwrap();
    assert_eq!(next_image.counts().total, 2496);
}

#[test]
fn an_estimate_of_a_family_is_never_below_the_rows_of_its_plan() {
    for family in VideoFamily::ALL {
        let recipe = family.recipe();
        for n_frames in [1, 7, recipe.n_frames] {
            let tower = TowerGeometry::SIGLIP_384;
            let plan = plan(&frames(n_frames), &recipe.strategy, tower).unwrap();
            let estimate = recipe.n_tokens(tower, n_frames);
            assert!(estimate >= plan.counts().total, "{family:?}: {estimate}");
        }
    }
}

#[test]
fn llava_video_is_told_the_times_of_its_frames() {
    let strategy = VideoFamily::LlavaVideo.recipe().strategy;
    let plan = plan(&frames(3), &strategy, TowerGeometry::SIGLIP_384).unwrap();
    assert_eq!(
        plan.sentence.as_deref(),
        Some(
            "\nThe video lasts for 1.50 seconds, and 3 frames are uniformly sampled from it. These frames are located at \
             0.00s,0.50s,1.00s.Please answer the following questions related to this video.\n"
        )
    );
}

#[test]
fn words_between_frames_are_one_text_and_those_outside_belong_to_the_prompt() {
    let words = FrameWords {
        intro: Intro::Series,
        label: Label::Clock,
        before: "<a>".to_owned(),
        after: "<b>".to_owned(),
        outro: "\n\n".to_owned(),
    };
    let strategy = Strategy::Interleaved {
        pool: None,
        words,
        told: Told::Nothing,
    };
    let mut chosen = frames(2);
    chosen.frames[1].pts_secs = 65.9;
    chosen.duration_secs = 3671.5;
    let plan = plan(&chosen, &strategy, small_tower()).unwrap();
    let texts: Vec<&str> = plan.texts().collect();
    assert_eq!(
        texts,
        [
            "You are provided the following series of two frames from a 1:01:11 [H:MM:SS] video.\n\nFrame from 00:00:<a>",
            "<b>\nFrame from 01:05:<a>",
            "<b>\n\n",
            "",
        ]
    );
    let n_pictures = plan.counts().total;
    let (inner, around) = plan.into_inner();
    assert_eq!(
        inner.rows.len(),
        n_pictures + 1,
        "one text is left between the frames"
    );
    assert!(around.before.ends_with("00:00:<a>"));
    assert_eq!(
        (around.after.as_str(), around.sentence.as_deref()),
        ("<b>\n\n", Some(""))
    );
    let mut encoder = NamingEncoder::new(inner.geometry);
    let rows = run_with(&inner, &mut encoder, &mut NoCache);
    assert_eq!(rows.n_rows, n_pictures + "<b>\nFrame from 01:05:<a>".len());
}

#[test]
fn every_frame_can_be_named_by_its_time_or_number() {
    let texts = |label| {
        let strategy = Strategy::Interleaved {
            pool: Some(Pool::by_stride(12, PoolOp::Mean)),
            words: FrameWords::labelled(label),
            told: Told::KeyFrames,
        };
        let plan = plan(&frames(2), &strategy, small_tower()).unwrap();
        plan.texts().map(str::to_owned).collect::<Vec<String>>()
    };
    assert_eq!(texts(Label::Seconds), ["t = 0.00s: ", "t = 0.50s: "]);
    assert_eq!(texts(Label::Number), ["Frame1: ", "Frame2: "]);
    assert!(texts(Label::None).is_empty());
}

#[test]
fn pools_that_make_no_sense_are_refused() {
    let refused = |pool: Pool| {
        let error = plan(&frames(2), &pooled(pool, Newlines::None), small_tower()).unwrap_err();
        assert!(matches!(error, PlanError::BadPool { .. }), "{error}");
    };
    refused(Pool::by_stride(0, PoolOp::Mean));
    refused(Pool::by_stride(13, PoolOp::Mean));
    refused(Pool::to_side(0, PoolOp::Max));
    refused(Pool::to_side(13, PoolOp::Bilinear));
    refused(Pool::within(1));
    refused(Pool {
        stage: PoolStage::Before,
        ..Pool::by_stride(2, PoolOp::Max)
    });
}

#[test]
fn a_pool_is_refined_within_what_can_be_done() {
    let mut pool = Pool::by_stride(2, PoolOp::Mean);
    pool.refine(Some(PoolSide::Budget(3200)), None);
    assert_eq!(pool, Pool::within(3200), "the whole rule");
    pool.refine(None, Some(PoolOp::Bilinear));
    assert_eq!((pool.op, pool.stage), (PoolOp::Bilinear, PoolStage::After));
}

#[derive(Deserialize)]
struct Sampled {
    total: usize,
    fps: f64,
    frames: usize,
    indices: Vec<usize>,
}

#[test]
fn frame_loaders_choose_what_numpy_and_transformers_choose() {
    let cases: std::collections::BTreeMap<String, Vec<Sampled>> = golden("video-samplers.json");
    assert_eq!(cases.len(), 4);
    for (name, cases) in cases {
        for case in cases {
            let pts: Vec<f64> = (0..case.total).map(|index| index as f64 / case.fps).collect();
            let n = case.frames;
            let sampling = match name.as_str() {
                "linspace" => Sampling::Linspace { n_frames: n },
                "every-second" => Sampling::EverySecond { max_frames: n },
                "seconds-inside" => Sampling::SecondsInside { max_frames: n },
                _ => Sampling::Middles { n_frames: n },
            };
            let Chosen { frames, .. } = choose(&pts, None, &sampling).unwrap();
            let got: Vec<usize> = frames.iter().map(|frame: &FrameRef| frame.index).collect();
            assert_eq!(got, case.indices, "{name}: {n} of {} at {}", case.total, case.fps);
        }
    }
}

#[test]
fn a_clip_runs_as_long_as_its_own_pace_says_to_the_last_bit() {
    let paces = [10.0, 15.0, 24.0, 25.0, 30.0, 50.0, 60.0];
    let ntsc = [24_000.0 / 1001.0, 30_000.0 / 1001.0, 60_000.0 / 1001.0];
    // Time stamps as a container keeps them: exactly, or in milliseconds, which hide for two seconds whether it is 30 or 29.97.
    let exactly = |secs: f64| secs;
    let in_millis = |secs: f64| (secs * 1e3).round() / 1e3;
    for fps in paces.into_iter().chain(ntsc) {
        for (kept, fewest) in [
            (&exactly as &dyn Fn(f64) -> f64, 2),
            (&in_millis, (2.1 * fps) as u32),
        ] {
            for n_frames in fewest..1500 {
                let pts_secs: Vec<f64> = (0..n_frames).map(|i| kept(f64::from(i) / fps)).collect();
                let found = duration_secs(&pts_secs);
                assert_eq!(found, f64::from(n_frames) / fps, "{n_frames} at {fps}");
            }
        }
    }
    // What is near no such pace stays what it is.
    let odd: Vec<f64> = (0..100).map(|i| f64::from(i) * 0.0437).collect();
    assert!((duration_secs(&odd) - 4.37).abs() < 1e-9);
}
