//! Weights by name, each held once: mapped on the host, or uploaded to the device.

use std::ops::Range;

use candle_core::Tensor;

use super::dequantize::dequantize;
use super::device::Compute;
use super::error::LlavaError;
use super::matrix::Matrix;
use super::numbers::check_numbers;
use crate::gguf::{Gguf, TensorInfo};

/// The tensors of one GGUF file and the device they go to.
#[derive(Clone, Debug)]
pub struct Weights<'a> {
    file: &'a Gguf,
    compute: &'a Compute,
}

impl<'a> Weights<'a> {
    /// The tensors of `file` for `compute`.
    #[must_use]
    pub fn new(file: &'a Gguf, compute: &'a Compute) -> Self {
        Self { file, compute }
    }

    /// Where they go.
    #[must_use]
    pub fn compute(&self) -> &'a Compute {
        self.compute
    }

    /// Whether the file has a tensor of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.file.tensor(name).is_some()
    }

    /// Row-major shape of a tensor.
    ///
    /// # Errors
    /// [`LlavaError::MissingTensor`].
    pub fn shape(&self, name: &str) -> Result<&'a [usize], LlavaError> {
        Ok(&self.info(name)?.shape)
    }

    /// Inputs of the matrix `name`: the product of all dimensions but the first.
    ///
    /// # Errors
    /// [`LlavaError::MissingTensor`].
    pub fn row_len(&self, name: &str) -> Result<usize, LlavaError> {
        Ok(self.shape(name)?[1..].iter().product())
    }

    /// The matrix `name`, `[out, in]`. Tensors of more dimensions are taken as `[first, all others]`.
    ///
    /// # Errors
    /// [`LlavaError::MissingTensor`], [`LlavaError::TensorShape`], or the upload's.
    pub fn matrix(&self, name: &str, out: usize, inner: usize) -> Result<Matrix, LlavaError> {
        self.matrix_rows(name, 0..out, out, inner)
    }

    /// The rows `rows` of the matrix `name`, which is `[out, inner]` as a whole: a part of a fused weight.
    ///
    /// # Errors
    /// As [`Weights::matrix`].
    pub fn matrix_rows(
        &self,
        name: &str,
        rows: Range<usize>,
        out: usize,
        inner: usize,
    ) -> Result<Matrix, LlavaError> {
        let info = self.info(name)?;
        let found = (info.shape[0], info.shape[1..].iter().product::<usize>());
        if found != (out, inner) || rows.end > out {
            return Err(self.shape_error(info, vec![out, inner]));
        }
        let row_bytes = info.n_bytes() / out;
        let bytes = info.range.start + rows.start * row_bytes..info.range.start + rows.end * row_bytes;
        let matrix = Matrix::mapped(self.file.source().clone(), bytes, info.dtype, rows.len(), inner);
        Ok(if self.compute.is_host() {
            matrix
        } else {
            matrix.upload(self.compute)?
        })
    }

    /// The vector `name` of length `len`, f32 on the device.
    ///
    /// # Errors
    /// [`LlavaError::MissingTensor`], [`LlavaError::TensorShape`], [`LlavaError::NotNumbers`], or the upload's.
    pub fn vector(&self, name: &str, len: usize) -> Result<Tensor, LlavaError> {
        let info = self.info(name)?;
        if info.n_values() != len {
            return Err(self.shape_error(info, vec![len]));
        }
        Ok(self.wide(info)?.reshape(len)?)
    }

    /// The vector `name` if the file has it.
    ///
    /// # Errors
    /// As [`Weights::vector`], save for a missing tensor.
    pub fn optional_vector(&self, name: &str, len: usize) -> Result<Option<Tensor>, LlavaError> {
        self.has(name).then(|| self.vector(name, len)).transpose()
    }

    /// A small table `[rows, cols]`, f32 on the device: position embeddings.
    ///
    /// # Errors
    /// As [`Weights::vector`].
    pub fn table(&self, name: &str, rows: usize, cols: usize) -> Result<Tensor, LlavaError> {
        Ok(self.vector(name, rows * cols)?.reshape((rows, cols))?)
    }

    fn wide(&self, info: &TensorInfo) -> Result<Tensor, LlavaError> {
        let values = dequantize(self.file.tensor_bytes(info), info.dtype, 1, info.n_values())?;
        check_numbers(&values, self.file.source().name())?;
        Ok(values.to_device(self.compute.device())?)
    }

    fn info(&self, name: &str) -> Result<&'a TensorInfo, LlavaError> {
        self.file.tensor(name).ok_or_else(|| LlavaError::MissingTensor {
            file: self.file.source().name().to_owned(),
            tensor: name.to_owned(),
        })
    }

    fn shape_error(&self, info: &TensorInfo, expected: Vec<usize>) -> LlavaError {
        LlavaError::TensorShape {
            file: self.file.source().name().to_owned(),
            tensor: info.name.clone(),
            expected,
            found: info.shape.clone(),
        }
    }
}
