//! Models that can be fetched, in the page's words.

use std::path::PathBuf;

use super::Desktop;
use super::describing::{ModelSource, absolute};
use super::folders::pair_in;
use super::refusal::{of_model, of_registry, sentence};
use crate::api::window::{
    ApiError, Fit, Licence, MemoryEstimate, OfferedModel, OfferedVariant, PresetFit, PresetName, VariantState,
};
use crate::cancel::CancelToken;
use crate::chat::KeptModel;
use crate::registry::fit::{self, Machine, Needs, Recommendation, Verdict};
use crate::registry::{Catalogue, Entry, Hub, Order, Part, RegistryError, Source, Variant, Wanted};

/// The presets that are told of, with how many frames' worth of rows each gives.
const PRESETS: [(PresetName, u64); 4] = [
    (PresetName::Frame, 1),
    (PresetName::Fast, 1),
    (PresetName::Balanced, 4),
    (PresetName::Paper, 6),
];

/// A variant of an entry of the catalogue.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) entry: Entry,
    pub(super) variant: Variant,
}

impl Choice {
    /// Its id for the page.
    pub(super) fn id(&self) -> String {
        fit::name(&self.entry, &self.variant)
    }

    /// Its name for people.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.entry.name, self.variant.quantization)
    }

    /// What is fetched for it; of a checkpoint, the hub is asked which files it has, unless they are here.
    pub(super) fn order(&self, hub: &Hub, cancel: &CancelToken) -> Result<Order, RegistryError> {
        let (catalogue, _) = Catalogue::of_user();
        hub.order(&catalogue, &self.id().parse()?, cancel)
    }

    /// The pair, where all of it is here.
    fn here(&self, hub: &Hub) -> Option<ModelSource> {
        if self.entry.checkpoint.is_some() {
            let (language_file, vision_file) = pair_in(&self.entry.conversion_folder(&self.variant)?)?;
            return Some(ModelSource::Pair(KeptModel {
                language_file,
                vision_file,
            }));
        }
        let files = hub.find(&self.entry.order(&self.variant))?;
        Some(self.source(&files))
    }

    /// The model that the files of its order are.
    pub(super) fn source(&self, files: &[PathBuf]) -> ModelSource {
        let of = |part: Part| {
            let position = self.variant.files.iter().position(|file| file.part == part);
            position
                .and_then(|position| files.get(position))
                .map(|file| absolute(file))
        };
        match (of(Part::Language), of(Part::Projector)) {
            (Some(language_file), Some(vision_file)) => ModelSource::Pair(KeptModel {
                language_file,
                vision_file,
            }),
            _ => ModelSource::Embedded,
        }
    }
}

impl Desktop {
    /// The models that can be fetched, the one that suits this machine best first, with where each is. No network is asked.
    ///
    /// # Errors
    /// `cancelled`; why the model's worker, which knows the machine, does not answer.
    pub fn catalogue(&self, cancel: &CancelToken) -> Result<Vec<OfferedModel>, ApiError> {
        let (catalogue, problem) = Catalogue::of_user();
        if let Some(problem) = problem {
            tracing::warn!(%problem, "only the catalogue of the program is offered");
        }
        let machine = Machine {
            free_bytes: self.free_bytes(cancel)?,
            free_gpu_bytes: None,
        };
        let best = fit::recommend(&catalogue, machine);
        let hub = Hub::of_environment();
        let mut offers: Vec<OfferedModel> = (catalogue.entries().iter())
            .map(|entry| offered(entry, best.as_ref(), machine.free_bytes, &hub))
            .collect();
        offers.sort_by_key(|offer| offer.reason.is_none());
        Ok(offers)
    }

    /// The variant of that id.
    pub(super) fn choice(&self, variant: &str) -> Result<Choice, ApiError> {
        let (catalogue, _) = Catalogue::of_user();
        let chosen = variant.parse::<Wanted>().and_then(|wanted| {
            let Source::Entry(id) = &wanted.source else {
                return Err(RegistryError::NotAName {
                    text: variant.to_owned(),
                });
            };
            let entry = catalogue.entry(id)?;
            let variant = entry.variant(wanted.quantization.as_deref())?;
            Ok(Choice {
                entry: entry.clone(),
                variant: variant.clone(),
            })
        });
        chosen.map_err(of_registry)
    }

    /// Memory that a model could have: what is free, and what the loaded one would give back.
    fn free_bytes(&self, cancel: &CancelToken) -> Result<u64, ApiError> {
        let machine = self.engine.machine(cancel).map_err(of_model)?;
        let given_back = self.models.loaded().map_or(0, |loaded| loaded.given_back_bytes());
        Ok(machine.memory_available_bytes + given_back)
    }
}

fn offered(entry: &Entry, best: Option<&Recommendation<'_>>, free_bytes: u64, hub: &Hub) -> OfferedModel {
    let best = best.filter(|best| best.entry.id == entry.id);
    let mut variants: Vec<&Variant> = entry.variants.iter().collect();
    variants.sort_by_key(|variant| best.is_some_and(|best| best.variant != *variant));
    OfferedModel {
        id: entry.id.clone(),
        name: entry.name.clone(),
        good_for: entry.good_for.clone(),
        licence: Licence {
            name: entry.licence.name.clone(),
            link: entry.licence.link.clone(),
        },
        n_context: entry.context_len as usize,
        n_tokens_per_image: entry.tokens_a_frame as usize,
        variants: (variants.into_iter())
            .map(|variant| offered_variant(entry, variant, free_bytes, hub))
            .collect(),
        reason: best.map(|best| sentence(&best.reason)),
    }
}

fn offered_variant(entry: &Entry, variant: &Variant, free_bytes: u64, hub: &Hub) -> OfferedVariant {
    let fits = PRESETS.map(|(preset, n_images)| {
        let needs = Needs::of(entry, variant, n_images * entry.tokens_a_frame);
        PresetFit {
            preset,
            fit: match Verdict::of(needs.total_bytes(), free_bytes) {
                Verdict::Fits => Fit::Fits,
                Verdict::Tight => Fit::Tight,
                Verdict::DoesNot => Fit::TooLarge,
            },
            memory: MemoryEstimate {
                weights_bytes: needs.weights_bytes + needs.tower_bytes,
                cache_bytes: needs.cache_bytes,
                working_bytes: needs.working_bytes,
                total_bytes: needs.total_bytes(),
                available_bytes: free_bytes,
            },
        }
    });
    let choice = Choice {
        entry: entry.clone(),
        variant: variant.clone(),
    };
    OfferedVariant {
        id: choice.id(),
        quantisation: variant.quantization.clone(),
        download_bytes: variant.download_bytes(),
        is_converted: entry.checkpoint.is_some(),
        fits: fits.to_vec(),
        state: state(&choice, hub),
    }
}

/// Where a variant is.
fn state(choice: &Choice, hub: &Hub) -> VariantState {
    if let Some(source) = choice.here(hub) {
        return VariantState::Here {
            model: source.id(),
            n_bytes: source.paths().iter().map(size).sum(),
        };
    }
    match hub.n_bytes_here(&choice.entry.order(&choice.variant)) {
        0 => VariantState::Absent,
        n_bytes => VariantState::Partial { n_bytes },
    }
}

fn size(file: &PathBuf) -> u64 {
    std::fs::metadata(file).map_or(0, |about| about.len())
}
