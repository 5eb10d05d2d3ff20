//! The pair that is loaded, and the sequence it has read.

use std::time::Instant;

use super::failed;
use crate::cancel::CancelToken;
use crate::engine::CONTEXT_STEP;
use crate::engine::requests::model::{DeviceName, ModelFacts, ModelName};
use crate::engine::requests::open_model::OpenModel;
use crate::fault::Failure;
use crate::llava::embedded;
use crate::llava::kernels::Isa;
use crate::llava::pair::{Pair, PairError};
use crate::llava::video_family::video_family;
use crate::llava::{CacheType, Compute, LoadError, Model, Session, USUAL_CONTEXT};

/// A pair, and what was read with it last.
pub(super) struct Loaded {
    name: ModelName,
    device: DeviceName,
    pub(super) model: Model,
    pub(super) facts: ModelFacts,
    pub(super) session: Option<Session>,
}

impl Loaded {
    pub(super) fn load(
        name: &ModelName,
        pair: &Pair,
        device: DeviceName,
        cancel: &CancelToken,
    ) -> Result<Self, Failure> {
        let began = Instant::now();
        let compute = match device {
            DeviceName::Auto => Compute::best(),
            DeviceName::Cpu => Compute::cpu(),
        };
        let model = Model::load(pair, &compute, cancel).map_err(|error| {
            let failure = Failure::from_error(&error);
            match error {
                LoadError::Memory(_) => Failure {
                    message: format!("{}: {}", pair.language.source().name(), failure.message),
                    ..failure
                },
                LoadError::Llava(_) | LoadError::Tokenizer(_) => failure,
            }
        })?;
        let geometry = model.geometry().map_err(failed)?;
        let speed = model.expected_speed(cancel).map_err(failed)?;
        let shape = model.tower().shape();
        let facts = ModelFacts {
            name: model.name().to_owned(),
            device: compute.name().to_owned(),
            tower: shape.name().to_owned(),
            side_px: geometry.side_px(),
            patch_px: geometry.patch_px(),
            mean: shape.mean,
            std: shape.std,
            family: video_family(pair),
            has_newline: model.has_newline(),
            n_context: model.decoder().shape().context_len,
            encode_secs: speed.encode_secs,
            read_secs: speed.read_secs,
            read_growth_secs: speed.read_growth_secs,
            memory_bytes: model.memory().total_bytes(),
            cache_bytes: model.memory().cache_bytes,
            n_held: model.decoder().shape().context_len.min(USUAL_CONTEXT),
            device_detail: device_detail(),
            device_reason: device_reason(device, &compute),
            load_ms: millis(began),
        };
        Ok(Self {
            name: name.clone(),
            device,
            model,
            facts,
            session: None,
        })
    }

    /// Whether it is the pair of that name on that device.
    pub(super) fn is(&self, name: &ModelName, device: DeviceName) -> bool {
        self.name == *name && self.device == device
    }

    /// The sequence that was read last, with room for `n_positions` and more; a new one where it is too small.
    pub(super) fn take_session(&mut self, n_positions: usize) -> Result<Session, Failure> {
        let n_context = self.facts.n_context;
        let n_positions = n_positions.min(n_context);
        if let Some(session) = self.session.take_if(|session| session.capacity() >= n_positions) {
            return Ok(session);
        }
        self.session = None;
        let wanted = n_positions.next_multiple_of(CONTEXT_STEP).max(USUAL_CONTEXT);
        let decoder = std::sync::Arc::clone(self.model.decoder());
        Session::new(decoder, wanted.min(n_context), CacheType::default()).map_err(failed)
    }
}

fn device_detail() -> String {
    let n_threads = rayon::current_num_threads();
    let threads = if n_threads == 1 { "thread" } else { "threads" };
    format!("{n_threads} {threads}, {}", instruction_set())
}

/// The instructions that the kernels use, as people write them.
fn instruction_set() -> &'static str {
    match Isa::detect().name() {
        "avx512" => "AVX-512",
        "avx2" => "AVX2",
        _ => "no vector instructions of its own",
    }
}

fn device_reason(device: DeviceName, compute: &Compute) -> String {
    let has_more = cfg!(any(feature = "cuda", feature = "metal"));
    match (device, compute.is_host(), has_more) {
        (DeviceName::Cpu, ..) => "The processor was asked for.",
        (DeviceName::Auto, false, _) => "This build and this machine have a graphics card.",
        (DeviceName::Auto, true, true) => "No graphics card that this build can use was found.",
        (DeviceName::Auto, true, false) => "This build computes on the processor.",
    }
    .to_owned()
}

/// The files of a model, by their headers; `say` words what is wrong with them.
pub(super) fn pair(model: &OpenModel, say: fn(PairError) -> Failure) -> Result<Pair, Failure> {
    match &model.files {
        None => embedded::pair().map_err(failed),
        Some(Ok(files)) => Pair::among(files).map_err(say),
        Some(Err(failure)) => Err(failure.clone()),
    }
}

pub(super) fn millis(since: Instant) -> u64 {
    since.elapsed().as_millis() as u64
}
