//! From the logits after a prompt to a streamed answer.

use std::borrow::Cow;

use candle_core::Tensor;

use super::error::LlavaError;
use super::repetition::Repetition;
use super::sampler::Sampler;
use super::session::Session;
use super::text_stream::{Flow, TextStream};
use super::tokenizer::Tokenizer;
use crate::cancel::CancelToken;
use crate::question::{Ending, SamplingOptions};

/// What a vocabulary can say about a token.
pub trait TokenBytes {
    /// The bytes that a token stands for in an answer; none for control tokens.
    fn token_bytes(&self, id: u32) -> Cow<'_, [u8]>;
}

impl TokenBytes for Tokenizer {
    fn token_bytes(&self, id: u32) -> Cow<'_, [u8]> {
        Cow::Owned(self.bytes_of(id))
    }
}

/// When an answer ends, and how its tokens are chosen.
#[derive(Clone, Debug, Default)]
pub struct AnswerOptions {
    /// Most tokens of the answer.
    pub max_tokens: usize,
    /// Tokens that end it.
    pub stop_tokens: Vec<u32>,
    /// Texts that end it; they are not part of it.
    pub stop_texts: Vec<String>,
    /// How tokens are chosen.
    pub sampling: SamplingOptions,
    /// Whether an answer ends that only says the same again and again.
    pub stops_repetition: bool,
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Its text.
    pub text: String,
    /// Its tokens, without the one that ended it.
    pub tokens: Vec<u32>,
    /// Why it ended.
    pub ending: Ending,
}

/// Answers from `logits` `(1, n_vocab)`, those after the prompt that `session` has read. Each piece of text goes to
/// `show` as soon as it is certain; whole characters only.
///
/// # Errors
/// [`LlavaError::Cancelled`] (what was shown stays true), or candle's.
pub fn answer(
    session: &mut Session,
    mut logits: Tensor,
    options: &AnswerOptions,
    vocabulary: &dyn TokenBytes,
    show: &mut dyn FnMut(&str),
    cancel: &CancelToken,
) -> Result<Generation, LlavaError> {
    let mut sampler = Sampler::new(&options.sampling);
    let mut stream = TextStream::new(&options.stop_texts);
    let mut repetition = Repetition::default();
    let mut answer = Generation {
        text: String::new(),
        tokens: Vec::new(),
        ending: Ending::TokenLimit,
    };
    let mut tell = |text: &mut String, piece: &str| {
        if !piece.is_empty() {
            text.push_str(piece);
            show(piece);
        }
    };
    while answer.tokens.len() < options.max_tokens {
        let token = sampler.pick(&logits, &answer.tokens)?;
        if options.stop_tokens.contains(&token) {
            answer.ending = Ending::Finished;
            break;
        }
        answer.tokens.push(token);
        match stream.push(&vocabulary.token_bytes(token)) {
            Flow::Text(piece) => tell(&mut answer.text, &piece),
            Flow::Stopped(piece) => {
                tell(&mut answer.text, &piece);
                answer.ending = Ending::Finished;
                return Ok(answer);
            }
        }
        if options.stops_repetition && repetition.goes_on(&answer.tokens) {
            answer.ending = Ending::Repetition;
            break;
        }
        if answer.tokens.len() == options.max_tokens {
            break;
        }
        if session.len() == session.capacity() {
            answer.ending = Ending::ContextFull;
            break;
        }
        logits = session.read_token(token, cancel)?;
    }
    tell(&mut answer.text, &stream.finish());
    Ok(answer)
}
