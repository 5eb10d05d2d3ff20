//! One piece of work: encode what is missing, read what is new, answer.

use std::time::Instant;

use super::features::VideoFeatures;
use super::loaded::{Loaded, millis};
use super::names::Names;
use super::reading::{Reading, compose};
use super::{ModelRole, failed};
use crate::api::{
    AnswerJson, ChoiceJson, EndingJson, FrameJson, ModelEvent, QuestionJson, StageMillis, TokenUseJson,
    WorkJson,
};
use crate::cancel::CancelToken;
use crate::fault::{Failure, Fault};
use crate::llava::{
    AnswerOptions, Ending, PrefixError, SamplingOptions, Session, VisualRows, answer, choose,
};
use crate::visual::compose as plans;
use crate::visual::execute::{Encoded, ExecuteError, Run, execute};
use crate::visual::plan::Plan;
use crate::visual::rows::Rows;
use crate::visual::sampling::Chosen;
use crate::worker::Emit;

/// Images that go through the tower at a time. One: a batch is no faster on a CPU, and between images the work can be
/// cancelled; and projected one by one, rows of kept features equal those of new ones to the bit.
const BATCH_SIZE: usize = 1;
/// Room for an answer that decides on the rotary frequencies of models that change them with the length.
const ROPE_ANSWER: usize = 512;
/// Reading less than this again is quicker than finding it on disk.
const MIN_PREFIX: usize = 256;

impl ModelRole {
    pub(super) fn work(
        &mut self,
        work: &WorkJson,
        cancel: &CancelToken,
        emit: &mut Emit<'_, ModelEvent>,
    ) -> Result<(), Failure> {
        let began = Instant::now();
        self.load(&work.model, work.device, cancel, emit)?;
        let mut loaded = self.loaded.take().expect("BUG: it was just loaded");
        let done = self.work_with(&mut loaded, work, began, cancel, emit);
        self.loaded = Some(loaded);
        done
    }

    fn work_with(
        &mut self,
        loaded: &mut Loaded,
        work: &WorkJson,
        began: Instant,
        cancel: &CancelToken,
        emit: &mut Emit<'_, ModelEvent>,
    ) -> Result<(), Failure> {
        let mut spent = Spent {
            began,
            timings: StageMillis {
                load: millis(began),
                ..StageMillis::default()
            },
            n_encoded: 0,
        };
        let geometry = loaded.model.geometry().map_err(failed)?;
        let chosen = Chosen {
            frames: work.video.frames.iter().copied().map(Into::into).collect(),
            notices: Vec::new(),
        };
        let plan = plans::plan(&chosen, &(&work.video.strategy).into(), geometry).map_err(failed)?;
        let names = Names::new(
            &work.video.identity,
            work.video.fit.into(),
            loaded.model.vision_identity(),
        );
        let n_tokens = |text: &str| loaded.model.text_tokens(text).map(|ids| ids.len());
        let mut rows = VisualRows::named(names.rows(&plan, n_tokens).map_err(failed)?);
        let mut reading = compose(&loaded.model, work, &rows, loaded.facts.n_context).map_err(failed)?;

        let n_answer = work.question.as_ref().map_or(0, |question| question.max_tokens);
        let mut session = loaded.take_session(reading.sequence.len().saturating_add(n_answer))?;
        let mut n_known = session.n_reusable(&reading.sequence, ROPE_ANSWER);
        let key = self.prefix_key(loaded, &session, &reading);
        if n_known < reading.visual_end && self.restore(work, &key, &reading, &mut session)? {
            n_known = session.n_reusable(&reading.sequence, ROPE_ANSWER);
        }
        if n_known < reading.visual_end {
            let encoding = Instant::now();
            let encoded = self.encode(loaded, work, &plan, &names, cancel, emit);
            spent.timings.encode = millis(encoding);
            let (Rows { data, width, .. }, n_encoded) = match encoded {
                Ok(encoded) => encoded,
                Err(failure) => {
                    loaded.session = Some(session);
                    return Err(failure);
                }
            };
            spent.n_encoded = n_encoded;
            rows = rows.with_values(data, width).map_err(failed)?;
            reading = compose(&loaded.model, work, &rows, loaded.facts.n_context).map_err(failed)?;
        }
        if work.question.is_some() {
            let prompt = ModelEvent::Prompt {
                text: reading.text.clone(),
                n_tokens: reading.sequence.len() - reading.sequence.n_visual(),
                n_forgotten_turns: reading.n_forgotten,
            };
            emit(prompt, &[]);
        }
        // Reading ahead gives way to whoever looks; somebody waits for an answer.
        let cancel = &match work.question {
            None => cancel.held_by(&self.hold),
            Some(_) => cancel.clone(),
        };
        let done = read_and_answer(loaded, &mut session, work, &reading, spent, cancel, emit);
        if done.is_ok() {
            self.keep_prefix(work, &key, &reading, &session);
        }
        loaded.session = Some(session);
        done
    }

