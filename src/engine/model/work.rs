//! One piece of work: encode what is missing, read what is new, answer.

use std::time::Instant;

use super::features::VideoFeatures;
use super::loaded::{Loaded, millis};
use super::names::Names;
use super::reading::{Reading, Shown, compose};
use super::{ModelRole, failed};
use crate::cancel::CancelToken;
use crate::engine::answer::{Answer, OptionChoice, StageMillis, TokenUse};
use crate::engine::requests::model::{Ask, Prepare, PromptText, Work, WorkEvent};
use crate::fault::{Failure, Fault, Origin};
use crate::llava::{AnswerOptions, PrefixError, Session, VisualRows, answer, choose};
use crate::question::{Ending, Question};
use crate::visual::execute::{Encoded, ExecuteError, Run, execute};
use crate::visual::plan::Plan;
use crate::visual::rows::Rows;
use crate::worker::{Call, Handle};

/// Images that go through the tower at a time. One: a batch is no faster on a CPU, and between images the work can be
/// cancelled; and projected one by one, rows of kept features equal those of new ones to the bit.
const BATCH_SIZE: usize = 1;
/// Room for an answer that decides on the rotary frequencies of models that change them with the length.
const ROPE_ANSWER: usize = 512;
/// Reading less than this again is quicker than finding it on disk.
const MIN_PREFIX: usize = 256;

impl Handle<Prepare> for ModelRole {
    fn handle(&mut self, Prepare(work): Prepare, call: &mut Call<'_, WorkEvent>) -> Result<(), Failure> {
        self.work(&work, None, call).map(drop)
    }
}

impl Handle<Ask> for ModelRole {
    fn handle(
        &mut self,
        Ask { work, question }: Ask,
        call: &mut Call<'_, WorkEvent>,
    ) -> Result<Answer, Failure> {
        let answer = self.work(&work, Some(&question), call)?;
        Ok(answer.expect("BUG: a question is answered or fails"))
    }
}

impl ModelRole {
    /// Reads what `question` needs, or any question, and answers it.
    fn work(
        &mut self,
        work: &Work,
        question: Option<&Question>,
        call: &mut Call<'_, WorkEvent>,
    ) -> Result<Option<Answer>, Failure> {
        let began = Instant::now();
        self.loaded(&work.model, work.device, call.cancel)?;
        let mut loaded = self.loaded.take().expect("BUG: it was just loaded");
        let done = self.work_with(&mut loaded, work, question, began, call);
        self.loaded = Some(loaded);
        done
    }

