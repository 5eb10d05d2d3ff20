//! What stands between the tower and the language model.
//!
//! Follows `LlavaMultiModalProjector`, `SmolVLMSimpleMLP` and `InternVLMultiModalProjector` of transformers.

use candle_core::Tensor;

use super::device::Compute;
use super::error::LlavaError;
use super::linear::Linear;
use super::norm::LayerNorm;
use super::vision::vision_family;
use super::weights::Weights;
use crate::cancel::CancelToken;
use crate::gguf::Gguf;
use crate::visual::family::ModelFamily;

/// Epsilon of the norm in InternVL's projector: torch's own, which no file names.
const NORM_EPS: f32 = 1e-5;

/// Turns feature rows into embedding rows.
#[derive(Debug)]
pub struct Projector {
    compute: Compute,
    layers: Layers,
    n_inputs: usize,
    width: usize,
}

#[derive(Debug)]
enum Layers {
    /// One matrix: SmolVLM.
    Single(Linear),
    /// A norm where there is one (InternVL), a layer, the exact GELU, a layer.
    Perceptron {
        norm: Option<LayerNorm>,
        first: Linear,
        second: Linear,
    },
}

/// Where the weights of a family's projector are: the norm, the first layer, the second.
struct Names {
    norm: Option<&'static str>,
    first: &'static str,
    second: Option<&'static str>,
}

impl Names {
    fn of(family: ModelFamily) -> Self {
        match family {
            ModelFamily::Llava => Self {
                norm: None,
                first: "mm.0",
                second: Some("mm.2"),
            },
            ModelFamily::SmolVlm => Self {
                norm: None,
                first: "mm.model.fc",
                second: None,
            },
            ModelFamily::InternVl => Self {
                norm: Some("mm.model.mlp.0"),
                first: "mm.model.mlp.1",
                second: Some("mm.model.mlp.3"),
            },
        }
    }
}

impl Projector {
    /// The projector of an mmproj file.
    ///
    /// # Errors
    /// [`LlavaError::BadKey`], [`LlavaError::MissingTensor`], [`LlavaError::TensorShape`], or the upload's.
    pub fn load(file: &Gguf, compute: &Compute) -> Result<Self, LlavaError> {
        let weights = Weights::new(file, compute);
        let Names { norm, first, second } = Names::of(vision_family(file)?);
        let weight = format!("{first}.weight");
        let (hidden, n_inputs) = (weights.shape(&weight)?[0], weights.row_len(&weight)?);
        let first = Linear::load(&weights, first, hidden, n_inputs)?;
        let Some(second) = second else {
            return Ok(Self {
                compute: compute.clone(),
                layers: Layers::Single(first),
                n_inputs,
                width: hidden,
            });
        };
        let width = weights.shape(&format!("{second}.weight"))?[0];
        let norm = norm
            .map(|norm| LayerNorm::load(&weights, norm, n_inputs, NORM_EPS))
            .transpose()?;
        let second = Linear::load(&weights, second, width, hidden)?;
        Ok(Self {
            compute: compute.clone(),
            layers: Layers::Perceptron { norm, first, second },
            n_inputs,
            width,
        })
    }

    /// Width of the feature rows that it takes.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    /// Width of the embedding rows that it gives.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Feature rows `(n, n_inputs)` to embedding rows `(n, width)`. The GELU is the exact one, as in transformers; ggml's
    /// is an approximation that differs by about 1e-3.
    ///
    /// # Errors
    /// [`LlavaError::Cancelled`], or candle's.
    pub fn project(&self, features: &Tensor, cancel: &CancelToken) -> Result<Tensor, LlavaError> {
        match &self.layers {
            Layers::Single(layer) => layer.forward(features, &self.compute, cancel),
            Layers::Perceptron { norm, first, second } => {
                let normed = norm.as_ref().map(|norm| norm.forward(features)).transpose()?;
                let features = normed.as_ref().unwrap_or(features);
                let hidden = first.forward(features, &self.compute, cancel)?.gelu_erf()?;
                second.forward(&hidden, &self.compute, cancel)
            }
        }
    }
}
