//! The rows of the language model's input, made of projected patches.

use super::encoder::{Encoder, MeanOf, PatchOf};
use super::execute::{ExecuteError, expect_count};
use super::plan::{Plan, RowSource, Tap};

/// The visual rows of the language model's input.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// (`n_rows`, `width`), row by row, in the order the language model reads them.
    pub data: Vec<f32>,
    /// Number of rows.
    pub n_rows: usize,
    /// Values in a row.
    pub width: usize,
}

/// The rows, filled in whatever order images come.
pub(super) struct RowsInProgress {
    data: Vec<f32>,
    pub(super) width: usize,
    /// First row of the output for each row of the plan; texts take several.
    starts: Vec<usize>,
    /// Rows of the plan made of each image.
    rows_of: Vec<Vec<usize>>,
}

impl RowsInProgress {
    /// Room for all rows, with newlines and texts already in place.
    pub(super) fn new<E: Encoder, F: std::error::Error + 'static>(
        plan: &Plan,
        encoder: &mut E,
    ) -> Result<Self, ExecuteError<E::Error, F>> {
        let width = encoder.row_width();
        let mut rows_of = vec![Vec::new(); plan.images.len()];
        let mut starts = Vec::with_capacity(plan.rows.len());
        let mut data = Vec::with_capacity(plan.rows.len() * width);
        let mut newline: Option<Vec<f32>> = None;
        for (position, row) in plan.rows.iter().enumerate() {
            starts.push(data.len() / width.max(1));
            match row {
                RowSource::Patch { .. }
                | RowSource::Mean { .. }
                | RowSource::Max { .. }
                | RowSource::Blend { .. }
                | RowSource::FeatureMean { .. } => {
                    rows_of[row.image().unwrap_or_default()].push(position);
                    data.resize(data.len() + width, 0.0);
                }
                RowSource::Newline => {
                    let row = match newline.take() {
                        Some(row) => row,
                        None => encoder.newline().map_err(ExecuteError::Encoder)?,
                    };
                    expect_count("values of a newline", width, row.len())?;
                    data.extend_from_slice(&row);
                    newline = Some(row);
                }
                RowSource::Text(text) => {
                    let rows = encoder.text(text).map_err(ExecuteError::Encoder)?;
                    expect_count(
                        "values of a text",
                        rows.len().next_multiple_of(width.max(1)),
                        rows.len(),
                    )?;
                    data.extend_from_slice(&rows);
                }
            }
        }
        Ok(Self {
            data,
            width,
            starts,
            rows_of,
        })
    }

    /// The patches of the image at `position` that are projected, ascending and each once.
    pub(super) fn patches_of(&self, plan: &Plan, position: usize) -> Vec<u32> {
        let mut patches: Vec<u32> = self.rows_of[position]
            .iter()
            .filter(|&&row| !is_pooled_before(&plan.rows[row]))
            .flat_map(|&row| plan.patches_of(&plan.rows[row]))
            .collect();
        patches.sort_unstable();
        patches.dedup();
        patches
    }

    /// The means of the image at `position` that are projected; it is number `image` of its batch.
    pub(super) fn means_of(&self, plan: &Plan, position: usize, image: usize) -> Vec<MeanOf> {
        let rows = self.rows_of[position].iter().map(|&row| &plan.rows[row]);
        rows.filter(|row| is_pooled_before(row))
            .map(|row| MeanOf {
                image,
                patches: plan.patches_of(row),
            })
            .collect()
    }

    /// Writes the rows made of means of the image at `position`; `projected` holds one row for each of them.
    pub(super) fn write_means(&mut self, plan: &Plan, position: usize, projected: &[f32]) {
        let width = self.width;
        let rows = self.rows_of[position]
            .iter()
            .filter(|&&row| is_pooled_before(&plan.rows[row]));
        for (&row, values) in rows.zip(projected.chunks_exact(width.max(1))) {
            self.data[self.starts[row] * width..][..width].copy_from_slice(values);
        }
    }

    /// Writes the rows made of projected patches of the image at `position`; `projected` holds one row for each of
    /// `patches`.
    pub(super) fn write(&mut self, plan: &Plan, position: usize, patches: &[PatchOf], projected: &[f32]) {
        let width = self.width;
        for &row in &self.rows_of[position] {
            if is_pooled_before(&plan.rows[row]) {
                continue;
            }
            let target = &mut self.data[self.starts[row] * width..][..width];
            let wanted = plan.patches_of(&plan.rows[row]);
            let values = wanted.iter().map(|patch| {
                let at = patches.partition_point(|known| known.patch < *patch);
                &projected[at * width..][..width]
            });
            match &plan.rows[row] {
                RowSource::Mean { .. } => mean(values, wanted.len(), target),
                RowSource::Max { .. } => largest(values, target),
                RowSource::Blend { taps, .. } => blended(values.zip(taps.as_slice()), target),
                RowSource::Patch { .. }
                | RowSource::FeatureMean { .. }
                | RowSource::Newline
                | RowSource::Text(_) => {
                    values.for_each(|value| target.copy_from_slice(value));
                }
            }
        }
    }

    pub(super) fn finish(self) -> Rows {
        Rows {
            n_rows: self.data.len() / self.width.max(1),
            data: self.data,
            width: self.width,
        }
    }
}

fn is_pooled_before(row: &RowSource) -> bool {
    matches!(row, RowSource::FeatureMean { .. })
}

fn blended<'a>(values: impl Iterator<Item = (&'a [f32], &'a Tap)>, target: &mut [f32]) {
    target.fill(0.0);
    for (value, tap) in values {
        for (sum, value) in target.iter_mut().zip(value) {
            *sum += tap.weight * value;
        }
    }
}

fn mean<'a>(values: impl Iterator<Item = &'a [f32]>, n_values: usize, target: &mut [f32]) {
    target.fill(0.0);
    for value in values {
        for (sum, value) in target.iter_mut().zip(value) {
            *sum += value;
        }
    }
    for sum in target {
        *sum /= n_values as f32;
    }
}

fn largest<'a>(values: impl Iterator<Item = &'a [f32]>, target: &mut [f32]) {
    target.fill(f32::NEG_INFINITY);
    for value in values {
        for (most, value) in target.iter_mut().zip(value) {
            *most = most.max(*value);
        }
    }
}
