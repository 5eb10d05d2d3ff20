//! Where the bytes of a model live.
#![expect(
    unsafe_code,
    reason = "mapping a file is unsafe in every library: another process may write to it"
)]

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use memmap2::{Mmap, UncheckedAdvice};

use super::error::{GgufError, Problem};
use super::file::ModelFile;
use crate::regular::OpenError;

/// The bytes of a model file: cheap to clone, and the clones share them.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file, mapped read-only. Its pages belong to the page cache: they cost no memory of our own.
    Mapped {
        /// The map.
        map: Arc<Mmap>,
        /// The path as it was given, for messages.
        name: Arc<str>,
    },
    /// Bytes that are part of the program, as the embedded model is.
    Static {
        /// The bytes.
        bytes: &'static [u8],
        /// What to call them in messages.
        name: &'static str,
    },
}

impl Source {
    /// Maps a file read-only.
    ///
    /// # Errors
    /// [`Problem::Io`], [`Problem::NotAFile`] or [`Problem::Empty`].
    pub fn open(path: &Path) -> Result<Self, GgufError> {
        Self::map(&ModelFile::new(path))
    }

    /// Maps a file that is open read-only.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn map(file: &ModelFile) -> Result<Self, GgufError> {
        let name = file.path().display().to_string();
        let map = map(file).map_err(|problem| GgufError {
            file: name.clone(),
            problem,
        })?;
        Ok(Self::Mapped {
            map: Arc::new(map),
            name: name.into(),
        })
    }

    /// All bytes, from the first of the file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Mapped { map, .. } => map,
            Self::Static { bytes, .. } => bytes,
        }
    }

    /// What to call it in a message: the path, or the name of the embedded model.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Mapped { name, .. } => name,
            Self::Static { name, .. } => name,
        }
    }

    /// Tells the operating system that these bytes are not needed soon, after they were copied or repacked. They stay
    /// readable: a later read fetches them from the file again. Does nothing for static bytes.
    pub fn release(&self, range: Range<usize>) {
        let Self::Mapped { map, .. } = self else { return };
        let Some(len) = range.end.checked_sub(range.start) else {
            return;
        };
        if range.end > map.len() || len == 0 {
            return;
        }
        // SAFETY: the map is read-only and backed by a file, so dropped pages come back with the same content.
        let advised = unsafe { map.unchecked_advise_range(UncheckedAdvice::DontNeed, range.start, len) };
        if let Err(error) = advised {
            tracing::debug!(%error, "pages of the model could not be given back");
        }
    }
}

fn map(file: &ModelFile) -> Result<Mmap, Problem> {
    let (file, metadata) = file.open().map_err(|error| match error {
        OpenError::Io(error) => Problem::Io(error),
        OpenError::NotRegular(kind) => Problem::NotAFile(kind),
    })?;
    if metadata.len() == 0 {
        return Err(Problem::Empty);
    }
    // SAFETY: the map is only read. A file that is overwritten meanwhile gives wrong numbers, one that shrinks ends
    // the process with SIGBUS; the module's documentation says who isolates that.
    unsafe { Mmap::map(&*file) }.map_err(Problem::Io)
}
