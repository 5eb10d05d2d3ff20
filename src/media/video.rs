//! An open video: its probe, its index, its frames.

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ffmpeg_next::frame;
use image::RgbImage;

use super::access::{Access, Pace, Way};
use super::convert::{ConvertError, Converter, Sizing};
use super::decoder::Decoder;
use super::demux::Demuxer;
use super::error::MediaError;
use super::glimpse::{self, Glimpse};
use super::index::{Clock, FrameIndex};
use super::index_cache;
use super::limits::Limits;
use super::probe;
use super::scan::{IndexProgress, Scan};
use super::source::Watch;
use super::times::{USUAL_FPS, believable_secs};
use crate::cancel::CancelToken;
use crate::video::{FrameRate, Probe, VideoFile};

/// A frame as the model sees it.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Place in the order in which frames are shown, from 0.
    pub index: usize,
    /// When it is shown, in seconds; see [`FrameIndex`].
    pub pts_secs: f64,
    /// RGB, display rotation applied, pixel aspect not. Colours as decord and `ffmpeg -pix_fmt rgb24` give them: the
    /// frame's own matrix and range, BT.601 limited where it is untagged, no tone mapping.
    pub image: RgbImage,
}

/// An open video file. It stays on the thread that opened it: FFmpeg's state is not shared.
///
/// [`Video::open`] reads the header only. Frames are numbered by the index, which [`Video::index`] builds (or loads)
/// and which [`Video::frame`] and [`Video::frames`] build themselves, without progress, where nobody has yet.
/// [`Video::first_frame`] needs no index: something to show at once of a file of hours.
pub struct Video {
    file: VideoFile,
    limits: Limits,
    watch: Watch,
    probe: Probe,
    access: Access,
    index: Option<Arc<FrameIndex>>,
    /// Whether that was built here.
    is_index_new: bool,
    pub(super) converter: Converter,
    one_thread: PhantomData<*const ()>,
}

impl Video {
    /// Opens the file of this name: as [`Video::of`], which says more.
    ///
    /// # Errors
    /// Every [`MediaError`] but those about frames; within [`Limits::open_deadline`].
    pub fn open(path: &Path, limits: &Limits, cancel: &CancelToken) -> Result<Self, MediaError> {
        Self::of(&VideoFile::open(path)?, limits, cancel)
    }

