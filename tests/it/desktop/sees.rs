//! Plans as the page gets them: what they cost, where their tokens lie, and their very pixels.

use videre::api::window::{
    AskRequest, PlanImageKind, PlanRequest, PlanView, PresetName, Range, StrategyName,
};
use videre::cancel::CancelToken;
use videre::desktop::Desktop;
use videre::media::{Limits, Video};
use videre::visual::preprocess::{Fit, fit};
use videre::visual::sampling::FrameRef;

use super::{clip, desktop, folder};
use crate::engine::tiny_pair;

fn go() -> CancelToken {
    CancelToken::new()
}

fn request(video: &str, preset: PresetName) -> PlanRequest {
    PlanRequest {
        video: video.to_owned(),
        preset,
        strategy: None,
        range: None,
        pinned: vec![],
        removed: vec![],
        only_frame: None,
    }
}

fn opened(folder: &std::path::Path) -> (Desktop, String) {
    let desktop = desktop(folder);
    let info = desktop
        .open_file(&clip(folder, "a.mp4"), &go(), &mut |_| {})
        .expect("the clip opens");
    (desktop, info.id)
}

fn plan(desktop: &Desktop, request: &PlanRequest) -> PlanView {
    desktop.plan(request, None, &go()).expect("there is a plan")
}

fn load_tiny(desktop: &Desktop) {
    let model = desktop.picked_model(&[tiny_pair().to_owned()], &go());
    assert_eq!(model.refusal, None);
    desktop.load_model(&model.id, &go()).expect("the pair loads");
}

#[test]
fn a_plan_is_for_the_embedded_model_while_no_other_is_loaded() {
    let folder = folder();
    let (desktop, video) = opened(folder.path());
    let auto = plan(&desktop, &request(&video, PresetName::Auto));
    assert_eq!((auto.side_px, auto.patch_px), (144, 12));
    assert!(
        auto.reason.is_some_and(|reason| reason.ends_with('.')),
        "why, in a sentence"
    );
    assert_eq!(auto.cost.refusal, None);
    assert_eq!(auto.tokens.len(), auto.counts.total);
    assert_eq!(auto.places.len(), auto.tokens.len());
    assert_eq!(auto.cost.n_tokens, auto.counts.total);
    let context = auto.context;
    assert!(context.n_fixed > 0 && context.n_chat == 0 && context.n_reserve > 0);
    assert_eq!(
        auto.cost.n_free,
        context.n_positions - context.n_fixed - context.n_reserve - auto.counts.total
    );
    let presets: Vec<_> = auto
        .offers
        .iter()
        .filter(|offer| offer.strategy.is_none())
        .collect();
    assert_eq!(presets.len(), 5);
    let strategies = auto.offers.iter().filter(|offer| offer.strategy.is_some());
    assert_eq!(strategies.count(), 9);
    let frame = presets
        .iter()
        .find(|offer| offer.preset == PresetName::Frame)
        .expect("it is offered");
    assert_eq!((frame.n_frames, frame.cost.n_tokens), (1, 144));
    assert!(frame.cost.first_answer_secs > 0.0);
}

#[test]
fn every_token_lies_in_a_picture_that_shows_its_frame() {
    let folder = folder();
    let (desktop, video) = opened(folder.path());
    let view = plan(&desktop, &request(&video, PresetName::Balanced));
    let side = view.side_px / view.patch_px;
    for (token, place) in view.tokens.iter().zip(&view.places) {
        let place = place.expect("every token of this plan is a patch");
        let image = &view.images[place.image];
        let [left, top, right, bottom] = place.rect;
        assert!(left < right && top < bottom && right <= side && bottom <= side);
        assert!(
            token
                .frames
                .iter()
                .all(|index| image.frames.iter().any(|frame| frame.index == *index)),
            "{token:?} in {image:?}"
        );
    }
    let thumbnail = view.images.last().expect("there is one");
    assert_eq!(thumbnail.kind, PlanImageKind::Thumbnail);
    assert_eq!(
        thumbnail.frames.len() as u32,
        thumbnail.n_columns * thumbnail.n_rows
    );
}

