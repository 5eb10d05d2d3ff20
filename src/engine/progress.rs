//! How far work is, in stages that a person understands, and how long it will still take.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::requests::model::{ModelFacts, ModelName};

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

/// How much longer the steps of a model take than its facts let expect, as its own steps showed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tempo {
    encode: Option<f64>,
    read: Option<f64>,
}

impl Tempo {
    /// Where only one kind of step was seen, the other is likely as much slower or faster.
    fn encode(self) -> Option<f64> {
        self.encode.or(self.read)
    }

    fn read(self) -> Option<f64> {
        self.read.or(self.encode)
    }
}

/// The tempo of the model that worked last: of another one nothing is known.
#[derive(Default)]
pub(super) struct Tempos(Mutex<Option<(ModelName, Tempo)>>);

impl Tempos {
    pub(super) fn of(&self, model: &ModelName) -> Tempo {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_model = last.as_ref().filter(|(name, _)| name == model);
        of_model.map(|(_, tempo)| *tempo).unwrap_or_default()
    }

    pub(super) fn keep(&self, model: &ModelName, tempo: Tempo) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((model.clone(), tempo));
    }
}

/// Turns what the model role says into progress. What is left is said once a step of this model was measured, in this work
/// or an earlier one: a guess that jumps is worth less than none.
pub(super) struct Estimator<'a> {
    facts: &'a ModelFacts,
    /// Of the whole prompt, about.
    n_tokens: usize,
    tempo: Tempo,
    n_encoded: usize,
    n_images: usize,
    /// When encoding began of what was not kept, and how much was.
    encoding: Option<(Instant, usize)>,
    /// When reading began, and how much had been read before.
    reading: Option<(Instant, usize)>,
}

impl<'a> Estimator<'a> {
    /// For work whose prompt will have about `n_tokens`.
    pub(super) fn new(facts: &'a ModelFacts, n_tokens: usize, known: Tempo) -> Self {
        Self {
            facts,
            n_tokens,
            tempo: known,
            n_encoded: 0,
            n_images: 0,
            encoding: None,
            reading: None,
        }
    }

    /// What the steps so far showed, for the next work of this model.
    pub(super) fn tempo(&self) -> Tempo {
        self.tempo
    }

    /// What was kept is in its place; frames for the rest are on their way.
    pub(super) fn frames_wanted(&mut self, now: Instant) -> Progress {
        self.encoding = Some((now, self.n_encoded));
        self.encoding_progress()
    }

    /// So many images of the plan are encoded.
    pub(super) fn encoded(&mut self, n_done: usize, n_images: usize, now: Instant) -> Progress {
        (self.n_encoded, self.n_images) = (n_done, n_images);
        if let Some((began, n_kept)) = self.encoding
            && n_done > n_kept
        {
            let expected_secs = (n_done - n_kept) as f64 * self.facts.encode_secs;
            self.tempo.encode = ratio(now.duration_since(began), expected_secs).or(self.tempo.encode);
        }
        self.encoding_progress()
    }

    fn encoding_progress(&self) -> Progress {
        let (n_done, n_images) = (self.n_encoded, self.n_images);
        let images_secs = (n_images - n_done.min(n_images)) as f64 * self.facts.encode_secs;
        let tokens_secs = self.facts.reading_secs(0, self.n_tokens);
        // Before frames are wanted nobody knows how many images are kept.
        let remaining_secs = (self.encoding.and(self.tempo.encode()).zip(self.tempo.read()))
            .map(|(encode, read)| images_secs * encode + tokens_secs * read);
        Progress {
            stage: Stage::Encoding { n_done, n_images },
            remaining_secs,
        }
    }

    /// So many tokens of the prompt are read.
    pub(super) fn read(&mut self, n_done: usize, n_tokens: usize, now: Instant) -> Progress {
        let (began, n_before) = *self.reading.get_or_insert((now, n_done));
        if n_done > n_before {
            let expected_secs = self.facts.reading_secs(n_before, n_done - n_before);
            self.tempo.read = ratio(now.duration_since(began), expected_secs).or(self.tempo.read);
        }
        let stage = if n_done == n_tokens {
            Stage::Answering
        } else {
            Stage::Reading { n_done, n_tokens }
        };
        let left_secs = self.facts.reading_secs(n_done, n_tokens - n_done.min(n_tokens));
        Progress {
            stage,
            remaining_secs: self.tempo.read().map(|read| left_secs * read),
        }
    }
}

