//! How much is read and held at a time: what estimates and sessions agree on.

use crate::registry::memory::CHUNK_ROWS;

/// Positions read at a time.
pub const CHUNK: usize = CHUNK_ROWS as usize;
/// Positions that are held for a model of a longer context, unless a prompt needs more: keys and values of 128 thousand
/// positions would be more than most machines have.
pub const USUAL_CONTEXT: usize = 8192;
