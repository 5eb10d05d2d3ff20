//! Templates from model files: Jinja as `apply_chat_template` of transformers runs it, with a budget.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error, ErrorKind, context};

use super::{Message, Piece, Role};
use crate::fault::{Explain, Fault};

/// What a rendering may cost: about this many instructions, or 64 bytes of text each. The longest templates in use need a
/// few thousand.
const FUEL: u64 = 200_000;
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

/// A template together with the tokens that it may write out.
pub(super) fn with_tokens(source: &str, bos: &str, eos: &str) -> String {
    let literal = |text: &str| serde_json::Value::from(text).to_string();
    let (bos, eos) = (literal(bos), literal(eos));
    // The line end after the block is trimmed, so that the template begins at the start of a line.
    format!("{{% set bos_token = {bos} %}}{{% set eos_token = {eos} %}}\n{source}")
}

/// Whether a template writes conversations of one and of several turns.
pub(super) fn check(source: &str) -> Result<(), TemplateError> {
    let message = |role| Message {
        role,
        content: Vec::new(),
    };
    render(source, &[message(Role::User)])?;
    render(
        source,
        &[message(Role::User), message(Role::Assistant), message(Role::User)],
    )?;
    Ok(())
}

/// Renders a conversation with a template in Jinja. Contents are tried as texts first, then as lists of parts, which the
/// templates of multimodal models expect.
///
/// # Errors
/// [`TemplateError`] where the template fails, costs too much, or does not write each message once and in order.
pub fn render(source: &str, messages: &[Message]) -> Result<Vec<Piece>, TemplateError> {
    if source.len() > MAX_SOURCE_BYTES {
        return Err(TemplateError::TooLong);
    }
    let environment = environment();
    let template = environment.template_from_str(source)?;
    let as_text = |mark: String| Value::from(mark);
    let as_parts = |mark: String| Value::from(vec![context! { type => "text", text => mark }]);
    let attempt = |content: &dyn Fn(String) -> Value| -> Result<Vec<Piece>, TemplateError> {
        let list: Vec<Value> = messages
            .iter()
            .enumerate()
            .map(|(i, message)| {
                let role = match message.role {
                    Role::User => "user",
                    Role::Assistant => "assistant",
                };
                context! { role => role, content => content(format!("{OPEN}{i}{CLOSE}")) }
            })
            .collect();
        let text = template.render(context! { messages => list, add_generation_prompt => true })?;
        split(&text, messages)
    };
    attempt(&as_text).or_else(|first| attempt(&as_parts).map_err(|_second| first))
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    environment.set_syntax(syntax.expect("BUG: the delimiters are the usual ones"));
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.add_filter("tojson", to_json);
    environment.add_function("raise_exception", |message: String| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, message))
    });
    // No `strftime_now`: a date in the head would throw away every kept prefix at midnight. Templates that ask whether it
    // is there write their own date.
    environment
}

/// JSON without the escapes for HTML that the engine's own filter writes.
#[expect(clippy::needless_pass_by_value, reason = "the signature of a filter")]
fn to_json(value: &Value, options: Kwargs) -> Result<Value, Error> {
    let pretty = options.get::<Option<u32>>("indent")?.is_some();
    let _ = options.get::<Option<bool>>("ensure_ascii")?;
    options.assert_all_used()?;
    let text = if pretty {
        serde_json::to_string_pretty(value)
    } else {
        serde_json::to_string(value)
    };
    text.map(Value::from)
        .map_err(|error| Error::new(ErrorKind::BadSerialization, "not JSON").with_source(error))
}

/// Puts the messages back where their marks stand.
fn split(rendered: &str, messages: &[Message]) -> Result<Vec<Piece>, TemplateError> {
    let mut pieces = Vec::new();
    let mut rest = rendered;
    for (i, message) in messages.iter().enumerate() {
        let (before, after) = rest
            .split_once(&format!("{OPEN}{i}{CLOSE}"))
            .ok_or(TemplateError::Messages)?;
        if !before.is_empty() {
            pieces.push(Piece::fixed(before.to_owned()));
        }
        pieces.extend(message.content.iter().cloned());
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::fixed(rest.to_owned()));
    }
    match rendered.matches(OPEN).count() == messages.len() {
        true => Ok(pieces),
        false => Err(TemplateError::Messages),
    }
}
