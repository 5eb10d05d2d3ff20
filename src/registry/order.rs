//! What is to be fetched.

use std::str::FromStr;

use super::catalogue::Licence;
use super::hub::RepositoryId;
use super::{Checksum, RegistryError};

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The language model.
    Language,
    /// Tower and projector: the mmproj file.
    Projector,
    /// A file of a checkpoint that a pair is made from.
    Checkpoint,
}

/// A file on a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderedFile {
    /// Where it is.
    pub repository: RepositoryId,
    /// A branch, a tag or a commit.
    pub revision: String,
    /// Its path there.
    pub path: String,
    /// What it is for.
    pub part: Part,
    /// Its bytes, where they are known before the hub is asked.
    pub n_bytes: Option<u64>,
    /// Its hash, where it is known before the hub is asked; the hub's own is taken where not.
    pub checksum: Option<Checksum>,
}

/// Files that are fetched together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What it is, for people: `SmolVLM2 2.2B, Q4_K_M`.
    pub name: String,
    /// Its files.
    pub files: Vec<OrderedFile>,
    /// What they may be used for, where it is known.
    pub licence: Option<Licence>,
    /// What was chosen, and why, where there was a choice.
    pub notes: Vec<String>,
}

impl Order {
    /// Bytes of all of it, where they are known.
    #[must_use]
    pub fn n_bytes(&self) -> Option<u64> {
        self.files.iter().map(|file| file.n_bytes).sum()
    }
}

/// What somebody wants, as it is typed: `ID`, `ID:QUANT`, `owner/repo` or `owner/repo:QUANT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Of what.
    pub source: Source,
    /// Which of its quantizations; the usual one where none is said.
    pub quantization: Option<String>,
}

/// Of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An entry of the catalogue.
    Entry(String),
    /// Any repository.
    Repository(RepositoryId),
}

impl FromStr for Wanted {
    type Err = RegistryError;

    fn from_str(text: &str) -> Result<Self, RegistryError> {
        let (source, quantization) = match text.split_once(':') {
            Some((source, quantization)) if !quantization.is_empty() => {
                (source, Some(quantization.to_owned()))
            }
            Some(_) => {
                return Err(RegistryError::NotAName {
                    text: text.to_owned(),
                });
            }
            None => (text, None),
        };
        let source = match source {
            "" => {
                return Err(RegistryError::NotAName {
                    text: text.to_owned(),
                });
            }
            repository if repository.contains('/') => Source::Repository(repository.parse()?),
            entry => Source::Entry(entry.to_owned()),
        };
        Ok(Self { source, quantization })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_an_entry_or_a_repository_and_a_quantization() {
        let wanted = |text: &str| text.parse::<Wanted>().ok();
        let entry = |id: &str| Source::Entry(id.to_owned());
        let all = |source, quantization: Option<&str>| {
            Some(Wanted {
                source,
                quantization: quantization.map(str::to_owned),
            })
        };
        assert_eq!(wanted("smolvlm2-2.2b"), all(entry("smolvlm2-2.2b"), None));
        assert_eq!(wanted("a:Q8_0"), all(entry("a"), Some("Q8_0")));
        let repository = Source::Repository("o/r".parse().expect("it is one"));
        assert_eq!(wanted("o/r:q4"), all(repository, Some("q4")));
        for text in ["", ":", "a:", ":q", "o/r/x", "../r"] {
            assert_eq!(wanted(text), None, "{text}");
        }
    }
}
