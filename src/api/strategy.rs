//! How frames become tokens, as it travels between processes and is kept in settings.

use serde::{Deserialize, Serialize};

use crate::visual::strategy::{CellOrder, Cells, Order, RowEnds, Strategy};

/// The wire form of [`Strategy`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum StrategyJson {
    /// [`Strategy::EveryPatch`].
    EveryPatch,
    /// [`Strategy::Sampled`].
    Sampled {
        /// Most tokens to sample.
        n_sampled: usize,
    },
    /// [`Strategy::Thumbnail`].
    Thumbnail {
        /// Its cells.
        cells: CellsJson,
    },
    /// [`Strategy::Thumbnails`].
    Thumbnails {
        /// Their cells.
        cells: CellsJson,
    },
    /// [`Strategy::ThumbnailAndSampled`].
    ThumbnailAndSampled {
        /// How many thumbnails.
        n_thumbnails: usize,
        /// What each of them looks like.
        cells: CellsJson,
        /// Most tokens to sample.
        n_sampled: usize,
        /// Whether the language model reads the thumbnails first.
        thumbnail_first: bool,
    },
    /// [`Strategy::SlowFast`].
    SlowFast {
        /// Frames of the slow path.
        n_slow: usize,
        /// Tokens a side of the fast path.
        fast_side: u32,
    },
    /// [`Strategy::ImageGrid`].
    ImageGrid {
        /// Whether a learned newline ends each row of patches.
        newlines: bool,
    },
}

/// The wire form of [`Cells`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellsJson {
    /// How many frames a thumbnail shows.
    pub n_cells: usize,
    /// The seed that shuffles them; `null` for the order of time.
    pub shuffle_seed: Option<u64>,
}

impl From<Cells> for CellsJson {
    fn from(cells: Cells) -> Self {
        Self {
            n_cells: cells.n_cells,
            shuffle_seed: match cells.order {
                CellOrder::Time => None,
                CellOrder::Shuffled { seed } => Some(seed),
            },
        }
    }
}

impl From<CellsJson> for Cells {
    fn from(cells: CellsJson) -> Self {
        Self {
            n_cells: cells.n_cells,
            order: cells
                .shuffle_seed
                .map_or(CellOrder::Time, |seed| CellOrder::Shuffled { seed }),
        }
    }
}

impl From<&Strategy> for StrategyJson {
    fn from(strategy: &Strategy) -> Self {
        match *strategy {
            Strategy::EveryPatch => Self::EveryPatch,
            Strategy::Sampled { n_sampled } => Self::Sampled { n_sampled },
            Strategy::Thumbnail(cells) => Self::Thumbnail { cells: cells.into() },
            Strategy::Thumbnails(cells) => Self::Thumbnails { cells: cells.into() },
            Strategy::ThumbnailAndSampled {
                n_thumbnails,
                cells,
                n_sampled,
                order,
            } => Self::ThumbnailAndSampled {
                n_thumbnails,
                cells: cells.into(),
                n_sampled,
                thumbnail_first: order == Order::ThumbnailFirst,
            },
            Strategy::SlowFast { n_slow, fast_side } => Self::SlowFast { n_slow, fast_side },
            Strategy::ImageGrid { row_ends } => Self::ImageGrid {
                newlines: row_ends == RowEnds::Newline,
            },
        }
    }
}

impl From<&StrategyJson> for Strategy {
    fn from(strategy: &StrategyJson) -> Self {
        match *strategy {
            StrategyJson::EveryPatch => Self::EveryPatch,
            StrategyJson::Sampled { n_sampled } => Self::Sampled { n_sampled },
            StrategyJson::Thumbnail { cells } => Self::Thumbnail(cells.into()),
            StrategyJson::Thumbnails { cells } => Self::Thumbnails(cells.into()),
            StrategyJson::ThumbnailAndSampled {
                n_thumbnails,
                cells,
                n_sampled,
                thumbnail_first,
            } => Self::ThumbnailAndSampled {
                n_thumbnails,
                cells: cells.into(),
                n_sampled,
                order: if thumbnail_first {
                    Order::ThumbnailFirst
                } else {
                    Order::SampledFirst
                },
            },
            StrategyJson::SlowFast { n_slow, fast_side } => Self::SlowFast { n_slow, fast_side },
            StrategyJson::ImageGrid { newlines } => Self::ImageGrid {
                row_ends: if newlines {
                    RowEnds::Newline
                } else {
                    RowEnds::Plain
                },
            },
        }
    }
}
