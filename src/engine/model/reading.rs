//! What the language model reads for a piece of work: the prompt around the video, cut so that it fits.

use crate::engine::ANSWER_RESERVE;
use crate::engine::requests::model::{Foresee, Work};
use crate::fault::{Explain, Fault};
use crate::llava::prompt::{
    PaperPrompt, Prompt, PromptInput, PromptPart, ReferenceForm, chat_prompt, reference_prompt,
};
use crate::llava::template::{ChatTemplate, Piece, TemplateError};
use crate::llava::tokenizer::{Tokenizer, TokenizerError};
use crate::llava::{Model, Sequence, SequencePart, VisualRows};
use crate::question::{PromptForm, Question, Turn};
use crate::visual::around::Around;
use crate::visual::family::ImageMarkers;

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
            Self::TooLong { .. } => Fault::ContextTooLong,
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
    /// Tokens of those that were not.
    pub(super) n_history: usize,
    /// The token of each option's letter.
    pub(super) letters: Vec<u32>,
    /// The words, with a mark where the video stands.
    pub(super) text: String,
    /// Rows of the video that are words between pictures.
    n_texts: usize,
}

impl Reading {
    /// Positions that are made of pictures.
    pub(super) fn n_visual(&self) -> usize {
        self.sequence.n_visual().saturating_sub(self.n_texts)
    }

    /// Positions that are words.
    pub(super) fn n_words(&self) -> usize {
        self.sequence.len() - self.n_visual()
    }
}

/// How the words around a question are written.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) template: &'a ChatTemplate,
    pub(super) tokenizer: &'a Tokenizer,
    pub(super) form: PromptForm,
    /// What the model knows pictures by.
    pub(super) markers: &'a ImageMarkers,
    /// Times of the frames, where the model is told them.
    pub(super) told_pts_secs: Option<&'a [f64]>,
    /// What the plan says around the rows of the video.
    pub(super) around: &'a Around,
}

/// What a plan came to for the language model.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    /// Its rows, but for the texts around them.
    pub(super) rows: &'a VisualRows,
    /// Those texts.
    pub(super) around: &'a Around,
    /// How many of the rows are words between pictures.
    pub(super) n_texts: usize,
}

/// Tokens of words, counted before anything is read.
pub(super) struct Counted {
    /// Those around a question without earlier turns.
    pub(super) n_fixed: usize,
    /// Those of the earlier turns that fit.
    pub(super) n_chat: usize,
    /// Earlier turns that do not.
    pub(super) n_forgotten: usize,
}

/// Counts the words of a question that is not asked yet, beside `n_visual` rows of a video. Words between its pictures are
/// among the rows.
pub(super) fn count(
    words: Words<'_>,
    foresee: &Foresee,
    n_visual: usize,
    n_context: usize,
) -> Result<Counted, ReadingError> {
    let n_fixed = words.n_fixed()?;
    let (history, max_tokens) = (&foresee.history, foresee.max_tokens);
    let len = |parts: &[PromptPart]| n_words(parts) + n_visual;
    let (n_forgotten, parts) = words.fitting("", &[], history, max_tokens, n_context, len)?;
    Ok(Counted {
        n_fixed,
        n_chat: n_words(&parts).saturating_sub(n_fixed),
        n_forgotten,
    })
}

fn n_words(parts: &[PromptPart]) -> usize {
    let of = |part: &PromptPart| match part {
        PromptPart::Tokens(ids) => ids.len(),
        PromptPart::Video => 0,
    };
    parts.iter().map(of).sum()
}

