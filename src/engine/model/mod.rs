//! The model role: frames and words to answers. The only part of the engine that calls `llava`.

mod convert;
mod features;
mod feed;
mod headers;
mod loaded;
mod names;
mod reading;
mod store;
mod work;

use std::path::Path;
use std::sync::Arc;

use super::coordinator::LONGEST_HOLD;
use super::identity::FileIdentity;
use super::requests;
use super::requests::model::{
    DeviceName, EndFeed, ExamineModel, Feed, Forget, Load, Machine, ModelFacts, ModelProtocol, ModelRequest,
};
use super::requests::open_model::OpenModel;
use crate::cancel::{CancelToken, Hold};
use crate::fault::{Explain, Failure, Fault};
use crate::visual::execute::FittedFrame;
use crate::worker::{Call, Handle, Nothing, Outbox, Parcel, Role};

use features::FeatureMemory;
use feed::Feeds;
use headers::Headers;
use loaded::{Loaded, pair};
use store::Store;

/// Features of all videos together: about 1,700 images of CLIP-L/336.
const MAX_FEATURE_BYTES: u64 = 2 << 30;
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
/// one on the lane for work loads anything; the one on the lane for headers keeps those that it read.
pub struct ModelRole {
    feeds: Arc<Feeds>,
    hold: Hold,
    stores: Option<Stores>,
    loaded: Option<Loaded>,
    headers: Option<Headers>,
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
            headers: None,
            features: FeatureMemory::default(),
        }
    }

    /// The pair, loaded where another one or none is. The old one goes first: two may not fit.
    fn loaded(
        &mut self,
        model: &OpenModel,
        device: DeviceName,
        cancel: &CancelToken,
    ) -> Result<ModelFacts, Failure> {
        let is_this = |loaded: &&Loaded| loaded.is(&model.name, device);
        if let Some(loaded) = self.loaded.as_ref().filter(is_this) {
            return Ok(ModelFacts {
                load_ms: 0,
                ..loaded.facts.clone()
            });
        }
        // Files that are no pair cost nobody the model that answers.
        let pair = pair(model, failed)?;
        self.loaded = None;
        self.features.clear();
        let loaded = Loaded::load(&model.name, &pair, device, cancel)?;
        Ok(self.loaded.insert(loaded).facts.clone())
    }

    fn forget(&mut self, video: &FileIdentity) -> Result<(), Failure> {
        self.features.clear();
        if let Some(loaded) = &mut self.loaded {
            loaded.session = None;
        }
        let Some(stores) = &self.stores else { return Ok(()) };
        let removed = stores.features.forget(video).and(stores.prefixes.forget(video));
        removed.map_err(|error| {
            Failure::new(
                Fault::of_writing(&error),
                format!("what was kept of the video could not be removed: {error}"),
            )
        })
    }
}

impl Role for ModelRole {
    type Protocol = ModelProtocol;

    fn serve(
        &mut self,
        request: ModelRequest,
        cancel: &CancelToken,
        out: &mut Outbox<'_>,
    ) -> Result<Parcel, Failure> {
        request.serve_with(self, cancel, out)
    }
}

impl Handle<Load> for ModelRole {
    fn handle(
        &mut self,
        Load { model, device }: Load,
        call: &mut Call<'_, Nothing>,
    ) -> Result<ModelFacts, Failure> {
        let cancel = call.cancel;
        self.loaded(&model, device, cancel)
    }
}

impl Handle<Feed> for ModelRole {
    fn handle(
        &mut self,
        Feed { job, frame, pixels }: Feed,
        call: &mut Call<'_, Nothing>,
    ) -> Result<(), Failure> {
        let cancel = call.cancel;
        let pixels = pixels.into_image().ok_or_else(|| {
            Failure::new(
                Fault::Machine,
                format!("frame {} came without its pixels", frame.index),
            )
        })?;
        Ok(self
            .feeds
            .deliver(job, Ok(FittedFrame { frame, pixels }), cancel)?)
    }
}

impl Handle<EndFeed> for ModelRole {
    fn handle(
        &mut self,
        EndFeed { job, failure }: EndFeed,
        call: &mut Call<'_, Nothing>,
    ) -> Result<(), Failure> {
        let cancel = call.cancel;
        match failure {
            // Nobody waits for it any more where the work ended by itself.
            Some(failure) => Ok(self.feeds.deliver(job, Err(failure), cancel)?),
            None => {
                self.feeds.complete(job);
                Ok(())
            }
        }
    }
}

impl Handle<Forget> for ModelRole {
    fn handle(&mut self, Forget { video }: Forget, _call: &mut Call<'_, Nothing>) -> Result<(), Failure> {
        self.forget(&video)
    }
}

impl Handle<requests::model::Hold> for ModelRole {
    fn handle(
        &mut self,
        request: requests::model::Hold,
        _call: &mut Call<'_, Nothing>,
    ) -> Result<(), Failure> {
        if request.is_held {
            self.hold.hold_for(LONGEST_HOLD);
        } else {
            self.hold.release();
        }
        Ok(())
    }
}

impl Handle<ExamineModel> for ModelRole {
    fn handle(
        &mut self,
        ExamineModel: ExamineModel,
        _call: &mut Call<'_, Nothing>,
    ) -> Result<Machine, Failure> {
        Ok(headers::machine())
    }
}

/// An error of the engine as a failure.
fn failed<E: Explain>(error: E) -> Failure {
    let failure = Failure::from_error(&error);
    drop(error);
    failure
}
