//! Weighted patches of one image.

/// A patch, and how much of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tap {
    /// Patch in reading order.
    pub patch: u32,
    /// What its values are multiplied by.
    pub weight: f32,
}

/// Up to four patches whose weighted values add up to a row. Inline: a plan may have a million rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Taps {
    taps: [Tap; Self::MOST],
    n_taps: usize,
}

impl Taps {
    /// The most there can be.
    pub const MOST: usize = 4;

    /// Adds one: to the same patch where it is there already, not at all where its weight is zero.
    ///
    /// # Panics
    /// Where it would be a fifth patch: a fault of the program.
    pub fn add(&mut self, tap: Tap) {
        if tap.weight == 0.0 {
            return;
        }
        let known = self.taps[..self.n_taps]
            .iter_mut()
            .find(|known| known.patch == tap.patch);
        if let Some(known) = known {
            known.weight += tap.weight;
            return;
        }
        assert!(
            self.n_taps < Self::MOST,
            "BUG: a row is made of four patches at most"
        );
        self.taps[self.n_taps] = tap;
        self.n_taps += 1;
    }

    /// All of them, in the order in which they were added.
    #[must_use]
    pub fn as_slice(&self) -> &[Tap] {
        &self.taps[..self.n_taps]
    }
}
