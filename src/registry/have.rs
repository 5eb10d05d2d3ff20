//! Which files in the cache are of a model, and removing them.

use std::collections::BTreeMap;

use super::catalogue::{Catalogue, Entry};
use super::hub::{Hub, KeptFile, Removed, RepositoryId};
use super::{OrderedFile, RegistryError, Source, Wanted, quantization};

impl Hub {
    /// The files of what somebody names that are in the cache, with everything that a repository of that name has there.
    /// A projector that another quantization needs which is here too is not among them.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`], [`RegistryError::NoQuantization`].
    pub fn kept(
        &self,
        catalogue: &Catalogue,
        wanted: &Wanted,
    ) -> Result<BTreeMap<RepositoryId, Vec<KeptFile>>, RegistryError> {
        let quantization = wanted.quantization.as_deref();
        let mut kept: BTreeMap<RepositoryId, Vec<KeptFile>> = BTreeMap::new();
        match &wanted.source {
            Source::Repository(id) => {
                let is_meant = |file: &KeptFile| match quantization {
                    Some(wanted) => {
                        let name = quantization::of_name(&file.path);
                        name.is_some_and(|name| quantization::is_same(&name, wanted))
                            && !file.path.contains("mmproj")
                    }
                    None => true,
                };
                kept.insert(id.clone(), self.kept_files(id, is_meant));
            }
            Source::Entry(id) => {
                let entry = catalogue.entry(id)?;
                if let Some(checkpoint) = &entry.checkpoint {
                    let files = self.kept_files(&checkpoint.repository, |_| true);
                    kept.insert(checkpoint.repository.clone(), files);
                }
                for file in self.files_of(entry, quantization)? {
                    let files = self.kept_files(&file.repository, |kept| kept.path == file.path);
                    kept.entry(file.repository.clone()).or_default().extend(files);
                }
            }
        }
        kept.retain(|_, files| !files.is_empty());
        Ok(kept)
    }

    /// Removes the files of what somebody names from the cache; bytes that another snapshot uses stay.
    ///
    /// # Errors
    /// As [`Hub::kept`], and [`RegistryError::Write`].
    pub fn remove(&self, catalogue: &Catalogue, wanted: &Wanted) -> Result<Removed, RegistryError> {
        let mut removed = Removed::default();
        for (id, files) in self.kept(catalogue, wanted)? {
            let of_one = self.cache.remove(&id, |file| files.contains(file))?;
            removed.n_files += of_one.n_files;
            removed.freed_bytes += of_one.freed_bytes;
        }
        Ok(removed)
    }

    fn kept_files(&self, id: &RepositoryId, is_meant: impl Fn(&KeptFile) -> bool) -> Vec<KeptFile> {
        self.cache
            .kept_of(id)
            .files
            .into_iter()
            .filter(is_meant)
            .collect()
    }

    /// The files of an entry, or those of one variant that no other one that is here needs.
    fn files_of<'a>(
        &self,
        entry: &'a Entry,
        quantization: Option<&str>,
    ) -> Result<Vec<&'a OrderedFile>, RegistryError> {
        let all = || entry.variants.iter().flat_map(|variant| &variant.files);
        let mut files: Vec<&OrderedFile> = match quantization {
            None => all().collect(),
            Some(_) => {
                let variant = entry.variant(quantization)?;
                let others = entry.variants.iter().filter(|other| *other != variant);
                let here = others
                    .filter(|other| !other.files.is_empty() && self.find(&entry.order(other)).is_some());
                let needed: Vec<&OrderedFile> = here.flat_map(|other| &other.files).collect();
                variant
                    .files
                    .iter()
                    .filter(|file| !needed.contains(file))
                    .collect()
            }
        };
        files.sort_by(|a, b| (&a.repository, &a.path).cmp(&(&b.repository, &b.path)));
        files.dedup_by(|a, b| (&a.repository, &a.path) == (&b.repository, &b.path));
        Ok(files)
    }

    /// Whether all files of a variant are in the cache.
    #[must_use]
    pub fn has(&self, entry: &Entry, variant: &super::Variant) -> bool {
        !variant.files.is_empty() && self.find(&entry.order(variant)).is_some()
    }
}
