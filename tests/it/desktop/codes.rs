//! Every code of the page's errors, raised by what it is for, in each way in which that comes to the page.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use videre::api::window::{ApiError, ErrorCode, KeptAnswer};
use videre::cancel::CancelToken;
use videre::chat::Store;
use videre::desktop::Desktop;
use videre::engine::{Engine, ModelRole};
use videre::fault::{Fault, Origin};
use videre::gguf::{MetaValue, TensorType};
use videre::llava::estimate::free_bytes;
use videre::worker::{Client, Local, Patience, WorkerCommand};

use super::asking::Scene;
use super::models::files;
use super::{desktop, folder, full_disk};
use crate::cli::clip_of_an_unknown_codec;
use crate::engine::{Workers, kill};
use crate::llava::layout::{Language, language};

/// Values of a head of the pair whose context grows beyond any memory.
const HEAD_DIM: usize = 1024;
const N_HEADS: usize = 32;
/// Keys and values of one position of its single layer, two bytes each.
const POSITION_BYTES: u64 = 2 * 2 * (N_HEADS * HEAD_DIM) as u64;

/// All codes, as the page's types list them: those are held to the enum by a test of their own.
fn codes() -> Vec<ErrorCode> {
    let types = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src/backend/types.gen.ts");
    let types = fs::read_to_string(types).expect("the page's types are there");
    let line = types
        .lines()
        .find_map(|line| line.strip_prefix("export type ErrorCode = "));
    let names = line
        .expect("codes are among them")
        .trim_end_matches(';')
        .split(" | ");
    names
        .map(|name| serde_json::from_str(name).expect("a code of this build"))
        .collect()
}

/// What the page is told where `code` is due. None where this machine cannot be brought there.
fn raised(code: ErrorCode) -> Vec<ApiError> {
    match code {
        ErrorCode::VideoMissing => vec![opened(None), asked_without_its_video()],
        ErrorCode::VideoUnreadable => vec![opened(Some(b"these are words"))],
        ErrorCode::VideoUnsupported => vec![opened(Some(&clip_of_an_unknown_codec()))],
        ErrorCode::ModelMissing => vec![
            picked(|[language, _]| fs::remove_file(language)),
            asked_without_its_model(),
        ],
        ErrorCode::ModelMismatch => vec![
            picked(|[language, vision]| fs::copy(language, vision).map(drop)),
            picked(|[language, _]| fs::write(language, "these are words")),
        ],
        ErrorCode::ModelUnsupported => vec![picked(|[language, _]| {
            let mut bytes = fs::read(language)?;
            // The version of the format, after the magic number.
            bytes[4] = 9;
            fs::write(language, bytes)
        })],
        ErrorCode::OutOfMemory => vec![loaded_beyond_memory(), asked_beyond_memory()],
        ErrorCode::DiskFull => full_disk::refused().into_iter().collect(),
        ErrorCode::ContextTooLong => vec![asked_too_much()],
        ErrorCode::WorkerEnded => vec![opened_by_a_worker_that_ends(), answered_by_a_worker_that_ends()],
        ErrorCode::StoreNewer => vec![of_a_newer_store()],
        ErrorCode::Cancelled => vec![cancelled()],
        ErrorCode::Unknown => vec![
            desktop(folder().path())
                .chat("4711")
                .expect_err("there is no such chat"),
        ],
    }
}

#[test]
fn each_code_is_raised_by_what_it_is_for() {
    for code in codes() {
        let errors = raised(code);
        if errors.is_empty() {
            eprintln!("skipped: nothing here raises {code:?}");
        }
        for error in errors {
            assert_eq!(error.code, code, "{error:?}");
            assert!(!error.message.is_empty() && !error.message.ends_with('.'));
        }
    }
}

/// The exit code of the command line follows from the fault as the page's code does.
#[test]
fn a_fault_has_the_exit_code_of_whose_it_is() {
    let cases: [(u8, &[Fault]); 5] = [
        (
            1,
            &[
                Fault::Missing,
                Fault::Unreadable,
                Fault::NoPair,
                Fault::ContextTooLong,
                Fault::Gone,
                Fault::Input,
            ],
        ),
        (2, &[Fault::Usage]),
        (3, &[Fault::Unsupported, Fault::Newer]),
        (
            4,
            &[
                Fault::OutOfMemory,
                Fault::DiskFull,
                Fault::WorkerEnded,
                Fault::Machine,
            ],
        ),
        (130, &[Fault::Cancelled]),
    ];
    for (exit_code, faults) in cases {
        for fault in faults {
            assert_eq!(fault.exit_code(), exit_code, "{fault:?}");
        }
    }
}

