//! From chosen frames and a strategy to a plan: a pure function.

mod pooled;

use std::collections::HashMap;

use super::geometry::{PatchRect, TowerGeometry};
use super::linspace::{even_indices, part_starts};
use super::notice::Notice;
use super::plan::{Grid, ImageSource, Plan, RowSource};
use super::pool::adaptive_window;
use super::preprocess::Fit;
use super::sampling::{Chosen, FrameRef};
use super::strategy::{CellOrder, Cells, Order, RowEnds, Strategy};
use crate::fault::{Explain, Fault};

/// The most rows a plan may have. No language model reads a million visual tokens; the limit keeps a slip of the
/// hand (every patch of every frame of a film) from filling the memory.
pub const MAX_ROWS: usize = 1 << 20;

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// There are no frames to look at.
    #[error("there are no frames to look at")]
    NoFrames,
    /// The strategy asks for no token.
    #[error("the strategy '{strategy}' was asked for zero tokens")]
    ZeroTokens {
        /// Name of the strategy.
        strategy: &'static str,
    },
    /// Thumbnails of no cells, or none of them.
    #[error("a thumbnail needs at least one frame")]
    ZeroCells,
    /// More cells than the image has patches, or rows of them than it has rows of pixels.
    #[error("{n_cells} frames do not fit into a thumbnail of {side_px} x {side_px} pixels")]
    TooManyCells {
        /// Cells asked for.
        n_cells: usize,
        /// Side of the tower's image.
        side_px: u32,
    },
    /// More tokens than any language model reads.
    #[error("the plan would have {n_rows} visual tokens; the limit is {MAX_ROWS}")]
    TooManyTokens {
        /// Tokens asked for.
        n_rows: usize,
    },
    /// A pooled side of zero, or larger than the tower's.
    #[error(
        "{fast_side} x {fast_side} tokens cannot be pooled from {patches_per_side} x {patches_per_side} patches"
    )]
    BadFastSide {
        /// Side asked for.
        fast_side: u32,
        /// Side of the tower's patch grid.
        patches_per_side: u32,
    },
    /// A pool that leaves no row, more rows than patches, or that cannot be done before the projector.
    #[error(
        "{patches_per_side} x {patches_per_side} patches cannot be pooled that way over {n_frames} frames: each keeps at \
         least one row and at most one for each patch, and only means are taken before the projector"
    )]
    BadPool {
        /// Side of the tower's patch grid.
        patches_per_side: u32,
        /// Chosen frames.
        n_frames: usize,
    },
}

impl Explain for PlanError {
    fn fault(&self) -> Fault {
        match self {
            Self::NoFrames => Fault::Input,
            _ => Fault::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoFrames => "try the file in a video player; it may be damaged or hold only sound",
            Self::ZeroTokens { .. } => "sample at least one token or use a thumbnail",
            Self::ZeroCells | Self::TooManyCells { .. } => "use 4, 6 or 8 frames for the thumbnail",
            Self::TooManyTokens { .. } => "choose fewer frames or sample fewer tokens",
            Self::BadPool { .. } => "pool to a side between 1 and the tower's, or allow more tokens",
            Self::BadFastSide { .. } => "use a side between 1 and the tower's",
        };
        Some(hint.to_owned())
    }
}

