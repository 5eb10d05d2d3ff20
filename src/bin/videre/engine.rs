//! The engine as the command line uses it. A video and a model from a file have a process of their own each: the one may ask
//! for more memory than there is, the other may be cut or written to while it is mapped. Either ends a process without a
//! word, and this one has the word.

use crate::args::{AnswerArgs, DeviceArg, ModelArgs, PromptArg, WorkerRole};
use crate::failure::Failure;
use crate::plan_args::{PlanArgs, TowerSetting};
use crate::stages::Stages;
use anstream::eprintln;
use etcetera::BaseStrategy;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use videre::cancel::CancelToken;
use videre::engine::{
    DeviceName, Engine, MediaProtocol, MediaRole, ModelFacts, ModelName, ModelProtocol, ModelRole, OpenVideo,
    PlanSetting, Preselection, USUAL_PREFIX_BYTES, VideoSetup, own_way, usual_list_folder,
};
use videre::fault::{self, Fault};
use videre::question::{PromptForm, Question, SamplingOptions, Turn};
use videre::visual::geometry::TowerGeometry;
use videre::visual::preprocess::Fit;
use videre::visual::preset::Preset;
use videre::visual::tower::TowerInput;
use videre::visual::tower_image::Normalization;
use videre::worker::{Caller, Client, Local, Patience, WorkerCommand};

/// Where the roles are at work.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// In processes of their own.
    Apart,
    /// In this process, for whoever looks for a fault.
    Here,
}

/// An engine in this process: for what opens no video.
pub(crate) fn local() -> Engine {
    over(local_media(), local_model(cache_folder().as_deref()))
}

fn local_media() -> Arc<dyn Caller<MediaProtocol>> {
    Arc::new(Local::new("media", MediaRole::maker()))
}

fn local_model(folder: Option<&Path>) -> Arc<dyn Caller<ModelProtocol>> {
    Arc::new(Local::new("model", ModelRole::maker(folder)))
}

fn over(media: Arc<dyn Caller<MediaProtocol>>, model: Arc<dyn Caller<ModelProtocol>>) -> Engine {
    Engine::new(media, model).keeping_lists(usual_list_folder())
}

/// An engine for what only looks at videos.
pub(crate) fn looking(place: Place) -> Engine {
    over(media(place), local_model(cache_folder().as_deref()))
}

/// An engine for answers of `model`.
pub(crate) fn answering(model: &ModelArgs, place: Place) -> Engine {
    let folder = cache_folder();
    let model = apart(model, &[], place).unwrap_or_else(|| local_model(folder.as_deref()));
    over(media(place), model)
}

/// The same, which keeps features and prefixes in memory only: a thousand videos that are asked about once would push out
/// what was kept of those that a person comes back to, and each write goes through all that is kept.
pub(crate) fn answering_forgetful(model: &ModelArgs, place: Place) -> Engine {
    let model = apart(model, &["--keeps-nothing"], place).unwrap_or_else(|| local_model(None));
    over(media(place), model)
}

/// A model in a process of its own, started when it is first needed. The model inside the program is part of its memory and
/// needs none.
fn apart(model: &ModelArgs, more: &[&str], place: Place) -> Option<Arc<dyn Caller<ModelProtocol>>> {
    match (place, model.name()) {
        (Place::Here, _) | (_, ModelName::Embedded) => None,
        (Place::Apart, ModelName::Named { .. }) => {
            Some(Arc::new(Client::new(worker(WorkerRole::Model, more)?)))
        }
    }
}

fn media(place: Place) -> Arc<dyn Caller<MediaProtocol>> {
    match (place, worker(WorkerRole::Media, &[])) {
        (Place::Apart, Some(command)) => Arc::new(Client::new(command)),
        (Place::Here, _) | (_, None) => local_media(),
    }
}

/// This program as a worker; none where it cannot say what it is called.
fn worker(role: WorkerRole, more: &[&str]) -> Option<WorkerCommand> {
    let (called, patience) = match role {
        WorkerRole::Media => ("the video reader", Patience::WITH_MEDIA),
        WorkerRole::Model => ("the model", Patience::WITH_MODEL),
        WorkerRole::Converter => ("the converter", Patience::WITH_MODEL),
    };
    let args = ["worker", role.name(), "--for-command"].into_iter();
    Some(WorkerCommand {
        program: std::env::current_exe().ok()?,
        args: args.chain(more.iter().copied()).map(Into::into).collect(),
        called,
        patience,
    })
}

/// Why there is no answer: where the model's process ended, its files are looked at again, and if one of them was cut or
/// taken away, that is the reason, and it has a name.
pub(crate) fn explained(
    engine: &Engine,
    model: &ModelArgs,
    failure: fault::Failure,
    cancel: &CancelToken,
) -> fault::Failure {
    if failure.fault != Fault::WorkerEnded {
        return failure;
    }
    match engine.load(&model.name(), model.device(), cancel, &mut |_| {}) {
        Err(found) if matches!(found.fault, Fault::Missing | Fault::Unreadable | Fault::NoPair) => {
            fault::Failure {
                message: format!("the model's file changed while it was read: {}", found.message),
                ..found
            }
        }
        _ => failure,
    }
}

/// Where features and prefixes are kept; nowhere for users without a home.
pub(crate) fn cache_folder() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy().ok()?;
    Some(folders.cache_dir().join("videre"))
}

