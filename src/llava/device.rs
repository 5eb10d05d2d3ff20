//! Where numbers are computed. Decided once, here; model code never asks.

use candle_core::{DType, Device};

use super::kernels;

/// The device, and whether our own kernels run on it.
#[derive(Clone, Debug)]
pub struct Compute {
    device: Device,
    kernels: KernelPath,
}

/// Who multiplies quantized matrices and attends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KernelPath {
    /// Hand-written CPU kernels, or on another device candle's.
    Native,
    /// The portable twin: dequantize a block of rows, then candle's matmul. Exact and slow; what kernels are measured by.
    Portable,
}

impl Compute {
    /// The CPU with the fastest kernels it has.
    #[must_use]
    pub fn cpu() -> Self {
        Self {
            device: Device::Cpu,
            kernels: KernelPath::Native,
        }
    }

    /// The CPU through candle's operations alone.
    #[must_use]
    pub fn portable() -> Self {
        Self {
            device: Device::Cpu,
            kernels: KernelPath::Portable,
        }
    }

    /// The best device of this build on this machine: CUDA or Metal where compiled in and present, else the CPU.
    #[must_use]
    pub fn best() -> Self {
        #[cfg(feature = "cuda")]
        if let Ok(device) = Device::new_cuda(0) {
            return Self {
                device,
                kernels: KernelPath::Native,
            };
        }
        #[cfg(feature = "metal")]
        if let Ok(device) = Device::new_metal(0) {
            return Self {
                device,
                kernels: KernelPath::Native,
            };
        }
        Self::cpu()
    }

    /// The candle device.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Type of activations: f32 everywhere for now, as candle's quantized kernels take it on every device.
    #[must_use]
    pub fn dtype(&self) -> DType {
        DType::F32
    }

    /// Whether weights stay in host memory (mapped) rather than being uploaded.
    #[must_use]
    pub fn is_host(&self) -> bool {
        self.device.is_cpu()
    }

    /// Who multiplies.
    #[must_use]
    pub fn kernels(&self) -> KernelPath {
        self.kernels
    }

    /// Runs a step of a model where its products are handed to threads soonest.
    pub(super) fn run<R: Send>(&self, step: impl FnOnce() -> R + Send) -> R {
        if self.is_host() {
            kernels::inside_pool(step)
        } else {
            step()
        }
    }

    /// A name for people.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.device {
            Device::Cpu => "cpu",
            Device::Cuda(_) => "cuda",
            Device::Metal(_) => "metal",
        }
    }
}
