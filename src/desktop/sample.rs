//! The bundled clip, in whatever folder and under whatever name.

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

/// Its size.
const N_BYTES: u64 = 97_067;
/// SHA-256 of `assets/sample.mp4`.
const SHA_256: [u8; 32] = [
    0x54, 0xb2, 0x46, 0x26, 0x77, 0xc0, 0xf9, 0xd2, 0xc7, 0x60, 0x53, 0x80, 0x94, 0x6e, 0x1e, 0x67, 0x5a,
    0x4b, 0x61, 0xd7, 0x62, 0x43, 0x48, 0xf9, 0xd2, 0x35, 0x27, 0x32, 0xef, 0xfd, 0x84, 0x87,
];

/// Whether the file at `path`, of `n_bytes`, is the bundled clip.
pub(super) fn is_sample(path: &Path, n_bytes: u64) -> bool {
    n_bytes == N_BYTES && fs::read(path).is_ok_and(|bytes| *Sha256::digest(bytes) == SHA_256)
}
