//! Numbers that are the same on every machine, for a file by its seed and number.

use std::ops::Range;

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
pub(crate) struct Random(u64);

impl Random {
    /// Those of the file with this number: each can be made again alone.
    pub(crate) fn of(seed: u64, number: usize) -> Self {
        let mut random = Self(seed);
        let start = random.next() ^ (number as u64).wrapping_mul(0x2545_f491_4f6c_dd1d);
        Self(start)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `n`, which is not 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// A number of this range, which is not empty.
    pub(crate) fn within(&mut self, range: Range<usize>) -> usize {
        range.start + self.below(range.end - range.start)
    }

    /// True once in `n` times.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    pub(crate) fn text<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    pub(crate) fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.next() as u8).collect()
    }

    /// A number that somebody who means harm would write into a field: ends, neighbours of ends, and nothing special.
    pub(crate) fn extreme(&mut self) -> u64 {
        let near = [0_u64, 1, 2, 7, 8, 16, 255, 256, 65_535, 65_536];
        let power = 1_u64 << self.below(64);
        match self.below(8) {
            0 => 0,
            1 => u64::MAX,
            2 => *self.one_of(&near),
            3 => power,
            4 => power.wrapping_sub(1),
            5 => power.wrapping_neg(),
            6 => i64::MAX as u64,
            _ => self.next() >> self.below(64),
        }
    }

    /// The same for 32 bits, where all of the above have a place.
    pub(crate) fn extreme_u32(&mut self) -> u32 {
        let ends = [u32::MAX, i32::MAX as u32, 1 << 31, u32::MAX - 7, 0x1000_0000];
        match self.below(3) {
            0 => *self.one_of(&ends),
            _ => self.extreme() as u32,
        }
    }

    /// A number of pixels along a side.
    pub(crate) fn side_px(&mut self) -> u32 {
        let usual = [0, 1, 2, 15, 16, 64, 641, 4096, 8191, 8192, 16_384, 32_767, 65_535];
        match self.below(4) {
            0 => self.extreme_u32(),
            _ => *self.one_of(&usual),
        }
    }
}
