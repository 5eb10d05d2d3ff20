//! The settings that a person chooses from: four for every model, and a model's own.

use serde::{Deserialize, Serialize};

use super::geometry::TowerGeometry;
use super::preprocess::Fit;
use super::recipes::VideoFamily;
use super::sampling::Sampling;
use super::strategy::{Cells, Order, Strategy};

/// A named setting: how many frames, and what is made of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Preset {
    /// One frame, all of its patches: "what is this?"
    Frame,
    /// Six frames in one thumbnail: a single pass through the tower.
    Fast,
    /// 16 frames: three images' worth of sampled tokens, then a thumbnail of six.
    Balanced,
    /// 50 frames: five images' worth of sampled tokens, then a thumbnail of six. TS-LLaVA's own setting, "V2".
    Paper,
    /// As the model was trained to see videos.
    Own {
        /// Which models'.
        family: VideoFamily,
        /// Most frames.
        n_frames: usize,
    },
}

impl Preset {
    /// Those that every model has, from the cheapest to the richest in frames.
    pub const ALL: [Self; 4] = [Self::Frame, Self::Fast, Self::Balanced, Self::Paper];

    /// The name used on the command line and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Fast => "fast",
            Self::Balanced => "balanced",
            Self::Paper => "paper",
            Self::Own { .. } => "own",
        }
    }

    /// The preset of that name, of those that every model has.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// How many frames it looks at.
    #[must_use]
    pub fn n_frames(self) -> usize {
        match self {
            Self::Frame => 1,
            Self::Fast => 6,
            Self::Balanced => 16,
            Self::Paper => 50,
            Self::Own { n_frames, .. } => n_frames,
        }
    }

    /// How it chooses them: spread over the clip. For [`Preset::Frame`] that is the middle frame; whoever shows a
    /// frame on screen picks that one instead ([`Sampling::Picks`]).
    #[must_use]
    pub fn sampling(self) -> Sampling {
        let n_frames = self.n_frames();
        match self {
            Self::Own { family, .. } => family.recipe().sampling.limited_to(n_frames),
            _ => Sampling::Uniform { n_frames },
        }
    }

    /// How it makes them square.
    #[must_use]
    pub fn fit(self) -> Fit {
        match self {
            Self::Own { family, .. } => family.recipe().fit,
            _ => Fit::Squash,
        }
    }

    /// What it makes of them. Tokens scale with the tower: an image's worth is [`TowerGeometry::n_patches`].
    #[must_use]
    pub fn strategy(self, geometry: TowerGeometry) -> Strategy {
        let and_sampled = |n_images: usize| Strategy::ThumbnailAndSampled {
            n_thumbnails: 1,
            cells: Cells::in_time(6),
            n_sampled: n_images * geometry.n_patches() as usize,
            order: Order::SampledFirst,
        };
        match self {
            Self::Frame => Strategy::EveryPatch,
            Self::Fast => Strategy::Thumbnail {
                cells: Cells::in_time(6),
            },
            Self::Balanced => and_sampled(3),
            Self::Paper => and_sampled(5),
            Self::Own { family, .. } => family.recipe().strategy,
        }
    }

    /// The visual tokens it gives on a clip that is long enough: 576, 576, 2304 and 3456 on CLIP-L/336. Those of a model's
    /// own way are with the words between its frames, which are guessed.
    #[must_use]
    pub fn n_tokens(self, geometry: TowerGeometry) -> usize {
        match self {
            Self::Own { family, n_frames } => family.recipe().n_tokens(geometry, n_frames),
            _ => self.n_images() * geometry.n_patches() as usize,
        }
    }

    /// How many images' worth of tokens it gives on a clip that is long enough; a model's own way counts its frames.
    #[must_use]
    pub fn n_images(self) -> usize {
        match self {
            Self::Frame | Self::Fast => 1,
            Self::Balanced => 4,
            Self::Paper => 6,
            Self::Own { n_frames, .. } => n_frames,
        }
    }
}

/// A preset as a user asks for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum PresetName {
    /// The one that suits model and machine.
    #[default]
    Auto,
    /// One frame.
    Frame,
    /// A thumbnail alone.
    Fast,
    /// A thumbnail and sampled tokens of 16 frames.
    Balanced,
    /// TS-LLaVA's own setting.
    Paper,
    /// As the model was trained to see videos; not every model was.
    Own,
}

impl PresetName {
    /// The preset; `None` where it follows from the model.
    #[must_use]
    pub fn preset(self) -> Option<Preset> {
        match self {
            Self::Auto | Self::Own => None,
            Self::Frame => Some(Preset::Frame),
            Self::Fast => Some(Preset::Fast),
            Self::Balanced => Some(Preset::Balanced),
            Self::Paper => Some(Preset::Paper),
        }
    }
}

impl From<Preset> for PresetName {
    fn from(preset: Preset) -> Self {
        match preset {
            Preset::Frame => Self::Frame,
            Preset::Fast => Self::Fast,
            Preset::Balanced => Self::Balanced,
            Preset::Paper => Self::Paper,
            Preset::Own { .. } => Self::Own,
        }
    }
}
