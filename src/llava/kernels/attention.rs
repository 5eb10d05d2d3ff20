//! Attention that never holds a matrix of scores: keys are walked in tiles of 64 with a running maximum and sum
//! (FlashAttention-2, arXiv 2307.08691, algorithm 1).
//!
//! Many queries: 32 of them lie side by side in vector lanes, so that maximum, exponential and sum are vertical and
//! keys and values are read as the cache holds them. Query heads that share a key head are lanes of the same panel.
//! Few queries (a token being generated) go another way: [`super::few`].

use std::cell::RefCell;
use std::ops::Range;

use half::f16;

use super::gemm::float_tile;
use super::threads::{Columns, prefetch, share_out};
use super::{Isa, PANEL, softmax};
use crate::cancel::{CancelToken, Cancelled};

/// Keys of a tile.
const TILE: usize = 64;

/// Panels of queries that share the widening of a tile.
const PANELS: usize = 4;

/// Heads of an attention layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttentionShape {
    /// Query heads, a multiple of `n_kv_heads`.
    pub n_heads: usize,
    /// Key and value heads.
    pub n_kv_heads: usize,
    /// Values of a head.
    pub head_dim: usize,
}

/// Keys or values, (positions, `n_kv_heads`, `head_dim`), oldest first.
#[derive(Clone, Copy, Debug)]
pub enum KvRows<'a> {
    /// f32.
    F32(&'a [f32]),
    /// f16, widened a tile at a time.
    F16(&'a [f16]),
}

/// Which positions a query sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mask {
    /// All: a vision tower.
    Full,
    /// Itself and those before it: query `i` stands at position `n_past + i`.
    Causal {
        /// Positions before the first query.
        n_past: usize,
    },
    /// As `Causal`, and no further back than `window` positions, itself among them.
    Sliding {
        /// Positions before the first query.
        n_past: usize,
        /// Positions seen, at least 1.
        window: usize,
    },
}

impl Mask {
    /// The positions that query `i` sees, of `n_keys`.
    pub(super) fn seen(self, i: usize, n_keys: usize) -> (usize, usize) {
        match self {
            Self::Full => (0, n_keys),
            Self::Causal { n_past } => (0, n_keys.min(n_past + i + 1)),
            Self::Sliding { n_past, window } => (
                (n_past + i + 1).saturating_sub(window),
                n_keys.min(n_past + i + 1),
            ),
        }
    }
}

impl KvRows<'_> {
    fn len(self) -> usize {
        match self {
            Self::F32(rows) => rows.len(),
            Self::F16(rows) => rows.len(),
        }
    }

    /// One head of some positions as f32, (positions, `pad`); what pads a row is left as it is.
    pub(super) fn widen(
        self,
        isa: Isa,
        shape: AttentionShape,
        head: usize,
        positions: Range<usize>,
        pad: usize,
        out: &mut [f32],
    ) {
        let (dim, stride) = (shape.head_dim, shape.n_kv_heads * shape.head_dim);
        let from = positions.start * stride + head * dim;
        let out = &mut out[..positions.len() * pad];
        match self {
            Self::F32(rows) => {
                for (row, out) in rows[from..].chunks(stride).zip(out.chunks_exact_mut(pad)) {
                    out[..dim].copy_from_slice(&row[..dim]);
                }
            }
            Self::F16(rows) => softmax::widen(isa, &rows[from..], stride, dim, pad, out),
        }
    }

    /// Asks for one head of some positions, which will be read soon.
    pub(super) fn prefetch(self, shape: AttentionShape, head: usize, positions: Range<usize>) {
        let (dim, stride) = (shape.head_dim, shape.n_kv_heads * shape.head_dim);
        for position in positions {
            let at = position * stride + head * dim;
            match self {
                Self::F32(rows) => prefetch(rows[at..].as_ptr(), 4 * dim),
                Self::F16(rows) => prefetch(rows[at..].as_ptr(), 2 * dim),
            }
        }
    }
}

/// `out = softmax(scale * q * k^T + mask) * v`, heads apart; `q` and `out` are (queries, `n_heads`, `head_dim`).
///
/// # Errors
/// [`Cancelled`] within a few milliseconds; the result is then worthless.
///
/// # Panics
/// Where the sizes do not fit the shape, or a mask lets a query see nothing.
#[expect(clippy::too_many_arguments, reason = "the operands of attention")]
pub fn attention(
    shape: AttentionShape,
    q: &[f32],
    k: KvRows<'_>,
    v: KvRows<'_>,
    mask: Mask,
    scale: f32,
    out: &mut [f32],
    cancel: &CancelToken,
) -> Result<(), Cancelled> {
    attend(Isa::detect(), shape, q, k, v, mask, scale, out, cancel);
    cancel.check()
}

