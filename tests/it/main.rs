//! The one integration test binary.

/// Videos: frames, time stamps, hostile files.
#[cfg(feature = "media")]
mod media;
/// What the sources may say: walls between modules, lengths, notices.
mod tidy;

/// Question files, scores and results.
mod eval;

/// Headers of GGUF files, good and broken.
mod gguf;

/// Models that can be had, and downloads from a hub on the loopback.
#[cfg(unix)]
mod registry;
#[cfg(unix)]
mod small_disk;

/// What a worker may do.
#[cfg(target_os = "linux")]
mod sandbox;

/// What is kept between runs.
#[cfg(unix)]
mod chat;

/// Plans, preprocessing and the executor, against the reference implementation.
mod visual;

/// Matrices and attention on the CPU.
#[cfg(feature = "llava")]
mod kernels;

/// The command line, through the real binary.
#[cfg(feature = "cli")]
mod cli;

/// From a file and a question to an answer, in this process and through workers.
#[cfg(feature = "cli")]
mod engine;

/// What the window's page can ask for.
#[cfg(feature = "cli")]
mod desktop;

/// Text to token ids and back.
#[cfg(feature = "llava")]
mod tokenizer;

/// Chat templates and prompts.
#[cfg(feature = "llava")]
mod template;

/// Which two files make a model.
#[cfg(feature = "llava")]
mod pair;

/// Memory, known before it is taken.
#[cfg(feature = "llava")]
mod estimate;
/// Inference, against transformers.
#[cfg(feature = "llava")]
mod llava;
