//! The one executor: runs any plan, streaming over frames.

use std::collections::HashMap;

use image::RgbImage;

use super::encoder::{Encoder, FeatureCache, PatchOf};
use super::geometry::TowerGeometry;
use super::plan::{ImageSource, Plan};
use super::rows::{Rows, RowsInProgress};
use super::sampling::FrameRef;
use super::tower_image::{Canvas, Normalization, TowerImage};
use crate::cancel::{CancelToken, Cancelled};
use crate::fault::{Explain, Fault};

/// A decoded frame, fitted into the tower's square by [`super::preprocess::fit`].
#[derive(Clone, Debug, PartialEq)]
pub struct FittedFrame {
    /// Which frame.
    pub frame: FrameRef,
    /// Its pixels, side x side.
    pub pixels: RgbImage,
}

/// How far the executor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Images done, those from the cache included.
    pub n_done: usize,
    /// Images of the plan.
    pub n_images: usize,
}

/// How a plan is run.
pub struct Run<'a> {
    /// Most images in one pass through the tower; at least 1.
    pub batch_size: usize,
    /// Looked at between frames and between batches.
    pub cancel: &'a CancelToken,
    /// Called when images are done.
    pub progress: &'a mut dyn FnMut(Encoded),
}

/// Why a plan was not run to its end. `E` is the encoder's error, `F` that of whoever delivers frames.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<E, F>
where
    E: std::error::Error + 'static,
    F: std::error::Error + 'static,
{
    /// It was asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The encoder failed.
    #[error(transparent)]
    Encoder(E),
    /// A frame could not be had.
    #[error(transparent)]
    Frames(F),
    /// Frames ended before all were there: a file cut short.
    #[error("frame {index} at {pts_secs:.3} s could not be read")]
    FrameMissing {
        /// The frame.
        index: usize,
        /// Its time.
        pts_secs: f64,
    },
    /// A frame other than the wanted one, or of another size: a fault of the program.
    #[error(
        "frame {wanted} was wanted at {side_px} x {side_px} pixels, but frame {got} came at {width_px} x {height_px}"
    )]
    WrongFrame {
        /// Index wanted.
        wanted: usize,
        /// Index that came.
        got: usize,
        /// Side wanted.
        side_px: u32,
        /// Width that came.
        width_px: u32,
        /// Height that came.
        height_px: u32,
    },
    /// The plan was made for another tower: a fault of the program.
    #[error("the plan is for images of {} pixels, but the vision tower reads {}", .plan.side_px(), .tower.side_px())]
    WrongTower {
        /// The plan's geometry.
        plan: TowerGeometry,
        /// The encoder's.
        tower: TowerGeometry,
    },
    /// The encoder gave another number of values than it was asked for: a fault of the program.
    #[error("the vision tower gave {got} {what} instead of {wanted}")]
    WrongCount {
        /// Of what.
        what: &'static str,
        /// How many were due.
        wanted: usize,
        /// How many came.
        got: usize,
    },
}

impl<E: Explain + 'static, F: Explain + 'static> Explain for ExecuteError<E, F> {
    fn fault(&self) -> Fault {
        match self {
            Self::Cancelled(_) => Fault::Cancelled,
            Self::Encoder(error) => error.fault(),
            Self::Frames(error) => error.fault(),
            Self::FrameMissing { .. } => Fault::Unreadable,
            Self::WrongFrame { .. } | Self::WrongTower { .. } | Self::WrongCount { .. } => Fault::Machine,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Encoder(error) => error.hint(),
            Self::Frames(error) => error.hint(),
            Self::FrameMissing { .. } => {
                Some("the file may be cut short; choose an earlier range".to_owned())
            }
            Self::Cancelled(_) => None,
            Self::WrongFrame { .. } | Self::WrongTower { .. } | Self::WrongCount { .. } => {
                Some("this is a fault of the program; please report it".to_owned())
            }
        }
    }
}

