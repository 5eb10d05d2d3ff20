//! Towers known by name: for previews without a model at hand.

use super::geometry::TowerGeometry;
use super::preprocess::Fit;
use super::tower_image::Normalization;

/// Everything about a vision tower that decides which pixels it gets.
#[derive(Clone, Debug, PartialEq)]
pub struct TowerInput {
    /// Name for people and files, such as `clip-l-336`.
    pub name: String,
    /// Its image and patches.
    pub geometry: TowerGeometry,
    /// What its input is normalised by.
    pub normalization: Normalization,
    /// How frames become square. TS-LLaVA squashes for every model; others only where the model's settings say so.
    pub fit: Fit,
}

impl TowerInput {
    /// The names that [`TowerInput::named`] knows.
    pub const NAMES: [&'static str; 3] = ["clip-l-336", "clip-l-224", "siglip-384"];

    /// The tower of that name, squashing frames as TS-LLaVA does.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (geometry, normalization) = match name {
            "clip-l-336" => (TowerGeometry::CLIP_L_336, Normalization::CLIP),
            "clip-l-224" => (TowerGeometry::CLIP_L_224, Normalization::CLIP),
            "siglip-384" => (TowerGeometry::SIGLIP_384, Normalization::SIGLIP),
            _ => return None,
        };
        Some(Self {
            name: name.to_owned(),
            geometry,
            normalization,
            fit: Fit::Squash,
        })
    }
}
