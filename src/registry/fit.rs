//! Whether a model fits a machine, said before it is fetched, from the catalogue's numbers.

use super::catalogue::{Catalogue, Entry, Language, Tower, Variant};
use super::megabytes;
use super::memory;

/// Bytes of a number in the cache of keys and values.
const F16_BYTES: u64 = 2;
/// Positions for the words around the frames, and the answer.
const N_WORD_POSITIONS: u64 = 1024;

/// Memory by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Weights of the language model.
    pub weights_bytes: u64,
    /// Weights of tower and projector.
    pub tower_bytes: u64,
    /// Keys and values of all positions.
    pub cache_bytes: u64,
    /// What a step needs beside them.
    pub working_bytes: u64,
}

impl Needs {
    /// What a variant needs for `n_rows` of video: what a preset gives for its tower, or its own recipe.
    #[must_use]
    pub fn of(entry: &Entry, variant: &Variant, n_rows: u64) -> Self {
        let n_positions = (n_rows + N_WORD_POSITIONS).min(entry.context_len);
        Self {
            weights_bytes: variant.weights_bytes,
            tower_bytes: variant.tower_bytes,
            cache_bytes: cache_bytes(&entry.language, n_positions),
            working_bytes: working_bytes(&entry.language, &entry.tower),
        }
    }

    /// All of it.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.weights_bytes + self.tower_bytes + self.cache_bytes + self.working_bytes
    }
}

/// Keys and values of `n_positions`.
#[must_use]
pub fn cache_bytes(language: &Language, n_positions: u64) -> u64 {
    let Language {
        n_layers,
        n_kv_heads,
        head_dim,
        ..
    } = *language;
    memory::cache_bytes(n_layers * n_kv_heads * head_dim, n_positions, F16_BYTES)
}

/// What a step needs beside weights and cache.
#[must_use]
pub fn working_bytes(language: &Language, tower: &Tower) -> u64 {
    let decoder = memory::decoder_values(language.width, language.feed_forward, language.n_vocab);
    let encoder = memory::layer_values(tower.n_rows(), tower.width, tower.feed_forward);
    memory::working_bytes(decoder, encoder)
}

/// Whether there is room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// With room for other programs.
    Fits,
    /// With little left: other programs may have to make room.
    Tight,
    /// It does not.
    DoesNot,
}

impl Verdict {
    /// What needing `needed_bytes` of `free_bytes` is: tight is what leaves less than a tenth.
    #[must_use]
    pub fn of(needed_bytes: u64, free_bytes: u64) -> Self {
        if needed_bytes > free_bytes {
            Self::DoesNot
        } else if needed_bytes > free_bytes / 10 * 9 {
            Self::Tight
        } else {
            Self::Fits
        }
    }
}

/// How a variant fits a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// Whether there is room.
    pub verdict: Verdict,
    /// What it needs.
    pub needs: Needs,
    /// What there is.
    pub free_bytes: u64,
    /// The best smaller choice that has room, where this one has none: `ID:QUANT`.
    pub instead: Option<String>,
}

/// How a variant fits, with `n_rows` of video and `free_bytes` of memory, or of the GPU's; of a catalogue that may have a
/// smaller one.
#[must_use]
pub fn fit(catalogue: &Catalogue, entry: &Entry, variant: &Variant, n_rows: u64, free_bytes: u64) -> Fit {
    let needs = Needs::of(entry, variant, n_rows);
    let verdict = Verdict::of(needs.total_bytes(), free_bytes);
    Fit {
        verdict,
        needs,
        free_bytes,
        instead: match verdict {
            Verdict::DoesNot => smaller(catalogue, entry, &needs, free_bytes),
            _ => None,
        },
    }
}

/// The largest smaller choice that has room: of the same model first, else of any.
fn smaller(catalogue: &Catalogue, entry: &Entry, needs: &Needs, free_bytes: u64) -> Option<String> {
    let best_of = |entry: &Entry| {
        let choices = entry.variants.iter().map(|variant| {
            let needed = Needs::of(entry, variant, own_rows(entry)).total_bytes();
            (needed, name(entry, variant))
        });
        choices
            .filter(|(needed, _)| *needed <= free_bytes && *needed < needs.total_bytes())
            .max()
    };
    let of_same = best_of(entry);
    let of_any = || catalogue.entries().iter().filter_map(best_of).max();
    of_same.or_else(of_any).map(|(_, name)| name)
}

