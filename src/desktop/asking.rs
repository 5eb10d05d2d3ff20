//! Questions, and what has to be done before one can be answered.

use std::time::{Instant, SystemTime};

use super::Desktop;
use super::answers::{AnswerDraft, AnswerOrigin, cut_short};
use super::chats::{chat_id, turn_id};
use super::models::LoadedModel;
use super::plans::{PresetPlan, resolve};
use super::progress::ProgressEvents;
use super::refusal::{of_model, of_store, of_work, sentence};
use super::sees::look_of;
use crate::api::window::{
    AnswerEvent, AnswerFacts, AnswerState, ApiError, AskRequest, KeptAnswer, PlanRequest, PrepareEvent,
    StageInfo, StageName, Turn,
};
use crate::cancel::CancelToken;
use crate::chat::KeptLook;
use crate::chat::{ChatError, NewTurn, TurnId};
use crate::engine::{DeviceName, OpenVideo, PromptText, USUAL_PREFIX_BYTES, Update, VideoSetup};
use crate::fault::{Failure, Fault, Origin};
use crate::question::{self, PromptForm, Question, SamplingOptions};

/// Most tokens of an answer.
pub(super) const MAX_ANSWER_TOKENS: usize = 512;

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
        let _task = self.work.begin_preparation(&request.video, cancel);
        let model = self.ready_model(cancel, &mut |stage| on_event(PrepareEvent::Stage(stage)))?;
        let video = self.videos.get(&request.video, cancel)?;
        let resolved = resolve(request, &video, &model.facts)?;
        let setup = setup(&model, &resolved);
        let mut events = ProgressEvents::new(&resolved.plan);
        let prepared = self.engine.prepare(&video, &setup, cancel, &mut |update| {
            events.of(&update).into_iter().for_each(&mut *on_event);
        });
        prepared.map_err(of_work(video.path(), &model.files()))?;
        let n_tokens = resolved.plan.counts().total;
        self.models.keep_reading(&model, &video, &resolved.plan, n_tokens);
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
        let (_task, is_busy) = self.work.begin_question(&request.plan.video, cancel);
        let first = if is_busy {
            StageName::Waiting
        } else {
            StageName::ReadingVideo
        };
        if is_busy {
            on_event(AnswerEvent::Stage(nothing_counted(first)));
        }
        let mut draft = AnswerDraft::new(&self.store, turn, first);
        let answer = match self.answer(request, turn, &mut draft, cancel, on_event) {
            Ok(answer) => answer,
            Err((error, facts)) => cut_short(draft.text, facts.map(|facts| *facts), error),
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
        turn: TurnId,
        draft: &mut AnswerDraft<'_>,
        cancel: &CancelToken,
        on_event: &mut dyn FnMut(AnswerEvent),
    ) -> Result<KeptAnswer, (ApiError, Option<Box<AnswerFacts>>)> {
        let early = |error: ApiError| (error, None);
        let model = self
            .ready_model(cancel, &mut |stage| {
                draft.clock.at(stage.stage, Instant::now());
                on_event(AnswerEvent::Stage(stage));
            })
            .map_err(early)?;
        let video = self.videos.get(&request.plan.video, cancel).map_err(early)?;
        let resolved = resolve(&request.plan, &video, &model.facts).map_err(early)?;
        let setup = setup(&model, &resolved);
        let earlier = self.turns_before(turn).map_err(early)?;
        let mut look = look_of(&model, &resolved);
        let question = Question {
            text: request.question.clone(),
            options: request.options.clone(),
            history: earlier.iter().map(|(_, turn)| turn.clone()).collect(),
            max_tokens: MAX_ANSWER_TOKENS,
            sampling: SamplingOptions::GREEDY,
        };
        let mut origin = AnswerOrigin {
            request: &request.plan,
            model: &model,
            resolved: &resolved,
            sampling: SamplingOptions::GREEDY,
            prompt: String::new(),
            n_words: 0,
            n_history: 0,
        };
        let answer = self.ask_patiently(
            &video,
            &setup,
            &question,
            draft,
            cancel,
            &mut |update| match update {
                AskUpdate::Event(event) => on_event(event),
                AskUpdate::Prompt(PromptText {
                    text,
                    n_tokens,
                    n_history_tokens,
                    n_forgotten_turns,
                }) => {
                    origin.prompt = text;
                    origin.n_words = n_tokens;
                    origin.n_history = n_history_tokens;
                    look.n_words = Some(n_tokens);
                    // Turns that no longer fit are the oldest ones. Where none is left, the chat remembers from this one on.
                    let first = earlier
                        .get(n_forgotten_turns)
                        .map_or(turn.0.to_string(), |(id, _)| id.clone());
                    look.remembers_from = (n_forgotten_turns > 0).then_some(first);
                    if let Some(turn) = look.remembers_from.clone() {
                        on_event(AnswerEvent::RemembersFrom { turn });
                    }
                    self.keep_look(turn, &look);
                }
            },
        );
        match answer {
            Ok(answer) => {
                let n_read = answer.tokens.visual + answer.tokens.prompt + answer.tokens.answer;
                self.models.keep_reading(&model, &video, &resolved.plan, n_read);
                Ok(origin.answer(answer, draft))
            }
            Err(failure) => {
                let error = of_work(video.path(), &model.files())(failure);
                Err((error, origin.cut_short(draft).map(Box::new)))
            }
        }
    }

    /// The answer comes all the same; only what it was shown cannot be seen again later.
    fn keep_look(&self, turn: TurnId, look: &KeptLook) {
        if let Err(error) = self.store.keep_look(turn, look) {
            tracing::warn!(%error, "what the model was shown is not kept");
        }
    }

    /// The model that answers; says so where it has to be waited for.
    fn ready_model(
        &self,
        cancel: &CancelToken,
        on_stage: &mut dyn FnMut(StageInfo),
    ) -> Result<LoadedModel, ApiError> {
        if !self.models.is_ready() {
            on_stage(nothing_counted(StageName::LoadingModel));
        }
        self.models.ready(cancel)
    }

    /// The whole turns of a chat that the next question is sent with. None where the user does not want it.
    pub(super) fn turns_to_send(&self, chat: &str) -> Result<Vec<question::Turn>, ApiError> {
        if !self.remembers_turns()? {
            return Ok(Vec::new());
        }
        let chat = self.store.chat(chat_id(chat)?).map_err(of_store)?;
        Ok(history(&chat.turns).into_iter().map(|(_, turn)| turn).collect())
    }

    /// The whole turns that this one is sent with, with their ids: whatever its chat is shown with by now.
    fn turns_before(&self, turn: TurnId) -> Result<Vec<(String, question::Turn)>, ApiError> {
        if !self.remembers_turns()? {
            return Ok(Vec::new());
        }
        Ok(history(&self.store.turns_before(turn).map_err(of_store)?))
    }

    fn remembers_turns(&self) -> Result<bool, ApiError> {
        Ok(self.store.settings().map_err(of_store)?.remembers_turns)
    }

    /// Asks once more where a worker ended before it said anything.
    fn ask_patiently(
        &self,
        video: &OpenVideo,
        setup: &VideoSetup,
        question: &Question,
        draft: &mut AnswerDraft<'_>,
        cancel: &CancelToken,
        on_update: &mut dyn FnMut(AskUpdate),
    ) -> Result<crate::engine::Answer, Failure> {
        let mut was_restarted = false;
        loop {
            let mut events = ProgressEvents::new(&setup.plan);
            let answer = self
                .engine
                .ask(video, setup, question.clone(), cancel, &mut |update| {
                    for event in events.of(&update) {
                        if let PrepareEvent::Stage(stage) = &event {
                            draft.clock.at(stage.stage, Instant::now());
                        }
                        on_update(AskUpdate::Event(event.into()));
                    }
                    match update {
                        Update::Text(text) => {
                            draft.add(&text);
                            on_update(AskUpdate::Event(AnswerEvent::Text { text }));
                        }
                        Update::Prompt(prompt) => on_update(AskUpdate::Prompt(prompt)),
                        Update::Progress(_) => {}
                    }
                });
            match answer {
                Err(failure)
                    if failure.fault == Fault::WorkerEnded && draft.text.is_empty() && !was_restarted =>
                {
                    was_restarted = true;
                    draft.clock.at(StageName::LoadingModel, Instant::now());
                    on_update(AskUpdate::Event(AnswerEvent::Restarting {
                        error: of_model(failure),
                    }));
                    self.engine
                        .load(&setup.model, setup.device, cancel, &mut |_| {})?;
                }
                answer => return answer,
            }
        }
    }
}

