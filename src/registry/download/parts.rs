//! Parts of files that are not here whole.

use std::path::{Path, PathBuf};

use super::keeper;
use super::sidecar::Sidecar;
use crate::registry::RegistryError;
use crate::registry::hub::{Hub, RepositoryId};

impl Hub {
    /// The parts of those files of a repository whose paths are meant, by what lies beside them.
    pub(in crate::registry) fn parts(
        &self,
        id: &RepositoryId,
        is_meant: impl Fn(&str) -> bool,
    ) -> Vec<PathBuf> {
        let mut parts = self.cache.parts(id);
        parts.retain(|part| Sidecar::read(part).is_some_and(|sidecar| is_meant(&sidecar.path)));
        parts
    }
}

/// Removes a part, which no pull may be working on.
pub(in crate::registry) fn remove_part(part: &Path) -> Result<(), RegistryError> {
    keeper::remove(part)
}
