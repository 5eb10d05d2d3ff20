//! How far work is, in stages that a person understands, and how long it will still take.

use std::time::Instant;

use crate::api::{ModelEvent, ModelFacts};

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
    pub(super) fn new(model: Option<&ModelFacts>, n_tokens: usize) -> Self {
        Self {
            encode: Pace::expecting(model.map_or(0.0, |facts| facts.encode_secs)),
            read: Pace::expecting(model.map_or(0.0, |facts| facts.read_secs)),
            n_tokens,
        }
    }

    /// The progress that an event means; none for events that mean none.
    pub(super) fn progress(&mut self, event: &ModelEvent) -> Option<Progress> {
        match *event {
            ModelEvent::Encoded { n_done, n_images } => {
                self.encode.at(n_done);
                let left = (n_images - n_done) as f64 * self.encode.secs();
                Some(Progress {
                    stage: Stage::Encoding { n_done, n_images },
                    remaining_secs: Some(left + self.n_tokens as f64 * self.read.secs()),
                })
            }
            ModelEvent::Read { n_done, n_total, .. } => {
                self.read.at(n_done);
                let stage = if n_done == n_total {
                    Stage::Answering
                } else {
                    Stage::Reading {
                        n_done,
                        n_tokens: n_total,
                    }
                };
                Some(Progress {
                    stage,
                    remaining_secs: Some((n_total - n_done) as f64 * self.read.secs()),
                })
            }
            _ => None,
        }
    }
}
