//! Whoever has a video and a question comes here.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::convert::StartConverter;
use super::feeder::Feeder;
use super::guard::Guard;
use super::identity::FileIdentity;
use super::kept_lists::KeptLists;
use super::pointer::Pointer;
use super::progress::{Estimator, Progress, Stage, Tempos};
use super::requests;
use super::requests::media::{Indexing, MediaProtocol, Open};
use super::requests::model::{
    Ask, DeviceName, Excerpt, Forget, Load, ModelFacts, ModelName, ModelProtocol, Prepare, PromptText, Work,
    WorkEvent,
};
use super::requests::open_model::OpenModel;
use crate::cancel::{CancelToken, Hold};
use crate::fault::{Failure, Fault};
use crate::question::{PromptForm, Question};
use crate::video::{Probe, VideoFile};
use crate::visual::plan::Plan;
use crate::worker::{Caller, Request};

/// Words that a prompt has beside the video, for the remaining time.
const WORDS: usize = 64;
/// Encoding and reading ahead go on after this even where nobody says so: no drag takes longer, and words can get lost.
pub(super) const LONGEST_HOLD: Duration = Duration::from_secs(30);
/// The largest prefix that is kept on disk unless the user said otherwise.
pub const USUAL_PREFIX_BYTES: u64 = 256 << 20;

/// The two roles, and the work that goes between them.
pub struct Engine {
    pub(super) media: Arc<dyn Caller<MediaProtocol>>,
    pub(super) model: Arc<dyn Caller<ModelProtocol>>,
    next_job: AtomicU64,
    pub(super) pointer: Pointer,
    pub(super) kept_lists: KeptLists,
    /// Holds up what is decoded for the model.
    pub(super) hold: Hold,
    /// None: the model role converts.
    pub(super) start_converter: Option<Arc<StartConverter>>,
    tempos: Tempos,
}

/// A file that was opened and listed.
#[derive(Clone, Debug)]
pub struct OpenVideo {
    /// The file.
    pub file: VideoFile,
    /// Which file it is.
    pub identity: FileIdentity,
    /// What it is.
    pub probe: Probe,
    /// Presentation time stamp of every displayable frame in seconds, ascending.
    pub pts_secs: Vec<f64>,
    /// How long it runs.
    pub duration_secs: f64,
    /// How long opening took.
    pub open_ms: u64,
}

/// How a video is looked at, by which model.
#[derive(Clone, Debug)]
pub struct VideoSetup {
    /// Which pair.
    pub model: ModelName,
    /// Where it computes.
    pub device: DeviceName,
    /// What it is.
    pub facts: ModelFacts,
    /// What enters the tower and what the language model reads.
    pub plan: Plan,
    /// Which words are put around the question.
    pub form: PromptForm,
    /// Whether the model is told the times of the frames.
    pub tell_times: bool,
    /// The largest prefix that is kept on disk, bytes.
    pub max_prefix_bytes: u64,
}

/// What comes while work is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// How far it is.
    Progress(Progress),
    /// What is read before the answer begins.
    Prompt(PromptText),
    /// A piece of the answer: whole characters.
    Text(String),
}

impl OpenVideo {
    /// What the model role is told about a plan over this file.
    pub(super) fn excerpt(&self, plan: &Plan) -> Excerpt {
        Excerpt {
            video: self.identity.clone(),
            recipe: plan.recipe(),
            digest: plan.digest(),
        }
    }

