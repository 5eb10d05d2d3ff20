//! What a plan is made of: small enough to travel and to be kept, and enough to make the same plan again.

use serde::{Deserialize, Serialize};

use super::compose::{self, PlanError};
use super::geometry::TowerGeometry;
use super::plan::{ImageSource, Plan, RowSource};
use super::preprocess::Fit;
use super::sampling::{Chosen, FrameRef};
use super::strategy::Strategy;

/// Chosen frames, and what becomes of them for which tower. The same recipe gives the same plan, wherever it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// The chosen frames in the order of time; short clips repeat some.
    pub frames: Vec<FrameRef>,
    /// How they become tokens.
    pub strategy: Strategy,
    /// The tower that it is for.
    pub geometry: TowerGeometry,
    /// How a frame becomes square.
    pub fit: Fit,
    /// How long the clip runs that the frames are from, seconds.
    #[serde(default)]
    pub duration_secs: f64,
}

impl Recipe {
    /// The plan that it describes.
    ///
    /// # Errors
    /// A strategy that has no plan for these frames or this tower.
    pub fn plan(&self) -> Result<Plan, PlanError> {
        let chosen = Chosen {
            frames: self.frames.clone(),
            duration_secs: self.duration_secs,
            notices: Vec::new(),
        };
        let plan = compose::plan(&chosen, &self.strategy, self.geometry)?;
        Ok(Plan {
            fit: self.fit,
            ..plan
        })
    }
}

/// A hash of all that is encoded and read by a plan: equal exactly for plans that show a model the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanDigest([u8; 16]);

impl Plan {
    /// What it was made of.
    #[must_use]
    pub fn recipe(&self) -> Recipe {
        Recipe {
            frames: self.chosen.clone(),
            strategy: self.strategy.clone(),
            geometry: self.geometry,
            fit: self.fit,
            duration_secs: self.duration_secs,
        }
    }

    /// The digest of its images, its rows and what is said of them.
    #[must_use]
    pub fn digest(&self) -> PlanDigest {
        let mut hasher = blake3::Hasher::new();
        let number = |hasher: &mut blake3::Hasher, number: u64| {
            hasher.update(&number.to_le_bytes());
        };
        number(&mut hasher, u64::from(self.geometry.side_px()));
        number(&mut hasher, u64::from(self.geometry.patch_px()));
        number(&mut hasher, self.images.len() as u64);
        for image in &self.images {
            let (n_rows, n_cols) = match image {
                ImageSource::Frame(_) => (0, 0),
                ImageSource::Grid(grid) => (grid.n_rows, grid.n_cols),
            };
            number(&mut hasher, u64::from(n_rows));
            number(&mut hasher, u64::from(n_cols));
            for frame in image.frames() {
                number(&mut hasher, frame.index as u64);
                number(&mut hasher, frame.pts_secs.to_bits());
            }
        }
        for row in &self.rows {
            hasher.update(row.op().name().as_bytes());
            number(&mut hasher, row.image().map_or(u64::MAX, |image| image as u64));
            // Pictures are compared by where their rows lie in them; a text by its words; a newline has neither.
            if let Some(rect) = row.rect(self.geometry) {
                for side in [rect.col, rect.row, rect.n_cols, rect.n_rows] {
                    number(&mut hasher, u64::from(side));
                }
            }
            match row {
                RowSource::Text(text) => {
                    number(&mut hasher, text.len() as u64);
                    hasher.update(text.as_bytes());
                }
                RowSource::Blend { taps, .. } => {
                    for tap in taps.as_slice() {
                        number(&mut hasher, u64::from(tap.patch));
                        number(&mut hasher, u64::from(tap.weight.to_bits()));
                    }
                }
                _ => {}
            }
        }
        if let Some(sentence) = &self.sentence {
            hasher.update(sentence.as_bytes());
        }
        let mut digest = [0; 16];
        digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        PlanDigest(digest)
    }
}
