//! How much memory a pair will take, known before any of it is taken.

use crate::gguf::{Gguf, GgufError};

use super::error::MemoryError;
use super::pair::Pair;
use crate::registry::memory;

/// Bytes by what they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryEstimate {
    /// Weights of the language model, as they are in the file.
    pub weights_bytes: u64,
    /// Weights of the tower and the projector, as they are in the file.
    pub tower_bytes: u64,
    /// Keys and values of all positions.
    pub cache_bytes: u64,
    /// What a step of the decoder or the tower needs beside them.
    pub working_bytes: u64,
}

impl MemoryEstimate {
    /// All of it.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        [
            self.weights_bytes,
            self.tower_bytes,
            self.cache_bytes,
            self.working_bytes,
        ]
        .iter()
        .fold(0, |sum, &bytes| sum.saturating_add(bytes))
    }

    /// Compares with the memory that is free.
    ///
    /// # Errors
    /// [`MemoryError`] where it is not enough.
    pub fn check(&self, free_bytes: u64) -> Result<(), MemoryError> {
        let needed_bytes = self.total_bytes();
        if needed_bytes <= free_bytes {
            Ok(())
        } else {
            Err(MemoryError {
                needed_bytes,
                free_bytes,
            })
        }
    }
}

/// Estimates a pair at a context of `n_positions`, with `cache_value_bytes` for a number of the cache (2 for f16).
///
/// # Errors
/// [`GgufError`] where a key that it needs has a senseless type.
pub fn estimate(pair: &Pair, n_positions: u64, cache_value_bytes: u64) -> Result<MemoryEstimate, GgufError> {
    let language = &pair.language;
    let architecture = language.str("general.architecture")?.unwrap_or_default();
    let size = |key: &str| -> Result<u64, GgufError> {
        Ok(language.size(&format!("{architecture}.{key}"))?.unwrap_or(0) as u64)
    };
    let (width, n_heads) = (size("embedding_length")?, size("attention.head_count")?.max(1));
    let n_kv_heads = match size("attention.head_count_kv")? {
        0 => n_heads,
        n => n,
    };
    let head_dim = match size("attention.key_length")? {
        0 => width / n_heads,
        n => n,
    };
    // A header may say anything; sums that wrapped would let through what no machine can hold.
    let n_values = size("block_count")?
        .saturating_mul(n_kv_heads)
        .saturating_mul(head_dim);
    let n_vocab = language
        .tensor("token_embd.weight")
        .map_or(0, |tensor| tensor.shape[0] as u64);
    let decoder = memory::decoder_values(width, size("feed_forward_length")?, n_vocab);
    Ok(MemoryEstimate {
        weights_bytes: weight_bytes(language),
        tower_bytes: weight_bytes(&pair.vision),
        cache_bytes: memory::cache_bytes(n_values, n_positions, cache_value_bytes),
        working_bytes: memory::working_bytes(decoder, tower_values(&pair.vision)?),
    })
}

fn weight_bytes(file: &Gguf) -> u64 {
    file.tensors().map(|tensor| tensor.n_bytes() as u64).sum()
}

/// Numbers alive in the tower: rows as in the decoder.
fn tower_values(file: &Gguf) -> Result<u64, GgufError> {
    let size = |key: &str, default: u64| -> Result<u64, GgufError> {
        Ok(file
            .size(&format!("clip.vision.{key}"))?
            .map_or(default, |n| n as u64))
    };
    let (width, feed_forward) = (
        size("embedding_length", 1024)?,
        size("feed_forward_length", 4096)?,
    );
    // Some converters keep a dimension of one before the two.
    let n_rows = file
        .tensor("v.position_embd.weight")
        .map_or(0, |tensor| tensor.n_values() as u64 / width.max(1));
    Ok(memory::layer_values(n_rows, width, feed_forward))
}

/// Memory that programs can still take, in bytes; `None` where the system does not say.
#[must_use]
pub fn free_bytes() -> Option<u64> {
    let memory = sysinfo::MemoryRefreshKind::nothing().with_ram();
    let system =
        sysinfo::System::new_with_specifics(sysinfo::RefreshKind::nothing().with_memory(memory)).ok()?;
    // Inside a container the machine's number is not ours.
    let machine = system.available_memory();
    Some(
        system
            .cgroup_limits()
            .map_or(machine, |limits| machine.min(limits.free_memory)),
    )
}