fn ratio(spent: Duration, expected_secs: f64) -> Option<f64> {
    (expected_secs > 0.0).then(|| spent.as_secs_f64() / expected_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said to be left is within this of what was left, once a fifth of the time is over.
    const MAX_ERROR: f64 = 0.2;
    const N_IMAGES: usize = 49;
    const N_TOKENS: usize = 3456;
    const CHUNK: usize = 256;

    /// A model whose steps take what its facts say, or `tempo` times as long.
    fn facts(encode_secs: f64, read_secs: f64, read_growth_secs: f64) -> ModelFacts {
        ModelFacts {
            name: "m".to_owned(),
            device: "cpu".to_owned(),
            tower: "clip".to_owned(),
            side_px: 336,
            patch_px: 14,
            mean: [0.0; 3],
            std: [1.0; 3],
            family: None,
            has_newline: false,
            n_context: 4096,
            encode_secs,
            read_secs,
            read_growth_secs,
            memory_bytes: 0,
            cache_bytes: 0,
            n_held: 4096,
            device_detail: String::new(),
            device_reason: String::new(),
            load_ms: 0,
        }
    }

    /// Work whose first `n_kept` images are there already, told as the model role tells it: how far it was, how long it took
    /// until then, and what was said to be left.
    fn work(estimator: &mut Estimator<'_>, n_kept: usize, tempo: [f64; 2]) -> (Vec<(f64, Option<f64>)>, f64) {
        let facts = estimator.facts;
        let began = Instant::now();
        let at = |secs: f64| began + Duration::from_micros((secs * 1e6) as u64);
        let (mut said, mut secs) = (Vec::new(), 0.0);
        let mut tell = |secs: f64, progress: Progress| said.push((secs, progress.remaining_secs));
        tell(secs, estimator.encoded(0, N_IMAGES, at(secs)));
        if n_kept > 0 {
            tell(secs, estimator.encoded(n_kept, N_IMAGES, at(secs)));
        }
        if n_kept < N_IMAGES {
            tell(secs, estimator.frames_wanted(at(secs)));
        }
        for n_done in n_kept + 1..=N_IMAGES {
            // Steps are uneven: every third takes 1.3 times as long.
            secs += facts.encode_secs * tempo[0] * if n_done % 3 == 0 { 1.3 } else { 0.85 };
            tell(secs, estimator.encoded(n_done, N_IMAGES, at(secs)));
        }
        for n_done in (0..N_TOKENS).step_by(CHUNK) {
            tell(secs, estimator.read(n_done, N_TOKENS, at(secs)));
            secs += facts.reading_secs(n_done, CHUNK.min(N_TOKENS - n_done)) * tempo[1];
        }
        (said, secs)
    }

    fn worst(said: &[(f64, Option<f64>)], total_secs: f64) -> f64 {
        let late = said.iter().filter(|(secs, _)| *secs >= total_secs / 5.0);
        late.map(|(secs, left)| {
            let left = left.expect("after a fifth it is known");
            // Of the whole: the last moments of a minute need not be right to a tenth of a second.
            (left - (total_secs - secs)).abs() / total_secs
        })
        .fold(0.0, f64::max)
    }

    #[test]
    fn what_is_left_is_within_a_fifth_once_a_fifth_is_over_on_machines_that_are_slower_than_they_seemed() {
        // A 1B model on two cores, and a 7B one; the machine is as measured at load, busier, and less busy.
        for facts in [facts(0.9, 0.007, 1.5e-6), facts(2.2, 0.12, 4e-6)] {
            for tempo in [1.0, 2.7, 0.6] {
                for n_kept in [0, 10, 40, N_IMAGES] {
                    let mut estimator = Estimator::new(&facts, N_TOKENS, Tempo::default());
                    let (said, total_secs) = work(&mut estimator, n_kept, [tempo, tempo]);
                    let worst = worst(&said, total_secs);
                    assert!(worst <= MAX_ERROR, "{tempo} with {n_kept} kept: {worst}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_said_before_a_step_was_seen_and_the_next_work_knows_from_the_start() {
        let facts = facts(0.9, 0.007, 1.5e-6);
        let mut first = Estimator::new(&facts, N_TOKENS, Tempo::default());
        let (said, _) = work(&mut first, 0, [2.0, 3.0]);
        assert_eq!([said[0].1, said[1].1], [None, None]);
        assert!(said[2].1.is_some());
        let mut next = Estimator::new(&facts, N_TOKENS, first.tempo());
        let (said, total_secs) = work(&mut next, 0, [2.0, 3.0]);
        assert_eq!(said[0].1, None, "how much is kept is not known yet");
        let from_start = said[1].1.expect("the frames are on their way");
        assert!(
            (from_start / total_secs - 1.0).abs() < MAX_ERROR,
            "{from_start} of {total_secs}"
        );
        assert!(worst(&said, total_secs) <= MAX_ERROR);
    }

    #[test]
    fn it_counts_down_with_every_step() {
        let facts = facts(2.2, 0.12, 4e-6);
        let mut estimator = Estimator::new(&facts, N_TOKENS, Tempo::default());
        let (said, _) = work(&mut estimator, 0, [1.0, 1.0]);
        let left: Vec<f64> = said.iter().filter_map(|(_, left)| *left).collect();
        // The third step is the first of those that take longer.
        let rises = left
            .windows(2)
            .filter(|pair| pair[1] > pair[0] * (1.0 + MAX_ERROR))
            .count();
        assert_eq!(rises, 0, "{left:?}");
    }
}
