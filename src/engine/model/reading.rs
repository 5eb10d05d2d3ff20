//! What the language model reads for a piece of work: the prompt around the video, cut so that it fits.

use crate::api::{PromptForm, QuestionJson, WorkJson};
use crate::fault::{Explain, Fault};
use crate::llava::prompt::{
    Prompt, PromptPart, Question, ReferenceForm, Turn, chat_prompt, reference_prompt,
};
use crate::llava::template::{Piece, TemplateError};
use crate::llava::tokenizer::TokenizerError;
use crate::llava::{Model, Sequence, SequencePart, VisualRows};

/// Tokens kept free for an answer before earlier turns are forgotten: about two hundred words.
const ANSWER_RESERVE: usize = 256;
/// Two questions that share nothing: what their prompts have in common is what all questions have.
const UNLIKE: [&str; 2] = ["What happens?", "Describe it."];

/// Why a question cannot be put to the model.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadingError {
    /// The template of the model file fails.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The vocabulary has no tokens for it.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// It does not fit.
    #[error("the video and the question need {n_needed} tokens, and the model reads {n_context} at a time")]
    TooLong { n_needed: usize, n_context: usize },
    /// More options than letters.
    #[error("{n_options} options were given, and there are letters for 26")]
    TooManyOptions { n_options: usize },
    /// The vocabulary has no token for a letter.
    #[error("the model has no token for the letter {letter}")]
    NoLetter { letter: char },
}

impl Explain for ReadingError {
    fn fault(&self) -> Fault {
        match self {
            Self::Template(error) => error.fault(),
            Self::Tokenizer(error) => error.fault(),
            Self::TooLong { .. } => Fault::Input,
            Self::TooManyOptions { .. } => Fault::Usage,
            Self::NoLetter { .. } => Fault::Unsupported,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Template(error) => error.hint(),
            Self::Tokenizer(error) => error.hint(),
            Self::TooLong { .. } => Some(
                "choose a preset with fewer visual tokens, a shorter question, or a model with a longer context"
                    .to_owned(),
            ),
            Self::TooManyOptions { .. } => Some("give fewer options".to_owned()),
            Self::NoLetter { .. } => Some("ask without options".to_owned()),
        }
    }
}

/// A prompt that fits.
pub(super) struct Reading {
    /// Everything that is read before the answer.
    pub(super) sequence: Sequence,
    /// Where the last row of the video ends.
    pub(super) visual_end: usize,
    /// Earlier turns that were left out.
    pub(super) n_forgotten: usize,
    /// The token of each option's letter.
    pub(super) letters: Vec<u32>,
}

/// The prompt of `work` with the rows of its video, for a context of `n_context` positions.
pub(super) fn compose(
    model: &Model,
    work: &WorkJson,
    rows: &VisualRows,
    n_context: usize,
) -> Result<Reading, ReadingError> {
    let writer = Writer { model, work, rows };
    let [one, other] = UNLIKE.map(|text| writer.parts(text, &[], &[]));
    let (one, other) = (one?, other?);
    let n_shared = common(&writer.sequence(&one, 0), &writer.sequence(&other, 0));
    let Some(question) = &work.question else {
        let sequence = writer.sequence(&one, n_shared);
        fits(sequence.len(), n_context)?;
        return Ok(writer.reading(&one, n_shared, 0, Vec::new()));
    };
    let turns: Vec<Turn> = (question.history.iter())
        .map(|turn| Turn {
            question: turn.question.clone(),
            answer: turn.answer.clone(),
        })
        .collect();
    let n_reserve = question.max_tokens.min(ANSWER_RESERVE);
    for n_forgotten in 0..=turns.len() {
        let parts = writer.parts(&question.text, &question.options, &turns[n_forgotten..])?;
        let n_tokens = writer.sequence(&parts, 0).len();
        if n_tokens + n_reserve > n_context && n_forgotten < turns.len() {
            continue;
        }
        fits(n_tokens, n_context)?;
        let n_shared = n_shared.min(common(&writer.sequence(&one, 0), &writer.sequence(&parts, 0)));
        let letters = writer.letters(question, &turns[n_forgotten..], &parts)?;
        return Ok(writer.reading(&parts, n_shared, n_forgotten, letters));
    }
    unreachable!("BUG: the last round of the loop returns")
}

