//! Models that other programs have fetched: in Ollama's store and LM Studio's.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// More of anything than a store has.
const MAX_ENTRIES: usize = 500;
/// No manifest is larger.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;

/// A pair of files that another program has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundModel {
    /// What that program calls it: `llava:7b`, `owner/repo`.
    pub name: String,
    /// Which program.
    pub store: Store,
    /// The language model.
    pub language: PathBuf,
    /// The mmproj file.
    pub projector: PathBuf,
    /// Bytes of both.
    pub n_bytes: u64,
}

/// A program with models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Store {
    /// Ollama.
    Ollama,
    /// LM Studio.
    LmStudio,
}

impl Store {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ollama => "Ollama",
            Self::LmStudio => "LM Studio",
        }
    }
}

/// The models with eyes in the stores that the environment points to. Nothing is changed in them.
#[must_use]
pub fn found() -> Vec<FoundModel> {
    let home = etcetera::home_dir().unwrap_or_default();
    found_in(|name| std::env::var_os(name), &home)
}

/// The same for these variables and this home folder.
#[must_use]
pub fn found_in(variable: impl Fn(&str) -> Option<OsString>, home: &Path) -> Vec<FoundModel> {
    let set = variable("OLLAMA_MODELS").filter(|value| !value.is_empty());
    let ollama = set.map_or_else(|| home.join(".ollama").join("models"), PathBuf::from);
    let mut models = of_ollama(&ollama);
    // The second is where it was before 2025.
    for folder in [
        home.join(".lmstudio").join("models"),
        home.join(".cache/lm-studio/models"),
    ] {
        models.extend(of_lm_studio(&folder));
    }
    models
}

/// `manifests/HOST/NAMESPACE/MODEL/TAG` name blobs by what they are.
fn of_ollama(folder: &Path) -> Vec<FoundModel> {
    let hosts = entries(&folder.join("manifests"));
    let namespaces = hosts.iter().flat_map(|host| entries(host));
    let models: Vec<PathBuf> = namespaces.flat_map(|space| entries(&space)).collect();
    let tags = models.iter().flat_map(|model| entries(model)).take(MAX_ENTRIES);
    tags.filter_map(|manifest| {
        let about = fs::metadata(&manifest).ok()?;
        if !about.is_file() || about.len() > MAX_MANIFEST_BYTES {
            return None;
        }
        let content: Value = serde_json::from_slice(&fs::read(&manifest).ok()?).ok()?;
        let layers = content.get("layers")?.as_array()?;
        let blob = |kind: &str| {
            let is_kind = |layer: &&Value| layer.get("mediaType").and_then(Value::as_str) == Some(kind);
            let digest = layers.iter().find(is_kind)?.get("digest")?.as_str()?;
            let hex = digest
                .strip_prefix("sha256:")
                .filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
            Some(folder.join("blobs").join(format!("sha256-{hex}")))
        };
        let language = blob("application/vnd.ollama.image.model")?;
        let projector = blob("application/vnd.ollama.image.projector")?;
        model(ollama_name(&manifest)?, Store::Ollama, language, projector)
    })
    .collect()
}

/// `llava:7b`, with the namespace where that is not Ollama's own.
fn ollama_name(manifest: &Path) -> Option<String> {
    let mut steps = manifest.iter().rev().map(|step| step.to_string_lossy());
    let (tag, model, namespace) = (steps.next()?, steps.next()?, steps.next()?);
    Some(match &*namespace {
        "library" => format!("{model}:{tag}"),
        _ => format!("{namespace}/{model}:{tag}"),
    })
}

/// `OWNER/REPO/*.gguf`: a language model for each that is no mmproj file.
fn of_lm_studio(folder: &Path) -> Vec<FoundModel> {
    let repositories = entries(folder).into_iter().flat_map(|owner| entries(&owner));
    let mut models = Vec::new();
    for repository in repositories.take(MAX_ENTRIES) {
        let is_gguf = |path: &PathBuf| {
            path.extension()
                .is_some_and(|end| end.eq_ignore_ascii_case("gguf"))
        };
        let files = entries(&repository).into_iter().filter(is_gguf);
        let (mut projectors, languages): (Vec<PathBuf>, Vec<PathBuf>) =
            files.partition(|path| is_projector(path));
        projectors.sort_by_key(|path| {
            let name = path.to_string_lossy();
            (
                super::quantization::projector_rank(super::quantization::of_name(&name).as_deref()),
                path.clone(),
            )
        });
        let Some(projector) = projectors.first() else {
            continue;
        };
        models.extend(languages.into_iter().filter_map(|language| {
            let owner = repository.parent()?.file_name()?.to_string_lossy();
            let name = format!(
                "{owner}/{}/{}",
                file_name(&repository)?,
                language.file_stem()?.to_string_lossy()
            );
            model(name, Store::LmStudio, language, projector.clone())
        }));
    }
    models
}

fn model(name: String, store: Store, language: PathBuf, projector: PathBuf) -> Option<FoundModel> {
    let n_bytes = fs::metadata(&language).ok()?.len() + fs::metadata(&projector).ok()?.len();
    Some(FoundModel {
        name,
        store,
        language,
        projector,
        n_bytes,
    })
}

fn is_projector(path: &Path) -> bool {
    file_name(path).is_some_and(|name| name.to_ascii_lowercase().contains("mmproj"))
}

fn file_name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_string_lossy().into_owned())
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = read.map(|entry| entry.path()).take(MAX_ENTRIES).collect();
    paths.sort();
    paths
}