    /// Runs the plan, with frames from the feed.
    fn encode(
        &mut self,
        loaded: &Loaded,
        work: &WorkJson,
        plan: &Plan,
        names: &Names,
        cancel: &CancelToken,
        emit: &mut Emit<'_, ModelEvent>,
    ) -> Result<(Rows, usize), Failure> {
        let cancel = &cancel.held_by(&self.hold);
        let mut cache = VideoFeatures {
            memory: &mut self.features,
            store: self.stores.as_ref().map(|stores| &stores.features),
            video: &work.video.identity,
            names,
            model: &loaded.model,
            n_encoded: 0,
            unkept: None,
        };
        // The first image may take many seconds, and its frames have to come first.
        let n_images = plan.images.len();
        emit(ModelEvent::Encoded { n_done: 0, n_images }, &[]);
        // Two closures speak, one after the other.
        let emit = std::cell::RefCell::new(emit);
        let ran = loaded.model.with_encoder(cancel, |encoder| {
            let run = Run {
                batch_size: BATCH_SIZE,
                cancel,
                progress: &mut |Encoded { n_done, n_images }| {
                    emit.borrow_mut()(ModelEvent::Encoded { n_done, n_images }, &[]);
                },
            };
            execute(plan, encoder, &mut cache, run, |wanted| {
                // Open before the first can come.
                let inbox = self.feeds.open(work.job, cancel);
                let frames = wanted.iter().copied().map(FrameJson::from).collect();
                emit.borrow_mut()(ModelEvent::FramesWanted { frames }, &[]);
                inbox
            })
        });
        if let Some(error) = &cache.unkept {
            tracing::warn!(%error, "features are not kept on disk");
        }
        let n_encoded = cache.n_encoded;
        match ran.map_err(failed)? {
            Ok(rows) => Ok((rows, n_encoded)),
            // As whoever sent the frames said it.
            Err(ExecuteError::Frames(failure)) => Err(failure),
            Err(error) => Err(failed(error)),
        }
    }

    /// What the shared beginning of a prompt depends on.
    fn prefix_key(&self, loaded: &Loaded, session: &Session, reading: &Reading) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"videre prefix 1");
        hasher.update(loaded.model.language_identity());
        let rope = session.rope_for(&reading.sequence, ROPE_ANSWER);
        hasher.update(format!("{rope:?} {}", loaded.facts.device).as_bytes());
        let positions = reading.sequence.positions();
        for position in &positions[..reading.sequence.n_shared().min(positions.len())] {
            hasher.update(format!("{position:?}").as_bytes());
        }
        format!("{}.prefix", &hasher.finalize().to_hex()[..40])
    }

    /// Takes the shared beginning from disk, where it was kept.
    fn restore(
        &self,
        work: &WorkJson,
        key: &str,
        reading: &Reading,
        session: &mut Session,
    ) -> Result<bool, Failure> {
        let kept = (self.stores.as_ref()).and_then(|stores| stores.prefixes.get(&work.video.identity, key));
        let Some(kept) = kept else { return Ok(false) };
        let n_shared = reading.sequence.n_shared();
        session
            .read_prefix(&reading.sequence, n_shared, ROPE_ANSWER, &kept)
            .map_err(failed)
    }

    /// Keeps the shared beginning on disk, where it is worth it and allowed.
    fn keep_prefix(&self, work: &WorkJson, key: &str, reading: &Reading, session: &Session) {
        let Some(stores) = &self.stores else { return };
        let n_shared = reading.sequence.n_shared();
        let is_wanted = n_shared >= MIN_PREFIX
            && session.prefix_bytes(n_shared) <= work.max_prefix_bytes
            && !stores.prefixes.has(&work.video.identity, key);
        if !is_wanted {
            return;
        }
        let kept = stores
            .prefixes
            .put::<PrefixError>(&work.video.identity, key, |mut to| {
                session.write_prefix(n_shared, &mut to)
            });
        if let Err(error) = kept {
            tracing::warn!(%error, "the video's prefix is not kept on disk");
        }
    }
}

