//! Pictures for whoever looks at the video.

use std::ops::ControlFlow;
use std::time::Instant;

use image::RgbImage;

use super::coordinator::{Engine, OpenVideo};
use super::identity::FileIdentity;
use super::requests::media::{
    Closeness, DecodeFrame, DecodeFrames, DrawFirst, DrawFrame, DrawNear, DrawStrip, FullFrame, Glimpse,
    Picture, Slide,
};
use crate::cancel::CancelToken;
use crate::fault::Failure;
use crate::video::{PreviewSize, VideoFile};
use crate::visual::sampling::FrameRef;

impl OpenVideo {
    /// The frame that is on screen at `secs`: the last one whose time stamp is not later. The first one before it.
    #[must_use]
    pub fn frame_at(&self, secs: f64) -> usize {
        self.pts_secs
            .partition_point(|&pts| pts <= secs)
            .saturating_sub(1)
    }

    /// The number of the last frame at most.
    fn within(&self, index: usize) -> usize {
        index.min(self.pts_secs.len().saturating_sub(1))
    }
}

impl Engine {
    /// The picture of this very frame; beyond the end of the last one.
    ///
    /// Asked for frame after frame it decodes each once; going backwards, those before it are made ready meanwhile.
    ///
    /// # Errors
    /// [`Fault::Cancelled`](crate::fault::Fault::Cancelled); what is wrong with the file.
    pub fn picture(
        &self,
        video: &OpenVideo,
        index: usize,
        within: PreviewSize,
        cancel: &CancelToken,
    ) -> Result<Picture, Failure> {
        self.one_picture(video, index, within, Closeness::Exact, cancel)
    }

    /// A picture near a frame, at once, for a pointer that is being dragged: the frame itself where it was seen before,
    /// else the nearest picture that is at hand, a coarse one where it has to be made. Two may be under way:
    /// a third call ends the one that waits behind the oldest.
    ///
    /// # Errors
    /// [`Fault::Cancelled`](crate::fault::Fault::Cancelled), also when newer calls came; what is wrong with the file.
    pub fn picture_near(
        &self,
        video: &OpenVideo,
        index: usize,
        within: PreviewSize,
        cancel: &CancelToken,
    ) -> Result<Picture, Failure> {
        let _wish = self.pointer.wish(cancel);
        self.one_picture(video, index, within, Closeness::Near, cancel)
    }

    fn one_picture(
        &self,
        video: &OpenVideo,
        index: usize,
        within: PreviewSize,
        closeness: Closeness,
        cancel: &CancelToken,
    ) -> Result<Picture, Failure> {
        let draw = DrawFrame {
            video: video.file.clone(),
            index: video.within(index),
            within,
            closeness,
        };
        self.media.call(draw, cancel)
    }

    /// What a file is, and its first picture: there long before its frames are listed, of which it knows none.
    ///
    /// # Errors
    /// [`Fault::Cancelled`](crate::fault::Fault::Cancelled); what is wrong with the file.
    pub fn glance(
        &self,
        file: VideoFile,
        within: PreviewSize,
        cancel: &CancelToken,
    ) -> Result<(OpenVideo, Picture), Failure> {
        let began = Instant::now();
        let draw = DrawFirst {
            video: file.clone(),
            within,
        };
        let first = self.media.call(draw, cancel)?;
        let video = OpenVideo {
            identity: FileIdentity::read(&file)?,
            file,
            probe: first.opened.probe,
            pts_secs: Vec::new(),
            duration_secs: first.opened.duration_secs,
            open_ms: began.elapsed().as_millis() as u64,
        };
        Ok((video, first.picture))
    }

    /// A picture of the key frame nearest to `secs` of a file whose frames need not be listed yet, for a pointer that is
    /// being dragged. `None` where its container finds none: then the list has to be waited for. Counts as a call of
    /// [`Engine::picture_near`].
    ///
    /// # Errors
    /// [`Fault::Cancelled`](crate::fault::Fault::Cancelled), also when newer calls came; what is wrong with the file.
    pub fn glimpse(
        &self,
        file: &VideoFile,
        secs: f64,
        within: PreviewSize,
        cancel: &CancelToken,
    ) -> Result<Option<Glimpse>, Failure> {
        let _wish = self.pointer.wish(cancel);
        let draw = DrawNear {
            video: file.clone(),
            secs,
            within,
        };
        self.media.call(draw, cancel)
    }

    /// Small pictures near `at_secs`, the cheapest there are. `each` gets the position among the times and the picture, in
    /// any order. Scrubbing does not wait for it.
    ///
    /// # Errors
    /// [`Fault::Cancelled`](crate::fault::Fault::Cancelled); what is wrong with the file.
    pub fn filmstrip(
        &self,
        video: &OpenVideo,
        at_secs: &[f64],
        within: PreviewSize,
        cancel: &CancelToken,
        each: &mut dyn FnMut(usize, Picture),
    ) -> Result<(), Failure> {
        let draw = DrawStrip {
            video: video.file.clone(),
            at_secs: at_secs.to_vec(),
            within,
        };
        self.media
            .call_with(draw, cancel, &mut |Slide { slot, picture }| each(slot, picture))
    }

    /// A frame as it is, for saving.
    ///
    /// # Errors
    /// [`Fault::Cancelled`](crate::fault::Fault::Cancelled); what is wrong with the file.
    pub fn full_frame(
        &self,
        video: &OpenVideo,
        index: usize,
        cancel: &CancelToken,
    ) -> Result<FullFrame, Failure> {
        let decode = DecodeFrame {
            video: video.file.clone(),
            index,
        };
        self.media.call(decode, cancel)
    }

    /// Frames as they are, each different one once, ascending. `each` may end it.
    ///
    /// # Errors
    /// [`Fault::Cancelled`](crate::fault::Fault::Cancelled), also where `each` ended it; what is wrong with the file.
    pub fn full_frames(
        &self,
        video: &OpenVideo,
        indices: &[usize],
        cancel: &CancelToken,
        each: &mut dyn FnMut(FrameRef, RgbImage) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let decode = DecodeFrames {
            video: video.file.clone(),
            indices: indices.to_vec(),
        };
        let enough = CancelToken::new();
        let _ended = {
            let enough = enough.clone();
            cancel.on_cancel(move || enough.cancel())
        };
        self.media.call_with(decode, &enough, &mut |full| {
            if let Some(picture) = full.pixels.into_image()
                && !enough.is_cancelled()
                && each(full.frame, picture).is_break()
            {
                enough.cancel();
            }
        })
    }
}
