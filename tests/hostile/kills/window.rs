//! What the window's process does, without a window: chats that are kept while answers come, by a process of its own that tells
//! what it was told.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use videre::api::window::{AnswerEvent, AnswerState, AskRequest, PlanRequest, PresetName};
use videre::cancel::CancelToken;
use videre::chat::{ChatId, Store};
use videre::desktop::Desktop;
use videre::engine::Engine;
use videre::worker::{Client, Patience, WorkerCommand};

use super::{Toll, Whom, kill_at, left_overs};
use crate::random::Random;
use crate::run::{end_orphans, program_file};

/// So many questions are asked by each, if it lives.
const N_QUESTIONS: usize = 3;

fn database(folder: &Path) -> PathBuf {
    folder.join("data").join("videre.db")
}

fn worker(role: &str, folder: &Path) -> WorkerCommand {
    WorkerCommand {
        program: "env".into(),
        args: vec![
            format!("XDG_CACHE_HOME={}", folder.join("cache").display()).into(),
            program_file(),
            "worker".into(),
            role.into(),
        ],
        called: "the worker",
        patience: Patience::WITH_MODEL,
    }
}

/// A desktop that asks in one new chat after the other, and tells of each turn when it is kept and when it is answered.
pub(crate) fn ask_and_tell(folder: &Path) -> Result<()> {
    let (media, model) = (
        Client::new(worker("media", folder)),
        Client::new(worker("model", folder)),
    );
    let engine = Engine::new(Arc::new(media), Arc::new(model));
    let desktop = Desktop::new(Arc::new(engine), Store::open(&database(folder))?);
    let go = CancelToken::new();
    let refused = |error: videre::api::window::ApiError| anyhow::anyhow!("{}", error.message);
    let info = desktop
        .open_file(&folder.join("clip.mp4"), &go, &mut |_| {})
        .map_err(refused)?;
    let mut out = io::stdout();
    for number in 0..N_QUESTIONS {
        let chat = desktop.store().new_chat(&info.id, SystemTime::now())?;
        let request = AskRequest {
            chat: chat.0.to_string(),
            question: format!("{number}. What is there?"),
            options: Vec::new(),
            plan: PlanRequest {
                video: info.id.clone(),
                preset: PresetName::Fast,
                strategy: None,
                range: None,
                pinned: Vec::new(),
                removed: Vec::new(),
                only_frame: None,
            },
            replaces: None,
        };
        let mut told = Ok(());
        let turn = desktop.ask(&request, &go, &mut |event| {
            if let AnswerEvent::Began { turn } = event {
                told = writeln!(out, "began\t{}\t{turn}\t{number}", chat.0);
            }
        });
        told?;
        let turn = turn.map_err(refused)?;
        if let Some(answer) = turn.answer.filter(|answer| answer.state == AnswerState::Done) {
            writeln!(
                out,
                "done\t{}\t{}\t{}",
                chat.0,
                turn.id,
                answer.text.replace('\n', " ")
            )?;
        }
    }
    Ok(writeln!(out, "all")?)
}

fn start(folder: &Path) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["ask-and-tell".as_ref(), folder.as_os_str()]);
    command
        .stdout(File::create(folder.join("told"))?)
        .stderr(File::create(folder.join("stderr"))?);
    Ok(command.spawn()?)
}

/// What a chat that was told of must be: its question, and its answer where one was told.
type Told = BTreeMap<(i64, String), (String, Option<String>)>;

fn remember(folder: &Path, told: &mut Told) -> Result<bool> {
    let text = fs::read_to_string(folder.join("told"))?;
    for line in text.lines() {
        let words: Vec<&str> = line.split('\t').collect();
        match words.as_slice() {
            ["began", chat, turn, number] => {
                told.insert(
                    (chat.parse()?, (*turn).to_owned()),
                    (format!("{number}. What is there?"), None),
                );
            }
            ["done", chat, turn, text] => {
                let known = told
                    .get_mut(&(chat.parse()?, (*turn).to_owned()))
                    .context("it began")?;
                known.1 = Some((*text).to_owned());
            }
            _ => {}
        }
    }
    Ok(text.ends_with("all\n"))
}

