//! What `videre models list | pull | verify | remove` answer.

use serde::Serialize;

use crate::registry::found::FoundModel;
use crate::registry::{Entry, Hub, KeptRepository, Order, Part, Pulled, fit};

/// What `videre models list --json` answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelsJson {
    /// The folder of the cache.
    pub cache: String,
    /// Bytes that models take there.
    pub cache_bytes: u64,
    /// The model that suits this machine best, as it is pulled; `null` where none fits.
    pub recommended: Option<String>,
    /// Why that one.
    pub reason: Option<String>,
    /// The models of the catalogue.
    pub models: Vec<EntryJson>,
    /// What is in the cache, from the catalogue or not.
    pub kept: Vec<KeptJson>,
    /// What other programs have.
    pub found: Vec<FoundJson>,
}

/// A model of the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EntryJson {
    /// What it is pulled as.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is one of.
    pub family: String,
    /// What it is good for.
    pub good_for: String,
    /// Its licence.
    pub licence: String,
    /// Where that can be read.
    pub licence_link: String,
    /// Positions that it reads at most.
    pub context_len: u64,
    /// Rows that a frame becomes in its own recipe.
    pub tokens_a_frame: u64,
    /// Whether a pair is made here of its checkpoint.
    pub is_converted: bool,
    /// Whether it is of a person's own catalogue.
    pub is_own: bool,
    /// Its quantizations, the usual one first.
    pub variants: Vec<VariantJson>,
}

/// A quantization of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VariantJson {
    /// Such as `Q4_K_M`.
    pub quantization: String,
    /// Bytes to fetch; `null` where they are not known.
    pub download_bytes: Option<u64>,
    /// Whether all of it is in the cache.
    pub is_here: bool,
    /// `fits`, `tight` or `does-not`, for 16 frames in its own recipe.
    pub fit: &'static str,
    /// Memory that it needs for that.
    pub needed_bytes: u64,
    /// What fits instead, where this does not.
    pub instead: Option<String>,
}

/// A repository in the cache.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeptJson {
    /// `owner/repo`.
    pub repository: String,
    /// Its files.
    pub files: Vec<String>,
    /// Bytes on disk.
    pub n_bytes: u64,
    /// Bytes of downloads that are not done.
    pub part_bytes: u64,
}

/// A model of another program.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FoundJson {
    /// What that calls it.
    pub name: String,
    /// Which program.
    pub store: &'static str,
    /// The language model.
    pub language_file: String,
    /// The mmproj file.
    pub vision_file: String,
    /// Bytes of both.
    pub n_bytes: u64,
}

/// What `videre models pull --json` answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PulledJson {
    /// What was pulled.
    pub name: String,
    /// Its licence, where it is known.
    pub licence: Option<String>,
    /// Where that can be read.
    pub licence_link: Option<String>,
    /// What was chosen, and why.
    pub notes: Vec<String>,
    /// Its files.
    pub files: Vec<PulledFileJson>,
    /// The pair that was made of it, where it is a checkpoint: language model, then tower with projector.
    pub made: Vec<String>,
    /// Bytes that came over the network.
    pub n_fetched_bytes: u64,
}

/// A file that was pulled.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PulledFileJson {
    /// `language`, `projector` or `checkpoint`.
    pub part: &'static str,
    /// Where it is.
    pub file: String,
}

/// What `videre models verify --json` answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VerifiedJson {
    /// `owner/repo`.
    pub repository: String,
    /// Path in it.
    pub path: String,
    /// `whole`, `wrong` or `unknown`.
    pub state: &'static str,
    /// What is wrong.
    pub error: Option<String>,
}

/// What `videre models remove --json` answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RemovedJson {
    /// Files that are no longer there.
    pub n_files: usize,
    /// Bytes that are free again.
    pub freed_bytes: u64,
}

impl EntryJson {
    /// An entry, on a machine with so much free memory.
    #[must_use]
    pub fn new(entry: &Entry, hub: &Hub, fits: impl Fn(&crate::registry::Variant) -> fit::Fit) -> Self {
        let variants = entry.variants.iter().map(|variant| {
            let fit = fits(variant);
            VariantJson {
                quantization: variant.quantization.clone(),
                download_bytes: match &entry.checkpoint {
                    Some(checkpoint) => checkpoint.n_bytes,
                    None => variant.download_bytes(),
                },
                is_here: hub.pair(entry, variant).is_some(),
                fit: match fit.verdict {
                    fit::Verdict::Fits => "fits",
                    fit::Verdict::Tight => "tight",
                    fit::Verdict::DoesNot => "does-not",
                },
                needed_bytes: fit.needs.total_bytes(),
                instead: fit.instead,
            }
        });
        Self {
            id: entry.id.clone(),
            name: entry.name.clone(),
            family: entry.family.clone(),
            good_for: entry.good_for.clone(),
            licence: entry.licence.name.clone(),
            licence_link: entry.licence.link.clone(),
            context_len: entry.context_len,
            tokens_a_frame: entry.tokens_a_frame,
            is_converted: entry.checkpoint.is_some(),
            is_own: entry.is_own,
            variants: variants.collect(),
        }
    }
}

impl From<&KeptRepository> for KeptJson {
    fn from(kept: &KeptRepository) -> Self {
        Self {
            repository: kept.id.to_string(),
            files: kept
                .files
                .iter()
                .map(|file| file.file.display().to_string())
                .collect(),
            n_bytes: kept.n_bytes,
            part_bytes: kept.part_bytes,
        }
    }
}

impl From<&FoundModel> for FoundJson {
    fn from(found: &FoundModel) -> Self {
        Self {
            name: found.name.clone(),
            store: found.store.name(),
            language_file: found.language.display().to_string(),
            vision_file: found.projector.display().to_string(),
            n_bytes: found.n_bytes,
        }
    }
}

impl PulledJson {
    /// What an order came to.
    #[must_use]
    pub fn new(order: &Order, pulled: &Pulled) -> Self {
        let files = order
            .files
            .iter()
            .zip(&pulled.files)
            .map(|(file, path)| PulledFileJson {
                part: match file.part {
                    Part::Language => "language",
                    Part::Projector => "projector",
                    Part::Checkpoint => "checkpoint",
                },
                file: path.display().to_string(),
            });
        let licence = order.licence.as_ref();
        Self {
            name: order.name.clone(),
            licence: licence.map(|licence| licence.name.clone()),
            licence_link: licence.map(|licence| licence.link.clone()),
            notes: order.notes.clone(),
            files: files.collect(),
            made: Vec::new(),
            n_fetched_bytes: pulled.n_fetched_bytes,
        }
    }
}
