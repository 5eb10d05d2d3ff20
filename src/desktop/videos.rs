//! Files that the user opened, and pictures of them.

use std::path::{Path, PathBuf};

use image::{DynamicImage, RgbImage, RgbaImage};

use super::Desktop;
use super::pictures::png;
use super::refusal::{missing_video, of_store, of_video, of_video_at};
use crate::api::window::{
    ApiError, FilmstripRequest, FramePurpose, FrameRequest, PictureInfo, Place, RecentVideo, SavedFile,
    VideoInfo, VideoView,
};
use crate::cancel::CancelToken;
use crate::engine::{FileIdentity, Glimpse, OpenVideo, Picture, Update};
use crate::fault::{Failure, Fault, Origin};
use crate::video::PreviewSize;
use crate::visual::sampling::FrameRef;

/// How many videos the start page lists.
const MAX_RECENT: usize = 24;

/// A picture with what stands beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// What it is.
    pub info: PictureInfo,
    /// An image file.
    pub bytes: Vec<u8>,
}

impl Shown {
    fn new(picture: Picture, is_exact: bool) -> Self {
        Self {
            info: PictureInfo {
                mime: "image/jpeg".to_owned(),
                width: picture.width,
                height: picture.height,
                index: Some(picture.index),
                pts_secs: picture.pts_secs,
                is_exact,
            },
            bytes: picture.jpeg,
        }
    }

    /// Of a frame whose number nobody knows yet.
    fn glimpsed(glimpse: Glimpse) -> Self {
        Self {
            info: PictureInfo {
                mime: "image/jpeg".to_owned(),
                width: glimpse.width,
                height: glimpse.height,
                index: None,
                pts_secs: glimpse.pts_secs,
                is_exact: false,
            },
            bytes: glimpse.jpeg,
        }
    }
}

impl Desktop {
    /// Opens a file that the user chose, and puts it at the head of the list.
    ///
    /// # Errors
    /// What is wrong with the file, or with the list.
    pub fn open_file(
        &self,
        path: &Path,
        cancel: &CancelToken,
        on_update: &mut dyn FnMut(Update),
    ) -> Result<VideoInfo, ApiError> {
        self.videos.open(path, cancel, on_update)
    }

    /// Opens a video that was opened before.
    ///
    /// # Errors
    /// `video-missing` where the file is gone; what is wrong with it.
    pub fn open_recent(
        &self,
        id: &str,
        cancel: &CancelToken,
        on_update: &mut dyn FnMut(Update),
    ) -> Result<VideoInfo, ApiError> {
        self.videos.open_again(id, cancel, on_update)
    }

    /// Keeps how a video is left.
    ///
    /// # Errors
    /// What the file of chats says.
    pub fn keep_view(&self, id: &str, view: &VideoView) -> Result<(), ApiError> {
        self.store.keep_view(id, view).map_err(of_store)
    }

    /// Videos that were opened, the latest first, with their chats.
    ///
    /// # Errors
    /// What the file of chats says.
    pub fn recent_videos(&self) -> Result<Vec<RecentVideo>, ApiError> {
        self.store.recent_videos(MAX_RECENT).map_err(of_store)
    }

    /// The kept picture of a video, also where its file is gone.
    ///
    /// # Errors
    /// `video-missing` where none was kept.
    pub fn poster(&self, id: &str) -> Result<Shown, ApiError> {
        let poster = self.store.poster(id).map_err(of_store)?;
        let poster = poster.ok_or_else(|| missing_video("the video"))?;
        let picture = Picture {
            index: poster.index,
            pts_secs: poster.pts_secs,
            width: poster.width,
            height: poster.height,
            jpeg: poster.jpeg,
            is_coarse: false,
        };
        Ok(Shown::new(picture, true))
    }

    /// Removes a video with its chats, pictures, features, prefix and list of frames.
    ///
    /// # Errors
    /// What the file of chats or the file system say.
    pub fn forget_video(&self, id: &str, cancel: &CancelToken) -> Result<(), ApiError> {
        let known = self.store.video(id).map_err(of_store)?;
        if let Some(kept) = known {
            self.videos.close(id);
            self.work.end(id);
            self.plans.clear_of(id);
            self.models.forget_reading_of(id);
            self.store.forget_video(&kept.id).map_err(of_store)?;
            let identity = FileIdentity::known(kept.id);
            self.engine
                .forget(&identity, &kept.path, cancel)
                .map_err(of_video)?;
        }
        Ok(())
    }

    /// The time stamp of every displayable frame in seconds, ascending.
    ///
    /// # Errors
    /// `video-missing`; what is wrong with the file.
    pub fn frame_times(&self, id: &str, cancel: &CancelToken) -> Result<Vec<f64>, ApiError> {
        let video = self.videos.get(id, cancel)?;
        self.videos.keep_poster_of(&video, cancel);
        Ok(video.pts_secs.clone())
    }

