//! What is here of a model, and removing it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::catalogue::{Catalogue, Entry, Variant};
use super::download::remove_part;
use super::hub::{Hub, KeptFile, Removed, RepositoryId};
use super::{OrderedFile, Part, RegistryError, Source, Wanted, quantization};

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
                kept.insert(
                    id.clone(),
                    self.kept_files(id, |file| is_of(&file.path, quantization)),
                );
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

    /// Removes what somebody names: its files in the cache, parts of them, and the pairs that were made of its checkpoint.
    /// Bytes that another snapshot uses stay. No pull of it may be running.
    ///
    /// # Errors
    /// As [`Hub::kept`], and [`RegistryError::Write`].
    pub fn remove(&self, catalogue: &Catalogue, wanted: &Wanted) -> Result<Removed, RegistryError> {
        let mut removed = Removed::default();
        for part in self.kept_parts(catalogue, wanted)? {
            removed.freed_bytes += n_bytes(&part);
            remove_part(&part)?;
        }
        for folder in conversions(catalogue, wanted)? {
            let files = fs::read_dir(&folder).into_iter().flatten().flatten();
            removed.freed_bytes += files.map(|file| n_bytes(&file.path())).sum::<u64>();
            fs::remove_dir_all(&folder).map_err(RegistryError::write(&folder))?;
        }
        for (id, files) in self.kept(catalogue, wanted)? {
            let of_one = self.cache.remove(&id, |file| files.contains(file))?;
            removed.n_files += of_one.n_files;
            removed.freed_bytes += of_one.freed_bytes;
        }
        Ok(removed)
    }

    /// What [`Hub::remove`] would remove beside the files of [`Hub::kept`]: parts, and pairs made of a checkpoint.
    ///
    /// # Errors
    /// As [`Hub::kept`].
    pub fn leftovers(&self, catalogue: &Catalogue, wanted: &Wanted) -> Result<Vec<PathBuf>, RegistryError> {
        let mut files = self.kept_parts(catalogue, wanted)?;
        for folder in conversions(catalogue, wanted)? {
            files.extend(
                fs::read_dir(folder)
                    .into_iter()
                    .flatten()
                    .flatten()
                    .map(|file| file.path()),
            );
        }
        Ok(files)
    }

    /// The pair of a variant, where all of it is here: language model, then tower with projector.
    #[must_use]
    pub fn pair(&self, entry: &Entry, variant: &Variant) -> Option<[PathBuf; 2]> {
        if entry.checkpoint.is_some() {
            return entry.converted(variant);
        }
        let file_of = |part| self.find_file(variant.files_of(part).next()?);
        Some([file_of(Part::Language)?, file_of(Part::Projector)?])
    }

    /// The variant of a catalogue that these files are the pair of.
    #[must_use]
    pub fn variant_of<'a>(
        &self,
        catalogue: &'a Catalogue,
        pair: &[PathBuf; 2],
    ) -> Option<(&'a Entry, &'a Variant)> {
        let entries = catalogue.entries().iter();
        let mut variants =
            entries.flat_map(|entry| entry.variants.iter().map(move |variant| (entry, variant)));
        variants.find(|(entry, variant)| self.pair(entry, variant).as_ref() == Some(pair))
    }

    /// Bytes that are here of a variant, whole files and parts: what its next pull does not fetch.
    #[must_use]
    pub fn n_bytes_here(&self, entry: &Entry, variant: &Variant) -> u64 {
        if let Some(checkpoint) = &entry.checkpoint {
            return self.cache.kept_of(&checkpoint.repository).n_bytes;
        }
        let of_file = |file: &OrderedFile| {
            // Of whatever commit: which one `main` is, is noted once all of an order is here.
            let whole = self.kept_files(&file.repository, |kept| kept.path == file.path);
            let parts = self.parts(&file.repository, |path| path == file.path);
            let whole = whole.iter().map(|kept| kept.n_bytes);
            whole.chain(parts.iter().map(n_bytes)).max().unwrap_or(0)
        };
        variant.files.iter().map(of_file).sum()
    }

    /// Parts of what somebody names; of a checkpoint or a whole repository those too that other programs left.
    fn kept_parts(&self, catalogue: &Catalogue, wanted: &Wanted) -> Result<Vec<PathBuf>, RegistryError> {
        let quantization = wanted.quantization.as_deref();
        let mut parts = Vec::new();
        match &wanted.source {
            Source::Repository(id) if quantization.is_none() => parts.extend(self.cache.parts(id)),
            Source::Repository(id) => parts.extend(self.parts(id, |path| is_of(path, quantization))),
            Source::Entry(id) => {
                let entry = catalogue.entry(id)?;
                if let Some(checkpoint) = &entry.checkpoint {
                    parts.extend(self.cache.parts(&checkpoint.repository));
                }
                for file in self.files_of(entry, quantization)? {
                    parts.extend(self.parts(&file.repository, |path| path == file.path));
                }
            }
        }
        Ok(parts)
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
                let here = others.filter(|other| self.pair(entry, other).is_some());
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
}

/// Whether a file of a repository is meant by a quantization, or by none.
fn is_of(path: &str, quantization: Option<&str>) -> bool {
    let Some(wanted) = quantization else { return true };
    let name = quantization::of_name(path);
    name.is_some_and(|name| quantization::is_same(&name, wanted)) && !path.contains("mmproj")
}

/// The folders of pairs that are made of what somebody names, as far as they are there.
fn conversions(catalogue: &Catalogue, wanted: &Wanted) -> Result<Vec<PathBuf>, RegistryError> {
    let Source::Entry(id) = &wanted.source else {
        return Ok(Vec::new());
    };
    let entry = catalogue.entry(id)?;
    if entry.checkpoint.is_none() {
        return Ok(Vec::new());
    }
    let variants: Vec<&Variant> = match wanted.quantization.as_deref() {
        None => entry.variants.iter().collect(),
        Some(_) => vec![entry.variant(wanted.quantization.as_deref())?],
    };
    let folders = variants
        .into_iter()
        .filter_map(|variant| entry.conversion_folder(variant));
    Ok(folders.filter(|folder| folder.is_dir()).collect())
}

fn n_bytes(file: &PathBuf) -> u64 {
    fs::metadata(file).map_or(0, |about| about.len())
}
