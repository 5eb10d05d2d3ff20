//! Pictures for a viewer: of one frame, of the first one, of a strip.

use std::ffi::OsString;
use std::ops::ControlFlow;

use super::{MediaRole, failure};
use crate::api::{BoxJson, LandingJson, MediaEvent, ProbeJson};
use crate::cancel::CancelToken;
use crate::fault::{Failure, Fault};
use crate::media::{Filmstrip, Landing, PreviewSize, Previews, Slots, Video, encode_jpeg};
use crate::worker::Emit;

/// Sizes of one video whose pictures are kept: the viewer's, and a small one beside it.
const MAX_SIZES: usize = 2;

impl From<BoxJson> for PreviewSize {
    fn from(within: BoxJson) -> Self {
        Self {
            max_width: within.max_width.max(1),
            max_height: within.max_height.max(1),
        }
    }
}

/// The pictures kept of one video, by size, the size used last at the end.
#[derive(Default)]
pub(super) struct Sizes(Vec<Previews>);

impl Sizes {
    fn of(&mut self, size: PreviewSize) -> &mut Previews {
        let known = self.0.iter().position(|previews| previews.size() == size);
        let previews = match known {
            Some(position) => self.0.remove(position),
            None => {
                if self.0.len() == MAX_SIZES {
                    self.0.remove(0);
                }
                Previews::new(size)
            }
        };
        self.0.push(previews);
        self.0.last_mut().expect("BUG: it was just pushed")
    }

    /// Goes on with what the viewer will want next; false where there is nothing.
    pub(super) fn prepare(&mut self, video: &mut Video, cancel: &CancelToken) -> bool {
        self.0.last_mut().is_some_and(|used| used.prepare(video, cancel))
    }
}

impl MediaRole {
    pub(super) fn picture(
        &mut self,
        path: OsString,
        index: usize,
        (within, landing): (BoxJson, LandingJson),
        cancel: &CancelToken,
        emit: &mut Emit<'_, MediaEvent>,
    ) -> Result<(), Failure> {
        let precedence = self.precedence.clone();
        let opened = self.video(path, &mut |_| {}, cancel)?;
        let _first = precedence.take();
        let previews = opened.sizes.of(within.into());
        let preview = match landing {
            LandingJson::Exact => previews.get(&mut opened.video, index, cancel),
            LandingJson::Near => previews.near(&mut opened.video, index, cancel),
        };
        let preview = preview.map_err(failure)?;
        let frames = opened.video.index(None, &mut |_| {}, cancel).map_err(failure)?;
        let event = MediaEvent::Picture {
            slot: 0,
            index: preview.index,
            pts_secs: frames.pts_secs(preview.index),
            width: preview.width,
            height: preview.height,
            is_coarse: preview.is_coarse,
        };
        emit(event, &preview.jpeg);
        Ok(())
    }

    pub(super) fn first_picture(
        &mut self,
        path: OsString,
        within: BoxJson,
        cancel: &CancelToken,
        emit: &mut Emit<'_, MediaEvent>,
    ) -> Result<(), Failure> {
        let _first = self.precedence.take();
        let opened = self.unlisted(path, cancel)?;
        let frame = opened.video.first_frame(cancel).map_err(failure)?;
        let aspect = opened.video.probe().display_pixel_aspect();
        let (width, height) = PreviewSize::from(within).fit(frame.image.dimensions(), aspect);
        // The list of frames is not there yet, and with it no converter to a size: this one picture is scaled as it is.
        let picture = image::imageops::thumbnail(&frame.image, width, height);
        let probe = opened.video.probe();
        let opened = MediaEvent::Opened {
            probe: Box::new(ProbeJson::new(opened.video.path(), probe)),
            duration_secs: probe.duration_secs,
        };
        emit(opened, &[]);
        let event = MediaEvent::Picture {
            slot: 0,
            index: 0,
            pts_secs: frame.pts_secs,
            width,
            height,
            is_coarse: false,
        };
        emit(event, &jpeg(&picture)?);
        Ok(())
    }

    pub(super) fn glimpse(
        &mut self,
        path: OsString,
        secs: f64,
        within: BoxJson,
        cancel: &CancelToken,
        emit: &mut Emit<'_, MediaEvent>,
    ) -> Result<(), Failure> {
        let _first = self.precedence.take();
        let opened = self.unlisted(path, cancel)?;
        let aspect = opened.video.probe().display_pixel_aspect();
        let size = PreviewSize::from(within).coarse();
        let fit = move |displayed| size.fit(displayed, aspect);
        if let Some(found) = opened.video.glimpse(secs, &fit, cancel).map_err(failure)? {
            let event = MediaEvent::Glimpse {
                pts_secs: found.pts_secs,
                width: found.image.width(),
                height: found.image.height(),
            };
            emit(event, &jpeg(&found.image)?);
        }
        Ok(())
    }

    pub(super) fn filmstrip(
        &mut self,
        path: OsString,
        at_secs: Vec<f64>,
        within: BoxJson,
        cancel: &CancelToken,
        emit: &mut Emit<'_, MediaEvent>,
    ) -> Result<(), Failure> {
        let precedence = self.precedence.clone();
        let opened = self.video(path, &mut |_| {}, cancel)?;
        let strip = Filmstrip {
            slots: Slots::At(at_secs),
            size: within.into(),
            landing: Landing::Sharpened,
        };
        let mut broken = None;
        let drawn = strip.draw(&mut opened.video, cancel, &mut |slide| match jpeg(&slide.image) {
            Ok(jpeg) => {
                precedence.give_way(cancel);
                let event = MediaEvent::Picture {
                    slot: slide.slot,
                    index: slide.index,
                    pts_secs: slide.pts_secs,
                    width: slide.image.width(),
                    height: slide.image.height(),
                    is_coarse: false,
                };
                emit(event, &jpeg);
                ControlFlow::Continue(())
            }
            Err(failure) => {
                broken = Some(failure);
                ControlFlow::Break(())
            }
        });
        drawn.map_err(failure)?;
        broken.map_or(Ok(()), Err)
    }

    pub(super) fn frame(
        &mut self,
        path: OsString,
        index: usize,
        cancel: &CancelToken,
        emit: &mut Emit<'_, MediaEvent>,
    ) -> Result<(), Failure> {
        let opened = self.video(path, &mut |_| {}, cancel)?;
        let frame = opened.video.frame(index, cancel).map_err(failure)?;
        let event = MediaEvent::Frame {
            index: frame.index,
            pts_secs: frame.pts_secs,
            width: frame.image.width(),
            height: frame.image.height(),
        };
        emit(event, frame.image.as_raw());
        Ok(())
    }
}

fn jpeg(picture: &image::RgbImage) -> Result<Vec<u8>, Failure> {
    encode_jpeg(picture)
        .map_err(|error| Failure::new(Fault::Machine, format!("no picture can be made: {error}")))
}
