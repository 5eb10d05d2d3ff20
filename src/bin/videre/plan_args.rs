//! How frames become tokens: the same flags wherever a video is looked at.

use crate::args::parse_range;
use crate::failure::Failure;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use videre::engine::{PlanSetting, Preselection, Refinement, Selection, SelectionError};
use videre::visual::preset::PresetName;
use videre::visual::sampling::{Sampling, TimeRange};
use videre::visual::strategy::{Order, StrategyName};
use videre::visual::tower::TowerInput;

#[derive(clap::Args)]
#[command(next_help_heading = "What the model sees")]
pub(crate) struct PlanArgs {
    /// A named setting, which the other flags refine
    #[arg(long, value_parser = presets(), default_value = "auto")]
    preset: PresetName,

    /// How frames become tokens, where it is not the preset's way
    #[arg(long, value_parser = strategies())]
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
    #[arg(long, value_parser = orders())]
    order: Option<Order>,
}

/// What was asked for, for one tower.
pub(crate) struct TowerSetting {
    pub(crate) setting: PlanSetting,
    pub(crate) tower: TowerInput,
}

impl PlanArgs {
    /// What the flags come to for `tower`. `auto` is the preset to use where none was named.
    pub(crate) fn settle(
        &self,
        tower: TowerInput,
        auto: impl FnOnce() -> Preselection,
    ) -> Result<TowerSetting, Failure> {
        let settled = self.selection().settle(tower.geometry, auto);
        let setting = settled.map_err(|error| match error {
            SelectionError::Meaningless { refinement, strategy } => Failure::usage(
                format!(
                    "{} has no meaning for the strategy '{}'",
                    flag(refinement),
                    strategy.as_str()
                ),
                "see --strategy in `videre preview --help`",
            ),
            error => error.into(),
        })?;
        Ok(TowerSetting { setting, tower })
    }

    fn selection(&self) -> Selection {
        // A flag that has no meaning is refused in this order.
        let refinements = [
            self.shuffle.map(Refinement::Shuffle),
            self.thumbnail_frames.map(Refinement::ThumbnailFrames),
            self.sampled_tokens.map(Refinement::SampledTokens),
            self.thumbnails.map(|n| Refinement::Thumbnails(usize::from(n))),
            self.order.map(Refinement::Order),
        ];
        Selection {
            preset: self.preset,
            strategy: self.strategy,
            refinements: refinements.into_iter().flatten().collect(),
            sampling: match (&self.indices, self.frames) {
                (Some(indices), _) => Some(Sampling::Picks(indices.clone())),
                (None, Some(n_frames)) => Some(Sampling::Uniform { n_frames }),
                (None, None) => None,
            },
            range: self.range,
            ..Selection::default()
        }
    }
}

fn flag(refinement: Refinement) -> &'static str {
    match refinement {
        Refinement::ThumbnailFrames(_) => "--thumbnail-frames",
        Refinement::Shuffle(_) => "--shuffle",
        Refinement::SampledTokens(_) => "--sampled-tokens",
        Refinement::Thumbnails(_) => "--thumbnails",
        Refinement::Order(_) => "--order",
    }
}

/// The words of a flag, each with what it stands for and what is said of it.
fn words<T: Copy + Send + Sync + 'static>(
    table: &'static [(&'static str, T, &'static str)],
) -> impl TypedValueParser<Value = T> {
    let word = |(name, _, help): &(&'static str, T, &'static str)| {
        let value = PossibleValue::new(*name);
        if help.is_empty() { value } else { value.help(*help) }
    };
    PossibleValuesParser::new(table.iter().map(word)).map(|said| {
        let found = table.iter().find(|(name, ..)| *name == said);
        found.expect("BUG: it is one of them").1
    })
}

fn presets() -> impl TypedValueParser<Value = PresetName> {
    words(&[
        (
            "auto",
            PresetName::Auto,
            "The richest one whose first answer comes within a minute",
        ),
        ("frame", PresetName::Frame, "One frame, all of it"),
        ("fast", PresetName::Fast, "6 frames in a thumbnail"),
        (
            "balanced",
            PresetName::Balanced,
            "16 frames: sampled patches, then a thumbnail",
        ),
        (
            "paper",
            PresetName::Paper,
            "50 frames: sampled patches, then a thumbnail (TS-LLaVA's own setting)",
        ),
    ])
}

fn strategies() -> impl TypedValueParser<Value = StrategyName> {
    words(&[
        (
            "every-patch",
            StrategyName::EveryPatch,
            "Every patch of every frame",
        ),
        (
            "sampled",
            StrategyName::Sampled,
            "Patches spread evenly over all frames",
        ),
        ("thumbnail", StrategyName::Thumbnail, "One thumbnail"),
        ("thumbnails", StrategyName::Thumbnails, "All frames in thumbnails"),
        (
            "thumbnail-and-sampled",
            StrategyName::ThumbnailAndSampled,
            "Thumbnails of a few frames, and patches of all",
        ),
        (
            "slow-fast",
            StrategyName::SlowFast,
            "SlowFast-LLaVA: few frames finely, all frames coarsely",
        ),
        (
            "image-grid",
            StrategyName::ImageGrid,
            "IG-VLM: all frames as one picture",
        ),
    ])
}

fn orders() -> impl TypedValueParser<Value = Order> {
    words(&[
        ("sampled-first", Order::SampledFirst, ""),
        ("thumbnail-first", Order::ThumbnailFirst, ""),
    ])
}

/// The numbers of the paper.
fn thumbnail_frames() -> impl TypedValueParser<Value = usize> {
    PossibleValuesParser::new(["4", "6", "8"]).map(|number| number.parse().expect("BUG: listed as a number"))
}
