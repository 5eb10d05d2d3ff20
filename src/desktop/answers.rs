//! Answers as they are kept and shown.

use std::time::{Duration, Instant};

use super::describing::device_name;
use super::models::LoadedModel;
use super::plans::PresetPlan;
use super::refusal::sentence;
use crate::api::window::{AnswerFacts, AnswerState, ApiError, ErrorCode, KeptAnswer, PlanRequest, Timings};
use crate::chat::{Store, TurnId};
use crate::engine::StageMillis;
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
}

impl AnswerOrigin<'_> {
    fn facts(&self, frames: Vec<FrameRef>) -> AnswerFacts {
        let plan = &self.resolved.plan;
        AnswerFacts {
            model: self.model.facts.name.clone(),
            device: device_name(&self.model.facts.device),
            preset: self.resolved.preset.into(),
            strategy: plan.strategy.name(),
            range: self.request.range,
            only_frame: self.request.only_frame,
            frames,
            counts: plan.counts(),
            n_prompt_tokens: self.n_words,
            n_answer_tokens: 0,
            prompt: self.prompt.clone(),
            settings: vec![("temperature".to_owned(), self.sampling.temperature.to_string())],
            timings: Timings::default(),
            notices: Vec::new(),
        }
    }

    /// A complete answer, and how it came about.
    pub(super) fn answer(&self, answer: crate::engine::Answer) -> KeptAnswer {
        let mut notices = answer.notices;
        match answer.ending {
            Ending::Finished => {}
            Ending::TokenLimit => {
                notices.push("The answer was cut: it reached its longest length.".to_owned());
            }
            Ending::ContextFull => {
                notices.push("The answer was cut: the model can hold no more.".to_owned());
            }
        }
        let facts = AnswerFacts {
            model: answer.model,
            device: device_name(&answer.device),
            n_prompt_tokens: answer.tokens.prompt,
            n_answer_tokens: answer.tokens.answer,
            timings: timings(&answer.timings_ms),
            notices: notices.iter().map(|notice| sentence(notice)).collect(),
            ..self.facts(answer.frames)
        };
        KeptAnswer {
            state: AnswerState::Done,
            text: answer.answer,
            choice: answer.choice.map(|choice| choice.option),
            facts: Some(facts),
            error: None,
        }
    }

    /// What an answer that was cut short came from, where it had begun: its frames are evidence all the same. Of the
    /// timings only those that were seen from here.
    pub(super) fn cut_short(&self, draft: &AnswerDraft<'_>) -> Option<AnswerFacts> {
        let (first, last) = draft.times?;
        let plan = &self.resolved.plan;
        Some(AnswerFacts {
            n_answer_tokens: draft.n_pieces,
            timings: Timings {
                first_word_secs: (first - draft.began).as_secs_f64(),
                answer_secs: (last - first).as_secs_f64(),
                total_secs: draft.began.elapsed().as_secs_f64(),
                ..Timings::default()
            },
            ..self.facts(plan.chosen.clone())
        })
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
        facts,
        error: (!is_stopped).then_some(error),
    }
}

fn timings(millis: &StageMillis) -> Timings {
    let secs = |millis: u64| millis as f64 / 1000.0;
    Timings {
        video_secs: secs(millis.open),
        encode_secs: secs(millis.encode),
        prompt_secs: secs(millis.read),
        first_word_secs: secs(millis.open + millis.load + millis.encode + millis.read),
        answer_secs: secs(millis.answer),
        total_secs: secs(millis.total),
    }
}

/// An answer as far as it was said, kept now and then.
pub(super) struct AnswerDraft<'a> {
    store: &'a Store,
    turn: TurnId,
    pub(super) text: String,
    kept: Instant,
    n_pieces: usize,
    began: Instant,
    /// When the first and the last piece came.
    times: Option<(Instant, Instant)>,
}

impl<'a> AnswerDraft<'a> {
    pub(super) fn new(store: &'a Store, turn: TurnId) -> Self {
        let now = Instant::now();
        Self {
            store,
            turn,
            text: String::new(),
            kept: now,
            n_pieces: 0,
            began: now,
            times: None,
        }
    }

    pub(super) fn add(&mut self, text: &str) {
        let now = Instant::now();
        self.times = Some((self.times.map_or(now, |(first, _)| first), now));
        self.n_pieces += 1;
        self.text.push_str(text);
        if self.kept.elapsed() >= KEEP_EVERY {
            self.kept = now;
            // The answer goes on; its end will be kept, or will say why not.
            if let Err(error) = self.store.keep_said(self.turn, &self.text) {
                tracing::warn!(%error, "what was said so far was not kept");
            }
        }
    }
}
