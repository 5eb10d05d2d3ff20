//! The upper part of the sheet: the images that are read whole, and what is read in numbers.

use super::canvas::{AMBER, AMBER_DEEP, Area, Canvas, GROUND, QUIET, RAISED, TEXT};
use super::text::{Align, Style};
use super::tile::{Edges, fitted, lit_picture};
use super::{BODY, FrameTile, HEADING, MARGIN, NOTE, SMALL, Sheet, TokenKind, TowerPicture, WIDTH, grouped};
use crate::clock::clock;
use image::imageops::{self, FilterType};

/// Twice the side of CLIP-L/336, so that its pixels show as they are.
const IMAGE_SIDE: f32 = 672.0;
const CAPTION_HEIGHT: f32 = 38.0;
pub(super) const HEIGHT: f32 = IMAGE_SIDE + CAPTION_HEIGHT;
const FACT_NAME_WIDTH: f32 = 168.0;
const FACT_PITCH: f32 = 37.0;
const BAR_HEIGHT: f32 = 44.0;
const BAR_TOP_FROM_BOTTOM: f32 = 184.0;

pub(super) fn draw(canvas: &mut Canvas, top: f32, sheet: &Sheet) {
    draw_images(canvas, top, &sheet.images);
    let x = MARGIN + IMAGE_SIDE + 56.0;
    let column = Area {
        x,
        y: top,
        width: WIDTH as f32 - MARGIN - x,
        height: HEIGHT,
    };
    let facts_bottom = draw_facts(canvas, column, sheet);
    draw_close_up(canvas, column, facts_bottom, sheet);
    draw_token_bar(canvas, column, sheet);
    draw_timeline(canvas, column, sheet);
}

/// One image at twice its size, or several in a square of squares.
fn draw_images(canvas: &mut Canvas, top: f32, images: &[TowerPicture]) {
    let Some(first) = images.first() else { return };
    canvas.text(MARGIN, top + 14.0, Align::Left, HEADING, &first.caption);
    let per_side = (images.len() as f32).sqrt().ceil();
    let gap = if images.len() == 1 { 0.0 } else { 12.0 };
    let side = ((IMAGE_SIDE - gap * (per_side - 1.0)) / per_side).floor();
    for (index, image) in images.iter().enumerate() {
        let x = MARGIN + (index as f32 % per_side).floor() * (side + gap);
        let y = top + CAPTION_HEIGHT + (index as f32 / per_side).floor() * (side + gap);
        draw_image(
            canvas,
            Area {
                x,
                y,
                width: side,
                height: side,
            },
            image,
        );
    }
}

fn draw_image(canvas: &mut Canvas, area: Area, image: &TowerPicture) {
    // Enlarged pixels stay pixels: they are the subject.
    let filter = if image.pixels.width() as f32 <= area.width {
        FilterType::Nearest
    } else {
        FilterType::Triangle
    };
    let pixels = imageops::resize(&image.pixels, area.width as u32, area.height as u32, filter);
    canvas.picture(area.x, area.y, 6.0, &pixels);
    canvas.outline(area, 6.0, 3.0, AMBER);
    for (cell, words) in &image.cells {
        let left = area.x + cell.left as f32 * area.width;
        let bottom = area.y + cell.bottom as f32 * area.height;
        let room = (cell.right - cell.left) as f32 * area.width;
        let style = Style::regular(18.0, TEXT);
        let width = style.width(words);
        if room < width + 36.0 {
            continue;
        }
        let pill = Area {
            x: left + 10.0,
            y: bottom - 38.0,
            width: width + 20.0,
            height: 28.0,
        };
        canvas.fill(pill, 14.0, GROUND, 0.72);
        canvas.text(pill.x + 10.0, pill.y + 20.5, Align::Left, style, words);
    }
}

