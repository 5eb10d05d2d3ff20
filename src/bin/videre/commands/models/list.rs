//! `videre models list`: what can be had, what is here, what others have.

use crate::args::ModelsListArgs;
use crate::failure::Failure;
use crate::output::{answer, answer_json};
use std::fmt::Write;
use videre::api::models::{EntryJson, FoundJson, KeptJson, ModelsJson, VariantJson};
use videre::llava::estimate::free_bytes;
use videre::registry::{Catalogue, Hub, fit, found, megabytes};

pub(super) fn run(args: &ModelsListArgs) -> Result<(), Failure> {
    let models = models(&super::catalogue(), &Hub::of_environment());
    if args.json {
        answer_json(&models)
    } else {
        answer(&in_words(&models))
    }
}

fn models(catalogue: &Catalogue, hub: &Hub) -> ModelsJson {
    // Where the system does not say what is free, nothing is said not to fit.
    let free_bytes = free_bytes().unwrap_or(u64::MAX);
    let machine = fit::Machine {
        free_bytes,
        free_gpu_bytes: None,
    };
    let recommended = fit::recommend(catalogue, machine);
    let entries = catalogue.entries().iter().map(|entry| {
        let fits = |variant: &_| fit::fit(catalogue, entry, variant, fit::own_rows(entry), free_bytes);
        EntryJson::new(entry, hub, fits)
    });
    let kept = hub.cache().kept();
    let is_model = |kept: &&videre::registry::KeptRepository| {
        let is_weights = |path: &str| path.ends_with(".gguf") || path.ends_with(".safetensors");
        kept.part_bytes > 0 || kept.files.iter().any(|file| is_weights(&file.path))
    };
    let kept: Vec<KeptJson> = kept.iter().filter(is_model).map(KeptJson::from).collect();
    ModelsJson {
        cache: hub.cache().folder().display().to_string(),
        cache_bytes: kept.iter().map(|kept| kept.n_bytes).sum(),
        recommended: recommended.as_ref().map(|one| fit::name(one.entry, one.variant)),
        reason: recommended.as_ref().map(|one| one.reason.clone()),
        models: entries.collect(),
        kept,
        found: found::found().iter().map(FoundJson::from).collect(),
    }
}

fn in_words(models: &ModelsJson) -> String {
    let mut text = String::new();
    let mut line = |words: &str| writeln!(text, "{words}").expect("BUG: writing to memory cannot fail");
    if let (Some(id), Some(reason)) = (&models.recommended, &models.reason) {
        line(&format!("for this machine: {id}, {reason}\n"));
    }
    for model in &models.models {
        line(&format!("{:<22} {}", model.id, model.good_for));
        for variant in &model.variants {
            line(&format!(
                "  {:<8} {}",
                variant.quantization,
                state(model, variant)
            ));
        }
    }
    if !models.kept.is_empty() {
        line(&format!(
            "\nin {}: {}",
            models.cache,
            megabytes(models.cache_bytes)
        ));
    }
    for kept in &models.kept {
        let part = match kept.part_bytes {
            0 => String::new(),
            bytes => format!(", {} of it half downloaded", megabytes(bytes)),
        };
        line(&format!(
            "  {:<50} {}{part}",
            kept.repository,
            megabytes(kept.n_bytes)
        ));
    }
    for found in &models.found {
        line(&format!(
            "\nin {}: {}, {}",
            found.store,
            found.name,
            megabytes(found.n_bytes)
        ));
        line(&format!(
            "  --model '{}' --mmproj '{}'",
            found.language_file, found.vision_file
        ));
    }
    text
}

fn state(model: &EntryJson, variant: &VariantJson) -> String {
    let here = match (variant.is_here, variant.download_bytes) {
        (true, _) => "here".to_owned(),
        (false, Some(bytes)) => format!("{} to download", megabytes(bytes)),
        (false, None) => "to download".to_owned(),
    };
    let made = if model.is_converted {
        ", made here of its checkpoint"
    } else {
        ""
    };
    let needed = megabytes(variant.needed_bytes);
    let fit = match (variant.fit, &variant.instead) {
        ("fits", _) => format!("fits, needs {needed}"),
        ("tight", _) => format!("tight, needs {needed}"),
        (_, Some(instead)) => format!("does not fit, needs {needed}; {instead} does"),
        (_, None) => format!("does not fit, needs {needed}"),
    };
    format!("{here}{made}; {fit}")
}
