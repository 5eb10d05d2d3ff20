//! Frames from the media role to the model role, while the tower is at work.

use std::ffi::OsString;
use std::sync::Arc;

use super::protocol::{ENCODE_LANE, FEED_LANE, MediaProtocol, ModelProtocol};
use crate::api::{FitJson, FrameJson, MediaEvent, MediaRequest, ModelRequest};
use crate::cancel::CancelToken;
use crate::fault::{Failure, Fault};
use crate::worker::Caller;

/// Frames that are asked for at a time. Few enough that all of them fit into the media role's outbox: one that waits for
/// the tower must never keep it from showing frames to the person.
const FRAMES_A_CALL: usize = 4;

/// What is fetched for which work.
pub(super) struct Feeder {
    pub(super) media: Arc<dyn Caller<MediaProtocol>>,
    pub(super) model: Arc<dyn Caller<ModelProtocol>>,
    pub(super) job: u64,
    pub(super) path: OsString,
    pub(super) fit: FitJson,
    pub(super) side_px: u32,
    /// Cancelled when the work has ended; it may be held up before that.
    pub(super) stop: CancelToken,
}

impl Feeder {
    /// Sends `frames`, then says that there are no more, or why.
    pub(super) fn run(&self, frames: &[FrameJson]) {
        let sent = self.send(frames);
        let failure = sent.err().filter(|failure| failure.fault != Fault::Cancelled);
        let end = ModelRequest::EndOfFrames {
            job: self.job,
            failure,
        };
        // Work that has ended, or a worker that is gone, needs no word about the end.
        drop(self.model.call(FEED_LANE, end, &[], &self.stop, &mut |_, _| {}));
    }

    fn send(&self, frames: &[FrameJson]) -> Result<(), Failure> {
        for some in frames.chunks(FRAMES_A_CALL) {
            // Between its chunks: a call under way is not kept from what comes back.
            self.stop.wait_while_held()?;
            let request = MediaRequest::Fitted {
                path: self.path.clone(),
                indices: some.iter().map(|frame| frame.index).collect(),
                fit: self.fit,
                side_px: self.side_px,
            };
            let mut decoded = Vec::with_capacity(some.len());
            let mut keep = |event: MediaEvent, pixels: Vec<u8>| {
                if let MediaEvent::Fitted { index, pts_secs, .. } = event {
                    decoded.push((FrameJson { index, pts_secs }, pixels));
                }
            };
            self.media
                .call(ENCODE_LANE, request, &[], &self.stop, &mut keep)?;
            for (frame, pixels) in decoded {
                let request = ModelRequest::Frame { job: self.job, frame };
                self.model
                    .call(FEED_LANE, request, &pixels, &self.stop, &mut |_, _| {})?;
            }
        }
        Ok(())
    }
}
