//! Answers as they are kept and shown.

use std::time::{Duration, Instant};

use super::describing::device_name;
use super::models::LoadedModel;
use super::plans::PresetPlan;
use super::refusal::sentence;
use super::stages::StageClock;
use crate::api::window::{AnswerFacts, AnswerState, ApiError, ErrorCode, KeptAnswer, PlanRequest, StageName};
use crate::chat::{Store, TurnId};
use crate::question::{Ending, SamplingOptions};
use crate::visual::sampling::FrameRef;

/// How often an answer is kept while it grows, for the case that this process is killed.
const KEEP_EVERY: Duration = Duration::from_secs(1);

/// What an answer comes from: how its question is asked.
pub(super) struct AnswerOrigin<'a> {
    pub(super) request: &'a PlanRequest,
    pub(super) model: &'a LoadedModel,
    pub(super) resolved: &'a PresetPlan,
    pub(super) sampling: SamplingOptions,
    /// The words, with a mark where the video stands; empty until they are known.
    pub(super) prompt: String,
    /// Tokens of the words.
    pub(super) n_words: usize,
    /// Of these, tokens of earlier turns.
    pub(super) n_history: usize,
}

impl AnswerOrigin<'_> {
    fn facts(&self, frames: Vec<FrameRef>, draft: &mut AnswerDraft<'_>) -> AnswerFacts {
        let plan = &self.resolved.plan;
        AnswerFacts {
            model: self.model.model.name.clone(),
            device: device_name(&self.model.facts.device),
            preset: self.resolved.preset.into(),
            strategy: plan.strategy.name(),
            range: self.request.range,
            only_frame: self.request.only_frame,
            frames,
            counts: plan.counts(),
            n_prompt_tokens: self.n_words,
            n_history_tokens: self.n_history,
            n_reused_tokens: 0,
            n_answer_tokens: draft.n_pieces,
            prompt: self.prompt.clone(),
            settings: vec![("temperature".to_owned(), self.sampling.temperature.to_string())],
            timings: draft.clock.timings(Instant::now()),
            notices: Vec::new(),
            is_embedded: self.model.model.is_embedded,
            ending: None,
        }
    }

    /// A complete answer, and how it came about.
    pub(super) fn answer(&self, answer: crate::engine::Answer, draft: &mut AnswerDraft<'_>) -> KeptAnswer {
        let mut notices = answer.notices;
        match answer.ending {
            Ending::Finished => {}
            Ending::TokenLimit => {
                notices.push("The answer was cut: it reached its longest length.".to_owned());
            }
            Ending::ContextFull => {
                notices.push("The answer was cut: the model can hold no more.".to_owned());
            }
            Ending::Repetition => {
                notices.push("The answer was cut: the model only repeated itself.".to_owned());
            }
        }
        let facts = AnswerFacts {
            device: device_name(&answer.device),
            n_prompt_tokens: answer.tokens.prompt,
            n_reused_tokens: answer.tokens.reused,
            n_answer_tokens: answer.tokens.answer,
            notices: notices.iter().map(|notice| sentence(notice)).collect(),
            ending: Some(answer.ending),
            ..self.facts(answer.frames, draft)
        };
        let choice = answer.choice;
        KeptAnswer {
            state: AnswerState::Done,
            text: answer.answer,
            choice: choice.as_ref().map(|choice| choice.option),
            probabilities: choice.map(|choice| choice.probabilities).unwrap_or_default(),
            facts: Some(facts),
            error: None,
        }
    }

    /// What an answer that was cut short came from, where it had begun: its frames are evidence all the same.
    pub(super) fn cut_short(&self, draft: &mut AnswerDraft<'_>) -> Option<AnswerFacts> {
        let frames = self.resolved.plan.chosen.clone();
        (draft.n_pieces > 0).then(|| self.facts(frames, draft))
    }
}

/// An answer that did not come to its end. Stopping is no error.
pub(super) fn cut_short(text: String, facts: Option<AnswerFacts>, error: ApiError) -> KeptAnswer {
    let is_stopped = error.code == ErrorCode::Cancelled;
    KeptAnswer {
        state: if is_stopped {
            AnswerState::Stopped
        } else {
            AnswerState::Failed
        },
        text,
        choice: None,
        probabilities: Vec::new(),
        facts,
        error: (!is_stopped).then_some(error),
    }
}

/// An answer as far as it was said, kept now and then.
pub(super) struct AnswerDraft<'a> {
    store: &'a Store,
    turn: TurnId,
    pub(super) text: String,
    kept: Instant,
    n_pieces: usize,
    pub(super) clock: StageClock,
}

impl<'a> AnswerDraft<'a> {
    /// Of a question that is asked now, for which this is done first.
    pub(super) fn new(store: &'a Store, turn: TurnId, first: StageName) -> Self {
        let now = Instant::now();
        Self {
            store,
            turn,
            text: String::new(),
            kept: now,
            n_pieces: 0,
            clock: StageClock::start(first, now),
        }
    }

    pub(super) fn add(&mut self, text: &str) {
        self.n_pieces += 1;
        self.text.push_str(text);
        if self.kept.elapsed() >= KEEP_EVERY {
            self.kept = Instant::now();
            // The answer goes on; its end will be kept, or will say why not.
            if let Err(error) = self.store.keep_said(self.turn, &self.text) {
                tracing::warn!(%error, "what was said so far was not kept");
            }
        }
    }
}
