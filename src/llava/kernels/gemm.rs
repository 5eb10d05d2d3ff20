//! Many rows of input: 32 weight rows at a time are unpacked, a block of columns at a time, into a tile that stays in
//! the first-level cache, and meet all rows of the input there.

use std::cell::RefCell;
use std::ops::Range;

use super::blocks::{Blocks, Unpacked, with_blocks};
use super::input::QuantInput;
use super::isa::Kind;
use super::threads::{Columns, prefetch};
use super::{Isa, PANEL, Weights, gemv, portable};

/// Columns that are unpacked at a time.
pub(super) const BLOCK: usize = 256;

/// Columns of floating-point weights that are widened at a time.
const FLOAT_BLOCK: usize = 128;

/// 32 weight rows, a block of columns, side by side.
#[repr(align(64))]
pub(super) struct Panel {
    /// (columns / 4, 32 rows, 4 columns).
    pub(super) q: [u8; BLOCK * PANEL],
    /// (groups, rows).
    pub(super) scale: [[f32; PANEL]; 16],
    /// (groups, rows).
    pub(super) min: [[f32; PANEL]; 16],
}

/// What a thread keeps between tasks.
struct Scratch {
    panel: Box<Panel>,
    wide: Vec<[f32; PANEL]>,
    /// (rows of the input, 32).
    acc: Vec<[f32; PANEL]>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch {
        panel: Box::new(Panel { q: [0; BLOCK * PANEL], scale: [[0.0; PANEL]; 16], min: [[0.0; PANEL]; 16] }),
        wide: vec![[0.0; PANEL]; FLOAT_BLOCK],
        acc: Vec::new(),
    });
}

/// Quantized weights.
pub(super) fn quantized(isa: Isa, w: Weights<'_>, rows: Range<usize>, x: &QuantInput, y: &Columns<'_>) {
    SCRATCH.with_borrow_mut(|Scratch { panel, acc, .. }| {
        acc.clear();
        acc.resize(x.n_rows, [0.0; PANEL]);
        with_blocks!(w.format(), B => product::<B>(isa, w, rows.clone(), x, panel, acc), _ => unreachable!("BUG: not quantized"));
        write(acc, rows, y);
    });
}

fn product<B: Blocks>(
    isa: Isa,
    w: Weights<'_>,
    rows: Range<usize>,
    x: &QuantInput,
    panel: &mut Panel,
    acc: &mut [[f32; PANEL]],
) {
    for first_col in (0..w.n_cols()).step_by(BLOCK) {
        let len = BLOCK.min(w.n_cols() - first_col);
        match isa.0 {
            Kind::Portable => {
                fill::<B>(w, rows.clone(), first_col, len, panel, interleave);
                portable::int_tile::<B>(panel, first_col, len, x, acc);
            }
            // SAFETY: an `Isa` is only given out where the processor has it.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => unsafe {
                super::avx2::fill::<B>(w, rows.clone(), first_col, len, panel);
                super::avx2::int_tile::<B>(panel, first_col, len, x, acc);
            },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => unsafe {
                super::avx512::fill::<B>(w, rows.clone(), first_col, len, panel);
                super::avx512::int_tile::<B>(panel, first_col, len, x, acc);
            },
        }
    }
}

/// Columns of 16 weight rows, unpacked: half of a panel before its words are brought side by side.
#[repr(align(64))]
pub(super) struct Sixteen(pub(super) [[u8; BLOCK]; 16]);

