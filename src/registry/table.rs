//! Which model to take, for people who have none: the table in the README.

use std::fmt::Write;

use super::catalogue::{Catalogue, Entry, Variant};
use super::fit::{Machine, most_capable, own_rows, recommend};
use super::megabytes;

/// Memory of machines, GB.
const MEMORIES: [u64; 3] = [8, 16, 32];
/// Memory of GPUs, GB.
const GPU_MEMORIES: [u64; 4] = [6, 8, 12, 24];
/// What a system and a browser have of it.
const TAKEN_BYTES: u64 = 3_000_000_000;
/// What a desktop has of a GPU's.
const GPU_TAKEN_BYTES: u64 = 700_000_000;
/// Frames of a recipe, as [`own_rows`] counts them.
const N_FRAMES: u64 = 16;

/// For each usual machine the model that answers in little time and the most capable one, with what is fetched and how long
/// a first answer takes on processors that do `flops_per_sec`, which `videre bench` measures.
#[must_use]
pub fn which_model(catalogue: &Catalogue, flops_per_sec: f64) -> String {
    let mut table = String::from(
        "| machine | soon answered | download | one thumbnail | 16 frames | most capable | download | 16 frames |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    let machines = MEMORIES.map(|gb| {
        let machine = Machine {
            free_bytes: gb * 1_000_000_000 - TAKEN_BYTES,
            free_gpu_bytes: None,
        };
        (format!("{gb} GB of memory"), machine)
    });
    let gpus = GPU_MEMORIES.map(|gb| {
        let machine = Machine {
            free_bytes: 0,
            free_gpu_bytes: Some(gb * 1_000_000_000 - GPU_TAKEN_BYTES),
        };
        (format!("{gb} GB on the GPU"), machine)
    });
    for (name, machine) in machines.into_iter().chain(gpus) {
        let secs = |entry: &Entry, n_images: u64, n_rows: u64| match machine.free_gpu_bytes {
            Some(_) => String::new(),
            None => rounded(flops(entry, n_images, n_rows) / flops_per_sec),
        };
        let soon = match recommend(catalogue, machine) {
            None => "nano, which comes with the program | | | ".to_owned(),
            Some(best) => format!(
                "{} | {} | {} | {}",
                choice(best.entry, best.variant),
                download(best.entry, best.variant),
                secs(best.entry, 1, best.entry.tokens_a_frame),
                secs(best.entry, N_FRAMES, own_rows(best.entry)),
            ),
        };
        let free_bytes = machine.free_gpu_bytes.unwrap_or(machine.free_bytes);
        let most = match most_capable(catalogue, free_bytes) {
            None => " | | ".to_owned(),
            Some((entry, variant)) => format!(
                "{} | {} | {}",
                choice(entry, variant),
                download(entry, variant),
                secs(entry, N_FRAMES, own_rows(entry)),
            ),
        };
        // Writing into a text cannot fail.
        writeln!(table, "| {name} | {soon} | {most} |").ok();
    }
    table
}

fn choice(entry: &Entry, variant: &Variant) -> String {
    format!("`{}`", super::fit::name(entry, variant))
}

/// What is fetched; a checkpoint has two bytes for each weight.
fn download(entry: &Entry, variant: &Variant) -> String {
    match (&entry.checkpoint, variant.download_bytes()) {
        (None, Some(n_bytes)) => megabytes(n_bytes),
        (None, None) => String::new(),
        (Some(_), _) => format!("{}, then converted", megabytes(2 * entry.language.n_parameters())),
    }
}

/// Multiplications and additions until the first word: pictures through the tower, then rows and some words through the
/// language model.
#[expect(clippy::cast_precision_loss, reason = "an expectation, to two digits")]
fn flops(entry: &Entry, n_images: u64, n_rows: u64) -> f64 {
    /// Words around a question.
    const N_WORDS: u64 = 64;
    let (tower, language) = (&entry.tower, &entry.language);
    let n_patches = tower.n_rows();
    let weights = tower.n_parameters(language) * n_patches;
    let attention = 2 * tower.n_layers * n_patches * n_patches * tower.width;
    let picture = 2 * (weights + attention);
    // The table of words is looked up, not multiplied by.
    let position = 2 * (language.n_parameters() - language.n_vocab * language.width);
    let n_positions = n_rows + N_WORDS;
    let attention = 2 * language.n_layers * n_positions * n_positions * language.n_heads * language.head_dim;
    (n_images * picture + n_positions * position + attention) as f64
}

/// Seconds to two digits.
fn rounded(secs: f64) -> String {
    match secs {
        ..10.0 => format!("{secs:.0} s"),
        10.0..90.0 => format!("{:.0} s", (secs / 5.0).round() * 5.0),
        _ => format!("{:.0} min", secs / 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_grows_with_pictures_and_rows() {
        let catalogue = Catalogue::embedded();
        let entry = &catalogue.entries()[0];
        let one = flops(entry, 1, entry.tokens_a_frame);
        assert!(flops(entry, 2, entry.tokens_a_frame) > one);
        assert!(flops(entry, 1, 2 * entry.tokens_a_frame) > one);
        assert_eq!([4.4, 12.0, 600.0].map(rounded), ["4 s", "10 s", "10 min"]);
    }
}