/// Facts and notices. Returns where they end.
fn draw_facts(canvas: &mut Canvas, column: Area, sheet: &Sheet) -> f32 {
    canvas.text(
        column.x,
        column.y + 14.0,
        Align::Left,
        HEADING,
        "What the model reads",
    );
    let mut y = column.y + CAPTION_HEIGHT + 24.0;
    for (name, value) in &sheet.facts {
        canvas.text(column.x, y, Align::Left, NOTE, name);
        let room = column.width - FACT_NAME_WIDTH;
        for line in wrapped(value, BODY, room) {
            canvas.text(column.x + FACT_NAME_WIDTH, y, Align::Left, BODY, &line);
            y += FACT_PITCH;
        }
    }
    for notice in &sheet.notices {
        canvas.text(column.x, y, Align::Left, NOTE, "Note");
        for line in wrapped(notice, NOTE, column.width - FACT_NAME_WIDTH) {
            canvas.text(column.x + FACT_NAME_WIDTH, y, Align::Left, NOTE, &line);
            y += FACT_PITCH - 8.0;
        }
    }
    y - FACT_PITCH
}

/// One frame large enough to see what becomes of it, where there is room between the facts and the bar.
fn draw_close_up(canvas: &mut Canvas, column: Area, facts_bottom: f32, sheet: &Sheet) {
    let Some((frame, words)) = worth_a_closer_look(sheet) else {
        return;
    };
    let (top, bottom) = (facts_bottom + 34.0, column.bottom() - BAR_TOP_FROM_BOTTOM - 64.0);
    let (room_width, room_height) = (column.width * 0.62, bottom - top);
    if room_height < 140.0 {
        return;
    }
    let mut picture = fitted(&frame.picture, room_width as u32, room_height as u32);
    if !frame.lit.is_empty() {
        picture = lit_picture(&picture, &frame.lit, Edges::Amber);
    }
    canvas.picture(column.x, top, 6.0, &picture);
    let x = column.x + picture.width() as f32 + 28.0;
    let mut y = top + 22.0;
    canvas.text(
        x,
        y,
        Align::Left,
        BODY,
        &format!("One frame, at {}", clock(frame.pts_secs)),
    );
    for line in wrapped(&words, NOTE, column.right() - x) {
        y += 30.0;
        canvas.text(x, y, Align::Left, NOTE, &line);
    }
}

/// A frame from the middle that is read in part, or else one that stands in a thumbnail, and what to say of it.
fn worth_a_closer_look(sheet: &Sheet) -> Option<(&FrameTile, String)> {
    let middle = |is_it: &dyn Fn(&FrameTile) -> bool| {
        let fitting: Vec<&FrameTile> = sheet.frames.iter().filter(|frame| is_it(frame)).collect();
        fitting.get(fitting.len() / 2).copied()
    };
    let n_patches = sheet.n_patches;
    if let Some(frame) = middle(&|frame| !frame.lit.is_empty() && frame.lit.len() < n_patches) {
        let words = match sheet.is_pooled {
            true => "of its {} patches go into rows; the dim ones do not.",
            false => "of its {} patches are read one by one; the dim ones are not.",
        };
        return Some((
            frame,
            format!("{} {}", frame.lit.len(), words.replace("{}", &grouped(n_patches))),
        ));
    }
    let frame = middle(&|frame| frame.lit.is_empty() && frame.in_thumbnail)?;
    let image = sheet.images.first()?;
    let (cell, _) = image.cells.first()?;
    let side = f64::from(image.pixels.width());
    let (width, height) = ((cell.right - cell.left) * side, (cell.bottom - cell.top) * side);
    Some((
        frame,
        format!("In the thumbnail it has {width:.0} × {height:.0} pixels, whatever its shape."),
    ))
}