    /// What the file is called.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The file's name without its folders; what is no text in it is replaced.
    #[must_use]
    pub fn name(&self) -> String {
        let name = self.path().file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

impl Engine {
    /// An engine over two roles, wherever they are.
    #[must_use]
    pub fn new(media: Arc<dyn Caller<MediaProtocol>>, model: Arc<dyn Caller<ModelProtocol>>) -> Self {
        Self {
            media: Arc::new(Guard::new(media)),
            model,
            next_job: AtomicU64::new(1),
            pointer: Pointer::default(),
            kept_lists: KeptLists::default(),
            hold: Hold::new(),
            start_converter: None,
            tempos: Tempos::default(),
        }
    }

    /// The same, which keeps the lists of frames in `folder`: a large file is read through once only.
    #[must_use]
    pub fn keeping_lists(self, folder: Option<PathBuf>) -> Self {
        Self {
            kept_lists: KeptLists::new(folder),
            ..self
        }
    }

    /// Opens the file at `path`, which is all that is done by its name: whoever reads it is handed the open file.
    ///
    /// # Errors
    /// What the file system says; that it is no file, or empty.
    pub fn file(&self, path: &Path) -> Result<VideoFile, Failure> {
        let file = VideoFile::open(path).map_err(|error| Failure::from_error(&error))?;
        Ok(self.kept_lists.attach(file))
    }

    /// Opens a file and lists its frames.
    ///
    /// # Errors
    /// Whatever is wrong with the file.
    pub fn open(
        &self,
        path: &Path,
        cancel: &CancelToken,
        on_update: &mut dyn FnMut(Update),
    ) -> Result<OpenVideo, Failure> {
        self.list(self.file(path)?, cancel, on_update)
    }

    /// Lists the frames of an open file.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    pub fn list(
        &self,
        file: VideoFile,
        cancel: &CancelToken,
        on_update: &mut dyn FnMut(Update),
    ) -> Result<OpenVideo, Failure> {
        let began = Instant::now();
        let open = Open { video: file.clone() };
        let mut is_kept_now = false;
        let opened = self.media.call_with(open, cancel, &mut |indexing| {
            let Indexing { fraction, list } = indexing;
            if !list.is_empty() {
                self.kept_lists.keep(&file, &list);
                is_kept_now = true;
            }
            on_update(Update::Progress(Progress {
                stage: Stage::Opening { fraction },
                remaining_secs: None,
            }));
        })?;
        Ok(OpenVideo {
            identity: FileIdentity::read(&file)?,
            // A worker that starts anew needs not read all of it again.
            file: if is_kept_now {
                self.kept_lists.attach(file)
            } else {
                file
            },
            probe: opened.probe,
            pts_secs: opened.pts_secs,
            duration_secs: opened.duration_secs,
            open_ms: began.elapsed().as_millis() as u64,
        })
    }

    /// Loads a model, unless it is loaded.
    ///
    /// # Errors
    /// Whatever is wrong with its files, or too little memory.
    pub fn load(
        &self,
        model: &ModelName,
        device: DeviceName,
        cancel: &CancelToken,
        on_update: &mut dyn FnMut(Update),
    ) -> Result<ModelFacts, Failure> {
        on_update(Update::Progress(Progress {
            stage: Stage::Loading,
            remaining_secs: None,
        }));
        let load = Load {
            model: OpenModel::new(model),
            device,
        };
        self.model.call(load, cancel)
    }

    /// Encodes and reads what every question on this video begins with, so that the first answer does not wait for it.
    ///
    /// # Errors
    /// [`Fault::Cancelled`] (what was done is kept), or what is wrong with file or model.
    pub fn prepare(
        &self,
        video: &OpenVideo,
        setup: &VideoSetup,
        cancel: &CancelToken,
        on_update: &mut dyn FnMut(Update),
    ) -> Result<(), Failure> {
        self.work(video, setup, Prepare, cancel, on_update)
    }

    /// Answers a question about a video, preparing what is not prepared.
    ///
    /// # Errors
    /// [`Fault::Cancelled`] (what was said stays true), or what is wrong with file, model or question.
    pub fn ask(
        &self,
        video: &OpenVideo,
        setup: &VideoSetup,
        question: Question,
        cancel: &CancelToken,
        on_update: &mut dyn FnMut(Update),
    ) -> Result<Answer, Failure> {
        let ask = |work| Ask { work, question };
        let mut answer = self.work(video, setup, ask, cancel, on_update)?;
        let notices = setup.plan.notices.iter().map(ToString::to_string);
        answer.notices.splice(0..0, notices);
        answer.timings_ms.open = video.open_ms;
        answer.timings_ms.total += video.open_ms;
        Ok(answer)
    }

    /// Removes everything that was kept of the video with this identity, which is or was at `path`: features, prefixes, the
    /// list of its frames.
    ///
    /// # Errors
    /// What the file system says.
    pub fn forget(&self, video: &FileIdentity, path: &Path, cancel: &CancelToken) -> Result<(), Failure> {
        self.kept_lists.forget(path).map_err(|error| {
            let text = format!("the kept list of the video's frames could not be removed: {error}");
            Failure::new(Fault::of_writing(&error), text)
        })?;
        let video = video.clone();
        self.model.call(Forget { video }, cancel)
    }

    /// Encoding and reading ahead wait while `is_held`, so that somebody who looks has the machine. Nobody need fear to
    /// forget the end: half a minute later they go on.
    ///
    /// # Errors
    /// Why the model's worker cannot be told.
    pub fn hold(&self, is_held: bool, cancel: &CancelToken) -> Result<(), Failure> {
        if is_held {
            self.hold.hold_for(LONGEST_HOLD);
        } else {
            self.hold.release();
        }
        self.model.call(requests::model::Hold { is_held }, cancel)
    }

    /// Has `request` made of the work and worked on, with the frames that it wants fetched meanwhile.
    fn work<R: Request<Protocol = ModelProtocol, Event = WorkEvent>>(
        &self,
        video: &OpenVideo,
        setup: &VideoSetup,
        request: impl FnOnce(Work) -> R,
        cancel: &CancelToken,
        on_update: &mut dyn FnMut(Update),
    ) -> Result<R::Reply, Failure> {
        let job = self.next_job.fetch_add(1, Ordering::Relaxed);
        let work = Work {
            job,
            model: OpenModel::new(&setup.model),
            device: setup.device,
            excerpt: video.excerpt(&setup.plan),
            form: setup.form,
            tell_times: setup.tell_times,
            max_prefix_bytes: setup.max_prefix_bytes,
        };
        let n_tokens = setup.plan.counts().total + WORDS;
        let mut estimator = Estimator::new(&setup.facts, n_tokens, self.tempos.of(&setup.model));
        let stop = CancelToken::new();
        let feeder = Feeder {
            media: Arc::clone(&self.media),
            model: Arc::clone(&self.model),
            job,
            video: video.file.clone(),
            fit: setup.plan.fit,
            side_px: setup.plan.geometry.side_px(),
            stop: stop.held_by(&self.hold),
        };
        std::thread::scope(|scope| {
            let mut on_event = |event: WorkEvent| match event {
                WorkEvent::FramesWanted(frames) => {
                    on_update(Update::Progress(estimator.frames_wanted(Instant::now())));
                    let feeder = &feeder;
                    let started = std::thread::Builder::new()
                        .name("frames to the model".to_owned())
                        .spawn_scoped(scope, move || feeder.run(&frames));
                    if let Err(error) = started {
                        tracing::error!(%error, "no thread for the frames");
                        cancel.cancel();
                    }
                }
                WorkEvent::Encoded { n_done, n_images } => {
                    on_update(Update::Progress(estimator.encoded(
                        n_done,
                        n_images,
                        Instant::now(),
                    )));
                }
                WorkEvent::Read { n_done, n_total } => {
                    on_update(Update::Progress(estimator.read(n_done, n_total, Instant::now())));
                }
                WorkEvent::Prompt(prompt) => on_update(Update::Prompt(prompt)),
                WorkEvent::Text(text) => on_update(Update::Text(text)),
            };
            let worked = self.model.call_with(request(work), cancel, &mut on_event);
            stop.cancel();
            self.tempos.keep(&setup.model, estimator.tempo());
            worked
        })
    }
}
