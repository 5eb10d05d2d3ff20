//! From what somebody wants a model to be shown to a plan: the one way there, for the window and the command line.

use super::auto::Preselection;
use super::coordinator::OpenVideo;
use crate::fault::{Explain, Failure, Fault};
use crate::visual::compose::{self, PlanError};
use crate::visual::geometry::TowerGeometry;
use crate::visual::plan::Plan;
use crate::visual::pool::{Pool, PoolOp, PoolSide};
use crate::visual::preprocess::Fit;
use crate::visual::preset::{Preset, PresetName};
use crate::visual::sampling::{Chosen, Sampling, SamplingError, TimeRange, choose};
use crate::visual::strategy::{CellOrder, Cells, Newlines, Order, Strategy, StrategyName};
use crate::visual::words::{FrameWords, Label};

/// What is wanted, whatever the file and the tower.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Frames and strategy together.
    pub preset: PresetName,
    /// Instead of the preset's own strategy.
    pub strategy: Option<StrategyName>,
    /// What is changed about the strategy.
    pub refinements: Vec<Refinement>,
    /// Instead of the preset's own frames.
    pub sampling: Option<Sampling>,
    /// Only frames whose time stamps lie in it.
    pub range: Option<TimeRange>,
    /// Frames that are in whatever is chosen.
    pub pinned: Vec<usize>,
    /// Frames that are out.
    pub removed: Vec<usize>,
}

/// A number or an order of a strategy, instead of its usual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refinement {
    /// How many frames a thumbnail shows.
    ThumbnailFrames(usize),
    /// The seed that shuffles the frames of a thumbnail.
    Shuffle(u64),
    /// How many patches are sampled.
    SampledTokens(usize),
    /// How many thumbnails.
    Thumbnails(usize),
    /// What the language model reads first.
    Order(Order),
    /// How many rows of each frame are left.
    PoolSide(PoolSide),
    /// How patches become a row.
    PoolOp(PoolOp),
    /// Where the learned newline stands.
    Newlines(Newlines),
    /// What names each frame.
    Label(Label),
}

/// What a selection comes to for one tower: which frames of whatever file, and what is made of them.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanSetting {
    /// What `auto` came to; otherwise as requested.
    pub preset: Preset,
    /// Why `auto` chose it, in a clause.
    pub reason: Option<String>,
    /// How frames become tokens.
    pub strategy: Strategy,
    /// How frames are chosen.
    pub sampling: Sampling,
    /// Out of which part.
    pub range: Option<TimeRange>,
    /// Frames that are in whatever is chosen.
    pub pinned: Vec<usize>,
    /// Frames that are out.
    pub removed: Vec<usize>,
    /// The tower that it is for.
    pub geometry: TowerGeometry,
    /// How frames become square.
    pub fit: Fit,
}

/// Why there is no plan for a selection.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SelectionError {
    /// No frames can be chosen.
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    /// The strategy has no plan for them.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// All frames that were chosen were removed by hand.
    #[error("every frame was taken out")]
    NothingLeft,
    /// The model was never trained to see videos.
    #[error("the model has no way of its own to be shown a video")]
    NoOwnWay,
    /// A strategy with newlines, and a model without a learned one.
    #[error("this model has no learned newline, which the strategy needs")]
    NoNewline,
    /// A strategy has no use for a refinement.
    #[error("the strategy '{}' has no such thing to change", strategy.as_str())]
    Meaningless {
        /// What was to be changed.
        refinement: Refinement,
        /// Of which strategy.
        strategy: StrategyName,
    },
}

impl Explain for SelectionError {
    fn fault(&self) -> Fault {
        match self {
            Self::Sampling(error) => error.fault(),
            Self::Plan(error) => error.fault(),
            Self::NothingLeft | Self::NoOwnWay | Self::NoNewline | Self::Meaningless { .. } => Fault::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Sampling(error) => error.hint(),
            Self::Plan(error) => error.hint(),
            Self::NothingLeft => Some("put a frame back, or choose a wider range".to_owned()),
            Self::NoOwnWay => Some("choose another preset, such as auto".to_owned()),
            Self::NoNewline => Some("choose another strategy, or one without newlines".to_owned()),
            Self::Meaningless { .. } => Some("choose another strategy, or leave it as it is".to_owned()),
        }
    }
}

