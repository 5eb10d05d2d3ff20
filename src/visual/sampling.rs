//! Which frames of a clip are looked at: the reference's index formulas, as pure functions of frame times.

mod families;

pub use families::{duration_secs, every_second, part_middles, seconds_inside, truncated_linspace};

use families::pace;
use serde::{Deserialize, Serialize};

use super::notice::Notice;
use crate::fault::{Explain, Fault};

/// One displayable frame of the clip.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct FrameRef {
    /// Position among the displayable frames, from 0.
    pub index: usize,
    /// Presentation time stamp, which is the frame's identity.
    pub pts_secs: f64,
}

/// A stretch of the clip: frames whose time stamps lie in `[start_secs, end_secs)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(rename = "Range"))]
pub struct TimeRange {
    /// First time included.
    pub start_secs: f64,
    /// First time excluded.
    pub end_secs: f64,
}

/// How frames are chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Sampling {
    /// The middles of `n_frames` equal segments: [`uniform_midpoints`], the loader of TS-LLaVA.
    Uniform {
        /// Most frames to choose.
        n_frames: usize,
    },
    /// The starts of `n_frames` segments of whole frames: [`segment_starts`], the loader of IG-VLM.
    SegmentStarts {
        /// Most frames to choose.
        n_frames: usize,
    },
    /// `per_second` frames for each second; above `max_frames` they are spread over the clip instead.
    Rate {
        /// Frames for each second of the clip.
        per_second: f64,
        /// Most frames to choose.
        max_frames: usize,
    },
    /// From the first frame to the last, indices cut off: [`truncated_linspace`], as LLaVA-OneVision and LLaVA-Video choose.
    Linspace {
        /// How many frames; a shorter clip repeats some.
        n_frames: usize,
    },
    /// Every so many frames that make a second; where these are more than allowed, as [`Sampling::Linspace`]:
    /// LLaVA-NeXT's `load_video`.
    EverySecond {
        /// Most frames to choose.
        max_frames: usize,
    },
    /// As many as the clip has seconds, from its first frame to its last, without the first and the last second of a long
    /// one: SmolVLM2's `sample_frames`.
    SecondsInside {
        /// Most frames to choose.
        max_frames: usize,
    },
    /// The middles of `n_frames` equal parts: [`part_middles`], InternVL's `sample_frames`.
    Middles {
        /// Most frames to choose.
        n_frames: usize,
    },
    /// These frames, by index; sorted and without repetition. A time range does not apply to them.
    Picks(Vec<usize>),
}

impl Sampling {
    /// The same with at most so many frames; picks stay what they are.
    #[must_use]
    pub fn limited_to(self, n_frames: usize) -> Self {
        match self {
            Self::Uniform { .. } => Self::Uniform { n_frames },
            Self::SegmentStarts { .. } => Self::SegmentStarts { n_frames },
            Self::Rate { per_second, .. } => Self::Rate {
                per_second,
                max_frames: n_frames,
            },
            Self::Linspace { .. } => Self::Linspace { n_frames },
            Self::Middles { .. } => Self::Middles { n_frames },
            Self::EverySecond { .. } => Self::EverySecond { max_frames: n_frames },
            Self::SecondsInside { .. } => Self::SecondsInside { max_frames: n_frames },
            Self::Picks(picks) => Self::Picks(picks),
        }
    }
}

/// The chosen frames, in the order of time, and what a user should know about the choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// Never empty. The uniform formula repeats a frame when the clip has hardly more frames than were asked for.
    pub frames: Vec<FrameRef>,
    /// How long the whole clip runs by its time stamps, whatever part of it was chosen from: [`duration_secs`].
    pub duration_secs: f64,
    /// Where the choice is not quite what was asked for.
    pub notices: Vec<Notice>,
}

/// Why no frames could be chosen.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SamplingError {
    /// The clip has no displayable frame.
    #[error("the clip has no frame that could be shown")]
    NoFrames,
    /// No frame lies in the range.
    #[error(
        "no frame lies between {start_secs} s and {end_secs} s; the clip's frames run from {first_secs} s to {last_secs} s"
    )]
    EmptyRange {
        /// Start of the range.
        start_secs: f64,
        /// End of the range.
        end_secs: f64,
        /// Time of the clip's first frame.
        first_secs: f64,
        /// Time of the clip's last frame.
        last_secs: f64,
    },
    /// Zero frames, or an empty list of picks, were asked for.
    #[error("zero frames were asked for")]
    ZeroAsked,
    /// A pick beyond the clip's end.
    #[error("there is no frame {index}: the clip's frames are numbered 0 to {last}")]
    NoSuchFrame {
        /// The pick.
        index: usize,
        /// The last frame of the clip.
        last: usize,
    },
    /// A rate that is not a positive number.
    #[error("{per_second} frames a second is not a rate")]
    BadRate {
        /// The rate asked for.
        per_second: f64,
    },
}

