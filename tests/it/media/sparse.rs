//! Half of a download, as a program leaves it that made the whole file first: terabytes of nothing behind what is there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use videre::cancel::CancelToken;
use videre::fault::{Explain, Fault};
use videre::media::{FrameIndex, Limits, MediaError, Video};

use super::clips;

const CLIPS: &[&str] = &[
    "odd_size.mkv",
    "odd_size.webm",
    "h264.flv",
    "h264.avi",
    "mpeg2.mpg",
    "anim.gif",
    "h264.ts",
    "h264.mp4",
    "h264_fragmented.mp4",
    "prores.mov",
    "theora.ogv",
    "wmv.asf",
];

fn with_nothing_behind(clip: &str, folder: &Path) -> PathBuf {
    let path = folder.join(clip);
    fs::copy(clips::clip(clip), &path).expect("it is copied");
    let file = File::options().write(true).open(&path).expect("it is there");
    file.set_len(1 << 40)
        .expect("this folder can have files with holes");
    path
}

fn open_and_index(path: &Path, limits: &Limits, cancel: &CancelToken) -> Result<Video, MediaError> {
    let mut video = Video::open(path, limits, cancel)?;
    video.index(&mut |_| {}, cancel)?;
    Ok(video)
}

#[test]
fn what_is_there_is_shown_and_reading_ends_where_nothing_comes_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    // As with the product's own, sooner.
    let limits = Limits {
        max_barren_bytes: 16 << 20,
        ..Limits::default()
    };
    for clip in CLIPS {
        let path = with_nothing_behind(clip, folder.path());
        let (mut whole, n_frames) = clips::open_indexed(&clips::clip(clip));
        let mut half =
            open_and_index(&path, &limits, &CancelToken::new()).unwrap_or_else(|error| panic!("{error}"));
        let n_found = half.index(&mut |_| {}, &CancelToken::new()).map(FrameIndex::len);
        // That a packet of a transport stream is whole shows where the next one begins, and here none does.
        let n_right = n_frames - usize::from(*clip == "h264.ts");
        assert_eq!(n_found.ok(), Some(n_right), "{clip}");
        for index in [0, n_right / 2, n_right - 1, 1] {
            let [found, right] = [&mut half, &mut whole].map(|video| clips::frame(video, index));
            let (found, right) = (
                found.unwrap_or_else(|error| panic!("{error}")),
                right.expect("it is whole"),
            );
            assert!(found.image == right.image, "frame {index} of {clip}");
        }
    }
}

#[test]
fn a_cancel_is_heard_while_nothing_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let limits = Limits {
        max_barren_bytes: u64::MAX,
        open_deadline: Duration::from_secs(600),
        frame_deadline: Duration::from_secs(600),
        ..Limits::default()
    };
    for clip in CLIPS {
        let path = with_nothing_behind(clip, folder.path());
        let cancel = CancelToken::new();
        let (outcome, late) = std::thread::scope(|scope| {
            let work = scope.spawn(|| (open_and_index(&path, &limits, &cancel).map(drop), Instant::now()));
            std::thread::sleep(Duration::from_millis(300));
            let asked = Instant::now();
            cancel.cancel();
            let (outcome, ended) = work.join().expect("no panic");
            (outcome, ended.saturating_duration_since(asked))
        });
        if let Err(error) = outcome {
            assert_eq!(error.fault(), Fault::Cancelled, "{error}");
        }
        assert!(late < Duration::from_secs(1), "{clip}: {late:?}");
    }
}

#[test]
fn frames_are_had_after_a_cancel_in_their_midst() {
    let (mut video, n_frames) = clips::open_indexed(&clips::clip("h264_one_gop.mkv"));
    let right: Vec<_> = (0..n_frames)
        .map(|index| clips::frame(&mut video, index).expect("it is whole").image)
        .collect();
    for n_micros in (0..40).map(|n| n * 200) {
        let cancel = CancelToken::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_micros(n_micros));
                cancel.cancel();
            });
            // Cancelled or not, as it comes.
            drop(video.frame(n_frames - 1, &cancel));
        });
        for index in [n_frames - 1, 3] {
            let found = clips::frame(&mut video, index).unwrap_or_else(|error| panic!("{error}"));
            assert!(
                found.image == right[index],
                "frame {index} after {n_micros} microseconds"
            );
        }
    }
}
