//! The arithmetic of the models on the CPU, on plain slices: quantized and floating-point matrices, attention.
//!
//! ```text
//! x (m, k) --quantize--> 8 bits, a scale per 32 --+--> few rows:  dot products, straight from the mapped blocks
//!                                                 '--> many rows: 32 weight rows unpacked to one tile form, tile product
//! ```
//!
//! Weights are read where they are mapped; no expanded or repacked copy exists beyond one tile per thread
//! (`gemm::Panel`, 16 KB). Threads are rayon's; they sleep while nobody calls.
//!
//! Every kernel has a portable twin, and the instruction set is chosen once per process ([`Isa::detect`]). A result
//! does not depend on the number of threads.
#![expect(
    unsafe_code,
    reason = "vector instructions, and threads that write disjoint columns of one result"
)]

mod attention;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx512_rows;
mod blocks;
mod elementwise;
mod few;
#[cfg(target_arch = "x86_64")]
mod few_x86;
mod floats;
mod gemm;
mod gemv;
mod input;
mod isa;
mod portable;
mod softmax;
mod threads;

use std::ops::Range;

pub use attention::{AttentionShape, KvRows, Mask, attention, attention_on};
pub use elementwise::{quick_gelu, silu_times};
pub use isa::Isa;
pub use threads::inside_pool;

use crate::cancel::{CancelToken, Cancelled};
use crate::gguf::TensorType;
use blocks::{Blocks, MAX_BLOCK_LEN, Unpacked, with_blocks};
use input::QuantInput;
use threads::Columns;

/// Weight rows that are worked on side by side.
const PANEL: usize = 32;

/// Up to this many rows of input, each weight row is read in place; from here on unpacking it once pays.
const MAX_GEMV_ROWS: usize = 4;

/// A weight matrix (`n_rows` outputs, `n_cols` inputs) in the bytes of its file: a view, free to copy.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a> {
    format: TensorType,
    n_rows: usize,
    n_cols: usize,
    bytes: &'a [u8],
}

impl<'a> Weights<'a> {
    /// A view of `bytes`, rows one after the other. `None` where they are not exactly `n_rows` rows of whole blocks.
    #[must_use]
    pub fn new(format: TensorType, n_rows: usize, n_cols: usize, bytes: &'a [u8]) -> Option<Self> {
        let whole_blocks = n_cols > 0 && n_cols.is_multiple_of(format.block_len());
        let n_bytes = (n_cols / format.block_len() * format.block_bytes()).checked_mul(n_rows)?;
        (whole_blocks && n_bytes == bytes.len()).then_some(Self {
            format,
            n_rows,
            n_cols,
            bytes,
        })
    }

    /// How the values are stored.
    #[must_use]
    pub fn format(&self) -> TensorType {
        self.format
    }

    /// Outputs.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Inputs.
    #[must_use]
    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// A range of the outputs: one of several matrices that a file stores fused.
    ///
    /// # Panics
    /// Where the range ends past the last row.
    #[must_use]
    pub fn rows(&self, rows: Range<usize>) -> Self {
        let bytes = &self.bytes[rows.start * self.row_bytes()..rows.end * self.row_bytes()];
        Self {
            n_rows: rows.len(),
            bytes,
            ..*self
        }
    }

    fn row_bytes(&self) -> usize {
        self.n_cols / self.format.block_len() * self.format.block_bytes()
    }

    fn row(&self, i: usize) -> &'a [u8] {
        &self.bytes[i * self.row_bytes()..][..self.row_bytes()]
    }

    fn is_quantized(&self) -> bool {
        self.format.block_len() > 1
    }
}

/// `y = x * w^T`: `x` is (m, `n_cols`), `y` is (m, `n_rows`), both row-major.
///
/// Quantized weights meet an input that is quantized to 8 bits with a scale for 32 neighbours; F32, F16 and BF16
/// weights are multiplied in f32.
///
/// # Panics
/// Where the sizes of `x` and `y` do not fit the matrix.
pub fn matmul(w: Weights<'_>, x: &[f32], y: &mut [f32]) {
    matmul_many_on(Isa::detect(), &[w], x, &mut [y]);
}

