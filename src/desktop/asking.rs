//! Questions, and what has to be done before one can be answered.

use std::time::{Duration, Instant, SystemTime};

use super::answers::{answered, cut_short};
use super::chats::chat_id;
use super::models::LoadedModel;
use super::plans::{Resolved, resolve};
use super::progress::Told;
use super::refusal::{gone, of_model, of_store};
use super::{Desktop, lock};
use crate::api::window::{
    AnswerEvent, AnswerState, ApiError, AskRequest, Chat, PlanRequest, PrepareEvent, Turn,
};
use crate::api::{DeviceName, PromptForm, QuestionJson, SamplingJson, TurnJson};
use crate::cancel::CancelToken;
use crate::chat::{ChatId, NewTurn, TurnId};
use crate::engine::{Looking, OpenVideo, USUAL_PREFIX_BYTES, Update};
use crate::visual::preprocess::Fit;
use crate::worker::Failure;

/// Most tokens of an answer.
const MAX_ANSWER_TOKENS: usize = 512;
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
        let model = self.loaded_model()?;
        let video = self.video(&request.video, cancel)?;
        let resolved = resolve(request, &video, &model.facts)?;
        let looking = looking(&model, &resolved);
        let mut told = Told::new(&resolved.plan);
        let prepared = self.engine.prepare(&video, &looking, cancel, &mut |update| {
            told.of(&update).into_iter().for_each(&mut *on_event);
        });
        prepared.map_err(of_model)
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
            Some(id) => Some(id.parse().map(TurnId).map_err(|_no_number| gone("question"))?),
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
        let mut said = Said::new(self, turn);
        let answer = match self.answer(request, chat, turn, &mut said, cancel, on_event) {
            Ok(answer) => answer,
            Err(error) => cut_short(said.text, error),
        };
        self.store
            .end_turn(turn, &answer, SystemTime::now())
            .map_err(of_store)?;
        self.store.turn(turn).map(|kept| kept.turn).map_err(of_store)
    }

    fn answer(
        &self,
        request: &AskRequest,
        chat: ChatId,
        turn: TurnId,
        said: &mut Said<'_>,
        cancel: &CancelToken,
        on_event: &mut dyn FnMut(AnswerEvent),
    ) -> Result<crate::api::window::Answer, ApiError> {
        let model = self.loaded_model()?;
        let video = self.video(&request.plan.video, cancel)?;
        let resolved = resolve(&request.plan, &video, &model.facts)?;
        let looking = looking(&model, &resolved);
        let before = self.store.chat(chat).map_err(of_store)?;
        let remembers = self.store.settings().map_err(of_store)?.remembers_turns;
        let earlier = if remembers {
            history(&before, turn)
        } else {
            Vec::new()
        };
        let question = QuestionJson {
            text: request.question.clone(),
            options: request.options.clone(),
            history: earlier.iter().map(|(_, turn)| turn.clone()).collect(),
            max_tokens: MAX_ANSWER_TOKENS,
            sampling: GREEDY,
        };
        let asked = self.ask_patiently(&video, &looking, &question, said, cancel, on_event);
        let answer = asked.map_err(of_model)?;
        // Turns that no longer fit are the oldest ones.
        if let (true, Some((first, _))) = (
            answer.n_forgotten_turns > 0,
            earlier.get(answer.n_forgotten_turns),
        ) {
            on_event(AnswerEvent::RemembersFrom { turn: first.clone() });
        }
        Ok(answered(answer, &request.plan, &resolved, GREEDY))
    }

    /// Asks once more where a worker ended before it said anything.
    fn ask_patiently(
        &self,
        video: &OpenVideo,
        looking: &Looking,
        question: &QuestionJson,
        said: &mut Said<'_>,
        cancel: &CancelToken,
        on_event: &mut dyn FnMut(AnswerEvent),
    ) -> Result<crate::api::AnswerJson, Failure> {
        let mut was_restarted = false;
        loop {
            let mut told = Told::new(&looking.plan);
            let asked = self
                .engine
                .ask(video, looking, question.clone(), cancel, &mut |update| {
                    for event in told.of(&update) {
                        on_event(event.into());
                    }
                    if let Update::Piece(text) = update {
                        said.add(&text);
                        on_event(AnswerEvent::Text { text });
                    }
                });
            match asked {
                Err(failure) if failure.worker_ended && said.text.is_empty() && !was_restarted => {
                    was_restarted = true;
                    on_event(AnswerEvent::Restarting {
                        error: of_model(failure),
                    });
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

/// The whole turns before this one, with their ids.
fn history(chat: &Chat, until: TurnId) -> Vec<(String, TurnJson)> {
    let until = until.0.to_string();
    let before = chat.turns.iter().take_while(|turn| turn.id != until);
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
struct Said<'a> {
    desktop: &'a Desktop,
    turn: TurnId,
    text: String,
    kept: Instant,
}

impl<'a> Said<'a> {
    fn new(desktop: &'a Desktop, turn: TurnId) -> Self {
        Self {
            desktop,
            turn,
            text: String::new(),
            kept: Instant::now(),
        }
    }

    fn add(&mut self, text: &str) {
        self.text.push_str(text);
        if self.kept.elapsed() >= KEEP_EVERY {
            self.kept = Instant::now();
            // The answer goes on; its end will be kept, or will say why not.
            if let Err(error) = self.desktop.store.keep_said(self.turn, &self.text) {
                tracing::warn!(%error, "what was said so far was not kept");
            }
        }
    }
}
