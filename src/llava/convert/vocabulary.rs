//! The vocabulary: from `tokenizer.model` or `tokenizer.json` to the keys that GGUF files carry.

use std::path::Path;

use serde_json::Value;

use super::error::ConvertError;
use super::family::{Config, Decoder};
use super::json::{Json, MAX_BYTES};
use super::sentencepiece_file;
use crate::gguf::MetaValue;
use crate::llava::tokenizer::{GPT_2, pre_tokenizer_of};
use crate::regular;

const TOKENIZERS: &str =
    "convert a model with the tokenizer of Llama, Mistral, Phi-3, Llama 3, Qwen2 or SmolLM";
/// `llama_token_type`.
const NORMAL: i32 = 1;
const UNKNOWN: i32 = 2;
const CONTROL: i32 = 3;
const USER_DEFINED: i32 = 4;
const UNUSED: i32 = 5;
const BYTE: i32 = 6;

/// A vocabulary before its keys are written.
struct Vocabulary {
    /// `llama` or `gpt2`.
    model: &'static str,
    pre: &'static str,
    tokens: Vec<Option<String>>,
    kinds: Vec<i32>,
    scores: Option<Vec<f32>>,
    merges: Option<Vec<String>>,
    adds_space: bool,
}

impl Vocabulary {
    fn put(&mut self, id: usize, text: &str, kind: i32, n_rows: usize) {
        // What has no row in the embeddings cannot be read by the model.
        if id >= n_rows {
            return;
        }
        if id >= self.tokens.len() {
            self.tokens.resize(id + 1, None);
            self.kinds.resize(id + 1, UNUSED);
        }
        self.tokens[id] = Some(text.to_owned());
        // A token for what is unknown stays one, though it is special as well.
        if self.kinds[id] != UNKNOWN {
            self.kinds[id] = kind;
        }
    }

    fn id_of(&self, text: &str) -> Option<u32> {
        let at = self
            .tokens
            .iter()
            .position(|token| token.as_deref() == Some(text))?;
        u32::try_from(at).ok()
    }
}

/// The files that a tokenizer is described in.
struct Files {
    tokenizer: Option<Json>,
    settings: Option<Json>,
    added: Option<Json>,
    special: Option<Json>,
}

/// All keys of the vocabulary of a model with `n_rows` rows of embeddings.
pub(super) fn keys(
    folder: &Path,
    config: &Config,
    n_rows: usize,
) -> Result<Vec<(String, MetaValue)>, ConvertError> {
    let read = |name: &str| Json::read_if_there(&folder.join(name));
    let files = Files {
        tokenizer: read("tokenizer.json")?,
        settings: read("tokenizer_config.json")?,
        added: read("added_tokens.json")?,
        special: read("special_tokens_map.json")?,
    };
    let mut vocabulary = match (of_sentencepiece(folder, n_rows)?, &files.tokenizer) {
        (Some(vocabulary), _) => vocabulary,
        (None, Some(tokenizer)) => of_json(tokenizer, n_rows)?,
        (None, None) => of_lists(folder, config, n_rows)?,
    };
    add_tokens(&mut vocabulary, &files, n_rows);
    let mut keys = Vec::new();
    add_specials(&mut keys, &vocabulary, &files, config);
    if let Some(template) = chat_template(folder, &files)? {
        keys.push(("tokenizer.chat_template".to_owned(), MetaValue::Str(template)));
    }
    add_lists(&mut keys, vocabulary, n_rows);
    Ok(keys)
}

/// `tokenizer.model`, where there is one and it merges pairs.
fn of_sentencepiece(folder: &Path, n_rows: usize) -> Result<Option<Vocabulary>, ConvertError> {
    let path = folder.join("tokenizer.model");
    if !path.is_file() {
        return Ok(None);
    }
    let file = path.display().to_string();
    let bytes = regular::read(&path, MAX_BYTES).map_err(|source| ConvertError::Read {
        source,
        file: file.clone(),
    })?;
    let model = sentencepiece_file::read(&bytes).ok_or_else(|| ConvertError::Damaged {
        what: "no SentencePiece model".to_owned(),
        file: file.clone(),
    })?;
    if !model.is_bpe {
        return Err(ConvertError::Unsupported {
            what: "tokenizer",
            name: "SentencePiece without merges".to_owned(),
            supported: TOKENIZERS,
            file,
        });
    }
    let pieces = || model.pieces.iter().take(n_rows);
    Ok(Some(Vocabulary {
        model: "llama",
        pre: "default",
        tokens: pieces().map(|piece| Some(piece.text.clone())).collect(),
        kinds: pieces().map(|piece| piece.kind).collect(),
        scores: Some(pieces().map(|piece| piece.score).collect()),
        merges: None,
        adds_space: model.adds_space,
    }))
}

