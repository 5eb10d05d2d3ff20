//! Writing GGUF files: for random pairs of real geometry, and for the broken ones that tests are made of.

use std::io::{self, Write};

use super::tensor_type::TensorType;

/// Where tensors may begin: multiples of this many bytes.
pub const ALIGNMENT: usize = 32;

/// A metadata value to write.
#[derive(Clone, Debug, PartialEq)]
pub enum MetaValue {
    /// u32.
    U32(u32),
    /// i32.
    I32(i32),
    /// f32.
    F32(f32),
    /// A flag.
    Bool(bool),
    /// A text.
    Str(String),
    /// A list of texts.
    Strs(Vec<String>),
    /// A list of i32.
    I32s(Vec<i32>),
    /// A list of f32.
    F32s(Vec<f32>),
}

/// Collects metadata and tensors, then writes a GGUF version 3 file.
#[derive(Clone, Debug, Default)]
pub struct GgufWriter {
    metadata: Vec<(String, MetaValue)>,
    tensors: Vec<Planned>,
}

#[derive(Clone, Debug)]
struct Planned {
    name: String,
    shape: Vec<usize>,
    ggml_id: u32,
    n_bytes: usize,
}

impl GgufWriter {
    /// An empty file.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key, or replaces its value.
    pub fn set(&mut self, key: &str, value: MetaValue) -> &mut Self {
        match self.metadata.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => *old = value,
            None => self.metadata.push((key.to_owned(), value)),
        }
        self
    }

    /// Takes a key out again.
    pub fn unset(&mut self, key: &str) -> &mut Self {
        self.metadata.retain(|(known, _)| known != key);
        self
    }

    /// Announces a tensor. `shape` is row-major, slowest first.
    ///
    /// # Panics
    /// Where the values of the shape are not whole blocks of the type.
    pub fn tensor(&mut self, name: &str, shape: &[usize], dtype: TensorType) -> &mut Self {
        let n_values = shape.iter().product::<usize>() as u64;
        let n_bytes = dtype.n_bytes(n_values).and_then(|n| usize::try_from(n).ok());
        self.raw_tensor(
            name,
            shape,
            dtype.ggml_id(),
            n_bytes.expect("a tensor is a whole number of blocks"),
        )
    }

    /// Announces a tensor of any type id and size, sensible or not.
    pub fn raw_tensor(&mut self, name: &str, shape: &[usize], ggml_id: u32, n_bytes: usize) -> &mut Self {
        self.tensors.push(Planned {
            name: name.to_owned(),
            shape: shape.to_vec(),
            ggml_id,
            n_bytes,
        });
        self
    }

    /// Takes a tensor out again.
    pub fn remove_tensor(&mut self, name: &str) -> &mut Self {
        self.tensors.retain(|tensor| tensor.name != name);
        self
    }

    /// Writes header and tensors; `fill` is called for each tensor in order with its name, shape and the bytes to fill.
    ///
    /// # Errors
    /// What the writer or `fill` returns.
    pub fn write_to(
        &self,
        out: &mut impl Write,
        mut fill: impl FnMut(&str, &[usize], &mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        out.write_all(&self.head())?;
        for tensor in &self.tensors {
            let mut bytes = Vec::with_capacity(tensor.n_bytes);
            fill(&tensor.name, &tensor.shape, &mut bytes)?;
            if bytes.len() != tensor.n_bytes {
                return Err(io::Error::other(format!(
                    "'{}' was filled with the wrong size",
                    tensor.name
                )));
            }
            out.write_all(&bytes)?;
            pad(out, bytes.len())?;
        }
        Ok(())
    }

    /// The whole file in memory with tensors of zero bytes.
    #[must_use]
    pub fn zeroed(&self) -> Vec<u8> {
        let mut file = self.header();
        for tensor in &self.tensors {
            file.resize(file.len().next_multiple_of(ALIGNMENT) + tensor.n_bytes, 0);
        }
        file
    }

    /// Everything before the first tensor. The tensors follow in order, each filled up to a multiple of [`ALIGNMENT`]: for
    /// whoever writes files that are larger than memory.
    #[must_use]
    pub fn head(&self) -> Vec<u8> {
        let mut head = self.header();
        head.resize(head.len().next_multiple_of(ALIGNMENT), 0);
        head
    }

    fn header(&self) -> Vec<u8> {
        let mut header = b"GGUF".to_vec();
        header.extend(3u32.to_le_bytes());
        header.extend((self.tensors.len() as u64).to_le_bytes());
        header.extend((self.metadata.len() as u64).to_le_bytes());
        for (key, value) in &self.metadata {
            put_text(&mut header, key);
            put_value(&mut header, value);
        }
        let mut offset = 0usize;
        for tensor in &self.tensors {
            put_text(&mut header, &tensor.name);
            header.extend(
                u32::try_from(tensor.shape.len())
                    .unwrap_or(u32::MAX)
                    .to_le_bytes(),
            );
            for &dim in tensor.shape.iter().rev() {
                header.extend((dim as u64).to_le_bytes());
            }
            header.extend(tensor.ggml_id.to_le_bytes());
            header.extend((offset as u64).to_le_bytes());
            offset = (offset + tensor.n_bytes).next_multiple_of(ALIGNMENT);
        }
        header
    }
}

fn pad(out: &mut impl Write, written: usize) -> io::Result<()> {
    out.write_all(&[0u8; ALIGNMENT][..written.next_multiple_of(ALIGNMENT) - written])
}

fn put_text(header: &mut Vec<u8>, text: &str) {
    header.extend((text.len() as u64).to_le_bytes());
    header.extend(text.as_bytes());
}

fn put_value(header: &mut Vec<u8>, value: &MetaValue) {
    let mut tag = |tag: u32| header.extend(tag.to_le_bytes());
    match value {
        MetaValue::U32(value) => {
            tag(4);
            header.extend(value.to_le_bytes());
        }
        MetaValue::I32(value) => {
            tag(5);
            header.extend(value.to_le_bytes());
        }
        MetaValue::F32(value) => {
            tag(6);
            header.extend(value.to_le_bytes());
        }
        MetaValue::Bool(value) => {
            tag(7);
            header.push(u8::from(*value));
        }
        MetaValue::Str(value) => {
            tag(8);
            put_text(header, value);
        }
        MetaValue::Strs(values) => {
            put_list(header, 8, values.len());
            values.iter().for_each(|value| put_text(header, value));
        }
        MetaValue::I32s(values) => {
            put_list(header, 5, values.len());
            values.iter().for_each(|value| header.extend(value.to_le_bytes()));
        }
        MetaValue::F32s(values) => {
            put_list(header, 6, values.len());
            values.iter().for_each(|value| header.extend(value.to_le_bytes()));
        }
    }
}

fn put_list(header: &mut Vec<u8>, element_tag: u32, len: usize) {
    header.extend(9u32.to_le_bytes());
    header.extend(element_tag.to_le_bytes());
    header.extend((len as u64).to_le_bytes());
}
