//! Pictures for whoever looks at the video.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::coordinator::{Engine, OpenVideo, identify, silent};
use super::protocol::{STRIP_LANE, VIEWER_LANE};
use crate::api::{BoxJson, LandingJson, MediaEvent, MediaRequest};
use crate::cancel::CancelToken;
use crate::fault::{Failure, Fault};

/// A compressed picture of a frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// The frame that it shows.
    pub index: usize,
    /// That frame's own time in seconds.
    pub pts_secs: f64,
    /// Pixels, square ones.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// A JPEG file.
    pub jpeg: Vec<u8>,
    /// Smaller than it could be: for a pointer that moves on.
    pub is_coarse: bool,
}

/// A compressed picture of a frame that is known by its time alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Glimpse {
    /// Its own time in seconds.
    pub pts_secs: f64,
    /// Pixels, square ones.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// A JPEG file.
    pub jpeg: Vec<u8>,
}

/// A frame as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct FullFrame {
    /// Position among the displayable frames, from 0.
    pub index: usize,
    /// Presentation time stamp in seconds.
    pub pts_secs: f64,
    /// Pixels as displayed: rotation applied, pixel aspect not.
    pub image: image::RgbImage,
}

/// The pictures that the pointer wants: now, and the one before, which may be on its way still.
#[derive(Debug, Default)]
pub(super) struct Pointer(Mutex<VecDeque<CancelToken>>);

/// Pictures for a pointer that are on their way at a time: one is made while the other travels.
const N_UNDER_WAY: usize = 2;

