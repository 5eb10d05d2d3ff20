//! Whether somebody drags through a video, told to the desktop.

use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender};

use videre::desktop::Desktop;

/// What is said here arrives in its order, and not on the window's thread: a worker may take its time.
pub(crate) struct Scrubbing(SyncSender<bool>);

impl Scrubbing {
    /// More drags than begin and end while a worker answers once.
    const N_WAITING: usize = 256;

    pub(crate) fn told_to(desktop: Arc<Desktop>) -> std::io::Result<Self> {
        let (sender, told) = mpsc::sync_channel(Self::N_WAITING);
        std::thread::Builder::new()
            .name("scrubbing".to_owned())
            .spawn(move || {
                while let Ok(mut is_scrubbing) = told.recv() {
                    // Only the latest counts.
                    while let Ok(newer) = told.try_recv() {
                        is_scrubbing = newer;
                    }
                    if let Err(error) = desktop.set_scrubbing(is_scrubbing) {
                        tracing::warn!(message = error.message, "encoding does not wait for scrubbing");
                    }
                }
            })?;
        Ok(Self(sender))
    }

    pub(crate) fn tell(&self, is_scrubbing: bool) {
        // Its thread lives as long as the program. The window's thread never waits: encoding that is held up goes on by
        // itself.
        self.0.try_send(is_scrubbing).ok();
    }
}
