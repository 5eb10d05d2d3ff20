//! Choosing the next token.

use candle_core::{DType, Tensor};
use candle_transformers::generation::{LogitsProcessor, Sampling};
use candle_transformers::utils::apply_repeat_penalty;

use super::error::LlavaError;
use crate::question::SamplingOptions;

/// Below this, a division would leave the likeliest token alone, or nothing that is a number.
const GREEDY_BELOW: f64 = 1e-4;
/// Tokens that the repetition penalty looks back on, as in llama.cpp.
const PENALIZED_TOKENS: usize = 64;

/// Chooses tokens, one after the other.
pub(super) struct Sampler {
    processor: LogitsProcessor,
    min_p: f32,
    repetition_penalty: f32,
}

impl Sampler {
    /// A sampler that starts from the options' seed.
    #[must_use]
    pub(super) fn new(options: &SamplingOptions) -> Self {
        let temperature = options.temperature;
        let sampling = match (options.top_k.filter(|&k| k > 0), options.top_p) {
            _ if temperature < GREEDY_BELOW || temperature.is_nan() => Sampling::ArgMax,
            (None, None) => Sampling::All { temperature },
            (Some(k), None) => Sampling::TopK { k, temperature },
            (None, Some(p)) => Sampling::TopP { p, temperature },
            (Some(k), Some(p)) => Sampling::TopKThenTopP { k, p, temperature },
        };
        Self {
            processor: LogitsProcessor::from_sampling(options.seed, sampling),
            // The likeliest token must be left.
            min_p: options.min_p.unwrap_or(0.0).min(1.0),
            repetition_penalty: options.repetition_penalty,
        }
    }

    /// The next token after `answer`, given logits of one position, `(1, n_vocab)`.
    ///
    /// # Errors
    /// candle's: logits that are not numbers are one.
    pub(super) fn pick(&mut self, logits: &Tensor, answer: &[u32]) -> Result<u32, LlavaError> {
        let mut logits = logits.flatten_all()?.to_dtype(DType::F32)?;
        if (self.repetition_penalty - 1.0).abs() > f32::EPSILON {
            let recent = &answer[answer.len().saturating_sub(PENALIZED_TOKENS)..];
            logits = apply_repeat_penalty(&logits, self.repetition_penalty, recent)?;
        }
        let min_p = self.min_p;
        let token = self.processor.sample_f(&logits, |probabilities| {
            let floor = min_p * probabilities.iter().copied().fold(0.0, f32::max);
            for p in probabilities.iter_mut().filter(|p| **p < floor) {
                *p = 0.0;
            }
        })?;
        Ok(token)
    }
}

/// The option that a multiple-choice question was answered with.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Position among the options.
    pub option: usize,
    /// Probability of each option: those of their letters, among the letters alone.
    pub probabilities: Vec<f32>,
}

/// The likeliest of `letters` (token ids, one for each option), given logits of one position, `(1, n_vocab)`. `None`
/// without options.
///
/// # Errors
/// candle's.
pub fn choose(logits: &Tensor, letters: &[u32]) -> Result<Option<Choice>, LlavaError> {
    let logits: Vec<f32> = logits.flatten_all()?.to_dtype(DType::F32)?.to_vec1()?;
    let scores: Vec<f32> = letters
        .iter()
        .map(|&letter| logits.get(letter as usize).copied().unwrap_or(f32::NEG_INFINITY))
        .collect();
    let best = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let Some(option) = scores.iter().position(|&score| score == best) else {
        return Ok(None);
    };
    let weights: Vec<f32> = scores.iter().map(|score| (score - best).exp()).collect();
    let total: f32 = weights.iter().sum();
    Ok(Some(Choice {
        option,
        probabilities: weights.iter().map(|weight| weight / total).collect(),
    }))
}
