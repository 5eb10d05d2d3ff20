//! A pair of a family that was trained on videos, from a file to an answer: its own way, pooled rows, words between frames.

use std::path::Path;

use tempfile::TempDir;
use videre::cancel::CancelToken;
use videre::engine::{
    DeviceName, Engine, ModelFacts, ModelName, Preselection, Refinement, Selection, SelectionError, Update,
    VideoSetup, own_way,
};
use videre::question::PromptForm;
use videre::visual::family::{ImageMarkers, ModelFamily};
use videre::visual::geometry::TowerGeometry;
use videre::visual::pool::PoolSide;
use videre::visual::preprocess::Fit;
use videre::visual::preset::{Preset, PresetName};
use videre::visual::recipes::VideoFamily;
use videre::visual::sampling::Sampling;
use videre::visual::strategy::{Newlines, Strategy, StrategyName};
use videre::visual::words::Label;

use super::{Seen, ask_meanwhile, local, open, question};

/// Frames that the little pair's context has room for.
const FEW: usize = 6;

/// The pair that transformers was compared with (`tests/reference/videos.py`): its mmproj file names the family.
fn onevision() -> ModelName {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/llava");
    ModelName::Named {
        model: golden.join("onevision.gguf").into_os_string(),
        mmproj: Some(golden.join("onevision-tower.gguf").into_os_string()),
    }
}

struct Ready {
    _folder: TempDir,
    engine: Engine,
    facts: ModelFacts,
    geometry: TowerGeometry,
}

impl Ready {
    fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let engine = local(folder.path());
        let facts = engine
            .load(&onevision(), DeviceName::Cpu, &CancelToken::new(), &mut |_| {})
            .expect("the pair loads");
        let geometry = TowerGeometry::new(facts.side_px, facts.patch_px).expect("a tower's geometry");
        Self {
            _folder: folder,
            engine,
            facts,
            geometry,
        }
    }

    fn setup(&self, selection: &Selection) -> VideoSetup {
        let own = own_way(&self.facts, self.geometry);
        let setting = selection.settle(self.geometry, own, || unreachable!("a preset is named"));
        let plan = open(&self.engine).plan(&setting.expect("it has a meaning"));
        VideoSetup {
            model: onevision(),
            device: DeviceName::Cpu,
            facts: self.facts.clone(),
            plan: plan.expect("the sample has frames"),
            form: PromptForm::Chat,
            tell_times: false,
            max_prefix_bytes: 0,
        }
    }

    /// What came of a question, and the words that were read.
    fn ask(&self, setup: &VideoSetup) -> (Seen, String) {
        let mut words = String::new();
        let seen = ask_meanwhile(
            &self.engine,
            setup,
            question("What is it?"),
            &CancelToken::new(),
            &mut |update| {
                if let Update::Prompt(prompt) = update {
                    words.clone_from(&prompt.text);
                }
            },
        );
        (seen, words)
    }
}

fn own() -> Selection {
    Selection {
        preset: PresetName::Own,
        sampling: Some(Sampling::Uniform { n_frames: FEW }),
        ..Selection::default()
    }
}

fn interleaved(label: Label) -> Selection {
    Selection {
        strategy: Some(StrategyName::Interleaved),
        refinements: vec![Refinement::PoolSide(PoolSide::Side(1)), Refinement::Label(label)],
        ..own()
    }
}

#[test]
fn a_model_is_shown_a_video_its_own_way() {
    let ready = Ready::new();
    assert_eq!(ready.facts.family, Some(VideoFamily::LlavaOnevision));
    let setup = ready.setup(&own());
    let indices: Vec<usize> = setup.plan.chosen.iter().map(|frame| frame.index).collect();
    let last = open(&ready.engine).pts_secs.len() - 1;
    assert_eq!(
        (indices[0], indices[FEW - 1]),
        (0, last),
        "its own loader, from end to end"
    );
    let (seen, words) = ready.ask(&setup);
    assert_eq!(seen.answer().tokens.visual, FEW * 16 + 1);
    assert_eq!(seen.answer().n_encoded_images, FEW);
    assert!(
        words.contains("<image>\nWhat is it?"),
        "no sentence of ours: {words}"
    );
    let (again, _) = ready.ask(&setup);
    assert_eq!((again.answer().n_encoded_images, again.said()), (0, seen.said()));
}

#[test]
fn words_between_frames_are_read_as_words() {
    let ready = Ready::new();
    let (bare, _) = ready.ask(&ready.setup(&interleaved(Label::None)));
    let setup = ready.setup(&interleaved(Label::Clock));
    let (named, words) = ready.ask(&setup);
    let (bare, named) = (bare.answer().tokens, named.answer().tokens);
    assert_eq!((bare.visual, named.visual), (FEW, FEW), "a row of each frame");
    // The little vocabulary has a token for each letter of a label but for "in" and the like.
    let n_letters = FEW * "\nFrame from 00:00:".len();
    let n_more = named.prompt - bare.prompt;
    assert!(
        (n_letters / 2..=n_letters).contains(&n_more),
        "{n_more} tokens of {n_letters} letters"
    );
    assert!(words.contains("\nFrame from 00:00:<image>"), "{words}");

    let foreseen = ready.engine.foresee(
        &open(&ready.engine),
        &onevision(),
        &[&setup.plan, &ready.setup(&own()).plan],
        Vec::new(),
        24,
        &CancelToken::new(),
    );
    let foreseen = foreseen.expect("its headers are read");
    assert_eq!(foreseen.n_words[0], foreseen.n_fixed);
    // What was asked had words of its own.
    assert!(named.prompt > foreseen.n_fixed && named.prompt < foreseen.n_fixed + 16);
    assert!(
        foreseen.n_words[1] < foreseen.n_words[0],
        "its own way has no words between frames"
    );
}

