//! A pair, loaded: everything between pixels, words and an answer in one place.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use candle_core::Tensor;

use super::decoder::Decoder;
use super::device::Compute;
use super::encoder::TowerEncoder;
use super::error::LlavaError;
use super::error::MemoryError;
use super::estimate::{MemoryEstimate, estimate, free_bytes};
use super::limits::{CHUNK, USUAL_CONTEXT};
use super::pair::Pair;
use super::projector::Projector;
use super::template::ChatTemplate;
use super::tokenizer::{Place, Span, Tokenizer, TokenizerError};
use super::tower::Tower;
use super::weights::Weights;
use crate::cancel::{CancelToken, Monitor};
use crate::fault::{Explain, Fault};
use crate::gguf::{Gguf, GgufError, Source};
use crate::visual::family::ModelFamily;

/// Bytes of a model file that its identity is made of, in slices spread over it.
const IDENTITY_SLICES: usize = 64;
const IDENTITY_SLICE_BYTES: usize = 4096;

/// Why a pair could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It would not fit into memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// A key or a weight is missing or senseless.
    #[error(transparent)]
    Llava(#[from] LlavaError),
    /// Its vocabulary cannot be used.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
}

impl From<GgufError> for LoadError {
    fn from(error: GgufError) -> Self {
        Self::Llava(error.into())
    }
}

impl Explain for LoadError {
    fn fault(&self) -> Fault {
        match self {
            Self::Memory(error) => error.fault(),
            Self::Llava(error) => error.fault(),
            Self::Tokenizer(error) => error.fault(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Memory(error) => error.hint(),
            Self::Llava(error) => error.hint(),
            Self::Tokenizer(error) => error.hint(),
        }
    }
}

/// A pair ready to answer.
#[derive(Debug)]
pub struct Model {
    vision: Gguf,
    tower: Tower,
    projector: Projector,
    decoder: Arc<Decoder>,
    tokenizer: Tokenizer,
    template: ChatTemplate,
    memory: MemoryEstimate,
    name: String,
    vision_identity: [u8; 32],
    language_identity: [u8; 32],
}

impl Model {
    /// Loads a pair: weights are mapped, not copied. Refused before memory is spent where it would not fit beside keys and
    /// values of its context, of [`USUAL_CONTEXT`] positions at most.
    ///
    /// # Errors
    /// [`LoadError`], [`LlavaError::Cancelled`] among them.
    pub fn load(pair: &Pair, compute: &Compute, cancel: &CancelToken) -> Result<Self, LoadError> {
        let language = pair.language.clone();
        // Either may be made to take long, and neither asks whether it should go on.
        let read = move || -> Result<_, LoadError> {
            let tokenizer = Tokenizer::read(&language)?;
            let template = ChatTemplate::choose(&language, &tokenizer);
            Ok((tokenizer, template))
        };
        let (tokenizer, template) = abandonable(cancel, read)??;
        let shape = super::shape::LanguageShape::read(&pair.language)?;
        let n_context = shape.context_len.min(USUAL_CONTEXT);
        let memory = estimate(pair, n_context as u64, 2)?;
        if let Some(free) = free_bytes().filter(|_| compute.is_host()) {
            memory.check(free)?;
        }
        cancel.check().map_err(LlavaError::from)?;
        let tower = Tower::load(&pair.vision, compute)?;
        let projector = Projector::load(&pair.vision, compute)?;
        if projector.n_inputs() != tower.shape().row_width() {
            return Err(LlavaError::RowWidth {
                expected: projector.n_inputs(),
                found: tower.shape().row_width(),
            }
            .into());
        }
        cancel.check().map_err(LlavaError::from)?;
        let decoder = Arc::new(Decoder::load(&pair.language, compute)?);
        Ok(Self {
            vision: pair.vision.clone(),
            tower,
            projector,
            decoder,
            tokenizer,
            template,
            memory,
            name: name_of(pair),
            vision_identity: vision_identity(pair),
            language_identity: identity(pair.language.source()),
        })
    }

