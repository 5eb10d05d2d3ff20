//! Byte-level BPE: every byte has a printable stand-in, merges are listed, and a pre-tokenizer cuts the text first.

use tokenizers::models::bpe::{BPE, Vocab as PieceIds};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{SplitDelimiterBehavior, Tokenizer};

use super::error::{TokenizerError, damaged, unsupported};
use super::vocab::{MAX_MERGE_BYTES, MAX_MERGES, TokenKind, Vocab};
use crate::gguf::Gguf;

/// Vocabulary size of Llama 3, whose first GGUF files do not name their pre-tokenizer.
const LLAMA_3_VOCAB: usize = 128_256;

/// GPT-2's cut: contractions, words, numbers, signs, each with the space before it. The crate's `ByteLevel` ends it with
/// `|\s+`; llama.cpp leaves that out, and the text between two matches is a piece of its own in both.
pub(in crate::llava) const GPT_2: &str =
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
const LLAMA_3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN_2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const TEKKEN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const GPT_4O: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// How a pre-tokenizer cuts.
struct Cut {
    /// One after another: each cuts what the one before left whole.
    patterns: &'static [&'static str],
    /// Whether a piece that is a token as it stands is not merged from its letters.
    takes_whole_pieces: bool,
    /// Whether sequences begin with a token where the file does not say.
    wants_bos: bool,
}

/// The cut of a pre-tokenizer by its name in `tokenizer.ggml.pre` (`llm_tokenizer_bpe` in llama.cpp's `llama-vocab.cpp`
/// lists the names and patterns, each taken from a model's `tokenizer.json`).
fn cut_of(name: &str) -> Option<Cut> {
    let plain = |patterns| Cut {
        patterns,
        takes_whole_pieces: false,
        wants_bos: false,
    };
    Some(match name {
        "llama3" | "llama-v3" | "llama-bpe" | "falcon3" | "pixtral" => Cut {
            patterns: &[LLAMA_3],
            takes_whole_pieces: true,
            wants_bos: true,
        },
        "smaug-bpe" | "dbrx" | "chatglm-bpe" => plain(&[LLAMA_3]),
        "qwen2" | "deepseek-r1-qwen" | "stablelm2" | "hunyuan" | "megrez" => plain(&[QWEN_2]),
        "gpt-2" | "phi-2" | "mpt" | "olmo" | "jais" | "jina-es" | "jina-de" | "granite-docling" => {
            plain(&[GPT_2])
        }
        "smollm" | "starcoder" | "refact" | "command-r" | "codeshell" | "exaone" => plain(&[r"\p{N}", GPT_2]),
        "falcon" => plain(&[r"[\p{P}\$\+<=>\^~\|`]+", GPT_2, "[0-9][0-9][0-9]"]),
        "tekken" => Cut {
            patterns: &[TEKKEN],
            takes_whole_pieces: true,
            wants_bos: false,
        },
        "gpt-4o" | "llama4" => plain(&[GPT_4O]),
        "default" => plain(&[r"[\p{P}\$\+<=>\^~\|]+", GPT_2, r"\p{N}+", "[0-9][0-9][0-9]"]),
        _ => return None,
    })
}

/// The name of the pre-tokenizer that cuts by these patterns, for files that are to be written.
pub(in crate::llava) fn pre_tokenizer_of(
    patterns: &[&str],
    takes_whole_pieces: bool,
) -> Option<&'static str> {
    const NAMES: [&str; 7] = [
        "llama-bpe",
        "smaug-bpe",
        "qwen2",
        "smollm",
        "gpt-2",
        "tekken",
        "gpt-4o",
    ];
    NAMES.into_iter().find(|name| {
        cut_of(name)
            .is_some_and(|cut| cut.patterns == patterns && cut.takes_whole_pieces == takes_whole_pieces)
    })
}

/// A `gpt2` vocabulary on the `tokenizers` crate.
#[derive(Debug)]
pub(super) struct ByteLevelBpe {
    tokenizer: Tokenizer,
    wants_bos: bool,
}

