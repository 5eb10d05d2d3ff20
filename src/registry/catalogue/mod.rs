//! The table of models: what comes with the program, and what a person adds to it.

mod file;

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::{Order, OrderedFile, Part, RegistryError, RepositoryId, quantization};
use crate::regular;

/// Most bytes of a catalogue of one's own; the embedded one has some 30,000.
const MAX_BYTES: u64 = 1 << 22;
/// `models/catalogue.toml`.
const EMBEDDED: &str = include_str!("../../../models/catalogue.toml");
/// What the embedded one is called in messages.
const EMBEDDED_NAME: &str = "models/catalogue.toml";

/// Models that can be had, those for most people first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    entries: Vec<Entry>,
}

/// A model: one checkpoint, in one or more quantizations.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What it is called on a command line, such as `smolvlm2-2.2b`.
    pub id: String,
    /// What it is called in a window.
    pub name: String,
    /// What it is one of, such as `SmolVLM2`.
    pub family: String,
    /// What it is good for, in one line.
    pub good_for: String,
    /// How well it answers about videos, from 1 to 9: the order of published comparisons, not a measure.
    pub quality: u8,
    /// What it may be used for.
    pub licence: Licence,
    /// Positions that it reads at most.
    pub context_len: u64,
    /// Rows that a frame becomes in its own recipe.
    pub tokens_a_frame: u64,
    /// Rows that a picture becomes where nothing is pooled: what the presets count in.
    pub tokens_an_image: u64,
    /// Its vision tower.
    pub tower: Tower,
    /// Its language model.
    pub language: Language,
    /// Where there is no GGUF pair of it: the checkpoint that is fetched, and a pair made of here.
    pub checkpoint: Option<Checkpoint>,
    /// Its quantizations, the usual one first.
    pub variants: Vec<Variant>,
    /// Whether it is a person's own.
    pub is_own: bool,
}

/// A repository with safetensors files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Where it is.
    pub repository: RepositoryId,
    /// A branch, a tag or a commit.
    pub revision: String,
    /// Its bytes, where they are known.
    pub n_bytes: Option<u64>,
}

/// A licence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    /// Such as `Apache-2.0`.
    pub name: String,
    /// Where it can be read.
    pub link: String,
}

/// The numbers of a vision tower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tower {
    /// Side of its square image, in pixels.
    pub side_px: u32,
    /// Side of a patch.
    pub patch_px: u32,
    /// Numbers of a row in it.
    pub width: u64,
    /// Numbers of a row in the middle of a feed-forward layer.
    pub feed_forward: u64,
    /// Its blocks.
    pub n_layers: u64,
    /// Rows of a picture in it beside the patches: 1 with a class token.
    pub n_extra_rows: u64,
}

impl Tower {
    /// Rows of a picture in it.
    #[must_use]
    pub fn n_rows(&self) -> u64 {
        let n_side = u64::from(self.side_px / self.patch_px.max(1));
        n_side * n_side + self.n_extra_rows
    }
}

/// The numbers of a language model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// Its blocks.
    pub n_layers: u64,
    /// Numbers of a row in it.
    pub width: u64,
    /// Heads of queries.
    pub n_heads: u64,
    /// Heads of keys and values.
    pub n_kv_heads: u64,
    /// Numbers of a head.
    pub head_dim: u64,
    /// Numbers of a row in the middle of a feed-forward layer.
    pub feed_forward: u64,
    /// Its tokens.
    pub n_vocab: u64,
    /// Whether words are read and written with one and the same matrix.
    pub is_tied: bool,
}

impl Language {
    /// Weights, as far as its numbers say: all but norms and biases.
    #[must_use]
    pub fn n_parameters(&self) -> u64 {
        let attention = 2 * self.width * self.head_dim * (self.n_heads + self.n_kv_heads);
        let layer = attention + 3 * self.width * self.feed_forward;
        let n_tables = if self.is_tied { 1 } else { 2 };
        self.n_layers * layer + n_tables * self.n_vocab * self.width
    }
}

impl Tower {
    /// Weights, with those of a projector of two layers into the language model.
    #[must_use]
    pub fn n_parameters(&self, language: &Language) -> u64 {
        let layer = 4 * self.width * self.width + 2 * self.width * self.feed_forward;
        let patches = u64::from(self.patch_px * self.patch_px) * 3 * self.width;
        let projector = (self.width + language.width) * language.width;
        self.n_layers * layer + patches + self.n_rows() * self.width + projector
    }
}

/// One quantization of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Such as `Q4_K_M`.
    pub quantization: String,
    /// What is fetched; nothing where a checkpoint is.
    pub files: Vec<OrderedFile>,
    /// Weights of the language model in memory.
    pub weights_bytes: u64,
    /// Weights of tower and projector in memory.
    pub tower_bytes: u64,
}

impl Variant {
    /// Bytes to fetch, where all are known.
    #[must_use]
    pub fn download_bytes(&self) -> Option<u64> {
        self.files.iter().map(|file| file.n_bytes).sum()
    }

