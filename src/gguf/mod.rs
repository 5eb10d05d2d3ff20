//! GGUF files: their header, metadata and tensor directory, read without trusting a byte of them.
//!
//! Follows the GGUF specification, versions 2 and 3 (<https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>).
//! Nothing is allocated for a count or a length before it was checked against the bytes that are left and against
//! a hard limit; strings and arrays stay where they are in the file and are read when asked for, so that a header
//! with 152 thousand tokens opens in milliseconds.
//!
//! A file that *shrinks* while it is mapped ends the process with SIGBUS: no check can prevent that. The worker
//! processes isolate it, and their end carries the reason.

mod cursor;
mod error;
mod file;
mod header;
mod metadata;
mod source;
mod tensor;
mod tensor_type;
mod write;

pub use error::{GgufError, Problem};
pub use file::ModelFile;
pub use header::{Gguf, architecture_of};
pub use metadata::{Array, Value};
pub use source::Source;
pub use tensor::TensorInfo;
pub use tensor_type::{TensorType, type_name};
pub use write::{ALIGNMENT, GgufWriter, MetaValue};
