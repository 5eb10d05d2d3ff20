//! Which format a weight gets: llama.cpp's mixtures (`llama_tensor_get_type` in `llama-quant.cpp`).

use crate::gguf::TensorType;

/// How a language model is stored, by the names that model pages use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    non_camel_case_types,
    reason = "the names that every user of GGUF files knows"
)]
pub enum Quant {
    /// 32-bit floating point: for comparing.
    F32,
    /// 16-bit floating point.
    F16,
    /// 16-bit floating point with the exponent of f32, as most checkpoints are.
    BF16,
    /// 8 bits.
    Q8_0,
    /// 6 bits.
    Q6_K,
    /// 5 bits, 6 for what counts most.
    Q5_K_M,
    /// 4 bits, 6 for what counts most: the usual one.
    Q4_K_M,
    /// 4 bits, simple blocks.
    Q4_0,
}

/// What a weight of the language model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Norms, biases and everything else of one dimension.
    Vector,
    /// Embeddings of tokens; `is_output` where the model has no output of its own.
    Embeddings { is_output: bool },
    /// The output.
    Output,
    /// Values or the second layer of the perceptron, in layer `layer` of `n_layers`: they suffer most.
    Sensitive { layer: usize, n_layers: usize },
    /// Queries, keys and values in one.
    FusedAttention,
    /// Every other matrix.
    Matrix,
}

impl Quant {
    /// All of them, the largest first.
    pub const ALL: [Self; 8] = [
        Self::F32,
        Self::F16,
        Self::BF16,
        Self::Q8_0,
        Self::Q6_K,
        Self::Q5_K_M,
        Self::Q4_K_M,
        Self::Q4_0,
    ];

    /// The name, such as `Q4_K_M`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::BF16 => "BF16",
            Self::Q8_0 => "Q8_0",
            Self::Q6_K => "Q6_K",
            Self::Q5_K_M => "Q5_K_M",
            Self::Q4_K_M => "Q4_K_M",
            Self::Q4_0 => "Q4_0",
        }
    }

    /// The one of this name, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|quant| quant.name().eq_ignore_ascii_case(name))
    }

    /// `general.file_type` (`llama_ftype`).
    pub(super) fn file_type(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Q4_0 => 2,
            Self::Q8_0 => 7,
            Self::Q4_K_M => 15,
            Self::Q5_K_M => 17,
            Self::Q6_K => 18,
            Self::BF16 => 32,
        }
    }

    /// The format of the tower beside it. Its matrices stay wide: all rows of a video go through them.
    pub(super) fn of_tower(self) -> TensorType {
        match self {
            Self::F32 => TensorType::F32,
            _ => TensorType::F16,
        }
    }

    /// The format of a weight whose rows have `row_len` values.
    pub(super) fn of(self, class: Class, row_len: usize) -> TensorType {
        use TensorType::{BF16, F16, F32, Q4_0, Q4_K, Q5_K, Q6_K, Q8_0};
        let wanted = match (self, class) {
            (_, Class::Vector) | (Self::F32, _) => F32,
            (Self::F16, _) => F16,
            (Self::BF16, _) => BF16,
            (Self::Q8_0, _) => Q8_0,
            (_, Class::Output | Class::Embeddings { is_output: true }) | (Self::Q6_K, _) => Q6_K,
            (Self::Q4_K_M | Self::Q5_K_M, Class::Sensitive { layer, n_layers })
                if gets_more_bits(layer, n_layers) =>
            {
                Q6_K
            }
            (Self::Q4_K_M, Class::FusedAttention) => Q5_K,
            (Self::Q5_K_M, Class::FusedAttention) => Q6_K,
            (Self::Q5_K_M, _) => Q5_K,
            (Self::Q4_K_M, _) => Q4_K,
            (Self::Q4_0, _) => Q4_0,
        };
        fitting(wanted, row_len)
    }
}

/// The first and the last eighth of the layers, and every third between them.
fn gets_more_bits(layer: usize, n_layers: usize) -> bool {
    let eighth = n_layers / 8;
    layer < eighth || layer >= 7 * n_layers / 8 || (layer - eighth) % 3 == 2
}

/// A format whose blocks fill rows of this length: the next better one of blocks of 32, or none that quantizes.
fn fitting(wanted: TensorType, row_len: usize) -> TensorType {
    if row_len.is_multiple_of(wanted.block_len()) {
        return wanted;
    }
    let small = match wanted {
        TensorType::Q4_K => TensorType::Q5_0,
        TensorType::Q5_K => TensorType::Q5_1,
        _ => TensorType::Q8_0,
    };
    if row_len.is_multiple_of(small.block_len()) {
        small
    } else {
        TensorType::F16
    }
}

#[cfg(test)]
mod tests {
    use super::{Class, Quant};
    use crate::gguf::TensorType;

    #[test]
    fn layers_that_suffer_most_get_six_bits() {
        let six: Vec<usize> = (0..32)
            .filter(|&layer| {
                Quant::Q4_K_M.of(Class::Sensitive { layer, n_layers: 32 }, 4096) == TensorType::Q6_K
            })
            .collect();
        // `llama-quantize` on a 7B: attn_v and ffn_down.
        assert_eq!(six, [0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31]);
        let of = |class, row_len| Quant::Q4_K_M.of(class, row_len);
        assert_eq!(of(Class::Output, 4096), TensorType::Q6_K);
        assert_eq!(of(Class::Embeddings { is_output: false }, 4096), TensorType::Q4_K);
        assert_eq!(of(Class::Embeddings { is_output: true }, 896), TensorType::Q8_0);
        assert_eq!(of(Class::Matrix, 896), TensorType::Q5_0);
        assert_eq!(of(Class::FusedAttention, 3072), TensorType::Q5_K);
        assert_eq!(of(Class::Matrix, 40), TensorType::F16);
        assert_eq!(of(Class::Vector, 4096), TensorType::F32);
    }
}
