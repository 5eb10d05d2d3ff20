//! Frame `i` is frame `i` of a sequential decode by the `ffmpeg` program, whatever was asked for before it.

use std::io::Write as _;
use std::ops::{ControlFlow, Range};

use videre::cancel::CancelToken;
use videre::media::{Frame, FrameIndex, Limits, Video};
use videre::video::VideoFile;

use super::clips::{self, film_number, psnr_db};
use super::reference::{self, Reference};

/// A frame is the same picture above this: the tower sees no difference.
const SAME_DB: f64 = 45.0;
/// Neighbours in the film are at most this alike.
const NEIGHBOUR_DB: f64 = 40.0;

/// Which of the film's frames a clip shows, as far as its pictures let one read it.
#[derive(Clone)]
enum Film {
    /// This one first, then all in order.
    From(u32),
    /// In order, but with gaps.
    Rises,
    /// It cannot be read: turned, too small, or shown twice.
    Unreadable,
    /// As [`Film::From`] 0, but for these frames: how FFmpeg conceals damage depends on how many threads it has.
    Concealed(Range<usize>),
}

/// What is expected of a clip beside equality with the reference.
struct Expected {
    n_frames: usize,
    film: Film,
}

fn expect(n_frames: usize, film: Film) -> Expected {
    Expected { n_frames, film }
}

/// A test for each clip, so that a failure names it.
macro_rules! exact {
    ($($test:ident: $clip:literal, $n_frames:literal, $film:expr;)*) => {
        $(
            #[test]
            fn $test() {
                is_exact($clip, &expect($n_frames, $film));
            }
        )*

        /// The clips that this table decodes.
        const DECODABLE: &[&str] = &[$($clip),*];
    };
}

exact! {
    h264: "h264.mp4", 60, Film::From(0);
    h264_bframes: "h264_bframes.mp4", 60, Film::From(0);
    h264_open_gop: "h264_open_gop.mp4", 60, Film::From(0);
    h264_open_gop_in_ts: "h264_open_gop.ts", 60, Film::From(0);
    h264_one_gop: "h264_one_gop.mkv", 60, Film::From(0);
    h264_intra_refresh: "h264_intra_refresh.mkv", 60, Film::From(0);
    h264_slices: "h264_slices.mp4", 60, Film::From(0);
    h264_10bit: "h264_10bit.mp4", 60, Film::From(0);
    h264_444: "h264_444.mkv", 60, Film::From(0);
    h264_interlaced: "h264_interlaced.mp4", 60, Film::From(0);
    hevc: "hevc.mp4", 60, Film::From(0);
    hevc_open_gop: "hevc_open_gop.mkv", 60, Film::From(0);
    hevc_10bit: "hevc_10bit.mp4", 60, Film::From(0);
    vp8_altref: "vp8_altref.webm", 60, Film::From(0);
    vp9_altref: "vp9_altref.webm", 60, Film::From(0);
    av1_in_mp4: "av1.mp4", 60, Film::From(0);
    av1_in_webm: "av1.webm", 60, Film::From(0);
    mpeg4: "mpeg4.mp4", 60, Film::From(0);
    mpeg4_in_avi: "mpeg4.avi", 60, Film::From(0);
    mpeg4_packed: "mpeg4_packed.avi", 58, Film::Unreadable;
    mpeg2_in_ts: "mpeg2.ts", 60, Film::From(0);
    mpeg2_in_ps: "mpeg2.mpg", 60, Film::From(0);
    wmv: "wmv.asf", 60, Film::From(0);
    flv1: "flv1.flv", 60, Film::From(0);
    theora: "theora.ogv", 60, Film::From(0);
    prores: "prores.mov", 12, Film::From(0);
    mjpeg_in_avi: "mjpeg.avi", 20, Film::From(0);
    mjpeg_in_mov: "mjpeg.mov", 20, Film::From(0);
    gif: "anim.gif", 15, Film::From(0);
    rawvideo_bottom_up: "rawvideo.avi", 6, Film::Unreadable;

    h264_in_ts: "h264.ts", 60, Film::From(0);
    h264_in_avi: "h264.avi", 60, Film::From(0);
    h264_bframes_in_avi: "h264_bframes.avi", 60, Film::From(0);
    h264_in_flv: "h264.flv", 60, Film::From(0);
    h264_fragmented: "h264_fragmented.mp4", 60, Film::From(0);
    vfr_in_mp4: "vfr.mp4", 40, Film::From(0);
    vfr_in_mkv: "vfr.mkv", 36, Film::Rises;
    edit_list: "edit_list.mp4", 47, Film::From(13);
    edit_list_delay: "edit_list_delay.mp4", 60, Film::From(0);
    missing_times: "missing_times.mkv", 60, Film::From(0);
    late_start: "late_start.mkv", 60, Film::From(0);
    wrap: "wrap.ts", 60, Film::From(0);
    broken_start: "broken_start.ts", 46, Film::From(14);
    damaged: "damaged.ts", 60, Film::Concealed(10..14);
    resize_in_ts: "resize.ts", 50, Film::Unreadable;
    resize_in_webm: "resize.webm", 50, Film::Unreadable;

    rotated_90: "rotated_90.mp4", 30, Film::Unreadable;
    rotated_180: "rotated_180.mp4", 30, Film::Unreadable;
    rotated_270: "rotated_270.mp4", 30, Film::Unreadable;
    wide_pixels: "wide_pixels.mp4", 30, Film::From(0);
    bt601: "bt601.mp4", 20, Film::From(0);
    bt709: "bt709.mp4", 20, Film::From(0);
    bt709_full: "bt709_full.mp4", 20, Film::From(0);
    untagged_full: "untagged_full.mp4", 20, Film::From(0);
    untagged_hd: "untagged_hd.mp4", 5, Film::From(0);
    bt2020: "bt2020.mp4", 20, Film::From(0);
    hdr_pq: "hdr_pq.mp4", 20, Film::From(0);
    hdr_hlg: "hdr_hlg.mp4", 20, Film::From(0);

    odd_size: "odd_size.webm", 30, Film::From(0);
    odd_size_444: "odd_size.mkv", 30, Film::From(0);
    one_frame: "one_frame.mp4", 1, Film::From(0);
    two_frames: "two_frames.mp4", 2, Film::From(0);
    one_pixel_gif: "one_pixel.gif", 4, Film::Unreadable;
    one_pixel_webm: "one_pixel.webm", 8, Film::Unreadable;
    uhd: "uhd.mp4", 4, Film::From(0);

    audio_video: "audio_video.mp4", 60, Film::From(0);
    audio_first: "audio_first.mp4", 60, Film::From(0);
    subtitles: "subtitles.mkv", 60, Film::From(0);
    two_videos: "two_videos.mkv", 25, Film::From(0);
    video_and_cover: "video_and_cover.mp4", 60, Film::From(0);

    truncated_mp4: "truncated.mp4", 34, Film::From(0);
    truncated_mkv: "truncated.mkv", 34, Film::From(0);
}

