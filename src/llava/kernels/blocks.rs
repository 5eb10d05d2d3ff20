//! What the blocks of each quantized format mean.
//!
//! Every format says the same thing in its own bytes: a value is `scale * (q - ZERO) - min`, with small unsigned `q`
//! and one `scale` (and `min`) for a group of 16 or 32 neighbours. [`Blocks::unpack`] brings a block into that form;
//! the kernels know no other. Layouts follow `ggml-common.h` of llama.cpp, values its `dequantize_row_*`.

use half::f16;

use crate::gguf::TensorType;

/// Values in a superblock; formats with blocks of 32 unpack one block at a time.
pub(super) const MAX_BLOCK_LEN: usize = 256;

/// One block in the common form.
#[repr(align(64))]
pub(super) struct Unpacked {
    /// Quants, in the order of the columns.
    pub(super) q: [u8; MAX_BLOCK_LEN],
    /// Scale of each group.
    pub(super) scale: [f32; 16],
    /// What is taken off each value of a group; zero where the format has no minimum.
    pub(super) min: [f32; 16],
}

impl Unpacked {
    pub(super) const EMPTY: Self = Self {
        q: [0; MAX_BLOCK_LEN],
        scale: [0.0; 16],
        min: [0.0; 16],
    };
}

/// A quantized format, at compile time.
pub(super) trait Blocks {
    /// Which one it is.
    const FORMAT: TensorType;
    /// Values of a block.
    const LEN: usize;
    /// Bytes of a block.
    const BYTES: usize;
    /// Values that share a scale: 16 or 32.
    const GROUP: usize;
    /// The quant that stands for zero.
    const ZERO: i32;
    /// Whether groups have a minimum.
    const HAS_MIN: bool;

    /// Reads one block. Inlined, so that each instruction set compiles its own.
    fn unpack(block: &[u8], out: &mut Unpacked);
}

