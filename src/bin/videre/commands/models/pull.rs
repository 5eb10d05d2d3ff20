//! `videre models pull`: a model into the Hugging Face cache.

use crate::args::PullArgs;
use crate::commands::convert::convert_shown;
use crate::failure::Failure;
use crate::interrupt::cancelled_by_ctrl_c;
use crate::one_line;
use crate::output::{answer, answer_json};
use anstream::eprintln;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use videre::api::models::PulledJson;
use videre::fault::Fault;
use videre::llava::convert::{Conversion, Quant};
use videre::registry::{Catalogue, Hub, Order, Part, Phase, Progress, Pulled, Source, Wanted, megabytes};

pub(super) fn run(args: &PullArgs) -> Result<(), Failure> {
    let wanted: Wanted = args.model.parse()?;
    let (hub, catalogue, cancel) = (Hub::of_environment(), super::catalogue(), cancelled_by_ctrl_c());
    let order = hub.order(&catalogue, &wanted, &cancel)?;
    announce(&order);
    let mut bar = Bar::new();
    let pulled = hub.pull(&order, &cancel, &mut |progress| bar.show(progress));
    drop(bar);
    let pulled = pulled?;
    let made = match checkpoint_of(&order, &pulled) {
        None => None,
        Some(checkpoint) => Some(make_pair(&catalogue, &wanted, checkpoint)?),
    };
    if args.json {
        let made = made.iter().flatten().map(|file| file.display().to_string());
        answer_json(&PulledJson {
            made: made.collect(),
            ..PulledJson::new(&order, &pulled)
        })
    } else {
        answer(&in_words(&order, &pulled, made.as_ref()))
    }
}

/// The folder of the checkpoint that was fetched, if it was one.
fn checkpoint_of(order: &Order, pulled: &Pulled) -> Option<PathBuf> {
    let mut files = order.files.iter().zip(&pulled.files);
    // Its settings lie at its root, whatever else lies deeper.
    let (_, config) = files.find(|(file, _)| file.part == Part::Checkpoint && file.path == "config.json")?;
    Some(config.parent()?.to_owned())
}

/// Makes the pair that the catalogue has no GGUF of: language model, and tower with projector.
fn make_pair(catalogue: &Catalogue, wanted: &Wanted, folder: PathBuf) -> Result<[PathBuf; 2], Failure> {
    let no_pair = |why: &str| Failure::new(Fault::Unsupported, format!("no pair can be made of it: {why}"));
    let Source::Entry(id) = &wanted.source else {
        return Err(no_pair("it is no model of the catalogue"));
    };
    let entry = catalogue.entry(id)?;
    let variant = entry.variant(wanted.quantization.as_deref())?;
    let quant = Quant::named(&variant.quantization)
        .ok_or_else(|| no_pair(&format!("{} is not written here", variant.quantization)))?;
    let out = entry.conversion_folder(variant);
    let out = out.ok_or_else(|| no_pair("nobody knows where models are kept here"))?;
    let converted = convert_shown(&Conversion { folder, out, quant })?;
    Ok([converted.language, converted.vision])
}

/// What will be fetched, and on what terms: before it is.
fn announce(order: &Order) {
    let size = order
        .n_bytes()
        .map_or_else(String::new, |bytes| format!(", {}", megabytes(bytes)));
    eprintln!("{}{size}", one_line(&order.name));
    if let Some(licence) = &order.licence {
        eprintln!(
            "licence: {}, {}",
            one_line(&licence.name),
            one_line(&licence.link)
        );
    }
    for note in &order.notes {
        eprintln!("{}", one_line(note));
    }
}

fn in_words(order: &Order, pulled: &Pulled, made: Option<&[PathBuf; 2]>) -> String {
    let mut text = String::new();
    let mut line = |words: &str| writeln!(text, "{words}").expect("BUG: writing to memory cannot fail");
    let file_of = |part| {
        let mut files = order.files.iter().zip(&pulled.files);
        files
            .find(|(file, _)| file.part == part)
            .map(|(_, path)| path.clone())
    };
    if pulled.n_fetched_bytes == 0 {
        line("everything of it is in the cache already");
    }
    for path in pulled.files.iter().chain(made.into_iter().flatten()) {
        line(&path.display().to_string());
    }
    let fetched = || Some([file_of(Part::Language)?, file_of(Part::Projector)?]);
    if let Some([language, projector]) = made.cloned().or_else(fetched) {
        line(&format!(
            "ask it with: videre ask VIDEO QUESTION --model '{}' --mmproj '{}'",
            language.display(),
            projector.display()
        ));
    }
    text
}

/// A bar with bytes, speed and time; and a line for each trouble. Nothing is drawn where nobody watches.
struct Bar {
    bar: ProgressBar,
    troubles: BTreeMap<String, String>,
}

impl Bar {
    fn new() -> Self {
        let style = ProgressStyle::with_template("{wide_bar} {msg}").expect("BUG: the template is fixed");
        let bar = ProgressBar::new(1).with_style(style.progress_chars("━━─"));
        Self {
            bar,
            troubles: BTreeMap::new(),
        }
    }

    fn show(&mut self, progress: &Progress) {
        for file in &progress.files {
            let known = self.troubles.get(&file.path);
            if file.trouble.as_ref() == known {
                continue;
            }
            match &file.trouble {
                Some(trouble) => {
                    let line = one_line(&format!("{}: {trouble}; trying again", file.path));
                    self.bar.suspend(|| eprintln!("{line}"));
                    self.troubles.insert(file.path.clone(), trouble.clone());
                }
                None => drop(self.troubles.remove(&file.path)),
            }
        }
        self.bar
            .set_length(progress.n_total_bytes.unwrap_or(progress.n_bytes + 1));
        self.bar.set_position(progress.n_bytes);
        self.bar.set_message(in_short(progress));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn in_short(progress: &Progress) -> String {
    let done = megabytes(progress.n_bytes);
    let of = progress
        .n_total_bytes
        .map_or_else(String::new, |total| format!(" of {}", megabytes(total)));
    match (progress.phase, progress.bytes_per_sec, progress.remaining_secs) {
        (Phase::Checking, ..) => format!("checking {done}{of}"),
        (Phase::Downloading, Some(speed), Some(secs)) => {
            format!(
                "{done}{of}, {}/s, {} left",
                megabytes(speed as u64),
                minutes(secs)
            )
        }
        (Phase::Downloading, ..) => format!("{done}{of}"),
        (Phase::Verifying, ..) => format!("verifying {done}"),
        (Phase::Done, ..) => format!("{done}, done"),
    }
}

fn minutes(secs: f64) -> String {
    let secs = secs as u64;
    match secs {
        0..60 => format!("{secs} s"),
        60..3600 => format!("{} min {:02} s", secs / 60, secs % 60),
        _ => format!("{} h {:02} min", secs / 3600, secs / 60 % 60),
    }
}
