//! Models that can be fetched, and how far that is.

use serde::{Deserialize, Serialize};

use super::{ApiError, MemoryEstimate, PresetName};

/// A model of the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct OfferedModel {
    /// Its id in the catalogue.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What it is good for, in one line.
    pub good_for: String,
    /// Under which terms it comes; shown before anything is fetched.
    pub licence: Licence,
    /// Positions that it reads at most.
    pub n_context: usize,
    /// Tokens that one picture becomes.
    pub n_tokens_per_image: usize,
    /// Its quantizations, the one that suits this machine best first.
    pub variants: Vec<OfferedVariant>,
    /// Why this one suits the machine, in a sentence; only with the one that suits it best, which comes first.
    pub reason: Option<String>,
}

/// Terms of use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Licence {
    /// Such as `Apache 2.0`.
    pub name: String,
    /// Where its text is.
    pub link: String,
}

/// A model in one quantization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct OfferedVariant {
    /// Its id in the catalogue.
    pub id: String,
    /// As model pages name it, such as `Q4_K_M`.
    pub quantisation: String,
    /// What is fetched; `null` where the catalogue does not know yet.
    pub download_bytes: Option<u64>,
    /// Whether it is turned into a pair here after it was fetched.
    pub is_converted: bool,
    /// Whether it runs here, for each preset.
    pub fits: Vec<PresetFit>,
    /// The id of a smaller choice that has room, where this one has none with any preset.
    pub instead: Option<String>,
    /// Where it is.
    pub state: VariantState,
}

/// Whether a model runs on this machine with a preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct PresetFit {
    /// With this preset.
    pub preset: PresetName,
    /// In a word.
    pub fit: Fit,
    /// In numbers.
    pub memory: MemoryEstimate,
}

/// How a model goes into the memory that is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// With room to spare.
    Fits,
    /// Only just.
    Tight,
    /// Not at all.
    TooLarge,
}

/// Where a variant is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum VariantState {
    /// Nothing of it is here.
    Absent,
    /// A part of it is here, of a download that can go on.
    Partial {
        /// Of `download_bytes`.
        n_bytes: u64,
    },
    /// It can be loaded.
    Here {
        /// The model's id, as [`ModelInfo`](super::ModelInfo) has it.
        model: String,
        /// What it takes on the disk.
        n_bytes: u64,
    },
}

/// A model that is being fetched, or was until something stopped it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Download {
    /// The variant's id.
    pub variant: String,
    /// The model's name for people, with its quantization.
    pub name: String,
    /// Bytes that are here.
    pub n_bytes: u64,
    /// All of them; 0 while nobody knows.
    pub total_bytes: u64,
    /// How far it is.
    pub state: DownloadState,
}

/// How far a download is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum DownloadState {
    /// The hub is asked what there is.
    Asking,
    /// Bytes come.
    Fetching {
        /// Smoothed; `null` until it can be told.
        bytes_per_sec: Option<f64>,
        /// Until everything is here.
        remaining_secs: Option<f64>,
        /// The hub does not answer at the moment, and is asked again.
        is_retrying: bool,
    },
    /// What came is compared with its hash.
    Verifying,
    /// A checkpoint is turned into a pair.
    Converting {
        /// From 0 to 1.
        share: f64,
        /// Until it is ready.
        remaining_secs: Option<f64>,
    },
    /// Stopped by the user; what is here stays.
    Paused,
    /// Stopped by something else; what is here stays.
    Failed {
        /// Why.
        error: ApiError,
    },
    /// It is here.
    Done {
        /// The model's id.
        model: String,
    },
}