/// Asks for every frame forwards, backwards, in a random order and as one list, each of a video opened anew, and
/// compares with the reference.
fn is_exact(clip: &str, expected: &Expected) {
    let path = clips::clip(clip);
    let reference = reference::decode(&path);
    let n_frames = reference.frames.len();
    assert_eq!(
        n_frames, expected.n_frames,
        "{clip}: the reference itself has changed"
    );

    let forwards: Vec<usize> = (0..n_frames).collect();
    let backwards: Vec<usize> = (0..n_frames).rev().collect();
    let random = shuffled(n_frames);
    for (order_name, order) in [
        ("forwards", &forwards),
        ("backwards", &backwards),
        ("at random", &random),
    ] {
        let (mut video, n_indexed) = clips::open_indexed(&path);
        assert_eq!(n_indexed, n_frames, "{clip}: number of frames");
        for &index in order {
            let frame = clips::frame(&mut video, index)
                .unwrap_or_else(|error| panic!("{clip}, frame {index} {order_name}: {error}"));
            agrees(clip, order_name, &frame, index, &reference, &expected.film);
        }
    }

    // Without an index, and with one that another run has left behind.
    let first = clips::open(&path).first_frame(&CancelToken::new());
    let first = first.unwrap_or_else(|error| panic!("{clip}, the first frame: {error}"));
    agrees(clip, "without an index", &first, 0, &reference, &expected.film);
    let file = VideoFile::open(&path).expect("it is a file");
    let mut kept: Option<Vec<u8>> = None;
    for run in ["that makes its index", "with a kept index"] {
        let list = kept.as_ref().map(|bytes| {
            let mut list = tempfile::tempfile().expect("a temporary file");
            list.write_all(bytes).expect("it can be written");
            list
        });
        let was_kept = list.is_some();
        let file = file.clone().with_kept_list(list);
        let mut video = Video::of(&file, &Limits::default(), &CancelToken::new()).expect("it opens");
        let index = video.index(&mut |_| {}, &CancelToken::new());
        assert_eq!(
            index.map(FrameIndex::len).ok(),
            Some(n_frames),
            "{clip}, a run {run}"
        );
        let frame = clips::frame(&mut video, n_frames / 2)
            .unwrap_or_else(|error| panic!("{clip}, a run {run}: {error}"));
        agrees(clip, run, &frame, n_frames / 2, &reference, &expected.film);
        assert_eq!(
            video.new_index().is_none(),
            was_kept,
            "{clip}: a kept one is not made"
        );
        kept = video.new_index();
    }

    let (mut video, _) = clips::open_indexed(&path);
    let sparse: Vec<usize> = (0..n_frames).filter(|index| index % 7 == 3).collect();
    let with_repeats = vec![n_frames / 2, 0, n_frames / 2, n_frames - 1];
    for list in [sparse, forwards, backwards, random, with_repeats] {
        let mut ascending = list.clone();
        ascending.sort_unstable();
        ascending.dedup();
        let mut expected_indices = ascending.into_iter();
        let walked = video.frames(&list, &CancelToken::new(), &mut |frame| {
            let index = expected_indices
                .next()
                .expect("no more frames than were asked for");
            agrees(clip, "in a list", &frame, index, &reference, &expected.film);
            ControlFlow::Continue(())
        });
        walked.unwrap_or_else(|error| panic!("{clip}, a list: {error}"));
        assert_eq!(
            expected_indices.next(),
            None,
            "{clip}: every frame that was asked for"
        );
    }
}