/// Unpacks columns of weight rows; `interleave` brings the words of 16 rows to their half of a panel's quants. Lanes
/// past the last row keep older finite values, and are not written out.
#[inline(always)]
pub(super) fn fill<B: Blocks>(
    w: Weights<'_>,
    rows: Range<usize>,
    first_col: usize,
    len: usize,
    panel: &mut Panel,
    interleave: impl Fn(&Sixteen, usize, usize, &mut [u8; BLOCK * PANEL]),
) {
    let mut unpacked = Unpacked::EMPTY;
    let mut sixteen = Sixteen([[0; BLOCK]; 16]);
    let n_bytes = len / B::LEN * B::BYTES;
    let at = first_col / B::LEN * B::BYTES;
    let (ahead, at_ahead) = if first_col + len < w.n_cols() {
        (0, at + n_bytes)
    } else {
        (PANEL, 0)
    };
    for half in 0..rows.len().div_ceil(16) {
        for (i, row) in rows.clone().skip(16 * half).take(16).enumerate() {
            let lane = 16 * half + i;
            // The next columns, or the first ones of the next panel: 32 rows are more than a processor foresees.
            prefetch(
                w.row(row)
                    .as_ptr()
                    .wrapping_add(ahead * w.row(row).len() + at_ahead),
                n_bytes,
            );
            for (b, block) in w.row(row)[at..][..n_bytes].chunks_exact(B::BYTES).enumerate() {
                B::unpack(block, &mut unpacked);
                sixteen.0[i][b * B::LEN..][..B::LEN].copy_from_slice(&unpacked.q[..B::LEN]);
                let first_group = b * B::LEN / B::GROUP;
                for g in 0..B::LEN / B::GROUP {
                    panel.scale[first_group + g][lane] = unpacked.scale[g];
                    panel.min[first_group + g][lane] = unpacked.min[g];
                }
            }
        }
        interleave(&sixteen, half, len, &mut panel.q);
    }
}

/// Words of 16 rows side by side, in plain Rust.
pub(super) fn interleave(from: &Sixteen, half: usize, len: usize, to: &mut [u8; BLOCK * PANEL]) {
    for (k, to) in to.as_chunks_mut::<{ 4 * PANEL }>().0[..len / 4]
        .iter_mut()
        .enumerate()
    {
        for (row, to) in from.0.iter().zip(to[64 * half..].as_chunks_mut::<4>().0) {
            to.copy_from_slice(&row[4 * k..][..4]);
        }
    }
}

/// F32, F16 and BF16 weights.
pub(super) fn floats(isa: Isa, w: Weights<'_>, rows: Range<usize>, x: &[f32], y: &Columns<'_>) {
    SCRATCH.with_borrow_mut(|Scratch { wide, acc, .. }| {
        acc.clear();
        acc.resize(x.len() / w.n_cols(), [0.0; PANEL]);
        let mut row_part = [0.0; FLOAT_BLOCK];
        for first_col in (0..w.n_cols()).step_by(FLOAT_BLOCK) {
            let len = FLOAT_BLOCK.min(w.n_cols() - first_col);
            for (lane, row) in rows.clone().enumerate() {
                gemv::widen(isa, w, row, first_col, &mut row_part[..len]);
                for (wide, value) in wide.iter_mut().zip(&row_part[..len]) {
                    wide[lane] = *value;
                }
            }
            float_tile(isa, &x[first_col..], w.n_cols(), 1, &wide[..len], acc);
        }
        write(acc, rows, y);
    });
}

/// `c[i] += sum over k of a[i * row_stride + k * col_stride] * b[k]`, 32 lanes at once.
pub(super) fn float_tile(
    isa: Isa,
    a: &[f32],
    row_stride: usize,
    col_stride: usize,
    b: &[[f32; PANEL]],
    c: &mut [[f32; PANEL]],
) {
    if b.is_empty() || c.is_empty() {
        return;
    }
    assert!(
        (c.len() - 1) * row_stride + (b.len() - 1) * col_stride < a.len(),
        "BUG: a tile outside of its matrix"
    );
    match isa.0 {
        Kind::Portable => portable::float_tile(a, row_stride, col_stride, b, c),
        // SAFETY: an `Isa` is only given out where the processor has it; the assertion keeps every index inside.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => unsafe { super::avx2::float_tile(a, row_stride, col_stride, b, c) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 => unsafe { super::avx512::float_tile(a, row_stride, col_stride, b, c) },
    }
}

fn write(acc: &[[f32; PANEL]], rows: Range<usize>, y: &Columns<'_>) {
    for (t, acc) in acc.iter().enumerate() {
        // SAFETY: each panel of rows is one task.
        unsafe { y.write(t, rows.clone(), acc) };
    }
}
