//! What a family of models was trained with around pictures: its markers, and how it was shown videos.
//!
//! Plain data. A model's own way of seeing a video is one choice beside the presets of TS-LLaVA; whichever is taken, rows of
//! pictures stand between the family's markers.

use serde::{Deserialize, Serialize};

use super::preprocess::Fit;

/// A family of models, told by the projector of its mmproj file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelFamily {
    /// LLaVA 1.5, 1.6 and what is built like them: CLIP or SigLIP, and a perceptron.
    Llava,
    /// SmolVLM, SmolVLM2, Idefics3: SigLIP, pixel shuffle, and one matrix.
    SmolVlm,
    /// InternVL 2.5, 3 and 3.5: InternViT, pixel shuffle, a norm and a perceptron.
    InternVl,
}

/// What stands in the prompt right before and right after the rows of one image. Both are control tokens of the model's
/// vocabulary, and empty where it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageMarkers {
    /// Before the rows.
    pub before: String,
    /// After them.
    pub after: String,
}

impl ImageMarkers {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    fn new(before: &str, after: &str) -> Self {
        Self {
            before: before.to_owned(),
            after: after.to_owned(),
        }
    }
}

/// What is known of a clip before frames are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipLength {
    /// Its frames.
    pub n_frames: usize,
    /// Their average rate.
    pub frames_per_sec: f64,
    /// How long it is.
    pub duration_secs: f64,
}

/// How a family chooses frames.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum FrameSampler {
    /// SmolVLM (`SmolVLMVideoProcessor.sample_frames` of transformers): so many a second and no more than a number, spread
    /// evenly from the first to the last; of a long clip the ends are left out.
    Rate {
        /// Frames a second.
        per_second: f64,
        /// Most frames.
        max_frames: usize,
        /// What is left out at each end of a long clip, seconds.
        skip_secs: f64,
    },
    /// InternVL (`InternVLVideoProcessor.sample_frames`): the middles of equal parts.
    Middles {
        /// Frames.
        n_frames: usize,
    },
}

/// The words that a frame is announced with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrameLabel {
    /// `Frame1: `.
    Number,
    /// `Frame from 00:12:`, minutes and seconds.
    Time,
}

/// The way a family was shown videos.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VideoRecipe {
    /// Which frames.
    pub sampler: FrameSampler,
    /// How a frame becomes a square.
    pub fit: Fit,
    /// What stands before the first frame's label. `{frames}` is their number in words, `{duration}` the length of the clip
    /// as `H:MM:SS`.
    pub intro: String,
    /// What announces each frame.
    pub label: FrameLabel,
    /// What stands between a frame and the next one's label.
    pub separator: String,
    /// What stands between the last frame and the question.
    pub outro: String,
    /// What stands around the rows of each frame, inside label and separator.
    pub markers: ImageMarkers,
}

/// A recipe's words for the frames of one clip.
///
/// `head` and `tail` belong to the prompt, to be tokenised as one text with the words before and after them (`User: ` and
/// the question): a vocabulary joins `: ` and `You` otherwise. The texts in `between` begin and end with control tokens, so
/// that each is a text of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoWords {
    /// Before the rows of the first frame.
    pub head: String,
    /// After the rows of each frame but the last, before those of the next.
    pub between: Vec<String>,
    /// After the rows of the last frame.
    pub tail: String,
}

impl ModelFamily {
    /// What stands around the rows of an image.
    #[must_use]
    pub fn markers(self) -> ImageMarkers {
        match self {
            Self::Llava => ImageMarkers::default(),
            Self::SmolVlm => ImageMarkers::new(
                "<fake_token_around_image><global-img>",
                "<fake_token_around_image>",
            ),
            Self::InternVl => ImageMarkers::new("<img>", "</img>"),
        }
    }

    /// How the family was shown videos; `None` where it never saw one, or each of its models saw them otherwise.
    #[must_use]
    pub fn video_recipe(self) -> Option<VideoRecipe> {
        let markers = self.markers();
        match self {
            Self::Llava => None,
            // `processing_smolvlm.py` of transformers, and `video_sampling` in the settings of SmolVLM2's checkpoints.
            Self::SmolVlm => Some(VideoRecipe {
                sampler: FrameSampler::Rate {
                    per_second: 1.0,
                    max_frames: 64,
                    skip_secs: 1.0,
                },
                fit: Fit::Squash,
                intro: "You are provided the following series of {frames} frames from a {duration} [H:MM:SS] video.\n\n"
                    .to_owned(),
                label: FrameLabel::Time,
                separator: "\n".to_owned(),
                outro: "\n\n".to_owned(),
                markers,
            }),
            // `processing_internvl.py`; eight frames as in the model cards.
            Self::InternVl => Some(VideoRecipe {
                sampler: FrameSampler::Middles { n_frames: 8 },
                fit: Fit::Squash,
                intro: String::new(),
                label: FrameLabel::Number,
                separator: "\n".to_owned(),
                outro: "\n".to_owned(),
                markers,
            }),
        }
    }
}

