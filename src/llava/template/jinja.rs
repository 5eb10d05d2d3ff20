//! Templates from model files: Jinja as `render_jinja_template` of transformers runs it, with a budget.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind, context};

use super::python::{self, Moment};
use super::{Message, Piece, Role, guard, tags};
use crate::fault::{Explain, Fault};

/// What a rendering may cost: about this many instructions, or 64 bytes of text each. The longest templates in use need a
/// few thousand. What a value may stand for besides is in [`super::weigh`].
const FUEL: u64 = 400_000;
/// Templates in use have up to 20 kB.
const MAX_SOURCE_BYTES: usize = 1 << 18;

/// Private-use characters around the number of a message, so that it goes through a template untouched.
const OPEN: char = '\u{e0f0}';
const CLOSE: char = '\u{e0f1}';

/// A template of a model file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The engine's own words.
    #[error("{0}")]
    Engine(String),
    /// It ran out of its budget of time and memory.
    #[error("it takes too long or too much memory")]
    Budget,
    /// The engine can read it, and what bounds its values cannot.
    #[error("it is nested too deeply or written in another way than templates are")]
    Unreadable,
    /// It is longer than any real one.
    #[error("it is too long")]
    TooLong,
    /// A message does not appear once and in its place.
    #[error("it leaves out, repeats or reorders messages")]
    Messages,
}

impl Explain for TemplateError {
    fn fault(&self) -> Fault {
        Fault::Input
    }

    fn hint(&self) -> Option<String> {
        Some("start a new chat, or take another conversion of the model".to_owned())
    }
}

impl From<Error> for TemplateError {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::OutOfFuel => Self::Budget,
            _ => {
                let text = error
                    .detail()
                    .map_or_else(|| error.kind().to_string(), str::to_owned);
                Self::Engine(text.chars().take(200).collect())
            }
        }
    }
}

/// A template with what it may write beside the messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Jinja {
    /// As the file has it.
    pub(super) source: String,
    /// The tokens that it may write out, by the names that templates know them by.
    pub(super) tokens: Vec<(&'static str, String)>,
    /// What `strftime_now` tells; without it there is no such function.
    pub(super) now: Option<Moment>,
    /// As what a video may be offered to it where it takes contents as lists of parts, best first: `video`, `image`.
    pub(super) kinds: &'static [&'static str],
}

impl Jinja {
    /// Whether the template writes conversations of one and of several turns.
    pub(super) fn check(&self) -> Result<(), TemplateError> {
        let message = |role| Message {
            role,
            content: Vec::new(),
        };
        self.render(&[message(Role::User)])?;
        self.render(&[message(Role::User), message(Role::Assistant), message(Role::User)])?;
        Ok(())
    }

    /// Renders a conversation. Contents are tried as texts first, then as lists of parts, which the templates of multimodal
    /// models expect: with the video as a part of its own where the template writes a place for it, as those of llava-hf do,
    /// and else with the words alone.
    pub(super) fn render(&self, messages: &[Message]) -> Result<Vec<Piece>, TemplateError> {
        if self.source.len() > MAX_SOURCE_BYTES {
            return Err(TemplateError::TooLong);
        }
        let source = tags::without_generation(&self.source);
        let environment = environment(self.now);
        let guarded = guarded(&environment, &source)?;
        let template = environment.template_from_str(&guarded)?;
        let tokens = Value::from_pairs(self.tokens.iter().map(|(name, text)| (*name, text)));
        let attempt = |form: Form| -> Result<Vec<Piece>, TemplateError> {
            let list = marked(messages, form);
            // What transformers passes where a caller has neither tools nor documents is none, not undefined.
            let rendered = template.render(context! {
                messages => list, tools => (), documents => (), add_generation_prompt => true, ..tokens.clone()
            })?;
            split(&rendered, messages, form)
        };
        let shows = messages.iter().any(|message| place_of_video(message).is_some());
        let pictured = self
            .kinds
            .iter()
            .filter(|_| shows)
            .map(|kind| Form::Pictured(kind));
        attempt(Form::Text).or_else(|first| {
            if matches!(first, TemplateError::Budget) {
                return Err(first);
            }
            pictured
                .chain([Form::Parts])
                .find_map(|form| attempt(form).ok())
                .ok_or(first)
        })
    }
}

