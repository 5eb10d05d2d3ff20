//! `videre eval`: every question of a file, and a table of how many were right.

use crate::args::EvalArgs;
use crate::engine::{Place, answering_forgetful, reason, settle};
use crate::failure::Failure;
use crate::interrupt::cancelled_by_ctrl_c;
use crate::output::{answer, answer_json};
use crate::plan_args::TowerSetting;
use crate::progress::Progress;
use crate::stages::Stages;
use anstream::eprintln;
use std::fs;
use std::path::Path;
use videre::api::EvalJson;
use videre::cancel::CancelToken;
use videre::engine::{Engine, ModelFacts, ModelName, OpenVideo, PlanSetting, USUAL_PREFIX_BYTES, VideoSetup};
use videre::eval::results::Results;
use videre::eval::{AskError, Asked, Format, Part, formats, predictions, run as evaluate, table};
use videre::fault::{Failure as WorkFailure, Fault};
use videre::visual::compose;
use videre::visual::plan::Plan;
use videre::visual::preset::Preset;
use videre::visual::sampling::{
    Chosen, FrameRef, MvbenchClip, Sampling, TimeRange, duration_secs, mvbench_bounded,
};

pub(crate) fn run(args: &EvalArgs, place: Place) -> Result<(), Failure> {
    args.answer.check()?;
    let cancel = cancelled_by_ctrl_c();
    let set = formats::read(&args.questions)?;
    let engine = answering_forgetful(&args.model, place);
    let mut stages = Stages::new();
    let model = args.model.name();
    let facts = engine.load(&model, args.model.device(), &cancel, &mut |update| {
        stages.show(&update);
    })?;
    drop(stages);
    if set.format != Format::Videre
        && let Some(caution) = args.model.caution()
    {
        eprintln!("note: {caution}");
    }
    let settled = settle(&args.plan, &facts)?;
    if let Some(reason) = reason(&settled.setting) {
        eprintln!("note: {reason}");
    }
    let setting = setting(args, &facts, &settled.setting);
    let mut results = match &args.out {
        Some(path) => Results::open(path, &set, &setting)?,
        None => Results::in_memory(&set),
    };
    let mut asker = Asker {
        args,
        engine: &engine,
        model,
        facts,
        settled,
        open: None,
    };
    let mut bar = Progress::new("Asking");
    let ask = |asked: &Asked<'_>| asker.ask(asked, &cancel);
    let show = |n_done: usize, n_total: usize| bar.set(n_done as u64, n_total as u64);
    let report = evaluate(&set, &args.videos, &mut results, &cancel, ask, show)?;
    drop(bar);
    if let Some(path) = &args.predictions {
        write_lines(path, &predictions::lines(&set, results.answered()))?;
    }
    if args.json {
        answer_json(&EvalJson::new(set.format.name(), setting, &report))?;
    } else {
        let mut text = String::new();
        table::write(&report, &mut text).expect("BUG: a string takes everything");
        answer(&text)?;
    }
    if report.overall.n_failed == set.questions.len() {
        let text = format!("not one question of {} could be asked", args.questions.display());
        return Err(Failure::new(Fault::Input, text).with_hint("name the folder of its videos with --videos"));
    }
    Ok(())
}

/// All that an answer depends on beside the question: results of another setting are not continued.
fn setting(args: &EvalArgs, facts: &ModelFacts, settled: &PlanSetting) -> serde_json::Value {
    let sampling = args.answer.question("", &[], Vec::new()).sampling;
    serde_json::json!({
        "model": facts.name,
        "model_file": args.model.model.as_ref().map(|name| name.to_string_lossy()),
        "preset": settled.whole_preset().map(Preset::name),
        "strategy": &settled.strategy,
        "frames": format!("{:?}", settled.sampling),
        "range": settled.range.map(|range| [range.start_secs, range.end_secs]),
        "prompt": args.answer.form(),
        "times": args.answer.times,
        "max_tokens": args.answer.max_tokens,
        "sampling": sampling,
    })
}

/// Answers questions, keeping the video that the last one was about open.
struct Asker<'a> {
    args: &'a EvalArgs,
    engine: &'a Engine,
    model: ModelName,
    facts: ModelFacts,
    settled: TowerSetting,
    open: Option<OpenVideo>,
}

