//! What leaves the program: the only serialisable types, with their conversions from the inner ones.

use serde::{Deserialize, Serialize};

use crate::visual::geometry::UnitRect;
use crate::visual::plan::Plan;
use crate::visual::sampling::FrameRef;
use crate::visual::tower::Tower;

/// `tokens.json`: what the language model will read, token by token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokensJson {
    /// Name of the vision tower, such as `clip-l-336`.
    pub tower: String,
    /// Name of the strategy, such as `thumbnail-and-sampled`.
    pub strategy: String,
    /// Name of the preset it started from; `null` for none.
    pub preset: Option<String>,
    /// The chosen frames in the order of time; short clips repeat some.
    pub frames: Vec<FrameJson>,
    /// How many tokens.
    pub counts: CountsJson,
    /// One entry for each token, in the order the language model reads them.
    pub tokens: Vec<TokenJson>,
}

/// A frame of the clip.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameJson {
    /// Position among the displayable frames, from 0.
    pub index: usize,
    /// Presentation time stamp in seconds.
    pub pts_secs: f64,
}

/// Numbers of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountsJson {
    /// From frames.
    pub sampled: usize,
    /// From thumbnails.
    pub thumbnail: usize,
    /// All, learned newlines included.
    pub total: usize,
}

/// Where a token comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenJson {
    /// Indices of the frames it shows: one; several where a patch lies across the border of thumbnail cells; none
    /// for a learned newline.
    pub frames: Vec<usize>,
    /// The part of the first of `frames` that it shows: left, top, right, bottom as fractions of the source frame.
    /// `null` where there is no frame, or nothing but padding.
    pub rect: Option<[f64; 4]>,
    /// The same for the other frames; left out where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_rects: Vec<Option<[f64; 4]>>,
    /// `patch`, `mean`, `max`, `newline` or `text`.
    pub op: String,
}

impl TokensJson {
    /// The table of `plan`. `size_of` gives the width and height in pixels of a frame as it is decoded, before it is
    /// fitted into the tower's square.
    #[must_use]
    pub fn new(
        plan: &Plan,
        tower: &Tower,
        preset: Option<&str>,
        size_of: impl Fn(FrameRef) -> (u32, u32),
    ) -> Self {
        let rect_of = |frame: FrameRef, rect: UnitRect| {
            let (width_px, height_px) = size_of(frame);
            let source = tower.fit.source_rect(rect, width_px, height_px)?;
            Some([source.left, source.top, source.right, source.bottom])
        };
        let token = |row: usize| {
            let provenance = plan.provenance(row);
            let mut rects = provenance
                .regions
                .iter()
                .map(|region| rect_of(region.frame, region.rect))
                .collect::<Vec<_>>();
            let other_rects = if rects.len() > 1 {
                rects.split_off(1)
            } else {
                Vec::new()
            };
            TokenJson {
                frames: provenance
                    .regions
                    .iter()
                    .map(|region| region.frame.index)
                    .collect(),
                rect: rects.pop().flatten(),
                other_rects,
                op: provenance.op.name().to_owned(),
            }
        };
        let counts = plan.counts();
        Self {
            tower: tower.name.clone(),
            strategy: plan.strategy.name().to_owned(),
            preset: preset.map(str::to_owned),
            frames: plan.chosen.iter().copied().map(FrameJson::from).collect(),
            counts: CountsJson {
                sampled: counts.sampled,
                thumbnail: counts.thumbnail,
                total: counts.total,
            },
            tokens: (0..plan.rows.len()).map(token).collect(),
        }
    }
}

impl From<FrameRef> for FrameJson {
    fn from(frame: FrameRef) -> Self {
        Self {
            index: frame.index,
            pts_secs: frame.pts_secs,
        }
    }
}
