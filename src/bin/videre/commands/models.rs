//! `videre models`: which models there are, getting them, and what they are.

mod list;
mod pull;
mod remove;
mod verify;

use crate::args::{InspectArgs, ModelsCommand};
use crate::failure::Failure;
use crate::output::{answer, answer_json};
use crate::report;
use std::fmt::Write;
use videre::api::ModelJson;
use videre::llava::describe::{DescribeError, describe};
use videre::llava::pair::Pair;
use videre::registry::Catalogue;
use videre::visual::recipes::VideoFamily;

pub(crate) fn run(command: &ModelsCommand) -> Result<(), Failure> {
    match command {
        ModelsCommand::Inspect(args) => inspect(args),
        ModelsCommand::List(args) => list::run(args),
        ModelsCommand::Pull(args) => pull::run(args),
        ModelsCommand::Verify(args) => verify::run(args),
        ModelsCommand::Remove(args) => remove::run(args),
        ModelsCommand::Convert(args) => super::convert::run(args),
    }
}

/// The catalogue, a person's own models in it. What is wrong with those is said, and no reason to stop.
fn catalogue() -> Catalogue {
    let (catalogue, error) = Catalogue::of_user();
    if let Some(error) = error {
        report(&error.into());
    }
    catalogue
}

fn inspect(args: &InspectArgs) -> Result<(), Failure> {
    let pair = match &args.mmproj {
        Some(mmproj) => Pair::of_files(args.model.as_ref(), mmproj)?,
        None => Pair::find(&args.model)?,
    };
    let description: Result<_, DescribeError> = describe(&pair);
    let model = ModelJson::new(&description?);
    if args.json {
        answer_json(&model)
    } else {
        answer(&in_words(&model))
    }
}

fn in_words(model: &ModelJson) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        writeln!(text, "  {name:<10} {value}").expect("BUG: writing to memory cannot fail");
    };
    line("family", &family(model));
    line("language", &model.language_file);
    let name = model
        .name
        .as_deref()
        .map_or_else(String::new, |name| format!("\"{name}\", "));
    line(
        "",
        &format!(
            "{name}{}, {} layers of {}, {} heads ({} for keys), context {}",
            model.architecture,
            model.n_layers,
            model.width,
            model.n_heads,
            model.n_kv_heads,
            model.context_len
        ),
    );
    line("vision", &model.vision_file);
    line(
        "",
        &format!(
            "{}, {} × {} pixels in patches of {}, {}{} tokens a picture, {} blocks",
            model.tower,
            model.side_px,
            model.side_px,
            model.patch_px,
            shuffled(model),
            model.n_patches,
            model.n_blocks
        ),
    );
    line("weights", &formats(model));
    let stops = model.stop_tokens.join(" ");
    line(
        "tokenizer",
        &format!("{}, {} tokens, stops at {stops}", model.tokenizer, model.n_tokens),
    );
    line(
        "template",
        &format!("{} ({})", model.template, model.template_reason),
    );
    line(
        "memory",
        &format!("{} at the whole context", gigabytes(model.memory_bytes)),
    );
    text
}

/// Its name for people, and what follows of it.
fn family(model: &ModelJson) -> String {
    let family = model.family.as_deref().and_then(VideoFamily::named);
    match family {
        Some(family) => format!("{}, with a way of its own to be shown videos", family.title()),
        None => "none that was trained on videos".to_owned(),
    }
}

/// How many patches make a token, where it is not one.
fn shuffled(model: &ModelJson) -> String {
    match model.token_px / model.patch_px.max(1) {
        0 | 1 => String::new(),
        side => format!("{side} × {side} of them a token, "),
    }
}

fn formats(model: &ModelJson) -> String {
    let format = |(name, bytes): (&String, &u64)| format!("{name} {}", gigabytes(*bytes));
    model
        .weight_bytes
        .iter()
        .map(format)
        .collect::<Vec<_>>()
        .join(", ")
}

#[expect(clippy::cast_precision_loss, reason = "for reading, with two digits")]
fn gigabytes(bytes: u64) -> String {
    format!("{:.2} GB", bytes as f64 / 1e9)
}
