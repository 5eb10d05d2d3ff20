//! What can be said of models and of work before anything is loaded or encoded, and the pictures that enter the tower.

use std::collections::HashMap;

use image::RgbImage;

use super::coordinator::{Engine, OpenVideo, silent};
use super::protocol::{HOLD_LANE, LOOK_LANE, SEES_LANE, VIEWER_LANE};
use crate::api::{
    DescribedJson, DoctorJson, ForeseeJson, ForeseenJson, MediaEvent, MediaRequest, ModelEvent, ModelName,
    ModelRequest, PromptForm, TurnJson,
};
use crate::cancel::CancelToken;
use crate::fault::{Failure, Fault};
use crate::visual::geometry::TowerGeometry;
use crate::visual::plan::{ImageSource, Plan};
use crate::visual::preprocess::Fit;
use crate::visual::sampling::FrameRef;
use crate::visual::tower_image::{Canvas, Normalization, TowerImage};

/// Encoding goes on after this even where nobody says so.
const LONGEST_HOLD: std::time::Duration = std::time::Duration::from_secs(30);

impl Engine {
    /// What a pair is, from its headers alone.
    ///
    /// # Errors
    /// What is wrong with its files.
    pub fn describe(&self, model: &ModelName, cancel: &CancelToken) -> Result<DescribedJson, Failure> {
        let model = model.clone();
        let mut described = None;
        self.look(ModelRequest::Describe { model }, cancel, &mut |event| {
            if let ModelEvent::Described(pair) = event {
                described = Some(*pair);
            }
        })?;
        described.ok_or_else(|| silent("the model", "found in the files"))
    }

    /// What of these plans' pictures is kept, and how many tokens the words around a question about the first of them
    /// take, after `history`.
    ///
    /// # Errors
    /// What is wrong with the model's files.
    pub fn foresee(
        &self,
        video: &OpenVideo,
        model: &ModelName,
        plans: &[&Plan],
        history: Vec<TurnJson>,
        max_tokens: usize,
        cancel: &CancelToken,
    ) -> Result<ForeseenJson, Failure> {
        let asked = ForeseeJson {
            model: model.clone(),
            form: PromptForm::Chat,
            looks: (plans.iter())
                .map(|plan| video.looked_at(plan, Fit::Squash))
                .collect(),
            history,
            max_tokens,
        };
        let mut foreseen = None;
        self.look(ModelRequest::Foresee(Box::new(asked)), cancel, &mut |event| {
            if let ModelEvent::Foreseen(what) = event {
                foreseen = Some(what);
            }
        })?;
        foreseen.ok_or_else(|| silent("the model", "foresaw"))
    }

    fn look(
        &self,
        request: ModelRequest,
        cancel: &CancelToken,
        on_event: &mut dyn FnMut(ModelEvent),
    ) -> Result<(), Failure> {
        self.model
            .call(LOOK_LANE, request, &[], cancel, &mut |event, _| on_event(event))
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
        let request = ModelRequest::Hold { is_held };
        self.model.call(HOLD_LANE, request, &[], cancel, &mut |_, _| {})
    }

    /// The very pixels of one of a plan's pictures as they enter the tower, `side_px` square; those of a thumbnail, which
    /// are means, rounded to levels.
    ///
    /// # Errors
    /// [`Fault::Cancelled`]; what is wrong with the file.
    pub fn tower_picture(
        &self,
        video: &OpenVideo,
        image: &ImageSource,
        geometry: TowerGeometry,
        normalization: &Normalization,
        cancel: &CancelToken,
    ) -> Result<RgbImage, Failure> {
        let mut indices: Vec<usize> = image.frames().iter().map(|frame| frame.index).collect();
        indices.sort_unstable();
        indices.dedup();
        let side_px = geometry.side_px();
        let request = MediaRequest::Fitted {
            path: video.path.as_os_str().to_owned(),
            indices,
            fit: Fit::Squash.into(),
            side_px,
        };
        let mut fitted: HashMap<usize, RgbImage> = HashMap::new();
        self.media
            .call(SEES_LANE, request, &[], cancel, &mut |event, pixels| {
                if let MediaEvent::Fitted { index, .. } = event
                    && let Some(square) = RgbImage::from_raw(side_px, side_px, pixels)
                {
                    fitted.insert(index, square);
                }
            })?;
        let mut take = |frame: &FrameRef| {
            fitted.remove(&frame.index).ok_or_else(|| {
                let text = format!(
                    "frame {} at {:.3} s could not be read",
                    frame.index, frame.pts_secs
                );
                Failure::new(Fault::Unreadable, text)
                    .with_hint("the file may be cut short; choose an earlier range")
            })
        };
        match image {
            ImageSource::Frame(frame) => take(frame),
            ImageSource::Grid(grid) => {
                let mut canvas = Canvas::new(grid, side_px);
                let mut cells = grid.cells.clone();
                cells.sort_by_key(|cell| cell.index);
                cells.dedup_by_key(|cell| cell.index);
                for cell in cells {
                    canvas.place(cell, &TowerImage::from_fitted(&take(&cell)?, normalization));
                }
                Ok(canvas.into_image().to_picture(normalization))
            }
        }
    }

    /// What this build is, what this machine has, and whether the two go together.
    #[must_use]
    pub fn examine(&self, cancel: &CancelToken) -> DoctorJson {
        let mut machine = Default::default();
        let asked = self.look(ModelRequest::Examine, cancel, &mut |event| {
            if let ModelEvent::Examined(found) = event {
                machine = *found;
            }
        });
        let mut checks = Vec::new();
        let read = self.media.call(
            VIEWER_LANE,
            MediaRequest::Examine,
            &[],
            cancel,
            &mut |event, _| {
                if let MediaEvent::Examined { checks: found } = event {
                    checks = found;
                }
            },
        );
        for (name, failure) in [("video reader", read.err()), ("model", asked.err())] {
            if let Some(failure) = failure {
                checks.push(crate::api::CheckJson::bad(name, failure.message, failure.hint));
            }
        }
        DoctorJson {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            features: machine.features,
            system: machine.system,
            architecture: std::env::consts::ARCH.to_owned(),
            n_cpus: machine.n_cpus,
            memory_bytes: machine.memory_bytes,
            memory_available_bytes: machine.memory_available_bytes,
            checks,
        }
    }
}
