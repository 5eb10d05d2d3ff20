//! What is kept, measured: seconds from a question to the first piece of its answer.
//!
//! ```sh
//! cargo run --release --example bench_reuse -- PAIR CLIP
//! ```
//!
//! Four times with the paper's preset, caches in a folder of its own: the first question; a follow-up of 20 words; the
//! video opened again by a new engine with its features alone; and again with its prefix. Loading and opening are left
//! out of all four: they are the same.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use videre::cancel::CancelToken;
use videre::engine::{
    DeviceName, Engine, MediaRole, ModelName, ModelRole, Preselection, Selection, Update, VideoSetup,
};

use videre::fault::{Failure, Fault};
use videre::question::{PromptForm, Question};
use videre::visual::geometry::TowerGeometry;
use videre::visual::preset::Preset;
use videre::worker::Local;

const FIRST: &str = "What happens in this video?";
const FOLLOW_UP: &str =
    "And after all of that has happened, which of the things that were shown is the one that comes last?";

fn main() -> ExitCode {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [pair, clip] = args.as_slice() else {
        return say(&mut io::stderr(), "usage: bench_reuse PAIR CLIP");
    };
    match measured(pair, clip) {
        Ok(lines) => {
            say(&mut io::stdout(), &lines);
            ExitCode::SUCCESS
        }
        Err(failure) => say(&mut io::stderr(), &failure.to_string()),
    }
}

fn say(to: &mut dyn Write, text: &str) -> ExitCode {
    drop(writeln!(to, "{text}"));
    ExitCode::FAILURE
}

fn measured(pair: &Path, clip: &Path) -> Result<String, Failure> {
    let folder = tempfile::tempdir().map_err(|error| Failure::new(Fault::Machine, error.to_string()))?;
    let first_run = Run::new(pair, clip, folder.path(), 0)?;
    let first_secs = first_run.first_piece(FIRST)?;
    let follow_up_secs = first_run.first_piece(FOLLOW_UP)?;
    drop(first_run);
    // Nothing was allowed to stay of the prefix, so this comes from features; and this time it may.
    let features_run = Run::new(pair, clip, folder.path(), u64::MAX)?;
    let features_secs = features_run.first_piece(FIRST)?;
    drop(features_run);
    let prefix_secs = Run::new(pair, clip, folder.path(), u64::MAX)?.first_piece(FIRST)?;
    let line = |what: &str, secs: f64| {
        format!(
            "{what:<28} {secs:>9.3} s   1/{:.1} of the first",
            first_secs / secs
        )
    };
    Ok([
        format!("{:<28} {first_secs:>9.3} s", "first question"),
        line("follow-up of 20 words", follow_up_secs),
        line("opened again, features", features_secs),
        line("opened again, prefix", prefix_secs),
    ]
    .join("\n"))
}

struct Run {
    engine: Engine,
    video: videre::engine::OpenVideo,
    setup: VideoSetup,
}

impl Run {
    fn new(pair: &Path, clip: &Path, folder: &Path, max_prefix_bytes: u64) -> Result<Self, Failure> {
        let media = Local::new("media", MediaRole::maker());
        let model = Local::new("model", ModelRole::maker(Some(folder)));
        let engine = Engine::new(Arc::new(media), Arc::new(model));
        let name = ModelName::Named {
            model: pair.as_os_str().to_owned(),
            mmproj: None,
        };
        let cancel = CancelToken::new();
        let video = engine.open(clip, &cancel, &mut |_| {})?;
        let facts = engine.load(&name, DeviceName::Auto, &cancel, &mut |_| {})?;
        let geometry = TowerGeometry::new(facts.side_px, facts.patch_px)
            .map_err(|error| Failure::new(Fault::Unreadable, error.to_string()))?;
        let preset = Preset::Paper;
        let selection = Selection {
            preset: preset.into(),
            ..Selection::default()
        };
        let setting = selection.settle(geometry, None, || Preselection::of(&facts, geometry));
        let setting = setting.map_err(|error| Failure::from_error(&error))?;
        let plan = video.plan(&setting)?;
        let setup = VideoSetup {
            model: name,
            device: DeviceName::Auto,
            facts,
            plan,
            form: PromptForm::Chat,
            tell_times: false,
            max_prefix_bytes,
        };
        Ok(Self { engine, video, setup })
    }

    /// Seconds until the first piece of the answer.
    fn first_piece(&self, text: &str) -> Result<f64, Failure> {
        let question = Question {
            text: text.to_owned(),
            max_tokens: 2,
            ..Question::default()
        };
        let began = Instant::now();
        let mut first = None;
        self.engine.ask(
            &self.video,
            &self.setup,
            question,
            &CancelToken::new(),
            &mut |update| {
                if matches!(update, Update::Text(_)) && first.is_none() {
                    first = Some(began.elapsed().as_secs_f64());
                }
            },
        )?;
        Ok(first.unwrap_or_else(|| began.elapsed().as_secs_f64()))
    }
}
