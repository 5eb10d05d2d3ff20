//! Whoever has a video and a question comes here.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::feeder::Feeder;
use super::identity::FileIdentity;
use super::progress::{Estimator, Progress, Stage};
use super::protocol::{LIST_LANE, MediaProtocol, ModelProtocol, WORK_LANE};
use super::viewer::Pointer;
use crate::api::{
    AnswerJson, DeviceName, FrameJson, MediaEvent, MediaRequest, ModelEvent, ModelFacts, ModelName,
    ModelRequest, ProbeJson, PromptForm, QuestionJson, VideoJson, WorkJson,
};
use crate::cancel::{CancelToken, Hold};
use crate::fault::{Failure, Fault};
use crate::visual::compose;
use crate::visual::geometry::TowerGeometry;
use crate::visual::plan::Plan;
use crate::visual::preprocess::Fit;
use crate::visual::sampling::{Sampling, TimeRange, choose};
use crate::visual::strategy::Strategy;
use crate::worker::Caller;

/// Words that a prompt has beside the video, for the remaining time.
const WORDS: usize = 64;
/// The largest prefix that is kept on disk unless the user said otherwise.
pub const USUAL_PREFIX_BYTES: u64 = 256 << 20;

/// The two roles, and the work that goes between them.
pub struct Engine {
    pub(super) media: Arc<dyn Caller<MediaProtocol>>,
    pub(super) model: Arc<dyn Caller<ModelProtocol>>,
    next_job: AtomicU64,
    pub(super) pointer: Pointer,
    /// Holds up what is decoded for the model.
    pub(super) hold: Hold,
}

/// A file that was opened and listed.
#[derive(Clone, Debug)]
pub struct OpenVideo {
    /// The file.
    pub path: PathBuf,
    /// Which file it is.
    pub identity: FileIdentity,
    /// What it is.
    pub probe: ProbeJson,
    /// Presentation time stamp of every displayable frame in seconds, ascending.
    pub pts_secs: Vec<f64>,
    /// How long it runs.
    pub duration_secs: f64,
    /// How long opening took.
    pub open_ms: u64,
}

/// How a video is looked at, by which model.
#[derive(Clone, Debug)]
pub struct Looking {
    /// Which pair.
    pub model: ModelName,
    /// Where it computes.
    pub device: DeviceName,
    /// What it is.
    pub facts: ModelFacts,
    /// What enters the tower and what the language model reads.
    pub plan: Plan,
    /// How frames become square.
    pub fit: Fit,
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
    Prompt {
        /// The words, with `<image>` where the video stands.
        text: String,
        /// Tokens of the words.
        n_tokens: usize,
        /// Earlier turns that no longer fit and were forgotten.
        n_forgotten_turns: usize,
    },
    /// A piece of the answer.
    Piece(String),
}

impl OpenVideo {
    /// What `strategy` makes of the frames that `sampling` chooses, for a tower of this geometry.
    ///
    /// # Errors
    /// Nothing to look at, or numbers that make no sense.
    pub fn plan(
        &self,
        sampling: &Sampling,
        range: Option<TimeRange>,
        strategy: &Strategy,
        geometry: TowerGeometry,
    ) -> Result<Plan, Failure> {
        let chosen = choose(&self.pts_secs, range, sampling).map_err(|error| self.about(&error))?;
        compose::plan(&chosen, strategy, geometry).map_err(|error| self.about(&error))
    }

    /// What the model role is told about a plan over this file.
    pub(super) fn looked_at(&self, plan: &Plan, fit: Fit) -> VideoJson {
        VideoJson {
            identity: self.identity.as_str().to_owned(),
            frames: plan.chosen.iter().copied().map(FrameJson::from).collect(),
            strategy: (&plan.strategy).into(),
            fit: fit.into(),
        }
    }

    /// The file's name without its folders; what is no text in it is replaced.
    #[must_use]
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The failure of an error that does not know which file it is about.
    fn about(&self, error: &impl crate::fault::Explain) -> Failure {
        let failure = Failure::from_error(error);
        Failure {
            message: format!("{}: {}", self.path.display(), failure.message),
            ..failure
        }
    }
}

