//! Tower and projector as the executor of plans sees them.

use candle_core::{DType, Tensor};
use half::f16;

use super::error::LlavaError;
use super::numbers::check_numbers;
use super::projector::Projector;
use super::tower::Tower;
use super::weights::Weights;
use crate::cancel::CancelToken;
use crate::gguf::Gguf;
use crate::visual::encoder::{Encoder, MeanOf, PatchOf};
use crate::visual::geometry::TowerGeometry;
use crate::visual::tower_image::{Normalization, TowerImage};

/// Newer files say where it belongs, older ones keep the checkpoint's name.
pub(super) const NEWLINES: [&str; 2] = ["v.image_newline", "model.image_newline"];

/// Features of one image, before the projector: `(n_rows, row_width)` of its shape, on the tower's device. Rounded to the precision
/// of the tower's weights, so that features which were kept and features which were just computed are the same to the bit.
#[derive(Clone, Debug)]
pub struct Features(Tensor);

impl Features {
    /// The values little endian, row by row.
    ///
    /// # Errors
    /// candle's.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LlavaError> {
        let flat = self.0.flatten_all()?;
        Ok(match self.0.dtype() {
            DType::F16 => bytemuck::cast_slice(&flat.to_vec1::<f16>()?).to_vec(),
            _ => bytemuck::cast_slice(&flat.to_dtype(DType::F32)?.to_vec1::<f32>()?).to_vec(),
        })
    }

    /// Features from bytes of [`Features::to_bytes`], by the same tower; none where their number does not fit.
    ///
    /// # Errors
    /// candle's.
    pub fn from_bytes(bytes: &[u8], tower: &Tower) -> Result<Option<Self>, LlavaError> {
        let dims = (tower.shape().n_rows(), tower.shape().row_width());
        let dtype = tower.features_dtype();
        if bytes.len() != dims.0 * dims.1 * dtype.size_in_bytes() {
            return Ok(None);
        }
        let device = tower.compute().device();
        let features = match dtype {
            DType::F16 => Tensor::from_vec(bytemuck::pod_collect_to_vec::<u8, f16>(bytes), dims, device),
            _ => Tensor::from_vec(bytemuck::pod_collect_to_vec::<u8, f32>(bytes), dims, device),
        };
        Ok(Some(Self(features?)))
    }
}

/// A tower with its projector, ready to run plans.
pub struct TowerEncoder<'a> {
    tower: &'a Tower,
    projector: &'a Projector,
    geometry: TowerGeometry,
    newline: Option<Tensor>,
    embed: &'a dyn Fn(&str) -> Result<Tensor, LlavaError>,
    cancel: CancelToken,
    file: String,
}

impl<'a> TowerEncoder<'a> {
    /// The tower and projector of `file`, and `embed` for the texts of a plan: their embedding rows `(tokens, width)`.
    ///
    /// # Errors
    /// [`LlavaError::BadKey`] where the tower's sizes make no sense, [`LlavaError::TensorShape`].
    pub fn new(
        file: &Gguf,
        tower: &'a Tower,
        projector: &'a Projector,
        embed: &'a dyn Fn(&str) -> Result<Tensor, LlavaError>,
        cancel: CancelToken,
    ) -> Result<Self, LlavaError> {
        let weights = Weights::new(file, tower.compute());
        let name = NEWLINES.into_iter().find(|name| weights.has(name));
        let newline = name
            .map(|name| weights.vector(name, projector.width()))
            .transpose()?;
        Ok(Self {
            geometry: tower.shape().geometry(file)?,
            tower,
            projector,
            newline,
            embed,
            cancel,
            file: file.source().name().to_owned(),
        })
    }

    fn check_numbers(&self, values: &Tensor) -> Result<(), LlavaError> {
        check_numbers(values, &self.file)
    }
}

impl Encoder for TowerEncoder<'_> {
    type Features = Features;
    type Error = LlavaError;

    fn geometry(&self) -> TowerGeometry {
        self.geometry
    }

    fn normalization(&self) -> Normalization {
        let shape = self.tower.shape();
        Normalization {
            mean: shape.mean,
            std: shape.std,
        }
    }

    fn row_width(&self) -> usize {
        self.projector.width()
    }

    fn encode(&mut self, images: &[TowerImage]) -> Result<Vec<Features>, LlavaError> {
        let encode = |image: &TowerImage| {
            let side = image.side_px as usize;
            let pixels = Tensor::from_slice(&image.data, (3, side, side), &candle_core::Device::Cpu)?;
            let features = self.tower.encode(&pixels, &self.cancel)?;
            let features = features.to_dtype(self.tower.features_dtype())?;
            self.check_numbers(&features)?;
            Ok(Features(features))
        };
        images.iter().map(encode).collect()
    }

    fn project(&mut self, features: &[Features], patches: &[PatchOf]) -> Result<Vec<f32>, LlavaError> {
        let Some(first) = features.first() else {
            return Ok(Vec::new());
        };
        let n_rows = first.0.dim(0)? as u32;
        let rows: Vec<u32> = patches
            .iter()
            .map(|at| at.image as u32 * n_rows + at.patch)
            .collect();
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let all: Vec<&Tensor> = features.iter().map(|features| &features.0).collect();
        let picked = Tensor::cat(&all, 0)?.index_select(&Tensor::new(rows, first.0.device())?, 0)?;
        let projected = self
            .projector
            .project(&picked.to_dtype(DType::F32)?, &self.cancel)?;
        self.check_numbers(&projected)?;
        Ok(projected.flatten_all()?.to_vec1()?)
    }

    fn project_means(&mut self, features: &[Features], means: &[MeanOf]) -> Result<Vec<f32>, LlavaError> {
        let Some(first) = features.first().filter(|_| !means.is_empty()) else {
            return Ok(Vec::new());
        };
        let mean = |of: &MeanOf| {
            let patches = Tensor::new(of.patches.as_slice(), first.0.device())?;
            let picked = features[of.image].0.index_select(&patches, 0)?;
            picked.to_dtype(DType::F32)?.mean(0)
        };
        let rows = means
            .iter()
            .map(mean)
            .collect::<candle_core::Result<Vec<Tensor>>>()?;
        let projected = self.projector.project(&Tensor::stack(&rows, 0)?, &self.cancel)?;
        Ok(projected.flatten_all()?.to_vec1()?)
    }

    fn newline(&mut self) -> Result<Vec<f32>, LlavaError> {
        let newline = self.newline.as_ref().ok_or(LlavaError::NoNewline)?;
        Ok(newline.to_vec1()?)
    }

    fn text(&mut self, text: &str) -> Result<Vec<f32>, LlavaError> {
        Ok((self.embed)(text)?.flatten_all()?.to_vec1()?)
    }
}
