//! `videre chat`: several questions about one video, each a line of standard input.

use super::ask::{Said, tell};
use crate::args::ChatArgs;
use crate::engine::{Place, Ready, answering, explained, ready};
use crate::failure::Failure;
use crate::interrupt::CtrlC;
use crate::stages::Stages;
use anstream::{eprint, eprintln};
use std::io::{BufRead, ErrorKind, IsTerminal, Write};
use videre::cancel::CancelToken;
use videre::engine::{Engine, Update};
use videre::fault::Fault;
use videre::question::Turn;

pub(crate) fn run(args: &ChatArgs, place: Place) -> Result<(), Failure> {
    let ctrl_c = CtrlC::listen();
    let engine = answering(&args.model, place);
    let mut stages = Stages::new();
    let ready = ready(
        &engine,
        &args.file,
        &args.plan,
        &args.model,
        &args.answer,
        &mut stages,
        &ctrl_c.next_work(),
    )?;
    stages.clear();
    if let Some(reason) = &ready.reason {
        eprintln!("note: {reason}");
    }
    // The video is read while the person thinks; the first question waits for what is left of it.
    let preparing = CancelToken::new();
    std::thread::scope(|scope| {
        scope.spawn(|| engine.prepare(&ready.video, &ready.setup, &preparing, &mut |_| {}));
        let talked = talk(args, &engine, &ready, &mut stages, &ctrl_c);
        preparing.cancel();
        talked
    })
}

fn talk(
    args: &ChatArgs,
    engine: &Engine,
    ready: &Ready,
    stages: &mut Stages,
    ctrl_c: &CtrlC,
) -> Result<(), Failure> {
    let is_person = std::io::stdin().is_terminal();
    let mut history = Vec::new();
    let mut lines = std::io::stdin().lock().lines();
    let mut outcome = Ok(());
    loop {
        ctrl_c.ends_the_program();
        if is_person {
            eprint!("> ");
            drop(std::io::stderr().flush());
        }
        let Some(line) = lines.next() else { return outcome };
        let cancel = ctrl_c.next_work();
        let asked = match line {
            Ok(line) if line.trim().is_empty() => continue,
            Ok(line) => ask(args, engine, ready, &line, &history, stages, &cancel),
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                Err(Failure::new(Fault::Input, "the question is no text")
                    .with_hint("questions are UTF-8, one a line"))
            }
            Err(error) => {
                let text = format!("the questions cannot be read: {error}");
                return Err(Failure::new(Fault::Input, text));
            }
        };
        match asked {
            Ok(turn) => history.push(turn),
            // A person stopped this answer, not the chat.
            Err(failure) if is_person && cancel.is_cancelled() && !matches!(failure, Failure::ReaderGone) => {
                eprintln!("note: stopped");
            }
            // One question too many words does not end a chat.
            Err(failure) if failure.is_of_the_input() => {
                crate::report(&failure);
                outcome = Err(Failure::Reported(Fault::Input));
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// Asks one question, and says its answer.
fn ask(
    args: &ChatArgs,
    engine: &Engine,
    ready: &Ready,
    line: &str,
    history: &[Turn],
    stages: &mut Stages,
    cancel: &CancelToken,
) -> Result<Turn, Failure> {
    let text = line.trim();
    let question = args.answer.question(text, &[], history.to_vec());
    let mut said = Said::default();
    let answered = engine.ask(&ready.video, &ready.setup, question, cancel, &mut |update| {
        stages.show(&update);
        if let Update::Text(piece) = update
            && said.say(&piece).is_err()
        {
            cancel.cancel();
        }
    });
    stages.clear();
    said.end()?;
    let mut answered = answered.map_err(|failure| explained(engine, &args.model, failure, cancel))?;
    if !history.is_empty() {
        // They are about the video, and were said.
        answered.notices.clear();
    }
    tell(&answered);
    Ok(Turn {
        question: text.to_owned(),
        answer: answered.answer,
    })
}
