//! Rotary position embedding and its scalings.
//!
//! Frequencies follow transformers' `modeling_rope_utils.py`; the order of rotated pairs follows the GGUF converter, which
//! interleaves the halves of Q and K for architecture `llama` and leaves them apart for `qwen2` and `phi3`.

use candle_core::{Device, Tensor};
use candle_nn::rotary_emb;

/// Which values of a head turn together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RopePairs {
    /// Neighbours: `(0, 1), (2, 3) …`. GGUF architecture `llama`.
    Adjacent,
    /// Halves: `(0, d/2), (1, d/2 + 1) …`, as in GPT-NeoX. `qwen2`, `phi3`.
    Halves,
}

/// How frequencies are stretched for contexts beyond the trained one.
#[derive(Clone, Debug, PartialEq)]
pub enum RopeScaling {
    /// Not at all.
    Unscaled,
    /// Positions are divided by `factor`.
    Linear {
        /// Ratio of the new context to the trained one.
        factor: f32,
    },
    /// The base grows with the length once that exceeds the trained context (`_compute_dynamic_ntk_parameters`).
    Dynamic {
        /// Ratio that the context may grow by.
        factor: f32,
        /// Context of the training.
        trained_len: usize,
    },
    /// Each frequency is divided by its own factor: Llama 3.1's `rope_freqs.weight`.
    PerFrequency {
        /// `head_dim / 2` divisors.
        divisors: Vec<f32>,
    },
    /// Two sets of divisors, chosen by length: Phi-3's long contexts (`_compute_longrope_parameters`).
    Long {
        /// Divisors up to `trained_len`.
        short: Vec<f32>,
        /// Divisors beyond.
        long: Vec<f32>,
        /// Context of the training.
        trained_len: usize,
        /// Multiplies cosine and sine.
        magnitude: f32,
    },
}

/// Which set of frequencies a sequence of some length is turned by. Keys of different sets do not mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RopeSet {
    /// The one that is right up to the trained length, or for any.
    Base,
    /// Phi-3's set for long sequences.
    Long,
    /// Dynamic scaling's set for exactly this length.
    Grown(usize),
}

/// Rotary position embedding of one model.
#[derive(Clone, Debug)]
pub struct Rope {
    /// Values of a head that turn; the rest, if any, stay as they are.
    n_rotated: usize,
    base: f64,
    pairs: RopePairs,
    scaling: RopeScaling,
}

/// Cosines and sines for a run of positions, each `(n, 1, n_rotated / 2)`.
#[derive(Debug)]
pub struct RopeAngles {
    cos: Tensor,
    sin: Tensor,
}

impl Rope {
    /// Rotation of the first `n_rotated` values of each head with frequencies `base^(-2i / n_rotated)`.
    #[must_use]
    pub fn new(n_rotated: usize, base: f32, pairs: RopePairs, scaling: RopeScaling) -> Self {
        Self {
            n_rotated,
            base: f64::from(base),
            pairs,
            scaling,
        }
    }

    /// The set of frequencies for a sequence of `len` positions.
    #[must_use]
    pub fn set_for(&self, len: usize) -> RopeSet {
        match self.scaling {
            RopeScaling::Dynamic { trained_len, .. } if len > trained_len => RopeSet::Grown(len),
            RopeScaling::Long { trained_len, .. } if len > trained_len => RopeSet::Long,
            _ => RopeSet::Base,
        }
    }

    /// The set for a prompt of `len` positions and an answer of `n_answer` tokens. Phi-3 changes its set at a length, and
    /// one that an answer may cross is read with the long set from the start: transformers would read all of it again.
    #[must_use]
    pub fn set_for_prompt(&self, len: usize, n_answer: usize) -> RopeSet {
        match self.scaling {
            RopeScaling::Long { .. } => self.set_for(len + n_answer),
            _ => self.set_for(len),
        }
    }

    /// The set for the token at the end of `len` positions, after a prompt in the set `prompt`.
    #[must_use]
    pub fn set_for_step(&self, prompt: RopeSet, len: usize) -> RopeSet {
        match self.scaling {
            RopeScaling::Dynamic { .. } => self.set_for(len),
            _ => prompt,
        }
    }

    /// Angles for the positions `start .. start + n`.
    ///
    /// # Errors
    /// candle's.
    pub fn angles(
        &self,
        set: RopeSet,
        start: usize,
        n: usize,
        device: &Device,
    ) -> Result<RopeAngles, candle_core::Error> {
        let frequencies = self.frequencies(set);
        let magnitude = match self.scaling {
            RopeScaling::Long { magnitude, .. } => magnitude,
            _ => 1.0,
        };
        let (mut cos, mut sin) = (Vec::new(), Vec::new());
        for position in start..start + n {
            for frequency in &frequencies {
                // One rounding to f32 as in transformers, so that far positions agree with it.
                let (s, c) = (position as f32 * frequency).sin_cos();
                cos.push(c * magnitude);
                sin.push(s * magnitude);
            }
        }
        let shape = (n, 1, self.n_rotated / 2);
        Ok(RopeAngles {
            cos: Tensor::from_vec(cos, shape, device)?,
            sin: Tensor::from_vec(sin, shape, device)?,
        })
    }

    /// Turns `xs` `(n, heads, head_dim)` by the angles of its positions.
    ///
    /// # Errors
    /// candle's.
    pub fn rotate(&self, xs: &Tensor, angles: &RopeAngles) -> Result<Tensor, candle_core::Error> {
        let (n, n_heads, head_dim) = xs.dims3()?;
        if self.n_rotated < head_dim {
            let turned = self.rotate(&xs.narrow(2, 0, self.n_rotated)?.contiguous()?, angles)?;
            let rest = xs.narrow(2, self.n_rotated, head_dim - self.n_rotated)?;
            return Tensor::cat(&[&turned, &rest], 2);
        }
        // A position is taken for a batch entry of length one: so neither heads nor positions are moved in memory.
        let xs = xs.reshape((n, n_heads, 1, head_dim))?;
        let turned = match self.pairs {
            RopePairs::Adjacent => rotary_emb::rope_i(&xs, &angles.cos, &angles.sin)?,
            RopePairs::Halves => rotary_emb::rope(&xs, &angles.cos, &angles.sin)?,
        };
        turned.reshape((n, n_heads, head_dim))
    }

    fn frequencies(&self, set: RopeSet) -> Vec<f32> {
        let dim = self.n_rotated as f64;
        let base = match (&self.scaling, set) {
            (RopeScaling::Dynamic { factor, trained_len }, RopeSet::Grown(len)) => {
                let factor = f64::from(*factor);
                let grown = factor * len as f64 / *trained_len as f64 - (factor - 1.0);
                self.base * grown.powf(dim / (dim - 2.0))
            }
            _ => self.base,
        };
        let plain = (0..self.n_rotated / 2).map(|i| base.powf(-2.0 * i as f64 / dim));
        let divide = |divisors: &[f32]| {
            plain
                .clone()
                .zip(divisors)
                .map(|(f, d)| (f / f64::from(*d)) as f32)
                .collect()
        };
        match (&self.scaling, set) {
            (RopeScaling::Linear { factor }, _) => plain.map(|f| (f / f64::from(*factor)) as f32).collect(),
            (RopeScaling::PerFrequency { divisors }, _) => divide(divisors),
            (RopeScaling::Long { long, .. }, RopeSet::Long) => divide(long),
            (RopeScaling::Long { short, .. }, _) => divide(short),
            _ => plain.map(|f| f as f32).collect(),
        }
    }
}
