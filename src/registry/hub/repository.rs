//! Names of repositories.

use std::fmt;
use std::str::FromStr;

use crate::registry::RegistryError;

/// `owner/repo`, both such as can be folders.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryId {
    owner: String,
    name: String,
}

impl RepositoryId {
    /// Whose it is.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its folder in the cache.
    #[must_use]
    pub fn folder_name(&self) -> String {
        format!("models--{}--{}", self.owner, self.name)
    }

    /// The repository of a folder in the cache.
    pub(super) fn of_folder_name(name: &str) -> Option<Self> {
        let (owner, name) = name.strip_prefix("models--")?.split_once("--")?;
        format!("{owner}/{name}").parse().ok()
    }
}

impl FromStr for RepositoryId {
    type Err = RegistryError;

    fn from_str(text: &str) -> Result<Self, RegistryError> {
        let parts = text.split_once('/');
        let plain = parts.filter(|(owner, name)| is_plain_name(owner) && is_plain_name(name));
        let (owner, name) = plain.ok_or_else(|| RegistryError::NotAName {
            text: text.to_owned(),
        })?;
        Ok(Self {
            owner: owner.to_owned(),
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for RepositoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// Whether a name can be one folder: no separators, no dots alone.
pub(in crate::registry) fn is_plain_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain)
}

/// Whether a path in a repository stays in the folder that it is put into.
pub(in crate::registry) fn is_plain_path(path: &str) -> bool {
    let is_step =
        |step: &str| !step.is_empty() && step != "." && step != ".." && !step.contains(['\\', ':', '\0']);
    path.split('/').all(is_step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_two_plain_names() {
        let id: RepositoryId = "ggml-org/SmolVLM2-2.2B".parse().expect("it is one");
        assert_eq!(id.folder_name(), "models--ggml-org--SmolVLM2-2.2B");
        assert_eq!(RepositoryId::of_folder_name(&id.folder_name()), Some(id));
        for text in ["", "a", "a/", "/a", "a/b/c", "../a", "a/..", "a/b c", "a\\b/c"] {
            assert!(text.parse::<RepositoryId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_path_that_leaves_its_folder_is_refused() {
        assert!(is_plain_path("a.gguf") && is_plain_path("sub/a b.gguf"));
        for path in ["", "/a", "a/", "a//b", "../a", "a/../b", "./a", "c:\\a", "a\\b"] {
            assert!(!is_plain_path(path), "{path}");
        }
    }
}
