//! Models on the disk: which program has them, and how they go.

use std::fs;
use std::path::{Path, PathBuf};

use super::Desktop;
use super::describing::ModelSource;
use super::refusal::{of_model, of_registry, of_store};
use crate::api::window::{ApiError, ModelInfo};
use crate::cancel::CancelToken;
use crate::chat::KeptModel;
use crate::fault::{Failure, Fault};
use crate::registry::catalogue::own_models;
use crate::registry::found::found;
use crate::registry::{Cache, Hub, KeptFile};

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

/// Says of a model whose files are this program's to remove that they were fetched, and how much they are.
pub(super) fn tell_where(source: &ModelSource, cache: &Cache, model: &mut ModelInfo) {
    let files = source.paths();
    if is_removable(&files, cache) {
        model.found_in = Some("downloaded".to_owned());
        let size = |file: &PathBuf| fs::metadata(file).map_or(0, |about| about.len());
        model.removable_bytes = Some(files.iter().map(size).sum());
    }
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
        let freed_bytes = remove(hub.cache(), &files)?;
        if let ModelSource::Pair(pair) = &source {
            self.store.forget_model(pair).map_err(of_store)?;
        }
        Ok(freed_bytes)
    }
}

fn remove(cache: &Cache, files: &[PathBuf]) -> Result<u64, ApiError> {
    let is_meant = |kept: &KeptFile| files.iter().any(|file| is_same(file, &kept.file));
    let mut freed_bytes = 0;
    for file in files.iter().filter(|file| !file.starts_with(cache.folder())) {
        let n_bytes = fs::metadata(file).map_or(0, |about| about.len());
        let removed = fs::remove_file(file);
        removed.map_err(|error| {
            let text = format!("the model's file cannot be removed: {error}");
            of_model(Failure::new(Fault::of_writing(&error), text))
        })?;
        freed_bytes += n_bytes;
    }
    for repository in cache.kept() {
        if repository.files.iter().any(is_meant) {
            let removed = cache.remove(&repository.id, is_meant);
            freed_bytes += removed.map_err(of_registry)?.freed_bytes;
        }
    }
    Ok(freed_bytes)
}

fn is_same(one: &Path, other: &Path) -> bool {
    std::path::absolute(one).ok() == std::path::absolute(other).ok()
}
