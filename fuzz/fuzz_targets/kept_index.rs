//! Any bytes as a list of frames that was kept, with a checksum that is right: taken for what it says, or read anew.
//!
//! Nobody but another program of the same user can make one; it must not panic all the same.
#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use videre::cancel::CancelToken;
use videre::media::{Limits, Video};

/// A clip, and the one index that is kept of it.
struct Place {
    clip: PathBuf,
    folder: PathBuf,
    kept: PathBuf,
    /// What the checksum is made with: it stands in the name of the file.
    state: [u8; 32],
}

fn place() -> &'static Place {
    static PLACE: OnceLock<Place> = OnceLock::new();
    PLACE.get_or_init(|| {
        let folder = PathBuf::from(format!("/dev/shm/videre-fuzz-index-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("there is room");
        let clip = folder.join("clip.mkv");
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/clips/h264_one_gop.mkv");
        fs::copy(from, &clip).expect("the clip is there");
        let cache = folder.join("index");
        index(&clip, &cache)
            .expect("a good clip")
            .first_frame(&CancelToken::new())
            .expect("it has frames");
        let kept = fs::read_dir(&cache)
            .expect("it was kept")
            .next()
            .expect("it was kept")
            .expect("it was kept")
            .path();
        let name = kept
            .file_stem()
            .expect("it has a name")
            .to_string_lossy()
            .into_owned();
        let hex = name.rsplit('-').next().expect("the state").to_owned();
        let state = *blake3::Hash::from_hex(hex).expect("the state").as_bytes();
        Place {
            clip,
            folder: cache,
            kept,
            state,
        }
    })
}

fn index(clip: &Path, cache: &Path) -> Option<Video> {
    let mut video = Video::open(clip, &Limits::default(), &CancelToken::new()).ok()?;
    video.index(Some(cache), &mut |_| {}, &CancelToken::new()).ok()?;
    Some(video)
}

fuzz_target!(|content: &[u8]| {
    let place = place();
    let checksum = *blake3::Hasher::new_keyed(&place.state)
        .update(content)
        .finalize()
        .as_bytes();
    if fs::write(&place.kept, [content, &checksum].concat()).is_err() {
        return;
    }
    let Some(mut video) = index(&place.clip, &place.folder) else {
        return;
    };
    let cancel = CancelToken::new();
    let n_frames = video.index(None, &mut |_| {}, &cancel).map_or(0, |index| {
        std::hint::black_box((index.pts_secs(0), index.pts_secs(index.len() - 1)));
        index.len()
    });
    for frame in [0, n_frames / 2, n_frames.saturating_sub(1)] {
        // It may not be where the index says.
        drop(video.frame(frame, &cancel));
    }
});
