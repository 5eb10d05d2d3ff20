//! Any bytes as a list of frames that was kept, with a checksum that is right: taken for what it says, or read anew.
//!
//! Nobody but another program of the same user can make one; it must not panic all the same.
#![no_main]

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use videre::cancel::CancelToken;
use videre::media::{Limits, Video};
use videre::video::VideoFile;

fn clip() -> &'static VideoFile {
    static CLIP: OnceLock<VideoFile> = OnceLock::new();
    CLIP.get_or_init(|| {
        let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/clips/h264_one_gop.mkv");
        VideoFile::open(&clip).expect("the clip is there")
    })
}

fn with_list(content: &[u8]) -> Option<VideoFile> {
    let checksum = *blake3::Hasher::new_keyed(&clip().state().state)
        .update(content)
        .finalize()
        .as_bytes();
    let path = format!("/dev/shm/videre-fuzz-index-{}", std::process::id());
    let mut list = File::create(&path).ok()?;
    list.write_all(&[content, &checksum].concat()).ok()?;
    Some(clip().clone().with_kept_list(File::open(&path).ok()))
}

fuzz_target!(|content: &[u8]| {
    let Some(file) = with_list(content) else { return };
    let cancel = CancelToken::new();
    let Ok(mut video) = Video::of(&file, &Limits::default(), &cancel) else {
        return;
    };
    let n_frames = video.index(&mut |_| {}, &cancel).map_or(0, |index| {
        std::hint::black_box((index.pts_secs(0), index.pts_secs(index.len() - 1)));
        index.len()
    });
    for frame in [0, n_frames / 2, n_frames.saturating_sub(1)] {
        // It may not be where the index says.
        drop(video.frame(frame, &cancel));
    }
});
