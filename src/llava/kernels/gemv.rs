//! Few rows of input: weights are read once, in place, at the speed of memory.

use std::cell::RefCell;
use std::ops::Range;

use super::blocks::{Blocks, with_blocks};
use super::input::{InputRow, QuantInput};
use super::isa::Kind;
use super::threads::Columns;
use super::{Isa, PANEL, Weights, floats, portable};

/// Weight rows that share the loads of one input row.
pub(super) const ROWS: usize = 4;

/// Quantized weights.
pub(super) fn quantized(isa: Isa, w: Weights<'_>, rows: Range<usize>, x: &QuantInput, y: &Columns<'_>) {
    with_blocks!(w.format(), B => panel::<B>(isa, w, rows, x, y), _ => unreachable!("BUG: not quantized"));
}

fn panel<B: Blocks>(isa: Isa, w: Weights<'_>, rows: Range<usize>, x: &QuantInput, y: &Columns<'_>) {
    let mut results = [[0.0; PANEL]; super::MAX_GEMV_ROWS];
    for first in rows.clone().step_by(ROWS) {
        // Past the end the last row is computed again, and not written.
        let group = std::array::from_fn(|i| w.row((first + i).min(rows.end - 1)));
        for (t, result) in results.iter_mut().enumerate().take(x.n_rows) {
            let dots = dot_rows::<B>(isa, group, x.row(t));
            result[first - rows.start..][..ROWS].copy_from_slice(&dots);
        }
    }
    for (t, result) in results.iter().enumerate().take(x.n_rows) {
        // SAFETY: each panel of rows is one task.
        unsafe { y.write(t, rows.clone(), result) };
    }
}

fn dot_rows<B: Blocks>(isa: Isa, rows: [&[u8]; ROWS], x: InputRow<'_>) -> [f32; ROWS] {
    match isa.0 {
        Kind::Portable => portable::dot_rows::<B>(rows, x),
        // SAFETY: an `Isa` is only given out where the processor has it.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => unsafe { super::avx2::dot_rows::<B>(rows, x) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 => unsafe { super::avx512::dot_rows::<B>(rows, x) },
    }
}

thread_local! {
    /// A weight row in f32.
    static WIDE_ROW: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// F32, F16 and BF16 weights.
pub(super) fn floats(isa: Isa, w: Weights<'_>, rows: Range<usize>, x: &[f32], y: &Columns<'_>) {
    let n_cols = w.n_cols();
    WIDE_ROW.with_borrow_mut(|wide| {
        wide.resize(n_cols, 0.0);
        for row in rows {
            widen(isa, w, row, 0, wide);
            for (t, x) in x.chunks_exact(n_cols).enumerate() {
                // SAFETY: each panel of rows is one task.
                unsafe { y.write(t, row..row + 1, &[dot(isa, wide, x)]) };
            }
        }
    });
}

/// Widens columns of one row of floating-point weights, from `first_col` on.
pub(super) fn widen(isa: Isa, w: Weights<'_>, row: usize, first_col: usize, out: &mut [f32]) {
    let bytes = &w.row(row)[first_col * w.format().block_bytes()..];
    match isa.0 {
        Kind::Portable => floats::widen(w.format(), bytes, out),
        // SAFETY: an `Isa` is only given out where the processor has it.
        #[cfg(target_arch = "x86_64")]
        _ => unsafe { super::avx2::widen(w.format(), bytes, out) },
    }
}

fn dot(isa: Isa, a: &[f32], b: &[f32]) -> f32 {
    match isa.0 {
        Kind::Portable => portable::dot(a, b),
        // SAFETY: an `Isa` is only given out where the processor has it.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => unsafe { super::avx2::dot(a, b) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 => unsafe { super::avx512::dot(a, b) },
    }
}
