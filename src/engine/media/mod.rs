//! The media role: files to frames and pictures. The only part of the engine that calls `media`.

mod effort;
mod examine;
mod pictures;
mod precedence;

use std::ops::ControlFlow;
use std::time::Instant;

use super::requests::Check;
use super::requests::media::{
    DecodeFrames, ExamineMedia, FitForModel, FitForPlan, Fitted, FullFrame, Indexing, MediaProtocol,
    MediaRequest, Open, Opened,
};
use crate::cancel::CancelToken;
use crate::fault::{Failure, Fault};
use crate::media::{Frame, IndexProgress, Limits, Lists, MediaError, Video};
use crate::video::VideoFile;
use crate::visual::preprocess::fit;
use crate::visual::sampling::FrameRef;
use crate::worker::{Call, Handle, Nothing, Outbox, Parcel, Role};

use effort::Effort;
use pictures::Sizes;
use precedence::Precedence;

/// Videos that stay open on a lane: the one on screen and the one before it.
const MAX_OPEN: usize = 2;

/// Opens files and decodes frames, with FFmpeg.
pub struct MediaRole {
    /// Lists of frames, shared with the other lanes.
    lists: Lists,
    /// Of the viewer's pictures over lists and strips, shared likewise.
    precedence: Precedence,
    /// What came to nothing, shared likewise.
    effort: Effort,
    /// The last one used comes last.
    open: Vec<OpenFile>,
}

/// An open file, and the pictures kept of it.
struct OpenFile {
    video: Video,
    sizes: Sizes,
}

impl MediaRole {
    /// Makes roles that share their lists of frames, and what is known of files: one for each lane.
    pub fn maker() -> impl Fn() -> Self + Send + Sync + 'static {
        let (lists, precedence, effort) = (Lists::default(), Precedence::default(), Effort::default());
        move || Self {
            lists: lists.clone(),
            precedence: precedence.clone(),
            effort: effort.clone(),
            open: Vec::new(),
        }
    }

    /// The video of this file, its frames listed where they are not.
    fn video(
        &mut self,
        file: &VideoFile,
        progress: &mut dyn FnMut(IndexProgress),
        cancel: &CancelToken,
    ) -> Result<&mut OpenFile, Failure> {
        let lists = self.lists.clone();
        let opened = self.unlisted(file, cancel)?;
        lists.list(&mut opened.video, progress, cancel).map_err(failure)?;
        Ok(opened)
    }

    /// The video of this file, looked into where it is not open.
    fn unlisted(&mut self, file: &VideoFile, cancel: &CancelToken) -> Result<&mut OpenFile, Failure> {
        let known = self.open.iter().position(|opened| opened.video.file() == file);
        let opened = match known {
            Some(position) => self.open.remove(position),
            None => {
                // One in an earlier state is nobody's any more.
                self.open.retain(|opened| opened.video.path() != file.path());
                OpenFile {
                    video: Video::of(file, &Limits::default(), cancel).map_err(failure)?,
                    sizes: Sizes::default(),
                }
            }
        };
        if self.open.len() == MAX_OPEN {
            self.open.remove(0);
        }
        self.open.push(opened);
        Ok(self.open.last_mut().expect("BUG: it was just pushed"))
    }

    /// Frames in a tower's square, one after the other.
    fn fitted(&mut self, wanted: &FitForModel, call: &mut Call<'_, Fitted>) -> Result<(), Failure> {
        let cancel = call.cancel;
        let video = &mut self.video(&wanted.video, &mut |_| {}, cancel)?.video;
        let mut failure = None;
        let decoded = video.frames(&wanted.indices, cancel, &mut |frame| match fit(
            &frame.image,
            wanted.fit,
            wanted.side_px,
        ) {
            Ok(square) => {
                let frame = FrameRef {
                    index: frame.index,
                    pts_secs: frame.pts_secs,
                };
                let pixels = square.into();
                call.emit(Fitted { frame, pixels });
                ControlFlow::Continue(())
            }
            Err(error) => {
                failure = Some(Failure::from_error(&error));
                ControlFlow::Break(())
            }
        });
        decoded.map_err(self::failure)?;
        failure.map_or(Ok(()), Err)
    }
}

