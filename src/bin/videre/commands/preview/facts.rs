//! A plan in words and lengths, for the contact sheet.

use crate::clock::clock;
use crate::sheet::{TokenKind, TokenRun, grouped};
use videre::visual::plan::{Grid, ImageSource, Plan, RowSource};
use videre::visual::pool::PoolOp;
use videre::visual::sampling::TimeRange;
use videre::visual::strategy::{CellOrder, Cells, Newlines, Order, Strategy};
use videre::visual::tower::TowerInput;
use videre::visual::words::Label;

/// What the model reads, as (name, value).
pub(super) fn facts(plan: &Plan, tower: &TowerInput, range: Option<TimeRange>) -> Vec<(String, String)> {
    let geometry = plan.geometry;
    let (side, patches) = (geometry.side_px(), geometry.patches_per_side());
    let counts = plan.counts();
    let mut facts = vec![
        ("Strategy", in_words(&plan.strategy)),
        (
            "Tower",
            format!(
                "{}: {side} × {side} pixels, {patches} × {patches} patches",
                tower.name
            ),
        ),
    ];
    let grids: Vec<&Grid> = plan.images.iter().filter_map(as_grid).collect();
    let n_single = plan.images.len() - grids.len();
    if counts.sampled > 0 {
        let n_patches = n_single * geometry.n_patches() as usize;
        let source = format!("{} patches of {}", grouped(n_patches), n_of(n_single, "frame"));
        let is_pooled = matches!(
            plan.strategy,
            Strategy::SlowFast { .. } | Strategy::Pooled { .. } | Strategy::Interleaved { pool: Some(_), .. }
        );
        let what = if is_pooled { "tokens from" } else { "of" };
        facts.push(("Sampled", format!("{} {what} {source}", grouped(counts.sampled))));
    }
    if let Some(first) = grids.first() {
        let cells = format!(
            "{} frames in {} rows of {}",
            first.cells.len(),
            first.n_rows,
            first.n_cols
        );
        let cells = if grids.len() == 1 {
            cells
        } else {
            format!("{} times {cells}", grids.len())
        };
        facts.push((
            "Thumbnail",
            format!("{cells}, {} tokens", grouped(counts.thumbnail + counts.newline)),
        ));
    }
    facts.push(("Encoded", n_of(plan.images.len(), "image")));
    if let Some(range) = range {
        facts.push((
            "Range",
            format!("{} to {}", clock(range.start_secs), clock(range.end_secs)),
        ));
    }
    facts
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Consecutive tokens of one kind, in the order they are read.
pub(super) fn token_runs(plan: &Plan) -> Vec<TokenRun> {
    let mut runs: Vec<TokenRun> = Vec::new();
    // Words are no rows of pictures, and how many tokens they take only the model's vocabulary knows.
    let rows = plan.rows.iter().filter(|row| !matches!(row, RowSource::Text(_)));
    for row in rows {
        let kind = match row.image().map(|image| &plan.images[image]) {
            Some(ImageSource::Frame(_)) => TokenKind::Sampled,
            Some(ImageSource::Grid(_)) => TokenKind::Thumbnail,
            // A newline ends a row of the image before it.
            None => runs.last().map_or(TokenKind::Thumbnail, |run| run.kind),
        };
        match runs.last_mut() {
            Some(run) if run.kind == kind => run.n_tokens += 1,
            _ => runs.push(TokenRun { kind, n_tokens: 1 }),
        }
    }
    runs
}

fn in_words(strategy: &Strategy) -> String {
    match strategy {
        Strategy::EveryPatch => "every patch of every frame".to_owned(),
        Strategy::Sampled { .. } => "patches sampled from all frames".to_owned(),
        Strategy::Thumbnail { cells } => format!("one thumbnail{}", shuffled(*cells)),
        Strategy::Thumbnails { cells } => format!("all frames in thumbnails{}", shuffled(*cells)),
        Strategy::ThumbnailAndSampled {
            n_thumbnails,
            cells,
            order,
            ..
        } => {
            let thumbnails = format!("{}{}", n_of(*n_thumbnails, "thumbnail"), shuffled(*cells));
            match order {
                Order::SampledFirst => format!("sampled patches, then {thumbnails}"),
                Order::ThumbnailFirst => format!("{thumbnails}, then sampled patches"),
            }
        }
        Strategy::SlowFast { n_slow, fast_side } => {
            format!("SlowFast: {n_slow} frames finely, all of them as {fast_side} × {fast_side}")
        }
        Strategy::ImageGrid { .. } => "all frames as one picture".to_owned(),
        Strategy::Pooled { pool, newlines, .. } => {
            let how = match pool.op {
                PoolOp::Mean => "means of patches",
                PoolOp::Max => "largest values of patches",
                PoolOp::Bilinear => "blends of patches",
            };
            let ends = match newlines {
                Newlines::None => "",
                Newlines::Row => ", a newline after each line",
                Newlines::Frame => ", a newline after each frame",
                Newlines::End => ", a newline at the end",
            };
            format!("every frame as {how}{ends}")
        }
        Strategy::Interleaved { words, .. } => match words.label {
            Label::None => "every frame by itself".to_owned(),
            Label::Seconds | Label::Clock => "every frame after its time".to_owned(),
            Label::Number => "every frame after its number".to_owned(),
        },
    }
}

fn shuffled(cells: Cells) -> &'static str {
    match cells.order {
        CellOrder::Time => "",
        CellOrder::Shuffled { .. } => " with shuffled cells",
    }
}

fn as_grid(image: &ImageSource) -> Option<&Grid> {
    match image {
        ImageSource::Grid(grid) => Some(grid),
        ImageSource::Frame(_) => None,
    }
}

fn n_of(n: usize, thing: &str) -> String {
    format!("{} {thing}{}", grouped(n), if n == 1 { "" } else { "s" })
}
