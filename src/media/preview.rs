//! Pictures for a viewer: small, with square pixels, compressed, and kept for stepping back.

use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::Arc;

use image::RgbImage;
use jpeg_encoder::{ColorType, Encoder, EncodingError, SamplingFactor};

use super::access::Pace;
use super::error::MediaError;
use super::video::Video;
use crate::cancel::CancelToken;
use crate::video::PreviewSize;

/// JPEG quality of previews: beyond it the file grows and the eye sees nothing.
const JPEG_QUALITY: u8 = 85;

/// Frames before the one asked for that are made with it when somebody steps back: decoding has come by them, and a
/// picture of each costs little beside that. All of its group would cost several times as much as the frame.
const N_BEFORE_AT_ONCE: usize = 6;

/// Frames before the last one that are made ready while nobody waits, once somebody steps back.
const N_READY_BEFORE: usize = 24;

/// So many of them at a time, since each time their group is decoded anew up to there. As many are made at once for somebody
/// who steps so fast that there is no time between.
const N_READIED_AT_A_TIME: usize = 12;

/// A step back goes so far at most. Whoever goes farther has jumped, and waits for one frame and no others.
const N_STEPPED_BACK: usize = 2;

/// Frames that are gone over with the one asked for, where it is so little after the last: requests of playback that
/// are under way together may overtake each other, and the frame passed over would be a whole group away.
const N_OVERTAKEN: usize = 1;

/// Coarse pictures that are kept: of the key frames that a pointer passed last.
const N_COARSE_KEPT: usize = 48;

/// Packets that are decoded for a pointer that moves on: about as dear as a key frame, and it is the very frame.
const N_JUST_AHEAD: usize = 4;

/// A compressed picture of one frame.
#[derive(Debug, PartialEq, Eq)]
pub struct Preview {
    /// The frame.
    pub index: usize,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// A JPEG file.
    pub jpeg: Vec<u8>,
    /// Smaller than it could be: for a pointer that moves on.
    pub is_coarse: bool,
}

/// Compresses a picture as JPEG, colour at half resolution as cameras do.
///
/// # Errors
/// [`EncodingError`] for a side beyond JPEG's 65535.
pub fn encode_jpeg(picture: &RgbImage) -> Result<Vec<u8>, EncodingError> {
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, JPEG_QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    // A side too long for 16 bits becomes 0, which the encoder refuses.
    let side = |px: u32| u16::try_from(px).unwrap_or(0);
    encoder.encode(
        picture,
        side(picture.width()),
        side(picture.height()),
        ColorType::Rgb,
    )?;
    Ok(jpeg)
}

/// Previews of one video at one size, the last used of which are kept within [`super::Limits::preview_bytes`].
#[derive(Debug)]
pub struct Previews {
    size: PreviewSize,
    kept: HashMap<usize, Arc<Preview>>,
    /// The one made last at the end.
    coarse: VecDeque<Arc<Preview>>,
    /// Frames kept, the longest unused first.
    by_use: VecDeque<usize>,
    n_bytes: usize,
    last: Option<usize>,
    /// The frame stepped back to, before which others are made ready.
    stepped_back_to: Option<usize>,
    /// Whether the last step back had to be waited for as well.
    is_late: bool,
}

impl Previews {
    /// None yet.
    #[must_use]
    pub fn new(size: PreviewSize) -> Self {
        Self {
            size,
            kept: HashMap::new(),
            coarse: VecDeque::new(),
            by_use: VecDeque::new(),
            n_bytes: 0,
            last: None,
            stepped_back_to: None,
            is_late: false,
        }
    }

    /// The box that its pictures fit into.
    #[must_use]
    pub fn size(&self) -> PreviewSize {
        self.size
    }

    /// Whether the picture of this frame is at hand.
    #[must_use]
    pub fn keeps(&self, index: usize) -> bool {
        self.kept.contains_key(&index)
    }