/// `tokenizer.json` of the `tokenizers` library.
fn of_json(json: &Json, n_rows: usize) -> Result<Vocabulary, ConvertError> {
    let model = json.section("model").ok_or_else(|| json.damaged("no model"))?;
    // Files of the library's first years name no type.
    let kind = model.text("type").unwrap_or("BPE");
    if kind != "BPE" {
        return Err(json.unsupported("tokenizer", kind, TOKENIZERS));
    }
    let vocab = model
        .section("vocab")
        .ok_or_else(|| json.damaged("no vocabulary"))?;
    let merges = merges(&model).ok_or_else(|| json.damaged("no merges"))?;
    let patterns = patterns(json.get("pre_tokenizer"));
    let is_byte_level = patterns.is_some();
    let pre = match &patterns {
        None => "default",
        Some(patterns) => {
            let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
            let takes_whole = model.flag("ignore_merges") == Some(true);
            pre_tokenizer_of(&patterns, takes_whole)
                .ok_or_else(|| json.unsupported("pre-tokenizer", patterns.join(" then "), TOKENIZERS))?
        }
    };
    let mut vocabulary = Vocabulary {
        model: if is_byte_level { "gpt2" } else { "llama" },
        pre,
        tokens: Vec::new(),
        kinds: Vec::new(),
        scores: None,
        merges: None,
        adds_space: adds_space(json),
    };
    let unknown = model.text("unk_token");
    for (text, id) in vocab.members() {
        let Some(id) = id.as_u64().and_then(|id| usize::try_from(id).ok()) else {
            return Err(json.damaged("a token without an id"));
        };
        let is_byte = text.len() == 6 && text.starts_with("<0x") && text.ends_with('>');
        let kind = if is_byte_level {
            NORMAL
        } else if unknown == Some(text) {
            UNKNOWN
        } else if is_byte {
            BYTE
        } else {
            NORMAL
        };
        vocabulary.put(id, text, kind, n_rows);
    }
    if is_byte_level {
        let joined = merges.into_iter().map(|(left, right)| format!("{left} {right}"));
        vocabulary.merges = Some(joined.collect());
    } else {
        vocabulary.scores = Some(scores(&vocabulary, &merges));
    }
    Ok(vocabulary)
}

/// `vocab.json` and `merges.txt`: byte-level vocabularies of checkpoints without a `tokenizer.json`. How such a tokenizer
/// cuts is known by the decoder that it belongs to.
fn of_lists(folder: &Path, config: &Config, n_rows: usize) -> Result<Vocabulary, ConvertError> {
    let path = folder.join("merges.txt");
    let vocab = Json::read_if_there(&folder.join("vocab.json"))?;
    let (Some(vocab), true, Decoder::Qwen2 | Decoder::Qwen3) = (vocab, path.is_file(), config.decoder) else {
        return Err(ConvertError::NoFile {
            file: "tokenizer.json",
            folder: folder.display().to_string(),
        });
    };
    let merges = regular::read_text(&path, MAX_BYTES).map_err(|source| ConvertError::Read {
        source,
        file: path.display().to_string(),
    })?;
    let mut vocabulary = Vocabulary {
        model: "gpt2",
        pre: "qwen2",
        tokens: Vec::new(),
        kinds: Vec::new(),
        scores: None,
        merges: None,
        adds_space: false,
    };
    for (text, id) in vocab.members() {
        let id = id
            .as_u64()
            .ok_or_else(|| vocab.damaged("a token without an id"))?;
        vocabulary.put(id as usize, text, NORMAL, n_rows);
    }
    let is_merge = |line: &&str| !line.is_empty() && !line.starts_with("#version");
    vocabulary.merges = Some(merges.lines().filter(is_merge).map(str::to_owned).collect());
    Ok(vocabulary)
}

/// Merges as pairs, or as texts with a space between in older files.
fn merges(model: &Json) -> Option<Vec<(String, String)>> {
    let merge = |value: &Value| match value {
        Value::String(text) => text
            .split_once(' ')
            .map(|(left, right)| (left.to_owned(), right.to_owned())),
        Value::Array(pair) => match pair.as_slice() {
            [Value::String(left), Value::String(right)] => Some((left.clone(), right.clone())),
            _ => None,
        },
        _ => None,
    };
    model.get("merges")?.as_array()?.iter().map(merge).collect()
}

