//! A frame with the patches that the model reads lit, and the rest dimmed.

use super::canvas::{AMBER, GROUND, mix};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use videre::visual::geometry::UnitRect;

/// How a lit patch stands out from its neighbours.
#[derive(Clone, Copy)]
pub(crate) enum Edges {
    /// By its brightness and a touch of amber: for small pictures, of which some are dark.
    Plain,
    /// With a thin amber edge as well: for pictures that are looked at one by one.
    Amber,
}

/// `picture` with everything outside of the `lit` rectangles dimmed.
pub(crate) fn lit_picture(picture: &RgbImage, lit: &[UnitRect], edges: Edges) -> RgbImage {
    let (width, height) = picture.dimensions();
    let mut shown = RgbImage::from_fn(width, height, |x, y| dimmed(*picture.get_pixel(x, y)));
    for rect in lit {
        let along =
            |at: f64, length: u32| (at * f64::from(length)).round().clamp(0.0, f64::from(length)) as u32;
        let (left, right) = (along(rect.left, width), along(rect.right, width));
        let (top, bottom) = (along(rect.top, height), along(rect.bottom, height));
        for y in top..bottom {
            for x in left..right {
                let on_edge = x == left || y == top || x + 1 == right || y + 1 == bottom;
                let amber = match edges {
                    Edges::Plain => 0.18,
                    Edges::Amber if on_edge => 0.75,
                    Edges::Amber => 0.0,
                };
                shown.put_pixel(x, y, mix(*picture.get_pixel(x, y), AMBER, amber));
            }
        }
    }
    shown
}

/// `picture` scaled to lie inside `max_width` x `max_height`, never enlarged.
pub(crate) fn fitted(picture: &RgbImage, max_width: u32, max_height: u32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let scale = (f64::from(max_width) / f64::from(width)).min(f64::from(max_height) / f64::from(height));
    if scale >= 1.0 {
        return picture.clone();
    }
    let scaled = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    imageops::resize(picture, scaled(width), scaled(height), FilterType::Triangle)
}

/// Most of the colour and most of the light gone, but still recognisable.
fn dimmed(pixel: Rgb<u8>) -> Rgb<u8> {
    let [red, green, blue] = pixel.0.map(f32::from);
    let grey = (0.299 * red + 0.587 * green + 0.114 * blue) as u8;
    mix(GROUND, mix(pixel, Rgb([grey; 3]), 0.6), 0.32)
}
