//! An encoder whose features say which frame and which patch they are.

use std::convert::Infallible;

use image::{Rgb, RgbImage};
use videre::cancel::CancelToken;
use videre::visual::encoder::{Encoder, FeatureCache, MeanOf, NoCache, PatchOf};
use videre::visual::execute::{Encoded, FittedFrame, Run, execute};
use videre::visual::geometry::TowerGeometry;
use videre::visual::plan::Plan;
use videre::visual::rows::Rows;
use videre::visual::sampling::{Chosen, FrameRef};
use videre::visual::tower_image::{Normalization, TowerImage};

pub(super) const CLIP: TowerGeometry = TowerGeometry::CLIP_L_336;

/// 12 x 12 patches of 2 pixels: grids of 4, 6 and 8 fall on patch borders, as on the large tower.
pub(super) fn small_tower() -> TowerGeometry {
    TowerGeometry::new(24, 2).expect("a tower")
}

/// Levels pass through unchanged.
const PLAIN: Normalization = Normalization {
    mean: [0.0; 3],
    std: [1.0; 3],
};

/// Features of a patch: red as a level (the frame's index), and the patch. A projected row repeats them, with one
/// channel that falls as the patch number rises, so that a maximum cannot be had by taking the last row.
pub(super) struct NamingEncoder {
    geometry: TowerGeometry,
    pub(super) n_projected: usize,
    pub(super) batches: Vec<usize>,
}

impl NamingEncoder {
    pub(super) fn new(geometry: TowerGeometry) -> Self {
        Self {
            geometry,
            n_projected: 0,
            batches: Vec::new(),
        }
    }
}

impl Encoder for NamingEncoder {
    type Features = Vec<f32>;
    type Error = Infallible;

    fn geometry(&self) -> TowerGeometry {
        self.geometry
    }

    fn normalization(&self) -> Normalization {
        PLAIN
    }

    fn row_width(&self) -> usize {
        3
    }

    /// The mean red level of each patch.
    fn encode(&mut self, images: &[TowerImage]) -> Result<Vec<Vec<f32>>, Infallible> {
        self.batches.push(images.len());
        let side = self.geometry.side_px() as usize;
        let mean_red = |image: &TowerImage, patch: u32| {
            let px = self.geometry.pixels_of(self.geometry.patch_at(patch));
            let reds: Vec<f32> = (px.top..px.bottom)
                .flat_map(|y| (px.left..px.right).map(move |x| image.data[y as usize * side + x as usize]))
                .collect();
            reds.iter().sum::<f32>() / reds.len() as f32 * 255.0
        };
        let patches = 0..self.geometry.n_patches();
        Ok(images
            .iter()
            .map(|image| patches.clone().map(|patch| mean_red(image, patch)).collect())
            .collect())
    }

    fn project(&mut self, features: &[Vec<f32>], patches: &[PatchOf]) -> Result<Vec<f32>, Infallible> {
        self.n_projected += patches.len();
        let row = |at: &PatchOf| {
            [
                features[at.image][at.patch as usize],
                at.patch as f32,
                -(at.patch as f32),
            ]
        };
        Ok(patches.iter().flat_map(row).collect())
    }

    fn project_means(&mut self, features: &[Vec<f32>], means: &[MeanOf]) -> Result<Vec<f32>, Infallible> {
        self.n_projected += means.len();
        let row = |of: &MeanOf| {
            let mean = |values: &dyn Fn(u32) -> f32| {
                of.patches.iter().map(|&patch| values(patch)).sum::<f32>() / of.patches.len() as f32
            };
            let patch = mean(&|patch| patch as f32);
            [mean(&|patch| features[of.image][patch as usize]), patch, -patch]
        };
        Ok(means.iter().flat_map(row).collect())
    }

    fn newline(&mut self) -> Result<Vec<f32>, Infallible> {
        Ok(vec![-1.0, -1.0, -1.0])
    }

    fn text(&mut self, text: &str) -> Result<Vec<f32>, Infallible> {
        Ok(text
            .bytes()
            .flat_map(|byte| [-2.0, f32::from(byte), 0.0])
            .collect())
    }
}

/// The first `n_frames` frames of a clip at 2 frames a second.
pub(super) fn frames(n_frames: usize) -> Chosen {
    let frames = (0..n_frames)
        .map(|index| FrameRef {
            index,
            pts_secs: index as f64 / 2.0,
        })
        .collect();
    Chosen {
        frames,
        duration_secs: n_frames as f64 / 2.0,
        notices: Vec::new(),
    }
}

pub(super) type Delivered = Vec<Result<FittedFrame, Infallible>>;

/// A frame whose every level is its index.
pub(super) fn fitted(frame: &FrameRef, side_px: u32) -> Result<FittedFrame, Infallible> {
    let level = frame.index as u8;
    Ok(FittedFrame {
        frame: *frame,
        pixels: RgbImage::from_pixel(side_px, side_px, Rgb([level, level, level])),
    })
}

pub(super) fn run_with<C: FeatureCache<Vec<f32>>>(
    plan: &Plan,
    encoder: &mut NamingEncoder,
    cache: &mut C,
) -> Rows {
    let cancel = CancelToken::new();
    let mut last = None;
    let run = Run {
        batch_size: 4,
        cancel: &cancel,
        progress: &mut |at| last = Some(at),
    };
    let side_px = plan.geometry.side_px();
    let rows = execute(plan, encoder, cache, run, |wanted| {
        wanted
            .iter()
            .map(|frame| fitted(frame, side_px))
            .collect::<Vec<_>>()
    })
    .expect("nothing can fail");
    assert_eq!(
        last,
        Some(Encoded {
            n_done: plan.images.len(),
            n_images: plan.images.len()
        })
    );
    rows
}

/// (frame, patch) of each row, as the encoder saw them.
pub(super) fn rows_of(plan: &Plan) -> Vec<(f32, f32)> {
    let mut encoder = NamingEncoder::new(plan.geometry);
    let rows = run_with(plan, &mut encoder, &mut NoCache);
    assert_eq!(
        encoder.n_projected,
        plan.cost().n_projected,
        "only used patches are projected, each once"
    );
    assert_eq!(encoder.batches.iter().sum::<usize>(), plan.cost().n_tower_passes);
    rows.data
        .chunks_exact(3)
        .map(|row| (row[0].round(), row[1]))
        .collect()
}
