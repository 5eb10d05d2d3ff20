//! The beginning of a sequence as bytes, so that a video that was read once need not be read again in another process.

use std::io::{self, Write};

use super::Session;
use crate::llava::error::LlavaError;
use crate::llava::rope::RopeSet;
use crate::llava::sequence::Sequence;

/// Why a beginning could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PrefixError {
    /// What the file system says.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// candle's.
    #[error(transparent)]
    Llava(#[from] LlavaError),
}

impl Session {
    /// The rotary frequencies that `prompt` is read with: a part of what its keys depend on.
    #[must_use]
    pub fn rope_for(&self, prompt: &Sequence, n_answer: usize) -> RopeSet {
        self.decoder.rope().set_for_prompt(prompt.len(), n_answer)
    }

    /// Bytes that [`Session::write_prefix`] writes for `n` positions.
    #[must_use]
    pub fn prefix_bytes(&self, n: usize) -> u64 {
        let shape = self.cache.shape();
        let values = 2 * shape.n_layers * n * shape.n_kv_heads * shape.head_dim;
        (values * shape.dtype.n_bytes()) as u64
    }

    /// Writes keys and values of the first `n` positions held, layer by layer.
    ///
    /// # Errors
    /// [`PrefixError`].
    pub fn write_prefix(&self, n: usize, to: &mut impl Write) -> Result<(), PrefixError> {
        for layer in 0..self.cache.shape().n_layers {
            for bytes in self.cache.layer_bytes(layer, n).map_err(LlavaError::from)? {
                to.write_all(&bytes)?;
            }
        }
        Ok(())
    }

    /// Takes the first `n` positions of `prompt` as read, with keys and values of an earlier [`Session::write_prefix`]
    /// of exactly these positions by the same model. `n_answer` as in [`Session::read`]. `false` where the number of
    /// bytes is another.
    ///
    /// # Errors
    /// candle's.
    pub fn read_prefix(
        &mut self,
        prompt: &Sequence,
        n: usize,
        n_answer: usize,
        bytes: &[u8],
    ) -> Result<bool, LlavaError> {
        if bytes.len() as u64 != self.prefix_bytes(n) || n > self.cache.capacity() || n == 0 {
            return Ok(false);
        }
        let positions = prompt.positions();
        let rope = self.decoder.rope().set_for_prompt(positions.len(), n_answer);
        self.cache.restart(rope);
        self.held.clear();
        let half = bytes.len() / (2 * self.cache.shape().n_layers);
        for (layer, both) in bytes.chunks_exact(2 * half).enumerate() {
            let (keys, values) = both.split_at(half);
            self.cache.set_layer_bytes(layer, n, [keys, values])?;
        }
        self.cache.advance(n);
        self.held.extend_from_slice(&positions[..n]);
        self.n_prompt = n;
        Ok(true)
    }
}
