//! Cutting markup out of a text before it is tokenised.

use aho_corasick::{AhoCorasick, Input, MatchKind};

use super::error::{TokenizerError, damaged};
use super::vocab::{TokenKind, Vocab};
use super::{Author, Span};
use crate::gguf::Gguf;

/// The texts of all markup together: models in use have up to 50 kB. What searches for it takes sixty times as much.
const MAX_MARKUP_BYTES: usize = 1 << 19;

/// A token that is matched as written.
#[derive(Clone, Copy, Debug)]
struct Special {
    id: u32,
    /// Control tokens are obeyed only where the template wrote them.
    is_control: bool,
    /// Whether spaces and line ends after it are not text (Phi-3).
    strips_right: bool,
}

/// All tokens that are matched as written: control tokens and user-defined ones.
#[derive(Debug)]
pub(super) struct Specials {
    searcher: AhoCorasick,
    specials: Vec<Special>,
}

/// A piece of a chunk.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fragment<'a> {
    /// Ordinary text.
    Text(&'a str),
    /// A token written out.
    Special {
        id: u32,
        is_control: bool,
        strips_right: bool,
    },
}

impl Specials {
    pub(super) fn new(file: &Gguf, vocab: &Vocab, is_sentencepiece: bool) -> Result<Self, TokenizerError> {
        // Phi-3 alone has these in a SentencePiece vocabulary, and its tokenizer strips what follows its markup
        // (`"rstrip": true` in its tokenizer.json), except after these.
        let is_phi_3 = is_sentencepiece
            && ["<|user|>", "<|end|>"]
                .iter()
                .all(|text| vocab.id_of(text).is_some());
        let keeps_right = ["<s>", "<unk>", "<|endoftext|>"];
        let mut texts = Vec::new();
        let mut specials = Vec::new();
        let mut n_bytes = 0;
        for (id, token) in vocab.iter() {
            let is_control = matches!(token.kind, TokenKind::Control | TokenKind::Unknown);
            if token.text.is_empty() || !(is_control || token.kind == TokenKind::UserDefined) {
                continue;
            }
            n_bytes += token.text.len();
            if n_bytes > MAX_MARKUP_BYTES {
                return Err(damaged(file, "endless markup"));
            }
            texts.push(if is_sentencepiece {
                token.text.replace('\u{2581}', " ")
            } else {
                token.text.to_owned()
            });
            let strips_right = is_phi_3 && !keeps_right.contains(&token.text);
            specials.push(Special {
                id,
                is_control,
                strips_right,
            });
        }
        let searcher = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(texts)
            .map_err(|error| damaged(file, &error.to_string()))?;
        Ok(Self { searcher, specials })
    }

    /// Cuts a chunk; its spans are read as one text.
    pub(super) fn split<'a>(&self, chunk: &'a [Span<'_>], joined: &'a str) -> Vec<Fragment<'a>> {
        let mut fragments = Vec::new();
        let mut text_start = 0;
        let mut search_from = 0;
        while let Some(found) = self.searcher.find(Input::new(joined).range(search_from..)) {
            let special = self.specials[found.pattern().as_usize()];
            if special.is_control && touches_user(chunk, found.range()) {
                search_from = found.start() + 1;
                continue;
            }
            if text_start < found.start() {
                fragments.push(Fragment::Text(&joined[text_start..found.start()]));
            }
            let Special {
                id,
                is_control,
                strips_right,
            } = special;
            fragments.push(Fragment::Special {
                id,
                is_control,
                strips_right,
            });
            (text_start, search_from) = (found.end(), found.end());
        }
        if text_start < joined.len() {
            fragments.push(Fragment::Text(&joined[text_start..]));
        }
        fragments
    }
}

fn touches_user(chunk: &[Span<'_>], range: std::ops::Range<usize>) -> bool {
    let mut start = 0;
    chunk.iter().any(|span| {
        let end = start + span.text.len();
        let touches = span.author == Author::User && start < range.end && range.start < end;
        start = end;
        touches
    })
}
