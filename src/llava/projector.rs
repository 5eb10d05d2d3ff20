//! The two-layer perceptron between the tower and the language model (`LlavaMultiModalProjector` of transformers).

use candle_core::Tensor;

use super::device::Compute;
use super::error::LlavaError;
use super::linear::Linear;
use super::weights::Weights;
use crate::cancel::CancelToken;
use crate::gguf::Gguf;

/// Turns feature rows into embedding rows.
#[derive(Debug)]
pub struct Projector {
    compute: Compute,
    first: Linear,
    second: Linear,
    n_inputs: usize,
    width: usize,
}

impl Projector {
    /// The projector of an mmproj file.
    ///
    /// # Errors
    /// [`LlavaError::MissingTensor`], [`LlavaError::TensorShape`], or the upload's.
    pub fn load(file: &Gguf, compute: &Compute) -> Result<Self, LlavaError> {
        let weights = Weights::new(file, compute);
        let (hidden, n_inputs) = (weights.shape("mm.0.weight")?[0], weights.row_len("mm.0.weight")?);
        let width = weights.shape("mm.2.weight")?[0];
        Ok(Self {
            compute: compute.clone(),
            first: Linear::load(&weights, "mm.0", hidden, n_inputs)?,
            second: Linear::load(&weights, "mm.2", width, hidden)?,
            n_inputs,
            width,
        })
    }

    /// Width of the feature rows that it takes.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    /// Width of the embedding rows that it gives.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Feature rows `(n, n_inputs)` to embedding rows `(n, width)`. The GELU is the exact one, as in transformers; ggml's
    /// is an approximation that differs by about 1e-3.
    ///
    /// # Errors
    /// [`LlavaError::Cancelled`], or candle's.
    pub fn project(&self, features: &Tensor, cancel: &CancelToken) -> Result<Tensor, LlavaError> {
        let hidden = self.first.forward(features, &self.compute, cancel)?.gelu_erf()?;
        self.second.forward(&hidden, &self.compute, cancel)
    }
}
