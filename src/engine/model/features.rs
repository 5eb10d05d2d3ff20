//! Features that were computed before: in memory, and on disk.

use std::collections::HashMap;
use std::io::{self, Write};

use super::names::Names;
use super::store::Store;
use crate::engine::identity::FileIdentity;
use crate::llava::{Features, Model};
use crate::visual::encoder::FeatureCache;
use crate::visual::plan::ImageSource;

/// Features that are held in memory: 50 frames of CLIP-L/336 take 59 MB.
const MAX_BYTES: usize = 256 << 20;

/// Features in memory, by name, the least recently used first to go.
#[derive(Default)]
pub(super) struct FeatureMemory {
    held: HashMap<String, (u64, usize, Features)>,
    n_bytes: usize,
    clock: u64,
}

impl FeatureMemory {
    fn get(&mut self, name: &str) -> Option<Features> {
        self.clock += 1;
        let (used, _, features) = self.held.get_mut(name)?;
        *used = self.clock;
        Some(features.clone())
    }

    fn put(&mut self, name: String, n_bytes: usize, features: &Features) {
        self.clock += 1;
        if self.held.contains_key(&name) {
            return;
        }
        while self.n_bytes + n_bytes > MAX_BYTES {
            let oldest = self.held.iter().min_by_key(|(_, (used, ..))| *used);
            let Some(name) = oldest.map(|(name, _)| name.clone()) else {
                break;
            };
            if let Some((_, freed, _)) = self.held.remove(&name) {
                self.n_bytes -= freed;
            }
        }
        self.n_bytes += n_bytes;
        self.held.insert(name, (self.clock, n_bytes, features.clone()));
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// The features of one video for the executor of plans.
pub(super) struct VideoFeatures<'a> {
    pub(super) memory: &'a mut FeatureMemory,
    pub(super) store: Option<&'a Store>,
    pub(super) video: &'a FileIdentity,
    pub(super) names: &'a Names,
    pub(super) model: &'a Model,
    /// Images that were computed now.
    pub(super) n_encoded: usize,
    /// Whether something could not be kept, so that it is said once.
    pub(super) unkept: Option<io::Error>,
}

impl FeatureCache<Features> for VideoFeatures<'_> {
    fn lookup(&mut self, image: &ImageSource) -> Option<Features> {
        let name = self.names.image(image);
        if let Some(features) = self.memory.get(&name) {
            return Some(features);
        }
        let kept = self.store?.get(self.video, &name)?;
        let features = Features::from_bytes(&kept, self.model.tower()).ok()??;
        self.memory.put(name, kept.len(), &features);
        Some(features)
    }

    fn store(&mut self, image: &ImageSource, features: &Features) {
        self.n_encoded += 1;
        let name = self.names.image(image);
        let Ok(bytes) = features.to_bytes() else { return };
        self.memory.put(name.clone(), bytes.len(), features);
        if let Some(store) = self.store
            && self.unkept.is_none()
        {
            let write = |to: &mut dyn Write| to.write_all(&bytes);
            self.unkept = store.put::<io::Error>(self.video, &name, write).err();
        }
    }
}
