//! Questions, and what has to be done before one can be answered.

use std::time::{Duration, Instant, SystemTime};

use super::answers::{Asked, cut_short};
use super::chats::{chat_id, turn_id};
use super::models::LoadedModel;
use super::plans::{Resolved, resolve};
use super::progress::Told;
use super::refusal::{of_model, of_store, of_work, sentence};
use super::running::Read;
use super::sees::look_of;
use super::{Desktop, lock};
use crate::api::window::{
    Answer, AnswerEvent, AnswerFacts, AnswerState, ApiError, AskRequest, Chat, ModelState, PlanRequest,
    PrepareEvent, StageInfo, StageName, Turn,
};
use crate::api::{DeviceName, PromptForm, QuestionJson, SamplingJson, TurnJson};
use crate::cancel::CancelToken;
use crate::chat::{ChatError, ChatId, NewTurn, TurnId};
use crate::engine::{Looking, OpenVideo, USUAL_PREFIX_BYTES, Update};
use crate::fault::{Failure, Fault, Origin};
use crate::visual::preprocess::Fit;

/// Most tokens of an answer.
pub(super) const MAX_ANSWER_TOKENS: usize = 512;
/// How often what was said so far is kept, for the case that this process is killed.
const KEEP_EVERY: Duration = Duration::from_secs(1);

/// The likeliest token each time: the same question gets the same answer.
const GREEDY: SamplingJson = SamplingJson {
    temperature: 0.0,
    top_k: None,
    top_p: None,
    min_p: None,
    repetition_penalty: 1.0,
    seed: 0,
};

impl Desktop {
    /// Encodes and reads what every question about this video begins with. A newer call ends an older one, and keeps what
    /// both share.
    ///
    /// # Errors
    /// `cancelled`; what is wrong with the file or the model.
    pub fn prepare(
        &self,
        request: &PlanRequest,
        cancel: &CancelToken,
        on_event: &mut dyn FnMut(PrepareEvent),
    ) -> Result<(), ApiError> {
        if let Some(earlier) = lock(&self.preparing).replace(cancel.clone()) {
            earlier.cancel();
        }
        let _work = self.running.begin(&request.video, cancel);
        let model = self.ready_model(cancel, &mut |stage| on_event(PrepareEvent::Stage(stage)))?;
        let video = self.video(&request.video, cancel)?;
        let resolved = resolve(request, &video, &model.facts)?;
        let looking = looking(&model, &resolved);
        let mut told = Told::new(&resolved.plan);
        let prepared = self.engine.prepare(&video, &looking, cancel, &mut |update| {
            told.of(&update).into_iter().for_each(&mut *on_event);
        });
        prepared.map_err(of_work(&video.path, &model.files()))?;
        self.has_read(&model, &request.video, &resolved, resolved.plan.counts().total);
        Ok(())
    }

    /// Asks, and keeps the question at once and the answer when it has ended, however it ends. What was said before it was
    /// stopped or failed is part of the turn.
    ///
    /// # Errors
    /// Only what keeps the question from being kept: a chat that is gone, a full disk.
    pub fn ask(
        &self,
        request: &AskRequest,
        cancel: &CancelToken,
        on_event: &mut dyn FnMut(AnswerEvent),
    ) -> Result<Turn, ApiError> {
        let chat = chat_id(&request.chat)?;
        let replaces = match &request.replaces {
            Some(id) => Some(turn_id(id)?),
            None => None,
        };
        let new = NewTurn {
            question: request.question.clone(),
            options: request.options.clone(),
            plan: request.plan.clone(),
            replaces,
        };
        let turn = self
            .store
            .begin_turn(chat, &new, SystemTime::now())
            .map_err(of_store)?;
        on_event(AnswerEvent::Began {
            turn: turn.0.to_string(),
        });
        // A question does not wait for a preparation; what that has done so far is kept.
        if let Some(preparing) = lock(&self.preparing).take() {
            preparing.cancel();
        }
        let is_busy = self.running.is_busy();
        let _work = self.running.begin(&request.plan.video, cancel);
        if is_busy {
            on_event(AnswerEvent::Stage(nothing_counted(StageName::Waiting)));
        }
        let mut said = Said::new(self, turn);
        let answer = match self.answer(request, chat, turn, &mut said, cancel, on_event) {
            Ok(answer) => answer,
            Err((error, facts)) => cut_short(said.text, facts.map(|facts| *facts), error),
        };
        let ended = self.store.end_turn(turn, &answer, SystemTime::now());
        let mut kept = self.store.turn(turn).map_err(of_store)?.turn;
        if let Err(error) = ended {
            // On a full disk the answer is still worth reading, now.
            tracing::warn!(%error, "an answer is not kept");
            kept.answer = Some(unkept(answer, &error));
        }
        Ok(kept)
    }

