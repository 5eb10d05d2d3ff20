//! The kernels against the gguf Python package, against plain f64 arithmetic, and against each other.

mod attention;
mod matmul;

use videre::gguf::TensorType;

/// Numbers that look random and are the same everywhere.
pub(super) struct Numbers(u64);

impl Numbers {
    pub(super) fn seeded(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn bits(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32
    }

    /// Between -1 and 1.
    pub(super) fn unit(&mut self) -> f32 {
        self.bits().cast_signed() as f32 / i32::MIN as f32
    }

    pub(super) fn units(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.unit()).collect()
    }
}

/// Bytes of a matrix with random quants and finite scales around 0.02.
pub(super) fn random_weights(format: TensorType, n_values: usize, numbers: &mut Numbers) -> Vec<u8> {
    let f16_scales: &[usize] = match format {
        TensorType::F16 | TensorType::Q4_0 | TensorType::Q5_0 | TensorType::Q8_0 => &[0],
        TensorType::Q4_1 | TensorType::Q5_1 | TensorType::Q4_K | TensorType::Q5_K => &[0, 2],
        TensorType::Q2_K => &[80, 82],
        TensorType::Q3_K => &[108],
        TensorType::Q6_K => &[208],
        TensorType::F32 | TensorType::BF16 | TensorType::Q8_K => &[],
    };
    let mut bytes = vec![0; n_values / format.block_len() * format.block_bytes()];
    for block in bytes.chunks_exact_mut(format.block_bytes()) {
        block.iter_mut().for_each(|byte| *byte = numbers.bits() as u8);
        for &at in f16_scales {
            block[at..at + 2].copy_from_slice(&half::f16::from_f32(0.02 * numbers.unit()).to_le_bytes());
        }
        match format {
            TensorType::F32 => block.copy_from_slice(&numbers.unit().to_le_bytes()),
            TensorType::BF16 => block.copy_from_slice(&half::bf16::from_f32(numbers.unit()).to_le_bytes()),
            TensorType::Q8_K => block[..4].copy_from_slice(&(0.02 * numbers.unit()).to_le_bytes()),
            _ => {}
        }
    }
    bytes
}

/// Largest absolute difference over largest absolute reference value.
pub(super) fn error(ours: &[f32], reference: &[f32]) -> f32 {
    assert_eq!(ours.len(), reference.len());
    let largest = reference
        .iter()
        .fold(0.0f32, |largest, value| largest.max(value.abs()));
    let worst = ours.iter().zip(reference).fold(0.0f32, |worst, (a, b)| {
        let difference = (a - b).abs();
        if difference.is_nan() {
            f32::INFINITY
        } else {
            worst.max(difference)
        }
    });
    worst / largest
}