impl Engine {
    /// An engine over two roles, wherever they are.
    #[must_use]
    pub fn new(media: Arc<dyn Caller<MediaProtocol>>, model: Arc<dyn Caller<ModelProtocol>>) -> Self {
        Self {
            media,
            model,
            next_job: AtomicU64::new(1),
            pointer: Pointer::default(),
            hold: Hold::new(),
        }
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
        let began = Instant::now();
        let request = MediaRequest::Open {
            path: path.as_os_str().to_owned(),
        };
        let mut opened = None;
        self.media.call(
            LIST_LANE,
            request,
            &[],
            cancel,
            &mut |event, payload| match event {
                MediaEvent::Indexing { fraction } => on_update(Update::Progress(Progress {
                    stage: Stage::Opening { fraction },
                    remaining_secs: None,
                })),
                MediaEvent::Opened { probe, duration_secs } => opened = Some((probe, duration_secs, payload)),
                _ => {}
            },
        )?;
        let (probe, duration_secs, payload) = opened.ok_or_else(|| silent("the video reader", "opened"))?;
        let pts_secs = payload
            .as_chunks::<8>()
            .0
            .iter()
            .map(|bytes| f64::from_le_bytes(*bytes))
            .collect();
        let identity = identify(path)?;
        Ok(OpenVideo {
            path: path.to_owned(),
            identity,
            probe: *probe,
            pts_secs,
            duration_secs,
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
        let request = ModelRequest::Load {
            model: model.clone(),
            device,
        };
        let mut loaded = None;
        self.model
            .call(WORK_LANE, request, &[], cancel, &mut |event, _| {
                if let ModelEvent::Loaded(facts) = event {
                    loaded = Some(*facts);
                }
            })?;
        loaded.ok_or_else(|| silent("the model", "loaded"))
    }

    /// Encodes and reads what every question on this video begins with, so that the first answer does not wait for it.
    ///
    /// # Errors
    /// [`Fault::Cancelled`] (what was done is kept), or what is wrong with file or model.
    pub fn prepare(
        &self,
        video: &OpenVideo,
        looking: &Looking,
        cancel: &CancelToken,
        on_update: &mut dyn FnMut(Update),
    ) -> Result<(), Failure> {
        self.work(video, looking, None, cancel, on_update).map(drop)
    }

    /// Answers a question about a video, preparing what is not prepared.
    ///
    /// # Errors
    /// [`Fault::Cancelled`] (what was said stays true), or what is wrong with file, model or question.
    pub fn ask(
        &self,
        video: &OpenVideo,
        looking: &Looking,
        question: QuestionJson,
        cancel: &CancelToken,
        on_update: &mut dyn FnMut(Update),
    ) -> Result<AnswerJson, Failure> {
        let answer = self.work(video, looking, Some(question), cancel, on_update)?;
        let mut answer = answer.ok_or_else(|| silent("the model", "answered"))?;
        let notices = looking.plan.notices.iter().map(ToString::to_string);
        answer.notices.splice(0..0, notices);
        answer.timings_ms.open = video.open_ms;
        answer.timings_ms.total += video.open_ms;
        Ok(answer)
    }

    /// Removes everything that was kept of a video.
    ///
    /// # Errors
    /// What the file system says.
    pub fn forget(&self, video: &FileIdentity, cancel: &CancelToken) -> Result<(), Failure> {
        let request = ModelRequest::Forget {
            video: video.as_str().to_owned(),
        };
        self.model.call(WORK_LANE, request, &[], cancel, &mut |_, _| {})
    }

    fn work(
        &self,
        video: &OpenVideo,
        looking: &Looking,
        question: Option<QuestionJson>,
        cancel: &CancelToken,
        on_update: &mut dyn FnMut(Update),
    ) -> Result<Option<AnswerJson>, Failure> {
        let job = self.next_job.fetch_add(1, Ordering::Relaxed);
        let work = WorkJson {
            job,
            model: looking.model.clone(),
            device: looking.device,
            video: video.looked_at(&looking.plan, looking.fit),
            form: looking.form,
            tell_times: looking.tell_times,
            question,
            max_prefix_bytes: looking.max_prefix_bytes,
        };
        let mut estimator = Estimator::new(Some(&looking.facts), looking.plan.counts().total + WORDS);
        let stop = CancelToken::new();
        let feeder = Feeder {
            media: Arc::clone(&self.media),
            model: Arc::clone(&self.model),
            job,
            path: video.path.as_os_str().to_owned(),
            fit: looking.fit.into(),
            side_px: looking.plan.geometry.side_px(),
            stop: stop.held_by(&self.hold),
        };
        let mut answer = None;
        let worked = std::thread::scope(|scope| {
            let mut on_event = |event: ModelEvent, _payload: Vec<u8>| {
                if let Some(progress) = estimator.progress(&event) {
                    on_update(Update::Progress(progress));
                }
                match event {
                    ModelEvent::FramesWanted { frames } => {
                        let feeder = &feeder;
                        let started = std::thread::Builder::new()
                            .name("frames to the model".to_owned())
                            .spawn_scoped(scope, move || feeder.run(&frames));
                        if let Err(error) = started {
                            tracing::error!(%error, "no thread for the frames");
                            cancel.cancel();
                        }
                    }
                    ModelEvent::Prompt {
                        text,
                        n_tokens,
                        n_forgotten_turns,
                    } => on_update(Update::Prompt {
                        text,
                        n_tokens,
                        n_forgotten_turns,
                    }),
                    ModelEvent::Piece { text } => on_update(Update::Piece(text)),
                    ModelEvent::Answered(answered) => answer = Some(*answered),
                    _ => {}
                }
            };
            let request = ModelRequest::Work(Box::new(work));
            let worked = self.model.call(WORK_LANE, request, &[], cancel, &mut on_event);
            stop.cancel();
            worked
        });
        worked.map(|()| answer)
    }
}

/// Which file it is.
pub(super) fn identify(path: &Path) -> Result<FileIdentity, Failure> {
    FileIdentity::of(path).map_err(|error| {
        Failure::new(
            Fault::of_reading(&error),
            format!("cannot read {}: {error}", path.display()),
        )
    })
}

/// A role that ended without saying what it had to say: a fault of the program.
pub(super) fn silent(who: &str, what: &str) -> Failure {
    Failure::new(Fault::Machine, format!("{who} did not say what it {what}"))
        .with_hint("this is a fault of the program; please report it")
}
