//! Why a file was refused.

use std::io;

use crate::fault::{Explain, Fault};

/// A GGUF file that could not be read, and which one.
#[derive(Debug, thiserror::Error)]
#[error("{problem}: {file}")]
pub struct GgufError {
    /// The path, or the name of the embedded model.
    pub file: String,
    /// What is wrong with it.
    #[source]
    pub problem: Problem,
}

/// What is wrong with a file that should be a GGUF model.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The operating system did not give us the file.
    #[error("cannot open the model file ({0})")]
    Io(#[source] io::Error),
    /// A folder, a pipe or a device where a file should be.
    #[error("{0}, not a file")]
    NotAFile(&'static str),
    /// Nothing in it.
    #[error("the model file is empty")]
    Empty,
    /// Another kind of file; the text names what was found.
    #[error("not a GGUF model but {0}")]
    OtherFile(&'static str),
    /// GGUF of a byte order or version that nothing here reads.
    #[error("GGUF version {0} is not supported, only 2 and 3 are")]
    Version(u32),
    /// Written by a big-endian machine.
    #[error("a big-endian GGUF file, which only big-endian machines read")]
    BigEndian,
    /// One piece of a model that was split into several files.
    #[error("part {part} of {count} of a split model")]
    Split {
        /// Which piece, from 1.
        part: u64,
        /// How many pieces there are.
        count: u64,
    },
    /// The file ends before its own directory says it should.
    #[error("the model file is cut short: {found} of {needed} bytes are there")]
    CutShort {
        /// Bytes that the header asks for, at least.
        needed: u64,
        /// Bytes in the file.
        found: u64,
    },
    /// Contradicts itself; the text says where.
    #[error("the model file is damaged ({0})")]
    Damaged(String),
    /// A metadata key with a type that makes no sense for it.
    #[error("the model file is damaged (key '{key}' holds {found}, expected {expected})")]
    WrongType {
        /// The metadata key.
        key: String,
        /// What the reader asked for.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// Weights in a format without kernels here.
    #[error("this file uses {type_name}, which Videre cannot run ({n_tensors} tensors, '{tensor}' first)")]
    UnsupportedType {
        /// ggml's name of the type, as in `IQ4_XS`.
        type_name: String,
        /// The first tensor of that type.
        tensor: String,
        /// Number of tensors of that type.
        n_tensors: usize,
    },
}

impl Explain for GgufError {
    fn fault(&self) -> Fault {
        match &self.problem {
            Problem::Io(error) => Fault::of_reading(error),
            Problem::BigEndian
            | Problem::Version(_)
            | Problem::Split { .. }
            | Problem::UnsupportedType { .. } => Fault::Unsupported,
            _ => Fault::Unreadable,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match &self.problem {
            Problem::Io(_) | Problem::NotAFile(_) => "check the path and that the file may be read",
            Problem::Empty | Problem::CutShort { .. } | Problem::Damaged(_) | Problem::WrongType { .. } => {
                "download the file again and compare its size and checksum with the page it came from"
            }
            Problem::OtherFile(_) => "get the GGUF files of the model: a language model and its mmproj",
            Problem::Version(_) => "get a newer conversion of the same model",
            Problem::BigEndian => "get the little-endian (usual) conversion of the same model",
            Problem::Split { .. } => {
                "get the model in one file, or join the parts with `llama-gguf-split --merge` of llama.cpp"
            }
            Problem::UnsupportedType { .. } => "get a Q4_K_M of the same model",
        };
        Some(hint.to_owned())
    }
}
