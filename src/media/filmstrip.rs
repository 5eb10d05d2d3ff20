//! Small pictures spread over a clip, for a strip to scrub along.

use std::ops::ControlFlow;

use image::RgbImage;

use super::access::Pace;
use super::convert::Sizing;
use super::error::MediaError;
use super::index::FrameIndex;
use super::video::Video;
use crate::cancel::CancelToken;
use crate::video::PreviewSize;

/// Which frame stands for a slot of the strip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    /// The key frame nearest to the slot: one packet to decode.
    KeyFrame,
    /// The key frame first; then, where that is nearer to another slot than to its own, the very frame of the slot, so that
    /// a clip with few key frames does not show one of them everywhere.
    Sharpened,
    /// The frame nearest to the middle of the slot: a whole way from its key frame.
    Exact,
}

/// Where the slots of a strip are.
#[derive(Clone, Debug, PartialEq)]
pub enum Slots {
    /// So many slots of equal time, each looked at in its middle.
    Spread(usize),
    /// One at each of these times in seconds.
    At(Vec<f64>),
}

/// A strip of pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Filmstrip {
    /// Where its pictures are taken.
    pub slots: Slots,
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
    /// The time that each slot is looked at.
    fn times(&self, index: &FrameIndex) -> Vec<f64> {
        match &self.slots {
            Slots::At(times) => times.clone(),
            Slots::Spread(n_slots) => {
                let slot_secs = index.duration_secs() / (*n_slots).max(1) as f64;
                (0..*n_slots)
                    .map(|slot| index.pts_secs(0) + (slot as f64 + 0.5) * slot_secs)
                    .collect()
            }
        }
    }

    /// Makes the pictures in the order of time and hands each out as soon as it is there, a sharpened slot's twice. Slots
    /// that fall on one frame share its picture. To make way for a newer strip, cancel this one's token.
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
        let index = video.index(&mut |_| {}, cancel)?;
        let at_secs = self.times(index);
        let frames: Vec<usize> = at_secs
            .iter()
            .map(|&secs| match self.landing {
                Landing::Exact => index.nearest(secs),
                Landing::KeyFrame | Landing::Sharpened => index.nearest_key(secs),
            })
            .collect();
        let apart = match self.landing {
            Landing::Sharpened => far_slots(index, &at_secs, &frames),
            Landing::KeyFrame | Landing::Exact => Vec::new(),
        };
        let apart_secs: Vec<f64> = apart.iter().map(|&(_, frame)| index.pts_secs(frame)).collect();
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
        distinct.sort_unstable();
        distinct.dedup();
        match self.landing {
            Landing::Exact => video.walk(&distinct, Pace::Batch, Some(&fit), cancel, &mut |frame| {
                hand_out(frame.index, &frame.image)
            }),
            Landing::KeyFrame | Landing::Sharpened => {
                for frame in distinct {
                    let image = match video.key_frame(frame, &fit, cancel)? {
                        Some(image) => Some(image),
                        None => reach(video, frame, &fit, cancel)?,
                    };
                    if image.is_some_and(|image| hand_out(frame, &image).is_break()) {
                        return Ok(());
                    }
                }
                if apart.is_empty() {
                    return Ok(());
                }
                let mut distinct: Vec<usize> = apart.iter().map(|&(_, frame)| frame).collect();
                distinct.sort_unstable();
                distinct.dedup();
                video.walk(&distinct, Pace::Batch, Some(&fit), cancel, &mut |frame| {
                    let slots = apart
                        .iter()
                        .zip(&apart_secs)
                        .filter(|((_, one), _)| *one == frame.index);
                    slots
                        .map(|(&(slot, index), &pts_secs)| Slide {
                            slot,
                            index,
                            pts_secs,
                            image: frame.image.clone(),
                        })
                        .try_for_each(&mut *each)
                })
            }
        }
    }
}

/// The slots whose key frame lies farther away than half the way to the next slot, each with its own frame.
fn far_slots(index: &FrameIndex, at_secs: &[f64], frames: &[usize]) -> Vec<(usize, usize)> {
    let mut sorted = at_secs.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let apart_secs = sorted
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .filter(|secs| *secs > 0.0)
        .min_by(f64::total_cmp)
        // A slot alone has no neighbour that its picture could belong to: only its own will do.
        .unwrap_or(0.0);
    let slots = at_secs.iter().zip(frames).enumerate();
    slots
        .filter(|(_, (secs, key))| (index.pts_secs(**key) - **secs).abs() > apart_secs / 2.0)
        .map(|(slot, (secs, _))| (slot, index.nearest(*secs)))
        .collect()
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