/// How the contents of messages are handed to a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As texts.
    Text,
    /// As lists of one part, a text.
    Parts,
    /// The same with a part of this kind before the text where there is a video.
    Pictured(&'static str),
}

fn place_of_video(message: &Message) -> Option<usize> {
    message.content.iter().position(|piece| *piece == Piece::Video)
}

/// The messages as a template sees them, a mark in place of what each says.
fn marked(messages: &[Message], form: Form) -> Vec<Value> {
    let content = |message: &Message, mark: String| {
        let text = |mark| context! { type => "text", text => mark };
        match form {
            Form::Text => Value::from(mark),
            Form::Pictured(kind) if place_of_video(message).is_some() => {
                Value::from(vec![context! { type => kind }, text(mark)])
            }
            Form::Parts | Form::Pictured(_) => Value::from(vec![text(mark)]),
        }
    };
    let message = |(i, message): (usize, &Message)| {
        let role = match message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        context! { role => role, content => content(message, format!("{OPEN}{i}{CLOSE}")) }
    };
    messages.iter().enumerate().map(message).collect()
}

/// Renders a conversation with a template in Jinja that has neither tokens nor a clock.
///
/// # Errors
/// [`TemplateError`] where the template fails, costs too much, or does not write each message once and in order.
pub fn render(source: &str, messages: &[Message]) -> Result<Vec<Piece>, TemplateError> {
    let jinja = Jinja {
        source: source.to_owned(),
        ..Jinja::default()
    };
    jinja.render(messages)
}

fn environment(now: Option<Moment>) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    environment.set_syntax(syntax.expect("BUG: the delimiters are the usual ones"));
    python::add_to(&mut environment, now);
    environment
}

/// The template with its values weighed. Where it cannot be read for that, the engine says why, if it knows.
fn guarded(environment: &Environment<'_>, source: &str) -> Result<String, TemplateError> {
    if let Some(guarded) = guard::guarded(source) {
        return Ok(guarded);
    }
    environment.template_from_str(source)?;
    Err(TemplateError::Unreadable)
}

/// Puts the messages back where their marks stand, and a video where the template has a place for it.
fn split(rendered: &str, messages: &[Message], form: Form) -> Result<Vec<Piece>, TemplateError> {
    let mut pieces = Vec::new();
    let mut rest = rendered;
    for (i, message) in messages.iter().enumerate() {
        let (before, after) = rest
            .split_once(&format!("{OPEN}{i}{CLOSE}"))
            .ok_or(TemplateError::Messages)?;
        match (form, place_of_video(message)) {
            (Form::Pictured(kind), Some(place)) => {
                pieces.extend(with_video(before, &message.content, place, kind)?);
            }
            _ => {
                pieces.extend(fixed(before));
                pieces.extend(message.content.iter().cloned());
            }
        }
        rest = after;
    }
    pieces.extend(fixed(rest));
    match rendered.matches(OPEN).count() == messages.len() {
        true => Ok(pieces),
        false => Err(TemplateError::Messages),
    }
}

fn fixed(text: &str) -> Option<Piece> {
    (!text.is_empty()).then(|| Piece::fixed(text.to_owned()))
}

/// A message whose video the template writes `<video>` or `<image>` for: what is before the message as the template has it,
/// and the content with its video, at `place`, there. Where both the template and the content end the video's line, one does.
fn with_video(
    before: &str,
    content: &[Piece],
    place: usize,
    kind: &str,
) -> Result<Vec<Piece>, TemplateError> {
    let (head, between) = before
        .split_once(&format!("<{kind}>"))
        .ok_or(TemplateError::Messages)?;
    let mut pieces: Vec<Piece> = fixed(head).into_iter().collect();
    let (shown, said) = content.split_at(place + 1);
    pieces.extend(shown.iter().cloned());
    pieces.extend(fixed(between));
    let mut said = said.to_vec();
    if between.ends_with('\n')
        && let Some(Piece::Text(span)) = said.first_mut()
        && let Some(rest) = span.text.strip_prefix('\n')
    {
        span.text = rest.to_owned().into();
    }
    let is_empty = |piece: &Piece| matches!(piece, Piece::Text(span) if span.text.is_empty());
    pieces.extend(said.into_iter().filter(|piece| !is_empty(piece)));
    Ok(pieces)
}
