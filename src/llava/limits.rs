//! How much is read and held at a time: what estimates and sessions agree on.

/// Positions read at a time: some seconds of a 7B model on two cores. Unpacking the weights once for that many is a
/// fifth of the work; what a chunk has done is lost when it is cancelled.
pub const CHUNK: usize = 256;
/// Positions that are held for a model of a longer context, unless a prompt needs more: keys and values of 128 thousand
/// positions would be more than most machines have.
pub const USUAL_CONTEXT: usize = 8192;