#[inline(always)]
fn f16_at(block: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

/// 4 bits, blocks of 32, one scale.
pub(super) struct Q4_0;
/// 4 bits, blocks of 32, scale and minimum.
pub(super) struct Q4_1;
/// 5 bits, blocks of 32, one scale.
pub(super) struct Q5_0;
/// 5 bits, blocks of 32, scale and minimum.
pub(super) struct Q5_1;
/// 8 bits, blocks of 32, one scale.
pub(super) struct Q8_0;
/// 2 bits, superblocks.
pub(super) struct Q2K;
/// 3 bits, superblocks.
pub(super) struct Q3K;
/// 4 bits, superblocks.
pub(super) struct Q4K;
/// 5 bits, superblocks.
pub(super) struct Q5K;
/// 6 bits, superblocks.
pub(super) struct Q6K;
/// 8 bits, superblocks.
pub(super) struct Q8K;

#[inline(always)]
fn nibbles(bytes: &[u8], q: &mut [u8]) {
    let (low, high) = q.split_at_mut(bytes.len());
    for ((byte, low), high) in bytes.iter().zip(low).zip(high) {
        *low = byte & 15;
        *high = byte >> 4;
    }
}

#[inline(always)]
fn fifth_bits(bytes: &[u8], q: &mut [u8]) {
    let bits = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    for (i, q) in q.iter_mut().enumerate() {
        *q |= u8::from(bits >> i & 1 == 1) << 4;
    }
}

impl Blocks for Q4_0 {
    const FORMAT: TensorType = TensorType::Q4_0;
    const LEN: usize = 32;
    const BYTES: usize = 18;
    const GROUP: usize = 32;
    const ZERO: i32 = 8;
    const HAS_MIN: bool = false;

    #[inline(always)]
    fn unpack(block: &[u8], out: &mut Unpacked) {
        out.scale[0] = f16_at(block, 0);
        nibbles(&block[2..18], &mut out.q[..32]);
    }
}

impl Blocks for Q4_1 {
    const FORMAT: TensorType = TensorType::Q4_1;
    const LEN: usize = 32;
    const BYTES: usize = 20;
    const GROUP: usize = 32;
    const ZERO: i32 = 0;
    const HAS_MIN: bool = true;

    #[inline(always)]
    fn unpack(block: &[u8], out: &mut Unpacked) {
        out.scale[0] = f16_at(block, 0);
        out.min[0] = -f16_at(block, 2);
        nibbles(&block[4..20], &mut out.q[..32]);
    }
}

impl Blocks for Q5_0 {
    const FORMAT: TensorType = TensorType::Q5_0;
    const LEN: usize = 32;
    const BYTES: usize = 22;
    const GROUP: usize = 32;
    const ZERO: i32 = 16;
    const HAS_MIN: bool = false;

    #[inline(always)]
    fn unpack(block: &[u8], out: &mut Unpacked) {
        out.scale[0] = f16_at(block, 0);
        nibbles(&block[6..22], &mut out.q[..32]);
        fifth_bits(&block[2..6], &mut out.q[..32]);
    }
}

impl Blocks for Q5_1 {
    const FORMAT: TensorType = TensorType::Q5_1;
    const LEN: usize = 32;
    const BYTES: usize = 24;
    const GROUP: usize = 32;
    const ZERO: i32 = 0;
    const HAS_MIN: bool = true;

    #[inline(always)]
    fn unpack(block: &[u8], out: &mut Unpacked) {
        out.scale[0] = f16_at(block, 0);
        out.min[0] = -f16_at(block, 2);
        nibbles(&block[8..24], &mut out.q[..32]);
        fifth_bits(&block[4..8], &mut out.q[..32]);
    }
}

impl Blocks for Q8_0 {
    const FORMAT: TensorType = TensorType::Q8_0;
    const LEN: usize = 32;
    const BYTES: usize = 34;
    const GROUP: usize = 32;
    const ZERO: i32 = 128;
    const HAS_MIN: bool = false;

    #[inline(always)]
    fn unpack(block: &[u8], out: &mut Unpacked) {
        out.scale[0] = f16_at(block, 0);
        for (q, byte) in out.q[..32].iter_mut().zip(&block[2..34]) {
            *q = byte ^ 0x80;
        }
    }
}

impl Blocks for Q2K {
    const FORMAT: TensorType = TensorType::Q2_K;
    const LEN: usize = 256;
    const BYTES: usize = 84;
    const GROUP: usize = 16;
    const ZERO: i32 = 0;
    const HAS_MIN: bool = true;

    #[inline(always)]
    fn unpack(block: &[u8], out: &mut Unpacked) {
        let (d, d_min) = (f16_at(block, 80), f16_at(block, 82));
        for (g, byte) in block[..16].iter().enumerate() {
            out.scale[g] = d * f32::from(byte & 15);
            out.min[g] = d_min * f32::from(byte >> 4);
        }
        for (part, bytes) in block[16..80].chunks_exact(32).enumerate() {
            for plane in 0..4 {
                let q = &mut out.q[128 * part + 32 * plane..][..32];
                for (q, byte) in q.iter_mut().zip(bytes) {
                    *q = byte >> (2 * plane) & 3;
                }
            }
        }
    }
}

impl Blocks for Q3K {
    const FORMAT: TensorType = TensorType::Q3_K;
    const LEN: usize = 256;
    const BYTES: usize = 110;
    const GROUP: usize = 16;
    const ZERO: i32 = 4;
    const HAS_MIN: bool = false;

    #[inline(always)]
    fn unpack(block: &[u8], out: &mut Unpacked) {
        let (high, low) = (&block[..32], &block[32..96]);
        let packed = &block[96..108];
        let d = f16_at(block, 108);
        for g in 0..16 {
            let low4 = packed[g % 8] >> (4 * (g / 8)) & 15;
            let high2 = packed[8 + g % 4] >> (2 * (g / 4)) & 3;
            out.scale[g] = d * (f32::from(low4 | high2 << 4) - 32.0);
        }
        for (part, bytes) in low.chunks_exact(32).enumerate() {
            for plane in 0..4 {
                let q = &mut out.q[128 * part + 32 * plane..][..32];
                for ((q, low), high) in q.iter_mut().zip(bytes).zip(high) {
                    *q = low >> (2 * plane) & 3 | (high >> (4 * part + plane) & 1) << 2;
                }
            }
        }
    }
}

/// The eight 6-bit scales and minimums of `Q4_K` and `Q5_K`, from their twelve bytes.
#[inline(always)]
pub(super) fn six_bit_pairs(packed: &[u8]) -> ([u8; 8], [u8; 8]) {
    let word = |at: usize| u32::from_le_bytes([packed[at], packed[at + 1], packed[at + 2], packed[at + 3]]);
    let (a, b, c) = (word(0), word(4), word(8));
    let pair = |low: u32, high: u32| (u64::from(low) | u64::from(high) << 32).to_le_bytes();
    let scales = pair(a & 0x3f3f_3f3f, c & 0x0f0f_0f0f | (a >> 6 & 0x0303_0303) << 4);
    let mins = pair(
        b & 0x3f3f_3f3f,
        c >> 4 & 0x0f0f_0f0f | (b >> 6 & 0x0303_0303) << 4,
    );
    (scales, mins)
}

#[inline(always)]
fn unpack_six_bit_pairs(block: &[u8], out: &mut Unpacked) {
    let (d, d_min) = (f16_at(block, 0), f16_at(block, 2));
    let (scales, mins) = six_bit_pairs(&block[4..16]);
    for g in 0..8 {
        out.scale[g] = d * f32::from(scales[g]);
        out.min[g] = d_min * f32::from(mins[g]);
    }
}

impl Blocks for Q4K {
    const FORMAT: TensorType = TensorType::Q4_K;
    const LEN: usize = 256;
    const BYTES: usize = 144;
    const GROUP: usize = 32;
    const ZERO: i32 = 0;
    const HAS_MIN: bool = true;

    #[inline(always)]
    fn unpack(block: &[u8], out: &mut Unpacked) {
        unpack_six_bit_pairs(block, out);
        for (bytes, q) in block[16..144].chunks_exact(32).zip(out.q.chunks_exact_mut(64)) {
            nibbles(bytes, q);
        }
    }
}

impl Blocks for Q5K {
    const FORMAT: TensorType = TensorType::Q5_K;
    const LEN: usize = 256;
    const BYTES: usize = 176;
    const GROUP: usize = 32;
    const ZERO: i32 = 0;
    const HAS_MIN: bool = true;

    #[inline(always)]
    fn unpack(block: &[u8], out: &mut Unpacked) {
        unpack_six_bit_pairs(block, out);
        let high = &block[16..48];
        for (bytes, q) in block[48..176].chunks_exact(32).zip(out.q.chunks_exact_mut(64)) {
            nibbles(bytes, q);
        }
        for (g, q) in out.q.chunks_exact_mut(32).enumerate() {
            for (q, high) in q.iter_mut().zip(high) {
                *q |= (high >> g & 1) << 4;
            }
        }
    }
}

impl Blocks for Q6K {
    const FORMAT: TensorType = TensorType::Q6_K;
    const LEN: usize = 256;
    const BYTES: usize = 210;
    const GROUP: usize = 16;
    const ZERO: i32 = 32;
    const HAS_MIN: bool = false;

    #[inline(always)]
    fn unpack(block: &[u8], out: &mut Unpacked) {
        let d = f16_at(block, 208);
        for (scale, byte) in out.scale.iter_mut().zip(&block[192..208]) {
            *scale = d * f32::from(byte.cast_signed());
        }
        for (part, q) in out.q.chunks_exact_mut(128).enumerate() {
            nibbles(&block[64 * part..][..64], q);
            let high = &block[128 + 32 * part..][..32];
            for (plane, q) in q.chunks_exact_mut(32).enumerate() {
                for (q, high) in q.iter_mut().zip(high) {
                    *q |= (high >> (2 * plane) & 3) << 4;
                }
            }
        }
    }
}

impl Blocks for Q8K {
    const FORMAT: TensorType = TensorType::Q8_K;
    const LEN: usize = 256;
    const BYTES: usize = 292;
    const GROUP: usize = 32;
    const ZERO: i32 = 128;
    const HAS_MIN: bool = false;

    #[inline(always)]
    fn unpack(block: &[u8], out: &mut Unpacked) {
        let d = f32::from_le_bytes([block[0], block[1], block[2], block[3]]);
        out.scale[..8].fill(d);
        for (q, byte) in out.q.iter_mut().zip(&block[4..260]) {
            *q = byte ^ 0x80;
        }
    }
}

/// Runs `$body` with `$format` named as the type `$F`; `$float` for the formats that are not quantized.
macro_rules! with_blocks {
    ($format:expr, $F:ident => $body:expr, _ => $float:expr) => {{
        use crate::gguf::TensorType as T;
        use crate::llava::kernels::blocks;
        match $format {
            T::Q4_0 => {
                type $F = blocks::Q4_0;
                $body
            }
            T::Q4_1 => {
                type $F = blocks::Q4_1;
                $body
            }
            T::Q5_0 => {
                type $F = blocks::Q5_0;
                $body
            }
            T::Q5_1 => {
                type $F = blocks::Q5_1;
                $body
            }
            T::Q8_0 => {
                type $F = blocks::Q8_0;
                $body
            }
            T::Q2_K => {
                type $F = blocks::Q2K;
                $body
            }
            T::Q3_K => {
                type $F = blocks::Q3K;
                $body
            }
            T::Q4_K => {
                type $F = blocks::Q4K;
                $body
            }
            T::Q5_K => {
                type $F = blocks::Q5K;
                $body
            }
            T::Q6_K => {
                type $F = blocks::Q6K;
                $body
            }
            T::Q8_K => {
                type $F = blocks::Q8K;
                $body
            }
            T::F32 | T::F16 | T::BF16 => $float,
        }
    }};
}
pub(super) use with_blocks;
