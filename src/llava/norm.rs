//! Layer norm with weight and bias.

use candle_core::Tensor;
use candle_nn::ops::layer_norm;

use super::error::LlavaError;
use super::weights::Weights;

/// `(x - mean) / sqrt(variance + eps) * weight + bias`, row by row.
#[derive(Debug)]
pub(super) struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    eps: f32,
}

impl LayerNorm {
    /// `name.weight` and `name.bias`, of rows of `width` values.
    ///
    /// # Errors
    /// [`LlavaError::MissingTensor`], [`LlavaError::TensorShape`], or the upload's.
    pub(super) fn load(
        weights: &Weights<'_>,
        name: &str,
        width: usize,
        eps: f32,
    ) -> Result<Self, LlavaError> {
        Ok(Self {
            weight: weights.vector(&format!("{name}.weight"), width)?,
            bias: weights.vector(&format!("{name}.bias"), width)?,
            eps,
        })
    }

    /// The same, where the file has it.
    ///
    /// # Errors
    /// As [`LayerNorm::load`].
    pub(super) fn optional(
        weights: &Weights<'_>,
        name: &str,
        width: usize,
        eps: f32,
    ) -> Result<Option<Self>, LlavaError> {
        weights
            .has(&format!("{name}.weight"))
            .then(|| Self::load(weights, name, width, eps))
            .transpose()
    }

    /// `(n, width)` to `(n, width)`.
    ///
    /// # Errors
    /// candle's.
    pub(super) fn forward(&self, xs: &Tensor) -> Result<Tensor, candle_core::Error> {
        layer_norm(xs, &self.weight, &self.bias, self.eps)
    }
}