    /// The answer; where there is none, why not, and what was on the way.
    fn answer(
        &self,
        request: &AskRequest,
        chat: ChatId,
        turn: TurnId,
        said: &mut Said<'_>,
        cancel: &CancelToken,
        on_event: &mut dyn FnMut(AnswerEvent),
    ) -> Result<Answer, (ApiError, Option<Box<AnswerFacts>>)> {
        let early = |error: ApiError| (error, None);
        let model = self
            .ready_model(cancel, &mut |stage| on_event(AnswerEvent::Stage(stage)))
            .map_err(early)?;
        let video = self.video(&request.plan.video, cancel).map_err(early)?;
        let resolved = resolve(&request.plan, &video, &model.facts).map_err(early)?;
        let looking = looking(&model, &resolved);
        let earlier = self
            .turns_to_send(&chat.0.to_string(), Some(turn))
            .map_err(early)?;
        let mut look = look_of(&model, &resolved);
        let question = QuestionJson {
            text: request.question.clone(),
            options: request.options.clone(),
            history: earlier.iter().map(|(_, turn)| turn.clone()).collect(),
            max_tokens: MAX_ANSWER_TOKENS,
            sampling: GREEDY,
        };
        let mut asked = Asked {
            request: &request.plan,
            model: &model,
            resolved: &resolved,
            sampling: GREEDY,
            prompt: String::new(),
            n_words: 0,
        };
        let answer = self.ask_patiently(
            &video,
            &looking,
            &question,
            said,
            cancel,
            &mut |heard| match heard {
                Heard::Event(event) => on_event(event),
                Heard::Prompt {
                    text,
                    n_tokens,
                    n_forgotten_turns,
                } => {
                    asked.prompt = text;
                    asked.n_words = n_tokens;
                    look.n_words = Some(n_tokens);
                    // Turns that no longer fit are the oldest ones. Where none is left, the chat remembers from this one on.
                    let first = earlier
                        .get(n_forgotten_turns)
                        .map_or(turn.0.to_string(), |(id, _)| id.clone());
                    look.remembers_from = (n_forgotten_turns > 0).then_some(first);
                    if let Some(turn) = look.remembers_from.clone() {
                        on_event(AnswerEvent::RemembersFrom { turn });
                    }
                    // The answer comes all the same; only what it was shown cannot be seen again later.
                    if let Err(error) = self.store.keep_look(turn, &look) {
                        tracing::warn!(%error, "what the model was shown is not kept");
                    }
                }
            },
        );
        match answer {
            Ok(answer) => {
                let n_read = answer.tokens.visual + answer.tokens.prompt + answer.tokens.answer;
                self.has_read(&model, &request.plan.video, &resolved, n_read);
                Ok(asked.answered(answer))
            }
            Err(failure) => {
                let error = of_work(&video.path, &model.files())(failure);
                Err((error, asked.cut_short(said).map(Box::new)))
            }
        }
    }

    /// The model that answers; says so where it has to be waited for.
    fn ready_model(
        &self,
        cancel: &CancelToken,
        on_stage: &mut dyn FnMut(StageInfo),
    ) -> Result<LoadedModel, ApiError> {
        if !matches!(self.model_state(), ModelState::Ready { .. }) {
            on_stage(nothing_counted(StageName::LoadingModel));
        }
        self.loaded_model(cancel)
    }

    /// The model holds `n_read` positions of this video now.
    fn has_read(&self, model: &LoadedModel, video: &str, resolved: &Resolved, n_read: usize) {
        *lock(&self.read) = Some(Read {
            model: model.name.clone(),
            video: video.to_owned(),
            plan: resolved.plan.clone(),
        });
        let facts = &model.facts;
        let n_held = n_read.max(facts.n_held).min(facts.n_context);
        let mut held = lock(&self.held);
        let known = held.entry(model.model.id.clone()).or_default();
        *known = n_held.max(*known);
    }

    /// The whole turns of a chat that are sent along, with their ids: those before `until`, all without. None where the
    /// user does not want it.
    pub(super) fn turns_to_send(
        &self,
        chat: &str,
        until: Option<TurnId>,
    ) -> Result<Vec<(String, TurnJson)>, ApiError> {
        if !self.store.settings().map_err(of_store)?.remembers_turns {
            return Ok(Vec::new());
        }
        let chat = self.store.chat(chat_id(chat)?).map_err(of_store)?;
        Ok(history(&chat, until))
    }

