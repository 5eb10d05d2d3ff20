//! SentencePiece-style BPE: pieces with scores, U+2581 for spaces, bytes for characters that have no piece.

use tokenizers::Model as _;
use tokenizers::models::bpe::{BPE, Vocab as PieceIds};

use super::error::{TokenizerError, damaged};
use super::vocab::{MAX_MERGE_BYTES, MAX_MERGES, TokenKind, Vocab};
use crate::gguf::Gguf;

const SPACE: char = '\u{2581}';
/// Bytes that are looked at to find the merges: each piece is looked up in halves, wherever it can be cut in two. The largest
/// vocabularies in use need some ten million.
const MAX_LOOKED_BYTES: usize = 1 << 28;

/// A `llama` vocabulary on the BPE of the `tokenizers` crate.
#[derive(Debug)]
pub(super) struct SentencePiece {
    bpe: BPE,
    /// Whether texts get the dummy space in front that such models were trained with.
    adds_space_prefix: bool,
}

impl SentencePiece {
    /// Derives the merges from the scores: SentencePiece merges the neighbours whose union has the best score, and so
    /// does BPE when its merges are listed by the score of their union (`SentencePieceExtractor` of transformers).
    pub(super) fn read(file: &Gguf, vocab: &Vocab) -> Result<Self, TokenizerError> {
        // Markup must never come out of ordinary text: SentencePiece does not merge into it either.
        let is_piece = |kind| matches!(kind, TokenKind::Normal | TokenKind::Unused);
        let pieces: PieceIds = vocab
            .iter()
            .filter(|(_, token)| {
                is_piece(token.kind) || matches!(token.kind, TokenKind::Byte | TokenKind::Unknown)
            })
            .map(|(id, token)| (token.text.to_owned(), id))
            .collect();
        let mut merges = Vec::new();
        let (mut n_looked, mut n_bytes) = (0_usize, 0);
        for (id, token) in vocab.iter().filter(|(_, token)| is_piece(token.kind)) {
            if pieces.get(token.text) != Some(&id) {
                continue;
            }
            let splits = token
                .text
                .char_indices()
                .skip(1)
                .map(|(at, _)| token.text.split_at(at));
            let known = splits.filter_map(|(left, right)| {
                Some((token.score, *pieces.get(left)?, *pieces.get(right)?, left, right))
            });
            let n_before = merges.len();
            merges.extend(known);
            n_looked += token.text.len() * token.text.len();
            n_bytes += token.text.len() * (merges.len() - n_before);
            if n_looked > MAX_LOOKED_BYTES || n_bytes > MAX_MERGE_BYTES || merges.len() > MAX_MERGES {
                return Err(damaged(file, "endless merges"));
            }
        }
        merges.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let merges = merges
            .into_iter()
            .map(|(_, _, _, left, right)| (left.to_owned(), right.to_owned()))
            .collect();
        let mut builder = BPE::builder()
            .vocab_and_merges(pieces, merges)
            .byte_fallback(true)
            .fuse_unk(true);
        if let Some((_, unknown)) = vocab.iter().find(|(_, token)| token.kind == TokenKind::Unknown) {
            builder = builder.unk_token(unknown.text.to_owned());
        }
        Ok(Self {
            bpe: builder
                .build()
                .map_err(|error| damaged(file, &error.to_string()))?,
            adds_space_prefix: file.bool("tokenizer.ggml.add_space_prefix")?.unwrap_or(true),
        })
    }

    /// Appends the ids of a text without markup.
    pub(super) fn encode(
        &self,
        text: &str,
        after_special: bool,
        ids: &mut Vec<u32>,
    ) -> Result<(), TokenizerError> {
        let mut pieces = String::with_capacity(text.len() + SPACE.len_utf8());
        if self.adds_space_prefix && after_special {
            pieces.push(SPACE);
        }
        pieces.extend(text.chars().map(|c| if c == ' ' { SPACE } else { c }));
        let tokens = self
            .bpe
            .tokenize(&pieces)
            .map_err(|error| TokenizerError::Encode(error.to_string()))?;
        ids.extend(tokens.into_iter().map(|token| token.id));
        Ok(())
    }
}