    /// Looks into an open file: recognises its container by content, chooses its video.
    ///
    /// # Errors
    /// Every [`MediaError`] but those about frames; within [`Limits::open_deadline`].
    pub fn of(file: &VideoFile, limits: &Limits, cancel: &CancelToken) -> Result<Self, MediaError> {
        let path = file.path();
        let watch = Watch::new(cancel, limits.open_deadline);
        watch.check(path, "open")?;
        let mut demuxer = Demuxer::open(file, limits, &watch)?;
        let stream = probe::choose_stream(&demuxer)?;
        demuxer.choose(stream);
        let probe = probe::probe(&demuxer, limits)?;
        let missing = || MediaError::NoFrames {
            path: path.to_owned(),
        };
        let decoder = Decoder::open(path, &demuxer.input().stream(stream).ok_or_else(missing)?, limits)?;
        watch.check(path, "open")?;
        Ok(Self {
            file: file.clone(),
            limits: limits.clone(),
            watch,
            probe,
            access: Access::new(demuxer, decoder),
            index: None,
            is_index_new: false,
            converter: Converter::new(),
            one_thread: PhantomData,
        })
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &VideoFile {
        &self.file
    }

    /// What the file is called.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// What the file contains. Counts and rates are exact once the index is there.
    #[must_use]
    pub fn probe(&self) -> &Probe {
        &self.probe
    }

    /// What this video may cost.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The list of all frames: the one at hand, the one that was kept of the file, or one built now.
    ///
    /// Building reads the file once. Where the container's own list cannot be trusted (transport streams, AVI,
    /// missing times, damage, and any clip short enough for it to cost next to nothing) it also decodes it once.
    ///
    /// # Errors
    /// [`MediaError::NoFrames`], [`MediaError::TooLarge`], [`MediaError::Changed`], [`MediaError::Cancelled`].
    pub fn index(
        &mut self,
        progress: &mut dyn FnMut(IndexProgress),
        cancel: &CancelToken,
    ) -> Result<&FrameIndex, MediaError> {
        let index = match self.index.take() {
            Some(index) => index,
            None => {
                let kept = index_cache::load(&self.file, self.access.demuxer().stream());
                let index = match kept {
                    Some(index) => index,
                    None => self.build_index(progress, cancel)?,
                };
                self.probe.learn(&index);
                Arc::new(index)
            }
        };
        Ok(self.index.insert(index))
    }

    /// The list of all frames where it was built by this reader, as it is kept: what [`VideoFile::with_kept_list`] takes in a
    /// later run.
    #[must_use]
    pub fn new_index(&self) -> Option<Vec<u8>> {
        let index = self.index.as_ref().filter(|_| self.is_index_new)?;
        Some(index_cache::pack(
            &self.file,
            self.access.demuxer().stream(),
            index,
        ))
    }

    /// The list of all frames, where it is there.
    pub(super) fn listed(&self) -> Option<Arc<FrameIndex>> {
        self.index.clone()
    }

    /// Takes over the list that was made by another reader of this file.
    pub(super) fn learn(&mut self, index: Arc<FrameIndex>) {
        self.probe.learn(&index);
        self.index = Some(index);
    }

    fn build_index(
        &mut self,
        progress: &mut dyn FnMut(IndexProgress),
        cancel: &CancelToken,
    ) -> Result<FrameIndex, MediaError> {
        self.watch.arm(cancel, self.limits.frame_deadline);
        let stream = self.access.demuxer().stream();
        let (width, height) = self.probe.coded_size;
        let reopen = || reopen(&self.file, &self.limits, &self.watch, stream);
        let demuxer = reopen()?;
        let n_bytes = self.file.file()?.metadata().map_or(0, |about| about.len());
        let scan = Scan {
            path: self.file.path(),
            limits: &self.limits,
            watch: &self.watch,
            n_bytes,
            until: Instant::now() + self.limits.listing_span(n_bytes),
            frame_pixels: u64::from(width) * u64::from(height),
            clock: self.clock(),
            reopen: &reopen,
            progress,
        };
        let index = scan.run(demuxer, self.access.decoder())?;
        self.is_index_new = true;
        Ok(index)
    }

    /// How this stream counts time, as far as it is known before its packets are.
    fn clock(&self) -> Clock {
        let tick_secs = self.access.demuxer().tick_secs();
        let frame_secs = match self.probe.frame_rate {
            FrameRate::Constant { fps } | FrameRate::Variable { average_fps: fps } => 1.0 / fps,
            FrameRate::Unknown => 1.0 / USUAL_FPS,
        };
        Clock {
            tick_secs,
            start_ticks: (self.probe.start_secs / tick_secs).round() as i64,
            frame_ticks: ((frame_secs / tick_secs).round() as i64).max(1),
            last_ticks: 0,
        }
    }

    /// One frame, exactly, ready to go on to the next one without decoding anything twice.
    ///
    /// # Errors
    /// [`MediaError::OutOfRange`], [`MediaError::FrameLost`], and what indexing may meet.
    pub fn frame(&mut self, index: usize, cancel: &CancelToken) -> Result<Frame, MediaError> {
        let mut found = None;
        self.walk(&[index], Pace::Stepping, None, cancel, &mut |frame| {
            found = Some(frame);
            ControlFlow::Break(())
        })?;
        found.ok_or_else(|| MediaError::FrameLost {
            path: self.path().to_owned(),
            index,
        })
    }

    /// Many frames, each exactly, in the cheapest order: in one pass or by seeking, as a cost model decides.
    ///
    /// `indices` may come in any order and repeat; `each` gets every distinct frame once, ascending, as it is
    /// decoded, and may end the walk. Only one full frame is held at a time.
    ///
    /// # Errors
    /// As [`Video::frame`]; frames handed out before stay good.
    pub fn frames(
        &mut self,
        indices: &[usize],
        cancel: &CancelToken,
        each: &mut dyn FnMut(Frame) -> ControlFlow<()>,
    ) -> Result<(), MediaError> {
        self.walk(indices, Pace::Batch, None, cancel, each)
    }

    /// As [`Video::frames`], each picture scaled to fit into `to_size` before it is turned.
    pub(super) fn walk(
        &mut self,
        indices: &[usize],
        pace: Pace,
        to_size: Option<&Sizing<'_>>,
        cancel: &CancelToken,
        each: &mut dyn FnMut(Frame) -> ControlFlow<()>,
    ) -> Result<(), MediaError> {
        self.index(&mut |_| {}, cancel)?;
        let Self {
            file,
            limits,
            watch,
            probe,
            access,
            index: Some(index),
            converter,
            ..
        } = self
        else {
            return Err(MediaError::NoFrames {
                path: self.path().to_owned(),
            });
        };
        let mut wanted = indices.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        if let Some(&beyond) = wanted.last().filter(|&&last| last >= index.len()) {
            return Err(MediaError::OutOfRange {
                path: file.path().to_owned(),
                index: beyond,
                n_frames: index.len(),
            });
        }
        watch.arm(cancel, limits.frame_deadline);
        let stream = access.demuxer().stream();
        let path = file.path();
        let reopen = || reopen(file, limits, watch, stream);
        let way = Way {
            index,
            limits,
            watch,
            reopen: &reopen,
        };
        access.visit(&way, &wanted, pace, &mut |place, raw| {
            let image = picture(path, limits, probe, converter, raw, to_size)?;
            Ok(each(Frame {
                index: place,
                pts_secs: index.pts_secs(place),
                image,
            }))
        })
    }

    /// Whether the decoder stands so shortly before a frame that it is reached by going on over `n_packets` at most.
    pub(super) fn is_just_ahead(&self, index: usize, n_packets: usize) -> bool {
        let frames = self.index.as_ref();
        frames.is_some_and(|frames| self.access.is_just_ahead(frames, index, n_packets))
    }

    /// The picture of a key frame, decoded by itself; `None` where it cannot be.
    pub(super) fn key_frame(
        &mut self,
        index: usize,
        to_size: &Sizing<'_>,
        cancel: &CancelToken,
    ) -> Result<Option<RgbImage>, MediaError> {
        let Self {
            file,
            limits,
            watch,
            probe,
            access,
            index: Some(frames),
            converter,
            ..
        } = self
        else {
            return Ok(None);
        };
        watch.arm(cancel, limits.frame_deadline);
        let stream = access.demuxer().stream();
        let path = file.path();
        let reopen = || reopen(file, limits, watch, stream);
        let way = Way {
            index: frames,
            limits,
            watch,
            reopen: &reopen,
        };
        let raw = access.key_frame(&way, index)?;
        raw.map(|raw| picture(path, limits, probe, converter, &raw, Some(to_size)))
            .transpose()
    }

    /// The key frame nearest to a time, without an index: something true to show of any place of a file whose frames are
    /// still being listed. `None` where the container finds none that can be decoded by itself.
    ///
    /// # Errors
    /// What reading may meet.
    pub fn glimpse(
        &mut self,
        secs: f64,
        to_size: &Sizing<'_>,
        cancel: &CancelToken,
    ) -> Result<Option<Glimpse>, MediaError> {
        self.watch.arm(cancel, self.limits.frame_deadline);
        let clock = self.clock();
        let (demuxer, decoder) = self.access.lend();
        let Some((pts, packet)) = glimpse::nearest_key(demuxer, clock.ticks(secs))? else {
            return Ok(None);
        };
        let raw = glimpse::decode_alone(decoder, packet);
        let raw = raw.map_err(|error| MediaError::of_ffmpeg(self.file.path(), error))?;
        raw.map(|raw| {
            let (path, limits, probe) = (self.file.path(), &self.limits, &self.probe);
            let image = picture(path, limits, probe, &mut self.converter, &raw, Some(to_size))?;
            Ok(Glimpse {
                pts_secs: believable_secs(clock.secs(pts)),
                image,
            })
        })
        .transpose()
    }

    /// The first frame, without an index: milliseconds after opening a file of hours.
    ///
    /// # Errors
    /// [`MediaError::NoFrames`] where nothing can be decoded; what reading may meet.
    pub fn first_frame(&mut self, cancel: &CancelToken) -> Result<Frame, MediaError> {
        if self.index.is_some() {
            return self.frame(0, cancel);
        }
        self.watch.arm(cancel, self.limits.open_deadline);
        let demuxer = reopen(
            &self.file,
            &self.limits,
            &self.watch,
            self.access.demuxer().stream(),
        )?;
        let clock = self.clock();
        let found = super::scan::first_frame(self.file.path(), demuxer, self.access.decoder(), clock)?;
        let image = picture(
            self.file.path(),
            &self.limits,
            &self.probe,
            &mut self.converter,
            &found.frame,
            None,
        )?;
        Ok(Frame {
            index: 0,
            pts_secs: found.pts_secs,
            image,
        })
    }
}

/// The file once more, standing at the first packet of its video.
fn reopen(file: &VideoFile, limits: &Limits, watch: &Watch, stream: usize) -> Result<Demuxer, MediaError> {
    let mut demuxer = Demuxer::open(file, limits, watch)?;
    if demuxer.input().stream(stream).is_none() {
        return Err(MediaError::Changed {
            path: file.path().to_owned(),
        });
    }
    demuxer.choose(stream);
    Ok(demuxer)
}

/// A decoder's frame as RGB, scaled and turned.
fn picture(
    path: &Path,
    limits: &Limits,
    probe: &Probe,
    converter: &mut Converter,
    raw: &frame::Video,
    to_size: Option<&Sizing<'_>>,
) -> Result<RgbImage, MediaError> {
    probe::check_size(path, (raw.width(), raw.height()), limits)?;
    let converted = match to_size {
        // Sizes are asked for as displayed, so a picture that will be turned is scaled lying down.
        Some(to_size) => {
            let turn = |size| probe.orientation.turned_size(size);
            converter.scaled(raw, turn(to_size(turn((raw.width(), raw.height())))))
        }
        None => converter.full_size(raw),
    };
    let upright = converted.map_err(|error| match error {
        ConvertError::NoMemory => MediaError::out_of_memory(path),
        ConvertError::NoConversion { .. } => MediaError::Machine {
            path: path.to_owned(),
            reason: error.to_string(),
        },
    })?;
    Ok(probe.orientation.apply(upright))
}
