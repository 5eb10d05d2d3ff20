//! The number formats of weights.

/// A weight format that Videre runs. Block layouts follow `ggml-quants.h` and `ggml-common.h` of llama.cpp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(
    non_camel_case_types,
    reason = "the names that every user of GGUF files knows"
)]
pub enum TensorType {
    /// 32-bit floating point.
    F32,
    /// 16-bit floating point.
    F16,
    /// 16-bit floating point with the exponent of f32.
    BF16,
    /// 4 bits, blocks of 32, one scale.
    Q4_0,
    /// 4 bits, blocks of 32, scale and minimum.
    Q4_1,
    /// 5 bits, blocks of 32, one scale.
    Q5_0,
    /// 5 bits, blocks of 32, scale and minimum.
    Q5_1,
    /// 8 bits, blocks of 32, one scale.
    Q8_0,
    /// 2 bits, blocks of 256.
    Q2_K,
    /// 3 bits, blocks of 256.
    Q3_K,
    /// 4 bits, blocks of 256.
    Q4_K,
    /// 5 bits, blocks of 256.
    Q5_K,
    /// 6 bits, blocks of 256.
    Q6_K,
    /// 8 bits, blocks of 256: known, though files hardly use it.
    Q8_K,
}

/// Every supported type with its ggml id, values in a block, bytes of a block, and name.
const SUPPORTED: [(TensorType, u32, usize, usize, &str); 14] = [
    (TensorType::F32, 0, 1, 4, "F32"),
    (TensorType::F16, 1, 1, 2, "F16"),
    (TensorType::BF16, 30, 1, 2, "BF16"),
    (TensorType::Q4_0, 2, 32, 18, "Q4_0"),
    (TensorType::Q4_1, 3, 32, 20, "Q4_1"),
    (TensorType::Q5_0, 6, 32, 22, "Q5_0"),
    (TensorType::Q5_1, 7, 32, 24, "Q5_1"),
    (TensorType::Q8_0, 8, 32, 34, "Q8_0"),
    (TensorType::Q2_K, 10, 256, 84, "Q2_K"),
    (TensorType::Q3_K, 11, 256, 110, "Q3_K"),
    (TensorType::Q4_K, 12, 256, 144, "Q4_K"),
    (TensorType::Q5_K, 13, 256, 176, "Q5_K"),
    (TensorType::Q6_K, 14, 256, 210, "Q6_K"),
    (TensorType::Q8_K, 15, 256, 292, "Q8_K"),
];

/// ggml's names for ids that have no kernels here, so that a refusal can say what was found.
const UNSUPPORTED: [(u32, &str); 27] = [
    (4, "Q4_2"),
    (5, "Q4_3"),
    (9, "Q8_1"),
    (16, "IQ2_XXS"),
    (17, "IQ2_XS"),
    (18, "IQ3_XXS"),
    (19, "IQ1_S"),
    (20, "IQ4_NL"),
    (21, "IQ3_S"),
    (22, "IQ2_S"),
    (23, "IQ4_XS"),
    (24, "I8"),
    (25, "I16"),
    (26, "I32"),
    (27, "I64"),
    (28, "F64"),
    (29, "IQ1_M"),
    (31, "Q4_0_4_4"),
    (32, "Q4_0_4_8"),
    (33, "Q4_0_8_8"),
    (34, "TQ1_0"),
    (35, "TQ2_0"),
    (36, "IQ4_NL_4_4"),
    (37, "IQ4_NL_4_8"),
    (38, "IQ4_NL_8_8"),
    (39, "MXFP4"),
    (40, "NVFP4"),
];

/// ggml's name of a type id, supported or not; `None` for ids that were never given out.
#[must_use]
pub fn type_name(ggml_id: u32) -> Option<&'static str> {
    let supported = SUPPORTED.iter().find(|row| row.1 == ggml_id).map(|row| row.4);
    supported.or_else(|| UNSUPPORTED.iter().find(|row| row.0 == ggml_id).map(|row| row.1))
}

impl TensorType {
    /// The type of a ggml id, if Videre runs it.
    #[must_use]
    pub fn from_ggml_id(ggml_id: u32) -> Option<Self> {
        SUPPORTED.iter().find(|row| row.1 == ggml_id).map(|row| row.0)
    }

    /// The id that files store.
    #[must_use]
    pub fn ggml_id(self) -> u32 {
        self.row().1
    }

    /// Values in one block: 1, 32 or 256. A row of a tensor is a whole number of blocks.
    #[must_use]
    pub fn block_len(self) -> usize {
        self.row().2
    }

    /// Bytes of one block.
    #[must_use]
    pub fn block_bytes(self) -> usize {
        self.row().3
    }

    /// The name as users know it, such as `Q4_K`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().4
    }

    /// Bytes of `n_values` values, or `None` where they are not whole blocks or too many for this machine.
    #[must_use]
    pub fn n_bytes(self, n_values: u64) -> Option<u64> {
        let block_len = self.block_len() as u64;
        if !n_values.is_multiple_of(block_len) {
            return None;
        }
        (n_values / block_len).checked_mul(self.block_bytes() as u64)
    }

    fn row(self) -> &'static (Self, u32, usize, usize, &'static str) {
        SUPPORTED
            .iter()
            .find(|row| row.0 == self)
            .expect("BUG: every type has its row")
    }
}

impl std::fmt::Display for TensorType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
