//! The token list of a GGUF file, compact.

use std::collections::HashMap;

use super::error::{TokenizerError, damaged};
use crate::gguf::Gguf;

/// The largest vocabularies in use have 262 thousand entries.
const MAX_TOKENS: usize = 1 << 19;
/// The longest tokens in use are runs of spaces and markup, under 256 bytes.
const MAX_TOKEN_BYTES: usize = 1024;
/// All texts together; the largest vocabularies in use have 3 MB. Each byte costs ten and more in what is built of it.
const MAX_VOCAB_BYTES: usize = 1 << 24;
/// More merges than any vocabulary has: the largest in use have half a million.
pub(super) const MAX_MERGES: usize = 1 << 20;
/// The texts of all merges together; the largest in use have 5 MB.
pub(super) const MAX_MERGE_BYTES: usize = 1 << 25;

/// Tokens that chat models write as control tokens. Some files list them as ordinary ones, which would let a template's
/// markup be spelled out letter by letter (llama.cpp overrides their type as well).
const MARKUP: [&str; 17] = [
    "<|im_start|>",
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|endoftext|>",
    "<|end|>",
    "<|user|>",
    "<|assistant|>",
    "<end_of_utterance>",
    "<fake_token_around_image>",
    "<global-img>",
    "<img>",
    "</img>",
];

/// Tokens that end an answer wherever they are control tokens, whether or not the metadata says so.
const ENDS: [&str; 7] = [
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<end_of_utterance>",
];

/// What a token is for (`llama_token_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Normal,
    Unknown,
    Control,
    UserDefined,
    Unused,
    Byte,
}

/// A token: its text as stored, what it is for, and its score.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) kind: TokenKind,
    pub(super) score: f32,
}

/// All tokens, their texts in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct Vocab {
    texts: String,
    ends: Vec<usize>,
    kinds: Vec<TokenKind>,
    scores: Vec<f32>,
    markup: HashMap<String, u32>,
}

impl Vocab {
    pub(super) fn read(file: &Gguf) -> Result<Self, TokenizerError> {
        let Some(tokens) = file.array("tokenizer.ggml.tokens")? else {
            return Err(TokenizerError::Missing {
                file: file.source().name().to_owned(),
            });
        };
        if tokens.len == 0 || tokens.len > MAX_TOKENS {
            return Err(damaged(file, &format!("{} tokens", tokens.len)));
        }
        let mut vocab = Self::default();
        for text in tokens.strings() {
            if text.len() > MAX_TOKEN_BYTES || vocab.texts.len() > MAX_VOCAB_BYTES {
                return Err(damaged(file, "endless tokens"));
            }
            vocab.texts.push_str(&String::from_utf8_lossy(text));
            vocab.ends.push(vocab.texts.len());
        }
        if vocab.ends.len() != tokens.len {
            return Err(damaged(file, "tokens that are not texts"));
        }
        vocab.kinds = read_kinds(file, tokens.len)?;
        vocab.scores = read_scores(file, tokens.len)?;
        vocab.find_markup(file)?;
        Ok(vocab)
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, id: u32) -> Option<Token<'_>> {
        let index = id as usize;
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(Token {
            text: &self.texts[start..end],
            kind: self.kinds[index],
            score: self.scores[index],
        })
    }

    /// All tokens with their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Token<'_>)> {
        (0..).map_while(|id| Some((id, self.get(id)?)))
    }

    pub(super) fn id_of(&self, text: &str) -> Option<u32> {
        // Ordinary texts are looked up rarely, so only markup has an index.
        self.markup.get(text).copied().or_else(|| {
            self.iter()
                .find(|(_, token)| token.text == text)
                .map(|(id, _)| id)
        })
    }

    /// Indexes tokens that are no ordinary text, after making control tokens of those that must be.
    fn find_markup(&mut self, file: &Gguf) -> Result<(), TokenizerError> {
        let is_ordinary = |kind| matches!(kind, TokenKind::Normal | TokenKind::UserDefined);
        let ids: Vec<u32> = self
            .iter()
            .filter(|(_, token)| is_ordinary(token.kind) && MARKUP.contains(&token.text))
            .map(|(id, _)| id)
            .collect();
        for id in ids {
            self.kinds[id as usize] = TokenKind::Control;
        }
        for key in ["bos", "eos", "eot", "eom"] {
            if let Some(id) = token_id(file, &format!("tokenizer.ggml.{key}_token_id"), self)? {
                let kind = &mut self.kinds[id as usize];
                if is_ordinary(*kind) {
                    *kind = TokenKind::Control;
                }
            }
        }
        let special = |kind| {
            matches!(
                kind,
                TokenKind::Control | TokenKind::UserDefined | TokenKind::Unknown
            )
        };
        let markup = self.iter().filter(|(_, token)| special(token.kind));
        self.markup = markup.map(|(id, token)| (token.text.to_owned(), id)).collect();
        Ok(())
    }
}

