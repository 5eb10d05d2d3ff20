//! What is known of a pair and of work without loading anything: read off headers and off what is kept.

use std::path::Path;

use sysinfo::System;

use super::loaded::pair;
use super::names::Names;
use super::reading::{Words, count};
use super::{ModelRole, failed};
use crate::engine::requests::model::{
    CountTokens, Describe, Excerpt, Foresee, Foresight, Machine, MemoryNeed, ModelName, PairDescription,
    TokenCount,
};
use crate::engine::requests::open_model::OpenModel;
use crate::fault::{Failure, Fault};
use crate::gguf::Gguf;
use crate::llava::describe::describe;
use crate::llava::estimate::{estimate, free_bytes};
use crate::llava::pair::{Pair, PairError};
use crate::llava::template::ChatTemplate;
use crate::llava::tokenizer::{Place, Span, Tokenizer};
use crate::llava::{USUAL_CONTEXT, name_of, vision_identity};
use crate::question::PromptForm;
use crate::visual::around::Around;
use crate::visual::family::ImageMarkers;
use crate::visual::geometry::TowerGeometry;
use crate::visual::plan::{Plan, RowSource};
use crate::worker::{Call, Handle, Nothing};

/// A pair of which the headers were read.
pub(super) struct Headers {
    name: ModelName,
    tokenizer: Tokenizer,
    template: ChatTemplate,
    vision_identity: [u8; 32],
    markers: ImageMarkers,
    geometry: TowerGeometry,
    n_context: usize,
}

impl Handle<Describe> for ModelRole {
    fn handle(
        &mut self,
        Describe { model }: Describe,
        _call: &mut Call<'_, Nothing>,
    ) -> Result<PairDescription, Failure> {
        let pair = pair(&model, no_pair)?;
        let description = describe(&pair).map_err(failed)?;
        let n_held = description.language.context_len.min(USUAL_CONTEXT);
        let memory = estimate(&pair, n_held as u64, 2).map_err(failed)?;
        let file = |gguf: &Gguf| match model.name {
            ModelName::Embedded => None,
            ModelName::Named { .. } => Some(Path::new(gguf.source().name()).as_os_str().to_owned()),
        };
        Ok(PairDescription {
            language_file: file(&pair.language),
            vision_file: file(&pair.vision),
            name: name_of(&pair),
            quantization: quantization(&pair, &description.language.weight_bytes),
            architecture: description.language.architecture.clone(),
            n_params: description.language.n_params,
            tower: description.vision.kind.to_owned(),
            side_px: description.vision.side_px as u32,
            patch_px: description.vision.token_px as u32,
            n_context: description.language.context_len,
            memory: MemoryNeed {
                weights_bytes: memory.weights_bytes + memory.tower_bytes,
                cache_bytes: memory.cache_bytes,
                working_bytes: memory.working_bytes,
                free_bytes: free_bytes(),
            },
        })
    }
}

impl Handle<CountTokens> for ModelRole {
    fn handle(&mut self, count: CountTokens, _call: &mut Call<'_, Nothing>) -> Result<TokenCount, Failure> {
        let headers = self.headers_of(&count.model)?;
        let ids = headers
            .tokenizer
            .encode(&[Span::user(&count.words)], Place::Inside);
        Ok(TokenCount(ids.map_err(failed)?.len()))
    }
}