impl Selection {
    /// One frame with all its patches.
    #[must_use]
    pub fn of_frame(index: usize) -> Self {
        Self {
            preset: PresetName::Frame,
            sampling: Some(Sampling::Picks(vec![index])),
            ..Self::default()
        }
    }

    /// What it comes to for a tower of this geometry. `own` is the model's own way, where it has one; `auto` is the preset
    /// where none was named.
    ///
    /// # Errors
    /// [`SelectionError::Meaningless`]; [`SelectionError::NoOwnWay`].
    pub fn settle(
        &self,
        geometry: TowerGeometry,
        own: Option<Preset>,
        auto: impl FnOnce() -> Preselection,
    ) -> Result<PlanSetting, SelectionError> {
        let (preset, reason) = match (self.preset, self.preset.preset()) {
            (_, Some(preset)) => (preset, None),
            (PresetName::Own, None) => (own.ok_or(SelectionError::NoOwnWay)?, None),
            (_, None) => {
                let auto = auto();
                (auto.preset, Some(auto.reason))
            }
        };
        let mut strategy = self.strategy_of(preset, own, geometry);
        for refinement in &self.refinements {
            refinement.apply_to(&mut strategy)?;
        }
        Ok(PlanSetting {
            preset,
            reason,
            strategy,
            sampling: self.sampling_of(preset),
            range: self.range,
            pinned: self.pinned.clone(),
            removed: self.removed.clone(),
            geometry,
            fit: preset.fit(),
        })
    }

    /// The preset's own where no other is named, with its own numbers. Frames that stand one by one have the marks around
    /// them that the model's own way has, whatever else is said of them.
    fn strategy_of(&self, preset: Preset, own: Option<Preset>, geometry: TowerGeometry) -> Strategy {
        let usual = preset.strategy(geometry);
        let mut strategy = match self.strategy {
            Some(name) if name != usual.name() => name.strategy(geometry),
            Some(name) if !matches!(preset, Preset::Own { .. }) => name.strategy(geometry),
            _ => return usual,
        };
        if let Strategy::Interleaved { words, .. } = &mut strategy
            && let Some(Strategy::Interleaved { words: own, .. }) = own.map(|own| own.strategy(geometry))
        {
            words.before = own.before;
            words.after = own.after;
        }
        strategy
    }

    /// A number of frames is chosen as the model chooses its own, where it is shown its own way.
    fn sampling_of(&self, preset: Preset) -> Sampling {
        match (&self.sampling, preset) {
            (None, _) => preset.sampling(),
            (Some(Sampling::Uniform { n_frames }), Preset::Own { .. }) => {
                preset.sampling().limited_to(*n_frames)
            }
            (Some(sampling), _) => sampling.clone(),
        }
    }
}

impl Refinement {
    fn apply_to(self, strategy: &mut Strategy) -> Result<(), SelectionError> {
        let meaningless = SelectionError::Meaningless {
            refinement: self,
            strategy: strategy.name(),
        };
        match (self, strategy) {
            (Self::ThumbnailFrames(n_cells), strategy) => {
                cells_of(strategy).ok_or(meaningless)?.n_cells = n_cells;
            }
            (Self::Shuffle(seed), strategy) => {
                cells_of(strategy).ok_or(meaningless)?.order = CellOrder::Shuffled { seed };
            }
            (
                Self::SampledTokens(n_asked),
                Strategy::Sampled { n_sampled } | Strategy::ThumbnailAndSampled { n_sampled, .. },
            ) => *n_sampled = n_asked,
            (Self::Thumbnails(n_asked), Strategy::ThumbnailAndSampled { n_thumbnails, .. }) => {
                *n_thumbnails = n_asked;
            }
            (Self::Order(asked), Strategy::ThumbnailAndSampled { order, .. }) => *order = asked,
            (Self::PoolSide(side), Strategy::Pooled { pool, .. }) => pool.refine(Some(side), None),
            (Self::PoolOp(op), Strategy::Pooled { pool, .. }) => pool.refine(None, Some(op)),
            (Self::PoolSide(side), Strategy::Interleaved { pool, .. }) => {
                let pool = pool.get_or_insert(Pool::by_stride(1, PoolOp::Mean));
                pool.refine(Some(side), None);
            }
            (Self::PoolOp(op), Strategy::Interleaved { pool: Some(pool), .. }) => pool.refine(None, Some(op)),
            (Self::Newlines(asked), Strategy::Pooled { newlines, .. }) => *newlines = asked,
            (Self::Label(asked), Strategy::Interleaved { words, .. }) => {
                *words = FrameWords {
                    label: asked,
                    ..words.clone()
                };
            }
            _ => return Err(meaningless),
        }
        Ok(())
    }
}

