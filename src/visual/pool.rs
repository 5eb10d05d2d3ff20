//! Pooling: how the patches of a picture become fewer rows, in the ways that video models were trained with.

use serde::{Deserialize, Serialize};

use super::geometry::{PatchRect, TowerGeometry};
use super::plan::{RowSource, Tap, Taps};

/// How the patches of each frame become fewer rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// How many rows are left.
    pub side: PoolSide,
    /// How several patches become one row.
    pub op: PoolOp,
    /// Before or after the projector.
    #[serde(default)]
    pub stage: PoolStage,
}

/// How many rows of each frame are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PoolSide {
    /// Every so many patches become one, in both directions: torch's `avg_pool2d` and `max_pool2d` with kernel and stride
    /// alike, which leave out what fills no window (27 patches by 2 are 13 rows); bilinear rounds up instead (14), as
    /// LLaVA-NeXT does. Also M3's nested pools (arXiv 2405.17430): `int(sqrt(576 / s))` for its budget of `s` rows.
    Stride(u32),
    /// So many rows in each direction: torch's `adaptive_avg_pool2d`, as in PLLaVA (24 patches to 12).
    Side(u32),
    /// As many rows as so many tokens allow over all frames: `floor(sqrt(min(tokens / frames, patches)))` in each
    /// direction, Dynamic-VLM's rule (arXiv 2412.09530).
    Budget(usize),
}

/// How several patches become one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PoolOp {
    /// Their mean.
    Mean,
    /// The largest of each channel.
    Max,
    /// Between the four that lie around the row's middle, as `interpolate(mode="bilinear", align_corners=False)` of torch
    /// without antialiasing.
    Bilinear,
}

/// Before or after the projector. Its layers are not linear, so the two differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PoolStage {
    /// The rows that the projector made, as in LLaVA-OneVision, LLaVA-Video, PLLaVA and M3.
    #[default]
    After,
    /// The tower's features, as in LLaVA-NeXT-Video and Dynamic-VLM. Only [`PoolOp::Mean`].
    Before,
}

/// A window of patches along one direction: where it begins and how many.
type Window = (u32, u32);

impl Pool {
    /// `op` over every `stride` patches, after the projector.
    #[must_use]
    pub fn by_stride(stride: u32, op: PoolOp) -> Self {
        Self {
            side: PoolSide::Stride(stride),
            op,
            stage: PoolStage::After,
        }
    }

    /// `op` down to `side` rows in each direction, after the projector.
    #[must_use]
    pub fn to_side(side: u32, op: PoolOp) -> Self {
        Self {
            side: PoolSide::Side(side),
            op,
            stage: PoolStage::After,
        }
    }

    /// Dynamic-VLM's rule: the mean of features, before the projector as there, with `n_tokens` over all frames.
    #[must_use]
    pub fn within(n_tokens: usize) -> Self {
        Self {
            side: PoolSide::Budget(n_tokens),
            op: PoolOp::Mean,
            stage: PoolStage::Before,
        }
    }

    /// With another number of rows or another way to them. A budget is pooled before the projector, as by whoever thought of
    /// it; what can only be done after the projector is done there.
    pub fn refine(&mut self, side: Option<PoolSide>, op: Option<PoolOp>) {
        if let Some(PoolSide::Budget(_)) = side {
            self.stage = PoolStage::Before;
        }
        self.side = side.unwrap_or(self.side);
        self.op = op.unwrap_or(self.op);
        if self.op != PoolOp::Mean {
            self.stage = PoolStage::After;
        }
    }

    /// How many rows are left in each direction of one of `n_frames` frames; `None` where that makes no sense for this
    /// tower.
    #[must_use]
    pub fn rows_a_side(self, geometry: TowerGeometry, n_frames: usize) -> Option<u32> {
        let per_side = geometry.patches_per_side();
        let side = match self.side {
            PoolSide::Stride(0) => return None,
            PoolSide::Stride(stride) if self.op == PoolOp::Bilinear => per_side.div_ceil(stride),
            PoolSide::Stride(stride) => per_side / stride,
            PoolSide::Side(side) => side,
            PoolSide::Budget(n_tokens) => {
                let each = n_tokens.checked_div(n_frames)?.min(geometry.n_patches() as usize);
                each.isqrt() as u32
            }
        };
        let is_possible = self.stage == PoolStage::After || self.op == PoolOp::Mean;
        (is_possible && (1..=per_side).contains(&side)).then_some(side)
    }

    /// The rows of `image`, line by line; `side` is what [`Self::rows_a_side`] came to.
    pub(super) fn lines(self, image: u32, side: u32, geometry: TowerGeometry) -> Vec<Vec<RowSource>> {
        let line = |row: u32| {
            (0..side)
                .map(|col| self.row(image, (row, col), side, geometry))
                .collect()
        };
        (0..side).map(line).collect()
    }

    fn row(self, image: u32, (row, col): (u32, u32), side: u32, geometry: TowerGeometry) -> RowSource {
        let per_side = geometry.patches_per_side();
        if self.op == PoolOp::Bilinear {
            return blend(
                image,
                between(row, side, per_side),
                between(col, side, per_side),
                per_side,
            );
        }
        let ((row, n_rows), (col, n_cols)) =
            (self.window(row, side, per_side), self.window(col, side, per_side));
        let rect = PatchRect {
            row,
            col,
            n_rows,
            n_cols,
        };
        match (self.op, self.stage) {
            // One patch is what it is, whatever is done to it and wherever.
            _ if n_rows * n_cols == 1 => RowSource::Patch {
                image,
                patch: row * per_side + col,
            },
            (PoolOp::Max, _) => RowSource::Max { image, rect },
            (_, PoolStage::Before) => RowSource::FeatureMean { image, rect },
            (_, PoolStage::After) => RowSource::Mean { image, rect },
        }
    }

    fn window(self, at: u32, side: u32, per_side: u32) -> Window {
        match self.side {
            PoolSide::Stride(stride) => (at * stride, stride),
            PoolSide::Side(_) | PoolSide::Budget(_) => adaptive_window(at, side, per_side),
        }
    }
}

/// The window of torch's `AdaptiveAvgPool2d`: from `floor(i * n / side)` to `ceil((i + 1) * n / side)`.
pub(super) fn adaptive_window(at: u32, side: u32, per_side: u32) -> Window {
    let start = at * per_side / side;
    (start, ((at + 1) * per_side).div_ceil(side) - start)
}

/// The two patches around the middle of row `at`, and how much of the second: torch's
/// `area_pixel_compute_source_index`, in its float32.
fn between(at: u32, side: u32, per_side: u32) -> (u32, u32, f32) {
    let scale = per_side as f32 / side as f32;
    let source = (scale * (at as f32 + 0.5) - 0.5).max(0.0);
    let low = (source as u32).min(per_side - 1);
    let high = (low + 1).min(per_side - 1);
    (low, high, source - low as f32)
}

fn blend(
    image: u32,
    (top, bottom, down): (u32, u32, f32),
    (left, right, along): (u32, u32, f32),
    per_side: u32,
) -> RowSource {
    let mut taps = Taps::default();
    for (row, of_row) in [(top, 1.0 - down), (bottom, down)] {
        for (col, of_col) in [(left, 1.0 - along), (right, along)] {
            taps.add(Tap {
                patch: row * per_side + col,
                weight: of_row * of_col,
            });
        }
    }
    RowSource::Blend { image, taps }
}
