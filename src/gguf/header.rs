//! Reading a header, every count checked before it is believed.

use std::collections::BTreeMap;
use std::path::Path;

use super::cursor::{Cursor, clip, to_usize};
use super::error::{GgufError, Problem};
use super::file::ModelFile;
use super::metadata::Stored;
use super::source::Source;
use super::tensor::TensorInfo;
use super::tensor_type::{TensorType, type_name};

/// More keys than any model has; real files have 20 to 60.
const MAX_KEYS: u64 = 4096;
/// More tensors than any model has; a 70B model has about 1000.
const MAX_TENSORS: u64 = 65_536;
/// ggml's `GGML_MAX_DIMS`.
const MAX_DIMS: u32 = 4;
/// Alignment of tensor data when `general.alignment` is absent.
const DEFAULT_ALIGNMENT: u64 = 32;
/// No writer uses more than a page.
const MAX_ALIGNMENT: u64 = 1 << 16;

/// The header of a GGUF file together with its bytes. Cheap to clone bytes from, small in memory.
#[derive(Clone, Debug)]
pub struct Gguf {
    source: Source,
    version: u32,
    metadata: BTreeMap<String, Stored>,
    tensors: BTreeMap<String, TensorInfo>,
}

impl Gguf {
    /// Maps a file and reads its header.
    ///
    /// # Errors
    /// [`GgufError`] names the file and what is wrong with it.
    pub fn open(path: &Path) -> Result<Self, GgufError> {
        Self::read(Source::open(path)?)
    }

    /// Reads the header of bytes that are already at hand.
    ///
    /// # Errors
    /// [`GgufError`] names the source and what is wrong with it.
    pub fn read(source: Source) -> Result<Self, GgufError> {
        match parse(source.bytes()) {
            Ok((version, metadata, tensors)) => Ok(Self {
                source,
                version,
                metadata,
                tensors,
            }),
            Err(problem) => Err(GgufError {
                file: source.name().to_owned(),
                problem,
            }),
        }
    }

    /// The bytes behind the header; clone it to keep them alive.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// GGUF version, 2 or 3.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// All metadata keys, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.metadata.keys().map(String::as_str)
    }

    /// All tensors, sorted by name.
    pub fn tensors(&self) -> impl Iterator<Item = &TensorInfo> {
        self.tensors.values()
    }

    /// A tensor by name.
    #[must_use]
    pub fn tensor(&self, name: &str) -> Option<&TensorInfo> {
        self.tensors.get(name)
    }

    /// The bytes of a tensor of this file.
    #[must_use]
    pub fn tensor_bytes(&self, tensor: &TensorInfo) -> &[u8] {
        &self.source.bytes()[tensor.range.clone()]
    }

    /// This file's name around a problem.
    #[must_use]
    pub fn problem(&self, problem: Problem) -> GgufError {
        GgufError {
            file: self.source.name().to_owned(),
            problem,
        }
    }

    pub(super) fn stored(&self, key: &str) -> Option<&Stored> {
        self.metadata.get(key)
    }
}

/// What `general.architecture` says in a file that may be cut short, split or damaged behind it; nothing where not even
/// that can be read. It is the first key of every writer.
#[must_use]
pub fn architecture_of(file: &ModelFile) -> Option<String> {
    let source = Source::map(file).ok()?;
    let bytes = source.bytes();
    check_magic(bytes).ok()?;
    let mut cursor = Cursor::after_magic(bytes);
    let (_version, _n_tensors, n_keys) = (cursor.u32().ok()?, cursor.u64().ok()?, cursor.u64().ok()?);
    for _ in 0..n_keys.min(MAX_KEYS) {
        let key = cursor.name().ok()?;
        if let (Stored::Str(text), true) = (cursor.value(key).ok()?, key == "general.architecture") {
            return str::from_utf8(&bytes[text]).ok().map(str::to_owned);
        }
    }
    None
}

type Parsed = (u32, BTreeMap<String, Stored>, BTreeMap<String, TensorInfo>);

