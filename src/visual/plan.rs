//! A plan: which images enter the tower, and where each row that the language model reads comes from.
//!
//! A plan is data. It is made by [`super::compose::plan`] before anything is decoded, run by
//! [`super::execute::execute`], and everything a person is told (counts, cost, marks, provenance) is read off it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::geometry::{PatchRect, PixelRect, TowerGeometry, UnitRect};
use super::notice::Notice;
use super::preprocess::Fit;
use super::sampling::FrameRef;
use super::strategy::Strategy;
pub use super::taps::{Tap, Taps};

/// What enters the vision tower and what the language model reads of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The strategy that made it.
    pub strategy: Strategy,
    /// The tower it was made for.
    pub geometry: TowerGeometry,
    /// How a frame becomes square.
    pub fit: Fit,
    /// The chosen frames in the order of time; short clips repeat some.
    pub chosen: Vec<FrameRef>,
    /// How long the clip runs that they are from, seconds.
    pub duration_secs: f64,
    /// The images to encode, each once and each used by at least one row.
    pub images: Vec<ImageSource>,
    /// One entry for each visual row (a text may stand for several), in the order the language model reads them.
    pub rows: Vec<RowSource>,
    /// What is said of the video after its rows, lines' ends included; `None` leaves it to whoever writes the prompt.
    pub sentence: Option<String>,
    /// Where the plan is not quite what was asked for.
    pub notices: Vec<Notice>,
}

/// One image that enters the tower. Also the key under which its features can be kept, together with the file, the
/// preprocessing and the tower.
#[derive(Clone, Debug, PartialEq)]
pub enum ImageSource {
    /// A frame.
    Frame(FrameRef),
    /// A thumbnail: several frames as one image.
    Grid(Grid),
}

impl ImageSource {
    /// The frames it shows, left to right and then down.
    #[must_use]
    pub fn frames(&self) -> &[FrameRef] {
        match self {
            Self::Frame(frame) => std::slice::from_ref(frame),
            Self::Grid(grid) => &grid.cells,
        }
    }
}

/// Frames tiled into one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Rows of cells.
    pub n_rows: u32,
    /// Columns of cells.
    pub n_cols: u32,
    /// `n_rows * n_cols` frames, left to right and then down.
    pub cells: Vec<FrameRef>,
}

impl Grid {
    /// Rows and columns for `n_cells` frames: the factor pair with the smallest difference, the larger one down
    /// (TS-LLaVA's `find_best_grid`): 4 is 2 x 2, 6 is 3 x 2, 8 is 4 x 2.
    #[must_use]
    pub fn shape_for(n_cells: u32) -> (u32, u32) {
        let n_cols = (1..=n_cells.isqrt())
            .rev()
            .find(|n| n_cells.is_multiple_of(*n))
            .unwrap_or(1);
        (n_cells / n_cols, n_cols)
    }

    /// The pixels of cell `cell` in a square of `side_px`. Cells cover the square without a gap; where their number
    /// does not divide the side, they differ by a pixel. (The reference only works where it divides.)
    #[must_use]
    pub fn cell_px(&self, cell: usize, side_px: u32) -> PixelRect {
        let (row, col) = (cell as u32 / self.n_cols, cell as u32 % self.n_cols);
        PixelRect {
            left: col * side_px / self.n_cols,
            top: row * side_px / self.n_rows,
            right: (col + 1) * side_px / self.n_cols,
            bottom: (row + 1) * side_px / self.n_rows,
        }
    }
}

/// Where a row of the language model comes from. `image` is a position in [`Plan::images`].
#[derive(Clone, Debug, PartialEq)]
pub enum RowSource {
    /// One projected patch.
    Patch {
        /// Position in [`Plan::images`].
        image: u32,
        /// Patch in reading order.
        patch: u32,
    },
    /// The mean of a rectangle of projected patches, channel by channel.
    Mean {
        /// Position in [`Plan::images`].
        image: u32,
        /// The patches.
        rect: PatchRect,
    },
    /// The largest value of a rectangle of projected patches, channel by channel.
    Max {
        /// Position in [`Plan::images`].
        image: u32,
        /// The patches.
        rect: PatchRect,
    },
    /// The sum of up to four weighted projected patches, channel by channel.
    Blend {
        /// Position in [`Plan::images`].
        image: u32,
        /// The patches and their weights.
        taps: Taps,
    },
    /// The projected mean of a rectangle of features: pooled before the projector.
    FeatureMean {
        /// Position in [`Plan::images`].
        image: u32,
        /// The patches.
        rect: PatchRect,
    },
    /// The model's learned newline.
    Newline,
    /// A piece of text: as many rows as the model's tokenizer makes of it.
    Text(String),
}