/// Decoded and fitted here, by the functions that the model's path calls.
fn square(path: &std::path::Path, frame: FrameRef, side_px: u32) -> image::RgbImage {
    let mut video = Video::open(path, &Limits::default(), &go()).expect("it opens");
    let decoded = video.frame(frame.index, &go()).expect("it decodes");
    fit(&decoded.image, Fit::Squash, side_px).expect("it fits")
}

#[test]
fn pictures_of_a_plan_are_the_pixels_that_enter_the_tower() {
    let folder = folder();
    let (desktop, video) = opened(folder.path());
    let view = plan(&desktop, &request(&video, PresetName::Balanced));
    let picture = |image: usize| {
        let shown = desktop.plan_picture(&view.id, image, &go()).expect("it is drawn");
        assert_eq!(shown.info.mime, "image/png");
        image::load_from_memory(&shown.bytes)
            .expect("it is a PNG")
            .into_rgb8()
    };
    let path = folder.path().join("a.mp4");
    for at in [0, 5] {
        let expected = square(&path, view.images[at].frames[0], view.side_px);
        assert!(picture(at) == expected, "picture {at}");
    }
    let last = view.images.len() - 1;
    let thumbnail = picture(last);
    assert_eq!(thumbnail.dimensions(), (view.side_px, view.side_px));
    // A cell is the mean of what it covers: the whole cell's mean is that of the frame.
    let cells = &view.images[last];
    let (width, height) = (view.side_px / cells.n_columns, view.side_px / cells.n_rows);
    let mean = |picture: &image::RgbImage| {
        let sum: u64 = picture.as_raw().iter().map(|&level| u64::from(level)).sum();
        sum as f64 / picture.as_raw().len() as f64
    };
    for (at, frame) in cells.frames.iter().enumerate() {
        let (row, col) = (at as u32 / cells.n_columns, at as u32 % cells.n_columns);
        let cell = image::imageops::crop_imm(&thumbnail, col * width, row * height, width, height).to_image();
        let whole = square(&path, *frame, view.side_px);
        assert!((mean(&cell) - mean(&whole)).abs() < 0.5, "cell {at}");
    }
    let error = desktop
        .plan_picture(&view.id, 999, &go())
        .expect_err("there is none");
    assert!(error.message.contains("picture"), "{}", error.message);
}

#[test]
fn the_eight_latest_plans_keep_their_pictures() {
    let folder = folder();
    let (desktop, video) = opened(folder.path());
    let of = |frame: usize| {
        let one = PlanRequest {
            only_frame: Some(frame),
            ..request(&video, PresetName::Auto)
        };
        plan(&desktop, &one).id
    };
    let ids: Vec<String> = (0..9).map(of).collect();
    assert!(desktop.plan_picture(&ids[0], 0, &go()).is_err());
    for id in &ids[1..] {
        assert!(desktop.plan_picture(id, 0, &go()).is_ok());
    }
    assert_eq!(of(8), ids[8], "the same pictures have the same name");
}

#[test]
fn what_cannot_be_run_says_why_in_its_cost() {
    let folder = folder();
    let (desktop, video) = opened(folder.path());
    let usual = plan(&desktop, &request(&video, PresetName::Fast));
    let nothing = PlanRequest {
        removed: usual.frames.iter().map(|frame| frame.index).collect(),
        ..request(&video, PresetName::Fast)
    };
    let refused = plan(&desktop, &nothing);
    assert!(refused.frames.is_empty() && refused.tokens.is_empty());
    let why = refused.cost.refusal.expect("it says why");
    assert!(why.contains("taken out") && why.ends_with('.'), "{why}");
    let outside = PlanRequest {
        range: Some(Range {
            start_secs: 900.0,
            end_secs: 901.0,
        }),
        ..request(&video, PresetName::Fast)
    };
    assert!(plan(&desktop, &outside).cost.refusal.is_some());
    let too_many = PlanRequest {
        strategy: Some(StrategyName::EveryPatch),
        ..request(&video, PresetName::Paper)
    };
    let refused = plan(&desktop, &too_many);
    assert!(!refused.tokens.is_empty(), "it can be looked at");
    assert!(refused.cost.refusal.expect("it says why").contains("7200 tokens"));
}

