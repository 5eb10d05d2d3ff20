//! `videre ask`: one question, one answer.

use crate::args::AskArgs;
use crate::engine::{Place, Ready, answering, explained, ready};
use crate::failure::Failure;
use crate::interrupt::cancelled_by_ctrl_c;
use crate::output::{answer, answer_json};
use crate::stages::Stages;
use anstream::eprintln;
use videre::engine::{Answer, Update};
use videre::question::Ending;

pub(crate) fn run(args: &AskArgs, place: Place) -> Result<(), Failure> {
    check(args)?;
    let cancel = cancelled_by_ctrl_c();
    let engine = answering(&args.model, place);
    let mut stages = Stages::new();
    let Ready { video, setup, reason } = ready(
        &engine,
        &args.file,
        &args.plan,
        &args.model,
        &args.answer,
        &mut stages,
        &cancel,
    )?;
    let question = args.answer.question(&args.question, &args.options, Vec::new());
    let mut said = Said::default();
    let answered = engine.ask(&video, &setup, question, &cancel, &mut |update| {
        stages.show(&update);
        if let Update::Text(text) = update
            && !args.json
            && said.say(&text).is_err()
        {
            // Nobody reads any more.
            cancel.cancel();
        }
    });
    drop(stages);
    said.end()?;
    let mut answered = answered.map_err(|failure| explained(&engine, &args.model, failure, &cancel))?;
    answered.notices.splice(0..0, reason);
    answered.timings_ms.load += setup.facts.load_ms;
    answered.timings_ms.total += setup.facts.load_ms;
    if args.json {
        return answer_json(&answered);
    }
    tell(&answered);
    Ok(())
}

/// Refuses what is no question, before a video is opened for it.
fn check(args: &AskArgs) -> Result<(), Failure> {
    let is_blank = |text: &str| text.trim().is_empty();
    if is_blank(&args.question) {
        return Err(Failure::usage(
            "the question is empty",
            "ask it after the name of the video",
        ));
    }
    if args.options.len() == 1 || args.options.iter().any(|option| is_blank(option)) {
        return Err(Failure::usage(
            "a choice needs two options or more, none of them empty",
            "repeat --option TEXT for each, or leave it out for an open question",
        ));
    }
    Ok(())
}

/// What of an answer is on standard output.
#[derive(Default)]
pub(crate) struct Said {
    any: bool,
    failure: Option<Failure>,
}

impl Said {
    /// Writes a piece.
    pub(crate) fn say(&mut self, text: &str) -> Result<(), ()> {
        self.any = true;
        answer(&crate::printable(text)).map_err(|failure| self.failure = Some(failure))
    }

    /// Ends the line, whole or broken off.
    pub(crate) fn end(self) -> Result<(), Failure> {
        match self.failure {
            Some(failure) => Err(failure),
            None if self.any => answer("\n"),
            None => Ok(()),
        }
    }
}

/// What a person should know beside the answer.
pub(crate) fn tell(answered: &Answer) {
    for notice in &answered.notices {
        eprintln!("note: {}", crate::one_line(notice));
    }
    if answered.n_forgotten_turns > 0 {
        eprintln!(
            "note: {} earlier turns no longer fit and were forgotten",
            answered.n_forgotten_turns
        );
    }
    match answered.ending {
        Ending::ContextFull => eprintln!("note: the answer is cut: the model can hold no more"),
        Ending::TokenLimit => eprintln!("note: the answer is cut at --max-tokens"),
        Ending::Repetition => eprintln!("note: the answer is cut: the model only repeated itself"),
        Ending::Finished => {}
    }
    if let Some(choice) = &answered.choice {
        eprintln!("note: {:.0} % sure among the options", 100.0 * choice.probability);
    }
}
