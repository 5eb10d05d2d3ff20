//! A catalogue as it is written, in TOML, and what it must not say.

use serde::Deserialize;
use toml::Spanned;

use super::{Checkpoint, Entry, Language, Licence, Tower, Variant};
use crate::registry::hub::RepositoryId;
use crate::registry::hub::repository::{is_plain_name, is_plain_path};
use crate::registry::quantization::{bits_per_weight, is_unsupported};
use crate::registry::{Checksum, OrderedFile, Part, RegistryError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "model")]
    models: Vec<Model>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Model {
    id: Spanned<String>,
    name: String,
    family: String,
    good_for: String,
    /// In the middle where nobody says.
    #[serde(default = "middling")]
    quality: u8,
    licence: LicenceTable,
    context: u64,
    tokens_a_frame: u64,
    /// Where its own recipe pools.
    tokens_an_image: Option<u64>,
    #[serde(default)]
    convert: bool,
    checkpoint: Option<CheckpointTable>,
    tower: TowerTable,
    language: LanguageTable,
    #[serde(rename = "variant")]
    variants: Vec<VariantTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LicenceTable {
    name: String,
    link: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TowerTable {
    side_px: u32,
    patch_px: u32,
    layers: u64,
    width: u64,
    feed_forward: u64,
    #[serde(default)]
    class_token: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LanguageTable {
    layers: u64,
    width: u64,
    heads: u64,
    kv_heads: u64,
    head_dim: u64,
    feed_forward: u64,
    vocabulary: u64,
    #[serde(default)]
    tied: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointTable {
    repository: String,
    #[serde(default = "main")]
    revision: String,
    about: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VariantTable {
    quantization: String,
    #[serde(default)]
    files: Vec<FileTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTable {
    part: PartName,
    repository: String,
    #[serde(default = "main")]
    revision: String,
    path: String,
    /// Exactly, where that is known.
    size: Option<u64>,
    /// To two or three digits, as pages say it.
    about: Option<u64>,
    sha256: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PartName {
    Language,
    Projector,
}

fn main() -> String {
    "main".to_owned()
}

fn middling() -> u8 {
    5
}

/// What is wrong with a model of a catalogue that is TOML otherwise.
#[derive(Debug, thiserror::Error)]
enum Wrong {
    #[error("an id is made of letters, digits, '-', '_' and '.'")]
    Id,
    #[error("its licence's link is none: {0}")]
    Link(String),
    #[error("its numbers make no model")]
    Numbers,
    #[error("`convert = true` and `checkpoint` go together")]
    Checkpoint,
    #[error("it has no variant")]
    NoVariant,
    #[error("{quantization}: {source}")]
    Variant {
        quantization: String,
        source: Box<Wrong>,
    },
    #[error("weights written so cannot be run here")]
    Unsupported,
    #[error("it must have one language and one projector file")]
    Parts,
    #[error("what is converted has no files but its checkpoint")]
    Files,
    #[error("'{0}' is no revision")]
    Revision(String),
    #[error("'{0}' is no path in a repository")]
    Path(String),
    #[error("the hash of '{0}' is no SHA-256")]
    Hash(String),
    #[error("there are two models '{0}'")]
    Twice(String),
    #[error(transparent)]
    Repository(#[from] RegistryError),
}

/// Reads the models of a catalogue.
pub(super) fn parse(text: &str, place: &str) -> Result<Vec<Entry>, RegistryError> {
    let wrong = |at: usize, what: String| RegistryError::Catalogue {
        what,
        place: format!("{place}:{}", 1 + text[..at.min(text.len())].matches('\n').count()),
    };
    let file: File = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        wrong(at, error.message().trim().replace('\n', " "))
    })?;
    let mut entries: Vec<Entry> = Vec::new();
    for model in file.models {
        let at = model.id.span().start;
        let id = model.id.get_ref().clone();
        let entry = model
            .entry()
            .map_err(|what| wrong(at, format!("model '{id}': {what}")))?;
        if entries.iter().any(|known| known.id == entry.id) {
            return Err(wrong(at, Wrong::Twice(id).to_string()));
        }
        entries.push(entry);
    }
    Ok(entries)
}

impl Model {
    fn entry(self) -> Result<Entry, Wrong> {
        let id = self.id.into_inner();
        if !is_plain_name(&id) {
            return Err(Wrong::Id);
        }
        if !self.licence.link.starts_with("https://") {
            return Err(Wrong::Link(self.licence.link));
        }
        let (tower, language) = (Tower::from(&self.tower), Language::from(&self.language));
        if tower.n_rows() == 0 || language.n_layers == 0 || self.context == 0 {
            return Err(Wrong::Numbers);
        }
        let checkpoint = match (self.convert, self.checkpoint) {
            (true, Some(table)) => Some(table.checkpoint()?),
            (false, None) => None,
            _ => return Err(Wrong::Checkpoint),
        };
        let variants = self.variants.into_iter().map(|table| {
            let quantization = table.quantization.clone();
            let variant = table.variant(checkpoint.is_some(), &tower, &language);
            variant.map_err(|source| Wrong::Variant {
                quantization,
                source: Box::new(source),
            })
        });
        let variants: Vec<Variant> = variants.collect::<Result<_, Wrong>>()?;
        if variants.is_empty() {
            return Err(Wrong::NoVariant);
        }
        Ok(Entry {
            id,
            name: self.name,
            family: self.family,
            good_for: self.good_for,
            quality: self.quality,
            licence: Licence {
                name: self.licence.name,
                link: self.licence.link,
            },
            context_len: self.context,
            tokens_a_frame: self.tokens_a_frame,
            tokens_an_image: self.tokens_an_image.unwrap_or(self.tokens_a_frame),
            tower,
            language,
            checkpoint,
            variants,
            is_own: false,
        })
    }
}

impl VariantTable {
    fn variant(self, is_converted: bool, tower: &Tower, language: &Language) -> Result<Variant, Wrong> {
        if is_unsupported(&self.quantization) {
            return Err(Wrong::Unsupported);
        }
        let files: Vec<OrderedFile> = self
            .files
            .into_iter()
            .map(FileTable::file)
            .collect::<Result<_, Wrong>>()?;
        let n_of = |part| files.iter().filter(|file| file.part == part).count();
        match (is_converted, n_of(Part::Language), n_of(Part::Projector)) {
            (false, 1, 1) | (true, 0, 0) => {}
            (false, ..) => return Err(Wrong::Parts),
            (true, ..) => return Err(Wrong::Files),
        }
        let of_file = |part| {
            files
                .iter()
                .find(|file| file.part == part)
                .and_then(|file| file.n_bytes)
        };
        let bits = bits_per_weight(&self.quantization);
        Ok(Variant {
            weights_bytes: of_file(Part::Language).unwrap_or_else(|| n_bytes(language.n_parameters(), bits)),
            // Towers are left as they are.
            tower_bytes: of_file(Part::Projector)
                .unwrap_or_else(|| n_bytes(tower.n_parameters(language), 16.0)),
            quantization: self.quantization,
            files,
        })
    }
}

impl CheckpointTable {
    fn checkpoint(self) -> Result<Checkpoint, Wrong> {
        if !is_plain_path(&self.revision) {
            return Err(Wrong::Revision(self.revision));
        }
        Ok(Checkpoint {
            repository: self.repository.parse()?,
            revision: self.revision,
            n_bytes: self.about,
        })
    }
}

impl FileTable {
    fn file(self) -> Result<OrderedFile, Wrong> {
        if !is_plain_path(&self.path) || !is_plain_path(&self.revision) {
            return Err(Wrong::Path(self.path));
        }
        let repository: RepositoryId = self.repository.parse()?;
        let checksum = match self.sha256.as_deref().map(Checksum::of_hex) {
            Some(Some(checksum @ Checksum::Sha256(_))) => Some(checksum),
            None => None,
            Some(_) => return Err(Wrong::Hash(self.path)),
        };
        Ok(OrderedFile {
            repository,
            revision: self.revision,
            path: self.path,
            part: match self.part {
                PartName::Language => Part::Language,
                PartName::Projector => Part::Projector,
            },
            n_bytes: self.size.or(self.about),
            checksum,
        })
    }
}

impl From<&TowerTable> for Tower {
    fn from(table: &TowerTable) -> Self {
        Self {
            side_px: table.side_px,
            patch_px: table.patch_px,
            width: table.width,
            feed_forward: table.feed_forward,
            n_layers: table.layers,
            n_extra_rows: u64::from(table.class_token),
        }
    }
}

impl From<&LanguageTable> for Language {
    fn from(table: &LanguageTable) -> Self {
        Self {
            n_layers: table.layers,
            width: table.width,
            n_heads: table.heads,
            n_kv_heads: table.kv_heads,
            head_dim: table.head_dim,
            feed_forward: table.feed_forward,
            n_vocab: table.vocabulary,
            is_tied: table.tied,
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate has no more digits"
)]
fn n_bytes(n_parameters: u64, bits_per_weight: f64) -> u64 {
    (n_parameters as f64 * bits_per_weight / 8.0) as u64
}
