//! How chosen frames become visual tokens, under names that say what is done.

use super::geometry::TowerGeometry;

/// A way from chosen frames to the rows that the language model reads.
///
/// The letters are those of the TS-LLaVA paper's code (arXiv 2411.11066); their suffixes 1, 2, 3 mean 4, 6, 8 cells.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    Thumbnail(Cells),
    /// All chosen frames in thumbnails, one after the other; frames that do not fill the last one are left out.
    /// The paper's Z.
    Thumbnails(Cells),
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
        row_ends: RowEnds,
    },
}

/// The cells of a thumbnail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    /// How many frames a thumbnail shows: 4, 6 or 8 in the paper.
    pub n_cells: usize,
    /// In which order.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Sampled tokens, then thumbnails: the paper's V and U.
    SampledFirst,
    /// Thumbnails, then sampled tokens: the paper's Y and W.
    ThumbnailFirst,
}

/// What ends a row of patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowEnds {
    /// Nothing: LLaVA 1.5.
    Plain,
    /// The learned newline: LLaVA 1.6.
    Newline,
}

impl Strategy {
    /// The strategy of this [`name`](Self::name), with the numbers of the paper that it comes from.
    #[must_use]
    pub fn named(name: &str, geometry: TowerGeometry) -> Option<Self> {
        let cells = Cells::in_time(6);
        let n_sampled = 5 * geometry.n_patches() as usize;
        Some(match name {
            "every-patch" => Self::EveryPatch,
            "sampled" => Self::Sampled { n_sampled },
            "thumbnail" => Self::Thumbnail(cells),
            "thumbnails" => Self::Thumbnails(cells),
            "thumbnail-and-sampled" => Self::ThumbnailAndSampled {
                n_thumbnails: 1,
                cells,
                n_sampled,
                order: Order::SampledFirst,
            },
            "slow-fast" => Self::SlowFast {
                n_slow: 10,
                fast_side: 4,
            },
            "image-grid" => Self::ImageGrid {
                row_ends: RowEnds::Plain,
            },
            _ => return None,
        })
    }

    /// The name used on the command line and in files.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::EveryPatch => "every-patch",
            Self::Sampled { .. } => "sampled",
            Self::Thumbnail(_) => "thumbnail",
            Self::Thumbnails(_) => "thumbnails",
            Self::ThumbnailAndSampled { .. } => "thumbnail-and-sampled",
            Self::SlowFast { .. } => "slow-fast",
            Self::ImageGrid { .. } => "image-grid",
        }
    }
}
