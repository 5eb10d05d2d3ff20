//! Files that the user opened, and the posters that are kept of them.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::opening::Opening;
use super::owner::Owned;
use super::refusal::{missing_video, no_such_video, of_store, of_video, of_video_at};
use super::sample::is_sample;
use crate::api::window::{ApiError, VideoInfo};
use crate::cancel::CancelToken;
use crate::chat::{NewVideo, Poster, Store};
use crate::engine::{Engine, OpenVideo, Picture, Update};
use crate::video::PreviewSize;

/// Where in a video its poster is taken, of its length: the very first frame is often black.
const POSTER_AT: f64 = 0.1;
/// What the first picture of a file must fit into while its frames are being listed.
const FIRST_WITHIN: PreviewSize = PreviewSize {
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

/// Videos that stay open. Each holds its file, and the times of all its frames; one that was closed is opened again where it is
/// asked for, by the list that is kept of it.
const MAX_OPEN: usize = 8;

/// The videos that were opened last in this session.
pub(super) struct OpenVideos {
    engine: Arc<Engine>,
    store: Arc<Store>,
    open: Owned<Shelf>,
}

/// Videos by their ids. The one used last comes last.
#[derive(Default)]
struct Shelf(Vec<(String, Arc<Opening>)>);

impl Shelf {
    fn take(&mut self, id: &str) -> Option<Arc<Opening>> {
        let at = self.0.iter().position(|(one, _)| one == id)?;
        Some(self.0.remove(at).1)
    }

    fn find(&mut self, id: &str) -> Option<Arc<Opening>> {
        let found = self.take(id)?;
        self.0.push((id.to_owned(), Arc::clone(&found)));
        Some(found)
    }

    /// Adds one, and gives back what is open no longer: an earlier opening of it, or the ones used least.
    fn put(&mut self, id: &str, opening: Arc<Opening>) -> Vec<Arc<Opening>> {
        let mut closed: Vec<_> = self.take(id).into_iter().collect();
        self.0.push((id.to_owned(), opening));
        let n_over = self.0.len().saturating_sub(MAX_OPEN);
        closed.extend(self.0.drain(..n_over).map(|(_, opening)| opening));
        closed
    }
}

impl OpenVideos {
    /// None is open.
    pub(super) fn new(engine: Arc<Engine>, store: Arc<Store>) -> Self {
        Self {
            engine,
            store,
            open: Owned::default(),
        }
    }

    /// See [`super::Desktop::open_file`].
    pub(super) fn open(
        &self,
        path: &Path,
        cancel: &CancelToken,
        on_update: &mut dyn FnMut(Update),
    ) -> Result<VideoInfo, ApiError> {
        let n_bytes = match std::fs::metadata(path) {
            Ok(about) => about.len(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(no_such_video(path)),
            // Whoever opens it says why it cannot be read.
            Err(_) => 0,
        };
        let file = self.engine.file(path).map_err(of_video_at(path))?;
        let opening = Opening::start(&self.engine, file.clone(), patience(n_bytes), cancel, on_update)?;
        let listed = opening.now().transpose()?;
        let video = match &listed {
            Some(video) => Arc::clone(video),
            None => {
                let glance = self.engine.glance(file, FIRST_WITHIN, cancel);
                let (video, first) = glance
                    .map_err(of_video_at(path))
                    .inspect_err(|_| opening.stop.cancel())?;
                let video = Arc::new(video);
                opening.glance.get_or_init(|| (Arc::clone(&video), first));
                video
            }
        };
        let view = self.store.view(video.identity.as_str()).map_err(of_store)?;
        let info = VideoInfo::new(&video, n_bytes, is_sample(path, n_bytes), view);
        let new = NewVideo {
            identity: video.identity.clone(),
            path: video.path().to_owned(),
            duration_secs: video.duration_secs,
        };
        self.store.opened(&new, SystemTime::now()).map_err(of_store)?;
        for closed in self.open.with(|open| open.put(&info.id, opening)) {
            closed.stop.cancel();
        }
        if let Some(video) = listed {
            self.keep_poster_of(&video, cancel);
        }
        Ok(info)
    }

    /// See [`super::Desktop::open_recent`].
    pub(super) fn open_again(
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
        self.open(&kept.path, cancel, on_update)
    }

    /// The video with this id, once its frames are listed: open, or opened now where it was opened in an earlier session.
    pub(super) fn get(&self, id: &str, cancel: &CancelToken) -> Result<Arc<OpenVideo>, ApiError> {
        let opening = match self.find(id) {
            Some(opening) => opening,
            None => {
                self.open_again(id, cancel, &mut |_| {})?;
                // Another content under the same path has another id.
                self.find(id).ok_or_else(|| missing_video("the video"))?
            }
        };
        let listed = opening.wait(cancel);
        // A file that could not be listed is tried anew at the next call.
        if matches!(opening.now(), Some(Err(_))) {
            self.open.with(|open| open.take(id));
        }
        listed
    }

    fn find(&self, id: &str) -> Option<Arc<Opening>> {
        self.open.with(|open| open.find(id))
    }

    /// What there is of a video whose frames are still being listed: the file and its first picture.
    pub(super) fn glance(&self, id: &str) -> Option<(Arc<OpenVideo>, Picture)> {
        let opening = self.find(id).filter(|opening| opening.now().is_none())?;
        opening.glance.get().cloned()
    }

    /// Those whose frames are listed.
    pub(super) fn listed(&self) -> Vec<Arc<OpenVideo>> {
        let open = self.open.with(|open| open.0.clone());
        open.iter()
            .filter_map(|(_, opening)| opening.now()?.ok())
            .collect()
    }

    /// Ends what is being listed of it, too.
    pub(super) fn close(&self, id: &str) {
        if let Some(opening) = self.open.with(|open| open.take(id)) {
            opening.stop.cancel();
        }
    }

    /// The file is open whether or not it has a poster.
    pub(super) fn keep_poster_of(&self, video: &OpenVideo, cancel: &CancelToken) {
        if let Err(error) = self.keep_poster(video, cancel) {
            tracing::warn!(error = error.message, "no poster was kept");
        }
    }

    fn keep_poster(&self, video: &OpenVideo, cancel: &CancelToken) -> Result<(), ApiError> {
        let id = video.identity.as_str();
        if self.store.poster(id).map_err(of_store)?.is_some() {
            return Ok(());
        }
        let within = PreviewSize {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_videos_used_last_stay_open() {
        let mut shelf = Shelf::default();
        let put = |shelf: &mut Shelf, n: usize| shelf.put(&n.to_string(), Arc::default()).len();
        assert!((0..MAX_OPEN).all(|n| put(&mut shelf, n) == 0));
        assert!(shelf.find("0").is_some());
        assert_eq!(put(&mut shelf, MAX_OPEN), 1, "one is closed for it");
        assert!(shelf.find("0").is_some() && shelf.find("1").is_none());
        assert_eq!(put(&mut shelf, 0), 1, "its earlier opening");
        assert_eq!(shelf.0.len(), MAX_OPEN);
    }
}
