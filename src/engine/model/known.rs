//! What is known of a pair and of work without loading anything: read off headers and off what is kept.

use std::path::Path;

use sysinfo::System;

use super::loaded::pair;
use super::names::Names;
use super::reading::{Words, count};
use super::{ModelRole, failed};
use crate::api::{
    DescribedJson, ExaminedJson, ForeseeJson, ForeseenJson, MemoryJson, ModelEvent, ModelName, VideoJson,
};
use crate::fault::{Failure, Fault};
use crate::gguf::Gguf;
use crate::llava::describe::describe;
use crate::llava::estimate::{estimate, free_bytes};
use crate::llava::pair::{Pair, PairError};
use crate::llava::template::ChatTemplate;
use crate::llava::tokenizer::Tokenizer;
use crate::llava::{USUAL_CONTEXT, name_of, vision_identity};
use crate::visual::compose as plans;
use crate::visual::geometry::TowerGeometry;
use crate::visual::plan::Plan;
use crate::visual::sampling::Chosen;
use crate::worker::Emit;

/// A pair of which the headers were read.
pub(super) struct Known {
    name: ModelName,
    tokenizer: Tokenizer,
    template: ChatTemplate,
    vision_identity: [u8; 32],
    geometry: TowerGeometry,
    n_context: usize,
}

impl ModelRole {
    pub(super) fn describe(
        &mut self,
        model: &ModelName,
        emit: &mut Emit<'_, ModelEvent>,
    ) -> Result<(), Failure> {
        let pair = pair(model, no_pair)?;
        let description = describe(&pair).map_err(failed)?;
        let n_held = description.language.context_len.min(USUAL_CONTEXT);
        let memory = estimate(&pair, n_held as u64, 2).map_err(failed)?;
        let file = |gguf: &Gguf| match model {
            ModelName::Embedded => None,
            ModelName::Named { .. } => Some(Path::new(gguf.source().name()).as_os_str().to_owned()),
        };
        let described = DescribedJson {
            language_file: file(&pair.language),
            vision_file: file(&pair.vision),
            name: name_of(&pair),
            quantization: quantization(&pair, &description.language.weight_bytes),
            architecture: description.language.architecture.clone(),
            tower: description.vision.kind.to_owned(),
            side_px: description.vision.side_px as u32,
            patch_px: description.vision.patch_px as u32,
            n_context: description.language.context_len,
            memory: MemoryJson {
                weights_bytes: memory.weights_bytes + memory.tower_bytes,
                cache_bytes: memory.cache_bytes,
                working_bytes: memory.working_bytes,
                free_bytes: free_bytes(),
            },
        };
        emit(ModelEvent::Described(Box::new(described)), &[]);
        Ok(())
    }

    pub(super) fn foresee(
        &mut self,
        asked: &ForeseeJson,
        emit: &mut Emit<'_, ModelEvent>,
    ) -> Result<(), Failure> {
        if self.known.as_ref().is_none_or(|known| known.name != asked.model) {
            self.known = Some(Known::of(&asked.model)?);
        }
        let known = self.known.as_ref().expect("BUG: it was just read");
        let plans = (asked.looks.iter())
            .map(|look| known.plan(look))
            .collect::<Result<Vec<Plan>, Failure>>()?;
        let kept = asked.looks.iter().zip(&plans);
        let is_kept = kept.map(|(look, plan)| self.kept(known, look, plan)).collect();
        let words = Words {
            template: &known.template,
            tokenizer: &known.tokenizer,
            form: asked.form,
            told_pts_secs: None,
        };
        let n_visual = plans.first().map_or(0, |plan| plan.counts().total);
        let counted = count(words, asked, n_visual, known.n_context).map_err(failed)?;
        let foreseen = ForeseenJson {
            is_kept,
            n_fixed: counted.n_fixed,
            n_chat: counted.n_chat,
            n_forgotten: counted.n_forgotten,
        };
        emit(ModelEvent::Foreseen(foreseen), &[]);
        Ok(())
    }

    /// For each image of a plan, whether its features are on disk.
    fn kept(&self, known: &Known, look: &VideoJson, plan: &Plan) -> Vec<bool> {
        let names = Names::new(&look.identity, look.fit.into(), &known.vision_identity);
        let features = self.stores.as_ref().map(|stores| &stores.features);
        let is_kept =
            |image| features.is_some_and(|features| features.has(&look.identity, &names.image(image)));
        plan.images.iter().map(is_kept).collect()
    }
}

impl Known {
    fn of(name: &ModelName) -> Result<Self, Failure> {
        let pair = pair(name, no_pair)?;
        let tokenizer = Tokenizer::read(&pair.language).map_err(failed)?;
        let description = describe(&pair).map_err(failed)?;
        let (side_px, patch_px) = (
            description.vision.side_px as u32,
            description.vision.patch_px as u32,
        );
        let geometry = TowerGeometry::new(side_px, patch_px)
            .map_err(|error| Failure::new(Fault::Unreadable, error.to_string()))?;
        Ok(Self {
            name: name.clone(),
            template: ChatTemplate::choose(&pair.language, &tokenizer),
            tokenizer,
            vision_identity: vision_identity(&pair),
            geometry,
            n_context: description.language.context_len,
        })
    }

    fn plan(&self, look: &VideoJson) -> Result<Plan, Failure> {
        let chosen = Chosen {
            frames: look.frames.iter().copied().map(Into::into).collect(),
            notices: Vec::new(),
        };
        plans::plan(&chosen, &(&look.strategy).into(), self.geometry).map_err(failed)
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
pub(super) fn examine() -> ExaminedJson {
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
    ExaminedJson {
        features: features
            .into_iter()
            .filter(|(_, is_in)| *is_in)
            .map(|(name, _)| name.to_owned())
            .collect(),
        system: System::long_os_version().unwrap_or_else(|_unknown| std::env::consts::OS.to_owned()),
        n_cpus: std::thread::available_parallelism().map_or(1, usize::from),
        memory_bytes,
        memory_available_bytes,
    }
}
