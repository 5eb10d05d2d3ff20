//! The executor when it is cancelled, served from a cache, or given other frames than it asked for.

use std::cell::RefCell;
use std::collections::HashMap;

use videre::cancel::CancelToken;
use videre::visual::compose::plan;
use videre::visual::encoder::{FeatureCache, NoCache};
use videre::visual::execute::{ExecuteError, Run, execute};
use videre::visual::plan::ImageSource;
use videre::visual::preset::Preset;
use videre::visual::sampling::FrameRef;
use videre::visual::strategy::Strategy;

use super::naming::{Delivered, NamingEncoder, fitted, frames, run_with, small_tower};

/// Keeps what it is given, by what the image shows.
#[derive(Default)]
struct Remembered(HashMap<String, Vec<f32>>);

impl FeatureCache<Vec<f32>> for Remembered {
    fn lookup(&mut self, image: &ImageSource) -> Option<Vec<f32>> {
        self.0.get(&format!("{image:?}")).cloned()
    }

    fn store(&mut self, image: &ImageSource, features: &Vec<f32>) {
        self.0.insert(format!("{image:?}"), features.clone());
    }
}

#[test]
fn known_features_need_no_frames() {
    let plan = plan(
        &frames(20),
        &Preset::Balanced.strategy(small_tower()),
        small_tower(),
    )
    .unwrap();
    let mut cache = Remembered::default();
    let mut encoder = NamingEncoder::new(plan.geometry);
    let first = run_with(&plan, &mut encoder, &mut cache);
    assert_eq!(encoder.batches.iter().sum::<usize>(), 21);
    assert!(encoder.batches.iter().all(|n| *n <= 4), "{:?}", encoder.batches);

    let cancel = CancelToken::new();
    let run = Run {
        batch_size: 4,
        cancel: &cancel,
        progress: &mut |_| (),
    };
    let nobody_asks = |_: &[FrameRef]| -> Delivered { panic!("frames were asked for") };
    let again = execute(&plan, &mut encoder, &mut cache, run, nobody_asks).unwrap();
    assert_eq!(again, first);
    assert_eq!(
        encoder.batches.iter().sum::<usize>(),
        21,
        "nothing was encoded again"
    );
}

#[test]
fn cancelling_stops_between_frames_and_keeps_what_was_encoded() {
    let plan = plan(
        &frames(20),
        &Preset::Balanced.strategy(small_tower()),
        small_tower(),
    )
    .unwrap();
    let cancel = CancelToken::new();
    let asked = RefCell::new(Vec::new());
    let mut cache = Remembered::default();
    let run = Run {
        batch_size: 1,
        cancel: &cancel,
        progress: &mut |_| (),
    };
    let result = execute(
        &plan,
        &mut NamingEncoder::new(plan.geometry),
        &mut cache,
        run,
        |wanted| {
            let frames = wanted.to_vec();
            let (asked, cancel) = (&asked, &cancel);
            frames.into_iter().map(move |frame| {
                asked.borrow_mut().push(frame.index);
                if frame.index == 2 {
                    cancel.cancel();
                }
                fitted(&frame, 24)
            })
        },
    );
    assert!(matches!(result, Err(ExecuteError::Cancelled(_))));
    assert_eq!(
        *asked.borrow(),
        [0, 1, 2],
        "frames are pulled one by one, in the order of time"
    );
    assert_eq!(cache.0.len(), 2);
}

#[test]
fn frames_that_end_early_or_do_not_match_are_errors() {
    let plan = plan(&frames(6), &Strategy::EveryPatch, small_tower()).unwrap();
    let cancel = CancelToken::new();
    let give = |give: &dyn Fn(&[FrameRef]) -> Delivered| {
        let run = Run {
            batch_size: 4,
            cancel: &cancel,
            progress: &mut |_| (),
        };
        execute(
            &plan,
            &mut NamingEncoder::new(plan.geometry),
            &mut NoCache,
            run,
            give,
        )
        .unwrap_err()
    };
    let short = give(&|wanted| wanted[..3].iter().map(|frame| fitted(frame, 24)).collect());
    assert!(
        matches!(short, ExecuteError::FrameMissing { index: 3, .. }),
        "{short}"
    );
    let swapped = give(&|wanted| wanted.iter().rev().map(|frame| fitted(frame, 24)).collect());
    assert!(
        matches!(
            swapped,
            ExecuteError::WrongFrame {
                wanted: 0,
                got: 5,
                ..
            }
        ),
        "{swapped}"
    );
    let larger = give(&|wanted| wanted.iter().map(|frame| fitted(frame, 25)).collect());
    assert!(matches!(larger, ExecuteError::WrongFrame { .. }), "{larger}");
}