/// How the resolved plan is looked at by the loaded model.
fn setup(model: &LoadedModel, resolved: &PresetPlan) -> VideoSetup {
    VideoSetup {
        model: model.name.clone(),
        device: DeviceName::Auto,
        facts: model.facts.clone(),
        plan: resolved.plan.clone(),
        form: PromptForm::Chat,
        tell_times: false,
        max_prefix_bytes: USUAL_PREFIX_BYTES,
    }
}

/// An answer that could not be kept, saying so.
fn unkept(mut answer: KeptAnswer, error: &ChatError) -> KeptAnswer {
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

/// What happens while a question is answered.
enum AskUpdate {
    /// For the page.
    Event(AnswerEvent),
    /// What is read before the answer begins.
    Prompt(PromptText),
}

fn nothing_counted(stage: StageName) -> StageInfo {
    StageInfo {
        stage,
        n_done: 0,
        n_total: 0,
        remaining_secs: None,
    }
}

/// Those of these turns that are whole, with their ids.
fn history(turns: &[Turn]) -> Vec<(String, question::Turn)> {
    let whole = turns.iter().filter_map(|turn| {
        let answer = turn.answer.as_ref()?;
        (answer.state == AnswerState::Done).then(|| {
            let sent = question::Turn {
                question: turn.question.clone(),
                answer: answer.text.clone(),
            };
            (turn.id.clone(), sent)
        })
    });
    whole.collect()
}