/// What is done to patches to make a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// One patch as it is.
    Patch,
    /// The mean of several.
    Mean,
    /// The largest of several.
    Max,
    /// The weighted sum of several.
    Blend,
    /// The mean of several before the projector.
    FeatureMean,
    /// The learned newline; no frame.
    Newline,
    /// Text; no frame.
    Text,
}

impl Op {
    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Mean => "mean",
            Self::Max => "max",
            Self::Blend => "blend",
            Self::FeatureMean => "feature-mean",
            Self::Newline => "newline",
            Self::Text => "text",
        }
    }
}

/// Where a row comes from, in terms of the clip.
#[derive(Clone, Debug, PartialEq)]
pub struct Provenance {
    /// What was done.
    pub op: Op,
    /// What was looked at: one region for a patch inside one frame, several where a patch lies across the border of
    /// thumbnail cells, none for newlines and text.
    pub regions: Vec<Region>,
}

/// A part of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// The frame.
    pub frame: FrameRef,
    /// Fractions of the frame as the tower sees it, that is of the square it was fitted into.
    /// [`super::preprocess::Fit::source_rect`] turns them into fractions of the source frame.
    pub rect: UnitRect,
}

/// How many tokens a plan gives the language model, texts apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct TokenCounts {
    /// From images of single frames, sampled or pooled.
    pub sampled: usize,
    /// From thumbnails.
    pub thumbnail: usize,
    /// Learned newlines; told as what is left of the total.
    #[serde(skip)]
    pub newline: usize,
    /// All of them.
    pub total: usize,
}

/// What running a plan costs, features from a cache apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Different frames to decode.
    pub n_frames: usize,
    /// Images through the tower.
    pub n_tower_passes: usize,
    /// Rows of features through the projector: different patches, and means of patches.
    pub n_projected: usize,
}

/// What a frame gives to the answer: a mark on the timeline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// The frame.
    pub frame: FrameRef,
    /// Cells of thumbnails that show it.
    pub n_cells: usize,
    /// Tokens from its own image.
    pub n_tokens: usize,
}

impl Plan {
    /// How many tokens the language model reads.
    #[must_use]
    pub fn counts(&self) -> TokenCounts {
        let mut counts = TokenCounts::default();
        for row in &self.rows {
            match row.image() {
                Some(image) => match self.images[image] {
                    ImageSource::Frame(_) => counts.sampled += 1,
                    ImageSource::Grid(_) => counts.thumbnail += 1,
                },
                None if *row == RowSource::Newline => counts.newline += 1,
                None => {}
            }
        }
        counts.total = counts.sampled + counts.thumbnail + counts.newline;
        counts
    }

    /// What running it costs when nothing is cached.
    #[must_use]
    pub fn cost(&self) -> Cost {
        // One pass over the rows: a plan may have a million of them.
        let mut used = vec![vec![false; self.geometry.n_patches() as usize]; self.images.len()];
        let mut n_means = 0;
        for row in &self.rows {
            match (row, row.image()) {
                (RowSource::FeatureMean { .. }, _) => n_means += 1,
                (_, Some(image)) => {
                    for patch in self.patches_of(row) {
                        used[image][patch as usize] = true;
                    }
                }
                (_, None) => {}
            }
        }
        let n_projected = n_means + used.iter().flatten().filter(|used| **used).count();
        Cost {
            n_frames: self.frames().len(),
            n_tower_passes: self.images.len(),
            n_projected,
        }
    }

    /// The different frames that its images show, in the order of time.
    #[must_use]
    pub fn frames(&self) -> Vec<FrameRef> {
        let frames: BTreeMap<usize, FrameRef> = self
            .images
            .iter()
            .flat_map(ImageSource::frames)
            .map(|frame| (frame.index, *frame))
            .collect();
        frames.into_values().collect()
    }

    /// The patches of image `image` that rows are made of, in reading order and each once.
    #[must_use]
    pub fn used_patches(&self, image: usize) -> Vec<u32> {
        let mut used = vec![false; self.geometry.n_patches() as usize];
        for row in self.rows.iter().filter(|row| row.image() == Some(image)) {
            for patch in self.patches_of(row) {
                used[patch as usize] = true;
            }
        }
        (0u32..)
            .zip(used)
            .filter_map(|(patch, used)| used.then_some(patch))
            .collect()
    }