    fn work_with(
        &mut self,
        loaded: &mut Loaded,
        work: &Work,
        question: Option<&Question>,
        began: Instant,
        call: &mut Call<'_, WorkEvent>,
    ) -> Result<Option<Answer>, Failure> {
        let mut spent = Expense {
            began,
            timings: StageMillis {
                load: millis(began),
                ..StageMillis::default()
            },
            n_encoded: 0,
        };
        let plan = work.excerpt.plan(loaded.model.geometry().map_err(failed)?)?;
        let (plan, around) = plan.into_inner();
        let names = Names::new(
            &work.excerpt.video,
            work.excerpt.recipe.fit,
            loaded.model.vision_identity(),
        );
        let n_tokens = |text: &str| loaded.model.text_tokens(text).map(|ids| ids.len());
        let mut rows = VisualRows::named(names.rows(&plan, n_tokens).map_err(failed)?);
        let n_texts = rows.len() - plan.counts().total;
        let composed = |loaded: &Loaded, rows: &VisualRows| {
            let shown = Shown {
                rows,
                around: &around,
                n_texts,
            };
            compose(&loaded.model, work, question, shown, loaded.facts.n_context).map_err(failed)
        };
        let mut reading = composed(loaded, &rows)?;

        let n_answer = question.map_or(0, |question| question.max_tokens);
        let mut session = loaded.take_session(reading.sequence.len().saturating_add(n_answer))?;
        let mut n_known = session.n_reusable(&reading.sequence, ROPE_ANSWER);
        let key = self.prefix_key(loaded, &session, &reading);
        if n_known < reading.visual_end && self.restore(work, &key, &reading, &mut session)? {
            n_known = session.n_reusable(&reading.sequence, ROPE_ANSWER);
        }
        if n_known < reading.visual_end {
            let encoding = Instant::now();
            let encoded = self.encode(loaded, work, &plan, &names, call);
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
            reading = composed(loaded, &rows)?;
        }
        if question.is_some() {
            call.emit(WorkEvent::Prompt(PromptText {
                text: reading.text.clone(),
                n_tokens: reading.n_words(),
                n_history_tokens: reading.n_history,
                n_forgotten_turns: reading.n_forgotten,
            }));
        }
        // Reading ahead gives way to whoever looks; somebody waits for an answer.
        let cancel = &match question {
            None => call.cancel.held_by(&self.hold),
            Some(_) => call.cancel.clone(),
        };
        let asked = (work, question);
        let done = read_and_answer(loaded, &mut session, asked, &reading, spent, cancel, call);
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
        work: &Work,
        plan: &Plan,
        names: &Names,
        call: &mut Call<'_, WorkEvent>,
    ) -> Result<(Rows, usize), Failure> {
        let cancel = &call.cancel.held_by(&self.hold);
        let mut cache = VideoFeatures {
            memory: &mut self.features,
            store: self.stores.as_ref().map(|stores| &stores.features),
            video: &work.excerpt.video,
            names,
            model: &loaded.model,
            n_encoded: 0,
            unkept: None,
        };
        // The first image may take many seconds, and its frames have to come first.
        let n_images = plan.images.len();
        call.emit(WorkEvent::Encoded { n_done: 0, n_images });
        // Two closures speak, one after the other.
        let call = std::cell::RefCell::new(call);
        let ran = loaded.model.with_encoder(cancel, |encoder| {
            let run = Run {
                batch_size: BATCH_SIZE,
                cancel,
                progress: &mut |Encoded { n_done, n_images }| {
                    call.borrow_mut().emit(WorkEvent::Encoded { n_done, n_images });
                },
            };
            execute(plan, encoder, &mut cache, run, |wanted| {
                // Open before the first can come.
                let inbox = self.feeds.open(work.job, cancel);
                call.borrow_mut().emit(WorkEvent::FramesWanted(wanted.to_vec()));
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
            Err(error @ ExecuteError::FrameMissing { .. }) => Err(failed(error).said_by(Origin::Media)),
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
        work: &Work,
        key: &str,
        reading: &Reading,
        session: &mut Session,
    ) -> Result<bool, Failure> {
        let kept = (self.stores.as_ref()).and_then(|stores| stores.prefixes.get(&work.excerpt.video, key));
        let Some(kept) = kept else { return Ok(false) };
        let n_shared = reading.sequence.n_shared();
        session
            .read_prefix(&reading.sequence, n_shared, ROPE_ANSWER, &kept)
            .map_err(failed)
    }

    /// Keeps the shared beginning on disk, where it is worth it and allowed.
    fn keep_prefix(&self, work: &Work, key: &str, reading: &Reading, session: &Session) {
        let Some(stores) = &self.stores else { return };
        let n_shared = reading.sequence.n_shared();
        let is_wanted = n_shared >= MIN_PREFIX
            && session.prefix_bytes(n_shared) <= work.max_prefix_bytes
            && !stores.prefixes.has(&work.excerpt.video, key);
        if !is_wanted {
            return;
        }
        let kept = stores
            .prefixes
            .put::<PrefixError>(&work.excerpt.video, key, |mut to| {
                session.write_prefix(n_shared, &mut to)
            });
        if let Err(error) = kept {
            tracing::warn!(%error, "the video's prefix is not kept on disk");
        }
    }
}

/// What a piece of work has cost so far.
struct Expense {
    began: Instant,
    timings: StageMillis,
    n_encoded: usize,
}

fn read_and_answer(
    loaded: &Loaded,
    session: &mut Session,
    (work, question): (&Work, Option<&Question>),
    reading: &Reading,
    mut spent: Expense,
    cancel: &CancelToken,
    call: &mut Call<'_, WorkEvent>,
) -> Result<Option<Answer>, Failure> {
    let reading_since = Instant::now();
    let mut n_reused = 0;
    let mut report = |progress: crate::llava::ReadProgress| {
        n_reused = progress.n_reused;
        call.emit(WorkEvent::Read {
            n_done: progress.n_done,
            n_total: progress.n_total,
        });
    };
    let logits = session
        .read(&reading.sequence, ROPE_ANSWER, &mut report, cancel)
        .map_err(failed)?;
    spent.timings.read = millis(reading_since);
    let Some(question) = question else {
        return Ok(None);
    };
    let answering = Instant::now();
    let (text, ending, choice, n_answer) = if question.options.is_empty() {
        let options = answer_options(loaded, question);
        let mut show = |piece: &str| call.emit(WorkEvent::Text(piece.to_owned()));
        let tokenizer = loaded.model.tokenizer();
        let answer = answer(session, logits, &options, tokenizer, &mut show, cancel).map_err(failed)?;
        (answer.text, answer.ending, None, answer.tokens.len())
    } else {
        let chosen = choose(&logits, &reading.letters).map_err(failed)?;
        let chosen = chosen.ok_or_else(|| Failure::new(Fault::Machine, "no option could be chosen"))?;
        let letter = ('A'..='Z').nth(chosen.option).unwrap_or('?');
        let text = format!("({letter}) {}", question.options[chosen.option]);
        call.emit(WorkEvent::Text(text.clone()));
        let choice = OptionChoice {
            letter,
            option: chosen.option,
            probability: chosen.probabilities[chosen.option],
            probabilities: chosen.probabilities,
        };
        (text, Ending::Finished, Some(choice), 1)
    };
    spent.timings.answer = millis(answering);
    spent.timings.total = millis(spent.began);
    Ok(Some(Answer {
        answer: text,
        ending,
        choice,
        frames: work.excerpt.recipe.frames.clone(),
        n_encoded_images: spent.n_encoded,
        tokens: TokenUse {
            visual: reading.n_visual(),
            prompt: reading.n_words(),
            reused: n_reused,
            answer: n_answer,
        },
        timings_ms: spent.timings,
        model: loaded.facts.name.clone(),
        device: loaded.facts.device.clone(),
        n_forgotten_turns: reading.n_forgotten,
        notices: Vec::new(),
    }))
}

fn answer_options(loaded: &Loaded, question: &Question) -> AnswerOptions {
    let stop_texts = loaded.model.template().stop_texts();
    AnswerOptions {
        max_tokens: question.max_tokens,
        stop_tokens: loaded.model.tokenizer().stops().to_vec(),
        stop_texts: stop_texts.iter().map(|&text| text.to_owned()).collect(),
        sampling: question.sampling,
        stops_repetition: true,
    }
}
