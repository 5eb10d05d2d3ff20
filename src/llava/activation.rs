//! The functions between the layers of a perceptron that take time.

use candle_core::Tensor;
use candle_nn::ops::{sigmoid, silu};

use super::device::{Compute, KernelPath};
use super::kernels;
use super::matrix::on_slice;

/// `silu(gate) * up`, the gate of Llama's perceptron; both `(n, width)`.
pub(super) fn silu_times(gate: Tensor, up: &Tensor, compute: &Compute) -> Result<Tensor, candle_core::Error> {
    if !is_native(compute) {
        return silu(&gate)? * up;
    }
    on_values(gate, |gate| {
        on_slice(up, |up: &[f32]| kernels::silu_times(gate, up))
    })
}

/// `x * sigmoid(1.702 x)`, CLIP's approximation of GELU; `xs` `(n, width)`.
pub(super) fn quick_gelu(xs: Tensor, compute: &Compute) -> Result<Tensor, candle_core::Error> {
    if !is_native(compute) {
        return &xs * sigmoid(&(&xs * 1.702)?)?;
    }
    on_values(xs, |xs| {
        kernels::quick_gelu(xs);
        Ok(())
    })
}

fn is_native(compute: &Compute) -> bool {
    compute.kernels() == KernelPath::Native && compute.is_host()
}

/// The tensor after `work` has changed its values.
fn on_values(
    xs: Tensor,
    work: impl FnOnce(&mut [f32]) -> Result<(), candle_core::Error>,
) -> Result<Tensor, candle_core::Error> {
    let (shape, device) = (xs.shape().clone(), xs.device().clone());
    let mut values = on_slice(&xs, <[f32]>::to_vec)?;
    drop(xs);
    work(&mut values)?;
    Tensor::from_vec(values, shape, &device)
}