/// The prompt of `work` with the rows of its video, for a context of `n_context` positions.
pub(super) fn compose(
    model: &Model,
    work: &Work,
    question: Option<&Question>,
    shown: Shown<'_>,
    n_context: usize,
) -> Result<Reading, ReadingError> {
    let pts_secs: Vec<f64> = (work.excerpt.recipe.frames.iter())
        .map(|frame| frame.pts_secs)
        .collect();
    let markers = model.family().markers();
    let words = Words {
        template: model.template(),
        tokenizer: model.tokenizer(),
        form: work.form,
        markers: &markers,
        told_pts_secs: work.tell_times.then_some(pts_secs.as_slice()),
        around: shown.around,
    };
    let writer = Writer {
        is_shared: question.is_none(),
        shown,
    };
    let [one, other] = UNLIKE.map(|text| words.parts(text, &[], &[]));
    let (one, other) = (one?, other?);
    let n_shared = common(&writer.sequence(&one, 0), &writer.sequence(&other, 0));
    let Some(question) = question else {
        let sequence = writer.sequence(&one, n_shared);
        fits(sequence.len(), n_context)?;
        return Ok(writer.reading(&one, n_shared));
    };
    let turns = &question.history;
    let (n_forgotten, parts) = words.fitting(
        &question.text,
        &question.options,
        turns,
        question.max_tokens,
        n_context,
        |parts| writer.sequence(parts, 0).len(),
    )?;
    fits(writer.sequence(&parts, 0).len(), n_context)?;
    let n_shared = n_shared.min(common(&writer.sequence(&one, 0), &writer.sequence(&parts, 0)));
    let left = &turns[n_forgotten..];
    let n_alone = match left {
        [] => n_words(&parts),
        _ => n_words(&words.parts(&question.text, &question.options, &[])?),
    };
    Ok(Reading {
        n_forgotten,
        n_history: n_words(&parts).saturating_sub(n_alone),
        letters: words.letters(question, left, &parts)?,
        text: words.prompt(&question.text, &question.options, left)?.text(),
        ..writer.reading(&parts, n_shared)
    })
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

/// The smallest number up to `most` for which `attempt` says that it will do, and what it made of it; `most` where none
/// will. A larger number never does worse, so that half of what is left need not be tried: a prompt is written and cut into
/// tokens for each attempt, and a long chat has hundreds of turns that no longer fit.
fn fewest<T, E>(
    most: usize,
    mut attempt: impl FnMut(usize) -> Result<(T, bool), E>,
) -> Result<(usize, T), E> {
    let (made, will_do) = attempt(0)?;
    if will_do || most == 0 {
        return Ok((0, made));
    }
    let (mut too_few, mut enough, mut best) = (0, most, None);
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        match attempt(middle)? {
            (made, true) => (enough, best) = (middle, Some(made)),
            (_, false) => too_few = middle,
        }
    }
    match best {
        Some(made) => Ok((enough, made)),
        None => Ok((most, attempt(most)?.0)),
    }
}

