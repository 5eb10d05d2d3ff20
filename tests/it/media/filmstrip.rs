//! Small pictures spread over a clip, and compressed previews.

use std::ops::ControlFlow;

use videre::cancel::CancelToken;
use videre::fault::{Explain, Fault};
use videre::media::{Filmstrip, Landing, Previews, Slide, Slots};
use videre::video::PreviewSize;

use super::clips::{self, film_number};

const SMALL: PreviewSize = PreviewSize {
    max_width: 96,
    max_height: 72,
};

fn draw(clip: &str, n_slots: usize, landing: Landing) -> Vec<Slide> {
    let (mut video, _) = clips::open_indexed(&clips::clip(clip));
    let mut slides = Vec::new();
    let strip = Filmstrip {
        slots: Slots::Spread(n_slots),
        size: SMALL,
        landing,
    };
    strip
        .draw(&mut video, &CancelToken::new(), &mut |slide| {
            slides.push(slide);
            ControlFlow::Continue(())
        })
        .unwrap_or_else(|error| panic!("{clip}: {error}"));
    slides
}

/// Every slot has a picture, labelled with the frame that it really is.
#[test]
fn every_slot_is_filled_with_the_frame_it_names() {
    for clip in [
        "h264_bframes.mp4",
        "h264_open_gop.ts",
        "hevc_open_gop.mkv",
        "vp9_altref.webm",
        "av1.mp4",
        "mpeg4.avi",
    ] {
        for landing in [Landing::KeyFrame, Landing::Exact] {
            let slides = draw(clip, 6, landing);
            let slots: Vec<usize> = slides.iter().map(|slide| slide.slot).collect();
            assert_eq!(slots, [0, 1, 2, 3, 4, 5], "{clip} {landing:?}");
            for slide in &slides {
                assert_eq!(slide.image.dimensions(), (96, 72), "{clip} {landing:?}");
                let number = film_number(&slide.image).map(|number| number as usize);
                assert_eq!(
                    number,
                    Some(slide.index),
                    "{clip} {landing:?}, slot {}",
                    slide.slot
                );
                let secs = slide.index as f64 / 25.0;
                assert!(
                    (slide.pts_secs - secs).abs() < 0.002,
                    "{clip}: {} s for frame {}",
                    slide.pts_secs,
                    slide.index
                );
            }
        }
    }
}

/// The exact strip has the middle of each slot, 60 frames in 6 slots.
#[test]
fn an_exact_strip_shows_the_middle_of_each_slot() {
    let indices: Vec<usize> = draw("h264_bframes.mp4", 6, Landing::Exact)
        .iter()
        .map(|slide| slide.index)
        .collect();
    assert_eq!(indices, [5, 15, 25, 35, 45, 55]);
}

/// One key frame: every slot has it at once, and then its own frame; where key frames are as dense as slots, they stay.
#[test]
fn a_sharpened_strip_replaces_key_frames_that_are_from_elsewhere() {
    let slides = draw("h264_one_gop.mkv", 4, Landing::Sharpened);
    let shown: Vec<(usize, usize)> = slides.iter().map(|slide| (slide.slot, slide.index)).collect();
    let exact: Vec<(usize, usize)> = draw("h264_one_gop.mkv", 4, Landing::Exact)
        .iter()
        .map(|slide| (slide.slot, slide.index))
        .collect();
    assert_eq!(shown[..4], [(0, 0), (1, 0), (2, 0), (3, 0)]);
    assert_eq!(shown[4..], exact[exact.len() + 4 - shown.len()..]);
    assert!(shown.len() >= 7, "all but the first slot: {shown:?}");
    for slide in &slides {
        assert_eq!(
            film_number(&slide.image).map(|number| number as usize),
            Some(slide.index)
        );
    }
    // As it is where the whole clip is one slot: its own frame, from the middle.
    assert_eq!(draw("h264_one_gop.mkv", 1, Landing::Sharpened).len(), 2);
}

/// One key frame: every slot shows it, and says so.
#[test]
fn slots_may_share_a_key_frame() {
    let slides = draw("h264_one_gop.mkv", 4, Landing::KeyFrame);
    assert_eq!(slides.len(), 4);
    assert!(slides.iter().all(|slide| slide.index == 0));
}