/// What a piece of work has cost so far.
struct Spent {
    began: Instant,
    timings: StageMillis,
    n_encoded: usize,
}

fn read_and_answer(
    loaded: &Loaded,
    session: &mut Session,
    work: &WorkJson,
    reading: &Reading,
    mut spent: Spent,
    cancel: &CancelToken,
    emit: &mut Emit<'_, ModelEvent>,
) -> Result<(), Failure> {
    let reading_since = Instant::now();
    let mut n_reused = 0;
    let mut told = |progress: crate::llava::ReadProgress| {
        n_reused = progress.n_reused;
        let event = ModelEvent::Read {
            n_reused: progress.n_reused,
            n_done: progress.n_done,
            n_total: progress.n_total,
        };
        emit(event, &[]);
    };
    let logits = session
        .read(&reading.sequence, ROPE_ANSWER, &mut told, cancel)
        .map_err(failed)?;
    spent.timings.read = millis(reading_since);
    let Some(question) = &work.question else {
        return Ok(());
    };
    let answering = Instant::now();
    let (text, ending, choice, n_answer) = if question.options.is_empty() {
        let options = answer_options(loaded, question);
        let mut show = |piece: &str| {
            let text = piece.to_owned();
            emit(ModelEvent::Piece { text }, &[]);
        };
        let tokenizer = loaded.model.tokenizer();
        let answer = answer(session, logits, &options, tokenizer, &mut show, cancel).map_err(failed)?;
        (answer.text, ending(answer.ending), None, answer.tokens.len())
    } else {
        let chosen = choose(&logits, &reading.letters).map_err(failed)?;
        let chosen = chosen.ok_or_else(|| Failure::new(Fault::Machine, "no option could be chosen"))?;
        let letter = ('A'..='Z').nth(chosen.option).unwrap_or('?');
        let text = format!("({letter}) {}", question.options[chosen.option]);
        emit(ModelEvent::Piece { text: text.clone() }, &[]);
        let choice = ChoiceJson {
            letter,
            option: chosen.option,
            probability: chosen.probabilities[chosen.option],
            probabilities: chosen.probabilities,
        };
        (text, EndingJson::Finished, Some(choice), 1)
    };
    spent.timings.answer = millis(answering);
    spent.timings.total = millis(spent.began);
    let n_visual = reading.sequence.n_visual();
    let answered = AnswerJson {
        answer: text,
        ending,
        choice,
        frames: work.video.frames.clone(),
        n_encoded_images: spent.n_encoded,
        tokens: TokenUseJson {
            visual: n_visual,
            prompt: reading.sequence.len() - n_visual,
            reused: n_reused,
            answer: n_answer,
        },
        timings_ms: spent.timings,
        model: loaded.facts.name.clone(),
        device: loaded.facts.device.clone(),
        n_forgotten_turns: reading.n_forgotten,
        notices: Vec::new(),
    };
    emit(ModelEvent::Answered(Box::new(answered)), &[]);
    Ok(())
}

fn answer_options(loaded: &Loaded, question: &QuestionJson) -> AnswerOptions {
    let sampling = question.sampling;
    AnswerOptions {
        max_tokens: question.max_tokens,
        stop_tokens: loaded.model.tokenizer().stops().to_vec(),
        stop_texts: loaded
            .model
            .template()
            .stop_texts()
            .iter()
            .map(|&text| text.to_owned())
            .collect(),
        sampling: SamplingOptions {
            temperature: sampling.temperature,
            top_k: sampling.top_k,
            top_p: sampling.top_p,
            min_p: sampling.min_p,
            repetition_penalty: sampling.repetition_penalty,
            seed: sampling.seed,
        },
    }
}

fn ending(ending: Ending) -> EndingJson {
    match ending {
        Ending::Finished => EndingJson::Finished,
        Ending::TokenLimit => EndingJson::TokenLimit,
        Ending::ContextFull => EndingJson::ContextFull,
    }
}
