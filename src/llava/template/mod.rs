//! Chat templates: how a model was taught to tell who speaks.
//!
//! The template of the model file is used where it works; else that of the model's family, chosen by what the vocabulary
//! and the names in the file say. Either way a message goes through as one piece: a template cannot change the user's
//! words, and they cannot change it.

mod family;
mod jinja;

pub use family::Family;
pub use jinja::{TemplateError, render as render_jinja};

use super::tokenizer::{Span, Tokenizer};
use crate::gguf::Gguf;

/// A piece of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text, and who wrote it.
    Text(Span<'static>),
    /// Where the rows of the video go.
    Video,
}

impl Piece {
    /// Text that the template, not the user, writes.
    #[must_use]
    pub fn fixed(text: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self::Text(Span::template(text))
    }

    /// The user's own words.
    #[must_use]
    pub fn user(text: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self::Text(Span::user(text))
    }
}

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The one who asks.
    User,
    /// The model.
    Assistant,
}

/// A message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: Vec<Piece>,
}

/// The template of a model, and why it is this one.
#[derive(Clone, Debug)]
pub struct ChatTemplate {
    source: Option<String>,
    family: Family,
    reason: String,
    video_sentence: Option<String>,
}

/// The key by which a model says what it was trained to read between a video and a question.
const VIDEO_SENTENCE: &str = "videre.video_sentence";

impl ChatTemplate {
    /// Chooses the template for a language model.
    #[must_use]
    pub fn choose(file: &Gguf, tokenizer: &Tokenizer) -> Self {
        let (family, evidence) = Family::detect(file, tokenizer);
        let video_sentence = file.str(VIDEO_SENTENCE).ok().flatten().map(str::to_owned);
        let fallback = |why: &str| Self {
            source: None,
            family,
            reason: format!("{why}; {evidence}"),
            video_sentence: video_sentence.clone(),
        };
        let source = match file.str("tokenizer.chat_template") {
            Ok(Some(source)) if !source.trim().is_empty() => source,
            _ => return fallback("the file has no template"),
        };
        if family == Family::Vicuna && family::is_named_vicuna(file) && source.contains("[INST]") {
            // Conversions of Vicuna inherit the template of the Llama 2 below it, which Vicuna was not trained with.
            return fallback("the file's template is that of another model");
        }
        let token = |id: Option<u32>| id.and_then(|id| tokenizer.text_of(id)).unwrap_or_default();
        let source = jinja::with_tokens(source, token(tokenizer.bos()), token(tokenizer.eos()));
        match jinja::check(&source) {
            Ok(()) => Self {
                source: Some(source),
                family,
                reason: "the file has a template".to_owned(),
                video_sentence,
            },
            Err(error) => fallback(&format!("the file's template does not work here ({error})")),
        }
    }

    /// The template of a family, whatever a file says.
    #[must_use]
    pub fn of_family(family: Family) -> Self {
        Self {
            source: None,
            family,
            reason: "chosen".to_owned(),
            video_sentence: None,
        }
    }

    /// `file`, or the name of the family.
    #[must_use]
    pub fn name(&self) -> &'static str {
        if self.source.is_some() {
            "file"
        } else {
            self.family.name()
        }
    }

    /// The family that the model belongs to, also where the file's own template is used.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// Why this template: one clause for the user.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What the model was trained to read between a video and a question, where its file says so in the key
    /// `videre.video_sentence`; it may be empty.
    #[must_use]
    pub fn video_sentence(&self) -> Option<&str> {
        self.video_sentence.as_deref()
    }

    /// Texts that end an answer: where the model begins to speak for the user.
    #[must_use]
    pub fn stop_texts(&self) -> &'static [&'static str] {
        self.family.stop_texts()
    }

    /// The conversation as the model reads it, up to where its next answer begins.
    ///
    /// # Errors
    /// [`TemplateError`] where the file's template fails on this conversation.
    pub fn render(&self, messages: &[Message]) -> Result<Vec<Piece>, TemplateError> {
        match &self.source {
            Some(source) => jinja::render(source, messages),
            None => Ok(self.family.render(messages)),
        }
    }
}
