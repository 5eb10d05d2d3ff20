//! Pooled and interleaved frames: what models that were trained on videos are shown.

use super::{Draft, PlanError};
use crate::visual::geometry::TowerGeometry;
use crate::visual::plan::RowSource;
use crate::visual::pool::Pool;
use crate::visual::sampling::FrameRef;
use crate::visual::strategy::Newlines;
use crate::visual::words::FrameWords;

impl Draft<'_> {
    /// Every frame, pooled, one after the other.
    pub(super) fn pooled(&mut self, pool: Pool, newlines: Newlines) -> Result<(), PlanError> {
        let side = self.side_of(pool)?;
        let (n_rows, n_frames) = ((side * side) as usize, self.frames.len());
        let n_ends = newlines.n_of(side as usize, n_frames);
        self.make_room(n_frames.saturating_mul(n_rows).saturating_add(n_ends))?;
        for &frame in self.frames {
            for line in self.lines(Some(pool), side, frame) {
                self.rows.extend(line);
                self.newline_if(newlines == Newlines::Row);
            }
            self.newline_if(newlines == Newlines::Frame);
        }
        self.newline_if(newlines == Newlines::End);
        Ok(())
    }

    /// Every frame with words before and after its rows.
    pub(super) fn interleaved(&mut self, pool: Option<Pool>, words: &FrameWords) -> Result<(), PlanError> {
        let side = match pool {
            Some(pool) => self.side_of(pool)?,
            None => self.geometry.patches_per_side(),
        };
        let each = (side * side) as usize + 1;
        self.make_room(self.frames.len().saturating_mul(each).saturating_add(1))?;
        self.say(&words.opening(self.frames.len(), self.duration_secs));
        for (position, &frame) in self.frames.iter().enumerate() {
            self.say(&words.leading(position, frame));
            let lines = self.lines(pool, side, frame);
            self.rows.extend(lines.into_iter().flatten());
            self.say(&words.after);
        }
        self.say(&words.outro);
        Ok(())
    }

    fn side_of(&self, pool: Pool) -> Result<u32, PlanError> {
        let side = pool.rows_a_side(self.geometry, self.frames.len());
        side.ok_or(PlanError::BadPool {
            patches_per_side: self.geometry.patches_per_side(),
            n_frames: self.frames.len(),
        })
    }

    /// The rows of a frame, line by line.
    fn lines(&mut self, pool: Option<Pool>, side: u32, frame: FrameRef) -> Vec<Vec<RowSource>> {
        let image = self.frame_image(frame);
        match pool {
            Some(pool) => pool.lines(image, side, self.geometry),
            None => whole(image, self.geometry),
        }
    }

    fn newline_if(&mut self, is_due: bool) {
        if is_due {
            self.rows.push(RowSource::Newline);
        }
    }

    /// Texts that follow each other are one: tokens may reach across where they meet.
    fn say(&mut self, words: &str) {
        match self.rows.last_mut() {
            _ if words.is_empty() => {}
            Some(RowSource::Text(text)) => text.push_str(words),
            _ => self.rows.push(RowSource::Text(words.to_owned())),
        }
    }
}

fn whole(image: u32, geometry: TowerGeometry) -> Vec<Vec<RowSource>> {
    let per_side = geometry.patches_per_side();
    let line = |row: u32| {
        let patches = row * per_side..(row + 1) * per_side;
        patches.map(|patch| RowSource::Patch { image, patch }).collect()
    };
    (0..per_side).map(line).collect()
}