/// Runs `plan` and returns the visual rows in the order the language model reads them.
///
/// `frames` is asked once for the frames that are not served from the cache, ascending in time and each once, and
/// returns an iterator over them in that order; it may decode ahead on a thread of its own. Frames are dropped as soon
/// as they are normalised and shrunk into their thumbnails, so that memory holds one batch and the thumbnails that
/// are not full yet. Only patches that rows are made of are projected, each once; pooling happens on
/// projected rows, but for [`RowSource::FeatureMean`](super::plan::RowSource::FeatureMean).
///
/// # Errors
/// [`ExecuteError`]. What was encoded until then was given to the cache.
pub fn execute<E, C, I, F>(
    plan: &Plan,
    encoder: &mut E,
    cache: &mut C,
    run: Run<'_>,
    frames: impl FnOnce(&[FrameRef]) -> I,
) -> Result<Rows, ExecuteError<E::Error, F>>
where
    E: Encoder,
    C: FeatureCache<E::Features>,
    I: IntoIterator<Item = Result<FittedFrame, F>>,
    F: std::error::Error + 'static,
{
    let tower = encoder.geometry();
    if tower != plan.geometry {
        return Err(ExecuteError::WrongTower {
            plan: plan.geometry,
            tower,
        });
    }
    run.cancel.check()?;
    let rows = RowsInProgress::new(plan, encoder)?;
    let batch = Vec::with_capacity(run.batch_size.max(1));
    let mut work = Work {
        plan,
        encoder,
        cache,
        run,
        rows,
        batch,
        n_done: 0,
    };

    let missing = work.place_cached()?;
    let wanted = wanted_frames(plan, &missing);
    let mut open: HashMap<usize, Canvas<'_>> = HashMap::new();
    let mut frames = if wanted.is_empty() {
        None
    } else {
        Some(frames(&wanted).into_iter())
    };
    for &want in &wanted {
        work.run.cancel.check()?;
        let next = frames.as_mut().and_then(Iterator::next);
        let came = next.transpose().map_err(ExecuteError::Frames)?;
        let image = normalised(want, came, tower, &work.encoder.normalization())?;
        for &position in &missing {
            match &plan.images[position] {
                ImageSource::Grid(grid) if shows(&grid.cells, want) => {
                    let canvas = open
                        .entry(position)
                        .or_insert_with(|| Canvas::new(grid, tower.side_px()));
                    canvas.place(want, &image);
                    if canvas.is_full()
                        && let Some(full) = open.remove(&position)
                    {
                        work.push(position, full.into_image())?;
                    }
                }
                ImageSource::Frame(frame) if frame.index == want.index => {
                    work.push(position, image.clone())?;
                }
                ImageSource::Grid(_) | ImageSource::Frame(_) => {}
            }
        }
    }
    work.flush()?;
    Ok(work.rows.finish())
}

fn shows(cells: &[FrameRef], frame: FrameRef) -> bool {
    cells.iter().any(|cell| cell.index == frame.index)
}

/// The frames that the images at `positions` show, ascending and each once.
fn wanted_frames(plan: &Plan, positions: &[usize]) -> Vec<FrameRef> {
    let mut wanted: Vec<FrameRef> = positions
        .iter()
        .flat_map(|&position| plan.images[position].frames())
        .copied()
        .collect();
    wanted.sort_unstable_by_key(|frame| frame.index);
    wanted.dedup_by_key(|frame| frame.index);
    wanted
}

/// `came` as the tower reads it, if it is what was wanted.
fn normalised<E, F>(
    want: FrameRef,
    came: Option<FittedFrame>,
    tower: TowerGeometry,
    normalization: &Normalization,
) -> Result<TowerImage, ExecuteError<E, F>>
where
    E: std::error::Error + 'static,
    F: std::error::Error + 'static,
{
    let FrameRef { index, pts_secs } = want;
    let FittedFrame { frame, pixels } = came.ok_or(ExecuteError::FrameMissing { index, pts_secs })?;
    let (width_px, height_px) = pixels.dimensions();
    let side_px = tower.side_px();
    if frame.index != index || (width_px, height_px) != (side_px, side_px) {
        return Err(ExecuteError::WrongFrame {
            wanted: index,
            got: frame.index,
            side_px,
            width_px,
            height_px,
        });
    }
    Ok(TowerImage::from_fitted(&pixels, normalization))
}

