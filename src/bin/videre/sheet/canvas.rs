//! A picture that shapes are painted onto, with soft edges.

use image::{Rgb, RgbImage};

/// Near-black graphite: the ground of everything.
pub(crate) const GROUND: Rgb<u8> = Rgb([20, 20, 22]);
/// One step lighter: what lies on the ground.
pub(crate) const RAISED: Rgb<u8> = Rgb([34, 34, 37]);
/// Warm white: words that matter.
pub(crate) const TEXT: Rgb<u8> = Rgb([242, 237, 228]);
/// Words that explain.
pub(crate) const QUIET: Rgb<u8> = Rgb([152, 146, 136]);
/// "The model sees this", and nothing else.
pub(crate) const AMBER: Rgb<u8> = Rgb([255, 178, 62]);
/// Amber's second tone, to tell neighbours apart.
pub(crate) const AMBER_DEEP: Rgb<u8> = Rgb([196, 128, 36]);

/// A rectangle on a canvas in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Area {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

impl Area {
    pub(crate) fn right(self) -> f32 {
        self.x + self.width
    }

    pub(crate) fn bottom(self) -> f32 {
        self.y + self.height
    }

    /// The same rectangle, larger by `by` on each side.
    pub(crate) fn grown(self, by: f32) -> Self {
        Self {
            x: self.x - by,
            y: self.y - by,
            width: self.width + 2.0 * by,
            height: self.height + 2.0 * by,
        }
    }

    /// How much of the pixel whose centre is (`x`, `y`) this rectangle with corners of `radius` covers, 0 to 1.
    fn coverage(self, radius: f32, x: f32, y: f32) -> f32 {
        // The signed distance to a rounded rectangle, turned into one pixel of soft edge.
        let half = (self.width / 2.0, self.height / 2.0);
        let from_middle = ((x - self.x - half.0).abs(), (y - self.y - half.1).abs());
        let (dx, dy) = (from_middle.0 - half.0 + radius, from_middle.1 - half.1 + radius);
        let outside = dx.max(0.0).hypot(dy.max(0.0)) + dx.max(dy).min(0.0) - radius;
        (0.5 - outside).clamp(0.0, 1.0)
    }
}

/// A picture under the brush.
pub(crate) struct Canvas {
    image: RgbImage,
}

impl Canvas {
    /// An empty sheet of [`GROUND`].
    pub(crate) fn new(width: u32, height: u32) -> Self {
        Self {
            image: RgbImage::from_pixel(width, height, GROUND),
        }
    }

    pub(crate) fn into_image(self) -> RgbImage {
        self.image
    }

    /// Mixes `colour` into one pixel; `coverage` 1 replaces it. Outside of the canvas nothing happens.
    pub(crate) fn blend(&mut self, x: i64, y: i64, colour: Rgb<u8>, coverage: f32) {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else {
            return;
        };
        if let Some(pixel) = self.image.get_pixel_mut_checked(x, y) {
            *pixel = mix(*pixel, colour, coverage);
        }
    }

    /// Fills a rectangle with corners of `radius`.
    pub(crate) fn fill(&mut self, area: Area, radius: f32, colour: Rgb<u8>, opacity: f32) {
        self.paint(area, radius, |_, _| colour, opacity);
    }

    /// A frame of `width` pixels just outside of `area`.
    pub(crate) fn outline(&mut self, area: Area, radius: f32, width: f32, colour: Rgb<u8>) {
        let outer = area.grown(width);
        for (x, y) in pixels_of(outer) {
            let (cx, cy) = (x as f32 + 0.5, y as f32 + 0.5);
            let ring = outer.coverage(radius + width, cx, cy) - area.coverage(radius, cx, cy);
            if ring > 0.0 {
                self.blend(x, y, colour, ring);
            }
        }
    }

    /// A picture at its own size, its upper left corner at (`x`, `y`), with corners of `radius`.
    pub(crate) fn picture(&mut self, x: f32, y: f32, radius: f32, picture: &RgbImage) {
        let (left, top) = (x.round(), y.round());
        let area = Area {
            x: left,
            y: top,
            width: picture.width() as f32,
            height: picture.height() as f32,
        };
        let (last_x, last_y) = (picture.width() - 1, picture.height() - 1);
        let at = |x: i64, y: i64| {
            let (x, y) = (x - left as i64, y - top as i64);
            *picture.get_pixel((x.max(0) as u32).min(last_x), (y.max(0) as u32).min(last_y))
        };
        self.paint(area, radius, at, 1.0);
    }

    fn paint(&mut self, area: Area, radius: f32, colour_at: impl Fn(i64, i64) -> Rgb<u8>, opacity: f32) {
        for (x, y) in pixels_of(area) {
            let coverage = area.coverage(radius, x as f32 + 0.5, y as f32 + 0.5);
            if coverage > 0.0 {
                self.blend(x, y, colour_at(x, y), coverage * opacity);
            }
        }
    }
}

/// `under` with `over` laid on it at `coverage`.
pub(crate) fn mix(under: Rgb<u8>, over: Rgb<u8>, coverage: f32) -> Rgb<u8> {
    let blend = |under: u8, over: u8| f32::from(under) + (f32::from(over) - f32::from(under)) * coverage;
    Rgb(std::array::from_fn(|i| {
        blend(under.0[i], over.0[i]).round() as u8
    }))
}

/// Every pixel that `area` touches.
fn pixels_of(area: Area) -> impl Iterator<Item = (i64, i64)> {
    let (left, right) = (area.x.floor() as i64, area.right().ceil() as i64);
    let (top, bottom) = (area.y.floor() as i64, area.bottom().ceil() as i64);
    (top..bottom).flat_map(move |y| (left..right).map(move |x| (x, y)))
}
