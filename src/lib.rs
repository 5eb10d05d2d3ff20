//! Videre: ask questions about a video, entirely on your own computer.
//!
//! The way of a question, module by module:
//!
//! ```text
//! file -> media (frames with time stamps) -> visual (a plan: which frames, which patches)
//!      -> llava (tower, projector, language model) -> answer
//! ```

pub mod api;
pub mod cancel;
pub mod chat;
pub mod desktop;
pub mod engine;
pub mod eval;
pub mod fault;
pub mod gguf;
#[cfg(feature = "llava")]
pub mod llava;
#[cfg(feature = "logs")]
pub mod logs;
#[cfg(feature = "media")]
pub mod media;
pub mod private;
pub mod question;
pub mod registry;
pub mod regular;
pub mod sandbox;
pub mod video;
pub mod visual;
pub mod worker;