#[test]
fn a_model_that_was_never_trained_on_videos_has_no_own_way() {
    let error = own().settle(TowerGeometry::CLIP_L_336, None, || {
        unreachable!("a preset is named")
    });
    assert_eq!(error, Err(SelectionError::NoOwnWay));
}

#[test]
fn the_own_way_is_chosen_with_as_many_frames_as_context_and_patience_allow() {
    let ready = Ready::new();
    let of = |encode_secs: f64, read_secs: f64, n_context: usize| {
        let facts = ModelFacts {
            encode_secs,
            read_secs,
            n_context,
            ..ready.facts.clone()
        };
        let chosen = Preselection::of(&facts, TowerGeometry::SIGLIP_384);
        let Preset::Own { family, n_frames } = chosen.preset else {
            panic!("{chosen:?}")
        };
        assert_eq!(family, VideoFamily::LlavaOnevision);
        (n_frames, chosen.reason)
    };
    let (n_frames, reason) = of(0.1, 0.001, 32768);
    assert_eq!(n_frames, 32);
    assert_eq!(reason, "LLaVA-OneVision was trained to see videos this way");
    // 32 x 196 rows and more do not fit; 18 frames do.
    assert_eq!(of(0.1, 0.001, 4096).0, 18);
    // 32 frames would take 90 seconds.
    assert_eq!(of(1.0, 0.01, 32768).0, 16);
    assert_eq!(of(60.0, 1.0, 32768).0, 4, "fewer are no video");
    let Some(Preset::Own { n_frames, .. }) = own_way(&ready.facts, ready.geometry) else {
        panic!("it is of a family")
    };
    assert_eq!(n_frames, 1, "a context of 512 positions has no room for more");
}

#[test]
fn frames_are_cut_to_the_middle_where_a_family_was_trained_so() {
    let ready = Ready::new();
    let preset = Preset::Own {
        family: VideoFamily::LlavaNextVideo,
        n_frames: 4,
    };
    let setting = Selection {
        preset: PresetName::Own,
        ..Selection::default()
    }
    .settle(ready.geometry, Some(preset), || unreachable!("a preset is named"));
    let plan = open(&ready.engine)
        .plan(&setting.expect("it has a meaning"))
        .expect("it has frames");
    assert_eq!((plan.fit, plan.recipe().fit), (Fit::Crop, Fit::Crop));
}

#[test]
fn frames_one_by_one_stand_between_the_marks_of_the_models_own_way() {
    let own = Preset::Own {
        family: VideoFamily::SmolVlm2,
        n_frames: 8,
    };
    let selection = Selection {
        preset: PresetName::Fast,
        strategy: Some(StrategyName::Interleaved),
        refinements: vec![Refinement::Label(Label::Clock)],
        ..Selection::default()
    };
    let words = |own| {
        let setting = selection.settle(TowerGeometry::SIGLIP_384, own, || {
            unreachable!("a preset is named")
        });
        match setting.expect("it has a meaning").strategy {
            Strategy::Interleaved { words, .. } => words,
            other => panic!("{other:?}"),
        }
    };
    let ImageMarkers { before, after } = ModelFamily::SmolVlm.markers();
    let marked = words(Some(own));
    assert_eq!(
        (marked.label, marked.before, marked.after),
        (Label::Clock, before, after)
    );
    assert_eq!(
        words(None).before,
        "",
        "a model that was not trained on videos has none"
    );
}

#[test]
fn a_newline_that_the_model_has_not_is_refused_before_anything_is_decoded() {
    let selection = Selection {
        preset: PresetName::Fast,
        strategy: Some(StrategyName::Pooled),
        refinements: vec![Refinement::Newlines(Newlines::Row)],
        ..Selection::default()
    };
    let setting = selection
        .settle(TowerGeometry::SIGLIP_384, None, || {
            unreachable!("a preset is named")
        })
        .expect("it has a meaning");
    assert_eq!(setting.clone().on_model(true).as_ref(), Ok(&setting));
    assert_eq!(setting.on_model(false), Err(SelectionError::NoNewline));
    let facts = ModelFacts {
        has_newline: false,
        n_context: 32768,
        ..Ready::new().facts
    };
    let chosen = Preselection::of(&facts, TowerGeometry::SIGLIP_384).preset;
    assert!(
        !matches!(chosen, Preset::Own { .. }),
        "OneVision's own way ends with one"
    );
}
