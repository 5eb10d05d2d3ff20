//! What the model is asked, word for word.
//!
//! Two forms. *Chat* uses the model's own template; everything up to the user's words (head, video, one fixed sentence)
//! is the same for all questions on a video, so that it is computed once. *Reference* is the exact text of TS-LLaVA
//! (arXiv 2411.11066), for measuring against the paper.

mod reference;

pub use reference::{PaperPrompt, reference_prompt};

use std::fmt::Write as _;

use super::template::{ChatTemplate, Family, Message, Piece, Role, TemplateError};
use super::tokenizer::{Place, Span, Tokenizer, TokenizerError};
use crate::question::Turn;
use crate::visual::around::Around;
use crate::visual::family::ImageMarkers;

/// What is asked now, and what belongs to it.
#[derive(Clone, Copy, Debug, Default)]
pub struct PromptInput<'a> {
    /// The user's words.
    pub text: &'a str,
    /// Options to choose from, without letters; none for an open question.
    pub options: &'a [String],
    /// Earlier turns that are remembered, oldest first.
    pub history: &'a [Turn],
    /// Time stamps of the frames in seconds, where the model is told them.
    pub frame_pts_secs: Option<&'a [f64]>,
    /// What the plan says around the rows of the video.
    pub around: Option<&'a Around>,
}

/// For which of the paper's models a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceForm {
    /// For the 7B models.
    Plain,
    /// For the 34B model, in ChatML.
    ChatMl,
}

impl ReferenceForm {
    /// The form for a model of this family.
    #[must_use]
    pub fn of(family: Family) -> Self {
        if family == Family::ChatMl {
            Self::ChatMl
        } else {
            Self::Plain
        }
    }
}

/// A prompt: text with the place of the video in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Its pieces in order; text pieces between two videos are tokenised as one text.
    pub pieces: Vec<Piece>,
}

/// A piece of a prompt as the model reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromptPart {
    /// Token ids.
    Tokens(Vec<u32>),
    /// The rows of the video.
    Video,
}

const KEY_FRAMES: &str = "The input consists of a sequence of key frames from a video.";
const ONLY_BEST: &str = "Only give the best option.";
/// Where the letter of the answer follows.
const BEST_OPTION: &str = "Best option:(";

/// The prompt of a chat, in the model's own template.
///
/// # Errors
/// [`TemplateError`] where the template of the model file fails.
pub fn chat_prompt(template: &ChatTemplate, question: &PromptInput<'_>) -> Result<Prompt, TemplateError> {
    let mut messages = Vec::new();
    for turn in question.history {
        messages.push(Message {
            role: Role::User,
            content: vec![Piece::user(turn.question.trim().to_owned())],
        });
        messages.push(Message {
            role: Role::Assistant,
            content: vec![Piece::user(turn.answer.trim().to_owned())],
        });
    }
    let mut asked = vec![Piece::user(question.text.trim().to_owned())];
    if !question.options.is_empty() {
        asked.push(Piece::fixed("\nOptions:\n"));
        asked.extend(option_lines(question.options));
        asked.push(Piece::fixed(ONLY_BEST));
    }
    messages.push(Message {
        role: Role::User,
        content: asked,
    });
    // The video belongs to the first message that is left, whichever turns were forgotten.
    let sentence = sentence(template, question);
    messages[0]
        .content
        .splice(0..0, video_between(question, &sentence));
    let mut pieces = template.render(&messages)?;
    if !question.options.is_empty() {
        let spaced =
            matches!(pieces.last(), Some(Piece::Text(span)) if span.text.ends_with(char::is_whitespace));
        pieces.push(Piece::fixed(if spaced {
            BEST_OPTION.to_owned()
        } else {
            format!(" {BEST_OPTION}")
        }));
    }
    Ok(Prompt { pieces })
}

/// The video with the words of its plan around it, and `sentence` after them.
fn video_between(question: &PromptInput<'_>, sentence: &str) -> Vec<Piece> {
    let (before, after) = question
        .around
        .map_or(("", ""), |around| (around.before.as_str(), around.after.as_str()));
    let after = format!("{after}{sentence}");
    let said = |text: &str| (!text.is_empty()).then(|| Piece::fixed(text.to_owned()));
    [said(before), Some(Piece::Video), said(&after)]
        .into_iter()
        .flatten()
        .collect()
}

/// What a chat says between a video and a question: what the plan has it say, else what the model was trained to read there.
/// Where times are to be told and the plan tells none, they are.
fn sentence(template: &ChatTemplate, question: &PromptInput<'_>) -> String {
    let times = frame_times(question.frame_pts_secs);
    let told = match question.around.and_then(|around| around.sentence.as_deref()) {
        Some("\n") if !times.is_empty() => KEY_FRAMES,
        Some(said) => return said.to_owned(),
        None => template.video_sentence().unwrap_or(KEY_FRAMES),
    };
    let words = format!("{told}{times}");
    match words.trim() {
        "" => "\n".to_owned(),
        words => format!("\n{words}\n"),
    }
}

/// `(A) text`, one line each.
fn option_lines(options: &[String]) -> impl Iterator<Item = Piece> {
    ('A'..='Z').zip(options).flat_map(|(letter, option)| {
        [
            Piece::fixed(format!("({letter}) ")),
            Piece::user(option.clone()),
            Piece::fixed("\n"),
        ]
    })
}

fn frame_times(pts_secs: Option<&[f64]>) -> String {
    let Some(pts_secs) = pts_secs.filter(|times| !times.is_empty()) else {
        return String::new();
    };
    let mut text = " They were taken at".to_owned();
    for (i, secs) in pts_secs.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        write!(text, "{comma} {secs:.1} s").expect("BUG: a text takes all");
    }
    text.push('.');
    text
}

impl Prompt {
    /// The same with `markers` right before and right after the video: what tells some models that a picture begins and
    /// ends.
    #[must_use]
    pub fn with_markers(self, markers: &ImageMarkers) -> Self {
        if markers.is_empty() {
            return self;
        }
        let marked = |piece: Piece| match piece {
            Piece::Video => vec![
                Piece::fixed(markers.before.clone()),
                Piece::Video,
                Piece::fixed(markers.after.clone()),
            ],
            text @ Piece::Text(_) => vec![text],
        };
        Self {
            pieces: self.pieces.into_iter().flat_map(marked).collect(),
        }
    }

    /// The whole text, the video as `<image>`: for logs and for comparing with the original.
    #[must_use]
    pub fn text(&self) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Text(span) => span.text.to_string(),
            Piece::Video => "<image>".to_owned(),
        };
        self.pieces.iter().map(text).collect()
    }

    /// Token ids around the video, as `tokenizer_image_token` of LLaVA makes them.
    ///
    /// # Errors
    /// [`TokenizerError::Encode`].
    pub fn encode(&self, tokenizer: &Tokenizer) -> Result<Vec<PromptPart>, TokenizerError> {
        let mut parts = Vec::new();
        for (i, chunk) in self.pieces.split(|piece| *piece == Piece::Video).enumerate() {
            if i > 0 {
                parts.push(PromptPart::Video);
            }
            let spans: Vec<Span<'_>> = chunk
                .iter()
                .filter_map(|piece| match piece {
                    Piece::Text(span) => Some(span.clone()),
                    Piece::Video => None,
                })
                .collect();
            let place = if i == 0 { Place::Start } else { Place::Inside };
            parts.push(PromptPart::Tokens(tokenizer.encode(&spans, place)?));
        }
        Ok(parts)
    }
}
