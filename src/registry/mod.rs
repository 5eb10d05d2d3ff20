//! Models that can be had: which there are, whether they fit this machine, fetching them, what of them is here.
//!
//! ```text
//! Catalogue ──► Entry, Variant ──► Order ──► Hub::pull ──► files in the Hugging Face cache
//!     owner/repo ──► Hub::list ──────┘
//! ```
//!
//! A [`Catalogue`] is the table of models that comes with the program and what a person adds to it. An [`Order`] is files of
//! a hub that belong together. [`Hub::pull`] fetches one on the thread that asks.

pub mod catalogue;
mod checksum;
mod choose;
mod download;
mod error;
pub mod fit;
pub mod found;
mod have;
mod hub;
pub mod memory;
mod model_files;
mod order;
mod quantization;
mod table;
mod verify;

pub use catalogue::{Catalogue, Entry, Variant};
pub use checksum::Checksum;
pub use download::{FileProgress, Phase, Progress, Pulled, free_disk_bytes};
pub use error::{RegistryError, megabytes};
pub use hub::{Cache, Hub, KeptFile, KeptRepository, Patience, Removed, RepositoryId};
pub use model_files::{MAX_MODEL_FILES, ModelFiles, ModelFilesError};
pub use order::{Order, OrderedFile, Part, Source, Wanted};
pub use table::which_model;
pub use verify::Verified;
