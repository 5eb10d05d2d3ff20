//! The pictures that enter the tower, for whoever looks at a plan.

use std::collections::HashMap;

use image::RgbImage;

use super::coordinator::{Engine, OpenVideo};
use super::requests::media::{FitForModel, FitForPlan};
use crate::cancel::CancelToken;
use crate::fault::{Failure, Fault};
use crate::visual::plan::{ImageSource, Plan};
use crate::visual::sampling::FrameRef;
use crate::visual::tower_image::{Canvas, Normalization, TowerImage};

impl Engine {
    /// The very pixels of one of a plan's pictures as they enter the tower, `side_px` square; those of a thumbnail, which
    /// are means, rounded to levels.
    ///
    /// # Errors
    /// [`Fault::Cancelled`]; what is wrong with the file.
    pub fn tower_picture(
        &self,
        video: &OpenVideo,
        image: &ImageSource,
        plan: &Plan,
        normalization: &Normalization,
        cancel: &CancelToken,
    ) -> Result<RgbImage, Failure> {
        let mut indices: Vec<usize> = image.frames().iter().map(|frame| frame.index).collect();
        indices.sort_unstable();
        indices.dedup();
        let side_px = plan.geometry.side_px();
        let wanted = FitForPlan(FitForModel {
            video: video.file.clone(),
            indices,
            fit: plan.fit,
            side_px,
        });
        let mut squares: HashMap<usize, RgbImage> = HashMap::new();
        self.media.call_with(wanted, cancel, &mut |fitted| {
            squares.extend(
                fitted
                    .pixels
                    .into_image()
                    .map(|square| (fitted.frame.index, square)),
            );
        })?;
        let mut take = |frame: &FrameRef| {
            squares.remove(&frame.index).ok_or_else(|| {
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
}