/// One position must be left, or there is no answer at all.
fn fits(n_needed: usize, n_context: usize) -> Result<(), ReadingError> {
    if n_needed < n_context {
        Ok(())
    } else {
        Err(ReadingError::TooLong { n_needed, n_context })
    }
}

fn common(a: &Sequence, b: &Sequence) -> usize {
    let (a, b) = (a.positions(), b.positions());
    a.iter().zip(&b).take_while(|(a, b)| a == b).count()
}

struct Writer<'a> {
    model: &'a Model,
    work: &'a WorkJson,
    rows: &'a VisualRows,
}

impl Writer<'_> {
    fn prompt(&self, text: &str, options: &[String], history: &[Turn]) -> Result<Prompt, TemplateError> {
        let pts_secs: Vec<f64> = self
            .work
            .video
            .frames
            .iter()
            .map(|frame| frame.pts_secs)
            .collect();
        let question = Question {
            text,
            options,
            history,
            frame_pts_secs: self.work.tell_times.then_some(pts_secs.as_slice()),
        };
        let template = self.model.template();
        match self.work.form {
            PromptForm::Chat => chat_prompt(template, &question),
            PromptForm::Reference => Ok(reference_prompt(ReferenceForm::of(template.family()), &question)),
        }
    }

    fn parts(
        &self,
        text: &str,
        options: &[String],
        history: &[Turn],
    ) -> Result<Vec<PromptPart>, ReadingError> {
        Ok(self
            .prompt(text, options, history)?
            .encode(self.model.tokenizer())?)
    }

    fn sequence(&self, parts: &[PromptPart], n_shared: usize) -> Sequence {
        let parts = parts.iter().map(|part| match part {
            PromptPart::Tokens(ids) => SequencePart::Tokens(ids.clone()),
            PromptPart::Video => SequencePart::Rows(self.rows.clone()),
        });
        Sequence::new(parts.collect(), n_shared)
    }

    fn reading(
        &self,
        parts: &[PromptPart],
        n_shared: usize,
        n_forgotten: usize,
        letters: Vec<u32>,
    ) -> Reading {
        let mut visual_end = 0;
        let mut len = 0;
        for part in parts {
            match part {
                PromptPart::Tokens(ids) => len += ids.len(),
                PromptPart::Video => {
                    len += self.rows.len();
                    visual_end = len;
                }
            }
        }
        let mut sequence = self.sequence(parts, n_shared);
        if self.work.question.is_none() {
            sequence = sequence.shared();
        }
        Reading {
            sequence,
            visual_end,
            n_forgotten,
            letters,
        }
    }

    /// The token that each option's letter would be, right after the prompt.
    fn letters(
        &self,
        question: &QuestionJson,
        history: &[Turn],
        parts: &[PromptPart],
    ) -> Result<Vec<u32>, ReadingError> {
        let n_options = question.options.len();
        if n_options > 26 {
            return Err(ReadingError::TooManyOptions { n_options });
        }
        let tokenizer = self.model.tokenizer();
        let token = |letter: char| {
            let mut prompt = self.prompt(&question.text, &question.options, history)?;
            prompt.pieces.push(Piece::fixed(letter.to_string()));
            let longer = prompt.encode(tokenizer)?;
            let follows = match (longer.last(), parts.last()) {
                (Some(PromptPart::Tokens(longer)), Some(PromptPart::Tokens(ids))) => longer
                    .strip_prefix(ids.as_slice())
                    .and_then(|rest| (rest.len() == 1).then(|| rest[0])),
                _ => None,
            };
            follows
                .or_else(|| tokenizer.id_of(&letter.to_string()))
                .ok_or(ReadingError::NoLetter { letter })
        };
        ('A'..='Z').take(n_options).map(token).collect()
    }
}
