//! A model file taken apart, so that one thing of it can be made wrong while all the others stay right.

/// A value of the header as it is written: its type, and its bytes.
#[derive(Clone)]
pub(super) struct Value {
    pub(super) tag: u32,
    pub(super) bytes: Vec<u8>,
}

impl Value {
    pub(super) fn u32(value: u32) -> Self {
        Self {
            tag: 4,
            bytes: value.to_le_bytes().to_vec(),
        }
    }

    pub(super) fn u64(value: u64) -> Self {
        Self {
            tag: 10,
            bytes: value.to_le_bytes().to_vec(),
        }
    }

    pub(super) fn f32(value: f32) -> Self {
        Self {
            tag: 6,
            bytes: value.to_le_bytes().to_vec(),
        }
    }

    pub(super) fn text(text: &str) -> Self {
        Self {
            tag: 8,
            bytes: put_text(text.as_bytes()),
        }
    }

    /// A list that says it has so many entries.
    pub(super) fn list(element: u32, said: u64, content: &[u8]) -> Self {
        Self {
            tag: 9,
            bytes: [&element.to_le_bytes()[..], &said.to_le_bytes(), content].concat(),
        }
    }
}

#[derive(Clone)]
pub(super) struct Tensor {
    pub(super) name: Vec<u8>,
    /// The fastest first, as in the file.
    pub(super) dims: Vec<u64>,
    pub(super) kind: u32,
    pub(super) data: Vec<u8>,
    /// What the directory says instead of where it lies.
    pub(super) offset: Option<u64>,
}

#[derive(Clone)]
pub(super) struct Raw {
    pub(super) version: u32,
    pub(super) keys: Vec<(Vec<u8>, Value)>,
    pub(super) tensors: Vec<Tensor>,
    /// What the header says instead of how many there are.
    pub(super) said_keys: Option<u64>,
    pub(super) said_tensors: Option<u64>,
}

const ALIGNMENT: usize = 32;

pub(super) fn put_text(text: &[u8]) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text].concat()
}

/// Reads forward through a file that is good.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn take(&mut self, n_bytes: usize) -> Vec<u8> {
        self.at += n_bytes;
        self.bytes[self.at - n_bytes..self.at].to_vec()
    }

    fn number(&mut self, n_bytes: usize) -> u64 {
        self.take(n_bytes)
            .iter()
            .rev()
            .fold(0, |value, &byte| value << 8 | u64::from(byte))
    }

    fn text(&mut self) -> Vec<u8> {
        let n_bytes = self.number(8) as usize;
        self.take(n_bytes)
    }

    fn skip(&mut self, tag: u32) {
        match tag {
            8 => drop(self.text()),
            9 => {
                let element = self.number(4) as u32;
                for _ in 0..self.number(8) {
                    self.skip(element);
                }
            }
            0 | 1 | 7 => self.at += 1,
            2 | 3 => self.at += 2,
            4..=6 => self.at += 4,
            _ => self.at += 8,
        }
    }
}

impl Raw {
    /// Takes a good file apart.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut reader = Reader { bytes, at: 4 };
        let (version, n_tensors, n_keys) = (reader.number(4) as u32, reader.number(8), reader.number(8));
        let keys = (0..n_keys)
            .map(|_| {
                let (name, tag) = (reader.text(), reader.number(4) as u32);
                let start = reader.at;
                reader.skip(tag);
                (
                    name,
                    Value {
                        tag,
                        bytes: bytes[start..reader.at].to_vec(),
                    },
                )
            })
            .collect();
        let directory: Vec<(Vec<u8>, Vec<u64>, u32, u64)> = (0..n_tensors)
            .map(|_| {
                let (name, n_dims) = (reader.text(), reader.number(4));
                let dims = (0..n_dims).map(|_| reader.number(8)).collect();
                (name, dims, reader.number(4) as u32, reader.number(8))
            })
            .collect();
        let data = &bytes[reader.at.next_multiple_of(ALIGNMENT)..];
        let mut starts: Vec<usize> = directory.iter().map(|tensor| tensor.3 as usize).collect();
        starts.push(data.len());
        starts.sort_unstable();
        let tensors = directory
            .into_iter()
            .map(|(name, dims, kind, offset)| {
                let start = offset as usize;
                let end = starts
                    .iter()
                    .find(|&&next| next > start)
                    .copied()
                    .unwrap_or(data.len());
                Tensor {
                    name,
                    dims,
                    kind,
                    data: data[start..end].to_vec(),
                    offset: None,
                }
            })
            .collect();
        Self {
            version,
            keys,
            tensors,
            said_keys: None,
            said_tensors: None,
        }
    }

    /// Puts it together again.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(self.version.to_le_bytes());
        bytes.extend(
            self.said_tensors
                .unwrap_or(self.tensors.len() as u64)
                .to_le_bytes(),
        );
        bytes.extend(self.said_keys.unwrap_or(self.keys.len() as u64).to_le_bytes());
        for (name, value) in &self.keys {
            bytes.extend(put_text(name));
            bytes.extend(value.tag.to_le_bytes());
            bytes.extend(&value.bytes);
        }
        let mut offset = 0;
        for tensor in &self.tensors {
            bytes.extend(put_text(&tensor.name));
            bytes.extend((tensor.dims.len() as u32).to_le_bytes());
            tensor.dims.iter().for_each(|dim| bytes.extend(dim.to_le_bytes()));
            bytes.extend(tensor.kind.to_le_bytes());
            bytes.extend(tensor.offset.unwrap_or(offset).to_le_bytes());
            offset += tensor.data.len().next_multiple_of(ALIGNMENT) as u64;
        }
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        for tensor in &self.tensors {
            bytes.extend(&tensor.data);
            bytes.resize(
                bytes.len() + tensor.data.len().next_multiple_of(ALIGNMENT) - tensor.data.len(),
                0,
            );
        }
        bytes
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        match self.keys.iter_mut().find(|(known, _)| known == name.as_bytes()) {
            Some((_, old)) => *old = value,
            None => self.keys.push((name.as_bytes().to_vec(), value)),
        }
    }

    /// The name of a key that ends so, such as `.context_length` of whatever architecture.
    pub(super) fn key(&self, ending: &str) -> Option<String> {
        let names = self
            .keys
            .iter()
            .filter_map(|(name, _)| std::str::from_utf8(name).ok());
        names
            .into_iter()
            .find(|name| name.ends_with(ending))
            .map(str::to_owned)
    }

    /// The texts of a list.
    pub(super) fn texts(&self, name: &str) -> Vec<Vec<u8>> {
        let Some((_, value)) = self.keys.iter().find(|(known, _)| known == name.as_bytes()) else {
            return Vec::new();
        };
        let mut reader = Reader {
            bytes: &value.bytes,
            at: 4,
        };
        (0..reader.number(8)).map(|_| reader.text()).collect()
    }
}
