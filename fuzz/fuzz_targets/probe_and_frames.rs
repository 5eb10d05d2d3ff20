//! Any bytes as a file: opened, probed, indexed, the first frames, two frames anywhere, a filmstrip.
//!
//! Findings are panics, runs beyond libFuzzer's time and memory limits, and what the sanitizers report. Errors are
//! not: they are what most inputs should end in.
#![no_main]

use std::fs::File;
use std::io::Write;
use std::ops::ControlFlow;
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use videre::cancel::CancelToken;
use videre::fault::Explain;
use videre::media::{Filmstrip, Landing, Limits, MediaError, Slots, Video};
use videre::video::PreviewSize;

/// Frames taken from the start.
const N_FIRST: usize = 4;

fuzz_target!(|bytes: &[u8]| {
    let Some(file) = in_memory(bytes) else { return };
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    if let Err(error) = look_through(Path::new(&path), bytes) {
        // Wording an error must not fail either, and every one names the file.
        let message = error.to_string();
        assert!(message.contains(&path), "{message}");
        std::hint::black_box((error.fault(), error.hint()));
    }
});

fn look_through(path: &Path, bytes: &[u8]) -> Result<(), MediaError> {
    // The product's own, and its threads. What bounds a process's memory cannot be set beside AddressSanitizer: libFuzzer's
    // limit stands for it.
    let limits = Limits::default();
    let cancel = CancelToken::new();
    let mut video = Video::open(path, &limits, &cancel)?;
    video.first_frame(&cancel)?;
    let n_frames = video.index(&mut |_| {}, &cancel)?.len();
    assert!(n_frames > 0, "an index without frames");
    let first: Vec<usize> = (0..n_frames.min(N_FIRST)).collect();
    video.frames(&first, &cancel, &mut |_| ControlFlow::Continue(()))?;
    // "Anywhere" is spelt by the last bytes, so that an input says the same thing each time.
    for spelt in bytes.rchunks(2).take(2) {
        let place = spelt
            .iter()
            .fold(0, |place, &byte| place << 8 | usize::from(byte));
        let frame = video.frame(place % n_frames, &cancel)?;
        assert_eq!(frame.index, place % n_frames);
    }
    let strip = Filmstrip {
        slots: Slots::Spread(5),
        size: PreviewSize {
            max_width: 64,
            max_height: 64,
        },
        landing: Landing::KeyFrame,
    };
    strip.draw(&mut video, &cancel, &mut |_| ControlFlow::Continue(()))
}

/// A file that no disk is needed for.
fn in_memory(bytes: &[u8]) -> Option<File> {
    // SAFETY: the name is a C string; the descriptor that comes back belongs to nobody else.
    let mut file = unsafe {
        match libc::memfd_create(c"fuzz".as_ptr(), libc::MFD_CLOEXEC) {
            ..0 => return None,
            descriptor => File::from_raw_fd(descriptor),
        }
    };
    file.write_all(bytes).ok()?;
    Some(file)
}