/// The run between its parts.
struct Work<'a, 'r, E, C> {
    plan: &'a Plan,
    encoder: &'a mut E,
    cache: &'a mut C,
    run: Run<'r>,
    rows: RowsInProgress,
    /// Images that wait for the tower, with their positions in the plan.
    batch: Vec<(usize, TowerImage)>,
    n_done: usize,
}

impl<E: Encoder, C: FeatureCache<E::Features>> Work<'_, '_, E, C> {
    /// Places what the cache knows, one image at a time so that memory stays flat; returns the other positions.
    fn place_cached<F: std::error::Error + 'static>(
        &mut self,
    ) -> Result<Vec<usize>, ExecuteError<E::Error, F>> {
        let mut missing = Vec::new();
        for (position, image) in self.plan.images.iter().enumerate() {
            self.run.cancel.check()?;
            match self.cache.lookup(image) {
                Some(features) => self.place(&[position], &[features])?,
                None => missing.push(position),
            }
        }
        Ok(missing)
    }

    fn push<F: std::error::Error + 'static>(
        &mut self,
        position: usize,
        image: TowerImage,
    ) -> Result<(), ExecuteError<E::Error, F>> {
        self.batch.push((position, image));
        if self.batch.len() >= self.run.batch_size {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Encodes and places what waits.
    fn flush<F: std::error::Error + 'static>(&mut self) -> Result<(), ExecuteError<E::Error, F>> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.run.cancel.check()?;
        let (positions, images): (Vec<usize>, Vec<TowerImage>) = self.batch.drain(..).unzip();
        let features = self.encoder.encode(&images).map_err(ExecuteError::Encoder)?;
        drop(images);
        expect_count("images", positions.len(), features.len())?;
        for (&position, features) in positions.iter().zip(&features) {
            self.cache.store(&self.plan.images[position], features);
        }
        self.place(&positions, &features)
    }

    /// Projects the used patches of a batch and writes the rows they make.
    fn place<F: std::error::Error + 'static>(
        &mut self,
        positions: &[usize],
        features: &[E::Features],
    ) -> Result<(), ExecuteError<E::Error, F>> {
        let mut patches = Vec::new();
        let mut starts = Vec::with_capacity(positions.len());
        for (image, &position) in positions.iter().enumerate() {
            starts.push(patches.len());
            patches.extend(
                self.rows
                    .patches_of(self.plan, position)
                    .into_iter()
                    .map(|patch| PatchOf { image, patch }),
            );
        }
        let projected = self
            .encoder
            .project(features, &patches)
            .map_err(ExecuteError::Encoder)?;
        expect_count(
            "projected values",
            patches.len() * self.rows.width,
            projected.len(),
        )?;
        for (image, &position) in positions.iter().enumerate() {
            let end = starts.get(image + 1).copied().unwrap_or(patches.len());
            let used = &patches[starts[image]..end];
            let values = &projected[starts[image] * self.rows.width..end * self.rows.width];
            self.rows.write(self.plan, position, used, values);
            self.place_means(position, image, features)?;
        }
        self.n_done += positions.len();
        (self.run.progress)(Encoded {
            n_done: self.n_done,
            n_images: self.plan.images.len(),
        });
        Ok(())
    }
}

impl<E: Encoder, C> Work<'_, '_, E, C> {
    /// Projects the means of features of one image, and writes the rows that they are.
    fn place_means<F: std::error::Error + 'static>(
        &mut self,
        position: usize,
        image: usize,
        features: &[E::Features],
    ) -> Result<(), ExecuteError<E::Error, F>> {
        let means = self.rows.means_of(self.plan, position, image);
        if means.is_empty() {
            return Ok(());
        }
        let projected = self
            .encoder
            .project_means(features, &means)
            .map_err(ExecuteError::Encoder)?;
        expect_count("projected means", means.len() * self.rows.width, projected.len())?;
        self.rows.write_means(self.plan, position, &projected);
        Ok(())
    }
}

pub(super) fn expect_count<E, F>(
    what: &'static str,
    wanted: usize,
    got: usize,
) -> Result<(), ExecuteError<E, F>>
where
    E: std::error::Error + 'static,
    F: std::error::Error + 'static,
{
    if wanted == got {
        Ok(())
    } else {
        Err(ExecuteError::WrongCount { what, wanted, got })
    }
}