    /// Bytes of compressed pictures held.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    /// The preview of a frame: kept, or decoded now. Going backwards, some before it are kept as well, and
    /// [`Previews::prepare`] makes more of them.
    ///
    /// # Errors
    /// As [`Video::frame`].
    pub fn get(
        &mut self,
        video: &mut Video,
        index: usize,
        cancel: &CancelToken,
    ) -> Result<Arc<Preview>, MediaError> {
        let last = self.last;
        let backwards = last.is_some_and(|last| index < last && last - index <= N_STEPPED_BACK);
        self.stepped_back_to = backwards.then_some(index);
        self.is_late &= backwards;
        if let Some(preview) = self.kept.get(&index).cloned() {
            self.touch(index);
            self.last = Some(index);
            return Ok(preview);
        }
        let first = if backwards {
            let key = video.index(&mut |_| {}, cancel)?.key_before(index);
            let n_before = if self.is_late {
                N_READIED_AT_A_TIME
            } else {
                N_BEFORE_AT_ONCE
            };
            self.is_late = true;
            key.max(index.saturating_sub(n_before))
        } else {
            let after_last = last.map_or(index, |last| last + 1);
            if (after_last..=after_last + N_OVERTAKEN).contains(&index) {
                after_last
            } else {
                index
            }
        };
        let wanted: Vec<usize> = (first..=index)
            // What an interrupted way has kept is gone on from.
            .filter(|frame| !self.kept.contains_key(frame))
            .collect();
        let preview = self.reach(video, &wanted, Pace::Stepping, cancel)?;
        self.last = Some(index);
        Ok(preview)
    }

    /// Makes some of the frames ready that lie before the one stepped back to; false where nothing is left to do.
    pub fn prepare(&mut self, video: &mut Video, cancel: &CancelToken) -> bool {
        let Some(index) = self.stepped_back_to else {
            return false;
        };
        let missing = (index.saturating_sub(N_READY_BEFORE)..index)
            .rev()
            .find(|frame| !self.kept.contains_key(frame));
        let made = missing.map(|last| {
            let key = video.index(&mut |_| {}, cancel)?.key_before(last);
            let first = key.max((last + 1).saturating_sub(N_READIED_AT_A_TIME));
            let wanted: Vec<usize> = (first..=last)
                .filter(|frame| !self.kept.contains_key(frame))
                .collect();
            self.reach(video, &wanted, Pace::Stepping, cancel)
        });
        match made {
            Some(Ok(_)) => true,
            // Somebody wants something else: whether to go on is known afterwards.
            Some(Err(MediaError::Cancelled { .. })) => true,
            // What is wrong with a frame is told to whoever asks for it.
            Some(Err(_)) | None => {
                self.stepped_back_to = None;
                false
            }
        }
    }