impl Handle<Open> for MediaRole {
    fn handle(&mut self, Open { video }: Open, call: &mut Call<'_, Indexing>) -> Result<Opened, Failure> {
        let cancel = call.cancel;
        // A file that is opened anew is looked into anew.
        self.open.retain(|opened| opened.video.path() != video.path());
        let precedence = self.precedence.clone();
        let mut report = |IndexProgress { fraction, .. }: IndexProgress| {
            precedence.give_way(cancel);
            let list = Vec::new();
            call.emit(Indexing { fraction, list });
        };
        let video = &mut self.video(&video, &mut report, cancel)?.video;
        let index = video.index(&mut |_| {}, cancel).map_err(failure)?;
        let opened = Opened {
            pts_secs: (0..index.len()).map(|frame| index.pts_secs(frame)).collect(),
            duration_secs: index.duration_secs(),
            probe: video.probe().clone(),
        };
        if let Some(list) = video.new_index() {
            call.emit(Indexing { fraction: 1.0, list });
        }
        // The list is what others need of it.
        self.open.pop();
        Ok(opened)
    }
}

impl Handle<DecodeFrames> for MediaRole {
    fn handle(
        &mut self,
        DecodeFrames { video, indices }: DecodeFrames,
        call: &mut Call<'_, FullFrame>,
    ) -> Result<(), Failure> {
        let cancel = call.cancel;
        let video = &mut self.video(&video, &mut |_| {}, cancel)?.video;
        let decoded = video.frames(&indices, cancel, &mut |frame| {
            call.emit(frame.into());
            ControlFlow::Continue(())
        });
        decoded.map_err(failure)
    }
}

impl From<Frame> for FullFrame {
    fn from(frame: Frame) -> Self {
        Self {
            frame: FrameRef {
                index: frame.index,
                pts_secs: frame.pts_secs,
            },
            pixels: frame.image.into(),
        }
    }
}

impl Handle<FitForModel> for MediaRole {
    fn handle(&mut self, wanted: FitForModel, call: &mut Call<'_, Fitted>) -> Result<(), Failure> {
        self.fitted(&wanted, call)
    }
}

impl Handle<FitForPlan> for MediaRole {
    fn handle(&mut self, FitForPlan(wanted): FitForPlan, call: &mut Call<'_, Fitted>) -> Result<(), Failure> {
        self.fitted(&wanted, call)
    }
}

impl Handle<ExamineMedia> for MediaRole {
    fn handle(
        &mut self,
        ExamineMedia: ExamineMedia,
        _call: &mut Call<'_, Nothing>,
    ) -> Result<Vec<Check>, Failure> {
        Ok(vec![examine::decoders()])
    }
}

impl Role for MediaRole {
    type Protocol = MediaProtocol;

    fn serve(
        &mut self,
        request: MediaRequest,
        cancel: &CancelToken,
        out: &mut Outbox<'_>,
    ) -> Result<Parcel, Failure> {
        let Some(file) = request.video().cloned() else {
            return request.serve_with(self, cancel, out);
        };
        self.effort.check(&file)?;
        let mut began = Instant::now();
        // What came is some use, and waiting for a slow receiver no work.
        let mut out = |parcel| {
            out(parcel);
            began = Instant::now();
        };
        let served = request.serve_with(self, cancel, &mut out);
        if served
            .as_ref()
            .is_err_and(|failure| failure.fault != Fault::Cancelled)
        {
            self.effort.spend(file.state(), began.elapsed());
        }
        served
    }

    fn prepare(&mut self, cancel: &CancelToken) -> bool {
        self.precedence.let_paint(cancel);
        let opened = self.open.last_mut();
        opened.is_some_and(|opened| opened.sizes.prepare(&mut opened.video, cancel))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` takes")]
fn failure(error: MediaError) -> Failure {
    Failure::from_error(&error)
}