/// What of it is not so.
fn lost(store: &Store, told: &Told) -> Vec<String> {
    let mut lost = Vec::new();
    for ((chat, turn), (question, answer)) in told {
        let Ok(kept) = store.chat(ChatId(*chat)) else {
            lost.push(format!("chat {chat} is gone"));
            continue;
        };
        let Some(kept) = kept.turns.iter().find(|kept| kept.id == *turn) else {
            lost.push(format!("turn {turn} of chat {chat} is gone"));
            continue;
        };
        if kept.question != *question {
            lost.push(format!("turn {turn} asks {:?}", kept.question));
        }
        let said = kept.answer.as_ref().map(|answer| answer.text.replace('\n', " "));
        if answer.is_some() && said != *answer {
            lost.push(format!("turn {turn} says {said:?} and not {answer:?}"));
        }
    }
    lost
}

pub(super) fn kill_windows(seed: u64, n_kills: usize) -> Result<Toll> {
    let place = tempfile::tempdir()?;
    let folder = place.path();
    fs::copy(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample.mp4"),
        folder.join("clip.mp4"),
    )?;
    let began = Instant::now();
    let mut told = Told::new();
    ensure!(
        start(folder)?.wait()?.success() && remember(folder, &mut told)?,
        "it answers where nothing is killed"
    );
    let whole = began.elapsed();
    let wanted: BTreeMap<String, String> = told
        .values()
        .filter_map(|(question, answer)| Some((question.clone(), answer.clone()?)))
        .collect();
    ensure!(wanted.len() == N_QUESTIONS, "each is answered");
    let mut toll = Toll {
        n_kills,
        ..Toll::default()
    };
    for number in 0..n_kills {
        let mut random = Random::of(seed ^ 0x81d0, number);
        if random.once_in(2) {
            drop(fs::remove_dir_all(folder.join("cache")));
        }
        let whom = if random.once_in(3) {
            Whom::AWorker
        } else {
            Whom::Itself
        };
        let moment = whole.mul_f64(random.below(1000) as f64 / 1e3) + Duration::from_millis(5);
        let mut child = start(folder)?;
        toll.n_midway += usize::from(kill_at(&mut child, moment, whom, &mut random)?);
        toll.n_orphans += end_orphans()?;
        let mut now = Told::new();
        remember(folder, &mut now)?;
        let ended = child.wait()?;
        let said = fs::read_to_string(folder.join("stderr"))?;
        // A file that was being opened is not, and that is said.
        let is_told = said.contains(" stopped: ");
        if matches!(whom, Whom::AWorker) && !ended.success() && ended.code().is_some() && !is_told {
            toll.wrongs.push(format!(
                "kill {number} of a worker: {ended}: {}",
                said.lines().next().unwrap_or_default()
            ));
        }
        // The next start.
        let store = Store::open(&database(folder))?;
        if store.set_aside().is_some() {
            toll.wrongs
                .push(format!("kill {number}: the file of chats was set aside"));
        }
        let wrong = now.values().filter(|(question, answer)| {
            answer
                .as_ref()
                .is_some_and(|said| wanted.get(question) != Some(said))
        });
        for (question, answer) in wrong {
            toll.wrongs
                .push(format!("kill {number}: {question} is answered {answer:?}"));
        }
        told.extend(now);
        for lost in lost(&store, &told) {
            toll.wrongs
                .push(format!("kill {number} after {moment:.0?} of {whom:?}: {lost}"));
        }
        for path in left_overs(folder) {
            toll.left.push(format!("kill {number}: {}", path.display()));
            fs::remove_file(path)?;
        }
    }
    Ok(toll)
}