    /// Its name for people: the file's own, or that of the file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The vision tower.
    #[must_use]
    pub fn tower(&self) -> &Tower {
        &self.tower
    }

    /// The language model.
    #[must_use]
    pub fn decoder(&self) -> &Arc<Decoder> {
        &self.decoder
    }

    /// The vocabulary.
    #[must_use]
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// How conversations are written.
    #[must_use]
    pub fn template(&self) -> &ChatTemplate {
        &self.template
    }

    /// Memory that it takes at its context, [`USUAL_CONTEXT`] at most.
    #[must_use]
    pub fn memory(&self) -> MemoryEstimate {
        self.memory
    }

    /// What features depend on: a hash of parts of the mmproj file.
    #[must_use]
    pub fn vision_identity(&self) -> &[u8; 32] {
        &self.vision_identity
    }

    /// What keys and values depend on beside the rows: a hash of parts of the language model's file.
    #[must_use]
    pub fn language_identity(&self) -> &[u8; 32] {
        &self.language_identity
    }

    /// The embedding rows of a text inside a prompt, `(tokens, width)`.
    fn embed(&self, text: &str) -> Result<Tensor, LlavaError> {
        self.decoder.embed(&self.text_tokens(text)?)
    }

    /// The tokens of a plan's text.
    ///
    /// # Errors
    /// [`LlavaError::Text`].
    pub fn text_tokens(&self, text: &str) -> Result<Vec<u32>, LlavaError> {
        self.tokenizer
            .encode(&[Span::template(text)], Place::Inside)
            .map_err(|error| LlavaError::Text(error.to_string()))
    }

