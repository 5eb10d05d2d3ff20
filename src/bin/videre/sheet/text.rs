//! Words on a canvas, in the bundled cuts of Inter (`assets/fonts`).

use super::canvas::Canvas;
use ab_glyph::{Font, FontRef, GlyphId, PxScale, ScaleFont};
use image::Rgb;
use std::sync::LazyLock;

static REGULAR: LazyLock<FontRef<'static>> =
    LazyLock::new(|| font(include_bytes!("../../../../assets/fonts/Inter-Regular.otf")));
static SEMIBOLD: LazyLock<FontRef<'static>> =
    LazyLock::new(|| font(include_bytes!("../../../../assets/fonts/Inter-SemiBold.otf")));

fn font(bytes: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(bytes).expect("BUG: the bundled font is broken")
}

/// How words look. Sizes are in pixels of the em.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    pub(crate) size: f32,
    pub(crate) weight: Weight,
    pub(crate) colour: Rgb<u8>,
}

#[derive(Clone, Copy)]
pub(crate) enum Weight {
    Regular,
    SemiBold,
}

/// Which end of the words stands at the given place.
#[derive(Clone, Copy)]
pub(crate) enum Align {
    Left,
    Right,
}

impl Style {
    pub(crate) const fn regular(size: f32, colour: Rgb<u8>) -> Self {
        Self {
            size,
            weight: Weight::Regular,
            colour,
        }
    }

    pub(crate) const fn semibold(size: f32, colour: Rgb<u8>) -> Self {
        Self {
            size,
            weight: Weight::SemiBold,
            colour,
        }
    }

    fn font(self) -> &'static FontRef<'static> {
        match self.weight {
            Weight::Regular => &REGULAR,
            Weight::SemiBold => &SEMIBOLD,
        }
    }

    /// `ab_glyph` scales by line height, designers by em.
    fn scale(self) -> PxScale {
        let font = self.font();
        PxScale::from(self.size * font.height_unscaled() / font.units_per_em().unwrap_or(1000.0))
    }

    /// The glyph of a character, or the replacement mark where the font has none.
    fn glyph(self, character: char) -> GlyphId {
        match self.font().glyph_id(character) {
            GlyphId(0) => self.font().glyph_id('\u{fffd}'),
            glyph => glyph,
        }
    }

    /// How wide the words are, in pixels.
    pub(crate) fn width(self, text: &str) -> f32 {
        let font = self.font().as_scaled(self.scale());
        text.chars()
            .map(|character| font.h_advance(self.glyph(character)))
            .sum()
    }

    /// The words, or as much of their two ends as fits into `max_width` around an ellipsis: the end of a file name
    /// tells as much as its beginning.
    pub(crate) fn shortened(self, text: &str, max_width: f32) -> String {
        if self.width(text) <= max_width {
            return text.to_owned();
        }
        let characters: Vec<char> = text.chars().collect();
        (1..characters.len())
            .rev()
            .map(|kept| {
                let (head, tail) = (kept.div_ceil(2), kept / 2);
                let tail = &characters[characters.len() - tail..];
                characters[..head]
                    .iter()
                    .chain(['…'].iter())
                    .chain(tail)
                    .collect::<String>()
            })
            .find(|short| self.width(short) <= max_width)
            .unwrap_or_else(|| "…".to_owned())
    }
}

impl Canvas {
    /// Draws words with their baseline at `y`. Returns where they end.
    pub(crate) fn text(&mut self, x: f32, y: f32, align: Align, style: Style, text: &str) -> f32 {
        let font = style.font().as_scaled(style.scale());
        let mut pen = match align {
            Align::Left => x,
            Align::Right => x - style.width(text),
        };
        for character in text.chars() {
            let id = style.glyph(character);
            let glyph = id.with_scale_and_position(style.scale(), ab_glyph::point(pen, y));
            if let Some(outline) = font.outline_glyph(glyph) {
                let corner = outline.px_bounds().min;
                outline.draw(|dx, dy, coverage| {
                    let (x, y) = (corner.x as i64 + i64::from(dx), corner.y as i64 + i64::from(dy));
                    self.blend(x, y, style.colour, coverage.min(1.0));
                });
            }
            pen += font.h_advance(id);
        }
        pen
    }
}