fn go() -> CancelToken {
    CancelToken::new()
}

/// A file of these bytes, opened; none is not there.
fn opened(bytes: Option<&[u8]>) -> ApiError {
    let folder = folder();
    let path = folder.path().join("a.mp4");
    if let Some(bytes) = bytes {
        fs::write(&path, bytes).expect("it can be written");
    }
    let opened = desktop(folder.path()).open_file(&path, &go(), &mut |_| {});
    by_name(opened.expect_err("it cannot be opened"), folder.path())
}

/// Copies of the tiny pair's files, or what `change` makes of them.
fn pair(folder: &Path, change: impl FnOnce([&PathBuf; 2]) -> std::io::Result<()>) -> [PathBuf; 2] {
    let (language, vision) = files();
    let copies = [folder.join("language.gguf"), folder.join("mmproj.gguf")];
    for (from, to) in [language, vision].iter().zip(&copies) {
        fs::copy(from, to).expect("it can be copied");
    }
    let [language, vision] = &copies;
    change([language, vision]).expect("it can be changed");
    copies
}

fn picked(change: impl FnOnce([&PathBuf; 2]) -> std::io::Result<()>) -> ApiError {
    let folder = folder();
    let model = desktop(folder.path()).picked_model(&pair(folder.path(), change), &go());
    by_name(model.refusal.expect("it is no model"), folder.path())
}

/// The page learns names and no places.
fn by_name(error: ApiError, folder: &Path) -> ApiError {
    let place = folder.display().to_string();
    assert!(!error.message.contains(&place), "{}", error.message);
    error
}

fn load(desktop: &Desktop, pair: &[PathBuf; 2]) -> Result<(), ApiError> {
    let model = desktop.picked_model(pair, &go());
    assert_eq!(model.refusal, None, "its headers are good");
    desktop.load_model(&model.id, &go())
}

/// Why a question is not answered.
fn asked(scene: &Scene, question: &str) -> ApiError {
    let turn = scene.ask(&scene.request(question), &go(), &mut |_| {}).0;
    let Some(KeptAnswer {
        error: Some(error), ..
    }) = turn.answer
    else {
        panic!("it is answered: {turn:?}")
    };
    error
}

fn asked_too_much() -> ApiError {
    let folder = folder();
    let scene = Scene::new(desktop(folder.path()), folder.path());
    asked(&scene, &"more words than any model reads ".repeat(2000))
}

/// Both roles in workers, which is where files are opened anew.
fn with_workers(folder: &Path) -> (Scene, Workers) {
    let mut workers = Workers::new(&folder.join("cache"));
    let engine = Engine::new(Arc::clone(&workers.media) as _, Arc::clone(&workers.model) as _);
    let engine = std::mem::replace(&mut workers.engine, engine);
    let store = Store::open(&folder.join("data").join("videre.db")).expect("it opens");
    (Scene::new(Desktop::new(Arc::new(engine), store), folder), workers)
}

/// One that was opened in an earlier session.
fn asked_without_its_video() -> ApiError {
    let folder = folder();
    let mut scene = Scene::new(desktop(folder.path()), folder.path());
    fs::remove_file(folder.path().join("a.mp4")).expect("it goes");
    scene.desktop = desktop(folder.path());
    let error = asked(&scene, "What is there?");
    by_name(error, folder.path())
}

fn asked_without_its_model() -> ApiError {
    let folder = folder();
    let (scene, workers) = with_workers(folder.path());
    let files = pair(folder.path(), |_| Ok(()));
    load(&scene.desktop, &files).expect("it loads");
    fs::remove_file(&files[1]).expect("it goes");
    kill(workers.model.pid());
    by_name(asked(&scene, "What is there?"), folder.path())
}