/// The plan of `strategy` over the `chosen` frames, for a tower of this geometry.
///
/// Clips with fewer frames than the strategy needs keep the thumbnail's grid and repeat nearest frames; sampled
/// tokens are at most what the frames provide. Both are said in [`Plan::notices`], after those of `chosen`. Frames are
/// squashed unless [`Plan::fit`] is changed afterwards.
///
/// # Errors
/// [`PlanError`] when there are no frames, or the strategy's numbers make no sense for this tower.
pub fn plan(chosen: &Chosen, strategy: &Strategy, geometry: TowerGeometry) -> Result<Plan, PlanError> {
    if chosen.frames.is_empty() {
        return Err(PlanError::NoFrames);
    }
    let mut draft = Draft::new(chosen, geometry);
    match strategy.clone() {
        Strategy::EveryPatch => draft.every_patch()?,
        Strategy::Sampled { n_sampled } => draft.sampled(n_sampled)?,
        Strategy::Thumbnail { cells } => draft.thumbnails_spread(1, cells)?,
        Strategy::Thumbnails { cells } => draft.thumbnails_of_all(cells)?,
        Strategy::ThumbnailAndSampled {
            n_thumbnails,
            cells,
            n_sampled,
            order: Order::SampledFirst,
        } => {
            draft.sampled(n_sampled)?;
            draft.thumbnails_spread(n_thumbnails, cells)?;
        }
        Strategy::ThumbnailAndSampled {
            n_thumbnails,
            cells,
            n_sampled,
            order: Order::ThumbnailFirst,
        } => {
            draft.thumbnails_spread(n_thumbnails, cells)?;
            draft.sampled(n_sampled)?;
        }
        Strategy::SlowFast { n_slow, fast_side } => {
            draft.slow(n_slow)?;
            draft.fast(fast_side)?;
        }
        Strategy::ImageGrid { row_ends } => draft.image_grid(row_ends)?,
        Strategy::Pooled { pool, newlines, told } => {
            draft.pooled(pool, newlines)?;
            draft.sentence = told.text(draft.frames, draft.duration_secs);
        }
        Strategy::Interleaved { pool, words, told } => {
            draft.interleaved(pool, &words)?;
            draft.sentence = told.text(draft.frames, draft.duration_secs);
        }
    }
    draft.finish(strategy)
}

/// A plan in the making: each part of a strategy appends its images and rows.
struct Draft<'a> {
    frames: &'a [FrameRef],
    duration_secs: f64,
    geometry: TowerGeometry,
    images: Vec<ImageSource>,
    /// Position in `images` of a frame, by its index: a frame that is chosen twice is encoded once.
    image_of: HashMap<usize, u32>,
    rows: Vec<RowSource>,
    sentence: Option<String>,
    notices: Vec<Notice>,
}

impl<'a> Draft<'a> {
    fn new(chosen: &'a Chosen, geometry: TowerGeometry) -> Self {
        let mut notices = chosen.notices.clone();
        let n_distinct = n_distinct(&chosen.frames);
        if n_distinct < chosen.frames.len() {
            notices.push(Notice::FramesRepeated {
                n_chosen: chosen.frames.len(),
                n_distinct,
            });
        }
        Self {
            frames: &chosen.frames,
            duration_secs: chosen.duration_secs,
            geometry,
            images: Vec::new(),
            image_of: HashMap::new(),
            rows: Vec::new(),
            sentence: None,
            notices,
        }
    }

    /// Refuses before memory is spent.
    fn make_room(&mut self, n_more: usize) -> Result<(), PlanError> {
        let n_rows = self.rows.len().saturating_add(n_more);
        if n_rows > MAX_ROWS {
            return Err(PlanError::TooManyTokens { n_rows });
        }
        self.rows.reserve(n_more);
        Ok(())
    }

    fn n_patches(&self) -> usize {
        self.geometry.n_patches() as usize
    }

    fn frame_image(&mut self, frame: FrameRef) -> u32 {
        let next = self.images.len() as u32;
        let image = *self.image_of.entry(frame.index).or_insert(next);
        if image == next {
            self.images.push(ImageSource::Frame(frame));
        }
        image
    }

    /// All patches of all frames, frame after frame.
    fn every_patch(&mut self) -> Result<(), PlanError> {
        self.make_room(self.frames.len().saturating_mul(self.n_patches()))?;
        for &frame in self.frames {
            let image = self.frame_image(frame);
            self.rows
                .extend((0..self.geometry.n_patches()).map(|patch| RowSource::Patch { image, patch }));
        }
        Ok(())
    }

