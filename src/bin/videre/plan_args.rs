//! How frames become tokens: the same flags wherever a video is looked at.

use crate::args::parse_range;
use crate::failure::Failure;
use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use videre::visual::geometry::TowerGeometry;
use videre::visual::preset::Preset;
use videre::visual::sampling::{Sampling, TimeRange};
use videre::visual::strategy::{CellOrder, Cells, Order, Strategy};
use videre::visual::tower::Tower;

#[derive(clap::Args)]
#[command(next_help_heading = "What the model sees")]
pub(crate) struct PlanArgs {
    /// A named setting, which the other flags refine
    #[arg(long, value_enum, default_value = "auto")]
    preset: PresetName,

    /// How frames become tokens, where it is not the preset's way
    #[arg(long, value_enum)]
    strategy: Option<StrategyName>,

    /// How many frames to look at, spread evenly
    #[arg(long, value_name = "N", conflicts_with = "indices")]
    frames: Option<usize>,

    /// Look at these frames, counted from 0
    #[arg(
        long,
        value_name = "N,N,…",
        value_delimiter = ',',
        num_args = 1,
        conflicts_with = "range"
    )]
    indices: Option<Vec<usize>>,

    /// Look only at frames from time A up to but without time B
    #[arg(long, value_name = "A..B", value_parser = parse_range, allow_hyphen_values = true)]
    range: Option<TimeRange>,

    /// How many frames a thumbnail shows
    #[arg(long, value_name = "N", value_parser = thumbnail_frames())]
    thumbnail_frames: Option<usize>,

    /// How many thumbnails stand beside the sampled tokens
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=8))]
    thumbnails: Option<u8>,

    /// Put the frames into the thumbnail's cells in an order shuffled with this seed (an ablation)
    #[arg(long, value_name = "SEED")]
    shuffle: Option<u64>,

    /// How many patches to sample from all frames
    #[arg(long, value_name = "M")]
    sampled_tokens: Option<usize>,

    /// What the language model reads first
    #[arg(long, value_enum)]
    order: Option<OrderName>,
}

/// What was asked for, resolved.
pub(crate) struct PlanRequest {
    pub(crate) sampling: Sampling,
    pub(crate) range: Option<TimeRange>,
    pub(crate) strategy: Strategy,
    pub(crate) tower: Tower,
    /// The preset, where no flag departs from it.
    pub(crate) preset: Option<Preset>,
}

#[derive(Clone, Copy, ValueEnum)]
enum PresetName {
    /// The richest one whose first answer comes within a minute
    Auto,
    /// One frame, all of it
    Frame,
    /// 6 frames in a thumbnail
    Fast,
    /// 16 frames: sampled patches, then a thumbnail
    Balanced,
    /// 50 frames: sampled patches, then a thumbnail (TS-LLaVA's own setting)
    Paper,
}

#[derive(Clone, Copy, ValueEnum)]
enum StrategyName {
    /// Every patch of every frame
    EveryPatch,
    /// Patches spread evenly over all frames
    Sampled,
    /// One thumbnail
    Thumbnail,
    /// All frames in thumbnails
    Thumbnails,
    /// Thumbnails of a few frames, and patches of all
    ThumbnailAndSampled,
    /// SlowFast-LLaVA: few frames finely, all frames coarsely
    SlowFast,
    /// IG-VLM: all frames as one picture
    ImageGrid,
}

#[derive(Clone, Copy, ValueEnum)]
enum OrderName {
    SampledFirst,
    ThumbnailFirst,
}

impl PlanArgs {
    /// The preset with what the flags change about it, for `tower`. `auto` is the preset to use where none was named.
    pub(crate) fn resolve(&self, tower: Tower, auto: Preset) -> Result<PlanRequest, Failure> {
        let preset = match self.preset {
            PresetName::Auto => auto,
            PresetName::Frame => Preset::Frame,
            PresetName::Fast => Preset::Fast,
            PresetName::Balanced => Preset::Balanced,
            PresetName::Paper => Preset::Paper,
        };
        let geometry = tower.geometry;
        let mut strategy = match self.strategy {
            Some(name) => named_strategy(name, geometry),
            None => preset.strategy(geometry),
        };
        self.refine(&mut strategy)?;
        let sampling = match (&self.indices, self.frames) {
            (Some(indices), _) => Sampling::Picks(indices.clone()),
            (None, Some(n_frames)) => Sampling::Uniform { n_frames },
            (None, None) => preset.sampling(),
        };
        let is_preset = strategy == preset.strategy(geometry) && sampling == preset.sampling();
        let preset = is_preset.then_some(preset);
        Ok(PlanRequest {
            sampling,
            range: self.range,
            strategy,
            tower,
            preset,
        })
    }

    /// Whether the preset is to be chosen for the user.
    pub(crate) fn is_auto(&self) -> bool {
        matches!(self.preset, PresetName::Auto)
    }

    /// Changes what the flags change, and refuses flags that this strategy has no use for.
    fn refine(&self, strategy: &mut Strategy) -> Result<(), Failure> {
        let name = strategy.name().as_str();
        let refuse = |flag: &str| {
            let message = format!("{flag} has no meaning for the strategy '{name}'");
            Err(Failure::usage(
                message,
                "see --strategy in `videre preview --help`",
            ))
        };
        if self.thumbnail_frames.is_some() || self.shuffle.is_some() {
            let Some(cells) = cells_of(strategy) else {
                return refuse(if self.shuffle.is_some() {
                    "--shuffle"
                } else {
                    "--thumbnail-frames"
                });
            };
            cells.n_cells = self.thumbnail_frames.unwrap_or(cells.n_cells);
            cells.order = self
                .shuffle
                .map_or(cells.order, |seed| CellOrder::Shuffled { seed });
        }
        if let Some(n_asked) = self.sampled_tokens {
            match strategy {
                Strategy::Sampled { n_sampled } | Strategy::ThumbnailAndSampled { n_sampled, .. } => {
                    *n_sampled = n_asked;
                }
                _ => return refuse("--sampled-tokens"),
            }
        }
        if let Some(n_asked) = self.thumbnails {
            match strategy {
                Strategy::ThumbnailAndSampled { n_thumbnails, .. } => *n_thumbnails = usize::from(n_asked),
                _ => return refuse("--thumbnails"),
            }
        }
        if let Some(asked) = self.order {
            match strategy {
                Strategy::ThumbnailAndSampled { order, .. } => {
                    *order = match asked {
                        OrderName::SampledFirst => Order::SampledFirst,
                        OrderName::ThumbnailFirst => Order::ThumbnailFirst,
                    };
                }
                _ => return refuse("--order"),
            }
        }
        Ok(())
    }
}

/// A strategy with the numbers of the paper that it comes from.
fn named_strategy(name: StrategyName, geometry: TowerGeometry) -> Strategy {
    let value = name.to_possible_value().expect("BUG: no name is hidden");
    videre::visual::strategy::StrategyName::named(value.get_name())
        .expect("BUG: the flag's words are the strategies' names")
        .strategy(geometry)
}

fn cells_of(strategy: &mut Strategy) -> Option<&mut Cells> {
    match strategy {
        Strategy::Thumbnail { cells } | Strategy::Thumbnails { cells } => Some(cells),
        Strategy::ThumbnailAndSampled { cells, .. } => Some(cells),
        _ => None,
    }
}

/// The numbers of the paper.
fn thumbnail_frames() -> impl TypedValueParser<Value = usize> {
    PossibleValuesParser::new(["4", "6", "8"]).map(|number| number.parse().expect("BUG: listed as a number"))
}
