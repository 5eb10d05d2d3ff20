//! Pictures for the viewer, in this process and through a worker.

use image::RgbImage;
use tempfile::TempDir;
use videre::cancel::CancelToken;
use videre::engine::{Engine, Picture};
use videre::fault::Fault;
use videre::video::PreviewSize;

use super::{Workers, local, open, sample};

const WHOLE: PreviewSize = PreviewSize {
    max_width: 4096,
    max_height: 4096,
};
const SMALL: PreviewSize = PreviewSize {
    max_width: 96,
    max_height: 54,
};
/// Difference of a colour that JPEG at quality 85 makes on average.
const JPEG_ERROR: f64 = 4.0;

fn engine() -> (TempDir, Engine) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let engine = local(folder.path());
    (folder, engine)
}

fn go() -> CancelToken {
    CancelToken::new()
}

fn pixels(picture: &Picture) -> RgbImage {
    let image = image::load_from_memory(&picture.jpeg).expect("it is a picture");
    assert_eq!((image.width(), image.height()), (picture.width, picture.height));
    image.to_rgb8()
}

fn mean_difference(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let total: u64 = a
        .iter()
        .zip(b.iter())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    total as f64 / a.len() as f64
}

#[test]
fn a_picture_shows_the_frame_that_was_asked_for_in_any_order() {
    let (_folder, engine) = engine();
    let video = open(&engine);
    let last = video.pts_secs.len() - 1;
    for index in [0, 40, 41, 39, last, 12, last + 1000] {
        let shown = index.min(last);
        let picture = engine.picture(&video, index, WHOLE, &go()).expect("it is drawn");
        let frame = engine.full_frame(&video, shown, &go()).expect("it is decoded");
        assert_eq!((picture.index, picture.pts_secs), (shown, video.pts_secs[shown]));
        assert_eq!(
            (frame.frame.index, frame.frame.pts_secs),
            (shown, video.pts_secs[shown])
        );
        let difference = mean_difference(&pixels(&picture), &frame.pixels.into_image().expect("whole"));
        assert!(difference < JPEG_ERROR, "frame {shown}: {difference}");
    }
    let error = engine
        .full_frame(&video, last + 1, &go())
        .expect_err("there is none");
    assert!(error.message.contains("sample.mp4"), "{}", error.message);
}

#[test]
fn a_picture_fits_its_box() {
    let (_folder, engine) = engine();
    let video = open(&engine);
    let picture = engine.picture(&video, 3, SMALL, &go()).expect("it is drawn");
    assert!(picture.width <= 96 && picture.height <= 54, "{picture:?}");
    assert!(picture.width == 96 || picture.height == 54, "{picture:?}");
    pixels(&picture);
}

#[test]
fn a_pointer_gets_what_is_at_hand_under_its_own_time_and_the_frame_itself_once_it_was_seen() {
    let (_folder, engine) = engine();
    let video = open(&engine);
    let wanted = video.pts_secs.len() / 2 + 7;
    let near = engine
        .picture_near(&video, wanted, SMALL, &go())
        .expect("something is near");
    assert_ne!(near.index, wanted, "the sample has no key frame there");
    assert_eq!(near.pts_secs, video.pts_secs[near.index]);
    let exact = engine
        .picture(&video, near.index, SMALL, &go())
        .expect("it is drawn");
    assert!(
        mean_difference(&pixels(&near), &pixels(&exact)) < 1.0,
        "it shows what it says"
    );
    let seen = engine.picture(&video, wanted, SMALL, &go()).expect("it is drawn");
    assert_eq!(seen.index, wanted);
    let again = engine
        .picture_near(&video, wanted, SMALL, &go())
        .expect("it is at hand");
    assert_eq!(again, seen);
    let beside = engine
        .picture_near(&video, wanted + 1, SMALL, &go())
        .expect("something is near");
    assert_eq!(
        beside.index,
        wanted + 1,
        "it lies just ahead of the one decoded last"
    );
    let before = engine
        .picture_near(&video, wanted - 1, SMALL, &go())
        .expect("something is near");
    assert_eq!(before.index, wanted, "the kept one is nearer than a key frame");
}