/// More slots than frames, turned clips, clips that cannot give a key frame by itself: never a failure.
#[test]
fn strips_of_odd_clips_are_drawn() {
    for clip in [
        "one_frame.mp4",
        "one_pixel.gif",
        "broken_start.ts",
        "resize.ts",
        "missing_times.mkv",
        "truncated.mp4",
    ] {
        for landing in [Landing::KeyFrame, Landing::Exact] {
            assert!(!draw(clip, 12, landing).is_empty(), "{clip} {landing:?}");
        }
    }
    for (clip, size) in [
        ("rotated_90.mp4", (54, 72)),
        ("rotated_180.mp4", (96, 72)),
        ("wide_pixels.mp4", (96, 54)),
    ] {
        assert_eq!(
            draw(clip, 2, Landing::KeyFrame)[0].image.dimensions(),
            size,
            "{clip}: turned, pixels square"
        );
    }
    assert!(draw("h264.mp4", 0, Landing::KeyFrame).is_empty());
}

/// A newer request makes way for itself by cancelling: the strip stops at once.
#[test]
fn a_cancelled_strip_stops() {
    let (mut video, _) = clips::open_indexed(&clips::clip("mjpeg.avi"));
    let cancel = CancelToken::new();
    let mut n_slides = 0;
    let strip = Filmstrip {
        slots: Slots::Spread(20),
        size: SMALL,
        landing: Landing::KeyFrame,
    };
    let outcome = strip.draw(&mut video, &cancel, &mut |_| {
        n_slides += 1;
        if n_slides == 3 {
            cancel.cancel();
        }
        ControlFlow::Continue(())
    });
    assert_eq!(outcome.unwrap_err().fault(), Fault::Cancelled);
    assert_eq!(n_slides, 3);
    // And the video is as good as before.
    assert_eq!(film_number(&clips::frame(&mut video, 7).unwrap().image), Some(7));
}

/// Stepping back through a whole clip shows every frame as it is, within the bytes that are allowed.
#[test]
fn previews_step_back_exactly_and_stay_within_their_bytes() {
    let (mut video, n_frames) = clips::open_indexed(&clips::clip("h264_open_gop.ts"));
    let mut previews = Previews::new(PreviewSize {
        max_width: 128,
        max_height: 96,
    });
    for index in (0..n_frames).rev() {
        let preview = previews.get(&mut video, index, &CancelToken::new()).unwrap();
        let picture = image::load_from_memory(&preview.jpeg).unwrap().to_rgb8();
        assert_eq!(film_number(&picture).map(|number| number as usize), Some(index));
        assert!(previews.n_bytes() <= video.limits().preview_bytes);
    }
}

/// A step back makes pictures of the frame and of a few before it; the rest is made ready while nobody waits, and that can
/// be interrupted at any point.
#[test]
fn what_lies_before_a_step_back_is_made_ready_meanwhile() {
    let (mut video, _) = clips::open_indexed(&clips::clip("h264_one_gop.mkv"));
    let mut previews = Previews::new(PreviewSize {
        max_width: 128,
        max_height: 96,
    });
    let go = CancelToken::new();
    for index in [56, 55] {
        previews.get(&mut video, index, &go).unwrap();
    }
    let n_kept = |previews: &Previews| (0..60).filter(|&frame| previews.keeps(frame)).count();
    assert_eq!(n_kept(&previews), 8, "the frames 49 to 56");
    let ended = CancelToken::new();
    ended.cancel();
    assert!(previews.prepare(&mut video, &ended), "there is more to do, later");
    assert_eq!(n_kept(&previews), 8);
    let mut n_pieces = 0;
    while previews.prepare(&mut video, &go) {
        n_pieces += 1;
    }
    assert!(n_pieces > 1, "a request waits for a piece at most");
    assert_eq!(n_kept(&previews), 32, "the frames 25 to 56");
    for index in (25..55).rev() {
        let preview = previews.get(&mut video, index, &go).unwrap();
        let picture = image::load_from_memory(&preview.jpeg).unwrap().to_rgb8();
        assert_eq!(film_number(&picture).map(|number| number as usize), Some(index));
    }
    // Whoever goes elsewhere wants nothing of it any more.
    previews.get(&mut video, 10, &go).unwrap();
    assert!(!previews.prepare(&mut video, &go));
}