    /// The patches a row is made of, in reading order; none for newlines and texts.
    #[must_use]
    pub fn patches_of(&self, row: &RowSource) -> Vec<u32> {
        match row {
            RowSource::Patch { patch, .. } => vec![*patch],
            RowSource::Mean { rect, .. }
            | RowSource::Max { rect, .. }
            | RowSource::FeatureMean { rect, .. } => self.geometry.patches_in(*rect).collect(),
            RowSource::Blend { taps, .. } => taps.as_slice().iter().map(|tap| tap.patch).collect(),
            RowSource::Newline | RowSource::Text(_) => Vec::new(),
        }
    }

    /// What each frame gives, in the order of time: the marks for a timeline.
    #[must_use]
    pub fn marks(&self) -> Vec<Mark> {
        let mut marks: BTreeMap<usize, Mark> = self
            .frames()
            .into_iter()
            .map(|frame| {
                (
                    frame.index,
                    Mark {
                        frame,
                        n_cells: 0,
                        n_tokens: 0,
                    },
                )
            })
            .collect();
        for image in &self.images {
            if let ImageSource::Grid(grid) = image {
                for cell in &grid.cells {
                    marks.entry(cell.index).and_modify(|mark| mark.n_cells += 1);
                }
            }
        }
        for image in self.rows.iter().filter_map(RowSource::image) {
            if let ImageSource::Frame(frame) = self.images[image] {
                marks.entry(frame.index).and_modify(|mark| mark.n_tokens += 1);
            }
        }
        marks.into_values().collect()
    }

    /// Where row `row` of the plan comes from. Panics if there is no such row.
    #[must_use]
    pub fn provenance(&self, row: usize) -> Provenance {
        let row = &self.rows[row];
        let regions = match (row.image(), row.rect(self.geometry)) {
            (Some(image), Some(rect)) => self.regions(&self.images[image], rect),
            _ => Vec::new(),
        };
        Provenance {
            op: row.op(),
            regions,
        }
    }

    /// The parts of frames that `rect` of `image` shows.
    fn regions(&self, image: &ImageSource, rect: PatchRect) -> Vec<Region> {
        let side_px = self.geometry.side_px();
        let seen = self.geometry.pixels_of(rect);
        let region = |frame: FrameRef, whole: PixelRect| {
            seen.intersect(whole).map(|part| Region {
                frame,
                rect: part.within(whole),
            })
        };
        match image {
            ImageSource::Frame(frame) => region(
                *frame,
                PixelRect {
                    left: 0,
                    top: 0,
                    right: side_px,
                    bottom: side_px,
                },
            )
            .into_iter()
            .collect(),
            ImageSource::Grid(grid) => (grid.cells.iter().enumerate())
                .filter_map(|(cell, frame)| region(*frame, grid.cell_px(cell, side_px)))
                .collect(),
        }
    }
}

impl RowSource {
    /// The position in [`Plan::images`] of the image it is made of.
    #[must_use]
    pub fn image(&self) -> Option<usize> {
        match self {
            Self::Patch { image, .. }
            | Self::Mean { image, .. }
            | Self::Max { image, .. }
            | Self::Blend { image, .. }
            | Self::FeatureMean { image, .. } => Some(*image as usize),
            Self::Newline | Self::Text(_) => None,
        }
    }

    /// What is done to make it.
    #[must_use]
    pub fn op(&self) -> Op {
        match self {
            Self::Patch { .. } => Op::Patch,
            Self::Mean { .. } => Op::Mean,
            Self::Max { .. } => Op::Max,
            Self::Blend { .. } => Op::Blend,
            Self::FeatureMean { .. } => Op::FeatureMean,
            Self::Newline => Op::Newline,
            Self::Text(_) => Op::Text,
        }
    }

    /// The patches it is made of, as a rectangle of its image. Those of a blend lie side by side.
    #[must_use]
    pub fn rect(&self, geometry: TowerGeometry) -> Option<PatchRect> {
        match self {
            Self::Patch { patch, .. } => Some(geometry.patch_at(*patch)),
            Self::Mean { rect, .. } | Self::Max { rect, .. } | Self::FeatureMean { rect, .. } => Some(*rect),
            Self::Blend { taps, .. } => (taps.as_slice().iter())
                .map(|tap| geometry.patch_at(tap.patch))
                .reduce(PatchRect::hull),
            Self::Newline | Self::Text(_) => None,
        }
    }
}