/// Several matrices over one input (query, key and value; gate and up): the input is quantized once, and the threads
/// are started once.
///
/// # Errors
/// [`Cancelled`] within a few milliseconds; the results are then worthless.
///
/// # Panics
/// Where the sizes of `x` and `ys` do not fit the matrices.
pub fn matmul_many(
    ws: &[Weights<'_>],
    x: &[f32],
    ys: &mut [&mut [f32]],
    cancel: &CancelToken,
) -> Result<(), Cancelled> {
    multiply(Isa::detect(), ws, x, ys, cancel);
    cancel.check()
}

/// [`matmul_many`] with the instructions given, to the end.
///
/// # Panics
/// Where the sizes of `x` and `ys` do not fit the matrices.
pub fn matmul_many_on(isa: Isa, ws: &[Weights<'_>], x: &[f32], ys: &mut [&mut [f32]]) {
    multiply(isa, ws, x, ys, &CancelToken::new());
}

fn multiply(isa: Isa, ws: &[Weights<'_>], x: &[f32], ys: &mut [&mut [f32]], cancel: &CancelToken) {
    let Some(n_cols) = ws.first().map(Weights::n_cols) else {
        return;
    };
    let m = x.len() / n_cols;
    assert_eq!(
        x.len(),
        m * n_cols,
        "BUG: an input of {} values for {n_cols} columns",
        x.len()
    );
    assert_eq!(ws.len(), ys.len(), "BUG: as many results as matrices");
    let outputs: Vec<Columns<'_>> = ws
        .iter()
        .zip(ys)
        .map(|(w, y)| {
            assert_eq!(w.n_cols, n_cols, "BUG: matrices over one input have its width");
            assert_eq!(
                y.len(),
                m * w.n_rows,
                "BUG: a result of {} values for {m} x {}",
                y.len(),
                w.n_rows
            );
            Columns::new(y, w.n_rows)
        })
        .collect();
    let any_quantized = ws.iter().any(Weights::is_quantized);
    let quantized = any_quantized.then(|| QuantInput::new(x, n_cols));
    // Every matrix is cut in panels of 32 outputs; the panels of all matrices are shared out among the threads.
    let panels: Vec<(usize, usize)> = ws
        .iter()
        .enumerate()
        .flat_map(|(i, w)| (0..w.n_rows.div_ceil(PANEL)).map(move |panel| (i, panel * PANEL)))
        .collect();
    let n_bytes: usize = ws.iter().map(|w| w.bytes.len()).sum();
    let panel_cost = n_bytes / panels.len().max(1) * m;
    threads::share_out(panels.len(), panel_cost, cancel, |task| {
        let (i, first_row) = panels[task];
        let (w, y) = (ws[i], &outputs[i]);
        let rows = first_row..w.n_rows.min(first_row + PANEL);
        match (&quantized, w.is_quantized(), m <= MAX_GEMV_ROWS) {
            (Some(input), true, true) => gemv::quantized(isa, w, rows, input, y),
            (Some(input), true, false) => gemm::quantized(isa, w, rows, input, y),
            (_, _, true) => gemv::floats(isa, w, rows, x, y),
            (_, _, false) => gemm::floats(isa, w, rows, x, y),
        }
    });
}

/// The values of one row as f32, bit for bit what the gguf Python package gives: how embeddings are looked up.
///
/// # Panics
/// Where there is no such row or `out` is not `n_cols` long.
pub fn dequantize_row(w: Weights<'_>, row: usize, out: &mut [f32]) {
    assert_eq!(out.len(), w.n_cols, "BUG: a row of {} values", w.n_cols);
    let bytes = w.row(row);
    with_blocks!(w.format, B => dequantize_blocks::<B>(bytes, out), _ => floats::widen(w.format, bytes, out));
}

fn dequantize_blocks<B: Blocks>(bytes: &[u8], out: &mut [f32]) {
    let mut unpacked = Unpacked::EMPTY;
    #[expect(clippy::cast_precision_loss, reason = "at most 128")]
    let zero = B::ZERO as f32;
    for (block, out) in bytes
        .chunks_exact(B::BYTES)
        .zip(out.chunks_exact_mut(B::LEN.min(MAX_BLOCK_LEN)))
    {
        B::unpack(block, &mut unpacked);
        for (i, out) in out.iter_mut().enumerate() {
            let value = unpacked.scale[i / B::GROUP] * (f32::from(unpacked.q[i]) - zero);
            *out = if B::HAS_MIN {
                value - unpacked.min[i / B::GROUP]
            } else {
                value
            };
        }
    }
}
