//! Pictures near a time before the frames are listed.

use videre::cancel::CancelToken;
use videre::media::{Glimpse, Video};

use super::clips;

fn glimpse(video: &mut Video, secs: f64) -> Option<Glimpse> {
    video
        .glimpse(secs, &|size| size, &CancelToken::new())
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Times all over a clip of two seconds, also outside of it.
fn times() -> impl Iterator<Item = f64> {
    [1.9, 0.0, 0.33, 1.0, 0.71, 1.33, -1.0, 2.5, 0.05].into_iter()
}

#[test]
fn it_is_the_nearest_key_frame_under_its_own_time() {
    for name in [
        "h264.mp4",
        "h264_bframes.mp4",
        "h264_open_gop.mp4",
        "h264_slices.mp4",
        "hevc.mp4",
        "hevc_open_gop.mkv",
        "late_start.mkv",
        "vp9_altref.webm",
        "av1.mp4",
        "mpeg4.mp4",
        "vfr.mp4",
        "rotated_90.mp4",
        "prores.mov",
    ] {
        let path = clips::clip(name);
        let mut unlisted = clips::open(&path);
        let (mut video, _) = clips::open_indexed(&path);
        for secs in times() {
            let found = glimpse(&mut unlisted, secs).unwrap_or_else(|| panic!("{name}: nothing at {secs}"));
            let index = video.index(&mut |_| {}, &CancelToken::new()).unwrap();
            let key = index.nearest_key(secs);
            let off = |pts: f64| (pts - secs).abs();
            // Of two that are equally near either will do.
            assert!(
                (off(found.pts_secs) - off(index.pts_secs(key))).abs() < 1e-6,
                "{name}: {} at {secs}, but there is one at {}",
                found.pts_secs,
                index.pts_secs(key)
            );
            let shown = index.nearest(found.pts_secs);
            assert!(
                (index.pts_secs(shown) - found.pts_secs).abs() < 1e-6,
                "{name}: its own time"
            );
            let frame = clips::frame(&mut video, shown).unwrap();
            assert_eq!(found.image, frame.image, "{name}: frame {shown}");
        }
    }
}

#[test]
fn whatever_a_container_leads_to_is_a_frame_of_that_time() {
    let mut n_found = 0;
    for entry in std::fs::read_dir(clips::clip("")).unwrap() {
        let path = entry.unwrap().path();
        let open = |path| Video::open(path, &videre::media::Limits::default(), &CancelToken::new());
        let (Ok(mut unlisted), Ok(mut video)) = (open(&path), open(&path)) else {
            continue;
        };
        let found: Vec<Glimpse> = times().filter_map(|secs| glimpse(&mut unlisted, secs)).collect();
        let Ok(index) = video.index(&mut |_| {}, &CancelToken::new()) else {
            continue;
        };
        let times: Vec<f64> = (0..index.len()).map(|frame| index.pts_secs(frame)).collect();
        for glimpse in found {
            let name = path.display();
            // A time that stands twice in a damaged file is true of either frame.
            let mut same = times
                .iter()
                .enumerate()
                .filter(|(_, pts)| (*pts - glimpse.pts_secs).abs() < 1e-6);
            let is_true = same.any(|(shown, _)| {
                clips::frame(&mut video, shown).is_ok_and(|frame| frame.image == glimpse.image)
            });
            assert!(is_true, "{name}: {}", glimpse.pts_secs);
            n_found += 1;
        }
    }
    assert!(n_found > 100, "{n_found}");
}
