//! Models on the disk: which program has them, and how they go.

use std::fs;
use std::path::PathBuf;

use super::Desktop;
use super::describing::ModelSource;
use super::refusal::{of_model, of_registry, of_store};
use crate::api::window::{ApiError, ModelInfo};
use crate::cancel::CancelToken;
use crate::chat::KeptModel;
use crate::fault::{Failure, Fault};
use crate::registry::catalogue::own_models;
use crate::registry::found::found;
use crate::registry::{Cache, Catalogue, Hub, KeptFile, Source, Wanted};

/// A pair that another program has fetched, and which one.
pub(super) fn of_others() -> Vec<(ModelSource, &'static str)> {
    let models = found().into_iter().map(|model| {
        let pair = KeptModel {
            language_file: model.language,
            vision_file: model.projector,
        };
        (ModelSource::Pair(pair), model.store.name())
    });
    models.collect()
}

/// Says of a model whose files are this program's to remove that they were fetched, how much they are, and what the
/// catalogue calls it: a file often has the name of what it was made from.
pub(super) fn tell_where(source: &ModelSource, hub: &Hub, model: &mut ModelInfo) {
    let files = source.paths();
    if is_removable(&files, hub.cache()) {
        model.found_in = Some("downloaded".to_owned());
        model.removable_bytes = Some(n_bytes(&files));
        model.folder = None;
        let (catalogue, _) = Catalogue::of_user();
        let pair = <&[PathBuf; 2]>::try_from(files.as_slice()).ok();
        if let Some((entry, _)) = pair.and_then(|pair| hub.variant_of(&catalogue, pair)) {
            model.name = entry.name.clone();
        }
    }
}

/// Bytes of all of these that are there.
pub(super) fn n_bytes(files: &[PathBuf]) -> u64 {
    let len = |file: &PathBuf| fs::metadata(file).map_or(0, |about| about.len());
    files.iter().map(len).sum()
}

/// Whether these lie in the cache of downloads, or are a pair that was made of a checkpoint.
fn is_removable(files: &[PathBuf], cache: &Cache) -> bool {
    let made = own_models();
    let is_own = |file: &PathBuf| {
        file.starts_with(cache.folder()) || made.as_ref().is_some_and(|made| file.starts_with(made))
    };
    !files.is_empty() && files.iter().all(is_own)
}

impl Desktop {
    /// Removes the files of a model that was fetched, and says how many bytes are free now. The embedded model takes its
    /// place where it is loaded.
    ///
    /// # Errors
    /// There is no such model; its files are not in the cache of downloads; what cannot be removed.
    pub fn remove_model(&self, id: &str, cancel: &CancelToken) -> Result<u64, ApiError> {
        let source = self.models.source(id)?;
        let hub = Hub::of_environment();
        let files = source.paths();
        if !is_removable(&files, hub.cache()) {
            let refusal = Failure::new(Fault::Usage, "these files are not this program's to remove")
                .with_hint("remove them where they are");
            return Err(of_model(refusal));
        }
        if self.models.loaded().is_some_and(|loaded| loaded.model.id == id) {
            self.load_model(&ModelSource::Embedded.id(), cancel)?;
        }
        let freed_bytes = remove(&hub, &files)?;
        if let ModelSource::Pair(pair) = &source {
            self.store.forget_model(pair).map_err(of_store)?;
        }
        Ok(freed_bytes)
    }
}

/// A model of the catalogue goes with all that was fetched for it and that no other one needs; of others these files go.
fn remove(hub: &Hub, files: &[PathBuf]) -> Result<u64, ApiError> {
    let (catalogue, _) = Catalogue::of_user();
    let variant = <&[PathBuf; 2]>::try_from(files)
        .ok()
        .and_then(|pair| hub.variant_of(&catalogue, pair));
    if let Some((entry, variant)) = variant {
        let wanted = Wanted {
            source: Source::Entry(entry.id.clone()),
            quantization: Some(variant.quantization.clone()),
        };
        return Ok(hub.remove(&catalogue, &wanted).map_err(of_registry)?.freed_bytes);
    }
    let (cached, own): (Vec<_>, Vec<_>) =
        (files.iter()).partition(|file| file.starts_with(hub.cache().folder()));
    let mut freed_bytes = 0;
    for file in own {
        let n_bytes = n_bytes(std::slice::from_ref(file));
        fs::remove_file(file).map_err(|error| {
            let text = format!("the model's file cannot be removed: {error}");
            of_model(Failure::new(Fault::of_writing(&error), text))
        })?;
        freed_bytes += n_bytes;
    }
    let is_meant = |kept: &KeptFile| cached.contains(&&kept.file);
    for repository in hub.cache().kept() {
        if repository.files.iter().any(is_meant) {
            // Another language model of the repository may look through the same tower.
            let has_other = (repository.files.iter()).any(|kept| !is_meant(kept) && is_language(kept));
            let goes = |kept: &KeptFile| is_meant(kept) && (is_language(kept) || !has_other);
            let removed = hub.cache().remove(&repository.id, goes);
            freed_bytes += removed.map_err(of_registry)?.freed_bytes;
        }
    }
    Ok(freed_bytes)
}

fn is_language(kept: &KeptFile) -> bool {
    kept.path.ends_with(".gguf") && !kept.path.contains("mmproj")
}
