//! What files are checked by.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::Digest;

use super::RegistryError;
use crate::cancel::CancelToken;
use crate::regular;

/// Bytes hashed between two looks at whether to stop.
const PIECE_BYTES: usize = 1 << 18;

/// The hash that a hub knows a file by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Checksum {
    /// Of the bytes: large files.
    Sha256(String),
    /// Of git's header and the bytes: small files.
    GitSha1(String),
}

impl Checksum {
    /// The hash that a header or a catalogue has, in hexadecimal digits; `None` where it is none of the two.
    #[must_use]
    pub fn of_hex(text: &str) -> Option<Self> {
        let hex = text.to_ascii_lowercase();
        let is_hex = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        match hex.len() {
            64 if is_hex => Some(Self::Sha256(hex)),
            40 if is_hex => Some(Self::GitSha1(hex)),
            _ => None,
        }
    }

    /// Its digits, which are also the name of the bytes in the cache.
    #[must_use]
    pub fn hex(&self) -> &str {
        match self {
            Self::Sha256(hex) | Self::GitSha1(hex) => hex,
        }
    }

    /// A hasher of this kind, for `n_bytes` in all.
    pub(super) fn hasher(&self, n_bytes: u64) -> Hasher {
        match self {
            Self::Sha256(_) => Hasher::Sha256(sha2::Sha256::new()),
            Self::GitSha1(_) => {
                let mut hasher = sha1::Sha1::new();
                hasher.update(format!("blob {n_bytes}\0"));
                Hasher::GitSha1(hasher)
            }
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.hex())
    }
}

/// A hash in the making.
pub(super) enum Hasher {
    Sha256(sha2::Sha256),
    GitSha1(sha1::Sha1),
}

impl Hasher {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::GitSha1(hasher) => hasher.update(bytes),
        }
    }

    /// Takes in the rest of a file, and says how many bytes that was. `on_piece` hears of each piece.
    pub(super) fn update_from(
        &mut self,
        file: &mut File,
        cancel: &CancelToken,
        mut on_piece: impl FnMut(u64),
    ) -> Result<u64, HashError> {
        let (mut piece, mut n_bytes) = (vec![0; PIECE_BYTES], 0);
        loop {
            cancel.check()?;
            let n_read = file.read(&mut piece)?;
            if n_read == 0 {
                return Ok(n_bytes);
            }
            self.update(&piece[..n_read]);
            n_bytes += n_read as u64;
            on_piece(n_bytes);
        }
    }

    pub(super) fn hex(self) -> String {
        match self {
            Self::Sha256(hasher) => hex(&hasher.finalize()),
            Self::GitSha1(hasher) => hex(&hasher.finalize()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why a file was not hashed to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum HashError {
    #[error(transparent)]
    Read(#[from] io::Error),
    #[error(transparent)]
    Cancelled(#[from] crate::cancel::Cancelled),
}

impl HashError {
    pub(super) fn about(self, path: &Path) -> RegistryError {
        match self {
            Self::Read(source) => RegistryError::read(path)(source),
            Self::Cancelled(_) => RegistryError::Cancelled,
        }
    }
}

/// Checks a file that is there by its hash.
///
/// # Errors
/// [`RegistryError::WrongHash`] where it is another file, [`RegistryError::Read`], [`RegistryError::Cancelled`].
pub(super) fn check(
    path: &Path,
    expected: &Checksum,
    cancel: &CancelToken,
    on_piece: impl FnMut(u64),
) -> Result<(), RegistryError> {
    let opened = regular::open(path).map_err(|error| RegistryError::read(path)(error.into()));
    let (mut file, metadata) = opened?;
    let mut hasher = expected.hasher(metadata.len());
    let read = hasher.update_from(&mut file, cancel, on_piece);
    read.map_err(|error| error.about(path))?;
    let hash = hasher.hex();
    if hash == expected.hex() {
        Ok(())
    } else {
        Err(RegistryError::WrongHash {
            file: path.display().to_string(),
            hash,
            expected: expected.hex().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hashes that `sha256sum` and `git hash-object` print.
    #[test]
    fn hashes_are_those_of_the_tools() {
        let of = |hex: &str| {
            let checksum = Checksum::of_hex(hex).expect("it is one");
            let mut hasher = checksum.hasher(6);
            hasher.update(b"hello\n");
            (hasher.hex(), checksum.hex().to_owned())
        };
        for hex in [
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
            "CE013625030BA8DBA906F756967F9E9CA394464A",
        ] {
            let (hash, expected) = of(hex);
            assert_eq!(hash, expected);
        }
        assert_eq!(Checksum::of_hex("ce01"), None);
        assert_eq!(Checksum::of_hex(&"x".repeat(64)), None);
    }
}
