//! Pictures for a viewer: of one frame, of the first one, of a strip.

use std::ops::ControlFlow;

use super::{MediaRole, failure};
use crate::cancel::CancelToken;
use crate::engine::requests::media::{
    Closeness, DecodeFrame, DrawFirst, DrawFrame, DrawNear, DrawStrip, FirstPicture, FullFrame, Glimpse,
    Opened, Picture, Slide,
};
use crate::fault::{Failure, Fault};
use crate::media::{Filmstrip, Landing, Previews, Slots, Video, encode_jpeg};
use crate::video::PreviewSize;
use crate::worker::{Call, Handle, Nothing};

/// Sizes of one video whose pictures are kept: the viewer's, and a small one beside it.
const MAX_SIZES: usize = 2;

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

impl Handle<DrawFrame> for MediaRole {
    fn handle(&mut self, draw: DrawFrame, call: &mut Call<'_, Nothing>) -> Result<Picture, Failure> {
        let cancel = call.cancel;
        let precedence = self.precedence.clone();
        let opened = self.video(&draw.video, &mut |_| {}, cancel)?;
        let _first = precedence.take();
        let previews = opened.sizes.of(draw.within.positive());
        let preview = match draw.closeness {
            Closeness::Exact => previews.get(&mut opened.video, draw.index, cancel),
            Closeness::Near => previews.near(&mut opened.video, draw.index, cancel),
        };
        let preview = preview.map_err(failure)?;
        let frames = opened.video.index(&mut |_| {}, cancel).map_err(failure)?;
        Ok(Picture {
            index: preview.index,
            pts_secs: frames.pts_secs(preview.index),
            width: preview.width,
            height: preview.height,
            is_coarse: preview.is_coarse,
            jpeg: preview.jpeg.clone(),
        })
    }
}

impl Handle<DrawFirst> for MediaRole {
    fn handle(
        &mut self,
        DrawFirst { video, within }: DrawFirst,
        call: &mut Call<'_, Nothing>,
    ) -> Result<FirstPicture, Failure> {
        let cancel = call.cancel;
        let _first = self.precedence.take();
        let opened = self.unlisted(&video, cancel)?;
        let frame = opened.video.first_frame(cancel).map_err(failure)?;
        let probe = opened.video.probe().clone();
        let size = within.positive();
        let (width, height) = size.fit(frame.image.dimensions(), probe.display_pixel_aspect());
        // The list of frames is not there yet, and with it no converter to a size: this one picture is scaled as it is.
        let picture = image::imageops::thumbnail(&frame.image, width, height);
        Ok(FirstPicture {
            opened: Opened {
                duration_secs: probe.duration_secs,
                probe,
                pts_secs: Vec::new(),
            },
            picture: picture_of(0, frame.pts_secs, &picture)?,
        })
    }
}

impl Handle<DrawNear> for MediaRole {
    fn handle(
        &mut self,
        DrawNear { video, secs, within }: DrawNear,
        call: &mut Call<'_, Nothing>,
    ) -> Result<Option<Glimpse>, Failure> {
        let cancel = call.cancel;
        let _first = self.precedence.take();
        let opened = self.unlisted(&video, cancel)?;
        let aspect = opened.video.probe().display_pixel_aspect();
        let size = within.positive().coarse();
        let fit = move |displayed| size.fit(displayed, aspect);
        let found = opened.video.glimpse(secs, &fit, cancel).map_err(failure)?;
        let glimpse = found.map(|found| {
            Ok(Glimpse {
                pts_secs: found.pts_secs,
                width: found.image.width(),
                height: found.image.height(),
                jpeg: jpeg(&found.image)?,
            })
        });
        glimpse.transpose()
    }
}

impl Handle<DrawStrip> for MediaRole {
    fn handle(&mut self, draw: DrawStrip, call: &mut Call<'_, Slide>) -> Result<(), Failure> {
        let cancel = call.cancel;
        let precedence = self.precedence.clone();
        let opened = self.video(&draw.video, &mut |_| {}, cancel)?;
        let strip = Filmstrip {
            slots: Slots::At(draw.at_secs),
            size: draw.within.positive(),
            landing: Landing::Sharpened,
        };
        let mut broken = None;
        let drawn = strip.draw(&mut opened.video, cancel, &mut |slide| match picture_of(
            slide.index,
            slide.pts_secs,
            &slide.image,
        ) {
            Ok(picture) => {
                precedence.give_way(cancel);
                let slot = slide.slot;
                call.emit(Slide { slot, picture });
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
}

impl Handle<DecodeFrame> for MediaRole {
    fn handle(
        &mut self,
        DecodeFrame { video, index }: DecodeFrame,
        call: &mut Call<'_, Nothing>,
    ) -> Result<FullFrame, Failure> {
        let cancel = call.cancel;
        let opened = self.video(&video, &mut |_| {}, cancel)?;
        let frame = opened.video.frame(index, cancel).map_err(failure)?;
        Ok(frame.into())
    }
}

fn picture_of(index: usize, pts_secs: f64, image: &image::RgbImage) -> Result<Picture, Failure> {
    Ok(Picture {
        index,
        pts_secs,
        width: image.width(),
        height: image.height(),
        is_coarse: false,
        jpeg: jpeg(image)?,
    })
}

fn jpeg(picture: &image::RgbImage) -> Result<Vec<u8>, Failure> {
    encode_jpeg(picture)
        .map_err(|error| Failure::new(Fault::Machine, format!("no picture can be made: {error}")))
}
