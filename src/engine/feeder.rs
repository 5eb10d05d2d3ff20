//! Frames from the media role to the model role, while the tower is at work.

use std::sync::Arc;

use super::requests::media::{FitForModel, MediaProtocol};
use super::requests::model::{EndFeed, Feed, ModelProtocol};
use crate::cancel::CancelToken;
use crate::fault::{Failure, Fault, Origin};
use crate::video::VideoFile;
use crate::visual::preprocess::Fit;
use crate::visual::sampling::FrameRef;
use crate::worker::Caller;

/// Frames that are asked for at a time. Few enough that all of them fit into the media role's outbox: one that waits for
/// the tower must never keep it from showing frames to the person.
const FRAMES_A_CALL: usize = 4;

/// What is fetched for which work.
pub(super) struct Feeder {
    pub(super) media: Arc<dyn Caller<MediaProtocol>>,
    pub(super) model: Arc<dyn Caller<ModelProtocol>>,
    pub(super) job: u64,
    pub(super) video: VideoFile,
    pub(super) fit: Fit,
    pub(super) side_px: u32,
    /// Cancelled when the work has ended; it may be held up before that.
    pub(super) stop: CancelToken,
}

impl Feeder {
    /// Sends `frames`, then says that there are no more, or why.
    pub(super) fn run(&self, frames: &[FrameRef]) {
        let sent = self.send(frames);
        let failure = sent.err().filter(|failure| failure.fault != Fault::Cancelled);
        let job = self.job;
        // Work that has ended, or a worker that is gone, needs no word about the end.
        drop(self.model.call(EndFeed { job, failure }, &self.stop));
    }

    fn send(&self, frames: &[FrameRef]) -> Result<(), Failure> {
        for some in frames.chunks(FRAMES_A_CALL) {
            // Between its chunks: a call under way is not kept from what comes back.
            self.stop.wait_while_held()?;
            let wanted = FitForModel {
                video: self.video.clone(),
                indices: some.iter().map(|frame| frame.index).collect(),
                fit: self.fit,
                side_px: self.side_px,
            };
            let mut fitted = Vec::with_capacity(some.len());
            self.media
                .call_with(wanted, &self.stop, &mut |one| fitted.push(one))
                .map_err(|failure| failure.said_by(Origin::Media))?;
            for one in fitted {
                let feed = Feed {
                    job: self.job,
                    frame: one.frame,
                    pixels: one.pixels,
                };
                self.model.call(feed, &self.stop)?;
            }
        }
        Ok(())
    }
}
