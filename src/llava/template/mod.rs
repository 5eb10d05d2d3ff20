//! Chat templates: how a model was taught to tell who speaks.
//!
//! The template of the model file is used where it works; else that of the model's family, chosen by what the vocabulary
//! and the names in the file say. Either way a message goes through as one piece: a template cannot change the user's
//! words, and they cannot change it.

mod family;
mod guard;
mod jinja;
mod lex;
mod python;
mod tags;
mod weigh;

pub use family::Family;
pub use jinja::{TemplateError, render as render_jinja};
pub use python::Moment;

use jinja::Jinja;

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
    own: Option<Jinja>,
    family: Family,
    /// What Vicuna's words end an answer with: the text of the vocabulary's own token.
    turn_end: String,
    reason: String,
    video_sentence: Option<String>,
}

/// The key by which a model says what it was trained to read between a video and a question.
const VIDEO_SENTENCE: &str = "videre.video_sentence";

impl ChatTemplate {
    /// Chooses the template for a language model, at this moment.
    #[must_use]
    pub fn choose(file: &Gguf, tokenizer: &Tokenizer) -> Self {
        Self::choose_at(file, tokenizer, Moment::now())
    }

    /// Chooses the template for a language model. One that must write a date writes that of `now`, whenever it is rendered:
    /// what was read of a prompt stays of use as long as the model is loaded.
    #[must_use]
    pub fn choose_at(file: &Gguf, tokenizer: &Tokenizer, now: Moment) -> Self {
        let (family, evidence) = Family::detect(file, tokenizer);
        let turn_end = family::turn_end(tokenizer);
        let video_sentence = file.str(VIDEO_SENTENCE).ok().flatten().map(str::to_owned);
        let fallback = |why: &str| Self {
            own: None,
            family,
            turn_end: turn_end.clone(),
            reason: format!("{why}; {evidence}"),
            video_sentence: video_sentence.clone(),
        };
        let source = match file.str("tokenizer.chat_template") {
            Ok(Some(source)) if !source.trim().is_empty() => source,
            _ => return fallback("the file has no template"),
        };
        if family == Family::Vicuna && family::is_named_vicuna(file) && family::is_of_another(source) {
            // Conversions inherit the template of the model below, which Vicuna and Bunny were not trained with.
            return fallback("the file's template is that of another model");
        }
        match working(source, known_tokens(file, tokenizer), now, kinds_of(family)) {
            Ok(own) => Self {
                own: Some(own),
                family,
                turn_end,
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
            own: None,
            family,
            turn_end: family::END_OF_SEQUENCE.to_owned(),
            reason: "chosen".to_owned(),
            video_sentence: None,
        }
    }

    /// `file`, or the name of the family.
    #[must_use]
    pub fn name(&self) -> &'static str {
        if self.own.is_some() {
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
        match &self.own {
            Some(own) => own.render(messages),
            None => Ok(self.family.render(messages, &self.turn_end)),
        }
    }
}

/// A template that works, without a clock where it can do so: a date in the head would throw away every kept prefix at
/// midnight, and templates that ask whether there is a clock write a date of their own.
fn working(
    source: &str,
    tokens: Vec<(&'static str, String)>,
    now: Moment,
    kinds: &'static [&'static str],
) -> Result<Jinja, TemplateError> {
    let timeless = Jinja {
        source: source.to_owned(),
        tokens,
        now: None,
        kinds,
    };
    if timeless.check().is_ok() {
        return Ok(timeless);
    }
    let dated = Jinja {
        now: Some(now),
        ..timeless
    };
    dated.check().map(|()| dated)
}

/// As what a video is offered to a family's own template. SmolVLM's processor never writes one as a picture: a template
/// that knows only pictures would leave out the space after `User:` there.
fn kinds_of(family: Family) -> &'static [&'static str] {
    match family {
        Family::SmolVlm => &["video"],
        _ => &["video", "image"],
    }
}

/// The tokens that transformers hands to a template, with their names there. Templates write the first two without asking
/// whether the model has them.
fn known_tokens(file: &Gguf, tokenizer: &Tokenizer) -> Vec<(&'static str, String)> {
    let text = |id: Option<u32>| id.and_then(|id| tokenizer.text_of(id)).map(str::to_owned);
    let named = |key: &str| text(file.u64(key).ok().flatten().and_then(|id| u32::try_from(id).ok()));
    let mut tokens = vec![
        ("bos_token", text(tokenizer.bos()).unwrap_or_default()),
        ("eos_token", text(tokenizer.eos()).unwrap_or_default()),
    ];
    tokens.extend(named("tokenizer.ggml.unknown_token_id").map(|text| ("unk_token", text)));
    tokens.extend(named("tokenizer.ggml.padding_token_id").map(|text| ("pad_token", text)));
    tokens
}