#[test]
fn what_is_made_for_a_pointer_alone_is_coarse_and_never_taken_for_the_frame() {
    let (_folder, engine) = engine();
    let video = open(&engine);
    let near = engine.picture_near(&video, 0, WHOLE, &go()).expect("it is drawn");
    let exact = engine.picture(&video, 0, WHOLE, &go()).expect("it is drawn");
    assert_eq!((near.index, exact.index), (0, 0));
    assert!(
        near.is_coarse && near.width < exact.width,
        "{} {}",
        near.width,
        exact.width
    );
    assert!(!exact.is_coarse);
    let small = image::imageops::thumbnail(&pixels(&exact), near.width, near.height);
    assert!(
        mean_difference(&pixels(&near), &small) < JPEG_ERROR,
        "it shows what it says"
    );
    let again = engine.picture_near(&video, 0, WHOLE, &go()).expect("it is drawn");
    assert_eq!(again, exact, "it was seen whole meanwhile");
}

#[test]
fn a_pointer_that_moves_on_ends_no_picture_that_was_had() {
    let (_folder, engine) = engine();
    let video = open(&engine);
    let places = [5, 70, 90].map(|index| (index, go()));
    for (index, token) in &places {
        engine
            .picture_near(&video, *index, SMALL, token)
            .expect("it is drawn");
    }
    for (index, token) in &places {
        assert!(!token.is_cancelled(), "nobody waited behind {index}");
    }
    // A frame that somebody waits for is not ended by the pointer.
    let still = go();
    engine.picture(&video, 30, SMALL, &still).expect("it is drawn");
    engine
        .picture_near(&video, 31, SMALL, &go())
        .expect("it is drawn");
    assert!(!still.is_cancelled());
}

#[test]
fn a_strip_has_a_picture_near_each_time_and_can_be_ended() {
    let (_folder, engine) = engine();
    let video = open(&engine);
    let at_secs: Vec<f64> = [0.9, 0.1, 0.5, 0.5]
        .map(|part| part * video.duration_secs)
        .to_vec();
    let mut drawn: Vec<Option<Picture>> = vec![None; at_secs.len()];
    engine
        .filmstrip(&video, &at_secs, SMALL, &go(), &mut |slot, picture| {
            let away = |picture: &Picture| (picture.pts_secs - at_secs[slot]).abs();
            if let Some(earlier) = &drawn[slot] {
                assert!(
                    away(&picture) < away(earlier),
                    "slot {slot} is drawn again nearer"
                );
            }
            drawn[slot] = Some(picture);
        })
        .expect("it is drawn");
    let drawn: Vec<Picture> = drawn.into_iter().flatten().collect();
    assert_eq!(drawn.len(), at_secs.len());
    assert_eq!(drawn[2], drawn[3], "the same time, the same picture");
    assert!(drawn[1].pts_secs <= drawn[2].pts_secs && drawn[2].pts_secs <= drawn[0].pts_secs);
    for picture in &drawn {
        assert_eq!(picture.pts_secs, video.pts_secs[picture.index]);
        pixels(picture);
    }
    let cancel = go();
    let mut n_drawn = 0;
    let many: Vec<f64> = (0..200)
        .map(|slot| f64::from(slot) * video.duration_secs / 200.0)
        .collect();
    let ended = engine.filmstrip(&video, &many, SMALL, &cancel, &mut |_, _| {
        n_drawn += 1;
        cancel.cancel();
    });
    match ended {
        Err(failure) => assert_eq!(failure.fault, Fault::Cancelled),
        // All slots share the sample's few key frames: it may be over before it can be ended.
        Ok(()) => assert_eq!(n_drawn, many.len()),
    }
}