#[test]
fn what_is_kept_is_taken_off_and_earlier_turns_are_counted() {
    let folder = folder();
    let (desktop, video) = opened(folder.path());
    load_tiny(&desktop);
    let wanted = request(&video, PresetName::Balanced);
    let before = plan(&desktop, &wanted);
    assert!(before.images.iter().all(|image| !image.is_encoded));
    desktop
        .prepare(&wanted, &go(), &mut |_| {})
        .expect("it is prepared");
    let after = plan(&desktop, &wanted);
    assert!(after.images.iter().all(|image| image.is_encoded));
    assert!(after.cost.first_answer_secs < before.cost.first_answer_secs);
    assert!(after.cost.memory_bytes <= before.cost.memory_bytes);
    let chat = desktop
        .new_chat(&video, std::time::SystemTime::now())
        .expect("it is made");
    let ask = AskRequest {
        chat: chat.id.clone(),
        question: "What is there?".to_owned(),
        options: vec![],
        plan: wanted.clone(),
        replaces: None,
    };
    let turn = desktop.ask(&ask, &go(), &mut |_| {}).expect("it is kept");
    std::fs::remove_dir_all(folder.path().join("cache/features")).expect("features were kept there");
    let read = plan(&desktop, &wanted);
    assert!(
        read.images.iter().all(|image| image.is_encoded),
        "what the model has read needs no features"
    );
    let with = desktop
        .plan(&wanted, Some(&chat.id), &go())
        .expect("there is a plan");
    assert!(with.context.n_chat > 5, "{:?}", with.context);
    let facts = turn
        .answer
        .and_then(|answer| answer.facts)
        .expect("it tells how it came about");
    assert!(
        facts.prompt.contains("<image>") && facts.prompt.contains("What is there?"),
        "{}",
        facts.prompt
    );
    desktop
        .change_settings(
            serde_json::json!({"remembers_turns": false})
                .as_object()
                .expect("an object"),
        )
        .expect("it changes");
    let without = desktop
        .plan(&wanted, Some(&chat.id), &go())
        .expect("there is a plan");
    assert_eq!(without.context.n_chat, 0);
}

#[test]
fn the_plan_of_an_answer_is_as_it_was_when_another_model_is_loaded() {
    let folder = folder();
    let (desktop, video) = opened(folder.path());
    load_tiny(&desktop);
    let chat = desktop
        .new_chat(&video, std::time::SystemTime::now())
        .expect("it is made");
    let wanted = request(&video, PresetName::Auto);
    let then = plan(&desktop, &wanted);
    let ask = AskRequest {
        chat: chat.id,
        question: "What is there?".to_owned(),
        options: vec![],
        plan: wanted.clone(),
        replaces: None,
    };
    let turn = desktop.ask(&ask, &go(), &mut |_| {}).expect("it is kept");
    desktop.load_model("embedded", &go()).expect("it is always there");
    assert_ne!(plan(&desktop, &wanted).side_px, then.side_px, "another tower");
    let was = desktop.answer_plan(&turn.id, &go()).expect("it was kept");
    assert_eq!(
        (
            was.side_px,
            was.preset,
            was.strategy,
            &was.frames,
            &was.tokens,
            &was.places
        ),
        (
            then.side_px,
            then.preset,
            then.strategy,
            &then.frames,
            &then.tokens,
            &then.places
        )
    );
    let shown = desktop.plan_picture(&was.id, 0, &go()).expect("it is drawn");
    assert_eq!(shown.info.width, then.side_px);
    std::fs::remove_file(folder.path().join("a.mp4")).expect("it goes");
    drop(desktop);
    let later = super::desktop(folder.path());
    let error = later.answer_plan(&turn.id, &go()).expect_err("the file is gone");
    assert_eq!(error.code, videre::api::window::ErrorCode::VideoMissing);
}
