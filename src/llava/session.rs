//! One running sequence: what the language model has read, and reading on from there.

mod prefix;

pub use prefix::PrefixError;

use std::sync::Arc;

use candle_core::Tensor;

use super::cache::{CacheType, KvCache};
use super::decoder::{Decoder, Wanted};
use super::error::LlavaError;
use super::error::MemoryError;
use super::estimate::free_bytes;
use super::limits::{CHUNK, USUAL_CONTEXT};
use super::sequence::{Position, Sequence};
use crate::cancel::CancelToken;

/// How far reading has come, in positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadProgress {
    /// Positions of the prompt that need not be read, because the last prompt began alike.
    pub n_reused: usize,
    /// Positions read or reused.
    pub n_done: usize,
    /// Positions of the prompt.
    pub n_total: usize,
}

/// A sequence and its keys and values.
#[derive(Debug)]
pub struct Session {
    decoder: Arc<Decoder>,
    cache: KvCache,
    held: Vec<Position>,
    /// Where the last prompt ended and its answer began.
    n_prompt: usize,
}

impl Session {
    /// An empty sequence of at most `capacity` positions.
    ///
    /// # Errors
    /// [`LlavaError::Memory`] where more positions are asked for than were counted when the model was loaded and they do
    /// not fit, or candle's.
    pub fn new(decoder: Arc<Decoder>, capacity: usize, dtype: CacheType) -> Result<Self, LlavaError> {
        let shape = decoder.cache_shape(capacity, dtype);
        if capacity > USUAL_CONTEXT
            && decoder.compute().is_host()
            && let Some(free_bytes) = free_bytes()
        {
            let needed_bytes = shape.n_bytes() as u64;
            if needed_bytes > free_bytes {
                return Err(MemoryError {
                    needed_bytes,
                    free_bytes,
                }
                .into());
            }
        }
        let cache = KvCache::new(shape, decoder.compute())?;
        Ok(Self {
            decoder,
            cache,
            held: Vec::new(),
            n_prompt: 0,
        })
    }

    /// Its language model.
    #[must_use]
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// Positions held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cache.len()
    }

    /// Whether nothing was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cache.is_empty()
    }

    /// Most positions that it holds.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.cache.capacity()
    }

    /// A sequence of its own that goes on from the same point.
    ///
    /// # Errors
    /// candle's: too little memory on the device.
    pub fn fork(&self) -> Result<Self, LlavaError> {
        Ok(Self {
            decoder: Arc::clone(&self.decoder),
            cache: self.cache.fork(self.decoder.compute())?,
            held: self.held.clone(),
            n_prompt: self.n_prompt,
        })
    }

    /// Positions of `prompt` that need not be read again, if an answer of `n_answer` tokens is to follow.
    #[must_use]
    pub fn n_reusable(&self, prompt: &Sequence, n_answer: usize) -> usize {
        self.n_common(&prompt.positions(), n_answer)
    }

    /// Makes `prompt` what was read, reusing the positions that the last prompt began with, and gives the logits of its
    /// last position, `(1, n_vocab)`. Cancelled, it keeps the chunks that were finished, and the next call goes on.
    /// `n_answer` is the room for an answer: some rotary scalings choose their frequencies by the whole length.
    ///
    /// # Errors
    /// [`LlavaError::ContextTooShort`] where the prompt alone does not fit, [`LlavaError::EmptyPrompt`],
    /// [`LlavaError::Cancelled`], or candle's.
    pub fn read(
        &mut self,
        prompt: &Sequence,
        n_answer: usize,
        progress: &mut dyn FnMut(ReadProgress),
        cancel: &CancelToken,
    ) -> Result<Tensor, LlavaError> {
        let positions = prompt.positions();
        let n_total = positions.len();
        if n_total == 0 {
            return Err(LlavaError::EmptyPrompt);
        }
        if n_total > self.cache.capacity() {
            return Err(LlavaError::ContextTooShort {
                needed: n_total,
                capacity: self.cache.capacity(),
            });
        }
        let n_reused = self.n_common(&positions, n_answer);
        let rope = self.decoder.rope().set_for_prompt(n_total, n_answer);
        if self.cache.rope() == rope {
            self.cache.truncate(n_reused);
        } else {
            self.cache.restart(rope);
        }
        self.held.truncate(n_reused);
        self.n_prompt = n_total;
        let mut start = n_reused;
        loop {
            progress(ReadProgress {
                n_reused,
                n_done: start,
                n_total,
            });
            let pause = if start < prompt.n_shared() {
                prompt.n_shared().min(n_total)
            } else {
                n_total
            };
            let end = pause.min(start + CHUNK);
            let wanted = if end == n_total {
                Wanted::Last
            } else {
                Wanted::Nothing
            };
            let rows = prompt.rows(start..end, &self.decoder)?;
            let logits = self
                .decoder
                .forward(&rows, &mut self.cache, rope, wanted, cancel)?;
            self.held.extend_from_slice(&positions[start..end]);
            start = end;
            if let Some(logits) = logits {
                progress(ReadProgress {
                    n_reused,
                    n_done: start,
                    n_total,
                });
                return Ok(logits);
            }
        }
    }

    /// Reads one token more and gives the logits after it, `(1, n_vocab)`.
    ///
    /// # Errors
    /// [`LlavaError::ContextTooShort`] where the cache is full, [`LlavaError::Cancelled`], or candle's.
    pub fn read_token(&mut self, token: u32, cancel: &CancelToken) -> Result<Tensor, LlavaError> {
        let rope = self
            .decoder
            .rope()
            .set_for_step(self.cache.rope(), self.cache.len() + 1);
        let row = self.decoder.embed(&[token])?;
        let logits = self
            .decoder
            .forward(&row, &mut self.cache, rope, Wanted::Last, cancel)?;
        self.held.push(Position::Token(token));
        Ok(logits.expect("BUG: the last logits were wanted"))
    }

    /// The common beginning, at most all but one of `positions`: somebody wants the logits of the last.
    fn n_common(&self, positions: &[Position], n_answer: usize) -> usize {
        if self.cache.rope() != self.decoder.rope().set_for_prompt(positions.len(), n_answer) {
            return 0;
        }
        // Where frequencies grow with the length, those of an answer are not a prompt's.
        let steps = self
            .decoder
            .rope()
            .set_for_step(self.cache.rope(), self.cache.len());
        let n_fit = if steps == self.cache.rope() {
            self.held.len()
        } else {
            self.n_prompt.min(self.held.len())
        };
        let common = self.held[..n_fit]
            .iter()
            .zip(positions)
            .take_while(|(a, b)| a == b)
            .count();
        common.min(positions.len().saturating_sub(1))
    }
}