#[test]
fn a_glance_needs_no_list_of_frames() {
    let (_folder, engine) = engine();
    let (glanced, first) = engine
        .glance(engine.file(&sample()).expect("it opens"), SMALL, &go())
        .expect("it is drawn");
    assert_eq!(first.index, 0);
    assert!(first.width <= 96 && first.height <= 54);
    let video = open(&engine);
    assert_eq!(glanced.identity, video.identity);
    assert_eq!(glanced.probe.display_size, video.probe.display_size);
    assert!(glanced.pts_secs.is_empty() && (glanced.duration_secs - video.duration_secs).abs() < 0.1);
    let listed = engine.picture(&video, 0, SMALL, &go()).expect("it is drawn");
    assert_eq!(first.pts_secs, listed.pts_secs);
    // Scaled by another filter, so near and not equal.
    assert!(mean_difference(&pixels(&first), &pixels(&listed)) < 8.0);
}

#[test]
fn a_worker_draws_the_same_pictures_and_draws_again_after_it_was_killed() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let (_other, inside) = engine();
    let workers = Workers::new(folder.path());
    let video = open(&workers.engine);
    let here = inside.picture(&video, 33, SMALL, &go()).expect("it is drawn");
    let there = workers
        .engine
        .picture(&video, 33, SMALL, &go())
        .expect("it is drawn");
    assert_eq!(here, there);
    super::kill(workers.media.pid());
    let again = loop {
        // The call that is under way while the worker ends may be told of it.
        match workers.engine.picture(&video, 33, SMALL, &go()) {
            Ok(picture) => break picture,
            Err(failure) => assert_eq!(failure.fault, Fault::WorkerEnded, "{failure:?}"),
        }
    };
    assert_eq!(again, there);
}

#[test]
fn the_frame_on_screen_is_the_last_one_that_has_begun() {
    let (_folder, engine) = engine();
    let video = open(&engine);
    let (this, next) = (video.pts_secs[10], video.pts_secs[11]);
    assert_eq!(video.frame_at(this), 10);
    assert_eq!(video.frame_at((this + next) / 2.0), 10);
    assert_eq!(video.frame_at(next), 11);
    assert_eq!(video.frame_at(-1.0), 0);
    assert_eq!(video.frame_at(1e9), video.pts_secs.len() - 1);
}

#[test]
fn pictures_are_served_while_the_frames_are_still_being_listed() {
    let (_folder, engine) = engine();
    let file = engine.file(&sample()).expect("it opens");
    let secs = [2.1, 0.0, 1.2, 4.0];
    let mut seen = Vec::new();
    let mut n_updates_after = 0;
    // Whoever lists waits for whoever is told about it, so the list cannot be there before this returns.
    let video = engine
        .open(&sample(), &go(), &mut |_| {
            if !seen.is_empty() {
                n_updates_after += 1;
                return;
            }
            seen = secs
                .iter()
                .map(|&secs| engine.glimpse(&file, secs, SMALL, &go()).expect("it is drawn"))
                .collect();
        })
        .expect("the sample opens");
    assert!(n_updates_after > 0, "the list was not there yet");
    for (secs, glimpse) in secs.iter().zip(seen) {
        let glimpse = glimpse.expect("the container knows its key frames");
        let near = engine
            .picture_near(&video, video.frame_at(*secs), SMALL, &go())
            .expect("it is drawn");
        let exact = engine
            .picture(&video, near.index, SMALL, &go())
            .expect("it is drawn");
        let shown = image::load_from_memory(&glimpse.jpeg)
            .expect("it is a picture")
            .to_rgb8();
        assert_eq!(
            glimpse.pts_secs, exact.pts_secs,
            "the nearest key frame, under its own time"
        );
        assert!(
            mean_difference(&shown, &pixels(&exact)) < 1.0,
            "it shows what it says"
        );
    }
}