impl ModelArgs {
    /// The model that was named, else the one inside the program.
    pub(crate) fn name(&self) -> ModelName {
        match &self.model {
            None => ModelName::Embedded,
            Some(model) => ModelName::Named {
                model: model.clone(),
                mmproj: self.mmproj.clone(),
            },
        }
    }

    /// What a person should know before they believe an answer.
    pub(crate) fn caution(&self) -> Option<String> {
        self.model.is_none().then(|| {
            "nano, the model inside this program, knows only clips of moving coloured shapes; what it says about any other \
             video means nothing. For those get a LLaVA as a GGUF pair, for instance (4.7 GB) with Hugging Face's \
             `hf download cjpais/llava-v1.6-vicuna-7b-gguf llava-v1.6-vicuna-7b.Q4_K_M.gguf mmproj-model-f16.gguf`, \
             and name it: --model cjpais/llava-v1.6-vicuna-7b-gguf, or the folder of its two files"
                .to_owned()
        })
    }

    pub(crate) fn device(&self) -> DeviceName {
        match self.device {
            DeviceArg::Auto => DeviceName::Auto,
            DeviceArg::Cpu => DeviceName::Cpu,
        }
    }
}

impl AnswerArgs {
    /// Refuses flags that have no meaning together.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.times && !matches!(self.prompt, PromptArg::Chat) {
            return Err(Failure::usage(
                "--times has no meaning for --prompt reference and its like, whose words are TS-LLaVA's",
                "leave one of them out",
            ));
        }
        Ok(())
    }

    /// The question with how it is to be answered.
    pub(crate) fn question(&self, text: &str, options: &[String], history: Vec<Turn>) -> Question {
        Question {
            text: text.to_owned(),
            options: options.to_vec(),
            history,
            max_tokens: self.max_tokens,
            sampling: SamplingOptions {
                temperature: self.temperature,
                top_k: self.top_k,
                top_p: self.top_p,
                min_p: self.min_p.map(|p| p as f32),
                repetition_penalty: self.repetition_penalty as f32,
                seed: self.seed,
            },
        }
    }

    pub(crate) fn form(&self) -> PromptForm {
        match self.prompt {
            PromptArg::Chat => PromptForm::Chat,
            PromptArg::Reference => PromptForm::Reference,
            PromptArg::ReferenceV5 => PromptForm::ReferenceV5,
            PromptArg::ReferenceV2 => PromptForm::ReferenceV2,
            PromptArg::LetterOnly => PromptForm::LetterOnly,
            PromptArg::VideoMme => PromptForm::VideoMme,
            PromptArg::VideoMmeBest => PromptForm::VideoMmeBest,
        }
    }
}

/// The tower of a loaded model.
pub(crate) fn tower_of(facts: &ModelFacts) -> Result<TowerInput, Failure> {
    let geometry = TowerGeometry::new(facts.side_px, facts.patch_px)
        .map_err(|error| Failure::new(Fault::Unreadable, error.to_string()))?;
    Ok(TowerInput {
        name: format!("{} of {}", facts.tower, facts.name),
        geometry,
        normalization: Normalization {
            mean: facts.mean,
            std: facts.std,
        },
        fit: Fit::Squash,
    })
}

/// What flags ask of a model's tower.
pub(crate) fn settle(plan: &PlanArgs, facts: &ModelFacts) -> Result<TowerSetting, Failure> {
    let tower = tower_of(facts)?;
    let geometry = tower.geometry;
    plan.settle(tower, own_way(facts, geometry), facts.has_newline, || {
        Preselection::of(facts, geometry)
    })
}

/// Why it is looked at this way, where the user did not say.
pub(crate) fn reason(setting: &PlanSetting) -> Option<String> {
    let name = setting.whole_preset().map_or("custom", Preset::name);
    (setting.reason.as_ref()).map(|reason| format!("preset {name}: {reason}"))
}

/// Opens a video for a command that asks nothing, and says how far it is.
pub(crate) fn opened(engine: &Engine, file: &Path, cancel: &CancelToken) -> Result<OpenVideo, Failure> {
    let mut stages = Stages::new();
    Ok(engine.open(file, cancel, &mut |update| stages.show(&update))?)
}

/// A video that is open and a model that is loaded, ready for questions.
pub(crate) struct Ready {
    pub(crate) video: OpenVideo,
    pub(crate) setup: VideoSetup,
    /// Why it is looked at this way, where the user did not say.
    pub(crate) reason: Option<String>,
}

/// Opens `file`, loads the model and plans.
pub(crate) fn ready(
    engine: &Engine,
    file: &Path,
    plan: &PlanArgs,
    model: &ModelArgs,
    answer: &AnswerArgs,
    stages: &mut Stages,
    cancel: &CancelToken,
) -> Result<Ready, Failure> {
    answer.check()?;
    let name = model.name();
    if let Some(caution) = model.caution() {
        eprintln!("note: {caution}");
    }
    let mut show = |update| stages.show(&update);
    let video = engine.open(file, cancel, &mut show)?;
    let facts = engine.load(&name, model.device(), cancel, &mut show)?;
    let TowerSetting { setting, .. } = settle(plan, &facts)?;
    let plan = video.plan(&setting)?;
    let setup = VideoSetup {
        model: name,
        device: model.device(),
        facts,
        plan,
        form: answer.form(),
        tell_times: answer.times,
        max_prefix_bytes: if answer.keep_prefix {
            u64::MAX
        } else {
            USUAL_PREFIX_BYTES
        },
    };
    Ok(Ready {
        video,
        setup,
        reason: reason(&setting),
    })
}
