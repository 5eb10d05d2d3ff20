//! `tokenizer.model` of SentencePiece: a protocol buffer of which three fields are of interest
//! (`sentencepiece_model.proto`).

/// A piece with its score and its type, whose numbers GGUF shares.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SentencePiece {
    pub(super) text: String,
    pub(super) score: f32,
    pub(super) kind: i32,
}

/// What is of interest in a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct SentencePieceModel {
    pub(super) pieces: Vec<SentencePiece>,
    /// Whether it merges pairs; the other kind weighs whole segmentations.
    pub(super) is_bpe: bool,
    /// Whether a space goes before every text.
    pub(super) adds_space: bool,
}

/// Reads a model; nothing where the bytes are none.
pub(super) fn read(bytes: &[u8]) -> Option<SentencePieceModel> {
    let mut model = SentencePieceModel {
        adds_space: true,
        ..SentencePieceModel::default()
    };
    for (number, field) in fields(bytes)? {
        match (number, field) {
            (1, Field::Bytes(piece)) => model.pieces.push(read_piece(piece)?),
            (2, Field::Bytes(trainer)) => {
                let kind = fields(trainer)?.into_iter().find(|(number, _)| *number == 3);
                model.is_bpe = matches!(kind, Some((_, Field::Number(2))));
            }
            (3, Field::Bytes(normalizer)) => {
                let adds = fields(normalizer)?.into_iter().find(|(number, _)| *number == 3);
                model.adds_space = !matches!(adds, Some((_, Field::Number(0))));
            }
            _ => {}
        }
    }
    Some(model).filter(|model| !model.pieces.is_empty())
}

fn read_piece(bytes: &[u8]) -> Option<SentencePiece> {
    let mut piece = SentencePiece {
        text: String::new(),
        score: 0.0,
        kind: 1,
    };
    for (number, field) in fields(bytes)? {
        match (number, field) {
            (1, Field::Bytes(text)) => str::from_utf8(text).ok()?.clone_into(&mut piece.text),
            (2, Field::Four(score)) => piece.score = f32::from_le_bytes(score),
            (3, Field::Number(kind)) => piece.kind = i32::try_from(kind).ok()?,
            _ => {}
        }
    }
    Some(piece)
}

/// The value of a field, by how it is stored.
enum Field<'a> {
    Number(u64),
    Four([u8; 4]),
    Bytes(&'a [u8]),
    Eight,
}

fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, Field<'_>)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let field = match tag & 7 {
            0 => Field::Number(varint(&mut bytes)?),
            1 => {
                bytes = bytes.get(8..)?;
                Field::Eight
            }
            2 => {
                let len = usize::try_from(varint(&mut bytes)?).ok()?;
                let (value, rest) = bytes.split_at_checked(len)?;
                bytes = rest;
                Field::Bytes(value)
            }
            5 => {
                let (value, rest) = bytes.split_first_chunk::<4>()?;
                bytes = rest;
                Field::Four(*value)
            }
            _ => return None,
        };
        fields.push((tag >> 3, field));
    }
    Some(fields)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
