//! Stored weights as numbers, by candle.

use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{DType, Device, Tensor};

use crate::gguf::TensorType;

/// The values of `rows * cols` stored weights as an f32 tensor `(rows, cols)` in host memory.
///
/// # Errors
/// candle's, where `cols` is no whole number of blocks.
pub fn dequantize(
    bytes: &[u8],
    dtype: TensorType,
    rows: usize,
    cols: usize,
) -> Result<Tensor, candle_core::Error> {
    let device = Device::Cpu;
    if dtype == TensorType::F32 || dtype == TensorType::F16 || dtype == TensorType::BF16 {
        return Tensor::from_raw_buffer(bytes, plain_type(dtype), &[rows, cols], &device)?
            .to_dtype(DType::F32);
    }
    let storage = QStorage::from_data(bytes.into(), &device, ggml_type(dtype))?;
    QTensor::new(storage, (rows, cols))?.dequantize(&device)
}

fn plain_type(dtype: TensorType) -> DType {
    match dtype {
        TensorType::F16 => DType::F16,
        TensorType::BF16 => DType::BF16,
        _ => DType::F32,
    }
}

/// candle's name for a weight format.
pub(super) fn ggml_type(dtype: TensorType) -> GgmlDType {
    match dtype {
        TensorType::F32 => GgmlDType::F32,
        TensorType::F16 => GgmlDType::F16,
        TensorType::BF16 => GgmlDType::BF16,
        TensorType::Q4_0 => GgmlDType::Q4_0,
        TensorType::Q4_1 => GgmlDType::Q4_1,
        TensorType::Q5_0 => GgmlDType::Q5_0,
        TensorType::Q5_1 => GgmlDType::Q5_1,
        TensorType::Q8_0 => GgmlDType::Q8_0,
        TensorType::Q2_K => GgmlDType::Q2K,
        TensorType::Q3_K => GgmlDType::Q3K,
        TensorType::Q4_K => GgmlDType::Q4K,
        TensorType::Q5_K => GgmlDType::Q5K,
        TensorType::Q6_K => GgmlDType::Q6K,
        TensorType::Q8_K => GgmlDType::Q8K,
    }
}
