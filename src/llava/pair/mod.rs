//! Which two files make a model: a language model and the mmproj file with the tower and the projector it was trained with.
//!
//! The partner of a file is found by what the headers say, never by its name or by being the first: the projector gives
//! rows of the width that the language model reads. Only headers are read; nothing is loaded, nothing is fetched.

mod error;
mod find;
mod part;
mod precision;

use std::path::Path;

pub use error::PairError;
pub use part::{Part, classify};

use crate::gguf::Gguf;
use crate::registry::{Cache, Hub, ModelFiles};

/// The headers of two files that belong together.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The language model.
    pub language: Gguf,
    /// Vision tower and projector.
    pub vision: Gguf,
}

impl Pair {
    /// Two files, in either order.
    ///
    /// # Errors
    /// [`PairError`] where one is not supported, both are of one kind, or their widths differ.
    pub fn of_files(first: &Path, second: &Path) -> Result<Self, PairError> {
        Self::among(&ModelFiles::both(first, second))
    }

    /// Two headers, in either order.
    ///
    /// # Errors
    /// As [`Pair::of_files`].
    pub fn of(first: Gguf, second: Gguf) -> Result<Self, PairError> {
        let name = |file: &Gguf| file.source().name().to_owned();
        let (language, vision, language_width, vision_width) = match (classify(&first)?, classify(&second)?) {
            (Part::Language { width }, Part::Vision { projected_width }) => {
                (first, second, width, projected_width)
            }
            (Part::Vision { projected_width }, Part::Language { width }) => {
                (second, first, width, projected_width)
            }
            (Part::Language { .. }, Part::Language { .. }) => {
                return Err(PairError::TwoLanguageModels {
                    first: name(&first),
                    second: name(&second),
                });
            }
            (Part::Vision { .. }, Part::Vision { .. }) => {
                return Err(PairError::TwoProjectors {
                    first: name(&first),
                    second: name(&second),
                });
            }
        };
        if language_width != vision_width {
            return Err(PairError::Widths {
                language_width,
                vision_width,
                language: name(&language),
                vision: name(&vision),
            });
        }
        Ok(Self { language, vision })
    }

    /// A model as a user names it: a folder with a pair, one of its files with the other beside it, or `owner/repo` of the
    /// Hugging Face cache.
    ///
    /// # Errors
    /// [`PairError`] says what was found and what is missing.
    pub fn find(model: &str) -> Result<Self, PairError> {
        Self::find_in(Hub::of_environment().cache(), model)
    }

    /// As [`Pair::find`], with this cache.
    ///
    /// # Errors
    /// As [`Pair::find`].
    pub fn find_in(cache: &Cache, model: &str) -> Result<Self, PairError> {
        Self::among(&ModelFiles::of(model.as_ref(), cache)?)
    }

    /// The pair among files that a name may mean.
    ///
    /// # Errors
    /// As [`Pair::find`].
    pub fn among(files: &ModelFiles) -> Result<Self, PairError> {
        find::among(files)
    }
}
