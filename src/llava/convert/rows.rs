//! Rows of a checkpoint as blocks of a GGUF file: a piece of a tensor at a time, pieces side by side.

use candle_core::quantized::QTensor;
use candle_core::{Device, Tensor};
use half::{bf16, f16};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use super::checkpoint::{Stored, StoredTensor};
use super::error::ConvertError;
use super::plan::{Origin, Planned, RowOrder};
use crate::cancel::CancelToken;
use crate::gguf::TensorType;
use crate::llava::dequantize::ggml_type;

/// Values that one thread works on: 1 MB, quantized in some 50 ms.
const PIECE_VALUES: usize = 1 << 18;

/// Hands the bytes of a tensor to `write` in order, a piece at a time.
pub(super) fn encode(
    tensor: &Planned,
    cancel: &CancelToken,
    write: &mut dyn FnMut(&[u8]) -> Result<(), ConvertError>,
) -> Result<(), ConvertError> {
    let rows_at_once = (PIECE_VALUES / tensor.row_len.max(1)).max(1);
    let starts: Vec<usize> = (0..tensor.n_rows).step_by(rows_at_once).collect();
    for batch in starts.chunks(rayon::current_num_threads().max(1)) {
        let piece = |&start: &usize| {
            cancel.check()?;
            let rows = start..(start + rows_at_once).min(tensor.n_rows);
            let values = values_of(tensor, rows.clone());
            to_blocks(values, rows.len(), tensor.row_len, tensor.dtype)
        };
        let pieces: Vec<Result<Vec<u8>, ConvertError>> = batch.into_par_iter().map(piece).collect();
        for piece in pieces {
            write(&piece?)?;
        }
        release(
            tensor,
            batch[0]..(batch[batch.len() - 1] + rows_at_once).min(tensor.n_rows),
        );
    }
    if let Origin::Rows { tensor, .. } = &tensor.origin {
        tensor.source.release(tensor.range.clone());
    }
    Ok(())
}

/// Gives back the pages of rows that were read, where rows lie as they are written.
fn release(tensor: &Planned, rows: std::ops::Range<usize>) {
    if let Origin::Rows {
        tensor: stored,
        order: RowOrder::From(first),
    } = &tensor.origin
    {
        let row_bytes = tensor.row_len * stored.stored.value_bytes();
        let start = stored.range.start + first * row_bytes;
        stored
            .source
            .release(start + rows.start * row_bytes..start + rows.end * row_bytes);
    }
}

fn values_of(tensor: &Planned, rows: std::ops::Range<usize>) -> Vec<f32> {
    let row_len = tensor.row_len;
    match &tensor.origin {
        Origin::Values(values) => values[rows.start * row_len..rows.end * row_len].to_vec(),
        Origin::Rows {
            tensor: stored,
            order,
        } => {
            let mut values = Vec::with_capacity(rows.len() * row_len);
            match order {
                RowOrder::From(first) => {
                    push_values(
                        stored,
                        (first + rows.start) * row_len,
                        rows.len() * row_len,
                        &mut values,
                    );
                }
                RowOrder::Rotary { .. } => {
                    for row in rows {
                        let row = order.stored_row(row, tensor.n_rows);
                        push_values(stored, row * row_len, row_len, &mut values);
                    }
                }
            }
            values
        }
    }
}

/// Appends `n` values from the one at `first`.
fn push_values(tensor: &StoredTensor, first: usize, n: usize, values: &mut Vec<f32>) {
    let width = tensor.stored.value_bytes();
    let start = tensor.range.start + first * width;
    let bytes = &tensor.source.bytes()[start..start + n * width];
    match tensor.stored {
        Stored::F32 => {
            let (whole, _) = bytes.as_chunks::<4>();
            values.extend(whole.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        }
        Stored::F16 => {
            let (whole, _) = bytes.as_chunks::<2>();
            values.extend(whole.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32()));
        }
        Stored::BF16 => {
            let (whole, _) = bytes.as_chunks::<2>();
            values.extend(whole.iter().map(|bytes| bf16::from_le_bytes(*bytes).to_f32()));
        }
    }
}

/// The bytes of `n_rows` rows in a format; whole blocks lie within rows.
fn to_blocks(
    values: Vec<f32>,
    n_rows: usize,
    row_len: usize,
    dtype: TensorType,
) -> Result<Vec<u8>, ConvertError> {
    Ok(match dtype {
        TensorType::F32 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        TensorType::F16 => values
            .iter()
            .flat_map(|value| f16::from_f32(*value).to_le_bytes())
            .collect(),
        TensorType::BF16 => values
            .iter()
            .flat_map(|value| bf16::from_f32(*value).to_le_bytes())
            .collect(),
        quantized => {
            let values = Tensor::from_vec(values, (n_rows, row_len), &Device::Cpu)?;
            QTensor::quantize(&values, ggml_type(quantized))?
                .data()?
                .into_owned()
        }
    })
}