    /// `n_sampled` patches spread over all patches of all frames (TS-LLaVA's `sample_tokens`).
    fn sampled(&mut self, n_sampled: usize) -> Result<(), PlanError> {
        let n_available = self.frames.len().saturating_mul(self.n_patches());
        if n_sampled > n_available {
            self.notices.push(Notice::FewerSampledTokens {
                n_asked: n_sampled,
                n_tokens: n_available,
            });
        }
        let n_sampled = n_sampled.min(n_available);
        self.make_room(n_sampled)?;
        for index in even_indices(n_available, n_sampled) {
            let image = self.frame_image(self.frames[index / self.n_patches()]);
            self.rows.push(RowSource::Patch {
                image,
                patch: (index % self.n_patches()) as u32,
            });
        }
        Ok(())
    }

    /// `n_thumbnails` of frames spread evenly over the chosen ones (`uniformly_sample_frames`, then consecutive
    /// chunks).
    fn thumbnails_spread(&mut self, n_thumbnails: usize, cells: Cells) -> Result<(), PlanError> {
        self.check_cells(cells.n_cells)?;
        if n_thumbnails == 0 {
            return Err(PlanError::ZeroCells);
        }
        self.make_room(n_thumbnails.saturating_mul(self.n_patches()))?;
        let n_cells = n_thumbnails * cells.n_cells;
        let shown: Vec<FrameRef> = even_indices(self.frames.len(), n_cells)
            .map(|position| self.frames[position])
            .collect();
        self.push_thumbnails(&shown, cells);
        Ok(())
    }

    /// All chosen frames in consecutive thumbnails, without the rest that fills none.
    fn thumbnails_of_all(&mut self, cells: Cells) -> Result<(), PlanError> {
        self.check_cells(cells.n_cells)?;
        let n_thumbnails = self.frames.len() / cells.n_cells;
        if n_thumbnails == 0 {
            return self.thumbnails_spread(1, cells);
        }
        self.make_room(n_thumbnails.saturating_mul(self.n_patches()))?;
        let (shown, rest) = self.frames.split_at(n_thumbnails * cells.n_cells);
        if !rest.is_empty() {
            self.notices
                .push(Notice::RemainderDropped { n_frames: rest.len() });
        }
        self.push_thumbnails(shown, cells);
        Ok(())
    }

    /// `shown` in chunks of the cells' number, all patches of each.
    fn push_thumbnails(&mut self, shown: &[FrameRef], cells: Cells) {
        for (position, chunk) in shown.chunks_exact(cells.n_cells).enumerate() {
            let mut frames = chunk.to_vec();
            if let CellOrder::Shuffled { seed } = cells.order {
                shuffle(&mut frames, seed.wrapping_add(position as u64));
            }
            let image = self.push_grid(frames);
            self.rows
                .extend((0..self.geometry.n_patches()).map(|patch| RowSource::Patch { image, patch }));
        }
        // Repeated choices were already reported; here it is about choosing one choice for several cells.
        if shown.len() > self.frames.len() {
            let n_distinct = n_distinct(shown);
            self.notices.push(Notice::CellsRepeated {
                n_cells: shown.len(),
                n_distinct,
            });
        }
    }

    fn push_grid(&mut self, cells: Vec<FrameRef>) -> u32 {
        let (n_rows, n_cols) = Grid::shape_for(cells.len() as u32);
        self.images.push(ImageSource::Grid(Grid {
            n_rows,
            n_cols,
            cells,
        }));
        (self.images.len() - 1) as u32
    }

    fn check_cells(&self, n_cells: usize) -> Result<(), PlanError> {
        let side_px = self.geometry.side_px();
        if n_cells == 0 {
            return Err(PlanError::ZeroCells);
        }
        // At least a patch for each cell, and at least a row of pixels for each row of a prime number of cells.
        if n_cells > self.n_patches() || Grid::shape_for(n_cells as u32).0 > side_px {
            return Err(PlanError::TooManyCells { n_cells, side_px });
        }
        Ok(())
    }

