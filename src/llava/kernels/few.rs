//! Attention of a few queries: a token that is being generated.
//!
//! The cache is cut in chunks of keys for the threads. A chunk is walked once, in the order of memory: a tile of 32
//! positions, head by head, while the next head's rows are on their way. Each head is widened once for the query heads
//! that share it. At the end the chunks are joined. The arithmetic is less than the reading.

use std::cell::RefCell;
use std::ops::Range;

use rayon::prelude::*;

use super::attention::Layer;
use super::isa::Kind;
use super::{Isa, portable, softmax};

/// Keys of one task.
const CHUNK: usize = 128;

/// Keys that are widened at a time.
pub(super) const TILE: usize = 32;

/// Widened rows are padded with zeros to whole vectors.
const VECTOR: usize = 16;

/// Queries whose scores are kept between keys and values.
const LANES: usize = 8;

thread_local! {
    /// A tile of keys or values, (keys, padded dim).
    static WIDE: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

impl Layer<'_> {
    /// Every chunk of keys is a task; then the chunks are joined.
    pub(super) fn few(&self) {
        let (dim, pad) = (self.shape.head_dim, self.shape.head_dim.next_multiple_of(VECTOR));
        let n_rows = self.n_queries * self.shape.n_heads;
        let mut queries = vec![0.0; n_rows * pad];
        for (padded, query) in queries.chunks_exact_mut(pad).zip(self.q.chunks_exact(dim)) {
            for (padded, value) in padded.iter_mut().zip(query) {
                *padded = value * self.scale;
            }
        }
        // What a chunk adds to a query: its weighted values, the largest score, the sum of the weights.
        let part_len = pad + 2;
        let mut parts = vec![0.0; self.n_keys.div_ceil(CHUNK) * n_rows * part_len];
        parts
            .par_chunks_exact_mut(n_rows * part_len)
            .enumerate()
            .for_each(|(chunk, parts)| {
                if self.cancel.wait_while_held().is_err() {
                    return;
                }
                let keys = chunk * CHUNK..self.n_keys.min((chunk + 1) * CHUNK);
                WIDE.with_borrow_mut(|wide| self.chunk(keys, &queries, pad, wide, parts));
            });
        let mut joined = vec![0.0; pad];
        for row in 0..n_rows {
            let of_row = parts
                .chunks_exact(n_rows * part_len)
                .map(|parts| &parts[row * part_len..][..part_len]);
            join(of_row, &mut joined);
            // SAFETY: no other thread writes now.
            unsafe { self.out.write(row, 0..dim, &joined) };
        }
    }

    /// The parts (queries * heads, padded dim + 2) of one chunk of keys.
    fn chunk(&self, keys: Range<usize>, queries: &[f32], pad: usize, wide: &mut Vec<f32>, parts: &mut [f32]) {
        let n_kv_heads = self.shape.n_kv_heads;
        for part in parts.chunks_exact_mut(pad + 2) {
            part[pad] = f32::NEG_INFINITY;
        }
        wide.clear();
        wide.resize(TILE * pad, 0.0);
        let tile_at = |first: usize| first.min(keys.end)..(first + TILE).min(keys.end);
        for first in keys.clone().step_by(TILE) {
            for kv_head in 0..n_kv_heads {
                let (next, next_head) = if kv_head + 1 < n_kv_heads {
                    (first, kv_head + 1)
                } else {
                    (first + TILE, 0)
                };
                self.k.prefetch(self.shape, next_head, tile_at(next));
                self.v.prefetch(self.shape, next_head, tile_at(next));
                self.tile_of_head(kv_head, tile_at(first), queries, pad, wide, parts);
            }
        }
    }

    /// One tile of keys of one head, for the queries that share the head.
    fn tile_of_head(
        &self,
        kv_head: usize,
        keys: Range<usize>,
        queries: &[f32],
        pad: usize,
        wide: &mut [f32],
        parts: &mut [f32],
    ) {
        let n_lanes = self.n_queries * self.group();
        for first_lane in (0..n_lanes).step_by(LANES) {
            let rows = (first_lane..n_lanes.min(first_lane + LANES)).map(|lane| self.row_of(kv_head, lane));
            let mut weights = [[0.0; TILE]; LANES];
            self.k
                .widen(self.isa, self.shape, kv_head, keys.clone(), pad, wide);
            for (row, scores) in rows.clone().zip(&mut weights) {
                dots(self.isa, &queries[row * pad..][..pad], wide, scores);
                let (start, end) = self.mask.seen(row / self.shape.n_heads, self.n_keys);
                for (key, score) in (keys.start..).zip(scores.iter_mut()) {
                    if key < start || key >= end.min(keys.end) {
                        *score = f32::NEG_INFINITY;
                    }
                }
                softmax::weigh(self.isa, scores, &mut parts[row * (pad + 2)..][..pad + 2]);
            }
            self.v
                .widen(self.isa, self.shape, kv_head, keys.clone(), pad, wide);
            for (row, weights) in rows.zip(&weights) {
                let out = &mut parts[row * (pad + 2)..][..pad];
                add_weighted(self.isa, &weights[..keys.len()], wide, out);
            }
        }
    }
}

/// Joins the parts of one query (values, maximum, sum): the softmax over all of their keys.
fn join<'a>(parts: impl Iterator<Item = &'a [f32]> + Clone, joined: &mut [f32]) {
    let pad = joined.len();
    let largest = parts
        .clone()
        .map(|part| part[pad])
        .fold(f32::NEG_INFINITY, f32::max);
    joined.fill(0.0);
    let mut sum = 0.0;
    for part in parts.filter(|part| part[pad + 1] != 0.0) {
        let factor = (part[pad] - largest).exp();
        sum += factor * part[pad + 1];
        for (joined, value) in joined.iter_mut().zip(part) {
            *joined += factor * value;
        }
    }
    joined.iter_mut().for_each(|value| *value /= sum);
}

/// Products of one query with each row of a tile (keys, `query.len()`), whose width is a multiple of [`VECTOR`].
fn dots(isa: Isa, query: &[f32], keys: &[f32], scores: &mut [f32; TILE]) {
    assert!(
        query.len().is_multiple_of(VECTOR) && keys.len() == TILE * query.len(),
        "BUG: a tile of other sizes"
    );
    match isa.0 {
        Kind::Portable => portable::dots(query, keys, scores),
        // SAFETY: an `Isa` is only given out where the processor has it; the assertion holds the sizes.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => unsafe { super::few_x86::dots_avx2(query, keys, scores) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 => unsafe { super::few_x86::dots_avx512(query, keys, scores) },
    }
}

/// Adds the rows of `values` (keys, `out.len()`), each times its weight.
fn add_weighted(isa: Isa, weights: &[f32], values: &[f32], out: &mut [f32]) {
    assert!(
        out.len().is_multiple_of(VECTOR) && values.len() >= weights.len() * out.len(),
        "BUG: a tile of other sizes"
    );
    match isa.0 {
        Kind::Portable => portable::add_weighted(weights, values, out),
        // SAFETY: an `Isa` is only given out where the processor has it; the assertion holds the sizes.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => unsafe { super::few_x86::add_weighted_avx2(weights, values, out) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 => unsafe { super::few_x86::add_weighted_avx512(weights, values, out) },
    }
}