impl FrameSampler {
    /// The chosen frames, ascending and each once; at least one where the clip has one.
    #[must_use]
    pub fn indices(self, clip: ClipLength) -> Vec<usize> {
        let n_total = clip.n_frames;
        let mut indices = match self {
            _ if n_total == 0 => Vec::new(),
            Self::Rate {
                per_second,
                max_frames,
                skip_secs,
            } => at_rate(clip, per_second, max_frames, skip_secs),
            Self::Middles { n_frames } => middles(n_total, n_frames.min(n_total)),
        };
        indices.dedup();
        indices
    }
}

/// `numpy.linspace` between the ends, truncated.
fn at_rate(clip: ClipLength, per_second: f64, max_frames: usize, skip_secs: f64) -> Vec<usize> {
    let last = clip.n_frames - 1;
    let estimated = (per_second * clip.duration_secs).round_ties_even() as usize;
    let n_frames = estimated.min(max_frames).max(1);
    // The reference compares seconds with frames times frames a second here; so does this.
    let is_long = skip_secs > 0.0 && clip.duration_secs - 2.0 * skip_secs > max_frames as f64 * per_second;
    let (mut first, mut end) = (0, last);
    if is_long {
        let skipped = skip_secs * clip.frames_per_sec;
        first = skipped as usize;
        end = ((clip.n_frames as f64 - skipped) as usize).min(last);
    }
    if first >= end {
        (first, end) = (0, last);
    }
    if n_frames == 1 {
        return vec![first];
    }
    let step = (end - first) as f64 / (n_frames - 1) as f64;
    (0..n_frames)
        .map(|i| {
            if i + 1 == n_frames {
                end
            } else {
                (i as f64 * step + first as f64) as usize
            }
        })
        .collect()
}

/// `torch.arange(part / 2, n_total, part)` in float32, truncated.
fn middles(n_total: usize, n_frames: usize) -> Vec<usize> {
    let part = n_total as f64 / n_frames.max(1) as f64;
    (0..n_frames)
        .map(|i| ((part / 2.0 + i as f64 * part) as f32) as usize)
        .map(|index| index.min(n_total - 1))
        .collect()
}

impl FrameLabel {
    /// The words for the frame at `position`, counted from 0, that is shown at `pts_secs`.
    #[must_use]
    pub fn text(self, position: usize, pts_secs: f64) -> String {
        match self {
            Self::Number => format!("Frame{}: ", position + 1),
            Self::Time => {
                let secs = pts_secs.max(0.0) as u64;
                format!("Frame from {:02}:{:02}:", secs / 60, secs % 60)
            }
        }
    }
}

impl VideoRecipe {
    /// The words around frames shown at `pts_secs`, of a clip of `duration_secs`; without it the last frame's time stands
    /// for it.
    #[must_use]
    pub fn words(&self, pts_secs: &[f64], duration_secs: Option<f64>) -> VideoWords {
        let duration_secs = duration_secs.or(pts_secs.last().copied()).unwrap_or(0.0);
        let intro = self
            .intro
            .replace("{frames}", &in_words(pts_secs.len()))
            .replace("{duration}", &clock(duration_secs));
        let ImageMarkers { before, after } = &self.markers;
        let label = |position: usize| {
            let secs = pts_secs.get(position).copied().unwrap_or(0.0);
            self.label.text(position, secs)
        };
        VideoWords {
            head: format!("{intro}{}{before}", label(0)),
            between: (1..pts_secs.len())
                .map(|position| format!("{after}{}{}{before}", self.separator, label(position)))
                .collect(),
            tail: format!("{after}{}", self.outro),
        }
    }
}

/// Hours, minutes and seconds as Python's `timedelta` writes them, days included.
fn clock(secs: f64) -> String {
    let secs = secs.max(0.0) as u64;
    let (days, rest) = (secs / 86_400, secs % 86_400);
    let time = format!("{}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
    match days {
        0 => time,
        1 => format!("1 day, {time}"),
        n => format!("{n} days, {time}"),
    }
}

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = [
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];

/// A number in English words, as the Python package num2words writes it up to 999; larger ones in digits.
fn in_words(n: usize) -> String {
    match n {
        0..20 => ONES[n].to_owned(),
        20..100 if n % 10 == 0 => TENS[n / 10].to_owned(),
        20..100 => format!("{}-{}", TENS[n / 10], ONES[n % 10]),
        100..1000 if n % 100 == 0 => format!("{} hundred", ONES[n / 100]),
        100..1000 => format!("{} hundred and {}", ONES[n / 100], in_words(n % 100)),
        _ => n.to_string(),
    }
}
