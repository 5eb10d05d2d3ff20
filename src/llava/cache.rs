//! Keys and values of the positions read so far.

use candle_core::{DType, Device, Tensor};
use half::f16;

use super::device::Compute;
use super::error::LlavaError;
use super::rope::RopeSet;

/// How keys and values are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheType {
    /// Two bytes a value.
    #[default]
    F16,
    /// Four bytes a value: for comparisons.
    F32,
}

impl CacheType {
    fn dtype(self) -> DType {
        match self {
            Self::F16 => DType::F16,
            Self::F32 => DType::F32,
        }
    }

    /// Bytes of one value.
    #[must_use]
    pub fn n_bytes(self) -> usize {
        self.dtype().size_in_bytes()
    }
}

/// Sizes of a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheShape {
    /// Layers of the language model.
    pub n_layers: usize,
    /// Key/value heads of a layer.
    pub n_kv_heads: usize,
    /// Width of a head.
    pub head_dim: usize,
    /// Most positions that it holds.
    pub capacity: usize,
    /// How values are stored.
    pub dtype: CacheType,
}

impl CacheShape {
    /// Bytes at full length, the largest number where they are more.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        [self.n_layers, self.capacity, self.n_kv_heads, self.head_dim]
            .iter()
            .fold(2 * self.dtype.n_bytes(), |n, &size| n.saturating_mul(size))
    }
}

/// Keys and values, preallocated: per layer two tensors `(capacity, n_kv_heads, head_dim)`, filled from the front.
///
/// On the CPU the memory is only touched as it is filled, so an empty cache costs nothing.
#[derive(Debug)]
pub struct KvCache {
    shape: CacheShape,
    layers: Vec<(Tensor, Tensor)>,
    len: usize,
    rope: RopeSet,
}

impl KvCache {
    /// An empty cache on the device of `compute`.
    ///
    /// # Errors
    /// [`LlavaError::NoContext`], or candle's: too little memory on the device.
    pub fn new(shape: CacheShape, compute: &Compute) -> Result<Self, LlavaError> {
        let layers = (0..shape.n_layers)
            .map(|_| Ok((blank(&shape, compute.device())?, blank(&shape, compute.device())?)))
            .collect::<Result<_, LlavaError>>()?;
        Ok(Self {
            shape,
            layers,
            len: 0,
            rope: RopeSet::Base,
        })
    }

    /// Positions held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Most positions that it holds.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.shape.capacity
    }

    /// Its sizes.
    #[must_use]
    pub fn shape(&self) -> CacheShape {
        self.shape
    }

    /// The frequencies its keys were turned by.
    #[must_use]
    pub fn rope(&self) -> RopeSet {
        self.rope
    }

    /// Forgets everything from position `len` on.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Forgets everything, and takes keys of other frequencies from here on.
    pub fn restart(&mut self, rope: RopeSet) {
        self.len = 0;
        self.rope = rope;
    }

    /// A cache of its own with the same content. (A clone of tensors would share memory, and writing to one would
    /// corrupt the other.)
    ///
    /// # Errors
    /// As [`KvCache::new`].
    pub fn fork(&self, compute: &Compute) -> Result<Self, LlavaError> {
        let mut fork = Self::new(self.shape, compute)?;
        for ((from_k, from_v), (to_k, to_v)) in self.layers.iter().zip(&fork.layers) {
            if self.len > 0 {
                to_k.slice_set(&from_k.narrow(0, 0, self.len)?.copy()?, 0, 0)?;
                to_v.slice_set(&from_v.narrow(0, 0, self.len)?.copy()?, 0, 0)?;
            }
        }
        fork.len = self.len;
        fork.rope = self.rope;
        Ok(fork)
    }

    /// Writes the keys and values `(n, n_kv_heads, head_dim)` of the positions after [`KvCache::len`] for one layer, and
    /// returns all of that layer, `(len + n, n_kv_heads, head_dim)`. The length grows with [`KvCache::advance`] only, so
    /// that a step which is broken off leaves the cache as it was.
    pub(super) fn extend(
        &self,
        layer: usize,
        keys: &Tensor,
        values: &Tensor,
    ) -> Result<(Tensor, Tensor), candle_core::Error> {
        let (all_keys, all_values) = &self.layers[layer];
        let dtype = self.shape.dtype.dtype();
        all_keys.slice_set(&keys.to_dtype(dtype)?.contiguous()?, 0, self.len)?;
        all_values.slice_set(&values.to_dtype(dtype)?.contiguous()?, 0, self.len)?;
        let len = self.len + keys.dim(0)?;
        Ok((all_keys.narrow(0, 0, len)?, all_values.narrow(0, 0, len)?))
    }

    /// Keys and values of the first `n` positions of one layer, as bytes of the cache's type.
    pub(super) fn layer_bytes(&self, layer: usize, n: usize) -> Result<[Vec<u8>; 2], candle_core::Error> {
        let (keys, values) = &self.layers[layer];
        let bytes = |all: &Tensor| -> Result<Vec<u8>, candle_core::Error> {
            let flat = all.narrow(0, 0, n)?.flatten_all()?;
            Ok(match self.shape.dtype {
                CacheType::F16 => bytemuck::cast_slice(&flat.to_vec1::<f16>()?).to_vec(),
                CacheType::F32 => bytemuck::cast_slice(&flat.to_vec1::<f32>()?).to_vec(),
            })
        };
        Ok([bytes(keys)?, bytes(values)?])
    }

    /// Writes what [`KvCache::layer_bytes`] gave for `n` positions back into one layer.
    pub(super) fn set_layer_bytes(
        &self,
        layer: usize,
        n: usize,
        bytes: [&[u8]; 2],
    ) -> Result<(), candle_core::Error> {
        let (keys, values) = &self.layers[layer];
        let dims = (n, self.shape.n_kv_heads, self.shape.head_dim);
        for (to, bytes) in [keys, values].into_iter().zip(bytes) {
            let from = match self.shape.dtype {
                CacheType::F16 => {
                    Tensor::from_vec(bytemuck::pod_collect_to_vec::<u8, f16>(bytes), dims, &Device::Cpu)
                }
                CacheType::F32 => {
                    Tensor::from_vec(bytemuck::pod_collect_to_vec::<u8, f32>(bytes), dims, &Device::Cpu)
                }
            };
            to.slice_set(&from?.to_device(to.device())?, 0, 0)?;
        }
        Ok(())
    }

    /// Counts `n` positions that every layer has written.
    pub(super) fn advance(&mut self, n: usize) {
        self.len += n;
    }
}

fn blank(shape: &CacheShape, device: &Device) -> Result<Tensor, LlavaError> {
    let dims = (shape.capacity, shape.n_kv_heads, shape.head_dim);
    if !device.is_cpu() {
        return Ok(Tensor::zeros(dims, shape.dtype.dtype(), device)?);
    }
    let n = dims.0.saturating_mul(dims.1).saturating_mul(dims.2);
    let full = |()| LlavaError::NoContext { n_positions: dims.0 };
    // Pages that the system hands out zeroed, and only once they are written to.
    let blank = match shape.dtype {
        CacheType::F16 => Tensor::from_vec(bytemuck::try_zeroed_vec::<f16>(n).map_err(full)?, dims, device),
        CacheType::F32 => Tensor::from_vec(bytemuck::try_zeroed_vec::<f32>(n).map_err(full)?, dims, device),
    };
    Ok(blank?)
}
