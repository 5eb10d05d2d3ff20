//! Pixels, tensors and indices against Pillow, torch and transformers (`tests/reference/visual.py`).

use std::path::PathBuf;

use image::RgbImage;
use serde::Deserialize;
use videre::visual::linspace::{even_indices, part_starts};
use videre::visual::plan::Grid;
use videre::visual::preprocess::{Fit, FitError, fit};
use videre::visual::sampling::{FrameRef, uniform_midpoints};
use videre::visual::tower_image::{Canvas, Normalization, TowerImage};

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/visual")
        .join(name)
}

/// The script's `picture`: waves, hard edges and a little noise.
fn picture(width: u32, height: u32, seed: i64) -> RgbImage {
    RgbImage::from_fn(width, height, |px, py| {
        let (x, y, width, height) = (i64::from(px), i64::from(py), i64::from(width), i64::from(height));
        image::Rgb(std::array::from_fn(|channel| {
            let c = channel as i64;
            let wave = (x * (3 + c) * 1024 / width + y * (2 + seed) * 1024 / height) % 512;
            let wave = if wave > 255 { 511 - wave } else { wave };
            let edge = if ((x * 5 / width) + (y * 4 / height) + c) % 2 == 0 {
                60
            } else {
                0
            };
            let noise = (x * 7919 + y * 104_729 + c * 1_299_709 + seed * 15_485_863) % 31;
            (wave + edge - noise).clamp(0, 255) as u8
        }))
    })
}

fn floats(name: &str) -> Vec<f32> {
    let bytes = std::fs::read(golden(name)).expect("golden file");
    bytes
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect()
}

fn assert_close(what: &str, got: &[f32], wanted: &[f32], tolerance: f32) {
    assert_eq!(got.len(), wanted.len(), "{what}: number of values");
    let worst = got
        .iter()
        .zip(wanted)
        .map(|(got, wanted)| (got - wanted).abs())
        .fold(0.0, f32::max);
    assert!(worst <= tolerance, "{what}: off by {worst}");
}

#[test]
fn fitted_pixels_are_those_of_pillow_and_transformers() {
    let sizes = [
        (640, 360, 96),
        (20, 25, 24),
        (360, 640, 96),
        (97, 61, 96),
        (31, 17, 84),
        (1, 1, 28),
        (1920, 1080, 336),
        (96, 96, 96),
        (1000, 3, 56),
        (853, 479, 84),
    ];
    let mut n_compared = 0;
    for (width, height, side) in sizes {
        for how in [Fit::Squash, Fit::Pad, Fit::Crop] {
            let name = format!("{}-{width}x{height}-{side}.png", how.name());
            if !golden(&name).exists() {
                continue;
            }
            let wanted = image::open(golden(&name)).unwrap().into_rgb8();
            let got = fit(&picture(width, height, 1), how, side).unwrap();
            assert_eq!(got.dimensions(), wanted.dimensions(), "{name}");
            let pairs = got.as_raw().iter().zip(wanted.as_raw());
            let worst = pairs.map(|(got, wanted)| got.abs_diff(*wanted)).max();
            assert_eq!(worst, Some(0), "{name}: levels between the farthest values");
            n_compared += 1;
        }
    }
    assert_eq!(n_compared, 28, "golden files");
}

#[test]
fn frames_without_a_picture_are_refused() {
    assert!(matches!(
        fit(&RgbImage::new(0, 7), Fit::Squash, 336),
        Err(FitError::Empty { .. })
    ));
    let thread = RgbImage::new(1, 30_000);
    assert!(matches!(
        fit(&thread, Fit::Pad, 336),
        Err(FitError::TooLong { .. })
    ));
    assert_eq!(
        fit(&thread, Fit::Crop, 336).unwrap().dimensions(),
        (336, 336),
        "without the huge picture between"
    );
}

#[test]
fn normalised_values_are_those_of_transformers() {
    let got = TowerImage::from_fitted(&picture(24, 24, 2), &Normalization::CLIP);
    assert_close("normalised", &got.data, &floats("normalised-24.f32"), 1e-6);
    assert_eq!(
        got.to_picture(&Normalization::CLIP),
        picture(24, 24, 2),
        "and back"
    );
}

#[test]
fn thumbnails_are_those_of_the_reference() {
    for (side, n_rows, n_cols) in [(48, 2, 2), (48, 3, 2), (48, 4, 2), (48, 5, 1), (50, 3, 2)] {
        let cells: Vec<FrameRef> = (0..(n_rows * n_cols) as usize)
            .map(|index| FrameRef {
                index,
                pts_secs: index as f64,
            })
            .collect();
        assert_eq!(Grid::shape_for(n_rows * n_cols), (n_rows, n_cols));
        let grid = Grid {
            n_rows,
            n_cols,
            cells: cells.clone(),
        };
        let mut canvas = Canvas::new(&grid, side);
        for frame in cells {
            assert!(!canvas.is_full());
            let image = picture(side, side, frame.index as i64);
            canvas.place(frame, &TowerImage::from_fitted(&image, &Normalization::CLIP));
        }
        assert!(canvas.is_full());
        let name = format!("thumbnail-{side}-{n_rows}x{n_cols}.f32");
        assert_close(&name, &canvas.into_image().data, &floats(&name), 1e-5);
    }
}

#[derive(Deserialize)]
struct Indices {
    even: Vec<Even>,
    starts: Vec<Starts>,
    midpoints: Vec<Midpoints>,
}

#[derive(Deserialize)]
struct Even {
    total: usize,
    picks: usize,
    indices: Vec<usize>,
}

#[derive(Deserialize)]
struct Starts {
    total: usize,
    parts: usize,
    indices: Vec<usize>,
}

#[derive(Deserialize)]
struct Midpoints {
    total: usize,
    frames: usize,
    indices: Vec<usize>,
}

#[test]
fn indices_are_those_of_torch_and_numpy() {
    let golden: Indices = serde_json::from_slice(&std::fs::read(golden("indices.json")).unwrap()).unwrap();
    for Even {
        total,
        picks,
        indices,
    } in golden.even
    {
        assert_eq!(
            even_indices(total, picks).collect::<Vec<_>>(),
            indices,
            "{picks} of {total}"
        );
    }
    for Starts {
        total,
        parts,
        indices,
    } in golden.starts
    {
        assert_eq!(
            part_starts(total, parts).collect::<Vec<_>>(),
            indices,
            "{parts} parts of {total}"
        );
    }
    for Midpoints {
        total,
        frames,
        indices,
    } in golden.midpoints
    {
        assert_eq!(
            uniform_midpoints(total, frames),
            indices,
            "{frames} frames of {total}"
        );
    }
}
