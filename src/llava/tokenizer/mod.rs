//! Text to token ids and back, from the vocabulary that a language model's GGUF file carries.
//!
//! Two kinds exist in the models that Videre runs: SentencePiece-style vocabularies (`llama`: Llama 2, Vicuna, Mistral,
//! Phi-3) and byte-level BPE (`gpt2`: Llama 3, Qwen2, SmolLM). Both run on the `tokenizers` crate; what is here is the
//! way from GGUF's lists to it, the special tokens, and the way back as whole characters.

mod byte_level;
mod error;
mod sentencepiece;
mod special;
mod stream;
mod vocab;

use std::borrow::Cow;

pub(in crate::llava) use byte_level::{GPT_2, pre_tokenizer_of};
pub use error::TokenizerError;
pub use stream::AnswerStream;

use special::{Fragment, Specials};
use vocab::{TokenKind, Vocab};

use crate::gguf::Gguf;

/// Who wrote a piece of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The template: control tokens written in it are control tokens.
    Template,
    /// The user: `<|im_end|>` in a question is text, and ends nobody's turn.
    User,
}

/// A piece of text and who wrote it. The pieces of one chunk are tokenised as one text, so that nothing depends on where
/// one ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span<'a> {
    /// The text.
    pub text: Cow<'a, str>,
    /// Who wrote it.
    pub author: Author,
}

impl<'a> Span<'a> {
    /// Text of the template.
    pub fn template(text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            text: text.into(),
            author: Author::Template,
        }
    }

    /// Text of the user.
    pub fn user(text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            text: text.into(),
            author: Author::User,
        }
    }
}

/// Where a chunk stands in the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At its start: the begin-of-sequence token comes first where the model wants one.
    Start,
    /// After an image or another chunk.
    Inside,
}

/// How the model splits text.
#[derive(Debug)]
enum Model {
    SentencePiece(Box<sentencepiece::SentencePiece>),
    ByteLevel(Box<byte_level::ByteLevelBpe>),
}

/// The tokenizer of a language model.
#[derive(Debug)]
pub struct Tokenizer {
    vocab: Vocab,
    model: Model,
    specials: Specials,
    bos: Option<u32>,
    adds_bos: bool,
    eos: Option<u32>,
    stops: Vec<u32>,
}

impl Tokenizer {
    /// Builds the tokenizer from the metadata of a language model.
    ///
    /// # Errors
    /// [`TokenizerError`] where the file has no vocabulary, a damaged one, or one of a kind that is not supported.
    pub fn read(file: &Gguf) -> Result<Self, TokenizerError> {
        let vocab = Vocab::read(file)?;
        let kind = file.str("tokenizer.ggml.model")?.unwrap_or_default();
        let (model, bos_by_default) = match kind {
            "llama" => (
                Model::SentencePiece(Box::new(sentencepiece::SentencePiece::read(file, &vocab)?)),
                true,
            ),
            "gpt2" => {
                let model = byte_level::ByteLevelBpe::read(file, &vocab)?;
                let wants_bos = model.wants_bos();
                (Model::ByteLevel(Box::new(model)), wants_bos)
            }
            other => return Err(error::unsupported(file, "tokenizer", other)),
        };
        let id = |key: &str| vocab::token_id(file, key, &vocab);
        let adds_bos = file
            .bool("tokenizer.ggml.add_bos_token")?
            .unwrap_or(bos_by_default);
        Ok(Self {
            specials: Specials::new(file, &vocab, matches!(model, Model::SentencePiece(_)))?,
            bos: id("tokenizer.ggml.bos_token_id")?,
            adds_bos,
            eos: id("tokenizer.ggml.eos_token_id")?,
            stops: vocab::stop_ids(file, &vocab)?,
            vocab,
            model,
        })
    }

    /// Number of tokens.
    #[must_use]
    pub fn n_tokens(&self) -> usize {
        self.vocab.len()
    }

    /// The token that starts a sequence, whether or not it is put there: a template may write it.
    #[must_use]
    pub fn bos(&self) -> Option<u32> {
        self.bos
    }

    /// The token that [`Tokenizer::encode`] puts before a sequence, where the model was trained to read it from there.
    #[must_use]
    pub fn added_bos(&self) -> Option<u32> {
        self.bos.filter(|_| self.adds_bos)
    }

