//! How frames become tokens: the same flags wherever a video is looked at.

use crate::args::parse_range;
use crate::failure::Failure;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use videre::engine::{PlanSetting, Preselection, Refinement, Selection, SelectionError};
use videre::visual::pool::{PoolOp, PoolSide};
use videre::visual::preset::{Preset, PresetName};
use videre::visual::sampling::{Sampling, TimeRange};
use videre::visual::strategy::{Newlines, Order, StrategyName};
use videre::visual::tower::TowerInput;
use videre::visual::words::Label;

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

    /// How the patches of a frame become fewer rows
    #[arg(long, value_name = "HOW", value_parser = pool_ops())]
    pool: Option<PoolOp>,

    /// How many rows are left in each direction of a frame
    #[arg(long, value_name = "N")]
    pool_side: Option<u32>,

    /// How many rows are left of all frames, shared among them evenly
    #[arg(long, value_name = "M", conflicts_with = "pool_side")]
    pool_tokens: Option<usize>,

    /// Where the model's learned newline stands among pooled rows
    #[arg(long, value_name = "WHERE", value_parser = newlines())]
    newlines: Option<Newlines>,

    /// What names each frame, one by one, before its rows
    #[arg(long, value_name = "HOW", value_parser = labels())]
    label: Option<Label>,
}

/// What was asked for, for one tower.
pub(crate) struct TowerSetting {
    pub(crate) setting: PlanSetting,
    pub(crate) tower: TowerInput,
}

impl PlanArgs {
    /// What the flags come to for `tower`. `own` is the model's own way, where it has one; `has_newline` whether it has a
    /// learned newline; `auto` is the preset to use where none was named.
    pub(crate) fn settle(
        &self,
        tower: TowerInput,
        own: Option<Preset>,
        has_newline: bool,
        auto: impl FnOnce() -> Preselection,
    ) -> Result<TowerSetting, Failure> {
        let settled = self.selection().settle(tower.geometry, own, auto);
        let settled = settled.and_then(|setting| setting.on_model(has_newline));
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
        let fit = setting.fit;
        Ok(TowerSetting {
            setting,
            tower: TowerInput { fit, ..tower },
        })
    }

    fn pool_side(&self) -> Option<Refinement> {
        let side = self.pool_side.map(PoolSide::Side);
        let side = side.or(self.pool_tokens.map(PoolSide::Budget));
        side.map(Refinement::PoolSide)
    }

    fn selection(&self) -> Selection {
        // A flag that has no meaning is refused in this order.
        let refinements = [
            self.shuffle.map(Refinement::Shuffle),
            self.thumbnail_frames.map(Refinement::ThumbnailFrames),
            self.sampled_tokens.map(Refinement::SampledTokens),
            self.thumbnails.map(|n| Refinement::Thumbnails(usize::from(n))),
            self.order.map(Refinement::Order),
            self.pool_side(),
            self.pool.map(Refinement::PoolOp),
            self.newlines.map(Refinement::Newlines),
            self.label.map(Refinement::Label),
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
        Refinement::PoolOp(_) => "--pool",
        Refinement::PoolSide(PoolSide::Budget(_)) => "--pool-tokens",
        Refinement::PoolSide(_) => "--pool-side",
        Refinement::Newlines(_) => "--newlines",
        Refinement::Label(_) => "--label",
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
            "own",
            PresetName::Own,
            "As the model was trained to see videos, where it was",
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
        (
            "pooled",
            StrategyName::Pooled,
            "Every frame with fewer rows than patches",
        ),
        (
            "interleaved",
            StrategyName::Interleaved,
            "Every frame with its time in words before it",
        ),
    ])
}

fn orders() -> impl TypedValueParser<Value = Order> {
    words(&[
        ("sampled-first", Order::SampledFirst, ""),
        ("thumbnail-first", Order::ThumbnailFirst, ""),
    ])
}

fn pool_ops() -> impl TypedValueParser<Value = PoolOp> {
    words(&[
        ("mean", PoolOp::Mean, ""),
        ("max", PoolOp::Max, ""),
        ("bilinear", PoolOp::Bilinear, ""),
    ])
}

fn newlines() -> impl TypedValueParser<Value = Newlines> {
    words(&[
        ("none", Newlines::None, "Nowhere"),
        ("row", Newlines::Row, "After each line of a frame"),
        ("frame", Newlines::Frame, "After each frame"),
        ("end", Newlines::End, "Once, at the end"),
    ])
}

fn labels() -> impl TypedValueParser<Value = Label> {
    words(&[
        ("none", Label::None, "Nothing"),
        ("seconds", Label::Seconds, "t = 12.48s:"),
        ("clock", Label::Clock, "Frame from 00:12:"),
        ("number", Label::Number, "Frame1:"),
    ])
}

/// The numbers of the paper.
fn thumbnail_frames() -> impl TypedValueParser<Value = usize> {
    PossibleValuesParser::new(["4", "6", "8"]).map(|number| number.parse().expect("BUG: listed as a number"))
}
