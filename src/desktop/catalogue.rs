//! Models that can be fetched, in the page's words.

use super::Desktop;
use super::describing::{ModelSource, absolute};
use super::disk::n_bytes;
use super::refusal::{of_model, of_registry, sentence};
use crate::api::window::{
    ApiError, Fit, Licence, MemoryEstimate, OfferedModel, OfferedVariant, PresetFit, VariantState,
};
use crate::cancel::CancelToken;
use crate::chat::KeptModel;
use crate::registry::fit::{self, Machine, Recommendation, Verdict};
use crate::registry::{Catalogue, Entry, Hub, RegistryError, Source, Variant, Wanted};
use crate::visual::preset::Preset;

/// The presets that are told of.
const PRESETS: [Preset; 4] = [Preset::Frame, Preset::Fast, Preset::Balanced, Preset::Paper];

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

    /// The model that it is, where all of it is here.
    pub(super) fn here(&self, hub: &Hub) -> Option<ModelSource> {
        here(hub, &self.entry, &self.variant)
    }
}

/// The model that a variant is, where all of it is here.
fn here(hub: &Hub, entry: &Entry, variant: &Variant) -> Option<ModelSource> {
    let [language, vision] = hub.pair(entry, variant)?;
    Some(ModelSource::Pair(KeptModel {
        language_file: absolute(&language),
        vision_file: absolute(&vision),
    }))
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
        let offer = Offer {
            catalogue: &catalogue,
            hub: &Hub::of_environment(),
            free_bytes: machine.free_bytes,
        };
        let mut offers: Vec<OfferedModel> = (catalogue.entries().iter())
            .map(|entry| offer.model(entry, best.as_ref()))
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

/// What offers are made of.
struct Offer<'a> {
    catalogue: &'a Catalogue,
    hub: &'a Hub,
    free_bytes: u64,
}

impl Offer<'_> {
    fn model(&self, entry: &Entry, best: Option<&Recommendation<'_>>) -> OfferedModel {
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
            n_tokens_per_image: entry.tokens_an_image as usize,
            variants: (variants.into_iter())
                .map(|variant| self.variant(entry, variant))
                .collect(),
            reason: best.map(|best| sentence(&best.reason)),
        }
    }

    fn variant(&self, entry: &Entry, variant: &Variant) -> OfferedVariant {
        let fits = PRESETS.map(|preset| {
            let n_rows = preset.n_images() as u64 * entry.tokens_an_image;
            let fit = fit::fit(self.catalogue, entry, variant, n_rows, self.free_bytes);
            (preset, fit)
        });
        // Where not even the smallest preset has room.
        let instead = fits.iter().find(|(preset, _)| *preset == Preset::Frame);
        OfferedVariant {
            id: fit::name(entry, variant),
            quantisation: variant.quantization.clone(),
            download_bytes: variant.download_bytes(),
            is_converted: entry.checkpoint.is_some(),
            instead: instead.and_then(|(_, fit)| fit.instead.clone()),
            fits: fits
                .iter()
                .map(|(preset, fit)| preset_fit(*preset, fit))
                .collect(),
            state: self.state(entry, variant),
        }
    }

    /// Where a variant is.
    fn state(&self, entry: &Entry, variant: &Variant) -> VariantState {
        if let Some(source) = here(self.hub, entry, variant) {
            return VariantState::Here {
                model: source.id(),
                n_bytes: n_bytes(&source.paths()),
            };
        }
        match self.hub.n_bytes_here(entry, variant) {
            0 => VariantState::Absent,
            n_bytes => VariantState::Partial { n_bytes },
        }
    }
}

fn preset_fit(preset: Preset, fit: &fit::Fit) -> PresetFit {
    let needs = &fit.needs;
    PresetFit {
        preset: preset.into(),
        fit: match fit.verdict {
            Verdict::Fits => Fit::Fits,
            Verdict::Tight => Fit::Tight,
            Verdict::DoesNot => Fit::TooLarge,
        },
        memory: MemoryEstimate {
            weights_bytes: needs.weights_bytes + needs.tower_bytes,
            cache_bytes: needs.cache_bytes,
            working_bytes: needs.working_bytes,
            total_bytes: needs.total_bytes(),
            available_bytes: fit.free_bytes,
        },
    }
}
