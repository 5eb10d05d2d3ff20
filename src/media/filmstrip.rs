//! Small pictures spread over a clip, for a strip to scrub along.

use std::ops::ControlFlow;

use image::RgbImage;

use super::access::Pace;
use super::convert::Sizing;
use super::error::MediaError;
use super::preview::PreviewSize;
use super::video::Video;
use crate::cancel::CancelToken;

/// Which frame stands for a slot of the strip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    /// The key frame nearest to the slot: one packet to decode.
    KeyFrame,
    /// The frame nearest to the middle of the slot: a whole way from its key frame.
    Exact,
}

/// A strip of pictures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Filmstrip {
    /// How many slots of equal time there are.
    pub n_slots: usize,
    /// How large a picture may be.
    pub size: PreviewSize,
    /// Which frame stands for a slot.
    pub landing: Landing,
}

/// One picture of a strip.
#[derive(Clone, Debug)]
pub struct Slide {
    /// The slot it belongs to, from 0.
    pub slot: usize,
    /// The frame that is shown.
    pub index: usize,
    /// That frame's own time, which is not the slot's, in seconds.
    pub pts_secs: f64,
    /// RGB, turned and with square pixels.
    pub image: RgbImage,
}

impl Filmstrip {
    /// Makes the pictures from left to right and hands each out as soon as it is there. Slots that fall on one frame
    /// share its picture. To make way for a newer strip, cancel this one's token.
    ///
    /// # Errors
    /// [`MediaError::Cancelled`]; what indexing and reading may meet. A key frame that cannot be decoded by itself is
    /// reached as any other frame, and a damaged one leaves its slot empty.
    pub fn draw(
        &self,
        video: &mut Video,
        cancel: &CancelToken,
        each: &mut dyn FnMut(Slide) -> ControlFlow<()>,
    ) -> Result<(), MediaError> {
        let index = video.index(None, &mut |_| {}, cancel)?;
        let keys = index.key_frames();
        let (start_secs, slot_secs) = (
            index.pts_secs(0),
            index.duration_secs() / self.n_slots.max(1) as f64,
        );
        let frames: Vec<usize> = (0..self.n_slots)
            .map(|slot| {
                let middle = start_secs + (slot as f64 + 0.5) * slot_secs;
                match self.landing {
                    Landing::Exact => index.nearest(middle),
                    Landing::KeyFrame => {
                        let distance = |key: &usize| (index.pts_secs(*key) - middle).abs();
                        let after = keys.partition_point(|&key| index.pts_secs(key) < middle);
                        let near = &keys[after.saturating_sub(1)..(after + 1).min(keys.len())];
                        near.iter()
                            .copied()
                            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
                            .unwrap_or(0)
                    }
                }
            })
            .collect();
        let times: Vec<f64> = frames.iter().map(|&frame| index.pts_secs(frame)).collect();
        let mut hand_out = |frame: usize, image: &RgbImage| {
            let slots = (0..frames.len()).filter(|&slot| frames[slot] == frame);
            slots
                .map(|slot| Slide {
                    slot,
                    index: frame,
                    pts_secs: times[slot],
                    image: image.clone(),
                })
                .try_for_each(&mut *each)
        };

        let aspect = video.probe().display_pixel_aspect();
        let size = self.size;
        let fit = move |displayed: (u32, u32)| size.fit(displayed, aspect);
        let mut distinct = frames.clone();
        distinct.dedup();
        match self.landing {
            Landing::Exact => video.walk(&frames, Pace::Batch, Some(&fit), cancel, &mut |frame| {
                hand_out(frame.index, &frame.image)
            }),
            Landing::KeyFrame => {
                for frame in distinct {
                    let image = match video.key_frame(frame, &fit, cancel)? {
                        Some(image) => Some(image),
                        None => reach(video, frame, &fit, cancel)?,
                    };
                    if image.is_some_and(|image| hand_out(frame, &image).is_break()) {
                        break;
                    }
                }
                Ok(())
            }
        }
    }
}

/// A frame that cannot be decoded by itself; `None` where it is damaged.
fn reach(
    video: &mut Video,
    index: usize,
    fit: &Sizing<'_>,
    cancel: &CancelToken,
) -> Result<Option<RgbImage>, MediaError> {
    let mut found = None;
    let walked = video.walk(&[index], Pace::Batch, Some(fit), cancel, &mut |frame| {
        found = Some(frame.image);
        ControlFlow::Break(())
    });
    match walked {
        Ok(()) | Err(MediaError::FrameLost { .. }) => Ok(found),
        Err(error) => Err(error),
    }
}
