//! `videre preview`: what the model would see, as pictures and as a table.

mod facts;
mod seen;

use super::probe::summary;
use crate::args::PreviewArgs;
use crate::engine::{Place, answering, opened, settle};
use crate::failure::Failure;
use crate::interrupt::cancelled_by_ctrl_c;
use crate::output::{OutFolder, answer, answer_json, frame_file_name, json};
use crate::plan_args::TowerSetting;
use crate::progress::Progress;
use crate::sheet::{self, Edges, Sheet, TowerPicture, fitted, lit_picture};
use image::RgbImage;
use seen::Seen;
use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use videre::api::{PreviewJson, ProbeJson, TokensJson};
use videre::cancel::CancelToken;
use videre::engine::{Engine, OpenVideo, Preselection};
use videre::visual::plan::{Plan, TokenCounts};
use videre::visual::preset::Preset;
use videre::visual::sampling::FrameRef;
use videre::visual::tower::TowerInput;

/// Pictures of single frames are for looking at, not for the model.
const MAX_PICTURE_PX: u32 = 1280;

pub(crate) fn run(args: &PreviewArgs, place: Place) -> Result<(), Failure> {
    let cancel = cancelled_by_ctrl_c();
    let engine = answering(&args.model, place);
    let TowerSetting { setting, tower } = tower_setting(args, &engine, &cancel)?;
    let video = opened(&engine, &args.file, &cancel)?;
    let plan = setting.plan(&video.pts_secs);
    let plan = plan.map_err(|error| Failure::from(error).about(&args.file))?;
    let out = OutFolder::open(&args.out)?;
    let mut seen = Seen::new(&plan, &tower);
    let frames = look(&engine, &video, &plan, &mut seen, &out, &cancel)?;
    let preset = setting.whole_preset().map(Preset::name);
    let tokens = TokensJson::new(&plan, &tower, preset, |frame| seen.size_of(frame));
    let tokens_path = out.write("tokens.json", json(&tokens).as_bytes())?;

    let (images, tiles) = seen.into_pictures();
    let thumbnails = if plan.counts().thumbnail > 0 {
        write_thumbnails(&out, &images)?
    } else {
        Vec::new()
    };
    let notices: Vec<String> = plan.notices.iter().map(ToString::to_string).collect();
    let sheet = Sheet {
        title: file_name(&args.file),
        subtitle: summary(&ProbeJson::new(&args.file, &video.probe)),
        preset: preset.unwrap_or("custom").to_owned(),
        facts: facts::facts(&plan, &tower, setting.range),
        notices: notices.clone(),
        images,
        frames: tiles,
        n_patches: plan.geometry.n_patches() as usize,
        is_pooled: facts::is_pooled(&plan.strategy),
        tokens: facts::token_runs(&plan),
        span_secs: span_secs(&video),
    };
    let contact_sheet = out.write_png("contact-sheet.png", &sheet::draw(&sheet))?;
    let shown = |path: PathBuf| path.to_string_lossy().into_owned();
    let answered = PreviewJson {
        contact_sheet: shown(contact_sheet),
        tokens: shown(tokens_path),
        thumbnails: thumbnails.into_iter().map(shown).collect(),
        frames: frames.into_iter().map(shown).collect(),
        counts: tokens.counts,
        notices,
    };
    if args.json {
        answer_json(&answered)
    } else {
        answer(&in_words(&answered, &tower))
    }
}

/// What is asked for, for the named model or else the named tower. Nothing is known of a tower's speed, so what is chosen
/// for it is the paper's setting.
fn tower_setting(args: &PreviewArgs, engine: &Engine, cancel: &CancelToken) -> Result<TowerSetting, Failure> {
    if args.model.model.is_some() {
        let facts = engine.load(&args.model.name(), args.model.device(), cancel, &mut |_| {})?;
        return settle(&args.plan, &facts);
    }
    let tower = TowerInput::named(&args.tower).expect("BUG: clap accepts only known names");
    // Nor of a newline: what is previewed is any model's on that tower.
    args.plan.settle(tower, None, true, || Preselection {
        preset: Preset::Paper,
        reason: "nothing is known of the tower's speed".to_owned(),
    })
}

