//! One row of the tensor directory.

use std::ops::Range;

use super::tensor_type::TensorType;

/// Name, shape, type and place of a tensor. The place was checked: it lies in the file and overlaps no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// Name, such as `blk.0.attn_q.weight`.
    pub name: String,
    /// Shape in row-major order, slowest first: `[out, in]` for a weight matrix. (GGUF stores it the other way round.)
    pub shape: Vec<usize>,
    /// How the values are stored.
    pub dtype: TensorType,
    /// The bytes of the tensor within the file.
    pub range: Range<usize>,
}

impl TensorInfo {
    /// Number of values.
    #[must_use]
    pub fn n_values(&self) -> usize {
        self.shape.iter().product()
    }

    /// Number of bytes in the file.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        self.range.len()
    }
}
