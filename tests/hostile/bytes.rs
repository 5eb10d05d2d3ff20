//! Damage to any bytes: by chance, and by what the format of a file says.

use super::random::Random;
use std::ops::Range;

/// No file is made larger, but by holes.
const MAX_BYTES: usize = 8 << 20;

/// A number in a file that says how much of something there is.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) at: usize,
    pub(crate) n_bytes: usize,
    pub(crate) order: Order,
}

/// How a number is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Order {
    Big,
    Little,
    /// As in EBML, the first byte saying how many follow.
    Ebml,
}

impl Field {
    pub(crate) fn put(&self, bytes: &mut [u8], value: u64) {
        let Some(place) = bytes.get_mut(self.at..self.at + self.n_bytes) else {
            return;
        };
        match self.order {
            Order::Big => place.copy_from_slice(&value.to_be_bytes()[8 - self.n_bytes..]),
            Order::Little => place.copy_from_slice(&value.to_le_bytes()[..self.n_bytes]),
            Order::Ebml => {
                place.copy_from_slice(&value.to_be_bytes()[8 - self.n_bytes..]);
                let marker = 0x80_u8 >> (self.n_bytes - 1);
                place[0] = (place[0] & (marker - 1)) | marker;
            }
        }
    }

    pub(crate) fn get(&self, bytes: &[u8]) -> u64 {
        let place = bytes.get(self.at..self.at + self.n_bytes).unwrap_or_default();
        let fold = |value, &byte: &u8| value << 8 | u64::from(byte);
        match self.order {
            Order::Little => place.iter().rev().fold(0, fold),
            Order::Big | Order::Ebml => place.iter().fold(0, fold),
        }
    }
}

/// What is known of a file's inside.
#[derive(Default)]
pub(crate) struct Inside {
    pub(crate) fields: Vec<Field>,
    /// Boxes, elements, chunks, pages, packets.
    pub(crate) pieces: Vec<Range<usize>>,
}

/// A file that was damaged, and how.
pub(crate) struct Damaged {
    pub(crate) bytes: Vec<u8>,
    /// Holes up to this length follow.
    pub(crate) n_bytes: Option<u64>,
    pub(crate) how: String,
}

/// Damages `bytes` in one to three ways; `others` are what it may be spliced with.
pub(crate) fn damage(
    random: &mut Random,
    bytes: Vec<u8>,
    inside: fn(&[u8]) -> Inside,
    others: &dyn Fn(&mut Random) -> Vec<u8>,
) -> Damaged {
    let mut damaged = Damaged {
        bytes,
        n_bytes: None,
        how: String::new(),
    };
    for _ in 0..random.within(1..4) {
        let how = once(random, &mut damaged, inside, others);
        damaged.how.push_str(how);
        damaged.how.push(' ');
        damaged.bytes.truncate(MAX_BYTES);
    }
    damaged
}

fn once(
    random: &mut Random,
    damaged: &mut Damaged,
    inside: fn(&[u8]) -> Inside,
    others: &dyn Fn(&mut Random) -> Vec<u8>,
) -> &'static str {
    let bytes = &mut damaged.bytes;
    if bytes.len() < 16 {
        *bytes = others(random);
    }
    let found = inside(bytes);
    match random.below(11) {
        0 | 1 => {
            // Headers are where a byte means most.
            let within = if random.once_in(2) {
                bytes.len().min(2000)
            } else {
                bytes.len()
            };
            for _ in 0..1 << random.below(6) {
                let at = random.below(within);
                bytes[at] ^= 1 << random.below(8);
            }
            "flips"
        }
        2..=4 if !found.fields.is_empty() => {
            for _ in 0..random.within(1..4) {
                let field = random.one_of(&found.fields).clone();
                let value = match random.below(3) {
                    0 => field
                        .get(bytes)
                        .wrapping_add(random.below(9) as u64)
                        .wrapping_sub(4),
                    _ => random.extreme(),
                };
                field.put(bytes, value);
            }
            "fields"
        }
        5 => {
            let piece = piece(random, bytes, &found);
            let copy = bytes[piece.clone()].to_vec();
            let n_times = (1 << random.below(9)).min((2 << 20) / copy.len().max(1)).max(1);
            bytes.splice(piece.end..piece.end, copy.repeat(n_times));
            "again"
        }
        6 => {
            let piece = piece(random, bytes, &found);
            bytes.drain(piece);
            "without"
        }
        7 => {
            let (one, other) = (piece(random, bytes, &found), piece(random, bytes, &found));
            let (first, second) = if one.start <= other.start {
                (one, other)
            } else {
                (other, one)
            };
            if first.end <= second.start {
                let (a, b) = (bytes[first.clone()].to_vec(), bytes[second.clone()].to_vec());
                bytes.splice(second, a);
                bytes.splice(first, b);
            }
            "swapped"
        }
        8 => {
            bytes.truncate(1 + random.below(bytes.len()));
            "cut"
        }
        9 => {
            let other = others(random);
            let (head, tail) = (random.below(bytes.len()), random.below(other.len()));
            bytes.truncate(head);
            bytes.extend_from_slice(&other[tail..]);
            "spliced"
        }
        10 if random.once_in(2) => {
            damaged.n_bytes = Some(bytes.len() as u64 + (1 << random.within(12..40)));
            "holes"
        }
        _ => {
            let start = random.below(bytes.len());
            let end = (start + (1 << random.below(12))).min(bytes.len());
            let fill = *random.one_of(&[0, 0xff, 0x80, 0x7f]);
            bytes[start..end].fill(fill);
            "filled"
        }
    }
}

/// A piece of the file, or what lies between two places.
fn piece(random: &mut Random, bytes: &[u8], inside: &Inside) -> Range<usize> {
    let known: Vec<_> = inside
        .pieces
        .iter()
        .filter(|piece| piece.end <= bytes.len())
        .collect();
    match known.is_empty() || random.once_in(4) {
        true => {
            let start = random.below(bytes.len());
            start..(start + 1 + random.below(4096)).min(bytes.len())
        }
        false => (*random.one_of(&known)).clone(),
    }
}
