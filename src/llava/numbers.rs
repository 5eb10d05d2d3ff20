//! Whether what a model computed are numbers: damaged weights, or such that do not fit their format, spread as NaN.

use candle_core::{D, DType, Tensor};

use super::error::LlavaError;

/// Refuses values that are not finite, in the name of the file whose weights they come from.
///
/// # Errors
/// [`LlavaError::NotNumbers`], or candle's.
pub(super) fn check_numbers(values: &Tensor, file: &str) -> Result<(), LlavaError> {
    // A sum is not finite where one of its parts is not. (One of numbers would have to overflow: then they are worthless.)
    let sums = values.to_dtype(DType::F32)?.sum_keepdim(D::Minus1)?;
    let is_finite = sums
        .flatten_all()?
        .to_vec1::<f32>()?
        .iter()
        .all(|sum| sum.is_finite());
    match is_finite {
        true => Ok(()),
        false => Err(LlavaError::NotNumbers {
            file: file.to_owned(),
        }),
    }
}
