//! How chosen frames become visual tokens, under names that say what is done.

use serde::{Deserialize, Serialize};

use super::geometry::TowerGeometry;
use super::pool::{Pool, PoolOp};
use super::words::{FrameWords, Label, Told};

/// A way from chosen frames to the rows that the language model reads.
///
/// The letters are those of the TS-LLaVA paper's code (arXiv 2411.11066); their suffixes 1, 2, 3 mean 4, 6, 8 cells.
///
/// Its JSON is kept with every answer, and so is never changed (`tests/it/chat/format.rs`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum Strategy {
    /// Every patch of every frame, one frame after the other: the plain concatenation that the papers compare with
    /// (FreeVA's "D1").
    EveryPatch,
    /// `n_sampled` patches spread evenly over all patches of all frames, and no thumbnail.
    Sampled {
        /// Most tokens to sample.
        n_sampled: usize,
    },
    /// One thumbnail of frames spread evenly over the chosen ones. The paper's X.
    Thumbnail {
        /// What it looks like.
        cells: Cells,
    },
    /// All chosen frames in thumbnails, one after the other; frames that do not fill the last one are left out.
    /// The paper's Z.
    Thumbnails {
        /// What each of them looks like.
        cells: Cells,
    },
    /// Thumbnails of frames spread evenly over the chosen ones, and sampled patches of all chosen frames.
    ///
    /// With one thumbnail: the paper's V (sampled first; V2 is its default) and Y (thumbnail first), `z` when
    /// shuffled. With two or three: W (thumbnails first) and U (sampled first).
    ThumbnailAndSampled {
        /// How many thumbnails.
        n_thumbnails: usize,
        /// What each of them looks like.
        cells: Cells,
        /// Most tokens to sample.
        n_sampled: usize,
        /// Which part the language model reads first.
        #[serde(rename = "thumbnail_first")]
        order: Order,
    },
    /// SlowFast-LLaVA (arXiv 2407.15841), outside the paper: `n_slow` frames with the larger of each two horizontal
    /// neighbours, then all frames averaged down to `fast_side` x `fast_side` tokens. Its default is 10 and 4.
    SlowFast {
        /// Frames of the slow path.
        n_slow: usize,
        /// Tokens a side of the fast path.
        fast_side: u32,
    },
    /// IG-VLM's image grid (arXiv 2403.18406), outside the paper: the chosen frames as one picture, read row by row
    /// with the model's learned newline after each row of patches where it has one.
    ImageGrid {
        /// Whether the model has a learned newline.
        #[serde(rename = "newlines")]
        row_ends: RowEnds,
    },
    /// Every frame with fewer rows than patches, one after the other: PLLaVA (arXiv 2404.16994), LLaVA-NeXT's zero-shot
    /// video, LLaVA-OneVision, LLaVA-Video, LLaVA-NeXT-Video, Dynamic-VLM, M3.
    Pooled {
        /// How patches become rows.
        pool: Pool,
        /// Where the model's learned newline stands.
        newlines: Newlines,
        /// What is said of the video after its rows.
        told: Told,
    },
    /// Every frame, pooled or whole, with words before it that name its time or number: SmolVLM2, InternVL,
    /// LLaVA-NeXT-Interleave.
    Interleaved {
        /// How patches become rows; none for a row of each patch.
        pool: Option<Pool>,
        /// What stands between the frames.
        #[serde(flatten)]
        words: FrameWords,
        /// What is said of the video after its rows.
        told: Told,
    },
}

/// Where the model's learned newline stands among pooled rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Newlines {
    /// Nowhere.
    None,
    /// After each line of rows.
    Row,
    /// After each frame.
    Frame,
    /// Once, after the last frame.
    End,
}

impl Newlines {
    /// The name used on the command line and in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Row => "row",
            Self::Frame => "frame",
            Self::End => "end",
        }
    }

    /// How many there are over `n_frames` frames of `side` lines.
    #[must_use]
    pub fn n_of(self, side: usize, n_frames: usize) -> usize {
        match self {
            Self::None => 0,
            Self::Row => side.saturating_mul(n_frames),
            Self::Frame => n_frames,
            Self::End => 1,
        }
    }
}

/// The cells of a thumbnail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cells {
    /// How many frames a thumbnail shows: 4, 6 or 8 in the paper.
    pub n_cells: usize,
    /// In which order.
    #[serde(rename = "shuffle_seed")]
    pub order: CellOrder,
}

impl Cells {
    /// `n_cells` frames in the order of time.
    #[must_use]
    pub fn in_time(n_cells: usize) -> Self {
        Self {
            n_cells,
            order: CellOrder::Time,
        }
    }
}

/// In which order frames fill the cells of a thumbnail, left to right and then down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Option<u64>", into = "Option<u64>")]
pub enum CellOrder {
    /// As in the clip.
    Time,
    /// Shuffled, the same way for the same seed: the paper's suffix `z`, an ablation.
    Shuffled {
        /// Seed of the permutation.
        seed: u64,
    },
}

/// Which part the language model reads first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "bool", into = "bool")]
pub enum Order {
    /// Sampled tokens, then thumbnails: the paper's V and U.
    SampledFirst,
    /// Thumbnails, then sampled tokens: the paper's Y and W.
    ThumbnailFirst,
}