fn parse(bytes: &[u8]) -> Result<Parsed, Problem> {
    check_magic(bytes)?;
    let mut cursor = Cursor::after_magic(bytes);
    let version = cursor.u32()?;
    match version {
        2 | 3 => {}
        swapped if swapped.swap_bytes() <= 0xff => return Err(Problem::BigEndian),
        other => return Err(Problem::Version(other)),
    }
    let n_tensors = cursor.count("tensors", MAX_TENSORS, 24)?;
    let n_keys = cursor.count("metadata keys", MAX_KEYS, 13)?;
    let metadata = read_metadata(&mut cursor, n_keys)?;
    check_split(&metadata)?;
    let directory = read_directory(&mut cursor, n_tensors)?;
    let tensors = place_tensors(
        directory,
        cursor.position(),
        alignment(&metadata)?,
        bytes.len() as u64,
    )?;
    Ok((version, metadata, tensors))
}

/// Tells GGUF from the other files that people have in the same folder.
fn check_magic(bytes: &[u8]) -> Result<(), Problem> {
    let other = match bytes {
        [] => return Err(Problem::Empty),
        [b'G', b'G', b'U', b'F', ..] => return Ok(()),
        [b'l', b'm', b'g', b'g', ..] | [b't', b'j', b'g', b'g', ..] | [b'f', b'm', b'g', b'g', ..] => {
            "a GGML file from before GGUF (2023)"
        }
        [b'P', b'K', 3, 4, ..] => "a PyTorch checkpoint or another zip archive",
        [0x80, 2..=5, ..] => "a Python pickle, such as an old PyTorch checkpoint",
        [b'<', b'!' | b'h' | b'H', ..] => "a web page",
        [b'v', b'e', b'r', b's', b'i', b'o', b'n', b' ', ..] => "a Git LFS pointer without its content",
        [_, _, _, _, _, 0, 0, 0, b'{', ..] => "a safetensors file",
        [b'{' | b'[', ..] => "a JSON file",
        [b'G', ..] if b"GGUF".starts_with(bytes) => {
            return Err(Problem::CutShort {
                needed: 24,
                found: bytes.len() as u64,
            });
        }
        _ => "some other kind of file",
    };
    Err(Problem::OtherFile(other))
}

fn read_metadata(cursor: &mut Cursor<'_>, n_keys: u64) -> Result<BTreeMap<String, Stored>, Problem> {
    let mut metadata = BTreeMap::new();
    for _ in 0..n_keys {
        let key = cursor.name()?.to_owned();
        let value = cursor.value(&key)?;
        if metadata.insert(key.clone(), value).is_some() {
            return Err(Problem::Damaged(format!("key '{}' twice", clip(&key))));
        }
    }
    Ok(metadata)
}

fn check_split(metadata: &BTreeMap<String, Stored>) -> Result<(), Problem> {
    let number = |key: &str| match metadata.get(key) {
        Some(Stored::Unsigned(value)) => Some(*value),
        _ => None,
    };
    match number("split.count") {
        Some(count) if count > 1 => Err(Problem::Split {
            part: number("split.no").unwrap_or(0).saturating_add(1),
            count,
        }),
        _ => Ok(()),
    }
}

fn alignment(metadata: &BTreeMap<String, Stored>) -> Result<u64, Problem> {
    let value = match metadata.get("general.alignment") {
        None => return Ok(DEFAULT_ALIGNMENT),
        Some(Stored::Unsigned(value)) => *value,
        Some(_) => 0,
    };
    // Blocks are read in place, so their fields need the alignment that every writer gives them.
    if value.is_power_of_two() && (8..=MAX_ALIGNMENT).contains(&value) {
        Ok(value)
    } else {
        Err(Problem::Damaged("senseless alignment".to_owned()))
    }
}

/// A row of the directory before its place is known.
struct Listed {
    name: String,
    shape: Vec<usize>,
    dtype: TensorType,
    offset: u64,
    n_bytes: u64,
}

