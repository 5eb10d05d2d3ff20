//! A weight matrix that stays where the file put it, and multiplication with it.

use std::ops::Range;
use std::sync::Arc;

use candle_core::quantized::{QMatMul, QStorage, QTensor};
use candle_core::{Module, Storage, Tensor, WithDType};

use super::dequantize::{dequantize, ggml_type};
use super::device::{Compute, KernelPath};
use super::error::LlavaError;
use super::kernels;
use crate::cancel::CancelToken;
use crate::gguf::{Source, TensorType};

/// Values that the portable twin widens at a time: 16 MB as f32, so that widening never doubles a model.
const WIDENED_VALUES: usize = 4 << 20;

/// A weight matrix `[out, in]` in the format of its file. Cheap to clone: clones share the weights.
#[derive(Clone, Debug)]
pub struct Matrix {
    n_rows: usize,
    n_cols: usize,
    store: Store,
}

#[derive(Clone, Debug)]
enum Store {
    /// In host memory, usually a mapped file.
    Mapped {
        source: Source,
        bytes: Range<usize>,
        dtype: TensorType,
    },
    /// On another device, in the file's format.
    Quantized(Arc<QTensor>),
    /// On another device, as f16: what wider formats become there.
    Half(Tensor),
}

impl Matrix {
    /// The matrix whose rows are `bytes` of `source`.
    #[must_use]
    pub fn mapped(
        source: Source,
        bytes: Range<usize>,
        dtype: TensorType,
        n_rows: usize,
        n_cols: usize,
    ) -> Self {
        Self {
            n_rows,
            n_cols,
            store: Store::Mapped { source, bytes, dtype },
        }
    }

    /// Number of outputs.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Number of inputs.
    #[must_use]
    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// The same matrix in the memory of the device of `compute`.
    ///
    /// # Errors
    /// candle's, above all too little memory on the device.
    pub fn upload(self, compute: &Compute) -> Result<Self, LlavaError> {
        let Store::Mapped { source, bytes, dtype } = &self.store else {
            return Ok(self);
        };
        let data = &source.bytes()[bytes.clone()];
        let shape = (self.n_rows, self.n_cols);
        let store = match dtype {
            TensorType::F32 | TensorType::F16 | TensorType::BF16 => {
                let values = dequantize(data, *dtype, shape.0, shape.1)?.to_dtype(candle_core::DType::F16)?;
                Store::Half(values.to_device(compute.device())?)
            }
            _ => {
                let storage = QStorage::from_data(data.into(), compute.device(), ggml_type(*dtype))?;
                Store::Quantized(Arc::new(QTensor::new(storage, shape)?))
            }
        };
        Ok(Self { store, ..self })
    }

    /// `xs` times the transposed matrix: `(n, in)` f32 to `(n, out)` f32.
    ///
    /// # Errors
    /// [`LlavaError::Cancelled`] within a few milliseconds, or candle's.
    pub fn matmul(&self, xs: &Tensor, compute: &Compute, cancel: &CancelToken) -> Result<Tensor, LlavaError> {
        let [ys] = matmul_all([self], xs, compute, cancel)?;
        Ok(ys)
    }

    fn matmul_alone(&self, xs: &Tensor, cancel: &CancelToken) -> Result<Tensor, LlavaError> {
        match &self.store {
            Store::Mapped { source, bytes, dtype } => {
                self.matmul_widened(&source.bytes()[bytes.clone()], *dtype, xs, cancel)
            }
            Store::Quantized(weights) => Ok(QMatMul::from_arc(Arc::clone(weights))?.forward(xs)?),
            Store::Half(weights) => {
                let product = xs.to_dtype(weights.dtype())?.matmul(&weights.t()?)?;
                Ok(product.to_dtype(xs.dtype())?)
            }
        }
    }

    /// The portable twin: widens as many rows as fit the budget, multiplies, goes on.
    fn matmul_widened(
        &self,
        bytes: &[u8],
        dtype: TensorType,
        xs: &Tensor,
        cancel: &CancelToken,
    ) -> Result<Tensor, LlavaError> {
        let row_bytes = bytes.len() / self.n_rows;
        let step = (WIDENED_VALUES / self.n_cols).clamp(1, self.n_rows);
        let mut parts = Vec::with_capacity(self.n_rows.div_ceil(step));
        for block in bytes.chunks(step * row_bytes) {
            cancel.wait_while_held()?;
            let rows = dequantize(block, dtype, block.len() / row_bytes, self.n_cols)?;
            parts.push(xs.matmul(&rows.t()?)?);
        }
        Ok(if parts.len() == 1 {
            parts.swap_remove(0)
        } else {
            Tensor::cat(&parts, 1)?
        })
    }