impl Pointer {
    /// Whoever asked before those need not be answered any more.
    fn moves_on(&self, cancel: &CancelToken) {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        newest.push_back(cancel.clone());
        if newest.len() > N_UNDER_WAY
            && let Some(earlier) = newest.pop_front()
        {
            earlier.cancel();
        }
    }
}

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
    /// [`Fault::Cancelled`]; what is wrong with the file.
    pub fn picture(
        &self,
        video: &OpenVideo,
        index: usize,
        within: BoxJson,
        cancel: &CancelToken,
    ) -> Result<Picture, Failure> {
        self.one_picture(video, index, within, LandingJson::Exact, cancel)
    }

    /// A picture near a frame, at once, for a pointer that is being dragged: the frame itself where it was seen before,
    /// else the nearest picture that is at hand, a coarse one where it has to be made. Two may be under way;
    /// a third call ends the oldest that still waits.
    ///
    /// # Errors
    /// [`Fault::Cancelled`], also when newer calls came; what is wrong with the file.
    pub fn picture_near(
        &self,
        video: &OpenVideo,
        index: usize,
        within: BoxJson,
        cancel: &CancelToken,
    ) -> Result<Picture, Failure> {
        self.pointer.moves_on(cancel);
        self.one_picture(video, index, within, LandingJson::Near, cancel)
    }

    fn one_picture(
        &self,
        video: &OpenVideo,
        index: usize,
        within: BoxJson,
        landing: LandingJson,
        cancel: &CancelToken,
    ) -> Result<Picture, Failure> {
        let request = MediaRequest::Picture {
            path: video.path.as_os_str().to_owned(),
            index: video.within(index),
            within,
            landing,
        };
        let mut found = None;
        self.media
            .call(VIEWER_LANE, request, &[], cancel, &mut |event, jpeg| {
                found = picture_of(&event, jpeg).map(|(_, picture)| picture);
            })?;
        found.ok_or_else(|| silent("the video reader", "drew"))
    }

    /// What a file is, and its first picture: there long before its frames are listed, of which it knows none.
    ///
    /// # Errors
    /// [`Fault::Cancelled`]; what is wrong with the file.
    pub fn glance(
        &self,
        path: &Path,
        within: BoxJson,
        cancel: &CancelToken,
    ) -> Result<(OpenVideo, Picture), Failure> {
        let began = Instant::now();
        let request = MediaRequest::FirstPicture {
            path: path.as_os_str().to_owned(),
            within,
        };
        let (mut seen, mut found) = (None, None);
        self.media.call(
            VIEWER_LANE,
            request,
            &[],
            cancel,
            &mut |event, payload| match event {
                MediaEvent::Opened { probe, duration_secs } => seen = Some((probe, duration_secs)),
                event => found = picture_of(&event, payload).map(|(_, picture)| picture),
            },
        )?;
        let ((probe, duration_secs), picture) = seen
            .zip(found)
            .ok_or_else(|| silent("the video reader", "drew"))?;
        let video = OpenVideo {
            path: path.to_owned(),
            identity: identify(path)?,
            probe: *probe,
            pts_secs: Vec::new(),
            duration_secs,
            open_ms: began.elapsed().as_millis() as u64,
        };
        Ok((video, picture))
    }

    /// A picture of the key frame nearest to `secs` of a file whose frames need not be listed yet, for a pointer that is
    /// being dragged. `None` where its container finds none: then the list has to be waited for. Counts as a call of
    /// [`Engine::picture_near`].
    ///
    /// # Errors
    /// [`Fault::Cancelled`], also when newer calls came; what is wrong with the file.
    pub fn glimpse(
        &self,
        path: &Path,
        secs: f64,
        within: BoxJson,
        cancel: &CancelToken,
    ) -> Result<Option<Glimpse>, Failure> {
        self.pointer.moves_on(cancel);
        let request = MediaRequest::Glimpse {
            path: path.as_os_str().to_owned(),
            secs,
            within,
        };
        let mut found = None;
        self.media
            .call(VIEWER_LANE, request, &[], cancel, &mut |event, jpeg| {
                if let MediaEvent::Glimpse {
                    pts_secs,
                    width,
                    height,
                } = event
                {
                    found = Some(Glimpse {
                        pts_secs,
                        width,
                        height,
                        jpeg,
                    });
                }
            })?;
        Ok(found)
    }

    /// Small pictures near `at_secs`, the cheapest there are. `each` gets the position among the times and the picture, in
    /// any order. Scrubbing does not wait for it.
    ///
    /// # Errors
    /// [`Fault::Cancelled`]; what is wrong with the file.
    pub fn filmstrip(
        &self,
        video: &OpenVideo,
        at_secs: &[f64],
        within: BoxJson,
        cancel: &CancelToken,
        each: &mut dyn FnMut(usize, Picture),
    ) -> Result<(), Failure> {
        let request = MediaRequest::Filmstrip {
            path: video.path.as_os_str().to_owned(),
            at_secs: at_secs.to_vec(),
            within,
        };
        self.media
            .call(STRIP_LANE, request, &[], cancel, &mut |event, jpeg| {
                if let Some((slot, picture)) = picture_of(&event, jpeg) {
                    each(slot, picture);
                }
            })
    }

    /// A frame as it is, for saving.
    ///
    /// # Errors
    /// [`Fault::Cancelled`]; what is wrong with the file.
    pub fn full_frame(
        &self,
        video: &OpenVideo,
        index: usize,
        cancel: &CancelToken,
    ) -> Result<FullFrame, Failure> {
        let request = MediaRequest::Frame {
            path: video.path.as_os_str().to_owned(),
            index,
        };
        let mut found = None;
        self.media
            .call(VIEWER_LANE, request, &[], cancel, &mut |event, pixels| {
                if let MediaEvent::Frame {
                    index,
                    pts_secs,
                    width,
                    height,
                } = event
                {
                    found = image::RgbImage::from_raw(width, height, pixels).map(|image| FullFrame {
                        index,
                        pts_secs,
                        image,
                    });
                }
            })?;
        found.ok_or_else(|| Failure::new(Fault::Machine, "the video reader sent no whole frame"))
    }
}

fn picture_of(event: &MediaEvent, jpeg: Vec<u8>) -> Option<(usize, Picture)> {
    let MediaEvent::Picture {
        slot,
        index,
        pts_secs,
        width,
        height,
        is_coarse,
    } = *event
    else {
        return None;
    };
    let picture = Picture {
        index,
        pts_secs,
        width,
        height,
        jpeg,
        is_coarse,
    };
    Some((slot, picture))
}