/// A pair of one layer with the widest heads, `head_dim` by its header, and the tower of the tiny pair. Its context is
/// longer than any memory.
fn wide(folder: &Path, head_dim: usize) -> [PathBuf; 2] {
    const WIDTH: usize = 256;
    let sizes = Language {
        n_layers: 1,
        width: WIDTH,
        n_heads: N_HEADS,
        n_kv_heads: N_HEADS,
        ffn: 64,
        context: 1 << 28,
        n_vocab: 259,
        is_tied: true,
    };
    let mut layout = language(&sizes, |_, _| TensorType::F16);
    for (name, shape, _) in &mut layout.tensors {
        match name.as_str() {
            "blk.0.attn_q.weight" | "blk.0.attn_k.weight" | "blk.0.attn_v.weight" => {
                *shape = vec![N_HEADS * HEAD_DIM, WIDTH];
            }
            "blk.0.attn_output.weight" => *shape = vec![WIDTH, N_HEADS * HEAD_DIM],
            _ => {}
        }
    }
    let special = ["<unk>", "<s>", "</s>"].map(str::to_owned).into_iter();
    let tokens = special.chain((0..=255u8).map(|byte| format!("<0x{byte:02X}>")));
    let kinds = [2, 3, 3].into_iter().chain([6; 256]);
    let head_dim = u32::try_from(head_dim).expect("a number of its header");
    let language = layout
        .writer()
        .set("llama.attention.key_length", MetaValue::U32(head_dim))
        .set("tokenizer.ggml.model", MetaValue::Str("llama".into()))
        .set("tokenizer.ggml.scores", MetaValue::F32s(vec![0.0; 259]))
        .set("tokenizer.ggml.token_type", MetaValue::I32s(kinds.collect()))
        .set("tokenizer.ggml.tokens", MetaValue::Strs(tokens.collect()))
        .set("tokenizer.ggml.bos_token_id", MetaValue::U32(1))
        .set("tokenizer.ggml.eos_token_id", MetaValue::U32(2))
        .zeroed();
    pair(folder, |[path, _]| fs::write(path, language))
}

fn loaded_beyond_memory() -> ApiError {
    let folder = folder();
    // Its usual context alone takes a million gigabytes.
    let wide = wide(folder.path(), 1 << 30);
    let loaded = load(&desktop(folder.path()), &wide);
    by_name(loaded.expect_err("no machine holds it"), folder.path())
}

fn asked_beyond_memory() -> ApiError {
    let folder = folder();
    let scene = Scene::new(desktop(folder.path()), folder.path());
    load(&scene.desktop, &wide(folder.path(), HEAD_DIM)).expect("a short context fits");
    let free = free_bytes().expect("this machine tells what is free");
    let n_tokens = free / POSITION_BYTES * 3 / 2;
    let question = "a".repeat(usize::try_from(n_tokens).expect("a length"));
    by_name(asked(&scene, &question), folder.path())
}

fn opened_by_a_worker_that_ends() -> ApiError {
    let folder = folder();
    let media = Client::new(WorkerCommand {
        program: "true".into(),
        args: Vec::new(),
        called: "the video reader",
        patience: Patience::WITH_MEDIA,
    });
    let model = Local::new("model", ModelRole::maker(None));
    let engine = Engine::new(Arc::new(media), Arc::new(model));
    let store = Store::open(&folder.path().join("videre.db")).expect("it opens");
    let desktop = Desktop::new(Arc::new(engine), store);
    let clip = super::clip(folder.path(), "a.mp4");
    let opened = desktop.open_file(&clip, &go(), &mut |_| {});
    opened.expect_err("nobody reads it")
}

fn answered_by_a_worker_that_ends() -> ApiError {
    let folder = folder();
    let (scene, workers) = with_workers(folder.path());
    let mut is_killed = false;
    let turn = scene.ask(&scene.request("What is there?"), &go(), &mut |event| {
        if matches!(event, videre::api::window::AnswerEvent::Text { .. }) && !is_killed {
            is_killed = true;
            kill(workers.model.pid());
        }
    });
    let answer = turn.0.answer.expect("it has ended");
    answer.error.expect("it says why")
}

fn of_a_newer_store() -> ApiError {
    let folder = folder();
    let file = folder.path().join("videre.db");
    drop(Store::open(&file).expect("it opens"));
    let raise = rusqlite::Connection::open(&file).expect("SQLite opens it");
    raise
        .pragma_update(None, "user_version", 4711)
        .expect("the version can be set");
    drop(raise);
    ApiError::of(Origin::Store, &Store::open(&file).expect_err("it is newer"))
}

fn cancelled() -> ApiError {
    let folder = folder();
    let stopped = go();
    stopped.cancel();
    let clip = super::clip(folder.path(), "a.mp4");
    let opened = desktop(folder.path()).open_file(&clip, &stopped, &mut |_| {});
    opened.expect_err("it was stopped")
}
