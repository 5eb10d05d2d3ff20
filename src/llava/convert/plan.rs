//! What a file is going to hold: known whole before a byte of weights is read.

use super::checkpoint::StoredTensor;
use super::error::ConvertError;
use crate::gguf::{GgufWriter, MetaValue, TensorType};

/// Which rows of a stored tensor, in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowOrder {
    /// All, or from this one on.
    From(usize),
    /// Those of a head's two halves in turn: llama.cpp's architecture `llama` turns neighbours, transformers turns halves.
    Rotary {
        /// Heads in the tensor.
        n_heads: usize,
    },
}

impl RowOrder {
    /// The stored row that is row `row` of `n_rows` in the file.
    pub(super) fn stored_row(self, row: usize, n_rows: usize) -> usize {
        match self {
            Self::From(first) => first + row,
            Self::Rotary { n_heads } => {
                let head_dim = n_rows / n_heads;
                let (head, within) = (row / head_dim, row % head_dim);
                head * head_dim + (within % 2) * (head_dim / 2) + within / 2
            }
        }
    }
}

/// Where the values of a tensor come from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// Rows of a tensor of the checkpoint.
    Rows { tensor: StoredTensor, order: RowOrder },
    /// Few enough to be worked out beforehand.
    Values(Vec<f32>),
}

/// A tensor to be written.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) name: String,
    /// Row-major.
    pub(super) shape: Vec<usize>,
    pub(super) dtype: TensorType,
    pub(super) origin: Origin,
    pub(super) n_rows: usize,
    pub(super) row_len: usize,
}

impl Planned {
    /// A tensor as it is stored, or with its rows in another order.
    pub(super) fn stored(name: &str, tensor: &StoredTensor, dtype: TensorType, order: RowOrder) -> Self {
        Self::rows(name, tensor, tensor.shape.clone(), dtype, order)
    }

    /// A tensor of this shape from the rows of a stored one.
    pub(super) fn rows(
        name: &str,
        tensor: &StoredTensor,
        shape: Vec<usize>,
        dtype: TensorType,
        order: RowOrder,
    ) -> Self {
        // The values of a vector are rows of their own, so that a part of one can be taken; quantized types need whole rows.
        let n_rows = shape.first().copied().unwrap_or(1);
        let row_len = shape.iter().skip(1).product();
        Self {
            name: name.to_owned(),
            shape,
            dtype,
            origin: Origin::Rows {
                tensor: tensor.clone(),
                order,
            },
            n_rows,
            row_len,
        }
    }

    /// A vector of values that were worked out.
    pub(super) fn values(name: &str, values: Vec<f32>) -> Self {
        Self {
            name: name.to_owned(),
            shape: vec![values.len()],
            dtype: TensorType::F32,
            n_rows: values.len(),
            row_len: 1,
            origin: Origin::Values(values),
        }
    }

    pub(super) fn n_bytes(&self) -> u64 {
        self.dtype
            .n_bytes((self.n_rows * self.row_len) as u64)
            .unwrap_or(0)
    }
}

/// A file to be written.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) metadata: Vec<(String, MetaValue)>,
    pub(super) tensors: Vec<Planned>,
}

impl Plan {
    pub(super) fn set(&mut self, key: impl Into<String>, value: MetaValue) {
        self.metadata.push((key.into(), value));
    }

    pub(super) fn text(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.set(key, MetaValue::Str(value.into()));
    }

    pub(super) fn size(&mut self, key: impl Into<String>, value: usize) {
        self.set(key, MetaValue::U32(u32::try_from(value).unwrap_or(u32::MAX)));
    }

    /// A tensor that must be `shape`.
    pub(super) fn shaped(
        &mut self,
        name: &str,
        tensor: &StoredTensor,
        shape: &[usize],
        dtype: TensorType,
        order: RowOrder,
    ) -> Result<(), ConvertError> {
        if tensor.shape != shape {
            return Err(tensor.shape_error(format!("{shape:?}")));
        }
        self.tensors.push(Planned::stored(name, tensor, dtype, order));
        Ok(())
    }

    /// The file as the writer knows it.
    pub(super) fn writer(&self) -> GgufWriter {
        let mut writer = GgufWriter::new();
        for (key, value) in &self.metadata {
            writer.set(key, value.clone());
        }
        for tensor in &self.tensors {
            writer.tensor(&tensor.name, &tensor.shape, tensor.dtype);
        }
        writer
    }
}