impl Asker<'_> {
    fn ask(&mut self, asked: &Asked<'_>, cancel: &CancelToken) -> Result<String, AskError> {
        if self.open.as_ref().is_none_or(|open| open.path() != asked.video) {
            self.open = None;
            self.open = Some(
                self.engine
                    .open(asked.video, cancel, &mut |_| {})
                    .map_err(ask_error)?,
            );
        }
        let video = self.open.as_ref().expect("BUG: opened above");
        let setup = VideoSetup {
            model: self.model.clone(),
            device: self.args.model.device(),
            facts: self.facts.clone(),
            plan: self.plan(video, asked).map_err(ask_error)?,
            form: self.args.answer.form(),
            tell_times: self.args.answer.times,
            max_prefix_bytes: USUAL_PREFIX_BYTES,
        };
        let options = asked.question.options();
        let question = self
            .args
            .answer
            .question(&asked.question.text, options, Vec::new());
        let said = self
            .engine
            .ask(video, &setup, question, cancel, &mut |_| {})
            .map_err(ask_error)?;
        Ok(match &said.choice {
            // As the reference's models are made to say it.
            Some(choice) => match options.get(choice.option) {
                Some(option) => format!("{}) {option}", choice.letter),
                None => format!("{})", choice.letter),
            },
            None => said.answer,
        })
    }

    /// What is looked at: as the flags say, but for questions about a part or about one frame.
    fn plan(&self, video: &OpenVideo, asked: &Asked<'_>) -> Result<Plan, WorkFailure> {
        let setting = &self.settled.setting;
        match (asked.format, asked.question.part, &setting.sampling) {
            (_, Part::Frame { at_secs }, _) => video.plan(&PlanSetting {
                sampling: Sampling::Picks(vec![shown_at(&video.pts_secs, at_secs)]),
                strategy: Preset::Frame.strategy(setting.geometry),
                ..setting.clone()
            }),
            (Format::Mvbench, part, Sampling::Uniform { n_frames }) => {
                let chosen = mvbench_frames(video, part, *n_frames);
                let plan = compose::plan(&chosen, &setting.strategy, setting.geometry)
                    .map_err(|error| WorkFailure::from_error(&error))?;
                Ok(Plan {
                    fit: setting.fit,
                    ..plan
                })
            }
            (_, Part::Range { start_secs, end_secs }, _) => video.plan(&PlanSetting {
                range: Some(TimeRange { start_secs, end_secs }),
                ..setting.clone()
            }),
            (_, Part::Whole, _) => video.plan(setting),
        }
    }
}

/// The frame that is on screen at a time.
fn shown_at(pts_secs: &[f64], at_secs: f64) -> usize {
    // Times in question files are rounded; half a millisecond is no other frame.
    pts_secs
        .partition_point(|pts| *pts <= at_secs + 0.0005)
        .saturating_sub(1)
}

/// The frames that MVBench's own loader takes.
fn mvbench_frames(video: &OpenVideo, part: Part, n_frames: usize) -> Chosen {
    let bound_secs = match part {
        Part::Range { start_secs, end_secs } => Some((start_secs, end_secs)),
        Part::Whole | Part::Frame { .. } => None,
    };
    let n_total = video.pts_secs.len();
    let clip = MvbenchClip {
        first_index: 0,
        max_index: n_total,
        fps: video.probe.frame_rate.average_fps().unwrap_or(1.0),
    };
    let frame = |index: usize| FrameRef {
        index,
        pts_secs: video.pts_secs[index],
    };
    Chosen {
        frames: mvbench_bounded(clip, bound_secs, n_frames)
            .into_iter()
            .map(frame)
            .collect(),
        duration_secs: duration_secs(&video.pts_secs),
        notices: Vec::new(),
    }
}

fn ask_error(failure: WorkFailure) -> AskError {
    match failure.fault {
        Fault::Cancelled => AskError::Cancelled(videre::cancel::Cancelled),
        _ => AskError::Failed(failure.message.into()),
    }
}

fn write_lines(path: &Path, lines: &[String]) -> Result<(), Failure> {
    let mut text = lines.join("\n");
    if !text.is_empty() {
        text.push('\n');
    }
    fs::write(path, text).map_err(|error| Failure::unwritable(path, &error))
}
