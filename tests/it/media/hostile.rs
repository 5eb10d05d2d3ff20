//! Files that are broken, that are no files, or that mean harm: a message that names the file, soon, and no more.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use videre::cancel::CancelToken;
use videre::fault::{Explain, Fault};
use videre::media::{Limits, MediaError, Video};

use super::clips::{self, film_number};

/// No single file may take longer to be refused.
const SOON: Duration = Duration::from_secs(10);

/// Clips that are refused.
pub(super) const REFUSED: &[&str] = &[
    "no_moov.mp4",
    "header_only.mp4",
    "empty.mp4",
    "zeros.mp4",
    "garbage.mp4",
    "text.mp4",
    "huge_header.gif",
    "huge_header.avi",
    "playlist.m3u8",
    "playlist.mp4",
    "concat.txt",
    "session.sdp",
    "picture.jpg",
    "only_audio.m4a",
    "only_audio.mp3",
    "only_subtitles.mkv",
    "cover_only.mp3",
    "cover_only.m4a",
];

/// Opens, indexes and shows the first frame: the error that stops it, checked for what every error must be.
fn refused(path: &Path, limits: &Limits) -> MediaError {
    let start = Instant::now();
    let cancel = CancelToken::new();
    let outcome = Video::open(path, limits, &cancel).and_then(|mut video| {
        clips::index(&mut video)?;
        clips::frame(&mut video, 0)
    });
    let took = start.elapsed();
    let Err(error) = outcome else {
        panic!("{} was accepted", path.display())
    };
    assert!(took < SOON, "{} took {took:?} to be refused", path.display());

    let message = error.to_string();
    let name = path.file_name().expect("a name").to_string_lossy();
    assert!(
        message.contains(&*name),
        "the message does not name {name}: {message}"
    );
    assert!(error.hint().is_some(), "no hint beside: {message}");
    assert!(
        !message.contains("ffmpeg") && !message.ends_with('.') && !message.contains('\n'),
        "{message}"
    );
    error
}

fn refused_clip(name: &str) -> MediaError {
    refused(&clips::clip(name), &Limits::default())
}

/// `(clip, words of its message)`.
#[test]
fn broken_and_foreign_files_are_refused_in_words() {
    for (name, words) in [
        ("no_moov.mp4", "not a video that can be read"),
        ("zeros.mp4", "not a video that can be read"),
        ("garbage.mp4", "not a video that can be read"),
        ("text.mp4", "not a video that can be read"),
        ("picture.jpg", "not a video that can be read"),
        ("header_only.mp4", "no frame of it can be decoded"),
        ("empty.mp4", "is empty"),
        ("only_audio.m4a", "no video in it, only sound"),
        ("only_audio.mp3", "no video in it, only sound"),
        ("only_subtitles.mkv", "no video in it, only subtitles"),
        ("cover_only.mp3", "no video in it, only sound and a cover picture"),
        ("cover_only.m4a", "no video in it, only sound and a cover picture"),
        ("huge_header.gif", "no frame of it can be decoded"),
        ("huge_header.avi", "no frame of it can be decoded"),
    ] {
        let error = refused_clip(name);
        assert!(error.to_string().contains(words), "{name}: {error}");
        assert_eq!(error.fault(), Fault::Unreadable, "{name}: {error}");
    }
}

/// A playlist names other files and addresses; under whatever name, none is followed.
#[test]
fn playlists_are_refused() {
    for name in ["playlist.m3u8", "playlist.mp4", "concat.txt", "session.sdp"] {
        let error = refused_clip(name);
        assert!(
            matches!(error, MediaError::Unrecognised { .. }),
            "{name}: {error}"
        );
    }
    // A playlist whose entry lies beside it and would play.
    let folder = tempfile::tempdir().unwrap();
    fs::copy(clips::clip("h264.ts"), folder.path().join("h264.ts")).unwrap();
    for name in ["playlist.m3u8", "playlist.mp4", "concat.txt"] {
        let path = folder.path().join(name);
        fs::copy(clips::clip(name), &path).unwrap();
        assert!(
            matches!(
                refused(&path, &Limits::default()),
                MediaError::Unrecognised { .. }
            ),
            "{name}"
        );
    }
}

#[test]
fn things_that_are_no_files_are_refused_before_reading() {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(folder.path(), &Limits::default());
    assert!(
        error.to_string().contains("is a folder, not a video file"),
        "{error}"
    );

    let error = refused(&folder.path().join("missing.mp4"), &Limits::default());
    assert!(error.to_string().starts_with("cannot open"), "{error}");
    assert!(
        error.hint().unwrap().contains("check the name"),
        "{:?}",
        error.hint()
    );

    let pipe = folder.path().join("pipe.mp4");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let error = refused(&pipe, &Limits::default());
    assert!(
        error.to_string().contains("is a pipe, not a video file"),
        "{error}"
    );

    let socket = folder.path().join("socket.mp4");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let error = refused(&socket, &Limits::default());
    assert!(
        error.to_string().contains("is a socket, not a video file"),
        "{error}"
    );

    for device in ["/dev/zero", "/dev/null", "/dev/tty"] {
        let error = refused(Path::new(device), &Limits::default());
        assert!(
            error.to_string().contains("is a device, not a video file"),
            "{error}"
        );
    }

    let loops = folder.path().join("loop.mp4");
    std::os::unix::fs::symlink(&loops, &loops).unwrap();
    assert!(
        refused(&loops, &Limits::default())
            .to_string()
            .starts_with("cannot open")
    );
}

