//! Metadata: small values are decoded, strings and arrays stay in the file until somebody reads them.

use std::ops::Range;

use super::error::{GgufError, Problem};
use super::header::Gguf;

/// The type tag of a value in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// u8.
    U8,
    /// i8.
    I8,
    /// u16.
    U16,
    /// i16.
    I16,
    /// u32.
    U32,
    /// i32.
    I32,
    /// f32.
    F32,
    /// One byte, 0 or 1.
    Bool,
    /// Length (u64) and bytes.
    Str,
    /// Element type, length, elements.
    Array,
    /// u64.
    U64,
    /// i64.
    I64,
    /// f64.
    F64,
}

impl ValueType {
    /// The type of a tag, in the order of the specification.
    #[must_use]
    pub fn from_tag(tag: u32) -> Option<Self> {
        use ValueType::{Array, Bool, F32, F64, I8, I16, I32, I64, Str, U8, U16, U32, U64};
        [U8, I8, U16, I16, U32, I32, F32, Bool, Str, Array, U64, I64, F64]
            .get(tag as usize)
            .copied()
    }

    /// Bytes of one value, for the types that have a fixed size.
    #[must_use]
    pub fn fixed_bytes(self) -> Option<usize> {
        match self {
            Self::U8 | Self::I8 | Self::Bool => Some(1),
            Self::U16 | Self::I16 => Some(2),
            Self::U32 | Self::I32 | Self::F32 => Some(4),
            Self::U64 | Self::I64 | Self::F64 => Some(8),
            Self::Str | Self::Array => None,
        }
    }

    /// What to call it in a message.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 | Self::I8 | Self::U16 | Self::I16 | Self::U32 | Self::I32 | Self::U64 | Self::I64 => {
                "a whole number"
            }
            Self::F32 | Self::F64 => "a number",
            Self::Bool => "yes or no",
            Self::Str => "a text",
            Self::Array => "a list",
        }
    }
}

/// A value as it is kept: ranges point into the file.
#[derive(Clone, Debug)]
pub(super) enum Stored {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Bool(bool),
    Str(Range<usize>),
    Array {
        element: ValueType,
        len: usize,
        bytes: Range<usize>,
    },
}

/// A value of the metadata, borrowed from the file.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// Any unsigned integer.
    Unsigned(u64),
    /// Any signed integer.
    Signed(i64),
    /// f32 or f64.
    Float(f64),
    /// A flag.
    Bool(bool),
    /// A text, checked to be UTF-8.
    Str(&'a str),
    /// A list.
    Array(Array<'a>),
}

impl Value<'_> {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Unsigned(_) | Self::Signed(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Bool(_) => "yes or no",
            Self::Str(_) => "a text",
            Self::Array(_) => "a list",
        }
    }

    fn as_u64(&self) -> Option<u64> {
        match *self {
            Self::Unsigned(value) => Some(value),
            Self::Signed(value) => u64::try_from(value).ok(),
            _ => None,
        }
    }
}

/// A list of the metadata, still encoded.
#[derive(Clone, Copy, Debug)]
pub struct Array<'a> {
    /// Type of the elements.
    pub element: ValueType,
    /// Number of elements.
    pub len: usize,
    bytes: &'a [u8],
}

impl<'a> Array<'a> {
    /// The elements of a list of texts, as bytes: nothing guarantees that they are UTF-8. Empty for other lists.
    pub fn strings(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let n = if self.element == ValueType::Str {
            self.len
        } else {
            0
        };
        let mut rest = self.bytes;
        (0..n).map_while(move |_| {
            let (len, tail) = rest.split_first_chunk::<8>()?;
            let (text, tail) = tail.split_at_checked(usize::try_from(u64::from_le_bytes(*len)).ok()?)?;
            rest = tail;
            Some(text)
        })
    }

    /// The elements of a list of numbers as f64, which holds every 32-bit value exactly. Empty for other lists.
    pub fn numbers(&self) -> impl Iterator<Item = f64> + use<'a> {
        let element = self.element;
        let width = element.fixed_bytes().unwrap_or(usize::MAX);
        self.bytes
            .chunks_exact(width)
            .map(move |chunk| decode_number(element, chunk))
    }
}