/// SentencePiece's scores, of which only the order counts: a piece that is merged earlier has the higher one.
fn scores(vocabulary: &Vocabulary, merges: &[(String, String)]) -> Vec<f32> {
    let ids: std::collections::HashMap<&str, usize> = vocabulary
        .tokens
        .iter()
        .enumerate()
        .filter_map(|(id, token)| Some((token.as_deref()?, id)))
        .collect();
    let last = -(merges.len() as f32);
    let mut scores = vec![last; vocabulary.tokens.len()];
    let mut n_ranked = 0.0;
    for (left, right) in merges {
        if let Some(&id) = ids.get(format!("{left}{right}").as_str())
            && scores[id] == last
        {
            scores[id] = -n_ranked;
            n_ranked += 1.0;
        }
    }
    scores
}

/// The patterns that a pre-tokenizer cuts by, where it ends in bytes.
fn patterns(pre_tokenizer: Option<&Value>) -> Option<Vec<String>> {
    let one = pre_tokenizer?;
    let steps: Vec<&Value> = match one.get("pretokenizers").and_then(Value::as_array) {
        Some(steps) => steps.iter().collect(),
        None => vec![one],
    };
    let mut patterns = Vec::new();
    let mut is_byte_level = false;
    for step in steps {
        let flag = |key: &str| step.get(key).and_then(Value::as_bool);
        match step.get("type").and_then(Value::as_str)? {
            "Digits" if flag("individual_digits") == Some(true) => patterns.push(r"\p{N}".to_owned()),
            "Split" => {
                let pattern = step.get("pattern")?.get("Regex")?.as_str()?;
                patterns.push(pattern.to_owned());
            }
            "ByteLevel" => {
                is_byte_level = true;
                if flag("use_regex") != Some(false) {
                    patterns.push(GPT_2.to_owned());
                }
            }
            other => patterns.push(other.to_owned()),
        }
    }
    is_byte_level.then_some(patterns)
}

/// Whether a space goes before a text: by a normalizer in most files, by the pre-tokenizer in others.
fn adds_space(json: &Json) -> bool {
    let steps = |key: &str, list: &str| -> Vec<Value> {
        let one = json.get(key).cloned().unwrap_or_default();
        match one.get(list).and_then(Value::as_array) {
            Some(steps) => steps.clone(),
            None => vec![one],
        }
    };
    let is = |step: &Value, name: &str| step.get("type").and_then(Value::as_str) == Some(name);
    let prepends = steps("normalizer", "normalizers")
        .iter()
        .any(|step| is(step, "Prepend"));
    let metaspace = steps("pre_tokenizer", "pretokenizers").iter().any(|step| {
        let scheme = step.get("prepend_scheme").and_then(Value::as_str);
        let never = scheme == Some("never") || step.get("add_prefix_space") == Some(&Value::Bool(false));
        is(step, "Metaspace") && !never
    });
    prepends || metaspace
}

/// Tokens that were added to the vocabulary after its training, from the files that know how special each is to those that
/// do not.
fn add_tokens(vocabulary: &mut Vocabulary, files: &Files, n_rows: usize) {
    for (text, id) in files.added.iter().flat_map(Json::members) {
        if let Some(id) = id.as_u64() {
            vocabulary.put(id as usize, text, CONTROL, n_rows);
        }
    }
    let kind = |token: &Value| match token.get("special").and_then(Value::as_bool) {
        Some(false) => USER_DEFINED,
        _ => CONTROL,
    };
    let decoder = files
        .settings
        .as_ref()
        .and_then(|settings| settings.section("added_tokens_decoder"));
    for (id, token) in decoder.iter().flat_map(Json::members) {
        if let (Ok(id), Some(text)) = (id.parse(), token.get("content").and_then(Value::as_str)) {
            vocabulary.put(id, text, kind(token), n_rows);
        }
    }
    let listed = files
        .tokenizer
        .as_ref()
        .and_then(|tokenizer| tokenizer.get("added_tokens"))
        .and_then(Value::as_array);
    for token in listed.into_iter().flatten() {
        let id = token.get("id").and_then(Value::as_u64);
        if let (Some(id), Some(text)) = (id, token.get("content").and_then(Value::as_str)) {
            vocabulary.put(id as usize, text, kind(token), n_rows);
        }
    }
}