fn agrees(clip: &str, order: &str, frame: &Frame, index: usize, reference: &Reference, film: &Film) {
    assert_eq!(frame.index, index, "{clip}: asked for {index} {order}");
    let expected = &reference.frames[index];
    assert_eq!(
        frame.image.dimensions(),
        expected.image.dimensions(),
        "{clip}, frame {index} {order}: size"
    );
    if matches!(film, Film::Concealed(frames) if frames.contains(&index)) {
        return;
    }
    let own_db = psnr_db(&frame.image, &expected.image);
    assert!(
        own_db > SAME_DB,
        "{clip}, frame {index} {order}: {own_db:.1} dB from ffmpeg's frame {index}"
    );

    if let Some(pts_secs) = expected.pts_secs {
        let off_secs = (frame.pts_secs - (pts_secs - reference.start_secs)).abs();
        assert!(
            off_secs <= reference.tick_secs * 1.001 + 1e-6,
            "{clip}, frame {index} {order}: at {} s, ffprobe says {} - {} s",
            frame.pts_secs,
            pts_secs,
            reference.start_secs
        );
    }

    for neighbour in [index.checked_sub(1), Some(index + 1)].into_iter().flatten() {
        let Some(neighbour_frame) = reference.frames.get(neighbour) else {
            continue;
        };
        // Frames that are the film's all differ; only tiny or damaged pictures may repeat.
        let can_differ = !matches!(film, Film::Unreadable)
            || neighbour_frame.image.dimensions() != expected.image.dimensions()
            || psnr_db(&neighbour_frame.image, &expected.image) < NEIGHBOUR_DB;
        if can_differ && neighbour_frame.image.dimensions() == frame.image.dimensions() {
            let db = psnr_db(&frame.image, &neighbour_frame.image);
            assert!(
                db < NEIGHBOUR_DB,
                "{clip}, frame {index} {order}: {db:.1} dB from frame {neighbour}"
            );
        }
    }
    match film {
        Film::Concealed(_) => {
            assert_eq!(
                film_number(&frame.image),
                Some(index as u32),
                "{clip}, frame {index}: as the film says"
            );
        }
        Film::From(first) => {
            assert_eq!(
                film_number(&frame.image),
                Some(first + index as u32),
                "{clip}, frame {index}: as the film says"
            );
        }
        Film::Rises if index > 0 => {
            let number = |image| film_number(image).expect("the bar can be read");
            assert!(
                number(&reference.frames[index - 1].image) < number(&frame.image),
                "{clip}, frame {index}: the film's number rises"
            );
        }
        Film::Rises | Film::Unreadable => {}
    }
}

/// `0..n` in an order that is the same in every run.
fn shuffled(n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for i in (1..n).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        order.swap(
            i,
            usize::try_from(state % (i as u64 + 1)).expect("fits, as i does"),
        );
    }
    order
}

/// Asking for one frame again and again, and for its neighbours in between, changes nothing.
#[test]
fn the_same_frame_stays_the_same() {
    for clip in [
        "h264_open_gop.ts",
        "hevc_open_gop.mkv",
        "vp9_altref.webm",
        "mpeg4_packed.avi",
    ] {
        let (mut video, n_frames) = clips::open_indexed(&clips::clip(clip));
        let middle = n_frames / 2;
        let first = clips::frame(&mut video, middle).unwrap();
        for other in [
            middle,
            middle + 1,
            middle,
            0,
            middle,
            middle - 1,
            middle,
            n_frames - 1,
            middle,
        ] {
            let frame = clips::frame(&mut video, other).unwrap();
            assert_eq!(
                frame.image == first.image,
                other == middle,
                "{clip}: frame {other} after frame {middle}"
            );
        }
    }
}

/// Every clip in the folder is decoded above or refused in `hostile`, and has its line in the README.
#[test]
fn no_clip_is_forgotten() {
    let readme = std::fs::read_to_string(clips::clip("README.md")).unwrap();
    for entry in std::fs::read_dir(clips::clip("")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if matches!(name.as_str(), "README.md" | "make.sh") {
            continue;
        }
        assert!(
            readme.contains(&format!("`{name}`")),
            "{name} has no line in tests/clips/README.md"
        );
        let is_used = DECODABLE.contains(&name.as_str()) || super::hostile::REFUSED.contains(&name.as_str());
        assert!(is_used, "{name} is neither decoded nor refused by any test");
    }
}

/// A number past the end says how many there are.
#[test]
fn a_frame_past_the_end_is_refused_with_the_count() {
    let (mut video, _) = clips::open_indexed(&clips::clip("two_frames.mp4"));
    let error = clips::frame(&mut video, 2).unwrap_err();
    assert!(error.to_string().contains("two_frames.mp4 has 2"), "{error}");
}
