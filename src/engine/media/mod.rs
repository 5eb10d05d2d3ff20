//! The media role: files to frames and pictures. The only part of the engine that calls `media`.

mod examine;
mod pictures;
mod precedence;

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::api::{FitJson, MediaEvent, MediaRequest, ProbeJson};
use crate::cancel::CancelToken;
use crate::fault::Failure;
use crate::media::{IndexProgress, Limits, Lists, MediaError, Video};
use crate::visual::preprocess::fit;
use crate::worker::{Emit, Role};

use super::protocol::MediaProtocol;
use pictures::Sizes;
use precedence::Precedence;

/// Videos that stay open on a lane: the one on screen and the one before it.
const MAX_OPEN: usize = 2;

/// Opens files and decodes frames, with FFmpeg.
pub struct MediaRole {
    /// Lists of frames, shared with the other lanes.
    lists: Lists,
    /// Of the viewer's pictures over lists and strips, shared likewise.
    precedence: Precedence,
    /// The last one used comes last.
    open: Vec<Opened>,
}

/// An open file, and the pictures kept of it.
struct Opened {
    video: Video,
    sizes: Sizes,
}

impl MediaRole {
    /// Makes roles that share their lists of frames and keep them in `index_folder`: one for each lane.
    pub fn maker(index_folder: Option<PathBuf>) -> impl Fn() -> Self + Send + Sync + 'static {
        let (lists, precedence) = (Lists::new(index_folder), Precedence::default());
        move || Self {
            lists: lists.clone(),
            precedence: precedence.clone(),
            open: Vec::new(),
        }
    }

    /// The file at `path`, opened and its frames listed where they are not.
    fn video(
        &mut self,
        path: OsString,
        progress: &mut dyn FnMut(IndexProgress),
        cancel: &CancelToken,
    ) -> Result<&mut Opened, Failure> {
        let lists = self.lists.clone();
        let opened = self.unlisted(path, cancel)?;
        lists.list(&mut opened.video, progress, cancel).map_err(failure)?;
        Ok(opened)
    }

    /// The file at `path`, opened where it is not.
    fn unlisted(&mut self, path: OsString, cancel: &CancelToken) -> Result<&mut Opened, Failure> {
        let path = PathBuf::from(path);
        self.open.retain(|opened| !self.lists.is_outdated(&opened.video));
        let known = self.open.iter().position(|opened| opened.video.path() == path);
        let opened = match known {
            Some(position) => self.open.remove(position),
            None => Opened {
                video: Video::open(&path, &Limits::default(), cancel).map_err(failure)?,
                sizes: Sizes::default(),
            },
        };
        if self.open.len() == MAX_OPEN {
            self.open.remove(0);
        }
        self.open.push(opened);
        Ok(self.open.last_mut().expect("BUG: it was just pushed"))
    }

    fn open(
        &mut self,
        path: OsString,
        cancel: &CancelToken,
        emit: &mut Emit<'_, MediaEvent>,
    ) -> Result<(), Failure> {
        // A file that is opened anew may have changed since: also where other lanes have it open.
        let name = PathBuf::from(&path);
        self.open.retain(|opened| opened.video.path() != name);
        self.lists
            .clone()
            .renew(&self.unlisted(path.clone(), cancel)?.video);
        let precedence = self.precedence.clone();
        let mut report = |indexed: IndexProgress| {
            precedence.give_way(cancel);
            emit(
                MediaEvent::Indexing {
                    fraction: indexed.fraction,
                },
                &[],
            );
        };
        let video = &mut self.video(path, &mut report, cancel)?.video;
        let index = video.index(None, &mut |_| {}, cancel).map_err(failure)?;
        let pts: Vec<u8> = (0..index.len())
            .flat_map(|frame| index.pts_secs(frame).to_le_bytes())
            .collect();
        let duration_secs = index.duration_secs();
        let probe = Box::new(ProbeJson::new(&name, video.probe()));
        // The list is what others need of it.
        self.open.pop();
        emit(MediaEvent::Opened { probe, duration_secs }, &pts);
        Ok(())
    }

    fn fitted(
        &mut self,
        path: OsString,
        indices: &[usize],
        how: FitJson,
        side_px: u32,
        cancel: &CancelToken,
        emit: &mut Emit<'_, MediaEvent>,
    ) -> Result<(), Failure> {
        let video = &mut self.video(path, &mut |_| {}, cancel)?.video;
        let mut failure = None;
        let decoded = video.frames(indices, cancel, &mut |frame| {
            let square = match fit(&frame.image, how.into(), side_px) {
                Ok(square) => square,
                Err(error) => {
                    failure = Some(Failure::from_error(&error));
                    return ControlFlow::Break(());
                }
            };
            let event = MediaEvent::Fitted {
                index: frame.index,
                pts_secs: frame.pts_secs,
                side_px,
                width: frame.image.width(),
                height: frame.image.height(),
            };
            emit(event, square.as_raw());
            ControlFlow::Continue(())
        });
        decoded.map_err(self::failure)?;
        failure.map_or(Ok(()), Err)
    }
}

impl Role for MediaRole {
    type Protocol = MediaProtocol;

    fn handle(
        &mut self,
        request: MediaRequest,
        _payload: &[u8],
        cancel: &CancelToken,
        emit: &mut Emit<'_, MediaEvent>,
    ) -> Result<(), Failure> {
        match request {
            MediaRequest::Open { path } => self.open(path, cancel, emit),
            MediaRequest::Fitted {
                path,
                indices,
                fit,
                side_px,
            } => self.fitted(path, &indices, fit, side_px, cancel, emit),
            MediaRequest::Picture {
                path,
                index,
                within,
                landing,
            } => self.picture(path, index, (within, landing), cancel, emit),
            MediaRequest::FirstPicture { path, within } => self.first_picture(path, within, cancel, emit),
            MediaRequest::Glimpse { path, secs, within } => self.glimpse(path, secs, within, cancel, emit),
            MediaRequest::Filmstrip {
                path,
                at_secs,
                within,
            } => self.filmstrip(path, at_secs, within, cancel, emit),
            MediaRequest::Frame { path, index } => self.frame(path, index, cancel, emit),
            MediaRequest::Examine => {
                emit(
                    MediaEvent::Examined {
                        checks: self.examine(),
                    },
                    &[],
                );
                Ok(())
            }
        }
    }

    fn prepare(&mut self, cancel: &CancelToken) -> bool {
        self.precedence.let_paint(cancel);
        let opened = self.open.last_mut();
        opened.is_some_and(|opened| opened.sizes.prepare(&mut opened.video, cancel))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` takes")]
fn failure(error: MediaError) -> Failure {
    Failure::from_error(&error)
}