    /// Decodes and keeps these frames; the last one's preview.
    fn reach(
        &mut self,
        video: &mut Video,
        wanted: &[usize],
        pace: Pace,
        cancel: &CancelToken,
    ) -> Result<Arc<Preview>, MediaError> {
        let index = wanted.last().copied().unwrap_or_default();
        let aspect = video.probe().display_pixel_aspect();
        let size = self.size;
        let fit = move |displayed: (u32, u32)| size.fit(displayed, aspect);
        let limit = video.limits().preview_bytes;
        let mut failed = None;
        video.walk(
            wanted,
            pace,
            Some(&fit),
            cancel,
            &mut |frame| match encode_jpeg(&frame.image) {
                Ok(jpeg) => {
                    let (width, height) = frame.image.dimensions();
                    self.keep(
                        Preview {
                            index: frame.index,
                            width,
                            height,
                            jpeg,
                            is_coarse: false,
                        },
                        limit,
                    );
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            },
        )?;
        let path = video.path().to_owned();
        match (failed, self.kept.get(&index)) {
            (None, Some(preview)) => Ok(preview.clone()),
            (None, None) => Err(MediaError::FrameLost { path, index }),
            (Some(error), _) => Err(MediaError::Machine {
                path,
                reason: error.to_string(),
            }),
        }
    }

    /// A preview near a frame, for a pointer that is on its way: the frame itself where it is kept or lies just ahead of
    /// the decoder, else the nearest of the kept ones and the key frames, which take one packet to decode and are coarse.
    /// [`Preview::index`] tells which it is.
    ///
    /// # Errors
    /// As [`Video::frame`].
    pub fn near(
        &mut self,
        video: &mut Video,
        index: usize,
        cancel: &CancelToken,
    ) -> Result<Arc<Preview>, MediaError> {
        let path = video.path().to_owned();
        let frames = video.index(&mut |_| {}, cancel)?;
        let n_frames = frames.len();
        if index >= n_frames {
            return Err(MediaError::OutOfRange {
                path,
                index,
                n_frames,
            });
        }
        let secs = frames.pts_secs(index);
        let key = frames.nearest_key(secs);
        if index != key && !self.kept.contains_key(&index) && video.is_just_ahead(index, N_JUST_AHEAD) {
            let preview = self.reach(video, &[index], Pace::Stepping, cancel)?;
            self.last = Some(index);
            return Ok(preview);
        }
        let frames = video.index(&mut |_| {}, cancel)?;
        let distance = |frame: usize| (frames.pts_secs(frame) - secs).abs();
        let kept = self
            .kept
            .keys()
            .copied()
            .min_by(|&a, &b| distance(a).total_cmp(&distance(b)));
        if let Some(kept) = kept.filter(|&kept| distance(kept) <= distance(key)) {
            self.touch(kept);
            return self
                .kept
                .get(&kept)
                .cloned()
                .ok_or(MediaError::FrameLost { path, index });
        }
        if let Some(coarse) = self.coarse.iter().find(|one| one.index == key) {
            return Ok(Arc::clone(coarse));
        }
        let (size, aspect) = (self.size.coarse(), video.probe().display_pixel_aspect());
        let is_coarse = std::cell::Cell::new(false);
        let fit = |displayed: (u32, u32)| {
            let fitted = size.fit(displayed, aspect);
            is_coarse.set(fitted != self.size.fit(displayed, aspect));
            fitted
        };
        // A key frame that cannot be decoded by itself, as some streams have them, is reached as any other frame.
        let Some(image) = video.key_frame(key, &fit, cancel)? else {
            return self.get(video, index, cancel);
        };
        let machine = |error: EncodingError| MediaError::Machine {
            path: path.clone(),
            reason: error.to_string(),
        };
        let (width, height) = image.dimensions();
        let jpeg = encode_jpeg(&image).map_err(machine)?;
        let preview = Preview {
            index: key,
            width,
            height,
            jpeg,
            is_coarse: is_coarse.get(),
        };
        if !preview.is_coarse {
            return Ok(self.keep(preview, video.limits().preview_bytes));
        }
        if self.coarse.len() == N_COARSE_KEPT {
            self.coarse.pop_front();
        }
        let preview = Arc::new(preview);
        self.coarse.push_back(Arc::clone(&preview));
        Ok(preview)
    }

    /// The frame was used last.
    fn touch(&mut self, index: usize) {
        self.by_use.retain(|&used| used != index);
        self.by_use.push_back(index);
    }

    /// Keeps a preview and forgets the longest unused ones beyond `limit` bytes, never the newest.
    fn keep(&mut self, preview: Preview, limit: usize) -> Arc<Preview> {
        let index = preview.index;
        self.n_bytes += preview.jpeg.len();
        let preview = Arc::new(preview);
        if let Some(replaced) = self.kept.insert(index, Arc::clone(&preview)) {
            self.n_bytes -= replaced.jpeg.len();
        }
        self.touch(index);
        while self.n_bytes > limit
            && self.by_use.len() > 1
            && let Some(oldest) = self.by_use.pop_front()
        {
            self.n_bytes -= self
                .kept
                .remove(&oldest)
                .map_or(0, |forgotten| forgotten.jpeg.len());
        }
        preview
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn previews_have_square_pixels_and_are_never_enlarged() {
        let size = PreviewSize {
            max_width: 640,
            max_height: 360,
        };
        assert_eq!(size.fit((1920, 1080), (1, 1)), (640, 360));
        assert_eq!(size.fit((1080, 1920), (1, 1)), (203, 360));
        assert_eq!(size.fit((720, 576), (16, 15)), (480, 360));
        assert_eq!(size.fit((100, 50), (1, 1)), (100, 50));
        assert_eq!(size.fit((1, 4000), (1, 1)), (1, 360));
    }

    #[test]
    fn the_longest_unused_previews_are_forgotten_first() {
        let mut previews = Previews::new(PreviewSize {
            max_width: 8,
            max_height: 8,
        });
        let preview = |index, n_bytes| Preview {
            index,
            width: 1,
            height: 1,
            jpeg: vec![0; n_bytes],
            is_coarse: false,
        };
        for index in 0..4 {
            previews.keep(preview(index, 40), 100);
        }
        assert_eq!(previews.by_use, [2, 3]);
        assert_eq!(previews.n_bytes(), 80);
        previews.keep(preview(9, 500), 100);
        assert_eq!(previews.by_use, [9], "the newest stays whatever its size");
        assert_eq!(previews.n_bytes(), 500);
    }
}
