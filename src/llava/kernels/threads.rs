//! Sharing work among threads.

use std::marker::PhantomData;
use std::ops::Range;

use rayon::prelude::*;

use crate::cancel::CancelToken;

/// Bytes times rows below which a task is not worth a thread of its own: some ten microseconds.
const MIN_COST: usize = 128 << 10;

/// Runs tasks `0..n_tasks` on all threads, none while it is held up or once it is cancelled; `cost` of one task in bytes
/// read.
pub(super) fn share_out(
    n_tasks: usize,
    cost: usize,
    cancel: &CancelToken,
    run: impl Fn(usize) + Sync + Send,
) {
    let min_len = (MIN_COST / cost.max(1)).max(1);
    let run = |task| {
        if cancel.wait_while_held().is_ok() {
            run(task);
        }
    };
    if n_tasks <= min_len {
        (0..n_tasks).for_each(run);
    } else {
        (0..n_tasks).into_par_iter().with_min_len(min_len).for_each(run);
    }
}

/// Does a step of a model from inside the pool of threads: handing each of its products to a pool that sleeps would
/// take longer than the smaller ones.
pub fn inside_pool<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    rayon::scope(|_| work())
}

/// Asks for bytes that will be read soon, so that they are in the second-level cache by then. Any address will do.
#[inline(always)]
pub(super) fn prefetch<T>(start: *const T, n_bytes: usize) {
    #[cfg(target_arch = "x86_64")]
    for at in (0..n_bytes).step_by(64) {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: a hint, which never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(start.cast::<i8>().wrapping_add(at)) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _elsewhere = (start, n_bytes);
}

/// A row-major result whose columns are written by different threads.
pub(super) struct Columns<'a> {
    start: *mut f32,
    n_rows: usize,
    n_cols: usize,
    borrowed: PhantomData<&'a mut [f32]>,
}

// SAFETY: the only access is `write`, whose callers promise disjoint columns.
unsafe impl Sync for Columns<'_> {}
// SAFETY: it is a borrowed slice of f32, which may be written from any thread.
unsafe impl Send for Columns<'_> {}

impl<'a> Columns<'a> {
    pub(super) fn new(y: &'a mut [f32], n_cols: usize) -> Self {
        Self {
            start: y.as_mut_ptr(),
            n_rows: y.len().checked_div(n_cols).unwrap_or(0),
            n_cols,
            borrowed: PhantomData,
        }
    }

    /// Writes columns `cols` of a row from the first values given.
    ///
    /// # Safety
    /// No other thread writes these columns at the same time.
    pub(super) unsafe fn write(&self, row: usize, cols: Range<usize>, values: &[f32]) {
        assert!(
            row < self.n_rows && cols.end <= self.n_cols && cols.len() <= values.len(),
            "BUG: outside of the result"
        );
        // SAFETY: the assertion keeps the range inside the borrowed slice; the caller promises that it is ours alone.
        let target = unsafe {
            std::slice::from_raw_parts_mut(self.start.add(row * self.n_cols + cols.start), cols.len())
        };
        target.copy_from_slice(&values[..cols.len()]);
    }
}
