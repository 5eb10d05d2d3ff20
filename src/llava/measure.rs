//! How fast a pair is: the three things that take time, each timed alone.

use std::time::Instant;

use candle_core::{DType, Device, Tensor};

use super::cache::CacheType;
use super::error::LlavaError;
use super::model::Model;
use super::sequence::{Sequence, SequencePart};
use super::session::Session;
use crate::cancel::CancelToken;

/// Seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Reading the prompt.
    pub prefill_secs: f64,
    /// Writing all tokens.
    pub decode_secs: f64,
    /// One image through the tower.
    pub image_secs: f64,
}

/// Reads `n_prefill` tokens, then writes `n_decode` tokens after `depth` others, then looks at one image. What is read is
/// arbitrary: time does not depend on it.
///
/// # Errors
/// [`LlavaError::ContextTooShort`] where the model does not hold that many, [`LlavaError::Cancelled`], or candle's.
pub fn measure(
    model: &Model,
    n_prefill: usize,
    depth: usize,
    n_decode: usize,
    cancel: &CancelToken,
) -> Result<Measured, LlavaError> {
    let capacity = n_prefill.max(depth.saturating_add(n_decode)).max(1);
    let n_context = model.decoder().shape().context_len;
    if capacity > n_context {
        return Err(LlavaError::ContextTooShort {
            needed: capacity,
            capacity: n_context,
        });
    }
    let read = |n: usize| -> Result<(Session, f64), LlavaError> {
        let decoder = std::sync::Arc::clone(model.decoder());
        let mut session = Session::new(decoder, capacity, CacheType::default())?;
        let began = Instant::now();
        if n > 0 {
            let n_vocab = model.tokenizer().n_tokens() as u32;
            let tokens = (0..n as u32).map(|token| token.wrapping_mul(7919) % n_vocab);
            let prompt = Sequence::new(vec![SequencePart::Tokens(tokens.collect())], 0);
            session.read(&prompt, 0, &mut |_| {}, cancel)?;
        }
        Ok((session, began.elapsed().as_secs_f64()))
    };
    // The first touch of mapped weights waits for the disk.
    drop(read(1)?);
    let (_, prefill_secs) = read(n_prefill)?;
    let (mut session, _) = read(depth)?;
    let began = Instant::now();
    for token in 0..n_decode as u32 {
        session.read_token(token % 2, cancel)?;
    }
    let decode_secs = began.elapsed().as_secs_f64();
    let side_px = model.tower().shape().side_px;
    let image = Tensor::zeros((3, side_px, side_px), DType::F32, &Device::Cpu)?;
    let began = Instant::now();
    model.tower().encode(&image, cancel)?;
    model.tower().compute().device().synchronize()?;
    Ok(Measured {
        prefill_secs,
        decode_secs,
        image_secs: began.elapsed().as_secs_f64(),
    })
}
