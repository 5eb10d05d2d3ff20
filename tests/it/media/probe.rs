//! What a file is said to contain.

use videre::cancel::CancelToken;
use videre::media::{Limits, Video};
use videre::video::{FrameCount, FrameRate, Hdr, Orientation, Probe};

use super::clips;

fn probe(clip: &str) -> Probe {
    let (video, _) = clips::open_indexed(&clips::clip(clip));
    video.probe().clone()
}

#[test]
fn containers_and_codecs_are_named() {
    for (clip, container, codec) in [
        ("h264.mp4", "MP4/QuickTime", "h264"),
        ("prores.mov", "MP4/QuickTime", "prores"),
        ("hevc_open_gop.mkv", "Matroska/WebM", "hevc"),
        ("vp8_altref.webm", "Matroska/WebM", "vp8"),
        ("vp9_altref.webm", "Matroska/WebM", "vp9"),
        ("av1.mp4", "MP4/QuickTime", "av1"),
        ("mpeg4_packed.avi", "AVI", "mpeg4"),
        ("h264.ts", "MPEG transport stream", "h264"),
        ("mpeg2.mpg", "MPEG program stream", "mpeg2video"),
        ("flv1.flv", "FLV", "flv1"),
        ("theora.ogv", "Ogg", "theora"),
        ("wmv.asf", "ASF/WMV", "wmv2"),
        ("anim.gif", "GIF", "gif"),
    ] {
        let probe = probe(clip);
        assert_eq!(
            (probe.container.as_str(), probe.codec.as_str()),
            (container, codec),
            "{clip}"
        );
    }
}

#[test]
fn sizes_are_as_displayed() {
    for (clip, coded, displayed, aspect, orientation) in [
        ("h264.mp4", (128, 96), (128, 96), (1, 1), Orientation::Upright),
        ("odd_size.webm", (63, 47), (63, 47), (1, 1), Orientation::Upright),
        (
            "uhd.mp4",
            (3840, 2160),
            (3840, 2160),
            (1, 1),
            Orientation::Upright,
        ),
        ("one_pixel.gif", (1, 1), (1, 1), (1, 1), Orientation::Upright),
        (
            "wide_pixels.mp4",
            (128, 96),
            (128, 96),
            (4, 3),
            Orientation::Upright,
        ),
        (
            "rotated_180.mp4",
            (128, 96),
            (128, 96),
            (1, 1),
            Orientation::Rotated180,
        ),
    ] {
        let probe = probe(clip);
        assert_eq!(probe.coded_size, coded, "{clip}");
        assert_eq!(probe.display_size, displayed, "{clip}");
        assert_eq!(probe.pixel_aspect, aspect, "{clip}");
        assert_eq!(probe.orientation, orientation, "{clip}");
    }
    for (clip, other) in [
        ("rotated_90.mp4", "rotated_270.mp4"),
        ("rotated_270.mp4", "rotated_90.mp4"),
    ] {
        let probe_of = probe(clip);
        assert_eq!(
            (probe_of.coded_size, probe_of.display_size),
            ((128, 96), (96, 128)),
            "{clip}"
        );
        assert_ne!(probe_of.orientation, probe(other).orientation);
    }
    assert_eq!(probe("wide_pixels.mp4").viewer_size(), (171, 96));
    assert!(
        probe("wide_pixels.mp4")
            .warnings
            .iter()
            .any(|warning| warning.contains("4:3"))
    );
}