    /// SlowFast's slow path: max over horizontal pairs (`MaxPool1d(2, 2)` over the flattened patches, the same on a
    /// grid of even width; on an odd one the last column stands alone instead of wrapping into the next row).
    fn slow(&mut self, n_slow: usize) -> Result<(), PlanError> {
        let per_side = self.geometry.patches_per_side();
        let n_pairs = (per_side * per_side.div_ceil(2)) as usize;
        self.make_room(n_slow.saturating_mul(n_pairs))?;
        for position in part_starts(self.frames.len(), n_slow) {
            let image = self.frame_image(self.frames[position]);
            for row in 0..per_side {
                for col in (0..per_side).step_by(2) {
                    let rect = PatchRect {
                        row,
                        col,
                        n_rows: 1,
                        n_cols: 2.min(per_side - col),
                    };
                    self.rows.push(RowSource::Max { image, rect });
                }
            }
        }
        Ok(())
    }

    /// SlowFast's fast path: every frame averaged down to `fast_side` a side, with the windows of torch's
    /// `AdaptiveAvgPool2d`: from `floor(i * n / side)` to `ceil((i + 1) * n / side)`.
    fn fast(&mut self, fast_side: u32) -> Result<(), PlanError> {
        let patches_per_side = self.geometry.patches_per_side();
        if fast_side == 0 || fast_side > patches_per_side {
            return Err(PlanError::BadFastSide {
                fast_side,
                patches_per_side,
            });
        }
        self.make_room(self.frames.len().saturating_mul((fast_side * fast_side) as usize))?;
        let window = |at: u32| adaptive_window(at, fast_side, patches_per_side);
        for &frame in self.frames {
            let image = self.frame_image(frame);
            for (row, n_rows) in (0..fast_side).map(window) {
                for (col, n_cols) in (0..fast_side).map(window) {
                    let rect = PatchRect {
                        row,
                        col,
                        n_rows,
                        n_cols,
                    };
                    self.rows.push(RowSource::Mean { image, rect });
                }
            }
        }
        Ok(())
    }

    /// IG-VLM: all chosen frames as one picture, read row by row.
    fn image_grid(&mut self, row_ends: RowEnds) -> Result<(), PlanError> {
        self.check_cells(self.frames.len())?;
        let per_side = self.geometry.patches_per_side();
        self.make_room(self.n_patches() + per_side as usize)?;
        let image = self.push_grid(self.frames.to_vec());
        for row in 0..per_side {
            self.rows.extend((0..per_side).map(|col| RowSource::Patch {
                image,
                patch: row * per_side + col,
            }));
            if row_ends == RowEnds::Newline {
                self.rows.push(RowSource::Newline);
            }
        }
        Ok(())
    }

    fn finish(self, strategy: &Strategy) -> Result<Plan, PlanError> {
        if self.rows.is_empty() {
            return Err(PlanError::ZeroTokens {
                strategy: strategy.name().as_str(),
            });
        }
        let mut plan = Plan {
            strategy: strategy.clone(),
            geometry: self.geometry,
            fit: Fit::Squash,
            chosen: self.frames.to_vec(),
            duration_secs: self.duration_secs,
            images: self.images,
            rows: self.rows,
            sentence: self.sentence,
            notices: self.notices,
        };
        let n_tokens = n_straddling(&plan);
        if n_tokens > 0 {
            plan.notices.push(Notice::PatchesStraddle { n_tokens });
        }
        Ok(plan)
    }
}

/// How many rows of thumbnails show more than one cell.
fn n_straddling(plan: &Plan) -> usize {
    let of_grid = |row: usize| {
        plan.rows[row]
            .image()
            .is_some_and(|image| matches!(plan.images[image], ImageSource::Grid(_)))
    };
    (0..plan.rows.len())
        .filter(|&row| of_grid(row) && plan.provenance(row).regions.len() > 1)
        .count()
}

fn n_distinct(frames: &[FrameRef]) -> usize {
    let mut indices: Vec<usize> = frames.iter().map(|frame| frame.index).collect();
    indices.sort_unstable();
    indices.dedup();
    indices.len()
}

/// A permutation that depends on nothing but the seed: Fisher-Yates over SplitMix64.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    for last in (1..items.len()).rev() {
        let other = (next() % (last as u64 + 1)) as usize;
        items.swap(last, other);
    }
}