    /// The rows of `ids` as f32, `(ids, in)`: token embeddings.
    ///
    /// # Errors
    /// candle's; an id beyond the rows is one.
    pub fn gather(&self, ids: &[u32], compute: &Compute) -> Result<Tensor, LlavaError> {
        let device = compute.device();
        match &self.store {
            Store::Mapped { source, bytes, dtype } => {
                let all = &source.bytes()[bytes.clone()];
                let row_bytes = all.len() / self.n_rows;
                let mut picked = Vec::with_capacity(ids.len() * row_bytes);
                for &id in ids {
                    let start = id as usize * row_bytes;
                    let row = all.get(start..start + row_bytes).ok_or_else(|| {
                        candle_core::Error::Msg(format!("token {id} is beyond the vocabulary")).bt()
                    })?;
                    picked.extend_from_slice(row);
                }
                Ok(dequantize(&picked, *dtype, ids.len(), self.n_cols)?.to_device(device)?)
            }
            Store::Quantized(weights) => Ok(weights.embedding(&Tensor::new(ids, device)?)?),
            Store::Half(weights) => Ok(weights
                .index_select(&Tensor::new(ids, device)?, 0)?
                .to_dtype(compute.dtype())?),
        }
    }
}

/// Several matrices over one input `(n, in)`: query, key and value; gate and up.
///
/// # Errors
/// [`LlavaError::Cancelled`] within a few milliseconds (in the portable twin, between blocks of rows), or candle's.
pub(super) fn matmul_all<const N: usize>(
    matrices: [&Matrix; N],
    xs: &Tensor,
    compute: &Compute,
    cancel: &CancelToken,
) -> Result<[Tensor; N], LlavaError> {
    cancel.wait_while_held()?;
    if compute.kernels() == KernelPath::Native
        && let Some(views) = host_views(&matrices)
    {
        return matmul_native(&views, xs, cancel);
    }
    let products = matrices
        .iter()
        .map(|m| m.matmul_alone(xs, cancel))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(products.try_into().expect("BUG: one product for each matrix"))
}

/// The matrices as the kernels see them, if all lie in host memory.
fn host_views<'a, const N: usize>(matrices: &[&'a Matrix; N]) -> Option<[kernels::Weights<'a>; N]> {
    let views = matrices.iter().map(|matrix| match &matrix.store {
        Store::Mapped { source, bytes, dtype } => kernels::Weights::new(
            *dtype,
            matrix.n_rows,
            matrix.n_cols,
            &source.bytes()[bytes.clone()],
        ),
        Store::Quantized(_) | Store::Half(_) => None,
    });
    let views: Vec<_> = views.collect::<Option<_>>()?;
    views.try_into().ok()
}

fn matmul_native<const N: usize>(
    views: &[kernels::Weights<'_>; N],
    xs: &Tensor,
    cancel: &CancelToken,
) -> Result<[Tensor; N], LlavaError> {
    let (n, n_cols) = xs.dims2()?;
    if views.iter().any(|view| view.n_cols() != n_cols) {
        let message = format!("{n_cols} inputs for a matrix of {}", views[0].n_cols());
        return Err(candle_core::Error::Msg(message).bt().into());
    }
    let mut products = views.map(|view| vec![0f32; n * view.n_rows()]);
    on_slice(xs, |xs: &[f32]| {
        let mut outs: Vec<&mut [f32]> = products.iter_mut().map(Vec::as_mut_slice).collect();
        kernels::matmul_many(views, xs, &mut outs, cancel)
    })??;
    let tensors: Vec<Tensor> = products
        .into_iter()
        .zip(views)
        .map(|(product, view)| Tensor::from_vec(product, (n, view.n_rows()), xs.device()))
        .collect::<Result<_, _>>()?;
    Ok(tensors.try_into().expect("BUG: one product for each matrix"))
}

/// Calls `work` with the values of a tensor in host memory, which are copied only if they lie apart.
pub(super) fn on_slice<T: WithDType, R>(
    xs: &Tensor,
    work: impl FnOnce(&[T]) -> R,
) -> Result<R, candle_core::Error> {
    let xs = xs.contiguous()?;
    let (storage, layout) = xs.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else {
        return Err(
            candle_core::Error::Msg("a tensor on a device where kernels of the CPU run".to_owned()).bt(),
        );
    };
    let start = layout.start_offset();
    Ok(work(
        &storage.as_slice::<T>()?[start..start + layout.shape().elem_count()],
    ))
}
