//! Names for what follows from a video, a plan and a model, so that it is recognised without being computed.

use crate::engine::identity::FileIdentity;
use crate::llava::RowIdentity;
use crate::visual::plan::{ImageSource, Plan, RowSource};
use crate::visual::preprocess::Fit;
use crate::visual::sampling::FrameRef;

/// Changes whenever the same inputs give other features.
const VERSION: &[u8] = b"videre features 1";

/// Names the images of one video for one tower.
pub(super) struct Names {
    base: blake3::Hasher,
}

impl Names {
    /// For the tower whose file has this identity.
    pub(super) fn new(video: &FileIdentity, fit: Fit, vision_identity: &[u8; 32]) -> Self {
        let mut base = blake3::Hasher::new();
        base.update(VERSION);
        base.update(vision_identity);
        base.update(fit.name().as_bytes());
        base.update(b" of ");
        base.update(video.as_str().as_bytes());
        Self { base }
    }

    /// The name of an image's features, which is also that of a file.
    pub(super) fn image(&self, image: &ImageSource) -> String {
        let mut hasher = self.base.clone();
        let frame = |hasher: &mut blake3::Hasher, frame: &FrameRef| {
            hasher.update(&frame.pts_secs.to_bits().to_le_bytes());
        };
        match image {
            ImageSource::Frame(one) => {
                hasher.update(b"frame");
                frame(&mut hasher, one);
            }
            ImageSource::Grid(grid) => {
                hasher.update(b"grid");
                hasher.update(&grid.n_rows.to_le_bytes());
                hasher.update(&grid.n_cols.to_le_bytes());
                grid.cells.iter().for_each(|cell| frame(&mut hasher, cell));
            }
        }
        format!("{}.features", &hasher.finalize().to_hex()[..40])
    }

    /// The identity of every visual row of a plan, in the order the language model reads them. `n_tokens` says how many
    /// rows a text takes.
    pub(super) fn rows<E>(
        &self,
        plan: &Plan,
        n_tokens: impl Fn(&str) -> Result<usize, E>,
    ) -> Result<Vec<RowIdentity>, E> {
        let images: Vec<String> = plan.images.iter().map(|image| self.image(image)).collect();
        let mut rows = Vec::with_capacity(plan.rows.len());
        for row in &plan.rows {
            let mut hasher = self.base.clone();
            hasher.update(row.op().name().as_bytes());
            if let Some(image) = row.image() {
                hasher.update(images[image].as_bytes());
            }
            for patch in plan.patches_of(row) {
                hasher.update(&patch.to_le_bytes());
            }
            if let RowSource::Blend { taps, .. } = row {
                for tap in taps.as_slice() {
                    hasher.update(&tap.weight.to_le_bytes());
                }
            }
            match row {
                RowSource::Text(text) => {
                    hasher.update(text.as_bytes());
                    for place in 0..n_tokens(text)? {
                        let mut hasher = hasher.clone();
                        hasher.update(&(place as u64).to_le_bytes());
                        rows.push(short(&hasher));
                    }
                }
                _ => rows.push(short(&hasher)),
            }
        }
        Ok(rows)
    }
}

fn short(hasher: &blake3::Hasher) -> RowIdentity {
    let mut identity = RowIdentity::default();
    identity.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    identity
}