impl Explain for SamplingError {
    fn fault(&self) -> Fault {
        match self {
            Self::NoFrames | Self::EmptyRange { .. } | Self::NoSuchFrame { .. } => Fault::Input,
            Self::ZeroAsked | Self::BadRate { .. } => Fault::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoFrames => "try the file in a video player; it may be damaged or hold only sound",
            Self::EmptyRange { .. } => "choose a range that overlaps the clip, its start before its end",
            Self::ZeroAsked => "ask for at least one frame",
            Self::NoSuchFrame { .. } => "frames are counted from 0",
            Self::BadRate { .. } => "give a number above zero, such as 1 or 0.5",
        };
        Some(hint.to_owned())
    }
}

/// Chooses frames of a clip whose displayable frames have the time stamps `pts_secs`, ascending.
///
/// The formula of `sampling` is applied to the frames inside `range` (all of them without one), as if they were the
/// whole clip.
///
/// # Errors
/// [`SamplingError`] when there is nothing to choose from or nothing was asked for.
pub fn choose(
    pts_secs: &[f64],
    range: Option<TimeRange>,
    sampling: &Sampling,
) -> Result<Chosen, SamplingError> {
    if pts_secs.is_empty() {
        return Err(SamplingError::NoFrames);
    }
    let frame = |index: usize| FrameRef {
        index,
        pts_secs: pts_secs[index],
    };
    if let Sampling::Picks(picks) = sampling {
        let (indices, notices) = sorted_picks(picks, pts_secs.len())?;
        return Ok(Chosen {
            frames: indices.into_iter().map(frame).collect(),
            duration_secs: duration_secs(pts_secs),
            notices,
        });
    }
    let candidates = frames_in(pts_secs, range)?;
    let n_candidates = candidates.len();
    let times = || -> Vec<f64> { candidates.iter().map(|&index| pts_secs[index]).collect() };
    let (positions, notices) = match *sampling {
        Sampling::Uniform { n_frames } => (
            uniform_midpoints(n_candidates, n_frames),
            fewer_notice(n_frames, n_candidates),
        ),
        Sampling::SegmentStarts { n_frames } => (
            segment_starts(n_candidates, n_frames),
            fewer_notice(n_frames, n_candidates),
        ),
        Sampling::Rate {
            per_second,
            max_frames,
        } => at_rate(&times(), per_second, max_frames)?,
        Sampling::Middles { n_frames } => (
            part_middles(n_candidates, n_frames),
            fewer_notice(n_frames, n_candidates),
        ),
        Sampling::Linspace { n_frames } => (truncated_linspace(0, n_candidates - 1, n_frames), Vec::new()),
        Sampling::EverySecond { max_frames } => {
            (every_second(n_candidates, pace(&times()), max_frames), Vec::new())
        }
        Sampling::SecondsInside { max_frames } => (
            seconds_inside(n_candidates, pace(&times()), max_frames),
            Vec::new(),
        ),
        Sampling::Picks(_) => unreachable!("BUG: picks were handled above"),
    };
    if positions.is_empty() {
        return Err(SamplingError::ZeroAsked);
    }
    let frames = positions
        .into_iter()
        .map(|position| frame(candidates[position]))
        .collect();
    Ok(Chosen {
        frames,
        duration_secs: duration_secs(pts_secs),
        notices,
    })
}

/// The middles of equal segments of `0..n_total`: the frame loader that TS-LLaVA, SlowFast-LLaVA and FreeVA share.
///
/// `n = min(n_total, n_frames)`, segment `(n_total - 1) / n`; index `i` is the floor of the mean of both segment
/// ends, each rounded half to even. The last frame is never chosen unless it is the only one, and frames repeat
/// when `n_total` is close to `n_frames`: 5 frames of 5 are 0, 1, 2, 2, 3.
#[must_use]
pub fn uniform_midpoints(n_total: usize, n_frames: usize) -> Vec<usize> {
    let n = n_total.min(n_frames);
    if n == 0 {
        return Vec::new();
    }
    let segment = (n_total - 1) as f64 / n as f64;
    let border = |i: usize| (segment * i as f64).round_ties_even() as usize;
    (0..n)
        .map(|i| usize::midpoint(border(i), border(i + 1)))
        .collect()
}

/// The starts of segments of `n_total / n_frames` whole frames: 0, k, 2k ... (IG-VLM). The rest of the clip after
/// the last segment is never seen. A clip shorter than `n_frames` gives each of its frames once.
#[must_use]
pub fn segment_starts(n_total: usize, n_frames: usize) -> Vec<usize> {
    let n = n_total.min(n_frames);
    (0..n).map(|i| i * (n_total / n)).collect()
}