#[test]
fn frame_rates_and_durations_come_from_the_frames() {
    let plain = probe("h264_bframes.mp4");
    assert_eq!(plain.n_frames, FrameCount::Exact(60));
    assert!(
        (plain.duration_secs - 2.4).abs() < 1e-6,
        "{}",
        plain.duration_secs
    );
    let FrameRate::Constant { fps } = plain.frame_rate else {
        panic!("{:?}", plain.frame_rate)
    };
    assert!((fps - 25.0).abs() < 1e-6);

    // Milliseconds cannot express all rates, and rounding is not a variable rate.
    for clip in [
        "vp9_altref.webm",
        "h264.flv",
        "h264.ts",
        "mpeg2.mpg",
        "h264.avi",
        "late_start.mkv",
    ] {
        let probe = probe(clip);
        let FrameRate::Constant { fps } = probe.frame_rate else {
            panic!("{clip}: {:?}", probe.frame_rate)
        };
        assert!((fps - 25.0).abs() < 0.05, "{clip}: {fps}");
    }
    for clip in ["vfr.mp4", "vfr.mkv"] {
        let rate = probe(clip).frame_rate;
        assert!(matches!(rate, FrameRate::Variable { .. }), "{clip}: {rate:?}");
    }
    assert!((probe("late_start.mkv").start_secs - 3600.0).abs() < 0.1);
    assert!(probe("wrap.ts").duration_secs < 3.0, "the clock's wrap is no day");
    assert_eq!(probe("one_frame.mp4").n_frames, FrameCount::Exact(1));
    assert_eq!(
        probe("edit_list.mp4").n_frames,
        FrameCount::Exact(47),
        "hidden frames are not counted"
    );
}

/// Before indexing a count is only what the container claims, and says so.
#[test]
fn an_unindexed_count_is_called_an_estimate() {
    let video = Video::open(
        &clips::clip("truncated.mp4"),
        &Limits::default(),
        &CancelToken::new(),
    )
    .unwrap();
    assert_eq!(video.probe().n_frames, FrameCount::Estimated(60));
    let whole = probe("truncated.mp4");
    assert_eq!(whole.n_frames, FrameCount::Exact(34));
    assert!(
        whole.warnings.iter().any(|warning| warning.contains("34")),
        "{:?}",
        whole.warnings
    );
}

#[test]
fn colour_tags_are_read() {
    for (clip, matrix, range, bits) in [
        ("bt601.mp4", Some("smpte170m"), Some("tv"), 8),
        ("bt709.mp4", Some("bt709"), Some("tv"), 8),
        ("bt709_full.mp4", Some("bt709"), Some("pc"), 8),
        ("untagged_full.mp4", None, Some("pc"), 8),
        ("untagged_hd.mp4", None, None, 8),
        ("bt2020.mp4", Some("bt2020nc"), Some("tv"), 10),
        ("h264_10bit.mp4", None, None, 10),
    ] {
        let colour = probe(clip).colour;
        assert_eq!(colour.matrix.as_deref(), matrix, "{clip}");
        assert_eq!(colour.range.as_deref(), range, "{clip}");
        assert_eq!(colour.bits, Some(bits), "{clip}");
        assert_eq!(colour.hdr, None, "{clip}");
    }
    for (clip, hdr, name) in [("hdr_pq.mp4", Hdr::Pq, "PQ"), ("hdr_hlg.mp4", Hdr::Hlg, "HLG")] {
        let probe = probe(clip);
        assert_eq!(probe.colour.hdr, Some(hdr), "{clip}");
        let said = probe
            .warnings
            .iter()
            .any(|warning| warning.contains(name) && warning.contains("tone mapping"));
        assert!(said, "{clip}: {:?}", probe.warnings);
    }
}

#[test]
fn tracks_beside_the_video_are_listed() {
    let plain = probe("h264.mp4");
    assert!(plain.audio_tracks.is_empty() && plain.subtitle_tracks.is_empty() && plain.n_cover_pictures == 0);
    assert!(plain.warnings.is_empty(), "{:?}", plain.warnings);

    let tracks = probe("subtitles.mkv");
    let languages: Vec<_> = tracks
        .audio_tracks
        .iter()
        .map(|track| track.language.as_deref())
        .collect();
    assert_eq!(languages, [Some("eng"), Some("lat")]);
    assert_eq!(tracks.audio_tracks[0].codec, "mp3");
    assert_eq!(tracks.subtitle_tracks.len(), 1);
    assert_eq!(probe("audio_first.mp4").audio_tracks.len(), 1);

    let with_cover = probe("video_and_cover.mp4");
    assert_eq!(
        (with_cover.n_cover_pictures, with_cover.coded_size),
        (1, (128, 96)),
        "the cover is 64x64"
    );
    assert_eq!(
        probe("two_videos.mkv").coded_size,
        (64, 48),
        "the track marked as default, as ffmpeg takes it"
    );
}