/// Decodes one number. 64-bit integers beyond 2^53 are rounded; no list in a model file needs them exact.
#[expect(clippy::cast_precision_loss, reason = "documented: lists hold small numbers")]
fn decode_number(element: ValueType, bytes: &[u8]) -> f64 {
    let mut raw = [0u8; 8];
    raw[..bytes.len()].copy_from_slice(bytes);
    let [b0, b1, b2, b3, ..] = raw;
    match element {
        ValueType::U8 | ValueType::Bool => f64::from(b0),
        ValueType::I8 => f64::from(i8::from_le_bytes([b0])),
        ValueType::U16 => f64::from(u16::from_le_bytes([b0, b1])),
        ValueType::I16 => f64::from(i16::from_le_bytes([b0, b1])),
        ValueType::U32 => f64::from(u32::from_le_bytes([b0, b1, b2, b3])),
        ValueType::I32 => f64::from(i32::from_le_bytes([b0, b1, b2, b3])),
        ValueType::F32 => f64::from(f32::from_le_bytes([b0, b1, b2, b3])),
        ValueType::U64 => u64::from_le_bytes(raw) as f64,
        ValueType::I64 => i64::from_le_bytes(raw) as f64,
        ValueType::F64 => f64::from_le_bytes(raw),
        ValueType::Str | ValueType::Array => f64::NAN,
    }
}

/// Typed access by key. A missing key is `None`; a key of a senseless type is an error.
impl Gguf {
    /// The value of a key.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<Value<'_>> {
        let bytes = self.source().bytes();
        Some(match self.stored(key)? {
            Stored::Unsigned(value) => Value::Unsigned(*value),
            Stored::Signed(value) => Value::Signed(*value),
            Stored::Float(value) => Value::Float(*value),
            Stored::Bool(value) => Value::Bool(*value),
            Stored::Str(range) => Value::Str(str::from_utf8(&bytes[range.clone()]).unwrap_or_default()),
            Stored::Array {
                element,
                len,
                bytes: range,
            } => Value::Array(Array {
                element: *element,
                len: *len,
                bytes: &bytes[range.clone()],
            }),
        })
    }

    /// A whole number that is not negative, of whatever width it was stored in.
    ///
    /// # Errors
    /// [`Problem::WrongType`] where the key holds something else.
    pub fn u64(&self, key: &str) -> Result<Option<u64>, GgufError> {
        self.typed(key, "a whole number", Value::as_u64)
    }

    /// As [`Gguf::u64`], for counts and widths that index memory.
    ///
    /// # Errors
    /// [`Problem::WrongType`] where the key holds something else or more than 32 bits.
    pub fn size(&self, key: &str) -> Result<Option<usize>, GgufError> {
        self.typed(key, "a whole number", |value| {
            value.as_u64().and_then(|v| u32::try_from(v).ok())
        })
        .map(|value| value.map(|v| v as usize))
    }

    /// A number with a fraction; whole numbers are accepted.
    ///
    /// # Errors
    /// [`Problem::WrongType`] where the key holds something else or no finite number.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "files store f32"
    )]
    pub fn f32(&self, key: &str) -> Result<Option<f32>, GgufError> {
        self.typed(key, "a number", |value| match value {
            Value::Float(value) => Some(*value as f32).filter(|v| v.is_finite()),
            value => value.as_u64().map(|v| v as f32),
        })
    }

    /// A flag.
    ///
    /// # Errors
    /// [`Problem::WrongType`] where the key holds something else.
    pub fn bool(&self, key: &str) -> Result<Option<bool>, GgufError> {
        self.typed(key, "yes or no", |value| match value {
            Value::Bool(value) => Some(*value),
            _ => None,
        })
    }

    /// A text.
    ///
    /// # Errors
    /// [`Problem::WrongType`] where the key holds something else.
    pub fn str(&self, key: &str) -> Result<Option<&str>, GgufError> {
        self.typed(key, "a text", |value| match *value {
            Value::Str(text) => Some(text),
            _ => None,
        })
    }

    /// A list.
    ///
    /// # Errors
    /// [`Problem::WrongType`] where the key holds something else.
    pub fn array(&self, key: &str) -> Result<Option<Array<'_>>, GgufError> {
        self.typed(key, "a list", |value| match *value {
            Value::Array(array) => Some(array),
            _ => None,
        })
    }

    fn typed<'a, T>(
        &'a self,
        key: &str,
        expected: &'static str,
        read: impl FnOnce(&Value<'a>) -> Option<T>,
    ) -> Result<Option<T>, GgufError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        match read(&value) {
            Some(read) => Ok(Some(read)),
            None => Err(self.problem(Problem::WrongType {
                key: key.to_owned(),
                expected,
                found: value.type_name(),
            })),
        }
    }
}
