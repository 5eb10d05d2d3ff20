//! How much memory a pair takes, from its numbers: the sums that hold before it is fetched and before it is loaded.

/// Rows that go through the decoder at a time while a prompt is read: some seconds of a 7B model on two cores. Unpacking
/// the weights once for that many is a fifth of the work; what a chunk has done is lost when it is cancelled.
pub const CHUNK_ROWS: u64 = 256;
/// Bytes of a number in a computation.
const F32_BYTES: u64 = 4;
/// Code, stacks, tokenizer and the allocator's slack.
const PROCESS_BYTES: u64 = 96 << 20;

/// Keys and values of `n_positions`, for `n_values` keys a position over all layers.
#[must_use]
pub fn cache_bytes(n_values: u64, n_positions: u64, value_bytes: u64) -> u64 {
    2u64.saturating_mul(n_values)
        .saturating_mul(n_positions)
        .saturating_mul(value_bytes)
}

/// Numbers alive in a layer: rows as input, normed, queries, keys, values and sum, and both halves of the feed-forward
/// layer.
#[must_use]
pub fn layer_values(n_rows: u64, width: u64, feed_forward: u64) -> u64 {
    let row = width
        .saturating_mul(6)
        .saturating_add(feed_forward.saturating_mul(2));
    n_rows.saturating_mul(row)
}

/// Numbers alive in the decoder: a chunk of rows, and one row of logits.
#[must_use]
pub fn decoder_values(width: u64, feed_forward: u64, n_vocab: u64) -> u64 {
    layer_values(CHUNK_ROWS, width, feed_forward).saturating_add(n_vocab)
}

/// What a step of the decoder or of the tower needs, whichever is more, and the process around it.
#[must_use]
pub fn working_bytes(decoder_values: u64, tower_values: u64) -> u64 {
    let values = decoder_values.max(tower_values);
    PROCESS_BYTES.saturating_add(F32_BYTES.saturating_mul(values))
}
