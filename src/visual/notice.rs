//! What a user should know about a plan that is not quite what was asked for.

use std::fmt;

/// One such thing. `Display` says it in a sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// The clip, or the chosen range of it, has fewer frames than were asked for.
    FewerFrames {
        /// Frames asked for.
        n_asked: usize,
        /// Frames there are.
        n_frames: usize,
    },
    /// The uniform formula chose frames more than once.
    FramesRepeated {
        /// Chosen frames.
        n_chosen: usize,
        /// Different frames among them.
        n_distinct: usize,
    },
    /// Picks were not in the order of time.
    PicksSorted,
    /// Picks named a frame more than once.
    PicksRepeated {
        /// Repetitions removed.
        n_removed: usize,
    },
    /// A rate asked for more frames than allowed.
    RateCapped {
        /// Rate asked for.
        per_second: f64,
        /// Frames spread over the clip instead.
        n_frames: usize,
    },
    /// The thumbnails have more cells than there are frames, so nearest frames fill several cells.
    CellsRepeated {
        /// Cells over all thumbnails.
        n_cells: usize,
        /// Different frames in them.
        n_distinct: usize,
    },
    /// Frames after the last full thumbnail were left out.
    RemainderDropped {
        /// Frames left out.
        n_frames: usize,
    },
    /// More tokens were to be sampled than the frames provide.
    FewerSampledTokens {
        /// Tokens asked for.
        n_asked: usize,
        /// Tokens the frames provide.
        n_tokens: usize,
    },
    /// Borders of thumbnail cells run through patches, so that some tokens show two frames.
    PatchesStraddle {
        /// Tokens that show more than one cell.
        n_tokens: usize,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FewerFrames { n_asked, n_frames } => {
                write!(
                    f,
                    "{n_asked} frames were asked for, but there are only {n_frames}"
                )
            }
            Self::FramesRepeated { n_chosen, n_distinct } => {
                write!(
                    f,
                    "the clip is so short that {n_chosen} evenly spread frames are only {n_distinct} different ones"
                )
            }
            Self::PicksSorted => write!(f, "the picked frames were put in the order of time"),
            Self::PicksRepeated { n_removed } => {
                write!(f, "frames picked more than once count once ({n_removed} removed)")
            }
            Self::RateCapped { per_second, n_frames } => write!(
                f,
                "{per_second} frames a second would be more than {n_frames}, so {n_frames} are spread over the clip"
            ),
            Self::CellsRepeated { n_cells, n_distinct } => {
                write!(
                    f,
                    "{n_distinct} different frames fill the {n_cells} cells of the thumbnail, so some appear again"
                )
            }
            Self::RemainderDropped { n_frames } => {
                write!(
                    f,
                    "the last {n_frames} frames do not fill a thumbnail and are left out"
                )
            }
            Self::FewerSampledTokens { n_asked, n_tokens } => {
                write!(
                    f,
                    "{n_asked} tokens were to be sampled, but the frames provide only {n_tokens}"
                )
            }
            Self::PatchesStraddle { n_tokens } => {
                write!(
                    f,
                    "{n_tokens} tokens of the thumbnail lie across the border of two frames and show both"
                )
            }
        }
    }
}
