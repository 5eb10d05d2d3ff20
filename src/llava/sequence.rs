//! What the language model reads: text and visual rows, in order, each position with an identity.

use std::ops::Range;

use candle_core::{Device, Tensor};

use super::decoder::Decoder;
use super::error::LlavaError;

/// Projected rows of images, with what makes each of them recognisable.
#[derive(Clone, Debug)]
pub struct VisualRows {
    /// `(n, width)`; none where the identities alone are known.
    rows: Option<Tensor>,
    identities: Vec<RowIdentity>,
}

/// What a row is: sixteen bytes of a BLAKE3 hash of its values, or of everything they follow from.
pub type RowIdentity = [u8; 16];

impl VisualRows {
    /// `rows` `(n, width)` in f32.
    ///
    /// # Errors
    /// candle's.
    pub fn new(rows: &Tensor) -> Result<Self, LlavaError> {
        let identities = rows.to_vec2::<f32>()?.iter().map(|row| row_hash(row)).collect();
        Ok(Self {
            rows: Some(rows.clone()),
            identities,
        })
    }

    /// Rows that are known by where they come from, without their values: enough to find out what was read before.
    #[must_use]
    pub fn named(identities: Vec<RowIdentity>) -> Self {
        Self {
            rows: None,
            identities,
        }
    }

    /// The same rows with their values: `data` is `(n, width)`, row by row.
    ///
    /// # Errors
    /// candle's, where the number of values is another.
    pub fn with_values(self, data: Vec<f32>, width: usize) -> Result<Self, LlavaError> {
        let rows = Tensor::from_vec(data, (self.identities.len(), width), &Device::Cpu)?;
        Ok(Self {
            rows: Some(rows),
            ..self
        })
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.identities.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }
}

fn row_hash(row: &[f32]) -> RowIdentity {
    let mut hash = RowIdentity::default();
    hash.copy_from_slice(&blake3::hash(bytemuck::cast_slice(row)).as_bytes()[..16]);
    hash
}

/// A piece of a prompt.
#[derive(Clone, Debug)]
pub enum SequencePart {
    /// Text as token ids.
    Tokens(Vec<u32>),
    /// Visual rows.
    Rows(VisualRows),
}

impl SequencePart {
    fn len(&self) -> usize {
        match self {
            Self::Tokens(ids) => ids.len(),
            Self::Rows(rows) => rows.len(),
        }
    }
}

/// What stands at a position. Equal positions after equal beginnings have equal keys and values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// A token.
    Token(u32),
    /// A visual row.
    Row(RowIdentity),
}

/// A whole prompt.
#[derive(Clone, Debug, Default)]
pub struct Sequence {
    parts: Vec<SequencePart>,
    n_shared: usize,
}

impl Sequence {
    /// The parts in the order they are read, of which the first `n_shared` positions are the same for every question on
    /// this video. Reading pauses there, so that what later questions reuse was computed as they would compute it.
    #[must_use]
    pub fn new(parts: Vec<SequencePart>, n_shared: usize) -> Self {
        Self { parts, n_shared }
    }

    /// Number of positions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.iter().map(SequencePart::len).sum()
    }

    /// Whether there is nothing to read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Positions of visual rows.
    #[must_use]
    pub fn n_visual(&self) -> usize {
        let rows = self.parts.iter().map(|part| match part {
            SequencePart::Tokens(_) => 0,
            SequencePart::Rows(rows) => rows.len(),
        });
        rows.sum()
    }

    /// Positions that every question on this video begins with.
    #[must_use]
    pub fn n_shared(&self) -> usize {
        self.n_shared
    }

    /// The beginning alone that every question shares: reading it prepares the video.
    #[must_use]
    pub fn shared(&self) -> Self {
        let mut left = self.n_shared;
        let mut parts = Vec::new();
        for part in &self.parts {
            if left == 0 {
                break;
            }
            parts.push(match part {
                SequencePart::Tokens(ids) if ids.len() > left => SequencePart::Tokens(ids[..left].to_vec()),
                whole => whole.clone(),
            });
            left = left.saturating_sub(part.len());
        }
        Self {
            parts,
            n_shared: self.n_shared,
        }
    }

    /// What stands where.
    #[must_use]
    pub fn positions(&self) -> Vec<Position> {
        let mut positions = Vec::with_capacity(self.len());
        for part in &self.parts {
            match part {
                SequencePart::Tokens(ids) => positions.extend(ids.iter().copied().map(Position::Token)),
                SequencePart::Rows(rows) => {
                    positions.extend(rows.identities.iter().copied().map(Position::Row));
                }
            }
        }
        positions
    }

    /// The embedding rows of some positions, `(range, width)`.
    pub(super) fn rows(&self, range: Range<usize>, decoder: &Decoder) -> Result<Tensor, LlavaError> {
        let mut rows = Vec::new();
        let mut start = 0;
        for part in &self.parts {
            let end = start + part.len();
            let (from, to) = (range.start.max(start), range.end.min(end));
            if from < to {
                rows.push(match part {
                    SequencePart::Tokens(ids) => decoder.embed(&ids[from - start..to - start])?,
                    SequencePart::Rows(visual) => {
                        let rows = visual.rows.as_ref().ok_or(LlavaError::RowsUnknown)?;
                        let rows = rows.narrow(0, from - start, to - from)?;
                        decoder.check_width(&rows)?;
                        rows.to_device(decoder.compute().device())?
                    }
                });
            }
            start = end;
        }
        Ok(Tensor::cat(&rows, 0)?)
    }
}