fn read_kinds(file: &Gguf, n_tokens: usize) -> Result<Vec<TokenKind>, TokenizerError> {
    let Some(types) = file.array("tokenizer.ggml.token_type")? else {
        return Ok(vec![TokenKind::Normal; n_tokens]);
    };
    let kinds: Vec<TokenKind> = types.numbers().map(kind_of).collect();
    match kinds.len() == n_tokens {
        true => Ok(kinds),
        false => Err(damaged(
            file,
            &format!("{} token types for {n_tokens} tokens", kinds.len()),
        )),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a tag; the cast saturates"
)]
fn kind_of(tag: f64) -> TokenKind {
    match tag as u8 {
        2 => TokenKind::Unknown,
        3 => TokenKind::Control,
        4 => TokenKind::UserDefined,
        5 => TokenKind::Unused,
        6 => TokenKind::Byte,
        _ => TokenKind::Normal,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "files store f32")]
fn read_scores(file: &Gguf, n_tokens: usize) -> Result<Vec<f32>, TokenizerError> {
    let Some(scores) = file.array("tokenizer.ggml.scores")? else {
        return Ok(vec![0.0; n_tokens]);
    };
    let scores: Vec<f32> = scores.numbers().map(|score| score as f32).collect();
    match scores.len() == n_tokens {
        true => Ok(scores),
        false => Err(damaged(
            file,
            &format!("{} scores for {n_tokens} tokens", scores.len()),
        )),
    }
}

/// A token id from the metadata, if it is one of the vocabulary.
pub(super) fn token_id(file: &Gguf, key: &str, vocab: &Vocab) -> Result<Option<u32>, TokenizerError> {
    // Converters write -1 or 2^32 - 1 for "none".
    let id = file.value(key).and_then(|_| file.u64(key).ok().flatten());
    Ok(id
        .and_then(|id| u32::try_from(id).ok())
        .filter(|&id| (id as usize) < vocab.len()))
}

/// Every token that ends an answer, sorted.
pub(super) fn stop_ids(file: &Gguf, vocab: &Vocab) -> Result<Vec<u32>, TokenizerError> {
    let mut ids = Vec::new();
    for key in ["eos", "eot", "eom"] {
        ids.extend(token_id(file, &format!("tokenizer.ggml.{key}_token_id"), vocab)?);
    }
    let is_control = |id: &u32| {
        vocab
            .get(*id)
            .is_some_and(|token| token.kind == TokenKind::Control)
    };
    ids.extend(
        ENDS.iter()
            .filter_map(|text| vocab.markup.get(*text))
            .filter(|id| is_control(id)),
    );
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// The byte of a token such as `<0x0A>`.
pub(super) fn byte_of(text: &str) -> Option<u8> {
    u8::from_str_radix(text.strip_prefix("<0x")?.strip_suffix('>')?, 16).ok()
}