    /// The token that ends a sequence.
    #[must_use]
    pub fn eos(&self) -> Option<u32> {
        self.eos
    }

    /// Every token that ends an answer: end of sequence, of turn, of message.
    #[must_use]
    pub fn stops(&self) -> &[u32] {
        &self.stops
    }

    /// The id of a token by its exact text in the vocabulary.
    #[must_use]
    pub fn id_of(&self, text: &str) -> Option<u32> {
        self.vocab.id_of(text)
    }

    /// The text of a token as the vocabulary stores it.
    #[must_use]
    pub fn text_of(&self, id: u32) -> Option<&str> {
        self.vocab.get(id).map(|token| token.text)
    }

    /// Whether the vocabulary is SentencePiece-style, as Llama 2's is.
    #[must_use]
    pub fn is_sentencepiece(&self) -> bool {
        matches!(self.model, Model::SentencePiece(_))
    }

    /// Token ids of one chunk: the text before the first image, between two, or after the last.
    ///
    /// As `tokenizer_image_token` of LLaVA does it, each chunk is a text of its own: a SentencePiece vocabulary puts its
    /// dummy space in front of each (and, as llama.cpp and `LlamaTokenizer` with `legacy` do, after each control token),
    /// and only the first chunk begins with the begin-of-sequence token.
    ///
    /// # Errors
    /// [`TokenizerError::Encode`] where the vocabulary has no token for a piece of the text.
    pub fn encode(&self, chunk: &[Span<'_>], place: Place) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = Vec::new();
        if place == Place::Start {
            ids.extend(self.added_bos());
        }
        let mut after_special = true;
        let mut strip_next = false;
        let joined: String = chunk.iter().map(|span| span.text.as_ref()).collect();
        for fragment in self.specials.split(chunk, &joined) {
            match fragment {
                Fragment::Special {
                    id,
                    is_control,
                    strips_right,
                } => {
                    // A template that writes the token itself must not get it twice; where nothing adds it, what the
                    // template writes is all there is.
                    let doubled = Some(id) == self.added_bos() && ids == [id] && place == Place::Start;
                    // SentencePiece reads its own user-defined tokens as part of the text around them.
                    if let (Model::SentencePiece(model), false, true) =
                        (&self.model, is_control, after_special)
                    {
                        model.encode("", true, &mut ids)?;
                    }
                    if !doubled {
                        ids.push(id);
                    }
                    (after_special, strip_next) = (is_control, strips_right);
                }
                Fragment::Text(text) => {
                    let text = if strip_next { text.trim_start() } else { text };
                    strip_next = false;
                    if text.is_empty() {
                        continue;
                    }
                    match &self.model {
                        Model::SentencePiece(model) => model.encode(text, after_special, &mut ids)?,
                        Model::ByteLevel(model) => model.encode(text, &mut ids)?,
                    }
                    after_special = false;
                }
            }
        }
        Ok(ids)
    }

    /// Appends the bytes that a token stands for. Control tokens stand for nothing.
    pub(super) fn push_bytes(&self, id: u32, bytes: &mut Vec<u8>) {
        let Some(token) = self.vocab.get(id) else { return };
        match (token.kind, &self.model) {
            (TokenKind::Control | TokenKind::Unused, _) => {}
            (TokenKind::Byte, _) => bytes.extend(vocab::byte_of(token.text)),
            (TokenKind::Unknown, _) => bytes.extend("\u{fffd}".as_bytes()),
            (_, Model::SentencePiece(_)) => bytes.extend(token.text.replace('\u{2581}', " ").as_bytes()),
            (TokenKind::UserDefined, Model::ByteLevel(_)) => bytes.extend(token.text.as_bytes()),
            (TokenKind::Normal, Model::ByteLevel(_)) => byte_level::push_decoded(token.text, bytes),
        }
    }

    /// The bytes that a token stands for in an answer.
    #[must_use]
    pub fn bytes_of(&self, id: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.push_bytes(id, &mut bytes);
        bytes
    }

    /// The text of token ids; bytes that are no UTF-8 become U+FFFD.
    #[must_use]
    pub fn decode(&self, ids: &[u32]) -> String {
        let mut bytes = Vec::new();
        ids.iter().for_each(|&id| self.push_bytes(id, &mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