/// [`attention`] with the instructions given, to the end.
///
/// # Panics
/// As [`attention`].
#[expect(clippy::too_many_arguments, reason = "the operands of attention")]
pub fn attention_on(
    isa: Isa,
    shape: AttentionShape,
    q: &[f32],
    k: KvRows<'_>,
    v: KvRows<'_>,
    mask: Mask,
    scale: f32,
    out: &mut [f32],
) {
    attend(isa, shape, q, k, v, mask, scale, out, &CancelToken::new());
}

#[expect(clippy::too_many_arguments, reason = "the operands of attention")]
fn attend(
    isa: Isa,
    shape: AttentionShape,
    q: &[f32],
    k: KvRows<'_>,
    v: KvRows<'_>,
    mask: Mask,
    scale: f32,
    out: &mut [f32],
    cancel: &CancelToken,
) {
    let AttentionShape {
        n_heads,
        n_kv_heads,
        head_dim,
    } = shape;
    assert!(
        n_heads.is_multiple_of(n_kv_heads),
        "BUG: {n_heads} query heads over {n_kv_heads}"
    );
    let (n_queries, n_keys) = (q.len() / (n_heads * head_dim), k.len() / (n_kv_heads * head_dim));
    assert_eq!(
        q.len(),
        n_queries * n_heads * head_dim,
        "BUG: queries of {} values",
        q.len()
    );
    assert_eq!(
        k.len(),
        n_keys * n_kv_heads * head_dim,
        "BUG: keys of {} values",
        k.len()
    );
    assert_eq!(
        (v.len(), out.len()),
        (k.len(), q.len()),
        "BUG: sizes of values and result"
    );
    assert!(
        (0..n_queries).all(|i| {
            let (a, b) = mask.seen(i, n_keys);
            a < b
        }),
        "BUG: a query that sees nothing"
    );
    let layer = Layer {
        isa,
        shape,
        q,
        k,
        v,
        mask,
        scale,
        n_queries,
        n_keys,
        out: Columns::new(out, head_dim),
        cancel,
    };
    if n_queries == 1 || n_queries * (n_heads / n_kv_heads) <= PANEL / 2 {
        layer.few();
    } else {
        layer.many();
    }
}

pub(super) struct Layer<'a> {
    pub(super) isa: Isa,
    pub(super) shape: AttentionShape,
    pub(super) q: &'a [f32],
    pub(super) k: KvRows<'a>,
    pub(super) v: KvRows<'a>,
    pub(super) mask: Mask,
    pub(super) scale: f32,
    pub(super) n_queries: usize,
    pub(super) n_keys: usize,
    /// (queries * heads, dim).
    pub(super) out: Columns<'a>,
    pub(super) cancel: &'a CancelToken,
}

/// What a thread keeps between tasks.
#[derive(Default)]
struct Scratch {
    keys: Vec<f32>,
    values: Vec<f32>,
    panels: Vec<LanePanel>,
}

/// 32 queries side by side.
#[derive(Default)]
struct LanePanel {
    /// (dim, lanes), scaled.
    q: Vec<[f32; PANEL]>,
    /// (dim, lanes), not yet divided by the sum.
    out: Vec<[f32; PANEL]>,
    state: softmax::Lanes,
    /// First and last position each lane sees, end excluded.
    seen: [(usize, usize); PANEL],
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::default());
}