    /// One picture.
    ///
    /// # Errors
    /// `video-missing`; what is wrong with the file.
    pub fn frame(&self, request: &FrameRequest, cancel: &CancelToken) -> Result<Shown, ApiError> {
        let within = PreviewSize {
            max_width: request.max_edge_px,
            max_height: request.max_edge_px,
        };
        if let Some(shown) = self.shown_while_listing(request, within, cancel)? {
            return Ok(shown);
        }
        let video = self.videos.get(&request.video, cancel)?;
        let last = video.pts_secs.len().saturating_sub(1);
        let wanted = match request.at {
            Place::Index { index } => index.min(last),
            Place::Secs { secs } => video.frame_at(secs),
        };
        let picture = match request.purpose {
            FramePurpose::Scrub => self.engine.picture_near(&video, wanted, within, cancel),
            FramePurpose::Still | FramePurpose::Step | FramePurpose::Play => {
                self.engine.picture(&video, wanted, within, cancel)
            }
        };
        let picture = picture.map_err(of_video_at(video.path()))?;
        let is_exact = picture.index == wanted && !picture.is_coarse;
        Ok(Shown::new(picture, is_exact))
    }

    /// Small pictures along a video; `each` gets the slot and the picture.
    ///
    /// # Errors
    /// `video-missing`; what is wrong with the file.
    pub fn filmstrip(
        &self,
        request: &FilmstripRequest,
        cancel: &CancelToken,
        each: &mut dyn FnMut(usize, Shown),
    ) -> Result<(), ApiError> {
        let video = self.videos.get(&request.video, cancel)?;
        let within = PreviewSize {
            max_width: u32::from(u16::MAX),
            max_height: request.height_px,
        };
        let drawn = self
            .engine
            .filmstrip(&video, &request.at_secs, within, cancel, &mut |slot, picture| {
                each(slot, Shown::new(picture, true));
            });
        drawn.map_err(of_video_at(video.path()))
    }

    /// Writes a frame as it is, as PNG. `choose` is given the name that it is saved as unless the user says otherwise, and
    /// answers with where; `None` where they would rather not.
    ///
    /// # Errors
    /// `video-missing`; what is wrong with the file; what keeps the picture from being written. The page learns the name of
    /// what could not be written, and not where.
    pub fn save_frame(
        &self,
        id: &str,
        index: usize,
        choose: &dyn Fn(&str) -> Result<Option<PathBuf>, ApiError>,
        cancel: &CancelToken,
    ) -> Result<Option<SavedFile>, ApiError> {
        let video = self.videos.get(id, cancel)?;
        let (frame, picture) = self.full_picture_of(&video, index, cancel)?;
        let stem = video.path().file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("{stem}-frame-{:07}-{:.3}s.png", frame.index, frame.pts_secs);
        let Some(path) = choose(&name)? else {
            return Ok(None);
        };
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        match std::fs::write(&path, png(&picture)?) {
            Ok(()) => Ok(Some(SavedFile { name })),
            Err(error) => {
                let text = format!("cannot write {name}: {error}");
                let failure =
                    Failure::new(Fault::of_writing(&error), text).with_hint("choose another folder");
                Err(ApiError::of(Origin::Window, &failure))
            }
        }
    }

    /// A frame as it is, in full size.
    ///
    /// # Errors
    /// `video-missing`; what is wrong with the file.
    pub fn full_picture(&self, id: &str, index: usize, cancel: &CancelToken) -> Result<RgbaImage, ApiError> {
        let video = self.videos.get(id, cancel)?;
        let (_, picture) = self.full_picture_of(&video, index, cancel)?;
        Ok(DynamicImage::from(picture).into_rgba8())
    }

    fn full_picture_of(
        &self,
        video: &OpenVideo,
        index: usize,
        cancel: &CancelToken,
    ) -> Result<(FrameRef, RgbImage), ApiError> {
        let full = self.engine.full_frame(video, index, cancel);
        let full = full.map_err(of_video_at(video.path()))?;
        let picture = full.pixels.into_image();
        let picture = picture.ok_or_else(|| missing_video("the frame"))?;
        Ok((full.frame, picture))
    }

    /// What can be shown before the frames are listed: the first picture, and to a pointer any key frame.
    fn shown_while_listing(
        &self,
        request: &FrameRequest,
        within: PreviewSize,
        cancel: &CancelToken,
    ) -> Result<Option<Shown>, ApiError> {
        let Some((video, first)) = self.videos.glance(&request.video) else {
            return Ok(None);
        };
        match request.at {
            Place::Index { index: 0 } => Ok(Some(Shown::new(first, true))),
            Place::Secs { secs } if secs <= 0.0 => Ok(Some(Shown::new(first, true))),
            Place::Secs { secs } if request.purpose == FramePurpose::Scrub => {
                let glimpse = self.engine.glimpse(&video.file, secs, within, cancel);
                let glimpse = glimpse.map_err(of_video_at(video.path()))?;
                Ok(glimpse.map(Shown::glimpsed))
            }
            Place::Index { .. } | Place::Secs { .. } => Ok(None),
        }
    }
}