/// Decodes every frame of the plan once, in the order of time, and writes a picture of each that is encoded by itself.
fn look(
    engine: &Engine,
    video: &OpenVideo,
    plan: &Plan,
    seen: &mut Seen<'_>,
    out: &OutFolder,
    cancel: &CancelToken,
) -> Result<Vec<PathBuf>, Failure> {
    let indices: Vec<usize> = plan.frames().iter().map(|frame| frame.index).collect();
    let mut written = Vec::new();
    let mut failure = None;
    let mut n_done = 0;
    let mut progress = Progress::new("Looking");
    let decoded = engine.full_frames(video, &indices, cancel, &mut |frame, picture| {
        if let Err(error) = look_at(frame, &picture, seen, out, &mut written) {
            failure = Some(error.about(video.path()));
            return ControlFlow::Break(());
        }
        n_done += 1;
        progress.set(n_done, indices.len() as u64);
        ControlFlow::Continue(())
    });
    // What is wrong with a picture, rather than that no more was read then.
    failure.map_or(Ok(()), Err)?;
    decoded?;
    Ok(written)
}

fn look_at(
    frame: FrameRef,
    picture: &RgbImage,
    seen: &mut Seen<'_>,
    out: &OutFolder,
    written: &mut Vec<PathBuf>,
) -> Result<(), Failure> {
    if let Some(lit) = seen.add(frame, picture)? {
        let picture = fitted(picture, MAX_PICTURE_PX, MAX_PICTURE_PX);
        let picture = lit_picture(&picture, &lit, Edges::Amber);
        written.push(out.write_png(&frame_file_name(frame.index, frame.pts_secs), &picture)?);
    }
    Ok(())
}

/// `thumbnail.png`, or `thumbnail-1.png` and so on where there are several.
fn write_thumbnails(out: &OutFolder, images: &[TowerPicture]) -> Result<Vec<PathBuf>, Failure> {
    let name = |number: usize| match images.len() {
        1 => "thumbnail.png".to_owned(),
        _ => format!("thumbnail-{number}.png"),
    };
    let numbered = images.iter().enumerate();
    numbered
        .map(|(index, image)| out.write_png(&name(index + 1), &image.pixels))
        .collect()
}

/// Where a timeline of the clip starts and ends.
fn span_secs(video: &OpenVideo) -> (f64, f64) {
    let first_secs = video.pts_secs.first().copied().unwrap_or_default();
    (first_secs.min(0.0), first_secs + video.duration_secs)
}

fn file_name(path: &Path) -> String {
    crate::one_line(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy())
}

fn in_words(answered: &PreviewJson, tower: &TowerInput) -> String {
    let TokenCounts {
        sampled,
        thumbnail,
        newline,
        total,
    } = answered.counts;
    let newlines = match newline {
        0 => String::new(),
        n => format!(", {n} newlines"),
    };
    let mut text = format!(
        "{total} visual tokens for {}: {sampled} sampled, {thumbnail} of thumbnails{newlines}\n",
        tower.name
    );
    let mut line = |line: String| {
        writeln!(text, "{}", crate::one_line(&line)).expect("BUG: writing to memory cannot fail");
    };
    for notice in &answered.notices {
        line(format!("note: {notice}"));
    }
    for path in [&answered.contact_sheet, &answered.tokens]
        .into_iter()
        .chain(&answered.thumbnails)
    {
        line(path.clone());
    }
    if let (Some(first), Some(last)) = (answered.frames.first(), answered.frames.last()) {
        line(format!("{first} to {last} ({} pictures)", answered.frames.len()));
    }
    text
}