impl Layer<'_> {
    pub(super) fn group(&self) -> usize {
        self.shape.n_heads / self.shape.n_kv_heads
    }

    /// The row of `q` and of the result for a lane: lanes count (query, head of the group).
    pub(super) fn row_of(&self, kv_head: usize, lane: usize) -> usize {
        lane / self.group() * self.shape.n_heads + kv_head * self.group() + lane % self.group()
    }

    fn many(&self) {
        let n_lanes = self.n_queries * self.group();
        let n_blocks = n_lanes.div_ceil(PANELS * PANEL);
        let n_tasks = n_blocks * self.shape.n_kv_heads;
        share_out(n_tasks, usize::MAX, self.cancel, |task| {
            // Late blocks see the most keys: they go first, so that the threads end together.
            let (block, kv_head) = (
                n_blocks - 1 - task / self.shape.n_kv_heads,
                task % self.shape.n_kv_heads,
            );
            let first_lane = block * PANELS * PANEL;
            SCRATCH.with_borrow_mut(|scratch| self.block(kv_head, first_lane, n_lanes, scratch));
        });
    }

    /// Up to 128 lanes of one key head against all tiles of keys.
    fn block(&self, kv_head: usize, first_lane: usize, n_lanes: usize, scratch: &mut Scratch) {
        let dim = self.shape.head_dim;
        let Scratch { keys, values, panels } = scratch;
        keys.resize(TILE * dim, 0.0);
        values.resize(TILE * dim, 0.0);
        panels.resize_with(PANELS, LanePanel::default);
        let n_panels = (n_lanes - first_lane).div_ceil(PANEL).min(PANELS);
        let panels = &mut panels[..n_panels];
        for (p, panel) in panels.iter_mut().enumerate() {
            self.load(kv_head, first_lane + p * PANEL, n_lanes, panel);
        }
        let first = panels
            .iter()
            .flat_map(|panel| panel.seen)
            .map(|seen| seen.0)
            .min()
            .unwrap_or(0);
        let end = panels
            .iter()
            .flat_map(|panel| panel.seen)
            .map(|seen| seen.1)
            .max()
            .unwrap_or(0);
        for first in (first / TILE * TILE..end).step_by(TILE) {
            let n = TILE.min(self.n_keys - first);
            let tile = first..first + n;
            self.k
                .widen(self.isa, self.shape, kv_head, tile.clone(), dim, keys);
            self.v.widen(self.isa, self.shape, kv_head, tile, dim, values);
            for panel in panels.iter_mut() {
                self.tile(panel, first, &keys[..n * dim], &values[..n * dim]);
            }
        }
        for (p, panel) in panels.iter().enumerate() {
            self.store(kv_head, first_lane + p * PANEL, n_lanes, panel);
        }
    }

    fn load(&self, kv_head: usize, first_lane: usize, n_lanes: usize, panel: &mut LanePanel) {
        let dim = self.shape.head_dim;
        panel.q.resize(dim, [0.0; PANEL]);
        panel.out.clear();
        panel.out.resize(dim, [0.0; PANEL]);
        panel.state = softmax::Lanes::default();
        for i in 0..PANEL {
            // Lanes past the end repeat the last one and are not stored.
            let lane = (first_lane + i).min(n_lanes - 1);
            let row = &self.q[self.row_of(kv_head, lane) * dim..][..dim];
            for (q, value) in panel.q.iter_mut().zip(row) {
                q[i] = value * self.scale;
            }
            panel.seen[i] = self.mask.seen(lane / self.group(), self.n_keys);
        }
    }

    fn tile(&self, panel: &mut LanePanel, first: usize, keys: &[f32], values: &[f32]) {
        let dim = self.shape.head_dim;
        let n = keys.len() / dim;
        if panel
            .seen
            .iter()
            .all(|&(start, end)| end <= first || start >= first + n)
        {
            return;
        }
        let mut scores = [[0.0; PANEL]; TILE];
        let scores = &mut scores[..n];
        float_tile(self.isa, keys, dim, 1, &panel.q, scores);
        let whole = panel
            .seen
            .iter()
            .all(|&(start, end)| start <= first && end >= first + n);
        if !whole {
            for (j, scores) in scores.iter_mut().enumerate() {
                for (score, (start, end)) in scores.iter_mut().zip(panel.seen) {
                    if first + j < start || first + j >= end {
                        *score = f32::NEG_INFINITY;
                    }
                }
            }
        }
        softmax::step(self.isa, scores, &mut panel.state, &mut panel.out);
        float_tile(self.isa, values, 1, dim, scores, &mut panel.out);
    }

    fn store(&self, kv_head: usize, first_lane: usize, n_lanes: usize, panel: &LanePanel) {
        let dim = self.shape.head_dim;
        let mut row = vec![0.0; dim];
        for i in 0..PANEL.min(n_lanes - first_lane) {
            for (value, out) in row.iter_mut().zip(&panel.out) {
                *value = out[i] / panel.state.sum[i];
            }
            // SAFETY: a lane belongs to one task.
            unsafe { self.out.write(self.row_of(kv_head, first_lane + i), 0..dim, &row) };
        }
    }
}
