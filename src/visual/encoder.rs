//! The one opening through which `visual` reaches a vision tower, and the cache of what it made.

use super::geometry::TowerGeometry;
use super::plan::ImageSource;
use super::tower_image::{Normalization, TowerImage};

/// A vision tower with its projector. The real one lives in `llava`; tests use one whose features name frame and
/// patch.
pub trait Encoder {
    /// All patch features of one image, before the projector. Opaque, so that they can stay on a device.
    type Features;
    /// What can go wrong.
    type Error: std::error::Error + 'static;

    /// The tower's image and patches.
    fn geometry(&self) -> TowerGeometry;

    /// What the tower's input is normalised by.
    fn normalization(&self) -> Normalization;

    /// Values in a row of the language model: its embedding length.
    fn row_width(&self) -> usize;

    /// Runs `images`, at most [`super::execute::Run::batch_size`] of them, through the tower: features for each, in the same order.
    ///
    /// # Errors
    /// The encoder's own.
    fn encode(&mut self, images: &[TowerImage]) -> Result<Vec<Self::Features>, Self::Error>;

    /// Projects patches into the language model's space: (`patches.len()`, row width), row by row.
    ///
    /// # Errors
    /// The encoder's own.
    fn project(&mut self, features: &[Self::Features], patches: &[PatchOf]) -> Result<Vec<f32>, Self::Error>;

    /// Projects means of patches' features into the language model's space: (`means.len()`, row width), row by row.
    ///
    /// # Errors
    /// The encoder's own.
    fn project_means(
        &mut self,
        features: &[Self::Features],
        means: &[MeanOf],
    ) -> Result<Vec<f32>, Self::Error>;

    /// The learned newline, one row.
    ///
    /// # Errors
    /// The encoder's own, also when the model has none.
    fn newline(&mut self) -> Result<Vec<f32>, Self::Error>;

    /// The embeddings of a text: (tokens, row width), row by row.
    ///
    /// # Errors
    /// The encoder's own.
    fn text(&mut self, text: &str) -> Result<Vec<f32>, Self::Error>;
}

/// One patch of one image of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatchOf {
    /// Position in the batch of features.
    pub image: usize,
    /// Patch in reading order.
    pub patch: u32,
}

/// Several patches of one image of a batch, of which the mean is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeanOf {
    /// Position in the batch of features.
    pub image: usize,
    /// Patches in reading order; at least one.
    pub patches: Vec<u32>,
}

/// Features that were computed before, by what the image shows. Whoever implements it adds the rest of the key:
/// file, preprocessing, tower.
pub trait FeatureCache<F> {
    /// The features of this image, if they are known.
    fn lookup(&mut self, image: &ImageSource) -> Option<F>;

    /// Keeps the features of this image.
    fn store(&mut self, image: &ImageSource, features: &F);
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCache;

impl<F> FeatureCache<F> for NoCache {
    fn lookup(&mut self, _image: &ImageSource) -> Option<F> {
        None
    }

    fn store(&mut self, _image: &ImageSource, _features: &F) {}
}
