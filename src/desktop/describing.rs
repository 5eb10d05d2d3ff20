//! Models in the page's words.

use std::path::{Path, PathBuf};

use crate::api::window::{ApiError, MemoryEstimate, ModelInfo};
use crate::chat::KeptModel;
use crate::engine::{ModelName, PairDescription};

/// The id of the model inside the program.
const EMBEDDED_ID: &str = "embedded";
/// What the embedded model was trained to answer.
const EMBEDDED_SUGGESTIONS: [&str; 3] = [
    "What do you see?",
    "Which object appears first?",
    "How many objects are there?",
];

/// Where a model comes from: what its id stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ModelSource {
    /// The one inside the program.
    Embedded,
    /// A pair of files.
    Pair(KeptModel),
}

impl ModelSource {
    /// Names it for the page: the same as long as its files stay where they are.
    pub(super) fn id(&self) -> String {
        match self {
            Self::Embedded => EMBEDDED_ID.to_owned(),
            Self::Pair(pair) => {
                let mut hasher = blake3::Hasher::new();
                for path in [&pair.language_file, &pair.vision_file] {
                    let bytes = path.as_os_str().as_encoded_bytes();
                    hasher.update(&(bytes.len() as u64).to_le_bytes());
                    hasher.update(bytes);
                }
                hasher.finalize().to_hex()[..16].to_owned()
            }
        }
    }

    pub(super) fn name(&self) -> ModelName {
        match self {
            Self::Embedded => ModelName::Embedded,
            Self::Pair(pair) => ModelName::Named {
                model: pair.language_file.clone().into(),
                mmproj: Some(pair.vision_file.clone().into()),
            },
        }
    }

    pub(super) fn paths(&self) -> Vec<PathBuf> {
        match self {
            Self::Embedded => Vec::new(),
            Self::Pair(pair) => vec![pair.language_file.clone(), pair.vision_file.clone()],
        }
    }
}

/// A pair that was described, and what stands for it.
pub(super) fn described(name: &ModelName, pair: &PairDescription) -> (ModelSource, ModelInfo) {
    let files: Vec<PathBuf> = [&pair.language_file, &pair.vision_file]
        .into_iter()
        .flatten()
        .map(PathBuf::from)
        .collect();
    let source = match (name, files.as_slice()) {
        (ModelName::Named { .. }, [language, vision]) => ModelSource::Pair(KeptModel {
            language_file: absolute(language),
            vision_file: absolute(vision),
        }),
        _ => ModelSource::Embedded,
    };
    let is_embedded = source == ModelSource::Embedded;
    let patches = pair.side_px.checked_div(pair.patch_px).unwrap_or(0) as usize;
    let memory = pair.memory;
    let model = ModelInfo {
        id: source.id(),
        name: pair.name.clone(),
        quantisation: pair.quantization.clone(),
        n_params: pair.n_params,
        files: files.iter().map(|path| file_name(path)).collect(),
        file_bytes: super::disk::n_bytes(&files),
        folder: folder_of(&files),
        is_listed: false,
        is_embedded,
        found_in: None,
        removable_bytes: None,
        architecture: pair.architecture.clone(),
        tower: format!("{}, {} px", tower_name(&pair.tower), pair.side_px),
        n_tokens_per_image: patches * patches,
        n_context: pair.n_context,
        memory: MemoryEstimate {
            weights_bytes: memory.weights_bytes,
            cache_bytes: memory.cache_bytes,
            working_bytes: memory.working_bytes,
            total_bytes: memory.total_bytes(),
            available_bytes: memory.free_bytes.unwrap_or(0),
        },
        refusal: None,
        suggestions: match is_embedded {
            true => EMBEDDED_SUGGESTIONS.map(str::to_owned).to_vec(),
            false => Vec::new(),
        },
    };
    (source, model)
}

/// Files that are no model that can be loaded.
pub(super) fn refused(paths: &[PathBuf], refusal: ApiError) -> ModelInfo {
    let files: Vec<String> = paths.iter().map(|path| file_name(path)).collect();
    let name = match paths {
        [] => "nano".to_owned(),
        [first, ..] => Path::new(first)
            .file_stem()
            .map_or_else(|| files[0].clone(), |stem| stem.to_string_lossy().into_owned()),
    };
    ModelInfo {
        id: format!("refused-{}", files.join("+")),
        name,
        quantisation: String::new(),
        n_params: 0,
        files,
        file_bytes: super::disk::n_bytes(paths),
        folder: folder_of(paths),
        is_listed: false,
        is_embedded: false,
        found_in: None,
        removable_bytes: None,
        architecture: String::new(),
        tower: String::new(),
        n_tokens_per_image: 0,
        n_context: 0,
        memory: MemoryEstimate::default(),
        refusal: Some(refusal),
        suggestions: Vec::new(),
    }
}

/// What a tower is, for people.
pub(super) fn tower_name(kind: &str) -> &str {
    match kind {
        "clip" => "CLIP",
        "siglip" => "SigLIP",
        other => other,
    }
}

/// What a device is called, for people: "CPU", "CUDA", "METAL".
pub(super) fn device_name(device: &str) -> String {
    device.to_uppercase()
}

/// `text` with the names of files in place of their paths.
pub(super) fn without_folders(text: &str, paths: &[PathBuf]) -> String {
    let folders = paths.iter().flat_map(|path| {
        let of = |path: &Path| format!("{}{}", path.display(), std::path::MAIN_SEPARATOR);
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        [Some(of(path)), parent.map(of)].into_iter().flatten()
    });
    folders.fold(text.to_owned(), |text, folder| text.replace(&folder, ""))
}

/// The name of the folder that these lie in, after its parent's.
fn folder_of(files: &[PathBuf]) -> Option<String> {
    let folder = files.first()?.parent()?;
    let names: Vec<_> = [folder.parent().and_then(Path::file_name), folder.file_name()]
        .into_iter()
        .flatten()
        .map(std::ffi::OsStr::to_string_lossy)
        .collect();
    (!names.is_empty()).then(|| names.join("/"))
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_unknown| path.to_owned())
}
