//! The lower part of the sheet: the chosen frames with the patches lit that are read.

use super::canvas::{AMBER, Area, Canvas};
use super::text::Align;
use super::tile::{Edges, lit_picture};
use super::{FrameTile, HEADING, MARGIN, NOTE, SMALL, Sheet, TokenKind, grouped};
use crate::clock::clock;
use image::RgbImage;
use image::imageops::{self, FilterType};

pub(super) const HEADING_HEIGHT: f32 = 36.0;
const GAP: f32 = 14.0;
const CAPTION_HEIGHT: f32 = 34.0;
/// More pictures than this become too small to tell anything.
const MAX_TILES: usize = 120;

/// How the pictures stand.
pub(super) struct Grid {
    n_columns: usize,
    tile_width: f32,
    tile_height: f32,
    /// Which of the frames are shown: all, or evenly spread ones.
    shown: Vec<usize>,
}

impl Grid {
    /// The arrangement whose rows fill `width` and whose height comes nearest to what reads well. None without frames.
    pub(super) fn fit(frames: &[FrameTile], width: f32) -> Option<Self> {
        let first = frames.first()?;
        let height_per_width = first.picture.height() as f32 / first.picture.width() as f32;
        let n_shown = frames.len().min(MAX_TILES);
        let shown = (0..n_shown).map(|i| i * frames.len() / n_shown).collect();
        let arrange = |n_columns: usize| {
            let tile_width = ((width - GAP * (n_columns - 1) as f32) / n_columns as f32).floor();
            (
                n_columns,
                tile_width,
                (tile_width * height_per_width).round().max(1.0),
            )
        };
        let target = 300.0 + 6.0 * n_shown as f32;
        let distance = |(n_columns, _, tile_height): &(usize, f32, f32)| {
            let n_rows = n_shown.div_ceil(*n_columns);
            let unfilled = n_rows * n_columns - n_shown;
            let height = n_rows as f32 * (tile_height + CAPTION_HEIGHT);
            ((height - target).abs() + 24.0 * unfilled as f32) as u32
        };
        let (n_columns, tile_width, tile_height) = (3..=13).map(arrange).min_by_key(distance)?;
        Some(Self {
            n_columns,
            tile_width,
            tile_height,
            shown,
        })
    }

    pub(super) fn height(&self) -> f32 {
        self.shown.len().div_ceil(self.n_columns) as f32 * (self.tile_height + CAPTION_HEIGHT)
    }
}

pub(super) fn draw(canvas: &mut Canvas, top: f32, grid: &Grid, sheet: &Sheet) {
    let n_sampled: usize = sheet
        .tokens
        .iter()
        .filter(|run| run.kind == TokenKind::Sampled)
        .map(|run| run.n_tokens)
        .sum();
    let heading = if n_sampled == 0 {
        "The frames"
    } else {
        "What is sampled"
    };
    let end = canvas.text(MARGIN, top, Align::Left, HEADING, heading);
    canvas.text(
        end + 18.0,
        top,
        Align::Left,
        NOTE,
        &explanation(grid, sheet, n_sampled),
    );
    for (place, &frame) in grid.shown.iter().enumerate() {
        let (row, column) = (place / grid.n_columns, place % grid.n_columns);
        let x = MARGIN + column as f32 * (grid.tile_width + GAP);
        let y = top + HEADING_HEIGHT + row as f32 * (grid.tile_height + CAPTION_HEIGHT) - 8.0;
        draw_tile(
            canvas,
            Area {
                x,
                y,
                width: grid.tile_width,
                height: grid.tile_height,
            },
            &sheet.frames[frame],
            n_sampled,
        );
    }
}

fn explanation(grid: &Grid, sheet: &Sheet, n_sampled: usize) -> String {
    let mut words = match (n_sampled, sheet.is_pooled) {
        (0, _) => "each stands in the thumbnail".to_owned(),
        (_, true) => format!("{} rows are made of the bright patches", grouped(n_sampled)),
        (_, false) => format!("{} bright patches are read one by one", grouped(n_sampled)),
    };
    if n_sampled > 0 && sheet.frames.iter().any(|frame| frame.in_thumbnail) {
        words.push_str("; frames with a mark stand in the thumbnail too");
    }
    if grid.shown.len() < sheet.frames.len() {
        words.push_str(&format!(
            "; {} of {} frames shown",
            grid.shown.len(),
            sheet.frames.len()
        ));
    }
    words
}

fn draw_tile(canvas: &mut Canvas, area: Area, frame: &FrameTile, n_sampled: usize) {
    let picture = resized(&frame.picture, area.width as u32, area.height as u32);
    let picture = if n_sampled == 0 {
        picture
    } else {
        lit_picture(&picture, &frame.lit, Edges::Plain)
    };
    canvas.picture(area.x, area.y, 4.0, &picture);
    let (mut x, y) = (area.x + 1.0, area.bottom() + 22.0);
    if frame.in_thumbnail && n_sampled > 0 {
        canvas.fill(
            Area {
                x,
                y: y - 12.0,
                width: 11.0,
                height: 11.0,
            },
            2.5,
            AMBER,
            1.0,
        );
        x += 18.0;
    }
    let time = clock(frame.pts_secs);
    // Narrow tiles have no room for thousandths.
    let short = time.split('.').next().unwrap_or(&time);
    let room = area.right() - x;
    let words = if SMALL.width(&time) <= room { &time } else { short };
    canvas.text(x, y, Align::Left, SMALL, words);
}

fn resized(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    imageops::resize(picture, width.max(1), height.max(1), FilterType::Triangle)
}
