//! The model role: frames and words to answers. The only part of the engine that calls `llava`.

mod features;
mod feed;
mod known;
mod loaded;
mod names;
mod reading;
mod store;
mod work;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::api::{DeviceName, FrameJson, ModelEvent, ModelFacts, ModelName, ModelRequest};
use crate::cancel::{CancelToken, Hold};
use crate::fault::{Explain, Failure, Fault};
use crate::visual::execute::FittedFrame;
use crate::worker::{Emit, Role};

use features::FeatureMemory;
use feed::Feeds;
use known::Known;
use loaded::{Loaded, pair};
use store::Store;

use super::protocol::ModelProtocol;

/// Features of all videos together: about 1,700 images of CLIP-L/336.
const MAX_FEATURE_BYTES: u64 = 2 << 30;
/// Encoding goes on after this even where nobody says so: no drag takes longer, and words can get lost.
const LONGEST_HOLD: Duration = Duration::from_secs(30);
/// Prefixes of all videos together.
const MAX_PREFIX_BYTES: u64 = 4 << 30;

/// What is kept on disk between runs.
#[derive(Clone, Debug)]
struct Stores {
    features: Store,
    prefixes: Store,
}

/// Loads pairs, encodes images, holds features and prefixes, answers.
///
/// Every lane has an instance of its own; they share the frames that are on their way and what holds encoding up. Only the
/// one on [`super::WORK_LANE`] loads anything; the one on [`super::LOOK_LANE`] keeps the headers that it read.
pub struct ModelRole {
    feeds: Arc<Feeds>,
    hold: Hold,
    stores: Option<Stores>,
    loaded: Option<Loaded>,
    known: Option<Known>,
    features: FeatureMemory,
}

impl ModelRole {
    /// Makes the instances of one role, which keep features and prefixes in `cache_folder`, or nothing without one.
    pub fn maker(cache_folder: Option<&Path>) -> impl Fn() -> Self + Send + Sync + use<> {
        let feeds = Arc::new(Feeds::default());
        let hold = Hold::new();
        let stores = cache_folder.map(|folder| Stores {
            features: Store::new(folder.join("features"), MAX_FEATURE_BYTES),
            prefixes: Store::new(folder.join("prefixes"), MAX_PREFIX_BYTES),
        });
        move || Self {
            feeds: Arc::clone(&feeds),
            hold: hold.clone(),
            stores: stores.clone(),
            loaded: None,
            known: None,
            features: FeatureMemory::default(),
        }
    }

    /// The pair, loaded where another one or none is. The old one goes first: two may not fit.
    fn load(
        &mut self,
        model: &ModelName,
        device: DeviceName,
        cancel: &CancelToken,
        emit: &mut Emit<'_, ModelEvent>,
    ) -> Result<(), Failure> {
        let facts = match self.loaded.as_ref().filter(|loaded| loaded.is(model, device)) {
            Some(loaded) => ModelFacts {
                load_ms: 0,
                ..loaded.facts.clone()
            },
            None => {
                // Files that are no pair cost nobody the model that answers.
                let pair = pair(model, failed)?;
                self.loaded = None;
                self.features.clear();
                let loaded = Loaded::load(model, &pair, device, cancel)?;
                self.loaded.insert(loaded).facts.clone()
            }
        };
        emit(ModelEvent::Loaded(Box::new(facts)), &[]);
        Ok(())
    }

    fn frame(&self, job: u64, frame: FrameJson, pixels: &[u8], cancel: &CancelToken) -> Result<(), Failure> {
        // A square of three bytes a pixel.
        let side_px = (pixels.len() as u64 / 3).isqrt() as u32;
        let image = image::RgbImage::from_raw(side_px, side_px, pixels.to_vec())
            .filter(|image| image.as_raw().len() == pixels.len())
            .ok_or_else(|| {
                let text = format!(
                    "frame {} came as {} bytes, which are no square",
                    frame.index,
                    pixels.len()
                );
                Failure::new(Fault::Machine, text)
            })?;
        let fitted = FittedFrame {
            frame: frame.into(),
            pixels: image,
        };
        Ok(self.feeds.deliver(job, Ok(fitted), cancel)?)
    }

    fn forget(&mut self, video: &str) -> Result<(), Failure> {
        self.features.clear();
        if let Some(loaded) = &mut self.loaded {
            loaded.session = None;
        }
        let Some(stores) = &self.stores else { return Ok(()) };
        let removed = stores.features.forget(video).and(stores.prefixes.forget(video));
        removed.map_err(|error| {
            Failure::new(
                Fault::Machine,
                format!("what was kept of the video could not be removed: {error}"),
            )
        })
    }
}

impl Role for ModelRole {
    type Protocol = ModelProtocol;

    fn handle(
        &mut self,
        request: ModelRequest,
        payload: &[u8],
        cancel: &CancelToken,
        emit: &mut Emit<'_, ModelEvent>,
    ) -> Result<(), Failure> {
        match request {
            ModelRequest::Load { model, device } => self.load(&model, device, cancel, emit),
            ModelRequest::Work(work) => self.work(&work, cancel, emit),
            ModelRequest::Frame { job, frame } => self.frame(job, frame, payload, cancel),
            ModelRequest::EndOfFrames { job, failure } => match failure {
                // Nobody waits for it any more where the work ended by itself.
                Some(failure) => Ok(self.feeds.deliver(job, Err(failure), cancel)?),
                None => {
                    self.feeds.complete(job);
                    Ok(())
                }
            },
            ModelRequest::Forget { video } => self.forget(&video),
            ModelRequest::Describe { model } => self.describe(&model, emit),
            ModelRequest::Foresee(asked) => self.foresee(&asked, emit),
            ModelRequest::Hold { is_held: true } => {
                self.hold.hold_for(LONGEST_HOLD);
                Ok(())
            }
            ModelRequest::Hold { is_held: false } => {
                self.hold.release();
                Ok(())
            }
            ModelRequest::Examine => {
                emit(ModelEvent::Examined(Box::new(known::examine())), &[]);
                Ok(())
            }
        }
    }
}

/// An error of the engine as a failure.
fn failed<E: Explain>(error: E) -> Failure {
    let failure = Failure::from_error(&error);
    drop(error);
    failure
}