/// A name is a name: no byte of it is a command, a protocol or a pattern.
#[test]
fn names_of_any_kind_are_opened() {
    let folder = tempfile::tempdir().unwrap();
    let names: &[&[u8]] = &[
        b"with space.mp4",
        b"with 'single' and \"double\" quotes.mp4",
        b"not utf-8 \xff\xfe.mp4",
        b"new\nline.mp4",
        b"-i.mp4",
        b"frame-%03d.mp4",
        b"concat:a.mp4|b.mp4",
        b"http:..example.mp4",
        b"pipe:0",
        "日本語 ναί.mp4".as_bytes(),
        b"no extension",
        b"wrong.gif",
    ];
    for name in names {
        let path = folder.path().join(OsStr::from_bytes(name));
        fs::copy(clips::clip("h264_bframes.mp4"), &path).unwrap();
        let (mut video, _) = clips::open_indexed(&path);
        assert_eq!(
            film_number(&clips::frame(&mut video, 41).unwrap().image),
            Some(41),
            "{}",
            path.display()
        );
    }
    // Beginning with a protocol's name, as relative paths may.
    let error = refused(Path::new("file:missing.mp4"), &Limits::default());
    assert!(error.to_string().starts_with("cannot open"), "{error}");
}

#[test]
fn names_that_are_not_utf8_are_named_in_messages() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(OsStr::from_bytes(b"broken \xff name.mp4"));
    fs::write(&path, "no video").unwrap();
    assert!(refused(&path, &Limits::default()).to_string().contains("broken"));
}

/// A transport stream of several megabytes, so that it does not fit in any buffer.
fn long_stream(folder: &Path) -> PathBuf {
    let path = folder.join("growing.ts");
    let stream = fs::read(clips::clip("mpeg2.ts"))
        .expect("the clip is there")
        .repeat(24);
    fs::write(&path, stream).expect("the folder can be written");
    path
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = long_stream(folder.path());
    let (mut video, n_frames) = clips::open_indexed(&path);
    assert!(n_frames > 1000, "{n_frames}");
    clips::frame(&mut video, 0).unwrap();

    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(1000)
        .unwrap();
    let start = Instant::now();
    let error = clips::frame(&mut video, n_frames - 1).unwrap_err();
    assert!(start.elapsed() < SOON);
    assert!(
        error
            .to_string()
            .contains("growing.ts changed while it was being read"),
        "{error}"
    );

    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(0)
        .unwrap();
    let error = clips::frame(&mut video, n_frames / 2).unwrap_err();
    assert!(error.to_string().contains("growing.ts"), "{error}");
}

/// Cut and overwritten by somebody else during all of the work: any outcome but a panic or a hang will do.
#[test]
fn a_file_that_is_rewritten_while_it_is_read_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = long_stream(folder.path());
    let n_bytes = fs::metadata(&path).unwrap().len();
    let done = CancelToken::new();
    let writer = {
        let (path, done) = (path.clone(), done.clone());
        std::thread::Builder::new()
            .name("rewriter".to_owned())
            .spawn(move || {
                let file = fs::File::options().write(true).open(path).unwrap();
                for cut in (1..).map(|i: u64| (i * 7919 * 1000) % n_bytes) {
                    if done.is_cancelled() {
                        return;
                    }
                    file.set_len(cut).unwrap();
                    std::thread::sleep(Duration::from_millis(3));
                    file.set_len(n_bytes).unwrap();
                    std::thread::sleep(Duration::from_millis(3));
                }
            })
            .unwrap()
    };
    let start = Instant::now();
    for _ in 0..4 {
        let Ok(mut video) = Video::open(&path, &Limits::default(), &CancelToken::new()) else {
            continue;
        };
        let Ok(n_frames) = clips::index(&mut video) else {
            continue;
        };
        for index in [0, n_frames / 2, n_frames - 1] {
            if let Err(error) = clips::frame(&mut video, index) {
                assert!(error.to_string().contains("growing.ts"), "{error}");
            }
        }
    }
    assert!(start.elapsed() < 4 * SOON, "{:?}", start.elapsed());
    done.cancel();
    writer.join().unwrap();
}

