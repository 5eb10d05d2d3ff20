//! The test clips, and the frame number that their pictures spell.

use std::path::{Path, PathBuf};

use image::RgbImage;
use videre::cancel::CancelToken;
use videre::media::{Frame, Limits, MediaError, Video};

/// The path of a clip of `tests/clips`.
pub(crate) fn clip(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/clips")
        .join(name)
}

/// A clip that must open.
pub(crate) fn open(path: &Path) -> Video {
    Video::open(path, &Limits::default(), &CancelToken::new()).unwrap_or_else(|error| panic!("{error}"))
}

/// A clip that must open, with its number of frames.
pub(crate) fn open_indexed(path: &Path) -> (Video, usize) {
    let mut video = open(path);
    let n_frames = index(&mut video).unwrap_or_else(|error| panic!("{error}"));
    (video, n_frames)
}

/// Indexes without a cache: the number of frames.
pub(crate) fn index(video: &mut Video) -> Result<usize, MediaError> {
    Ok(video.index(&mut |_| {}, &CancelToken::new())?.len())
}

/// One frame.
pub(crate) fn frame(video: &mut Video, index: usize) -> Result<Frame, MediaError> {
    video.frame(index, &CancelToken::new())
}

/// Fields of the bar along the bottom of every picture of the film: one bit each.
const N_BITS: u32 = 12;

/// The number of the film's frame, read from the bar along the bottom of an upright picture of any size.
///
/// `None` where a field is neither black nor white: this is not the film, or it is damaged.
pub(crate) fn film_number(picture: &RgbImage) -> Option<u32> {
    let (width, height) = picture.dimensions();
    // The bar takes the last eighth.
    let y = height - height / 16 - 1;
    (0..N_BITS).try_fold(0, |number, bit| {
        let x = (2 * bit + 1) * width / (2 * N_BITS);
        let luma = picture
            .get_pixel(x, y)
            .0
            .iter()
            .map(|&value| u32::from(value))
            .sum::<u32>()
            / 3;
        match luma {
            0..=80 => Some(number),
            175..=255 => Some(number | 1 << bit),
            _ => None,
        }
    })
}

/// Peak signal-to-noise ratio in decibels of two pictures of one size; infinite where they are equal.
pub(crate) fn psnr_db(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions(), "pictures of different sizes");
    let squares: u64 = a
        .as_raw()
        .iter()
        .zip(b.as_raw())
        .map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2))
        .sum();
    let mean_square = squares as f64 / a.as_raw().len() as f64;
    20.0 * 255f64.log10() - 10.0 * mean_square.log10()
}
