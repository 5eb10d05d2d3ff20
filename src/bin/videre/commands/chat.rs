//! `videre chat`: several questions about one video, each a line of standard input.

use super::ask::{Said, tell};
use crate::args::ChatArgs;
use crate::engine::{Ready, local, ready};
use crate::failure::Failure;
use crate::interrupt::cancelled_by_ctrl_c;
use crate::stages::Stages;
use anstream::{eprint, eprintln};
use std::io::{BufRead, IsTerminal, Write};
use videre::api::TurnJson;
use videre::cancel::CancelToken;
use videre::engine::{Engine, Update};
use videre::fault::Fault;

pub(crate) fn run(args: &ChatArgs) -> Result<(), Failure> {
    let cancel = cancelled_by_ctrl_c();
    let engine = local();
    let mut stages = Stages::new();
    let ready = ready(
        &engine,
        &args.file,
        &args.plan,
        &args.model,
        &args.answer,
        &mut stages,
        &cancel,
    )?;
    stages.clear();
    if let Some(reason) = &ready.reason {
        eprintln!("note: {reason}");
    }
    // The video is read while the person thinks; the first question waits for what is left of it.
    std::thread::scope(|scope| {
        scope.spawn(|| engine.prepare(&ready.video, &ready.looking, &cancel, &mut |_| {}));
        let talked = talk(args, &engine, &ready, &mut stages, &cancel);
        cancel.cancel();
        talked
    })
}

fn talk(
    args: &ChatArgs,
    engine: &Engine,
    ready: &Ready,
    stages: &mut Stages,
    cancel: &CancelToken,
) -> Result<(), Failure> {
    let is_person = std::io::stdin().is_terminal();
    let mut history = Vec::new();
    let mut lines = std::io::stdin().lock().lines();
    loop {
        if is_person {
            eprint!("> ");
            drop(std::io::stderr().flush());
        }
        let Some(line) = lines.next() else { return Ok(()) };
        let line = line.map_err(|error| Failure::Explained {
            fault: Fault::Input,
            message: format!("the question cannot be read: {error}"),
            hint: None,
        })?;
        let text = line.trim();
        if text.is_empty() {
            continue;
        }
        let question = args.answer.question(text, &[], history.clone());
        let mut said = Said::default();
        let answered = engine.ask(&ready.video, &ready.looking, question, cancel, &mut |update| {
            stages.show(&update);
            if let Update::Piece(piece) = update
                && said.say(&piece).is_err()
            {
                cancel.cancel();
            }
        });
        stages.clear();
        said.end()?;
        let mut answered = answered?;
        if !history.is_empty() {
            // They are about the video, and were said.
            answered.notices.clear();
        }
        tell(&answered);
        history.push(TurnJson {
            question: text.to_owned(),
            answer: answered.answer,
        });
    }
}
