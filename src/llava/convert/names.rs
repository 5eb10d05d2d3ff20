//! Which part of a model a tensor belongs to, in every way that checkpoints name them.

use std::collections::BTreeMap;
use std::path::Path;

use super::checkpoint::{Checkpoint, StoredTensor};
use super::error::ConvertError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Language,
    Head,
    Vision,
    Projector,
    Newline,
}

/// What names begin with, the longer of two before the shorter: transformers of three years, LLaVA's own, lmms-lab's,
/// SmolVLM's, InternVL's.
const PREFIXES: [(&str, Part); 22] = [
    ("language_model.lm_head.", Part::Head),
    ("lm_head.", Part::Head),
    ("model.language_model.model.", Part::Language),
    ("language_model.model.", Part::Language),
    ("model.language_model.", Part::Language),
    ("model.text_model.", Part::Language),
    ("model.vision_tower.vision_tower.vision_model.", Part::Vision),
    ("model.vision_tower.vision_model.", Part::Vision),
    ("model.vision_tower.", Part::Vision),
    ("vision_tower.vision_model.", Part::Vision),
    ("vision_tower.", Part::Vision),
    ("model.vision_model.", Part::Vision),
    ("vision_model.", Part::Vision),
    ("model.multi_modal_projector.", Part::Projector),
    ("multi_modal_projector.", Part::Projector),
    ("model.mm_projector.", Part::Projector),
    ("mm_projector.", Part::Projector),
    ("model.connector.modality_projection.", Part::Projector),
    ("mlp1.", Part::Projector),
    ("model.image_newline", Part::Newline),
    ("image_newline", Part::Newline),
    ("model.", Part::Language),
];

/// Tensors of one part by what is left of their names.
#[derive(Debug, Default)]
pub(super) struct Named {
    tensors: BTreeMap<String, StoredTensor>,
    folder: String,
}

impl Named {
    pub(super) fn get(&self, name: &str) -> Option<&StoredTensor> {
        self.tensors.get(name)
    }

    /// The tensor under the first of these names that is there.
    pub(super) fn need(&self, names: &[&str]) -> Result<&StoredTensor, ConvertError> {
        let found = names.iter().find_map(|name| self.tensors.get(*name));
        found.ok_or_else(|| ConvertError::MissingTensor {
            tensor: names.first().copied().unwrap_or_default().to_owned(),
            folder: self.folder.clone(),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tensors.is_empty()
    }
}

/// The tensors of a checkpoint, part by part.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) language: Named,
    pub(super) head: Option<StoredTensor>,
    pub(super) vision: Named,
    pub(super) projector: Named,
    pub(super) newline: Option<StoredTensor>,
}

impl Parts {
    pub(super) fn of(checkpoint: Checkpoint, folder: &Path) -> Self {
        let named = || Named {
            folder: folder.display().to_string(),
            ..Named::default()
        };
        let mut parts = Self {
            language: named(),
            vision: named(),
            projector: named(),
            ..Self::default()
        };
        for (name, tensor) in checkpoint.tensors {
            let known = PREFIXES
                .iter()
                .find_map(|(prefix, part)| Some((*part, name.strip_prefix(prefix)?.to_owned())));
            match known {
                Some((Part::Language, rest)) => drop(parts.language.tensors.insert(rest, tensor)),
                Some((Part::Vision, rest)) => drop(parts.vision.tensors.insert(rest, tensor)),
                Some((Part::Projector, rest)) => drop(parts.projector.tensors.insert(rest, tensor)),
                Some((Part::Head, _)) => parts.head = Some(tensor),
                Some((Part::Newline, _)) => parts.newline = Some(tensor),
                None => {}
            }
        }
        parts
    }
}
