//! Both roles and the coordinator: the same whether they are in this process or behind pipes, and unharmed by the end of
//! either.

mod caches;
#[cfg(target_os = "linux")]
mod confined;
mod questions;
mod videos;
mod viewer;
mod workers;

pub(crate) use workers::kill;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use tempfile::TempDir;
use videre::cancel::CancelToken;
use videre::engine::{
    Answer, DeviceName, Engine, MediaProtocol, MediaRole, ModelName, ModelProtocol, ModelRole, OpenVideo,
    Selection, Stage, StageMillis, USUAL_PREFIX_BYTES, Update, VideoSetup,
};
use videre::fault::Failure;
use videre::question::{PromptForm, Question};
use videre::visual::geometry::TowerGeometry;
use videre::visual::preset::PresetName;
use videre::visual::sampling::Sampling;
use videre::visual::strategy::StrategyName;
use videre::worker::{Client, Local, Patience, WorkerCommand};

/// Frames that are looked at: more than are ever on their way between the roles.
const N_FRAMES: usize = 50;
/// Patches of a frame of the pair that `random_pair --geometry tiny` writes.
const PATCHES_A_FRAME: usize = 16;

/// An example of this package, built where it is not.
pub(crate) fn example(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a test knows its own file");
    let profile = own.ancestors().nth(2).expect("tests lie in target/PROFILE/deps");
    let path = profile.join("examples").join(name);
    if !path.exists() {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--offline", "--locked", "--example", name])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(built.is_ok_and(|status| status.success()), "{name} is built");
    }
    path
}

/// A small pair with random weights and a whole vocabulary, written once for all tests.
pub(crate) fn tiny_pair() -> &'static Path {
    static PAIR: OnceLock<TempDir> = OnceLock::new();
    PAIR.get_or_init(|| {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let written = Command::new(example("random_pair"))
            .args(["--geometry", "tiny", "--quant", "q8_0"])
            .arg(folder.path())
            .output()
            .expect("the example starts");
        assert!(written.status.success(), "{written:?}");
        folder
    })
    .path()
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample.mp4")
}

fn model() -> ModelName {
    ModelName::Named {
        model: tiny_pair().as_os_str().to_owned(),
        mmproj: None,
    }
}

/// Both roles in this process, with caches in `folder`.
fn local(folder: &Path) -> Engine {
    let media = Local::new("media", MediaRole::maker());
    let model = Local::new("model", ModelRole::maker(Some(folder)));
    Engine::new(Arc::new(media), Arc::new(model)).keeping_lists(Some(folder.join("index")))
}

/// Both roles in worker processes of the real binary, with caches in `folder`.
pub(crate) struct Workers {
    pub(crate) media: Arc<Client<MediaProtocol>>,
    pub(crate) model: Arc<Client<ModelProtocol>>,
    pub(crate) engine: Engine,
}

impl Workers {
    pub(crate) fn new(folder: &Path) -> Self {
        Self::with_media(worker("media", folder), folder)
    }

    fn with_media(media: WorkerCommand, folder: &Path) -> Self {
        let media = Arc::new(Client::new(media));
        let model = Arc::new(Client::new(worker("model", folder)));
        let engine = Engine::new(Arc::clone(&media) as _, Arc::clone(&model) as _)
            .keeping_lists(Some(folder.join("index")));
        Self { media, model, engine }
    }
}

fn worker(role: &'static str, folder: &Path) -> WorkerCommand {
    // A worker finds its caches as the program does; `env` gives it others without touching this process.
    WorkerCommand {
        program: "env".into(),
        args: [
            format!("XDG_CACHE_HOME={}", folder.display()),
            env!("CARGO_BIN_EXE_videre").to_owned(),
            "worker".to_owned(),
            role.to_owned(),
        ]
        .map(Into::into)
        .to_vec(),
        called: if role == "media" {
            "the video reader"
        } else {
            "the model"
        },
        patience: Patience::WITH_MODEL,
    }
}

/// Everything of 50 frames: 800 tokens, enough for a prefix that is worth keeping.
fn setup(engine: &Engine, video: &OpenVideo) -> VideoSetup {
    let model = model();
    let facts = engine
        .load(&model, DeviceName::Cpu, &CancelToken::new(), &mut |_| {})
        .expect("the pair loads");
    let geometry = TowerGeometry::new(facts.side_px, facts.patch_px).expect("a tower's geometry");
    let sampling = Sampling::Uniform { n_frames: N_FRAMES };
    let selection = Selection {
        preset: PresetName::Paper,
        strategy: Some(StrategyName::EveryPatch),
        sampling: Some(sampling),
        ..Selection::default()
    };
    let setting = selection.settle(geometry, None, || unreachable!("a preset is named"));
    let setting = setting.expect("it has a meaning");
    let plan = video.plan(&setting).expect("the sample has frames");
    VideoSetup {
        model,
        device: DeviceName::Cpu,
        facts,
        plan,
        form: PromptForm::Chat,
        tell_times: false,
        max_prefix_bytes: USUAL_PREFIX_BYTES,
    }
}

fn open(engine: &Engine) -> OpenVideo {
    engine
        .open(&sample(), &CancelToken::new(), &mut |_| {})
        .expect("the sample opens")
}

fn question(text: &str) -> Question {
    Question {
        text: text.to_owned(),
        max_tokens: 24,
        ..Question::default()
    }
}

/// What was seen of one question.
#[derive(Debug, PartialEq)]
struct Seen {
    stages: Vec<Stage>,
    pieces: Vec<String>,
    answer: Result<Answer, Failure>,
}

impl Seen {
    fn answer(&self) -> &Answer {
        self.answer.as_ref().expect("it is answered")
    }

    fn said(&self) -> String {
        self.pieces.concat()
    }
}

/// Asks, and does `meanwhile` at every update.
fn ask_meanwhile(
    engine: &Engine,
    setup: &VideoSetup,
    question: Question,
    cancel: &CancelToken,
    meanwhile: &mut dyn FnMut(&Update),
) -> Seen {
    let video = open(engine);
    let (mut stages, mut pieces) = (Vec::new(), Vec::new());
    let answer = engine.ask(&video, setup, question, cancel, &mut |update| {
        meanwhile(&update);
        match update {
            Update::Progress(progress) => stages.push(progress.stage),
            Update::Prompt(_) => {}
            Update::Text(text) => pieces.push(text),
        }
    });
    Seen {
        stages,
        pieces,
        // Times differ from run to run.
        answer: answer.map(|answer| Answer {
            timings_ms: StageMillis::default(),
            ..answer
        }),
    }
}

fn ask(engine: &Engine, setup: &VideoSetup, text: &str) -> Seen {
    ask_meanwhile(engine, setup, question(text), &CancelToken::new(), &mut |_| {})
}
