//! How far work is, in stages that a person understands, and how long it will still take.

use std::time::Instant;

use super::requests::model::ModelFacts;

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stage {
    /// Listing the frames of the file.
    Opening {
        /// From 0 to 1.
        fraction: f64,
    },
    /// Loading the model.
    Loading,
    /// Decoding frames and encoding them.
    Encoding {
        /// Images done.
        n_done: usize,
        /// Images in all.
        n_images: usize,
    },
    /// The language model reads the video and the question.
    Reading {
        /// Tokens done.
        n_done: usize,
        /// Tokens in all.
        n_tokens: usize,
    },
    /// It writes the answer.
    Answering,
}

/// A stage and what is still to come before the answer begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Seconds until the answer begins, or the video is prepared; `None` where nobody can say yet.
    pub remaining_secs: Option<f64>,
}

/// A pace: expected first, then measured.
struct Pace {
    expected_secs: f64,
    began: Option<(Instant, usize)>,
    measured_secs: Option<f64>,
}

impl Pace {
    fn expecting(expected_secs: f64) -> Self {
        Self {
            expected_secs,
            began: None,
            measured_secs: None,
        }
    }

    /// `n_done` are done now.
    fn at(&mut self, n_done: usize) {
        let (began, n_then) = *self.began.get_or_insert((Instant::now(), n_done));
        if n_done > n_then {
            self.measured_secs = Some(began.elapsed().as_secs_f64() / (n_done - n_then) as f64);
        }
    }

    fn secs(&self) -> f64 {
        self.measured_secs.unwrap_or(self.expected_secs)
    }
}

/// Turns what the model role says into progress.
pub(super) struct Estimator {
    encode: Pace,
    read: Pace,
    n_tokens: usize,
}

impl Estimator {
    /// For work whose prompt will have about `n_tokens`.
    pub(super) fn new(model: &ModelFacts, n_tokens: usize) -> Self {
        Self {
            encode: Pace::expecting(model.encode_secs),
            read: Pace::expecting(model.read_secs),
            n_tokens,
        }
    }

    /// So many images of the plan are encoded.
    pub(super) fn encoded(&mut self, n_done: usize, n_images: usize) -> Progress {
        self.encode.at(n_done);
        let left_secs = (n_images - n_done) as f64 * self.encode.secs();
        Progress {
            stage: Stage::Encoding { n_done, n_images },
            remaining_secs: Some(left_secs + self.n_tokens as f64 * self.read.secs()),
        }
    }

    /// So many tokens of the prompt are read.
    pub(super) fn read(&mut self, n_done: usize, n_tokens: usize) -> Progress {
        self.read.at(n_done);
        let stage = if n_done == n_tokens {
            Stage::Answering
        } else {
            Stage::Reading { n_done, n_tokens }
        };
        Progress {
            stage,
            remaining_secs: Some((n_tokens - n_done) as f64 * self.read.secs()),
        }
    }
}
