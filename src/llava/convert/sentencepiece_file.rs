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

#[cfg(test)]
mod tests {
    use super::{SentencePiece, read};

    /// A field of bytes.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut field = vec![number << 3 | 2, u8::try_from(bytes.len()).expect("short")];
        field.extend(bytes);
        field
    }

    #[test]
    fn pieces_scores_and_kinds_are_read() {
        let mut unknown = field(1, b"<unk>");
        unknown.extend([2 << 3 | 5, 0, 0, 0, 0, 3 << 3, 2]);
        let mut word = field(1, "\u{2581}the".as_bytes());
        word.push(2 << 3 | 5);
        word.extend((-7.5f32).to_le_bytes());
        let mut model = field(1, &unknown);
        model.extend(field(1, &word));
        // The trainer's kind, after a field of another type; the normalizer's dummy prefix.
        model.extend(field(2, &[1 << 3 | 1, 0, 0, 0, 0, 0, 0, 0, 0, 3 << 3, 2]));
        model.extend(field(3, &[3 << 3, 0]));
        let found = read(&model).expect("a model");
        let piece = |text: &str, score, kind| SentencePiece {
            text: text.to_owned(),
            score,
            kind,
        };
        assert_eq!(
            found.pieces,
            [piece("<unk>", 0.0, 2), piece("\u{2581}the", -7.5, 1)]
        );
        assert!(found.is_bpe && !found.adds_space);
        for end in 1..model.len() {
            // Cut anywhere it is no model, or one with less in it.
            assert!(read(&model[..end]).is_none_or(|cut| cut != found));
        }
        assert_eq!(read(b""), None);
        assert_eq!(read(&[0xff; 32]), None);
    }
}
