//! A LLaVA pair at work: vision tower, projector, language model, answer.
//!
//! ```text
//! pixels -> tower -> feature rows -> projector -> embedding rows -.
//!                     text -> token ids -> embedding rows --------+-> decoder -> logits -> answer
//! ```
//!
//! Model code is written on candle's tensors and does not ask which device it runs on. Knows nothing of
//! video files, FFmpeg or chats.

pub mod describe;
pub mod estimate;
pub mod kernels;
pub mod pair;
pub mod prompt;
pub mod template;
pub mod tokenizer;
