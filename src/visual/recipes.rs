//! How models that were trained on videos are shown them: frames, rows and words of each family, as plain data.

use serde::{Deserialize, Serialize};

use super::family::{ImageMarkers, ModelFamily};
use super::geometry::TowerGeometry;
use super::pool::{Pool, PoolOp, PoolStage};
use super::preprocess::Fit;
use super::sampling::Sampling;
use super::strategy::{Newlines, Strategy};
use super::words::{FrameWords, Intro, Label, Told};

/// Tokens of a label and the marks around a picture, roughly.
const LABEL_TOKENS: usize = 16;
/// Tokens of a frame's time among others, as in `12.48s,`.
const TIME_TOKENS: usize = 7;

/// A family of models with a way of its own to be shown videos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VideoFamily {
    /// LLaVA-OneVision.
    LlavaOnevision,
    /// LLaVA-Video.
    LlavaVideo,
    /// LLaVA-NeXT-Interleave.
    LlavaNextInterleave,
    /// LLaVA-NeXT-Video.
    LlavaNextVideo,
    /// SmolVLM2.
    #[serde(rename = "smolvlm2")]
    SmolVlm2,
    /// InternVL3.
    #[serde(rename = "internvl3")]
    InternVl3,
}

/// How a family is shown a video.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoRecipe {
    /// Which frames, and how many at most.
    pub sampling: Sampling,
    /// What becomes of them.
    pub strategy: Strategy,
    /// How they become square.
    pub fit: Fit,
    /// How many frames at most.
    pub n_frames: usize,
}

impl VideoFamily {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::LlavaOnevision,
        Self::LlavaVideo,
        Self::LlavaNextInterleave,
        Self::LlavaNextVideo,
        Self::SmolVlm2,
        Self::InternVl3,
    ];

    /// The name used in files, under the key `videre.family`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LlavaOnevision => "llava-onevision",
            Self::LlavaVideo => "llava-video",
            Self::LlavaNextInterleave => "llava-next-interleave",
            Self::LlavaNextVideo => "llava-next-video",
            Self::SmolVlm2 => "smolvlm2",
            Self::InternVl3 => "internvl3",
        }
    }

    /// The one of that [name](Self::as_str).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::LlavaOnevision => "LLaVA-OneVision",
            Self::LlavaVideo => "LLaVA-Video",
            Self::LlavaNextInterleave => "LLaVA-NeXT-Interleave",
            Self::LlavaNextVideo => "LLaVA-NeXT-Video",
            Self::SmolVlm2 => "SmolVLM2",
            Self::InternVl3 => "InternVL3",
        }
    }

    /// How it is shown a video.
    #[must_use]
    pub fn recipe(self) -> VideoRecipe {
        match self {
            Self::LlavaOnevision => onevision(),
            Self::LlavaVideo => llava_video(),
            Self::LlavaNextInterleave => next_interleave(),
            Self::LlavaNextVideo => next_video(),
            Self::SmolVlm2 => smolvlm2(),
            Self::InternVl3 => internvl3(),
        }
    }
}

/// 32 frames, 27 x 27 patches to 14 x 14 rows, one newline at the very end.
fn onevision() -> VideoRecipe {
    VideoRecipe {
        sampling: Sampling::Linspace { n_frames: 32 },
        strategy: Strategy::Pooled {
            pool: Pool::by_stride(2, PoolOp::Bilinear),
            newlines: Newlines::End,
            told: Told::Line,
        },
        fit: Fit::Squash,
        n_frames: 32,
    }
}

/// 64 frames, 14 lines of 14 rows and a newline each, and a sentence of their times.
fn llava_video() -> VideoRecipe {
    VideoRecipe {
        sampling: Sampling::Linspace { n_frames: 64 },
        strategy: Strategy::Pooled {
            pool: Pool::by_stride(2, PoolOp::Bilinear),
            newlines: Newlines::Row,
            told: Told::Times,
        },
        fit: Fit::Squash,
        n_frames: 64,
    }
}

/// 16 frames, each a picture of its own with all its patches.
fn next_interleave() -> VideoRecipe {
    VideoRecipe {
        sampling: Sampling::SegmentStarts { n_frames: 16 },
        strategy: Strategy::Interleaved {
            pool: None,
            words: FrameWords::labelled(Label::None),
            told: Told::Line,
        },
        fit: Fit::Squash,
        n_frames: 16,
    }
}

/// A frame a second, 32 at most, cut to the middle; the mean of every 2 x 2 features, before the projector.
fn next_video() -> VideoRecipe {
    VideoRecipe {
        sampling: Sampling::EverySecond { max_frames: 32 },
        strategy: Strategy::Pooled {
            pool: Pool {
                stage: PoolStage::Before,
                ..Pool::by_stride(2, PoolOp::Mean)
            },
            newlines: Newlines::None,
            told: Told::Line,
        },
        fit: Fit::Crop,
        n_frames: 32,
    }
}

/// A frame a second, 64 at most, each named by its time.
fn smolvlm2() -> VideoRecipe {
    let ImageMarkers { before, after } = ModelFamily::SmolVlm.markers();
    VideoRecipe {
        sampling: Sampling::SecondsInside { max_frames: 64 },
        strategy: Strategy::Interleaved {
            pool: None,
            words: FrameWords {
                intro: Intro::Series,
                label: Label::Clock,
                before,
                after,
                outro: "\n\n".to_owned(),
            },
            told: Told::Nothing,
        },
        fit: Fit::ScaleAndSquash,
        n_frames: 64,
    }
}

/// 8 frames from the middles of equal parts, each named by its number.
fn internvl3() -> VideoRecipe {
    let ImageMarkers { before, after } = ModelFamily::InternVl.markers();
    VideoRecipe {
        sampling: Sampling::Middles { n_frames: 8 },
        strategy: Strategy::Interleaved {
            pool: None,
            words: FrameWords {
                before,
                after: format!("{after}\n"),
                ..FrameWords::labelled(Label::Number)
            },
            told: Told::Nothing,
        },
        fit: Fit::Squash,
        n_frames: 8,
    }
}

impl VideoRecipe {
    /// The tokens that `n_frames` take, those of words guessed.
    #[must_use]
    pub fn n_tokens(&self, geometry: TowerGeometry, n_frames: usize) -> usize {
        let side = |pool: Option<Pool>| {
            let pooled = pool.and_then(|pool| pool.rows_a_side(geometry, n_frames));
            pooled.unwrap_or_else(|| geometry.patches_per_side()) as usize
        };
        let of_words = |told: Told, each: usize| match told {
            Told::Times => n_frames * (each + TIME_TOKENS),
            _ => n_frames * each,
        };
        match &self.strategy {
            Strategy::Pooled { pool, newlines, told } => {
                let side = side(Some(*pool));
                n_frames * side * side + newlines.n_of(side, n_frames) + of_words(*told, 0)
            }
            Strategy::Interleaved { pool, words, told } => {
                let side = side(*pool);
                let each = if words.label == Label::None {
                    0
                } else {
                    LABEL_TOKENS
                };
                n_frames * side * side + of_words(*told, each)
            }
            // No family has another one.
            _ => n_frames * geometry.n_patches() as usize,
        }
    }
}
