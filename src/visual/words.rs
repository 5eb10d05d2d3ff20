//! What is said about frames in words, between their rows and after them.

use serde::{Deserialize, Serialize};

use super::sampling::FrameRef;

/// The words between the rows of frames that stand one by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameWords {
    /// What is said before the first frame.
    pub intro: Intro,
    /// What names each frame.
    pub label: Label,
    /// What stands right before the rows of each frame, after its label: a family's mark for the begin of a picture.
    pub before: String,
    /// What stands right after the rows of each frame.
    pub after: String,
    /// What stands after the last frame.
    pub outro: String,
}

/// What is said before the first frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intro {
    /// Nothing.
    None,
    /// How many frames follow, in words, and how long the clip runs: SmolVLM2's sentence.
    Series,
}

/// What names a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// Nothing: LLaVA-NeXT-Interleave.
    None,
    /// Its time in seconds: `t = 12.48s: `.
    Seconds,
    /// Its minute and second, on a line of its own: SmolVLM2's `Frame from 00:12:`.
    Clock,
    /// Its number, from 1: InternVL's `Frame1: `.
    Number,
}

impl Label {
    /// The name used on the command line and in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Seconds => "seconds",
            Self::Clock => "clock",
            Self::Number => "number",
        }
    }

    /// The words for the frame at `position` of those that are shown, from 0.
    fn words(self, position: usize, frame: FrameRef) -> String {
        match self {
            Self::None => String::new(),
            Self::Seconds => format!("t = {:.2}s: ", frame.pts_secs),
            Self::Clock => {
                let secs = frame.pts_secs.max(0.0) as u64;
                format!("\nFrame from {:02}:{:02}:", secs / 60, secs % 60)
            }
            Self::Number => format!("Frame{}: ", position + 1),
        }
    }
}

impl FrameWords {
    /// A label for each frame and nothing else.
    #[must_use]
    pub fn labelled(label: Label) -> Self {
        Self {
            intro: Intro::None,
            label,
            before: String::new(),
            after: String::new(),
            outro: String::new(),
        }
    }

    /// What is said before the first of `n_frames` frames of a clip of that length.
    pub(super) fn opening(&self, n_frames: usize, duration_secs: f64) -> String {
        match self.intro {
            Intro::None => String::new(),
            Intro::Series => {
                let secs = duration_secs.max(0.0) as u64;
                let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
                format!(
                    "You are provided the following series of {} frames from a {hours}:{minutes:02}:{secs:02} [H:MM:SS] video.\n",
                    number_in_words(n_frames)
                )
            }
        }
    }

    /// What stands before the rows of a frame.
    pub(super) fn leading(&self, position: usize, frame: FrameRef) -> String {
        let label = self.label.words(position, frame);
        format!("{label}{}", self.before)
    }
}

/// What is said of a video between its rows and the question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// What this program says to models that were never told of videos: that these are key frames. A model that names its
    /// own sentence gets that.
    #[default]
    KeyFrames,
    /// A line's end alone.
    Line,
    /// Nothing at all.
    Nothing,
    /// How long the video runs and at what times its frames lie: LLaVA-Video's sentence.
    Times,
}

impl Told {
    /// The very text, lines' ends included; `None` leaves it to whoever writes the prompt. Times are those of the frames
    /// themselves, where LLaVA-Video counts frames of the mean length, which is the same at a constant rate.
    pub(super) fn text(self, frames: &[FrameRef], duration_secs: f64) -> Option<String> {
        match self {
            Self::KeyFrames => None,
            Self::Line => Some("\n".to_owned()),
            Self::Nothing => Some(String::new()),
            Self::Times => {
                let times: Vec<String> = (frames.iter())
                    .map(|frame| format!("{:.2}s", frame.pts_secs))
                    .collect();
                // Without a space before "Please", as the models were trained.
                Some(format!(
                    "\nThe video lasts for {duration_secs:.2} seconds, and {} frames are uniformly sampled from it. These \
                     frames are located at {}.Please answer the following questions related to this video.\n",
                    frames.len(),
                    times.join(",")
                ))
            }
        }
    }
}

const BELOW_TWENTY: [&str; 20] = [
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

/// A number in English words as the `num2words` package writes them; in digits from a thousand on, which no model reads
/// frames of.
fn number_in_words(number: usize) -> String {
    match number {
        0..20 => BELOW_TWENTY[number].to_owned(),
        20..100 if number.is_multiple_of(10) => TENS[number / 10].to_owned(),
        20..100 => format!("{}-{}", TENS[number / 10], BELOW_TWENTY[number % 10]),
        100..1000 => {
            let hundreds = format!("{} hundred", BELOW_TWENTY[number / 100]);
            match number % 100 {
                0 => hundreds,
                rest => format!("{hundreds} and {}", number_in_words(rest)),
            }
        }
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::number_in_words;

    #[test]
    fn numbers_are_written_as_people_write_them() {
        let written = [0, 8, 13, 20, 64, 99, 100, 101, 256, 1000].map(number_in_words);
        let expected = [
            "zero",
            "eight",
            "thirteen",
            "twenty",
            "sixty-four",
            "ninety-nine",
            "one hundred",
            "one hundred and one",
            "two hundred and fifty-six",
            "1000",
        ];
        assert_eq!(written, expected);
    }
}
