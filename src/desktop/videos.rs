//! Files that the user opened, and pictures of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::opening::Opening;
use super::pictures::png;
use super::refusal::{missing_video, of_store, of_video, of_video_at};
use super::{Desktop, lock};
use crate::api::BoxJson;
use crate::api::window::{
    ApiError, ErrorCode, FilmstripRequest, FramePurpose, FrameRequest, PictureInfo, Place, RecentVideo,
    SavedFile, VideoInfo,
};
use crate::cancel::CancelToken;
use crate::chat::{NewVideo, Poster};
use crate::engine::{FileIdentity, Glimpse, OpenVideo, Picture, Update};

/// How many videos the start page lists.
const MAX_RECENT: usize = 24;
/// Where in a video its poster is taken, of its length: the very first frame is often black.
const POSTER_AT: f64 = 0.1;
/// What the first picture of a file must fit into while its frames are being listed.
const FIRST_WITHIN: BoxJson = BoxJson {
    max_width: 1280,
    max_height: 1280,
};
/// Height of a kept poster, pixels: twice what the list shows, for dense screens.
const POSTER_HEIGHT_PX: u32 = 360;

/// How long the list of a file's frames is waited for. Whoever opens a file of hours sees its first picture meanwhile; a
/// small file is listed soon even on a busy machine, and then everything is known of it at once.
fn patience(n_bytes: u64) -> Duration {
    Duration::from_millis(if n_bytes < 8 << 20 { 3000 } else { 250 })
}

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
        let n_bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let opening = Opening::start(&self.engine, path, patience(n_bytes), cancel, on_update)?;
        let listed = opening.now().transpose()?;
        let video = match &listed {
            Some(video) => Arc::clone(video),
            None => {
                let glance = self.engine.glance(path, FIRST_WITHIN, cancel);
                let (video, first) = glance
                    .map_err(of_video_at(path))
                    .inspect_err(|_| opening.stop.cancel())?;
                let video = Arc::new(video);
                *lock(&opening.glance) = Some((Arc::clone(&video), first));
                video
            }
        };
        let info = VideoInfo::new(&video, n_bytes);
        let new = NewVideo {
            identity: video.identity.clone(),
            path: video.path.clone(),
            duration_secs: video.duration_secs,
        };
        self.store.opened(&new, SystemTime::now()).map_err(of_store)?;
        if let Some(earlier) = lock(&self.open).insert(info.id.clone(), opening) {
            earlier.stop.cancel();
        }
        if let Some(video) = listed {
            self.keep_poster_of(&video, cancel);
        }
        Ok(info)
    }

    /// The file is open whether or not it has a poster.
    fn keep_poster_of(&self, video: &OpenVideo, cancel: &CancelToken) {
        if let Err(error) = self.keep_poster(video, cancel) {
            tracing::warn!(error = error.message, "no poster was kept");
        }
    }

    fn keep_poster(&self, video: &OpenVideo, cancel: &CancelToken) -> Result<(), ApiError> {
        let id = video.identity.as_str();
        if self.store.poster(id).map_err(of_store)?.is_some() {
            return Ok(());
        }
        let within = BoxJson {
            max_width: u32::from(u16::MAX),
            max_height: POSTER_HEIGHT_PX,
        };
        let index = video.frame_at(video.duration_secs * POSTER_AT);
        let picture = self
            .engine
            .picture(video, index, within, cancel)
            .map_err(of_video)?;
        let poster = Poster {
            width: picture.width,
            height: picture.height,
            index: picture.index,
            pts_secs: picture.pts_secs,
            jpeg: picture.jpeg,
        };
        self.store.keep_poster(id, &poster).map_err(of_store)
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
        let kept = self.store.video(id).map_err(of_store)?;
        let kept = kept.ok_or_else(|| missing_video("the video"))?;
        if !kept.path.is_file() {
            return Err(missing_video(&kept.name));
        }
        self.open_file(&kept.path, cancel, on_update)
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

    /// Removes a video with its chats, pictures, features and prefix.
    ///
    /// # Errors
    /// What the file of chats or the file system say.
    pub fn forget_video(&self, id: &str, cancel: &CancelToken) -> Result<(), ApiError> {
        let known = self.store.video(id).map_err(of_store)?;
        if let Some(kept) = known {
            if let Some(opening) = lock(&self.open).remove(id) {
                opening.stop.cancel();
            }
            self.running.end(id);
            lock(&self.plans).retain(|plan| !plan.is_of(id));
            lock(&self.read).take_if(|read| read.video == id);
            self.store.forget_video(&kept.id).map_err(of_store)?;
            let identity = FileIdentity::known(kept.id);
            self.engine.forget(&identity, cancel).map_err(of_video)?;
        }
        Ok(())
    }

    /// The time stamp of every displayable frame in seconds, ascending.
    ///
    /// # Errors
    /// `video-missing`; what is wrong with the file.
    pub fn frame_times(&self, id: &str, cancel: &CancelToken) -> Result<Vec<f64>, ApiError> {
        let video = self.video(id, cancel)?;
        self.keep_poster_of(&video, cancel);
        Ok(video.pts_secs.clone())
    }

    /// One picture.
    ///
    /// # Errors
    /// `video-missing`; what is wrong with the file.
    pub fn frame(&self, request: &FrameRequest, cancel: &CancelToken) -> Result<Shown, ApiError> {
        let within = BoxJson {
            max_width: request.max_edge_px,
            max_height: request.max_edge_px,
        };
        if let Some(shown) = self.shown_while_listing(request, within, cancel)? {
            return Ok(shown);
        }
        let video = self.video(&request.video, cancel)?;
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
        let picture = picture.map_err(of_video_at(&video.path))?;
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
        let video = self.video(&request.video, cancel)?;
        let within = BoxJson {
            max_width: u32::from(u16::MAX),
            max_height: request.height_px,
        };
        let drawn = self
            .engine
            .filmstrip(&video, &request.at_secs, within, cancel, &mut |slot, picture| {
                each(slot, Shown::new(picture, true));
            });
        drawn.map_err(of_video_at(&video.path))
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
        let video = self.video(id, cancel)?;
        let frame = self.engine.full_frame(&video, index, cancel);
        let frame = frame.map_err(of_video_at(&video.path))?;
        let Some(path) = choose(&format!("frame-{:07}-{:.3}s.png", frame.index, frame.pts_secs))? else {
            return Ok(None);
        };
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        match std::fs::write(&path, png(&frame.image)?) {
            Ok(()) => Ok(Some(SavedFile { name })),
            Err(error) => Err(ApiError {
                code: ErrorCode::Unknown,
                message: format!("cannot write {name}: {error}"),
                hint: Some("choose another folder".to_owned()),
            }),
        }
    }

    /// What can be shown before the frames are listed: the first picture, and to a pointer any key frame.
    fn shown_while_listing(
        &self,
        request: &FrameRequest,
        within: BoxJson,
        cancel: &CancelToken,
    ) -> Result<Option<Shown>, ApiError> {
        let opening = lock(&self.open).get(&request.video).cloned();
        let Some(opening) = opening.filter(|opening| opening.now().is_none()) else {
            return Ok(None);
        };
        let Some((video, first)) = lock(&opening.glance).clone() else {
            return Ok(None);
        };
        match request.at {
            Place::Index { index: 0 } => Ok(Some(Shown::new(first, true))),
            Place::Secs { secs } if secs <= 0.0 => Ok(Some(Shown::new(first, true))),
            Place::Secs { secs } if request.purpose == FramePurpose::Scrub => {
                let glimpse = self.engine.glimpse(&video.path, secs, within, cancel);
                let glimpse = glimpse.map_err(of_video_at(&video.path))?;
                Ok(glimpse.map(Shown::glimpsed))
            }
            Place::Index { .. } | Place::Secs { .. } => Ok(None),
        }
    }

    /// The video with this id, once its frames are listed: open, or opened now where it was opened in an earlier session.
    pub(super) fn video(&self, id: &str, cancel: &CancelToken) -> Result<Arc<OpenVideo>, ApiError> {
        let find = || lock(&self.open).get(id).cloned();
        let opening = match find() {
            Some(opening) => opening,
            None => {
                self.open_recent(id, cancel, &mut |_| {})?;
                // Another content under the same path has another id.
                find().ok_or_else(|| missing_video("the video"))?
            }
        };
        let listed = opening.wait(cancel);
        // A file that could not be listed is tried anew at the next call.
        if matches!(opening.now(), Some(Err(_))) {
            lock(&self.open).remove(id);
        }
        listed
    }
}