/// The tokens with a role, and whether the first of them is put before a text.
fn add_specials(
    keys: &mut Vec<(String, MetaValue)>,
    vocabulary: &Vocabulary,
    files: &Files,
    config: &Config,
) {
    let text_of = |json: &Option<Json>, name: &str| -> Option<String> {
        let value = json.as_ref()?.get(name)?;
        let text = value.as_str().or_else(|| value.get("content")?.as_str())?;
        Some(text.to_owned())
    };
    let id_of = |name: &str, number: &str| {
        let text = text_of(&files.settings, name).or_else(|| text_of(&files.special, name));
        let by_text = text.and_then(|text| vocabulary.id_of(&text));
        let of = |json: &Json| json.size(number).and_then(|id| u32::try_from(id).ok());
        by_text.or_else(|| of(&config.text)).or_else(|| of(&config.whole))
    };
    let bos = id_of("bos_token", "bos_token_id");
    for (key, id) in [
        ("bos", bos),
        ("eos", id_of("eos_token", "eos_token_id")),
        ("unknown", id_of("unk_token", "unk_token_id")),
        ("padding", id_of("pad_token", "pad_token_id")),
    ] {
        if let Some(id) = id {
            keys.push((format!("tokenizer.ggml.{key}_token_id"), MetaValue::U32(id)));
        }
    }
    let begins = files
        .tokenizer
        .as_ref()
        .and_then(|json| begins_with_special(json.get("post_processor")?));
    let said = files
        .settings
        .as_ref()
        .and_then(|settings| settings.flag("add_bos_token"));
    let adds_bos = begins.or(said).unwrap_or(vocabulary.model == "llama") && bos.is_some();
    keys.push((
        "tokenizer.ggml.add_bos_token".to_owned(),
        MetaValue::Bool(adds_bos),
    ));
    if vocabulary.model == "llama" {
        let adds_space = MetaValue::Bool(vocabulary.adds_space);
        keys.push(("tokenizer.ggml.add_space_prefix".to_owned(), adds_space));
    }
}

/// Whether the template of a post-processor puts a special token before a text; nothing where it has no template.
fn begins_with_special(processor: &Value) -> Option<bool> {
    if let Some(steps) = processor.get("processors").and_then(Value::as_array) {
        return steps.iter().find_map(begins_with_special);
    }
    let first = processor.get("single")?.as_array()?.first()?;
    Some(first.get("SpecialToken").is_some())
}

/// The chat template: the processor's, which knows images, before the tokenizer's.
fn chat_template(folder: &Path, files: &Files) -> Result<Option<String>, ConvertError> {
    let jinja = folder.join("chat_template.jinja");
    if jinja.is_file() {
        let file = jinja.display().to_string();
        let text =
            regular::read_text(&jinja, MAX_BYTES).map_err(|source| ConvertError::Read { source, file })?;
        return Ok(Some(text));
    }
    let text = |json: &Json| match json.get("chat_template")? {
        Value::String(text) => Some(text.clone()),
        // Several by name, of which the default is meant.
        Value::Array(named) => {
            let is_default = |one: &&Value| one.get("name").and_then(Value::as_str) == Some("default");
            let template = named.iter().find(is_default)?.get("template")?;
            template.as_str().map(str::to_owned)
        }
        _ => None,
    };
    for name in ["chat_template.json", "processor_config.json"] {
        let json = Json::read_if_there(&folder.join(name))?;
        if let Some(template) = json.as_ref().and_then(text) {
            return Ok(Some(template));
        }
    }
    Ok(files.settings.as_ref().and_then(text))
}

/// Tokens, their kinds, scores and merges; rows without a token get one that nothing writes.
fn add_lists(keys: &mut Vec<(String, MetaValue)>, mut vocabulary: Vocabulary, n_rows: usize) {
    let mut add = |name: &str, value| keys.push((format!("tokenizer.ggml.{name}"), value));
    add("model", MetaValue::Str(vocabulary.model.to_owned()));
    add("pre", MetaValue::Str(vocabulary.pre.to_owned()));
    vocabulary.tokens.resize(n_rows, None);
    vocabulary.kinds.resize(n_rows, UNUSED);
    let named = |(id, token): (usize, Option<String>)| token.unwrap_or_else(|| format!("[PAD{id}]"));
    add(
        "tokens",
        MetaValue::Strs(vocabulary.tokens.into_iter().enumerate().map(named).collect()),
    );
    add("token_type", MetaValue::I32s(vocabulary.kinds));
    if let Some(mut scores) = vocabulary.scores {
        let lowest = scores.iter().copied().fold(0.0, f32::min);
        scores.resize(n_rows, lowest - 1.0);
        add("scores", MetaValue::F32s(scores));
    }
    if let Some(merges) = vocabulary.merges {
        add("merges", MetaValue::Strs(merges));
    }
}