    /// Asks once more where a worker ended before it said anything.
    fn ask_patiently(
        &self,
        video: &OpenVideo,
        looking: &Looking,
        question: &QuestionJson,
        said: &mut Said<'_>,
        cancel: &CancelToken,
        hear: &mut dyn FnMut(Heard),
    ) -> Result<crate::api::AnswerJson, Failure> {
        let mut was_restarted = false;
        loop {
            let mut told = Told::new(&looking.plan);
            let asked = self
                .engine
                .ask(video, looking, question.clone(), cancel, &mut |update| {
                    for event in told.of(&update) {
                        hear(Heard::Event(event.into()));
                    }
                    match update {
                        Update::Piece(text) => {
                            said.add(&text);
                            hear(Heard::Event(AnswerEvent::Text { text }));
                        }
                        Update::Prompt {
                            text,
                            n_tokens,
                            n_forgotten_turns,
                        } => hear(Heard::Prompt {
                            text,
                            n_tokens,
                            n_forgotten_turns,
                        }),
                        Update::Progress(_) => {}
                    }
                });
            match asked {
                Err(failure)
                    if failure.fault == Fault::WorkerEnded && said.text.is_empty() && !was_restarted =>
                {
                    was_restarted = true;
                    hear(Heard::Event(AnswerEvent::Restarting {
                        error: of_model(failure),
                    }));
                    self.engine
                        .load(&looking.model, looking.device, cancel, &mut |_| {})?;
                }
                asked => return asked,
            }
        }
    }
}

/// How the resolved plan is looked at by the loaded model.
fn looking(model: &LoadedModel, resolved: &Resolved) -> Looking {
    Looking {
        model: model.name.clone(),
        device: DeviceName::Auto,
        facts: model.facts.clone(),
        plan: resolved.plan.clone(),
        fit: Fit::Squash,
        form: PromptForm::Chat,
        tell_times: false,
        max_prefix_bytes: USUAL_PREFIX_BYTES,
    }
}

/// An answer that could not be kept, saying so.
fn unkept(mut answer: Answer, error: &ChatError) -> Answer {
    match &mut answer.facts {
        Some(facts) => facts
            .notices
            .push(sentence(&format!("this answer could not be kept: {error}"))),
        None => {
            answer
                .error
                .get_or_insert_with(|| ApiError::of(Origin::Store, error));
        }
    }
    answer
}

/// What is heard while a question is answered.
enum Heard {
    /// For the page.
    Event(AnswerEvent),
    /// What is read before the answer begins.
    Prompt {
        text: String,
        n_tokens: usize,
        n_forgotten_turns: usize,
    },
}

fn nothing_counted(stage: StageName) -> StageInfo {
    StageInfo {
        stage,
        n_done: 0,
        n_total: 0,
        remaining_secs: None,
    }
}

/// The whole turns before `until`, with their ids.
fn history(chat: &Chat, until: Option<TurnId>) -> Vec<(String, TurnJson)> {
    let until = until.map(|turn| turn.0.to_string());
    let before = chat
        .turns
        .iter()
        .take_while(|turn| Some(&turn.id) != until.as_ref());
    let whole = before.filter_map(|turn| {
        let answer = turn.answer.as_ref()?;
        (answer.state == AnswerState::Done).then(|| {
            let said = TurnJson {
                question: turn.question.clone(),
                answer: answer.text.clone(),
            };
            (turn.id.clone(), said)
        })
    });
    whole.collect()
}

/// What was said so far, kept now and then.
pub(super) struct Said<'a> {
    desktop: &'a Desktop,
    turn: TurnId,
    text: String,
    kept: Instant,
    pub(super) n_pieces: usize,
    pub(super) began: Instant,
    /// When the first and the last piece came.
    pub(super) times: Option<(Instant, Instant)>,
}

impl<'a> Said<'a> {
    fn new(desktop: &'a Desktop, turn: TurnId) -> Self {
        let now = Instant::now();
        Self {
            desktop,
            turn,
            text: String::new(),
            kept: now,
            n_pieces: 0,
            began: now,
            times: None,
        }
    }

    fn add(&mut self, text: &str) {
        let now = Instant::now();
        self.times = Some((self.times.map_or(now, |(first, _)| first), now));
        self.n_pieces += 1;
        self.text.push_str(text);
        if self.kept.elapsed() >= KEEP_EVERY {
            self.kept = now;
            // The answer goes on; its end will be kept, or will say why not.
            if let Err(error) = self.desktop.store.keep_said(self.turn, &self.text) {
                tracing::warn!(%error, "what was said so far was not kept");
            }
        }
    }
}