    /// The files of a part.
    pub fn files_of(&self, part: Part) -> impl Iterator<Item = &OrderedFile> {
        self.files.iter().filter(move |file| file.part == part)
    }
}

impl Entry {
    /// The variant of that quantization; the usual one where none is said.
    ///
    /// # Errors
    /// [`RegistryError::NoQuantization`].
    pub fn variant(&self, quantization: Option<&str>) -> Result<&Variant, RegistryError> {
        let is_meant = |variant: &&Variant| match quantization {
            Some(wanted) => quantization::is_same(&variant.quantization, wanted),
            None => true,
        };
        let found = self.variants.iter().find(is_meant);
        found.ok_or_else(|| RegistryError::NoQuantization {
            of: self.id.clone(),
            quantization: quantization.unwrap_or_default().to_owned(),
            known: self
                .variants
                .iter()
                .map(|variant| variant.quantization.clone())
                .collect(),
        })
    }

    /// What has to be fetched for one of its variants, where that is a pair.
    pub(super) fn order(&self, variant: &Variant) -> Order {
        let lacks_hash = variant.files.iter().any(|file| file.checksum.is_none());
        let note = "the catalogue has no hash of all of it: the hub's own is taken";
        Order {
            name: self.name_of(variant),
            files: variant.files.clone(),
            licence: Some(self.licence.clone()),
            notes: lacks_hash.then(|| note.to_owned()).into_iter().collect(),
        }
    }

    /// The pair that was made of its checkpoint, where it was: language model, then tower with projector, which the converter
    /// names by its prefix.
    #[must_use]
    pub fn converted(&self, variant: &Variant) -> Option<[PathBuf; 2]> {
        let files = std::fs::read_dir(self.conversion_folder(variant)?).ok()?;
        let models = files
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "gguf"));
        let is_vision = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default();
            name.as_encoded_bytes().starts_with(b"mmproj-")
        };
        let (vision, language): (Vec<_>, Vec<_>) = models.partition(is_vision);
        Some([language.into_iter().next()?, vision.into_iter().next()?])
    }

    /// Where the pair of one of its variants goes that is made of a checkpoint: below the program's own folder of models,
    /// which is looked through for models. `None` where nobody knows that folder.
    #[must_use]
    pub fn conversion_folder(&self, variant: &Variant) -> Option<PathBuf> {
        Some(own_models()?.join(format!("{}-{}", self.id, variant.quantization)))
    }

    /// What one of its variants is called in a window.
    #[must_use]
    pub fn name_of(&self, variant: &Variant) -> String {
        format!("{}, {}", self.name, variant.quantization)
    }
}

impl Catalogue {
    /// The models that come with the program.
    #[must_use]
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED, EMBEDDED_NAME).unwrap_or_else(|error| {
            // A test reads it: this is not seen.
            tracing::error!("BUG: {error}");
            Self::default()
        })
    }

    /// Those and a person's own, and why their own could not be read: what comes with the program is there anyhow.
    #[must_use]
    pub fn of_user() -> (Self, Option<RegistryError>) {
        let embedded = Self::embedded();
        let Some(file) = own_file().filter(|file| file.exists()) else {
            return (embedded, None);
        };
        match embedded.clone().with_file(&file) {
            Ok(all) => (all, None),
            Err(error) => (embedded, Some(error)),
        }
    }

    /// These and those of a file; one of a name that is here already takes its place.
    ///
    /// # Errors
    /// [`RegistryError::Catalogue`] with file and line, [`RegistryError::Read`].
    pub fn with_file(mut self, file: &Path) -> Result<Self, RegistryError> {
        let text = regular::read_text(file, MAX_BYTES).map_err(RegistryError::read(file))?;
        let own = Self::parse(&text, &file.display().to_string())?;
        for mut entry in own.entries {
            entry.is_own = true;
            self.entries.retain(|known| known.id != entry.id);
            self.entries.push(entry);
        }
        Ok(self)
    }

    /// Reads a catalogue; `place` is its name in messages.
    ///
    /// # Errors
    /// [`RegistryError::Catalogue`] with the line.
    pub fn parse(text: &str, place: &str) -> Result<Self, RegistryError> {
        let entries = file::parse(text, place)?;
        Ok(Self { entries })
    }

    /// All of its models.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The model of that name.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`].
    pub fn entry(&self, id: &str) -> Result<&Entry, RegistryError> {
        let found = self
            .entries
            .iter()
            .find(|entry| entry.id.eq_ignore_ascii_case(id));
        found.ok_or_else(|| RegistryError::Unknown {
            id: id.to_owned(),
            known: self.entries.iter().map(|entry| entry.id.clone()).collect(),
        })
    }
}

/// The program's own folder of models: what a person puts there, and what is made of checkpoints.
#[must_use]
pub fn own_models() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy().ok()?;
    Some(folders.data_dir().join("videre").join("models"))
}

/// A person's own catalogue: `videre/catalogue.toml` in the platform's folder of settings.
#[must_use]
pub fn own_file() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy().ok()?;
    Some(folders.config_dir().join("videre").join("catalogue.toml"))
}