impl Handle<Foresee> for ModelRole {
    fn handle(&mut self, foresee: Foresee, _call: &mut Call<'_, Nothing>) -> Result<Foresight, Failure> {
        self.headers_of(&foresee.model)?;
        let headers = self.headers.as_ref().expect("BUG: it was just read");
        let plans = (foresee.excerpts.iter())
            .map(|excerpt| excerpt.plan(headers.geometry))
            .collect::<Result<Vec<Plan>, Failure>>()?;
        let kept = foresee.excerpts.iter().zip(&plans);
        let is_kept = kept
            .map(|(excerpt, plan)| self.kept(headers, excerpt, plan))
            .collect();
        let inner: Vec<(Plan, Around)> = plans.into_iter().map(Plan::into_inner).collect();
        let n_words = inner
            .iter()
            .map(|(plan, around)| {
                let n_fixed = headers.words(foresee.form, around).n_fixed().map_err(failed)?;
                Ok(n_fixed + headers.n_texts(plan)?)
            })
            .collect::<Result<Vec<usize>, Failure>>()?;
        let nothing = Around::default();
        let (n_texts, n_rows, around) = match inner.first() {
            Some((plan, around)) => (headers.n_texts(plan)?, plan.counts().total, around),
            None => (0, 0, &nothing),
        };
        let words = headers.words(foresee.form, around);
        let counted = count(words, &foresee, n_rows + n_texts, headers.n_context).map_err(failed)?;
        Ok(Foresight {
            is_kept,
            n_words,
            n_fixed: counted.n_fixed + n_texts,
            n_chat: counted.n_chat,
            n_forgotten: counted.n_forgotten,
        })
    }
}

impl Excerpt {
    /// The plan, for a tower of this geometry, which has to be the one that was counted and shown.
    ///
    /// # Errors
    /// A recipe without a plan; one for another tower, or that comes to another plan here: a fault of the program.
    pub(super) fn plan(&self, geometry: TowerGeometry) -> Result<Plan, Failure> {
        let plan = self.recipe.plan().map_err(failed)?;
        if self.recipe.geometry == geometry && plan.digest() == self.digest {
            return Ok(plan);
        }
        let text = "what the model would get is not what was planned";
        Err(Failure::new(Fault::Machine, text).with_hint("this is a fault of the program; please report it"))
    }
}

impl ModelRole {
    /// The headers of a pair, which are read once.
    fn headers_of(&mut self, model: &OpenModel) -> Result<&Headers, Failure> {
        let known = self.headers.take().filter(|headers| headers.name == model.name);
        let headers = match known {
            Some(headers) => headers,
            None => Headers::of(model)?,
        };
        Ok(self.headers.insert(headers))
    }

    /// For each image of a plan, whether its features are on disk.
    fn kept(&self, headers: &Headers, excerpt: &Excerpt, plan: &Plan) -> Vec<bool> {
        let names = Names::new(&excerpt.video, excerpt.recipe.fit, &headers.vision_identity);
        let features = self.stores.as_ref().map(|stores| &stores.features);
        let is_kept =
            |image| features.is_some_and(|features| features.has(&excerpt.video, &names.image(image)));
        plan.images.iter().map(is_kept).collect()
    }
}

impl Headers {
    fn words<'a>(&'a self, form: PromptForm, around: &'a Around) -> Words<'a> {
        Words {
            template: &self.template,
            tokenizer: &self.tokenizer,
            form,
            markers: &self.markers,
            told_pts_secs: None,
            around,
        }
    }

    /// Tokens of the texts among a plan's rows.
    fn n_texts(&self, plan: &Plan) -> Result<usize, Failure> {
        let mut n_tokens = 0;
        for row in &plan.rows {
            if let RowSource::Text(text) = row {
                let ids = self
                    .tokenizer
                    .encode(&[Span::template(text.as_str())], Place::Inside);
                n_tokens += ids.map_err(failed)?.len();
            }
        }
        Ok(n_tokens)
    }

    fn of(model: &OpenModel) -> Result<Self, Failure> {
        let pair = pair(model, no_pair)?;
        let tokenizer = Tokenizer::read(&pair.language).map_err(failed)?;
        let description = describe(&pair).map_err(failed)?;
        let (side_px, patch_px) = (
            description.vision.side_px as u32,
            description.vision.token_px as u32,
        );
        let geometry = TowerGeometry::new(side_px, patch_px)
            .map_err(|error| Failure::new(Fault::Unreadable, error.to_string()))?;
        Ok(Self {
            name: model.name.clone(),
            template: ChatTemplate::choose(&pair.language, &tokenizer),
            tokenizer,
            vision_identity: vision_identity(&pair),
            markers: description.vision.family.markers(),
            geometry,
            n_context: description.language.context_len,
        })
    }
}