fn cells_of(strategy: &mut Strategy) -> Option<&mut Cells> {
    match strategy {
        Strategy::Thumbnail { cells } | Strategy::Thumbnails { cells } => Some(cells),
        Strategy::ThumbnailAndSampled { cells, .. } => Some(cells),
        _ => None,
    }
}

impl PlanSetting {
    /// The same for a model that has a learned newline or not.
    ///
    /// # Errors
    /// [`SelectionError::NoNewline`] where it has none and the strategy needs one.
    pub fn on_model(self, has_newline: bool) -> Result<Self, SelectionError> {
        match has_newline || !self.strategy.needs_newline() {
            true => Ok(self),
            false => Err(SelectionError::NoNewline),
        }
    }

    /// The preset, where nothing departs from it.
    #[must_use]
    pub fn whole_preset(&self) -> Option<Preset> {
        let is_whole =
            self.strategy == self.preset.strategy(self.geometry) && self.sampling == self.preset.sampling();
        is_whole.then_some(self.preset)
    }

    /// The plan for a file whose displayable frames have these time stamps in seconds, ascending.
    ///
    /// # Errors
    /// Nothing to look at, or numbers that make no sense.
    pub fn plan(&self, pts_secs: &[f64]) -> Result<Plan, SelectionError> {
        let chosen = choose(pts_secs, self.range, &self.sampling)?;
        let chosen = if self.pinned.is_empty() && self.removed.is_empty() {
            chosen
        } else {
            self.by_hand(&chosen, pts_secs)?
        };
        let plan = compose::plan(&chosen, &self.strategy, self.geometry)?;
        Ok(Plan {
            fit: self.fit,
            ..plan
        })
    }

    /// The chosen frames without those that were taken out and with those that were put in.
    fn by_hand(&self, chosen: &Chosen, pts_secs: &[f64]) -> Result<Chosen, SelectionError> {
        let mut picks: Vec<usize> = chosen
            .frames
            .iter()
            .map(|frame| frame.index)
            .filter(|index| !self.removed.contains(index))
            .chain(self.pinned.iter().copied())
            .collect();
        picks.sort_unstable();
        picks.dedup();
        if picks.is_empty() {
            return Err(SelectionError::NothingLeft);
        }
        Ok(choose(pts_secs, None, &Sampling::Picks(picks))?)
    }

    /// A plan of nothing, for a selection that cannot be run.
    #[must_use]
    pub fn empty_plan(&self) -> Plan {
        Plan {
            strategy: self.strategy.clone(),
            geometry: self.geometry,
            fit: self.fit,
            chosen: Vec::new(),
            duration_secs: 0.0,
            images: Vec::new(),
            rows: Vec::new(),
            sentence: None,
            notices: Vec::new(),
        }
    }
}

impl OpenVideo {
    /// The plan of `setting` for this file.
    ///
    /// # Errors
    /// Nothing to look at, or numbers that make no sense.
    pub fn plan(&self, setting: &PlanSetting) -> Result<Plan, Failure> {
        setting.plan(&self.pts_secs).map_err(|error| {
            let failure = Failure::from_error(&error);
            Failure {
                message: format!("{}: {}", self.path().display(), failure.message),
                ..failure
            }
        })
    }
}
