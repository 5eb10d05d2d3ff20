//! A matrix and an optional bias.

use candle_core::Tensor;

use super::device::Compute;
use super::error::LlavaError;
use super::matrix::{Matrix, matmul_all};
use super::weights::Weights;
use crate::cancel::CancelToken;

/// `y = x W^T + b`.
#[derive(Clone, Debug)]
pub(super) struct Linear {
    weight: Matrix,
    bias: Option<Tensor>,
}

impl Linear {
    /// `name.weight` of shape `[out, inner]`, with `name.bias` where the file has one.
    ///
    /// # Errors
    /// [`LlavaError::MissingTensor`] or [`LlavaError::TensorShape`].
    pub(super) fn load(
        weights: &Weights<'_>,
        name: &str,
        out: usize,
        inner: usize,
    ) -> Result<Self, LlavaError> {
        Ok(Self {
            weight: weights.matrix(&format!("{name}.weight"), out, inner)?,
            bias: weights.optional_vector(&format!("{name}.bias"), out)?,
        })
    }

    /// A matrix without a bias.
    #[must_use]
    pub(super) fn without_bias(weight: Matrix) -> Self {
        Self { weight, bias: None }
    }

    /// `(n, in)` to `(n, out)`.
    ///
    /// # Errors
    /// [`LlavaError::Cancelled`] or candle's.
    pub(super) fn forward(
        &self,
        xs: &Tensor,
        compute: &Compute,
        cancel: &CancelToken,
    ) -> Result<Tensor, LlavaError> {
        let [ys] = Self::forward_all([self], xs, compute, cancel)?;
        Ok(ys)
    }

    /// Several of them over one input.
    ///
    /// # Errors
    /// [`LlavaError::Cancelled`] or candle's.
    pub(super) fn forward_all<const N: usize>(
        linears: [&Self; N],
        xs: &Tensor,
        compute: &Compute,
        cancel: &CancelToken,
    ) -> Result<[Tensor; N], LlavaError> {
        let mut products = matmul_all(linears.map(|linear| &linear.weight), xs, compute, cancel)?;
        for (product, linear) in products.iter_mut().zip(linears) {
            if let Some(bias) = &linear.bias {
                *product = product.broadcast_add(bias)?;
            }
        }
        Ok(products)
    }
}