impl Words<'_> {
    fn prompt(&self, text: &str, options: &[String], history: &[Turn]) -> Result<Prompt, TemplateError> {
        let input = PromptInput {
            text,
            options,
            history,
            frame_pts_secs: self.told_pts_secs,
            around: Some(self.around),
        };
        let paper = |text| {
            let form = ReferenceForm::of(self.template.family());
            reference_prompt(form, text, &input)
        };
        let prompt = match self.form {
            PromptForm::Chat => chat_prompt(self.template, &input)?,
            PromptForm::Reference => paper(PaperPrompt::Usual),
            PromptForm::ReferenceV5 => paper(PaperPrompt::GridAndFrames),
            PromptForm::ReferenceV2 => paper(PaperPrompt::Expert),
            PromptForm::LetterOnly => paper(PaperPrompt::Letter),
            PromptForm::VideoMme => paper(PaperPrompt::VideoMme),
            PromptForm::VideoMmeBest => paper(PaperPrompt::VideoMmeBest),
        };
        // A plan that shows one picture after the other has each between its markers already.
        if self.around.before.contains(&self.markers.before) {
            return Ok(prompt);
        }
        Ok(prompt.with_markers(self.markers))
    }

    /// Tokens of the words around a question without earlier turns.
    pub(super) fn n_fixed(&self) -> Result<usize, ReadingError> {
        Ok(n_words(&self.parts("", &[], &[])?))
    }

    fn parts(
        &self,
        text: &str,
        options: &[String],
        history: &[Turn],
    ) -> Result<Vec<PromptPart>, ReadingError> {
        Ok(self.prompt(text, options, history)?.encode(self.tokenizer)?)
    }

    /// How many of the oldest turns must be forgotten so that the prompt fits, and the prompt without them. Where it does
    /// not fit even without any, that is for the caller to say.
    fn fitting(
        &self,
        text: &str,
        options: &[String],
        turns: &[Turn],
        max_tokens: usize,
        n_context: usize,
        len: impl Fn(&[PromptPart]) -> usize,
    ) -> Result<(usize, Vec<PromptPart>), ReadingError> {
        let n_reserve = max_tokens.min(ANSWER_RESERVE);
        fewest(turns.len(), |n_forgotten| {
            let parts = self.parts(text, options, &turns[n_forgotten..])?;
            let does_fit = len(&parts) + n_reserve <= n_context;
            Ok((parts, does_fit))
        })
    }

    /// The token that each option's letter would be, right after the prompt.
    fn letters(
        &self,
        question: &Question,
        history: &[Turn],
        parts: &[PromptPart],
    ) -> Result<Vec<u32>, ReadingError> {
        let n_options = question.options.len();
        if n_options > 26 {
            return Err(ReadingError::TooManyOptions { n_options });
        }
        let token = |letter: char| {
            let mut prompt = self.prompt(&question.text, &question.options, history)?;
            // Where the model begins to speak right after a colon, it begins with a space.
            let ends_with_colon =
                matches!(prompt.pieces.last(), Some(Piece::Text(span)) if span.text.ends_with(':'));
            let gap = if ends_with_colon { " " } else { "" };
            prompt.pieces.push(Piece::fixed(format!("{gap}{letter}")));
            let longer = prompt.encode(self.tokenizer)?;
            let follows = match (longer.last(), parts.last()) {
                (Some(PromptPart::Tokens(longer)), Some(PromptPart::Tokens(ids))) => longer
                    .strip_prefix(ids.as_slice())
                    .and_then(|rest| (rest.len() == 1).then(|| rest[0])),
                _ => None,
            };
            follows
                .or_else(|| self.tokenizer.id_of(&letter.to_string()))
                .ok_or(ReadingError::NoLetter { letter })
        };
        ('A'..='Z').take(n_options).map(token).collect()
    }
}

struct Writer<'a> {
    /// Whether all of it is the beginning of every question.
    is_shared: bool,
    shown: Shown<'a>,
}

impl Writer<'_> {
    fn sequence(&self, parts: &[PromptPart], n_shared: usize) -> Sequence {
        let parts = parts.iter().map(|part| match part {
            PromptPart::Tokens(ids) => SequencePart::Tokens(ids.clone()),
            PromptPart::Video => SequencePart::Rows(self.shown.rows.clone()),
        });
        Sequence::new(parts.collect(), n_shared)
    }

    fn reading(&self, parts: &[PromptPart], n_shared: usize) -> Reading {
        let mut visual_end = 0;
        let mut len = 0;
        for part in parts {
            match part {
                PromptPart::Tokens(ids) => len += ids.len(),
                PromptPart::Video => {
                    len += self.shown.rows.len();
                    visual_end = len;
                }
            }
        }
        let mut sequence = self.sequence(parts, n_shared);
        if self.is_shared {
            sequence = sequence.shared();
        }
        Reading {
            sequence,
            visual_end,
            n_forgotten: 0,
            n_history: 0,
            letters: Vec::new(),
            text: String::new(),
            n_texts: self.shown.n_texts,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::fewest;

    #[test]
    fn a_long_chat_costs_as_many_prompts_as_its_length_has_digits() {
        for most in [0, 1, 2, 3, 7, 500] {
            for enough in 0..=most + 1 {
                let mut tried = Vec::new();
                let attempt = |n: usize| {
                    tried.push(n);
                    Ok::<_, Infallible>((n, n >= enough))
                };
                let Ok(found) = fewest(most, attempt);
                let one_by_one = (0..most).find(|n| *n >= enough).unwrap_or(most);
                assert_eq!(found, (one_by_one, one_by_one), "{enough} of {most}");
                let n_bits = (usize::BITS - most.leading_zeros()) as usize;
                assert!(tried.len() <= n_bits + 2, "{tried:?}");
            }
        }
    }
}
