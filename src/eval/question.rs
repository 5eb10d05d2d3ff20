//! Questions, whatever file they came from.

/// Whose question file it is. Decides the prompt, the frames of a bounded question and the rule that reads an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Our own `QUESTIONS.json`.
    Videre,
    /// What TS-LLaVA prepares of NExT-QA, EgoSchema and IntentQA: options and the number of the right one.
    MultipleChoice,
    /// MVBench: options, the right one as text, sometimes a part of the video.
    Mvbench,
    /// MLVU: as MVBench, with a type; its test set has no answers.
    Mlvu,
    /// Video-MME: options that carry their letters.
    VideoMme,
    /// What TS-LLaVA prepares of MSVD-QA, ActivityNet-QA and their like: open questions, judged by someone else.
    Open,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Videre,
        Self::MultipleChoice,
        Self::Mvbench,
        Self::Mlvu,
        Self::VideoMme,
        Self::Open,
    ];

    /// The name used on the command line and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Videre => "videre",
            Self::MultipleChoice => "multiple-choice",
            Self::Mvbench => "mvbench",
            Self::Mlvu => "mlvu",
            Self::VideoMme => "video-mme",
            Self::Open => "open",
        }
    }

    /// The format of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// Which part of the video a question is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// All of it.
    Whole,
    /// From a time to another, seconds.
    Range {
        /// Where it starts.
        start_secs: f64,
        /// Where it ends.
        end_secs: f64,
    },
    /// The one frame that is shown at a time, seconds.
    Frame {
        /// When.
        at_secs: f64,
    },
}

/// What the right answer is, as far as the file tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// One of the options. `right` is its position, from 0; nothing where the file keeps it secret.
    Choice {
        /// The options in the file's order and words, without letters.
        options: Vec<String>,
        /// Which one is right.
        right: Option<usize>,
    },
    /// This text, the same after [`super::score::normalised`].
    Exact {
        /// The answer.
        answer: String,
    },
    /// Any good answer: the program does not judge it.
    Unjudged {
        /// What the file says the answer is, for whoever judges.
        answer: Option<String>,
    },
}

/// One question about one video.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The file's own name for it, as JSON, so that predictions carry it unchanged. Not always unique: NExT-QA counts
    /// from 0 for each video.
    pub id: serde_json::Value,
    /// What it tests, such as `colour` or `action_sequence`: one line of the table.
    pub task: String,
    /// The video as the file names it; some leave the ending out.
    pub video: String,
    /// Which part of it.
    pub part: Part,
    /// The question.
    pub text: String,
    /// The answer.
    pub wanted: Wanted,
    /// How often a blind guess is right, 0 to 1, where that is known.
    pub chance: Option<f64>,
}

impl Question {
    /// The options to choose from, without letters; none for an open question.
    #[must_use]
    pub fn options(&self) -> &[String] {
        match &self.wanted {
            Wanted::Choice { options, .. } => options,
            Wanted::Exact { .. } | Wanted::Unjudged { .. } => &[],
        }
    }
}

/// All questions of a file, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct QuestionSet {
    /// Whose file it is.
    pub format: Format,
    /// The questions; never none.
    pub questions: Vec<Question>,
    /// BLAKE3 of the file: results of another file are not continued.
    pub digest: String,
}
