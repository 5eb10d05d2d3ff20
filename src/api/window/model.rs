//! Models that can answer, and the one that does.

use serde::{Deserialize, Serialize};

use super::ApiError;

/// What a model computes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Device {
    /// For people, such as `CPU`.
    pub name: String,
    /// Threads and the like.
    pub detail: String,
    /// Why it is this one, in a sentence.
    pub reason: String,
}

/// What the user points at to pick a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum PickFrom {
    /// The two files of a pair.
    Files,
    /// The folder that they are in.
    Folder,
}

/// A model that the program knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(rename = "Model"))]
pub struct ModelInfo {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// As model pages name it, such as `Q4_K_M`.
    pub quantisation: String,
    /// Weights of its language model; 0 where its files cannot be read.
    pub n_params: u64,
    /// File names without folders; none for the embedded model.
    pub files: Vec<String>,
    /// Bytes of these files.
    pub file_bytes: u64,
    /// The folder they lie in, by its name and its parent's; `null` for those that nobody put there by hand.
    pub folder: Option<String>,
    /// Whether it is in the list because it was loaded before: it can be taken off, and its files stay.
    pub is_listed: bool,
    /// Whether it is the one inside the program.
    pub is_embedded: bool,
    /// Where it comes from, for people: `Ollama`, `LM Studio`, `downloaded`; `null` for files that the user chose.
    pub found_in: Option<String>,
    /// What removing it would free; `null` where its files are not this program's to remove.
    pub removable_bytes: Option<u64>,
    /// Of its language model, such as `llama`.
    pub architecture: String,
    /// What its vision tower is, for people.
    pub tower: String,
    /// Tokens that one picture becomes.
    pub n_tokens_per_image: usize,
    /// Positions that it reads at most.
    pub n_context: usize,
    /// What it will take.
    pub memory: MemoryEstimate,
    /// Why it cannot be loaded.
    pub refusal: Option<ApiError>,
    /// Questions that it can be expected to answer; may be empty.
    pub suggestions: Vec<String>,
}

/// Memory by what it is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct MemoryEstimate {
    /// Weights, as they are in the files.
    pub weights_bytes: u64,
    /// Keys and values of the positions that are held.
    pub cache_bytes: u64,
    /// What a step of the model needs beside them.
    pub working_bytes: u64,
    /// All of it.
    pub total_bytes: u64,
    /// What the machine has free now, with the loaded model given back.
    pub available_bytes: u64,
}

/// What the model that answers is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ModelState {
    /// There is none yet.
    #[default]
    None,
    /// It is being loaded.
    Loading {
        /// Which one.
        model: ModelInfo,
        /// Of what can be counted; both 0 where nothing can.
        n_done: u64,
        /// All of it.
        n_total: u64,
        /// Until it is ready.
        remaining_secs: Option<f64>,
    },
    /// It answers.
    Ready {
        /// Which one.
        model: ModelInfo,
        /// What it computes on.
        device: Device,
    },
    /// It could not be loaded.
    Failed {
        /// Which one.
        model: ModelInfo,
        /// Why.
        error: ApiError,
    },
}
