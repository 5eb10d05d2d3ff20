//! The tensors of a checkpoint, where they lie in its safetensors files. Nothing of them is read here.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensorError, SafeTensors};

use super::error::ConvertError;
use super::json::Json;
use crate::gguf::Source;

/// More files than any checkpoint has.
const MAX_SHARDS: usize = 1024;

/// How the values of a tensor are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    F32,
    F16,
    BF16,
}

impl Stored {
    pub(super) fn value_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
        }
    }
}

/// A tensor of a checkpoint.
#[derive(Clone, Debug)]
pub(super) struct StoredTensor {
    /// Its whole name there.
    pub(super) name: String,
    /// Row-major.
    pub(super) shape: Vec<usize>,
    pub(super) stored: Stored,
    pub(super) source: Source,
    pub(super) range: Range<usize>,
}

impl StoredTensor {
    pub(super) fn shape_error(&self, expected: impl Into<String>) -> ConvertError {
        ConvertError::Shape {
            tensor: self.name.clone(),
            expected: expected.into(),
            found: self.shape.clone(),
            file: self.source.name().to_owned(),
        }
    }
}

/// The files of one folder.
#[derive(Debug)]
pub(super) struct Checkpoint {
    pub(super) tensors: BTreeMap<String, StoredTensor>,
    /// Size and age of each file, which together tell one checkpoint from another.
    pub(super) identity: String,
}

impl Checkpoint {
    pub(super) fn open(folder: &Path) -> Result<Self, ConvertError> {
        let mut tensors = BTreeMap::new();
        let mut identity = String::new();
        for path in shards(folder)? {
            let source = Source::open(&path)?;
            let age = std::fs::metadata(&path)
                .and_then(|metadata| metadata.modified())
                .ok();
            identity += &format!("{} {} {age:?}\n", path.display(), source.bytes().len());
            add_tensors(&mut tensors, &source)?;
        }
        Ok(Self { tensors, identity })
    }
}

/// The files that hold the weights: those that the index names, or all that lie there.
fn shards(folder: &Path) -> Result<Vec<PathBuf>, ConvertError> {
    let named = |name: &str| folder.join(name);
    let index = named("model.safetensors.index.json");
    if index.is_file() {
        return indexed(folder, &Json::read(&index)?);
    }
    if named("model.safetensors").is_file() {
        return Ok(vec![named("model.safetensors")]);
    }
    let unreadable = |source| ConvertError::Read {
        source,
        file: folder.display().to_string(),
    };
    let (mut shards, mut pickles) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("safetensors") => shards.push(path),
            Some("bin" | "pth" | "pt") => pickles.push(path),
            _ => {}
        }
    }
    shards.sort();
    shards.truncate(MAX_SHARDS);
    if let Some(numbered) = numbered(folder, &shards)? {
        return Ok(numbered);
    }
    match (shards.is_empty(), pickles.into_iter().min()) {
        (false, _) => Ok(shards),
        (true, Some(pickle)) => Err(ConvertError::OnlyPickles {
            file: pickle.display().to_string(),
        }),
        (true, None) => Err(ConvertError::NoFile {
            file: "model.safetensors",
            folder: folder.display().to_string(),
        }),
    }
}

fn indexed(folder: &Path, index: &Json) -> Result<Vec<PathBuf>, ConvertError> {
    let map = index
        .section("weight_map")
        .ok_or_else(|| index.damaged("no weight_map"))?;
    let mut names: Vec<&str> = map.members().filter_map(|(_, name)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() || names.len() > MAX_SHARDS {
        return Err(index.damaged("weight_map names no files"));
    }
    let shard = |name: &str| {
        // A name with a folder in it would lead out of the checkpoint.
        if name.contains(['/', '\\']) || name.starts_with("..") {
            return Err(index.damaged("weight_map names a file elsewhere"));
        }
        let path = folder.join(name);
        if path.exists() {
            Ok(path)
        } else {
            Err(missing(folder, name))
        }
    };
    names.into_iter().map(shard).collect()
}

/// Of files named `…-00001-of-00003` all must be there, index or not; what lies beside them is no part of the model.
fn numbered(folder: &Path, shards: &[PathBuf]) -> Result<Option<Vec<PathBuf>>, ConvertError> {
    let numbering = |path: &PathBuf| {
        let name = path.file_name()?.to_str()?.strip_suffix(".safetensors")?;
        let (stem, total) = name.rsplit_once("-of-")?;
        let (base, _) = stem.rsplit_once('-')?;
        let n_shards = total.parse::<usize>().ok()?;
        Some((base.to_owned(), total.to_owned(), n_shards))
    };
    let Some((base, total, n_shards)) = shards.iter().find_map(numbering) else {
        return Ok(None);
    };
    let shard = |number: usize| {
        let name = format!("{base}-{number:05}-of-{total}.safetensors");
        let path = folder.join(&name);
        if path.exists() {
            Ok(path)
        } else {
            Err(missing(folder, &name))
        }
    };
    (1..=n_shards.min(MAX_SHARDS))
        .map(shard)
        .collect::<Result<_, _>>()
        .map(Some)
}

fn missing(folder: &Path, shard: &str) -> ConvertError {
    ConvertError::MissingShard {
        shard: shard.to_owned(),
        folder: folder.display().to_string(),
    }
}

fn add_tensors(tensors: &mut BTreeMap<String, StoredTensor>, source: &Source) -> Result<(), ConvertError> {
    let file = || source.name().to_owned();
    let (header_bytes, metadata) =
        SafeTensors::read_metadata(source.bytes()).map_err(|error| match error {
            SafeTensorError::HeaderTooSmall
            | SafeTensorError::InvalidHeaderLength
            | SafeTensorError::MetadataIncompleteBuffer => ConvertError::CutShort { file: file() },
            other => ConvertError::Damaged {
                what: other.to_string(),
                file: file(),
            },
        })?;
    let start = header_bytes + 8;
    for (name, info) in metadata.tensors() {
        let stored = match info.dtype {
            Dtype::F32 => Stored::F32,
            Dtype::F16 => Stored::F16,
            Dtype::BF16 => Stored::BF16,
            // Position ids and the like are no weights; a weight in such a format is missed by its name.
            _ => continue,
        };
        let range = start + info.data_offsets.0..start + info.data_offsets.1;
        let tensor = StoredTensor {
            name: name.clone(),
            shape: info.shape.clone(),
            stored,
            source: source.clone(),
            range,
        };
        tensors.insert(name, tensor);
    }
    Ok(())
}