impl ByteLevelBpe {
    pub(super) fn read(file: &Gguf, vocab: &Vocab) -> Result<Self, TokenizerError> {
        let name = match file.str("tokenizer.ggml.pre")? {
            Some(name) => name,
            None if vocab.len() == LLAMA_3_VOCAB => "llama-bpe",
            None if matches!(file.str("general.architecture")?, Some("qwen2" | "qwen3")) => "qwen2",
            None => "default",
        };
        let cut = cut_of(name).ok_or_else(|| unsupported(file, "pre-tokenizer", name))?;
        // User-defined tokens are cut out before; control tokens must never come out of ordinary text.
        let pieces: PieceIds = vocab
            .iter()
            .filter(|(_, token)| matches!(token.kind, TokenKind::Normal | TokenKind::Unused))
            .map(|(id, token)| (token.text.to_owned(), id))
            .collect();
        let merges = read_merges(file, &pieces)?;
        let bpe = BPE::builder()
            .vocab_and_merges(pieces, merges)
            .ignore_merges(cut.takes_whole_pieces)
            .build()
            .map_err(|error| damaged(file, &error.to_string()))?;
        let mut stages: Vec<PreTokenizerWrapper> = Vec::new();
        for pattern in cut.patterns {
            let pattern = SplitPattern::Regex((*pattern).to_owned());
            let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false);
            stages.push(split.expect("BUG: the patterns are constants").into());
        }
        stages.push(ByteLevel::new(false, false, false).into());
        let mut tokenizer = Tokenizer::new(bpe);
        tokenizer.with_pre_tokenizer(Some(Sequence::new(stages)));
        Ok(Self {
            tokenizer,
            wants_bos: cut.wants_bos,
        })
    }

    /// Whether sequences begin with a token where the file does not say.
    pub(super) fn wants_bos(&self) -> bool {
        self.wants_bos
    }

    /// Appends the ids of a text without markup.
    pub(super) fn encode(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), TokenizerError> {
        let encoding = self
            .tokenizer
            .encode_fast(text, false)
            .map_err(|error| TokenizerError::Encode(error.to_string()))?;
        ids.extend(encoding.get_ids());
        Ok(())
    }
}

/// The merges in order. Those of pieces that the vocabulary lacks can never apply and are left out.
fn read_merges(file: &Gguf, pieces: &PieceIds) -> Result<Vec<(String, String)>, TokenizerError> {
    let Some(list) = file.array("tokenizer.ggml.merges")? else {
        return Err(damaged(file, "no merges"));
    };
    if list.len > MAX_MERGES {
        return Err(damaged(file, &format!("{} merges", list.len)));
    }
    let mut merges = Vec::with_capacity(list.len);
    let mut n_bytes = 0;
    for merge in list.strings() {
        n_bytes += merge.len();
        if n_bytes > MAX_MERGE_BYTES {
            return Err(damaged(file, "endless merges"));
        }
        let merge = str::from_utf8(merge).map_err(|_invalid| damaged(file, "a merge that is not text"))?;
        // A space inside is the separator: the stand-in for a space byte is another character.
        let Some((left, right)) = merge.split_once(' ') else {
            return Err(damaged(file, "half a merge"));
        };
        let known = |piece: &str| pieces.contains_key(piece);
        if known(left) && known(right) && known(&format!("{left}{right}")) {
            merges.push((left.to_owned(), right.to_owned()));
        }
    }
    Ok(merges)
}

/// Appends the bytes behind the stand-ins of a token's text (`bytes_to_unicode` of GPT-2): printable Latin-1 characters
/// stand for themselves, the other bytes for the characters from U+0100 on, in order.
pub(super) fn push_decoded(text: &str, bytes: &mut Vec<u8>) {
    for c in text.chars() {
        match byte_behind(c) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

fn byte_behind(c: char) -> Option<u8> {
    match u32::from(c) {
        code @ (0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff) => u8::try_from(code).ok(),
        code @ 0x100..=0x120 => u8::try_from(code - 0x100).ok(),
        code @ 0x121..=0x142 => u8::try_from(code - 0x121 + 0x7f).ok(),
        0x143 => Some(0xad),
        _ => None,
    }
}
