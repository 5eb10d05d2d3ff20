//! The model inside the program: a small LLaVA that knows one little world (`models/nano/`).
//!
//! It goes through the same loader as a pair on disk. Its bytes are checked against the checksums below before they are
//! read, so that a program file that was damaged is named and its model not loaded.

use super::pair::{Pair, PairError};
use crate::fault::{Explain, Fault};
use crate::gguf::{Gguf, Source};

/// What it is called in messages.
pub const NAME: &str = "nano (in the program)";

/// Bytes at an address that every tensor type can be read from: `include_bytes!` alone promises none.
#[repr(C, align(64))]
struct Aligned<T: ?Sized>(T);

static LANGUAGE: &Aligned<[u8]> = &Aligned(*include_bytes!("../../models/nano/weights/nano.gguf"));
static VISION: &Aligned<[u8]> = &Aligned(*include_bytes!("../../models/nano/weights/nano-mmproj.gguf"));

/// BLAKE3 of the two files.
const LANGUAGE_BLAKE3: &str = "fbaadcfd75410cd02c1522f1b266a8e01287c3fc35ccc61428e0088b415f6dda";
const VISION_BLAKE3: &str = "2f8c1053dfe0c2d242736eae5afd3ea86dbd314ea201f8dbc1cafefa4d4efa70";

/// Why the embedded model could not be read.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The bytes are not those that were compiled in.
    #[error("{file} is damaged: its checksum is {found}")]
    Damaged {
        /// Which of the two.
        file: &'static str,
        /// What it is.
        found: String,
    },
    /// As for any other pair.
    #[error(transparent)]
    Pair(#[from] PairError),
}

impl Explain for EmbeddedError {
    fn fault(&self) -> Fault {
        match self {
            Self::Damaged { .. } => Fault::Machine,
            Self::Pair(error) => error.fault(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Damaged { .. } => Some("the program file is damaged; install it again".to_owned()),
            Self::Pair(error) => error.hint(),
        }
    }
}

/// The headers of the embedded pair.
///
/// # Errors
/// [`EmbeddedError::Damaged`] where the program file was changed.
pub fn pair() -> Result<Pair, EmbeddedError> {
    let language = checked("the embedded language model", &LANGUAGE.0, LANGUAGE_BLAKE3)?;
    let vision = checked("the embedded mmproj file", &VISION.0, VISION_BLAKE3)?;
    Ok(Pair::of(language, vision)?)
}

/// The header of `bytes`, once their checksum is right.
///
/// # Errors
/// As [`pair`].
pub fn checked(name: &'static str, bytes: &'static [u8], blake3: &str) -> Result<Gguf, EmbeddedError> {
    let found = blake3::hash(bytes).to_hex();
    if found.as_str() != blake3 {
        return Err(EmbeddedError::Damaged {
            file: name,
            found: found.to_string(),
        });
    }
    Ok(Gguf::read(Source::Static { bytes, name }).map_err(PairError::from)?)
}

/// The two files as they are compiled in, with their checksums.
#[must_use]
pub fn files() -> [(&'static [u8], &'static str); 2] {
    [(&LANGUAGE.0, LANGUAGE_BLAKE3), (&VISION.0, VISION_BLAKE3)]
}