    /// Runs `work` with tower and projector as the executor of plans wants them.
    ///
    /// # Errors
    /// [`LlavaError::BadKey`] where the tower's sizes make no sense.
    pub fn with_encoder<T>(
        &self,
        cancel: &CancelToken,
        work: impl FnOnce(&mut TowerEncoder<'_>) -> T,
    ) -> Result<T, LlavaError> {
        let embed = |text: &str| self.embed(text);
        let mut encoder =
            TowerEncoder::new(&self.vision, &self.tower, &self.projector, &embed, cancel.clone())?;
        Ok(work(&mut encoder))
    }

    /// The tower's image and patches.
    ///
    /// # Errors
    /// [`LlavaError::BadKey`] where they make no sense.
    pub fn geometry(&self) -> Result<crate::visual::geometry::TowerGeometry, LlavaError> {
        self.tower.shape().geometry(&self.vision)
    }

    /// Its family, which says what stands around pictures.
    #[must_use]
    pub fn family(&self) -> ModelFamily {
        self.tower.shape().family
    }

    /// Whether it has a learned newline.
    #[must_use]
    pub fn has_newline(&self) -> bool {
        let weights = Weights::new(&self.vision, self.tower.compute());
        super::encoder::NEWLINES.into_iter().any(|name| weights.has(name))
    }

    /// Expected times for one image and for one token of a prompt, from one block of the tower and one layer of the
    /// language model, each run twice (the first time may wait for the disk).
    ///
    /// # Errors
    /// [`LlavaError::Cancelled`], or candle's.
    pub fn expected_speed(&self, cancel: &CancelToken) -> Result<ExpectedSpeed, LlavaError> {
        let block = best_of_two(|| self.tower.run_one_block(cancel))?;
        let layer = best_of_two(|| self.decoder.run_one_layer(SPEED_ROWS, 0, cancel))?;
        let deep = best_of_two(|| self.decoder.run_one_layer(SPEED_ROWS, SPEED_DEPTH, cancel))?;
        let layers_a_row = self.decoder.shape().n_layers as f64 / SPEED_ROWS as f64;
        Ok(ExpectedSpeed {
            encode_secs: block.as_secs_f64() * self.tower.shape().n_blocks as f64,
            read_secs: layer.as_secs_f64() * layers_a_row,
            read_growth_secs: deep.saturating_sub(layer).as_secs_f64() * layers_a_row / SPEED_DEPTH as f64,
        })
    }
}

/// Rows of the layer that is timed: as many as are read at a time.
const SPEED_ROWS: usize = CHUNK;

/// How much the layer has read before it is timed again.
const SPEED_DEPTH: usize = 1024;

/// What work will take, roughly: the two ends of each model are left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpectedSpeed {
    /// One image through the tower.
    pub encode_secs: f64,
    /// One token of a prompt through the language model, where few stand before it.
    pub read_secs: f64,
    /// What each token that stands before it adds to that.
    pub read_growth_secs: f64,
}

fn best_of_two(mut run: impl FnMut() -> Result<(), LlavaError>) -> Result<Duration, LlavaError> {
    let mut time = || {
        let began = Instant::now();
        run().map(|()| began.elapsed())
    };
    Ok(time()?.min(time()?))
}

/// Waits for `work`, no longer than until `cancel`. A step of a library that cannot be broken off then goes on for its
/// second, on a thread of its own, and what comes of it is dropped.
fn abandonable<T: Send + 'static>(
    cancel: &CancelToken,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, LlavaError> {
    let outcome = Monitor::new(None);
    let told = outcome.clone();
    std::thread::Builder::new()
        .name("tokenizer".to_owned())
        .spawn(move || {
            let ended = catch_unwind(AssertUnwindSafe(work));
            told.change(|outcome| *outcome = Some(ended));
        })
        .map_err(candle_core::Error::from)?;
    let ended = outcome.wait(cancel, |outcome| match outcome.take() {
        Some(ended) => ControlFlow::Break(ended),
        None => ControlFlow::Continue(None),
    })?;
    Ok(ended.unwrap_or_else(|panic| resume_unwind(panic)))
}

/// The name of a pair for people: the file's own, or that of the file.
#[must_use]
pub fn name_of(pair: &Pair) -> String {
    let language = &pair.language;
    let own = language.str("general.name").ok().flatten();
    let file = || {
        let path = std::path::Path::new(language.source().name());
        path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy()
    };
    own.filter(|name| !name.trim().is_empty())
        .map_or_else(|| file().into_owned(), str::to_owned)
}

/// What features depend on, of a pair that need not be loaded: [`Model::vision_identity`].
#[must_use]
pub fn vision_identity(pair: &Pair) -> [u8; 32] {
    identity(pair.vision.source())
}

/// A hash of the length and of slices spread over the bytes: reading gigabytes to name a file would take longer than
/// what it saves.
fn identity(source: &Source) -> [u8; 32] {
    let bytes = source.bytes();
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    let last = bytes.len().saturating_sub(IDENTITY_SLICE_BYTES);
    for slice in 0..IDENTITY_SLICES {
        let start = last * slice / (IDENTITY_SLICES - 1);
        hasher.update(&bytes[start..(start + IDENTITY_SLICE_BYTES).min(bytes.len())]);
    }
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cancel::tests::{AT_ONCE, lateness};

    #[test]
    fn work_that_cannot_be_broken_off_is_left_alone_at_once() {
        let late = lateness(|cancel| {
            let work = || std::thread::sleep(std::time::Duration::from_millis(200));
            let abandoned = abandonable(cancel, work);
            assert!(matches!(abandoned, Err(LlavaError::Cancelled(_))));
        });
        assert!(late < AT_ONCE, "{late:?}");
        assert!(matches!(abandonable(&CancelToken::new(), || 7), Ok(7)));
    }

    #[test]
    #[should_panic(expected = "as it was said")]
    fn its_panic_is_that_of_whoever_waits() {
        drop(abandonable(&CancelToken::new(), || panic!("as it was said")));
    }
}