/// What ends a row of patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "bool", into = "bool")]
pub enum RowEnds {
    /// Nothing: LLaVA 1.5.
    Plain,
    /// The learned newline: LLaVA 1.6.
    Newline,
}

impl From<Option<u64>> for CellOrder {
    fn from(shuffle_seed: Option<u64>) -> Self {
        shuffle_seed.map_or(Self::Time, |seed| Self::Shuffled { seed })
    }
}

impl From<CellOrder> for Option<u64> {
    fn from(order: CellOrder) -> Self {
        match order {
            CellOrder::Time => None,
            CellOrder::Shuffled { seed } => Some(seed),
        }
    }
}

impl From<bool> for Order {
    fn from(thumbnail_first: bool) -> Self {
        if thumbnail_first {
            Self::ThumbnailFirst
        } else {
            Self::SampledFirst
        }
    }
}

impl From<Order> for bool {
    fn from(order: Order) -> Self {
        order == Order::ThumbnailFirst
    }
}

impl From<bool> for RowEnds {
    fn from(newlines: bool) -> Self {
        if newlines { Self::Newline } else { Self::Plain }
    }
}

impl From<RowEnds> for bool {
    fn from(row_ends: RowEnds) -> Self {
        row_ends == RowEnds::Newline
    }
}

/// A strategy by its name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "they are the names of `Strategy`'s variants")]
pub enum StrategyName {
    EveryPatch,
    Sampled,
    Thumbnail,
    Thumbnails,
    ThumbnailAndSampled,
    SlowFast,
    ImageGrid,
    Pooled,
    Interleaved,
}

impl StrategyName {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 9] = [
        Self::ThumbnailAndSampled,
        Self::Thumbnail,
        Self::Thumbnails,
        Self::Sampled,
        Self::EveryPatch,
        Self::SlowFast,
        Self::ImageGrid,
        Self::Pooled,
        Self::Interleaved,
    ];

    /// The name used on the command line and in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EveryPatch => "every-patch",
            Self::Sampled => "sampled",
            Self::Thumbnail => "thumbnail",
            Self::Thumbnails => "thumbnails",
            Self::ThumbnailAndSampled => "thumbnail-and-sampled",
            Self::SlowFast => "slow-fast",
            Self::ImageGrid => "image-grid",
            Self::Pooled => "pooled",
            Self::Interleaved => "interleaved",
        }
    }

    /// The one of that [name](Self::as_str).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// The strategy of this name, with the numbers of the paper that it comes from.
    #[must_use]
    pub fn strategy(self, geometry: TowerGeometry) -> Strategy {
        let cells = Cells::in_time(6);
        let n_sampled = 5 * geometry.n_patches() as usize;
        match self {
            Self::EveryPatch => Strategy::EveryPatch,
            Self::Sampled => Strategy::Sampled { n_sampled },
            Self::Thumbnail => Strategy::Thumbnail { cells },
            Self::Thumbnails => Strategy::Thumbnails { cells },
            Self::ThumbnailAndSampled => Strategy::ThumbnailAndSampled {
                n_thumbnails: 1,
                cells,
                n_sampled,
                order: Order::SampledFirst,
            },
            Self::SlowFast => Strategy::SlowFast {
                n_slow: 10,
                fast_side: 4,
            },
            Self::ImageGrid => Strategy::ImageGrid {
                row_ends: RowEnds::Plain,
            },
            Self::Pooled => Strategy::Pooled {
                pool: halved(geometry),
                newlines: Newlines::None,
                told: Told::KeyFrames,
            },
            Self::Interleaved => Strategy::Interleaved {
                pool: Some(halved(geometry)),
                words: FrameWords::labelled(Label::Seconds),
                told: Told::KeyFrames,
            },
        }
    }
}

/// Half as many rows as patches in each direction, as PLLaVA pools.
fn halved(geometry: TowerGeometry) -> Pool {
    Pool::to_side(geometry.patches_per_side().div_ceil(2), PoolOp::Mean)
}

impl Strategy {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> StrategyName {
        match self {
            Self::EveryPatch => StrategyName::EveryPatch,
            Self::Sampled { .. } => StrategyName::Sampled,
            Self::Thumbnail { .. } => StrategyName::Thumbnail,
            Self::Thumbnails { .. } => StrategyName::Thumbnails,
            Self::ThumbnailAndSampled { .. } => StrategyName::ThumbnailAndSampled,
            Self::SlowFast { .. } => StrategyName::SlowFast,
            Self::ImageGrid { .. } => StrategyName::ImageGrid,
            Self::Pooled { .. } => StrategyName::Pooled,
            Self::Interleaved { .. } => StrategyName::Interleaved,
        }
    }

    /// Whether it has rows for the learned newline, which not every model has.
    #[must_use]
    pub fn needs_newline(&self) -> bool {
        match self {
            Self::ImageGrid { row_ends } => *row_ends == RowEnds::Newline,
            Self::Pooled { newlines, .. } => *newlines != Newlines::None,
            _ => false,
        }
    }
}
