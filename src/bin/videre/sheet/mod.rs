//! The contact sheet: one picture that shows what the model reads of a video.
//!
//! Pure: it is given pictures and numbers, and gives back a picture. From top to bottom: what file and what
//! setting; the images that are encoded whole, at their own pixels, beside the facts, the token bar and the
//! timeline; and the frames, with the patches lit that are read.

mod canvas;
mod frames;
mod overview;
mod text;
mod tile;

use canvas::{AMBER, Canvas, QUIET, TEXT};
use image::RgbImage;
use text::{Align, Style};
use videre::visual::geometry::UnitRect;

pub(crate) use tile::{Edges, fitted, lit_picture};

/// What there is to show.
pub(crate) struct Sheet {
    /// Name of the file.
    pub(crate) title: String,
    /// What the file is, in a line.
    pub(crate) subtitle: String,
    /// Name of the preset, or of the strategy where its numbers are nobody's preset.
    pub(crate) preset: String,
    /// What the model reads, as (name, value).
    pub(crate) facts: Vec<(String, String)>,
    /// What a user should know about it.
    pub(crate) notices: Vec<String>,
    /// The images that enter the tower and are read whole; where there are none, the first that enters it.
    pub(crate) images: Vec<TowerPicture>,
    /// The frames that were chosen, in the order of time.
    pub(crate) frames: Vec<FrameTile>,
    /// How many patches a frame has.
    pub(crate) n_patches: usize,
    /// Whether rows are made of more than a patch each.
    pub(crate) is_pooled: bool,
    /// The language model's rows in its order.
    pub(crate) tokens: Vec<TokenRun>,
    /// Where the clip starts and ends.
    pub(crate) span_secs: (f64, f64),
}

/// The pixels that enter the vision tower.
pub(crate) struct TowerPicture {
    pub(crate) pixels: RgbImage,
    /// What is said above it.
    pub(crate) caption: String,
    /// Each cell of it, as fractions, and its words.
    pub(crate) cells: Vec<(UnitRect, String)>,
}

/// One chosen frame.
pub(crate) struct FrameTile {
    /// As displayed, small or large; it is scaled into its place.
    pub(crate) picture: RgbImage,
    pub(crate) pts_secs: f64,
    /// The patches of it that are read one by one.
    pub(crate) lit: Vec<UnitRect>,
    /// Whether it stands in a thumbnail.
    pub(crate) in_thumbnail: bool,
}

/// Consecutive rows of the language model that come from the same kind of source.
pub(crate) struct TokenRun {
    pub(crate) kind: TokenKind,
    pub(crate) n_tokens: usize,
}

/// Where a row comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A patch (or a pooled rectangle) of one frame.
    Sampled,
    /// A patch of a thumbnail.
    Thumbnail,
}

const WIDTH: u32 = 1600;
const MARGIN: f32 = 56.0;

const TITLE: Style = Style::semibold(38.0, TEXT);
const HEADING: Style = Style::semibold(25.0, TEXT);
const BODY: Style = Style::regular(21.0, TEXT);
const NOTE: Style = Style::regular(21.0, QUIET);
const SMALL: Style = Style::regular(18.0, QUIET);

/// Draws the sheet: 1600 pixels wide, as high as it needs to be.
pub(crate) fn draw(sheet: &Sheet) -> RgbImage {
    let overview_top = 188.0;
    let frames_top = overview_top + overview::HEIGHT + 64.0;
    let grid = frames::Grid::fit(&sheet.frames, WIDTH as f32 - 2.0 * MARGIN);
    let height = match &grid {
        Some(grid) => frames_top + frames::HEADING_HEIGHT + grid.height() + MARGIN - 8.0,
        None => frames_top,
    };
    let mut canvas = Canvas::new(WIDTH, height as u32);
    draw_header(&mut canvas, sheet);
    overview::draw(&mut canvas, overview_top, sheet);
    if let Some(grid) = &grid {
        frames::draw(&mut canvas, frames_top, grid, sheet);
    }
    canvas.into_image()
}

fn draw_header(canvas: &mut Canvas, sheet: &Sheet) {
    let n_tokens: usize = sheet.tokens.iter().map(|run| run.n_tokens).sum();
    let figures = [
        (grouped(n_tokens), "visual tokens", AMBER),
        (grouped(sheet.frames.len()), "frames", TEXT),
        (sheet.preset.clone(), "preset", TEXT),
    ];
    let mut right = WIDTH as f32 - MARGIN;
    for (figure, name, colour) in figures {
        let style = Style { colour, ..TITLE };
        canvas.text(right, 94.0, Align::Right, style, &figure);
        canvas.text(right, 130.0, Align::Right, NOTE, name);
        right -= style.width(&figure).max(NOTE.width(name)) + 56.0;
    }
    let room = right - MARGIN;
    canvas.text(
        MARGIN,
        94.0,
        Align::Left,
        TITLE,
        &TITLE.shortened(&sheet.title, room),
    );
    canvas.text(
        MARGIN,
        130.0,
        Align::Left,
        NOTE,
        &NOTE.shortened(&sheet.subtitle, room),
    );
}

/// 3456 as "3,456".
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let (head, tail) = digits.split_at(first);
    let groups = tail
        .as_bytes()
        .chunks(3)
        .map(|group| String::from_utf8_lossy(group).into_owned());
    let head = (!head.is_empty()).then(|| head.to_owned());
    head.into_iter().chain(groups).collect::<Vec<_>>().join(",")
}
