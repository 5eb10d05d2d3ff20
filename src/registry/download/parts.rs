//! What is here of files that are not here whole.

use std::path::PathBuf;

use super::keeper;
use super::sidecar::Sidecar;
use crate::registry::hub::Hub;
use crate::registry::{Order, OrderedFile, RegistryError};

impl Hub {
    /// Bytes that are here of an order, whole files and parts: what the next pull does not fetch.
    #[must_use]
    pub fn n_bytes_here(&self, order: &Order) -> u64 {
        let len = |path: &PathBuf| std::fs::metadata(path).map_or(0, |about| about.len());
        let of_file = |file: &OrderedFile| match self.find_file(file) {
            Some(whole) => len(&whole),
            None => self.parts(file).iter().map(len).max().unwrap_or(0),
        };
        order.files.iter().map(of_file).sum()
    }

    /// Removes the parts of an order's files, which no pull may be working on. Whole files stay: [`super::super::Cache::remove`]
    /// is for those.
    ///
    /// # Errors
    /// [`RegistryError::Write`].
    pub fn discard(&self, order: &Order) -> Result<(), RegistryError> {
        let parts = order.files.iter().flat_map(|file| self.parts(file));
        parts.into_iter().try_for_each(|part| keeper::remove(&part))
    }

    /// The parts of a file, by what lies beside them.
    fn parts(&self, file: &OrderedFile) -> Vec<PathBuf> {
        let parts = self.cache.parts(&file.repository).into_iter();
        parts
            .filter(|part| Sidecar::read(part).is_some_and(|sidecar| sidecar.path == file.path))
            .collect()
    }
}