#[test]
fn limits_are_kept_and_said() {
    let limits = Limits {
        max_pixels: 128 * 96 - 1,
        ..Limits::default()
    };
    let error = refused(&clips::clip("h264.mp4"), &limits);
    assert!(
        error
            .to_string()
            .contains("pictures of 128x96 pixels, more than the 12287"),
        "{error}"
    );
    // The second size of a stream counts too.
    let limits = Limits {
        max_pixels: 128 * 96,
        ..Limits::default()
    };
    let outcome =
        Video::open(&clips::clip("resize.ts"), &limits, &CancelToken::new()).and_then(|mut video| {
            let n_frames = clips::index(&mut video)?;
            (0..n_frames).try_for_each(|index| {
                clips::frame(&mut video, index).map(|frame| assert!(frame.image.width() <= 128))
            })
        });
    if let Err(error) = outcome {
        assert!(error.to_string().contains("resize.ts"), "{error}");
    }

    let limits = Limits {
        open_deadline: Duration::ZERO,
        ..Limits::default()
    };
    let error = refused(&clips::clip("h264.mp4"), &limits);
    assert!(error.to_string().contains("takes too long to open"), "{error}");

    // Every step is within its own, and all together are not.
    let limits = Limits {
        listing_deadline: Duration::ZERO,
        listing_bytes_per_sec: u64::MAX,
        ..Limits::default()
    };
    let error = refused(&clips::clip("h264.mp4"), &limits);
    assert!(error.to_string().contains("takes too long to read"), "{error}");

    let limits = Limits {
        max_packets: 30,
        ..Limits::default()
    };
    let error = refused(&clips::clip("h264.mp4"), &limits);
    assert!(error.to_string().contains("more than the 30"), "{error}");
}

#[test]
fn cancelled_work_stops_and_is_nobodys_fault() {
    let cancel = CancelToken::new();
    cancel.cancel();
    let Err(error) = Video::open(&clips::clip("h264.mp4"), &Limits::default(), &cancel) else {
        panic!("opened although cancelled");
    };
    assert_eq!(error.fault(), Fault::Cancelled, "{error}");
}

/// Some hundred damaged copies of good clips, the same in every run; `fuzz/` does this for hours.
#[test]
fn damaged_copies_neither_panic_nor_hang() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = 88_172_645_463_325_252_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let clips = [
        "h264_open_gop.mp4",
        "hevc_open_gop.mkv",
        "vp8_altref.webm",
        "vp9_altref.webm",
        "av1.mp4",
        "mpeg4_packed.avi",
        "mpeg2.mpg",
        "wmv.asf",
        "theora.ogv",
        "flv1.flv",
        "anim.gif",
        "prores.mov",
        "resize.ts",
        "edit_list.mp4",
        "h264_fragmented.mp4",
        "rawvideo.avi",
    ];
    for clip in clips {
        let bytes = fs::read(clips::clip(clip)).unwrap();
        for round in 0..6 {
            let mut damaged = bytes.clone();
            // Headers are where bytes mean most: half of the damage goes into the first 2000.
            for i in 0..=round * 4 {
                let within = if i % 2 == 0 {
                    damaged.len().min(2000)
                } else {
                    damaged.len()
                };
                let place = random(within);
                damaged[place] = random(256) as u8;
            }
            if round % 3 == 2 {
                damaged.truncate(1 + random(bytes.len()));
            }
            let path = folder.path().join(format!("{round}-{clip}"));
            fs::write(&path, damaged).unwrap();
            let start = Instant::now();
            if let Ok(mut video) = Video::open(&path, &Limits::default(), &CancelToken::new())
                && let Ok(n_frames) = clips::index(&mut video)
            {
                for index in [0, 1, n_frames / 2, n_frames - 1] {
                    clips::frame(&mut video, index).ok();
                }
            }
            assert!(
                start.elapsed() < SOON,
                "{round}-{clip} took {:?}",
                start.elapsed()
            );
        }
    }
}

/// What is refused leaves nothing behind: no descriptor of the file stays open.
#[test]
fn refused_files_are_closed() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "header_only.mp4",
        "garbage.mp4",
        "only_audio.mp3",
        "huge_header.avi",
        "huge_header.gif",
    ] {
        let path = folder.path().join(name);
        fs::copy(clips::clip(name), &path).unwrap();
        for _ in 0..5 {
            refused(&path, &Limits::default());
        }
    }
    let open = fs::read_dir("/proc/self/fd").map_or(0, |entries| {
        let targets = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
        targets.filter(|target| target.starts_with(folder.path())).count()
    });
    assert_eq!(open, 0);
}

#[test]
fn a_decoder_that_nobody_has_files_for_is_not_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("planes.mp4");
    let mut bytes = fs::read(clips::clip("h264.mp4")).expect("there is a clip");
    // Not the brand, which comes first.
    let at = bytes.windows(4).rposition(|window| window == b"avc1");
    let at = at.expect("it is H.264");
    bytes[at..at + 4].copy_from_slice(b"8BPS");
    fs::write(&path, bytes).expect("written");
    let error = refused(&path, &Limits::default());
    assert!(
        matches!(&error, MediaError::UnsupportedCodec { codec, .. } if codec == "8bps"),
        "{error}"
    );
}