/// All rows of the language model from first to last, as lengths.
fn draw_token_bar(canvas: &mut Canvas, column: Area, sheet: &Sheet) {
    let n_tokens: usize = sheet.tokens.iter().map(|run| run.n_tokens).sum();
    if n_tokens == 0 {
        return;
    }
    let y = column.bottom() - BAR_TOP_FROM_BOTTOM;
    let gap = 4.0;
    let room = column.width - gap * (sheet.tokens.len() - 1) as f32;
    let mut x = column.x;
    for run in &sheet.tokens {
        let width = room * run.n_tokens as f32 / n_tokens as f32;
        let (colour, name) = match run.kind {
            TokenKind::Sampled => (AMBER_DEEP, "sampled"),
            TokenKind::Thumbnail => (AMBER, "thumbnail"),
        };
        canvas.fill(
            Area {
                x,
                y,
                width,
                height: BAR_HEIGHT,
            },
            6.0,
            colour,
            1.0,
        );
        let style = Style::semibold(20.0, GROUND);
        let words = format!("{} {name}", grouped(run.n_tokens));
        let words = if style.width(&words) + 24.0 <= width {
            words
        } else {
            grouped(run.n_tokens)
        };
        if style.width(&words) + 16.0 <= width {
            canvas.text(x + 12.0, y + 29.0, Align::Left, style, &words);
        }
        x += width + gap;
    }
    canvas.text(
        column.x,
        y - 16.0,
        Align::Left,
        NOTE,
        "Tokens in the order they are read",
    );
}

/// The clip as a line, with a mark for each frame that is looked at.
fn draw_timeline(canvas: &mut Canvas, column: Area, sheet: &Sheet) {
    let (start, end) = sheet.span_secs;
    let y = column.bottom() - 44.0;
    canvas.text(column.x, y - 34.0, Align::Left, NOTE, "Frames in the clip");
    canvas.fill(
        Area {
            x: column.x,
            y: y - 2.0,
            width: column.width,
            height: 4.0,
        },
        2.0,
        RAISED,
        1.0,
    );
    let inset = 7.0;
    for frame in &sheet.frames {
        let along = if end > start {
            ((frame.pts_secs - start) / (end - start)).clamp(0.0, 1.0)
        } else {
            0.0
        };
        let x = column.x + inset + along as f32 * (column.width - 2.0 * inset);
        let radius = if frame.in_thumbnail { inset } else { 4.5 };
        let dot = Area {
            x: x - radius,
            y: y - radius,
            width: 2.0 * radius,
            height: 2.0 * radius,
        };
        canvas.fill(dot.grown(1.5), radius + 1.5, GROUND, 1.0);
        canvas.fill(
            dot,
            radius,
            if frame.in_thumbnail { AMBER } else { AMBER_DEEP },
            1.0,
        );
    }
    canvas.text(column.x, y + 38.0, Align::Left, SMALL, &clock(start));
    canvas.text(column.right(), y + 38.0, Align::Right, SMALL, &clock(end));
    let both =
        sheet.frames.iter().any(|frame| frame.in_thumbnail) && sheet.frames.iter().any(|f| !f.in_thumbnail);
    if both {
        draw_legend(canvas, column, y + 38.0);
    }
}

fn draw_legend(canvas: &mut Canvas, column: Area, y: f32) {
    let mut x = column.x + column.width / 2.0 - 120.0;
    for (colour, radius, name) in [
        (AMBER, 7.0, "in the thumbnail"),
        (AMBER_DEEP, 4.5, "sampled only"),
    ] {
        let dot = Area {
            x: x - radius,
            y: y - 6.0 - radius,
            width: 2.0 * radius,
            height: 2.0 * radius,
        };
        canvas.fill(dot, radius, colour, 1.0);
        x = canvas.text(
            x + 14.0,
            y,
            Align::Left,
            Style {
                colour: QUIET,
                ..SMALL
            },
            name,
        ) + 36.0;
    }
}

/// The words in lines that fit into `width`.
fn wrapped(text: &str, style: Style, width: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if style.width(line) + style.width(" ") + style.width(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(style.shortened(word, width)),
        }
    }
    lines
}
