//! A LLaVA pair at work: vision tower, projector, language model, answer.
//!
//! ```text
//! pixels -> tower -> feature rows -> projector -> embedding rows -.
//!                     text -> token ids -> embedding rows --------+-> decoder -> logits -> answer
//! ```
//!
//! Model code is written on candle's tensors and does not ask which device it runs on. Knows nothing of
//! video files, FFmpeg or chats.

pub mod convert;
pub mod describe;
pub mod embedded;
pub mod estimate;
pub mod kernels;
pub mod measure;
pub mod pair;
pub mod prompt;
pub mod template;
pub mod tokenizer;
pub mod video_family;

mod activation;
mod attention;
mod cache;
mod decoder;
mod dequantize;
mod device;
mod encoder;
mod error;
mod generate;
mod limits;
mod linear;
mod matrix;
mod model;
mod norm;
mod numbers;
mod projector;
mod repetition;
mod rope;
mod sampler;
mod sequence;
mod session;
mod shape;
mod text_stream;
mod tower;
mod vision;
mod weights;

pub use cache::{CacheType, KvCache};
pub use decoder::{Decoder, Wanted};
pub use dequantize::dequantize;
pub use device::Compute;
pub use encoder::{Features, TowerEncoder};
pub use error::{LlavaError, MemoryError};
pub use generate::{AnswerOptions, Generation, TokenBytes, answer};
pub use limits::{CHUNK, USUAL_CONTEXT};
pub use matrix::Matrix;
pub use model::{LoadError, Model, name_of, vision_identity};
pub use projector::Projector;
pub use rope::RopeScaling;
pub use sampler::{Choice, choose};
pub use sequence::{Position, RowIdentity, Sequence, SequencePart, VisualRows};
pub use session::{PrefixError, ReadProgress, Session};
pub use shape::{Architecture, LanguageShape};
pub use text_stream::{Flow, TextStream};
pub use tower::{Activation, Tower, TowerShape};
pub use vision::vision_family;
pub use weights::Weights;