/// What MVBench's loader knows of a clip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MvbenchClip {
    /// Number of the first frame: 0 for video files, 1 for folders of pictures.
    pub first_index: usize,
    /// Number that the reference takes for the end: the number of frames, in both cases.
    pub max_index: usize,
    /// Average frames a second of the file; 3 for folders of pictures.
    pub fps: f64,
}

/// MVBench's time-bounded loader, for evaluation only: it trusts `time = index / fps`.
///
/// `bound_secs` is (start, end); without one the whole clip is taken. Frame `i` of
/// `n = min(max_index, n_frames)` is `trunc(s + segment / 2 + round(segment * i))` with
/// `s = max(first, round(start * fps))`, `e = min(round(end * fps), max)`, `segment = (e - s) / n`, rounding half to
/// even. `n` is not limited by the bound, so short bounds repeat frames. Where the reference would run past the
/// clip's last frame or hold a bound that ends before it starts, the index is clamped into the clip.
#[must_use]
pub fn mvbench_bounded(clip: MvbenchClip, bound_secs: Option<(f64, f64)>, n_frames: usize) -> Vec<usize> {
    let n = clip.max_index.min(n_frames);
    let (start_secs, end_secs) = bound_secs.unwrap_or((-100_000.0, 100_000.0));
    let start = (start_secs * clip.fps)
        .round_ties_even()
        .max(clip.first_index as f64);
    let end = (end_secs * clip.fps).round_ties_even().min(clip.max_index as f64);
    let segment = (end - start) / n as f64;
    let last = (clip.first_index + clip.max_index)
        .saturating_sub(1)
        .max(clip.first_index);
    (0..n)
        .map(|i| start + segment / 2.0 + (segment * i as f64).round_ties_even())
        .map(|index| (index as usize).clamp(clip.first_index, last))
        .collect()
}

/// The indices of the frames inside `range`, ascending.
fn frames_in(pts_secs: &[f64], range: Option<TimeRange>) -> Result<Vec<usize>, SamplingError> {
    let Some(TimeRange { start_secs, end_secs }) = range else {
        return Ok((0..pts_secs.len()).collect());
    };
    let inside: Vec<usize> = (0..pts_secs.len())
        .filter(|&index| (start_secs..end_secs).contains(&pts_secs[index]))
        .collect();
    if inside.is_empty() {
        let (first_secs, last_secs) = (pts_secs[0], pts_secs[pts_secs.len() - 1]);
        return Err(SamplingError::EmptyRange {
            start_secs,
            end_secs,
            first_secs,
            last_secs,
        });
    }
    Ok(inside)
}

/// The frame on screen at the middle of each interval of `1 / per_second`, counted from the first time stamp.
fn at_rate(
    pts_secs: &[f64],
    per_second: f64,
    max_frames: usize,
) -> Result<(Vec<usize>, Vec<Notice>), SamplingError> {
    if !(per_second.is_finite() && per_second > 0.0) {
        return Err(SamplingError::BadRate { per_second });
    }
    let first_secs = pts_secs[0];
    let n_intervals = ((pts_secs[pts_secs.len() - 1] - first_secs) * per_second)
        .ceil()
        .max(1.0);
    // Compared as numbers before anything is allocated: a rate of a million over an hour must not fill the memory.
    if n_intervals > max_frames as f64 {
        let notices = vec![Notice::RateCapped {
            per_second,
            n_frames: max_frames.min(pts_secs.len()),
        }];
        return Ok((uniform_midpoints(pts_secs.len(), max_frames), notices));
    }
    let mut positions: Vec<usize> = (0..n_intervals as usize)
        .map(|interval| first_secs + (interval as f64 + 0.5) / per_second)
        .map(|secs| pts_secs.partition_point(|&pts| pts <= secs).saturating_sub(1))
        .collect();
    positions.dedup();
    Ok((positions, Vec::new()))
}

/// Picks in the order of time, each once.
fn sorted_picks(picks: &[usize], n_total: usize) -> Result<(Vec<usize>, Vec<Notice>), SamplingError> {
    if picks.is_empty() {
        return Err(SamplingError::ZeroAsked);
    }
    if let Some(&index) = picks.iter().find(|&&index| index >= n_total) {
        return Err(SamplingError::NoSuchFrame {
            index,
            last: n_total - 1,
        });
    }
    let mut indices = picks.to_vec();
    indices.sort_unstable();
    let mut notices = Vec::new();
    if indices != picks {
        notices.push(Notice::PicksSorted);
    }
    indices.dedup();
    if indices.len() < picks.len() {
        notices.push(Notice::PicksRepeated {
            n_removed: picks.len() - indices.len(),
        });
    }
    Ok((indices, notices))
}

fn fewer_notice(n_asked: usize, n_frames: usize) -> Vec<Notice> {
    if n_frames < n_asked {
        vec![Notice::FewerFrames { n_asked, n_frames }]
    } else {
        Vec::new()
    }
}
