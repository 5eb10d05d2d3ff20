//! Reading forward through a header, every length checked before it is believed.

use std::ops::Range;

use super::error::Problem;
use super::metadata::{Stored, ValueType};

/// The specification's limit for keys, also ours for tensor names.
const MAX_NAME_BYTES: u64 = 65_535;
/// Longer than any text in a real header: chat templates are kilobytes, an embedded tokenizer file is 10 MB.
const MAX_TEXT_BYTES: u64 = 1 << 26;
/// Longer than any list in a real header: vocabularies have up to 300 thousand entries, merges about as many.
const MAX_ARRAY_LEN: u64 = 1 << 22;
/// Lists of lists: nothing uses them, the specification allows them.
const MAX_ARRAY_DEPTH: usize = 3;

/// Reads forward through the header; every read is checked against the bytes left.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Starts behind the four bytes of the magic.
    pub(super) fn after_magic(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 4.min(bytes.len()),
        }
    }

    /// Bytes read so far, from the start of the file.
    pub(super) fn position(&self) -> u64 {
        self.at as u64
    }

    fn take(&mut self, n_bytes: u64) -> Result<Range<usize>, Problem> {
        let left = (self.bytes.len() - self.at) as u64;
        if n_bytes > left {
            let needed = (self.at as u64).saturating_add(n_bytes);
            return Err(Problem::CutShort {
                needed,
                found: self.bytes.len() as u64,
            });
        }
        let start = self.at;
        self.at += to_usize(n_bytes)?;
        Ok(start..self.at)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let range = self.take(N as u64)?;
        let mut value = [0; N];
        value.copy_from_slice(&self.bytes[range]);
        Ok(value)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Problem> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Problem> {
        self.array().map(u64::from_le_bytes)
    }

    /// A number of things that take at least `min_bytes` each.
    pub(super) fn count(&mut self, what: &str, limit: u64, min_bytes: u64) -> Result<u64, Problem> {
        let count = self.u64()?;
        if count > limit {
            return Err(Problem::Damaged(format!("{count} {what}")));
        }
        let left = (self.bytes.len() - self.at) as u64;
        match count * min_bytes <= left {
            true => Ok(count),
            false => Err(Problem::CutShort {
                needed: self.at as u64 + count * min_bytes,
                found: self.bytes.len() as u64,
            }),
        }
    }

    fn text(&mut self, limit: u64) -> Result<Range<usize>, Problem> {
        let len = self.u64()?;
        if len > limit {
            return Err(Problem::Damaged(format!("a text of {len} bytes")));
        }
        self.take(len)
    }

    pub(super) fn name(&mut self) -> Result<&'a str, Problem> {
        let range = self.text(MAX_NAME_BYTES)?;
        str::from_utf8(&self.bytes[range])
            .map_err(|_invalid| Problem::Damaged("a name that is not text".to_owned()))
    }

    fn value_type(&mut self, key: &str) -> Result<ValueType, Problem> {
        let tag = self.u32()?;
        ValueType::from_tag(tag).ok_or_else(|| {
            Problem::Damaged(format!(
                "key '{}' has type {tag}, which does not exist",
                clip(key)
            ))
        })
    }

    pub(super) fn value(&mut self, key: &str) -> Result<Stored, Problem> {
        Ok(match self.value_type(key)? {
            ValueType::U8 => Stored::Unsigned(self.array().map(u8::from_le_bytes)?.into()),
            ValueType::U16 => Stored::Unsigned(self.array().map(u16::from_le_bytes)?.into()),
            ValueType::U32 => Stored::Unsigned(self.u32()?.into()),
            ValueType::U64 => Stored::Unsigned(self.u64()?),
            ValueType::I8 => Stored::Signed(self.array().map(i8::from_le_bytes)?.into()),
            ValueType::I16 => Stored::Signed(self.array().map(i16::from_le_bytes)?.into()),
            ValueType::I32 => Stored::Signed(self.array().map(i32::from_le_bytes)?.into()),
            ValueType::I64 => Stored::Signed(self.array().map(i64::from_le_bytes)?),
            ValueType::F32 => Stored::Float(self.array().map(f32::from_le_bytes)?.into()),
            ValueType::F64 => Stored::Float(self.array().map(f64::from_le_bytes)?),
            ValueType::Bool => Stored::Bool(self.array::<1>()? != [0]),
            ValueType::Str => {
                let range = self.text(MAX_TEXT_BYTES)?;
                if str::from_utf8(&self.bytes[range.clone()]).is_err() {
                    return Err(Problem::Damaged(format!("key '{}' is not text", clip(key))));
                }
                Stored::Str(range)
            }
            ValueType::Array => {
                let (element, len, bytes) = self.skip_array(key, MAX_ARRAY_DEPTH)?;
                Stored::Array { element, len, bytes }
            }
        })
    }

    /// Walks over a list and gives its element type, length and bytes.
    fn skip_array(&mut self, key: &str, depth: usize) -> Result<(ValueType, usize, Range<usize>), Problem> {
        let element = self.value_type(key)?;
        let min_bytes = element.fixed_bytes().unwrap_or(8) as u64;
        let len = self.count("entries in a list", MAX_ARRAY_LEN, min_bytes)?;
        let start = self.at;
        match element {
            ValueType::Str => {
                for _ in 0..len {
                    self.text(MAX_TEXT_BYTES)?;
                }
            }
            ValueType::Array => {
                let depth = depth
                    .checked_sub(1)
                    .ok_or_else(|| Problem::Damaged(format!("key '{}' nests too deeply", clip(key))))?;
                for _ in 0..len {
                    self.skip_array(key, depth)?;
                }
            }
            _ => {
                self.take(len * min_bytes)?;
            }
        }
        Ok((element, to_usize(len)?, start..self.at))
    }
}

pub(super) fn to_usize(value: u64) -> Result<usize, Problem> {
    usize::try_from(value)
        .map_err(|_too_large| Problem::Damaged("larger than this machine's memory".to_owned()))
}

/// The first characters of a name, so that a hostile one does not fill a message.
pub(super) fn clip(name: &str) -> &str {
    name.char_indices().nth(64).map_or(name, |(end, _)| &name[..end])
}