/// Why files are no pair, with advice for somebody who chose them in a window.
fn no_pair(error: PairError) -> Failure {
    let hint = match &error {
        PairError::LoneLanguageModel { .. } => {
            Some("choose both files: also the mmproj file that came with this language model")
        }
        PairError::LoneProjector { .. } => {
            Some("choose both files: also the language model that this mmproj file came with")
        }
        PairError::Ambiguous { .. } => Some("choose the two files instead of their folder"),
        _ => None,
    };
    let failure = failed(error);
    match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

/// How the weights are stored, as model pages name it: what the file says of itself, else the format that most of the
/// language model's bytes have.
fn quantization(pair: &Pair, weight_bytes: &std::collections::BTreeMap<&'static str, u64>) -> String {
    let named = pair.language.u64("general.file_type").ok().flatten();
    let most = || {
        weight_bytes
            .iter()
            .max_by_key(|(_, bytes)| **bytes)
            .map(|(name, _)| *name)
    };
    named
        .and_then(file_type)
        .or_else(most)
        .unwrap_or_default()
        .to_owned()
}

/// The names of `general.file_type` (llama.cpp's `llama_ftype`).
fn file_type(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        7 => "Q8_0",
        8 => "Q5_0",
        9 => "Q5_1",
        10 => "Q2_K",
        11 => "Q3_K_S",
        12 => "Q3_K_M",
        13 => "Q3_K_L",
        14 => "Q4_K_S",
        15 => "Q4_K_M",
        16 => "Q5_K_S",
        17 => "Q5_K_M",
        18 => "Q6_K",
        32 => "BF16",
        _ => return None,
    })
}

/// This build and this machine.
pub(super) fn machine() -> Machine {
    let memory = System::new().ok().map(|mut system| {
        system.refresh_memory();
        (system.total_memory(), system.available_memory())
    });
    let (memory_bytes, memory_available_bytes) = memory.unwrap_or_default();
    let features = [
        ("media", cfg!(feature = "media")),
        ("llava", true),
        ("cuda", cfg!(feature = "cuda")),
        ("metal", cfg!(feature = "metal")),
    ];
    Machine {
        features: features
            .into_iter()
            .filter(|(_, is_in)| *is_in)
            .map(|(name, _)| name.to_owned())
            .collect(),
        system: System::long_os_version().unwrap_or_else(|_unheaders| std::env::consts::OS.to_owned()),
        n_cpus: std::thread::available_parallelism().map_or(1, usize::from),
        memory_bytes,
        memory_available_bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::FileIdentity;
    use crate::visual::preprocess::Fit;
    use crate::visual::recipe::Recipe;
    use crate::visual::sampling::FrameRef;
    use crate::visual::strategy::Strategy;

    fn recipe(geometry: TowerGeometry) -> Recipe {
        let frame = |index: usize| FrameRef {
            index,
            pts_secs: index as f64 / 25.0,
        };
        Recipe {
            frames: (0..8).map(frame).collect(),
            strategy: Strategy::Sampled { n_sampled: 100 },
            geometry,
            fit: Fit::Squash,
            duration_secs: 0.0,
        }
    }

    #[test]
    fn a_recipe_that_comes_to_another_plan_than_was_counted_is_refused() {
        let (geometry, other) = (TowerGeometry::CLIP_L_336, TowerGeometry::CLIP_L_224);
        let planned = recipe(geometry).plan().expect("it has a plan");
        let mut excerpt = Excerpt {
            video: FileIdentity::known("ab".to_owned()),
            recipe: recipe(geometry),
            digest: planned.digest(),
        };
        assert_eq!(excerpt.plan(geometry), Ok(planned));
        assert!(excerpt.plan(other).is_err(), "another tower");
        excerpt.recipe.frames[3].pts_secs += 0.001;
        assert!(excerpt.plan(geometry).is_err(), "another frame");
        excerpt.recipe = recipe(geometry);
        excerpt.recipe.strategy = Strategy::Sampled { n_sampled: 101 };
        assert!(excerpt.plan(geometry).is_err(), "other rows");
    }
}
