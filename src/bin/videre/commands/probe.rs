//! `videre probe`: what a file is.

use crate::args::ProbeArgs;
use crate::clock::clock;
use crate::engine::{Place, looking, opened};
use crate::failure::Failure;
use crate::interrupt::cancelled_by_ctrl_c;
use crate::output::{answer, answer_json};
use std::fmt::Write;
use videre::api::{ProbeJson, TrackJson};

pub(crate) fn run(args: &ProbeArgs, place: Place) -> Result<(), Failure> {
    let video = opened(&looking(place), &args.file, &cancelled_by_ctrl_c())?;
    let probe = ProbeJson::new(&args.file, &video.probe);
    if args.json {
        answer_json(&probe)
    } else {
        answer(&in_words(&probe))
    }
}

/// What a file is, in a line: "640 × 480, 25 frames a second, 0:07.000, h264".
pub(crate) fn summary(probe: &ProbeJson) -> String {
    let mut parts = vec![format!("{} × {}", probe.width, probe.height)];
    parts.extend(probe.average_fps.map(rate));
    parts.push(clock(probe.duration_secs));
    parts.push(probe.codec.clone());
    parts.join(", ")
}

fn in_words(probe: &ProbeJson) -> String {
    let mut text = format!("{}\n", printable(&probe.path));
    let mut line = |name: &str, value: &str| {
        writeln!(text, "  {name:<10} {value}").expect("BUG: writing to memory cannot fail");
    };
    line("video", &video(probe));
    let n_frames = probe
        .n_frames
        .map_or_else(String::new, |n| format!(", {n} frames"));
    line("length", &format!("{}{n_frames}", clock(probe.duration_secs)));
    line("container", &probe.container);
    line("colour", &colour(probe));
    line("sound", &tracks(&probe.audio));
    line("subtitles", &tracks(&probe.subtitles));
    if probe.n_cover_pictures > 0 {
        line(
            "cover",
            "there is a cover picture, which is not taken for the video",
        );
    }
    for warning in &probe.warnings {
        line("note", warning);
    }
    text
}

fn video(probe: &ProbeJson) -> String {
    let mut words = format!("{}, {} × {}", probe.codec, probe.width, probe.height);
    if probe.rotation_degrees != 0 {
        words.push_str(&format!(" (turned by {}°)", probe.rotation_degrees));
    }
    if probe.is_mirrored {
        words.push_str(" (mirrored)");
    }
    if let Some(fps) = probe.average_fps {
        words.push_str(", ");
        words.push_str(&rate(fps));
    }
    match probe.is_constant_rate {
        Some(true) => words.push_str(", constant"),
        Some(false) => words.push_str(" on average, varying"),
        None => {}
    }
    words
}

/// 25 and 29.97, not 25.000 and 29.97003.
fn rate(fps: f64) -> String {
    let fps = format!("{fps:.2}");
    format!(
        "{} frames a second",
        fps.trim_end_matches('0').trim_end_matches('.')
    )
}

fn colour(probe: &ProbeJson) -> String {
    let colour = &probe.colour;
    let tags = [&colour.pixel_format, &colour.matrix, &colour.transfer];
    let mut words: Vec<&str> = tags.into_iter().filter_map(|tag| tag.as_deref()).collect();
    words.dedup();
    words.extend(colour.range.as_deref().map(|range| {
        if range == "pc" {
            "full range"
        } else {
            "limited range"
        }
    }));
    if words.is_empty() {
        "not tagged".to_owned()
    } else {
        words.join(", ")
    }
}

fn tracks(tracks: &[TrackJson]) -> String {
    let track = |track: &TrackJson| match &track.language {
        Some(language) => format!("{} ({language})", track.codec),
        None => track.codec.clone(),
    };
    if tracks.is_empty() {
        "none".to_owned()
    } else {
        tracks.iter().map(track).collect::<Vec<_>>().join(", ")
    }
}

/// Tags and names come from the file; line breaks and terminal commands in them do not reach the terminal.
fn printable(text: &str) -> String {
    crate::one_line(text)
}