fn read_directory(cursor: &mut Cursor<'_>, n_tensors: u64) -> Result<Vec<Listed>, Problem> {
    let mut listed = Vec::new();
    let mut unsupported: BTreeMap<u32, (usize, String)> = BTreeMap::new();
    for _ in 0..n_tensors {
        let name = cursor.name()?.to_owned();
        let n_dims = cursor.u32()?;
        if n_dims == 0 || n_dims > MAX_DIMS {
            return Err(Problem::Damaged(format!(
                "tensor '{}' has {n_dims} dimensions",
                clip(&name)
            )));
        }
        let mut dims = Vec::with_capacity(n_dims as usize);
        for _ in 0..n_dims {
            dims.push(cursor.u64()?);
        }
        let type_id = cursor.u32()?;
        let offset = cursor.u64()?;
        let Some(dtype) = TensorType::from_ggml_id(type_id) else {
            unsupported.entry(type_id).or_insert((0, name)).0 += 1;
            continue;
        };
        let sized = size_tensor(&dims, dtype);
        let (shape, n_bytes) = sized.ok_or_else(|| {
            Problem::Damaged(format!(
                "tensor '{}' of type {dtype} has shape {dims:?}",
                clip(&name)
            ))
        })?;
        listed.push(Listed {
            name,
            shape,
            dtype,
            offset,
            n_bytes,
        });
    }
    // The commonest of them names the file best: an IQ4_XS file has a few tensors of other types too.
    match unsupported
        .into_iter()
        .max_by_key(|(_, (n_tensors, _))| *n_tensors)
    {
        None => Ok(listed),
        Some((id, (n_tensors, tensor))) => Err(Problem::UnsupportedType {
            type_name: type_name(id).map_or_else(|| format!("tensor type {id}"), str::to_owned),
            tensor: clip(&tensor).to_owned(),
            n_tensors,
        }),
    }
}

/// Row-major shape and bytes of a tensor with these dimensions (fastest first); `None` where no such tensor can be.
fn size_tensor(dims: &[u64], dtype: TensorType) -> Option<(Vec<usize>, u64)> {
    let row_len = *dims.first()?;
    if dims.contains(&0) || !row_len.is_multiple_of(dtype.block_len() as u64) {
        return None;
    }
    let n_values = dims
        .iter()
        .try_fold(1u64, |product, &dim| product.checked_mul(dim))?;
    let shape = dims
        .iter()
        .rev()
        .map(|&dim| usize::try_from(dim).ok())
        .collect::<Option<_>>()?;
    Some((shape, dtype.n_bytes(n_values)?))
}

fn place_tensors(
    listed: Vec<Listed>,
    header_end: u64,
    alignment: u64,
    file_len: u64,
) -> Result<BTreeMap<String, TensorInfo>, Problem> {
    let damaged = |name: &str, what: &str| Problem::Damaged(format!("tensor '{}' {what}", clip(name)));
    let data_start = header_end.next_multiple_of(alignment);
    let mut placed = Vec::with_capacity(listed.len());
    for Listed {
        name,
        shape,
        dtype,
        offset,
        n_bytes,
    } in listed
    {
        if !offset.is_multiple_of(alignment) {
            return Err(damaged(&name, "is not aligned"));
        }
        let start = data_start
            .checked_add(offset)
            .ok_or_else(|| damaged(&name, "lies nowhere"))?;
        let end = start
            .checked_add(n_bytes)
            .ok_or_else(|| damaged(&name, "ends nowhere"))?;
        placed.push((
            start..end,
            TensorInfo {
                name,
                shape,
                dtype,
                range: 0..0,
            },
        ));
    }
    placed.sort_by_key(|(range, _)| range.start);
    for pair in placed.windows(2) {
        if pair[1].0.start < pair[0].0.end {
            return Err(damaged(&pair[1].1.name, "overlaps another"));
        }
    }
    // Sorted and without overlap, so the last tensor ends last.
    let needed = placed.last().map_or(0, |(range, _)| range.end);
    if needed > file_len {
        return Err(Problem::CutShort {
            needed,
            found: file_len,
        });
    }
    let mut tensors = BTreeMap::new();
    for (range, mut tensor) in placed {
        tensor.range = to_usize(range.start)?..to_usize(range.end)?;
        let name = tensor.name.clone();
        if tensors.insert(name.clone(), tensor).is_some() {
            return Err(damaged(&name, "is listed twice"));
        }
    }
    Ok(tensors)
}
