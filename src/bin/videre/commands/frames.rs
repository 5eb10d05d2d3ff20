//! `videre frames`: chosen frames, exactly, as a list and as pictures.

use crate::args::FramesArgs;
use crate::clock::clock;
use crate::engine::{Place, looking, opened};
use crate::failure::Failure;
use crate::interrupt::cancelled_by_ctrl_c;
use crate::output::{OutFolder, answer, answer_json, frame_file_name};
use crate::progress::Progress;
use image::RgbImage;
use std::fmt::Write;
use std::ops::ControlFlow;
use videre::api::FrameEntryJson;
use videre::visual::sampling::{FrameRef, Sampling, TimeRange, choose};

/// `--rate` on a long film: more than this becomes frames spread evenly.
const MAX_AT_RATE: usize = 100_000;

pub(crate) fn run(args: &FramesArgs, place: Place) -> Result<(), Failure> {
    let cancel = cancelled_by_ctrl_c();
    let engine = looking(place);
    let video = opened(&engine, &args.file, &cancel)?;
    let indices = chosen(args, &video.pts_secs).map_err(|failure| failure.about(&args.file))?;
    let out = args.out.as_deref().map(OutFolder::open).transpose()?;
    let mut entries: Vec<FrameEntryJson> = Vec::with_capacity(indices.len());
    let mut failure = None;
    let mut progress = Progress::new("Decoding");
    let decoded = engine.full_frames(&video, &indices, &cancel, &mut |frame, picture| {
        match keep(out.as_ref(), frame, &picture) {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                failure = Some(error);
                return ControlFlow::Break(());
            }
        }
        progress.set(entries.len() as u64, indices.len() as u64);
        ControlFlow::Continue(())
    });
    drop(progress);
    // What could not be written, rather than that no more was read then.
    failure.map_or(Ok(()), Err)?;
    decoded?;
    if args.json {
        answer_json(&entries)
    } else {
        answer(&in_words(&entries))
    }
}

/// The frames that were asked for, each once, in the order of time.
fn chosen(args: &FramesArgs, pts_secs: &[f64]) -> Result<Vec<usize>, Failure> {
    let sampling = match (args.count, args.rate, &args.indices) {
        (Some(n_frames), _, _) => Sampling::Uniform { n_frames },
        (_, Some(per_second), _) => Sampling::Rate {
            per_second,
            max_frames: MAX_AT_RATE,
        },
        (_, _, Some(indices)) => Sampling::Picks(indices.clone()),
        (None, None, None) => Sampling::Picks(all_in(args.range, pts_secs)?),
    };
    let chosen = choose(pts_secs, args.range, &sampling)?;
    for notice in &chosen.notices {
        tracing::warn!("{notice}");
    }
    let mut indices: Vec<usize> = chosen.frames.iter().map(|frame| frame.index).collect();
    indices.dedup();
    Ok(indices)
}

fn all_in(range: Option<TimeRange>, pts_secs: &[f64]) -> Result<Vec<usize>, Failure> {
    // Choosing one says whether there is any.
    choose(pts_secs, range, &Sampling::Uniform { n_frames: 1 })?;
    let is_inside = |secs: f64| range.is_none_or(|range| (range.start_secs..range.end_secs).contains(&secs));
    Ok((0..pts_secs.len())
        .filter(|&frame| is_inside(pts_secs[frame]))
        .collect())
}

fn keep(out: Option<&OutFolder>, frame: FrameRef, picture: &RgbImage) -> Result<FrameEntryJson, Failure> {
    let name = frame_file_name(frame.index, frame.pts_secs);
    let path = out.map(|out| out.write_png(&name, picture)).transpose()?;
    Ok(FrameEntryJson {
        index: frame.index,
        pts_secs: frame.pts_secs,
        width: picture.width(),
        height: picture.height(),
        path: path.map(|path| path.to_string_lossy().into_owned()),
    })
}

fn in_words(entries: &[FrameEntryJson]) -> String {
    let mut text = String::new();
    for entry in entries {
        let (time, path) = (clock(entry.pts_secs), entry.path.as_deref().unwrap_or_default());
        let line = format!(
            "{:>7}  {time:>12}  {} × {}  {path}",
            entry.index, entry.width, entry.height
        );
        writeln!(text, "{}", crate::one_line(line.trim_end())).expect("BUG: writing to memory cannot fail");
    }
    text
}