/// As it is typed: `ID:QUANT`.
#[must_use]
pub fn name(entry: &Entry, variant: &Variant) -> String {
    format!("{}:{}", entry.id, variant.quantization)
}

/// Rows of a short clip in the model's own recipe: 16 frames.
#[must_use]
pub fn own_rows(entry: &Entry) -> u64 {
    16 * entry.tokens_a_frame
}

/// What there is to run a model on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Memory that programs can still take.
    pub free_bytes: u64,
    /// The same of a GPU that can be used, where there is one.
    pub free_gpu_bytes: Option<u64>,
}

/// The model for a machine, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation<'a> {
    /// The model.
    pub entry: &'a Entry,
    /// Its quantization.
    pub variant: &'a Variant,
    /// How it fits.
    pub fit: Fit,
    /// Why this one, in a sentence without a full stop.
    pub reason: String,
}

/// Without a GPU, more than this (bytes of weights, by rows of a short clip) takes more than a minute to the first word on
/// two cores.
const PATIENT_WORK: u64 = 2_500_000_000_000;

/// A variant that has room.
#[derive(Clone)]
struct Choice<'a> {
    entry: &'a Entry,
    variant: &'a Variant,
    fit: Fit,
}

impl Choice<'_> {
    /// The better model; of one model the usual variant, as what is larger brings little.
    fn rank(&self) -> (u8, bool) {
        (
            self.entry.quality,
            self.entry.variants.first() == Some(self.variant),
        )
    }

    fn is_quick(&self) -> bool {
        let n_rows = own_rows(self.entry).min(self.entry.context_len);
        self.fit.needs.weights_bytes.saturating_mul(n_rows) <= PATIENT_WORK
    }
}

/// The model that suits a machine best: the best that fits, and without a GPU the best of those that a processor reads a
/// video with in little time. `None` where nothing fits.
#[must_use]
pub fn recommend(catalogue: &Catalogue, machine: Machine) -> Option<Recommendation<'_>> {
    let (free_bytes, is_gpu) = match machine.free_gpu_bytes {
        Some(free_bytes) => (free_bytes, true),
        None => (machine.free_bytes, false),
    };
    let mut fitting = Vec::new();
    // Making a pair of a checkpoint is more than a first model should ask for.
    for entry in catalogue
        .entries()
        .iter()
        .filter(|entry| entry.checkpoint.is_none())
    {
        for variant in &entry.variants {
            let fit = fit(catalogue, entry, variant, own_rows(entry), free_bytes);
            if fit.verdict == Verdict::Fits {
                fitting.push(Choice { entry, variant, fit });
            }
        }
    }
    let quick = fitting.iter().filter(|choice| is_gpu || choice.is_quick());
    let best = quick.max_by_key(|choice| choice.rank());
    let best = best.or_else(|| fitting.iter().min_by_key(|choice| choice.fit.needs.weights_bytes))?;
    let Choice { entry, variant, fit } = best.clone();
    let reason = reason(&fit, is_gpu);
    Some(Recommendation {
        entry,
        variant,
        fit,
        reason,
    })
}

/// The model that answers best of all that have room in `free_bytes`, for whoever has patience: also one that is made of a
/// checkpoint after the download. `None` where nothing has.
#[must_use]
pub fn most_capable(catalogue: &Catalogue, free_bytes: u64) -> Option<(&Entry, &Variant)> {
    let choices = catalogue.entries().iter().flat_map(|entry| {
        let fitting = entry.variants.iter().find(|variant| {
            let fit = fit(catalogue, entry, variant, own_rows(entry), free_bytes);
            fit.verdict == Verdict::Fits
        });
        fitting.map(|variant| (entry, variant))
    });
    choices.max_by_key(|(entry, _)| entry.quality)
}

fn reason(fit: &Fit, is_gpu: bool) -> String {
    let needed = megabytes(fit.needs.total_bytes());
    let free = megabytes(fit.free_bytes);
    if is_gpu {
        format!("the best at videos that fits the GPU: it needs {needed} of {free}")
    } else {
        format!(
            "the best at videos that a processor answers with in little time: it needs {needed} of {free}"
        )
    }
}
