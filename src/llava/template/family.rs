//! The templates that LLaVA models were trained with, by family.

use std::borrow::Cow;
use std::path::Path;

use super::{Message, Piece, Role};
use crate::gguf::Gguf;
use crate::llava::tokenizer::Tokenizer;

/// A way of writing conversations that several models share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `vicuna_v1` of LLaVA: a sentence, then `USER: … ASSISTANT: …</s>`. Bunny says the same on other vocabularies.
    Vicuna,
    /// `mistral_instruct` of LLaVA: `[INST] … [/INST] …</s>`.
    Mistral,
    /// `llama3_chat` of xtuner.
    Llama3,
    /// `phi3_chat` of xtuner.
    Phi3,
    /// SmolVLM and Idefics3: `User: …<end_of_utterance>`.
    SmolVlm,
    /// ChatML: Qwen2, Qwen3, Yi.
    ChatMl,
}

const VICUNA_SYSTEM: &str = "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions. ";
const CHATML_SYSTEM: &str = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n";
/// What Vicuna's words end an answer with.
pub(super) const END_OF_SEQUENCE: &str = "</s>";
/// Rotary base of Mistral Instruct 0.2, below LLaVA 1.6; BakLLaVA's Mistral 0.1, asked like Vicuna, has ten thousand.
const MISTRAL_INSTRUCT_ROPE_BASE: f32 = 1e6;

impl Family {
    /// The family of a language model, and the evidence for it.
    pub(super) fn detect(file: &Gguf, tokenizer: &Tokenizer) -> (Self, String) {
        if is_named_bunny(file) {
            return (
                Self::Vicuna,
                "its name is that of Bunny, which is asked like Vicuna".to_owned(),
            );
        }
        let has = |texts: &[&str]| texts.iter().all(|text| tokenizer.id_of(text).is_some());
        let markup: [(Self, &[&str]); 4] = [
            // Both have the markup of the model below them too.
            (
                Self::SmolVlm,
                &["<end_of_utterance>", "<fake_token_around_image>"],
            ),
            (Self::Llama3, &["<|start_header_id|>", "<|eot_id|>"]),
            (Self::Phi3, &["<|user|>", "<|end|>", "<|assistant|>"]),
            (Self::ChatMl, &["<|im_start|>", "<|im_end|>"]),
        ];
        if let Some((family, texts)) = markup.into_iter().find(|(_, texts)| has(texts)) {
            return (family, format!("its vocabulary has {}", texts[0]));
        }
        if is_named_vicuna(file) {
            return (
                Self::Vicuna,
                "its name is that of a model built like Vicuna".to_owned(),
            );
        }
        if names(file).any(|name| name.contains("mistral") || name.contains("mixtral")) {
            return (Self::Mistral, "its name says Mistral".to_owned());
        }
        let rope_base = file.f32("llama.rope.freq_base").ok().flatten();
        let shares_heads = file.size("llama.attention.head_count_kv").ok().flatten()
            < file.size("llama.attention.head_count").ok().flatten();
        if tokenizer.is_sentencepiece() && shares_heads && rope_base >= Some(MISTRAL_INSTRUCT_ROPE_BASE) {
            return (
                Self::Mistral,
                "its numbers are those of Mistral Instruct".to_owned(),
            );
        }
        (
            Self::Vicuna,
            "nothing points to another family than Vicuna".to_owned(),
        )
    }

    /// The name that users know it by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Vicuna => "vicuna",
            Self::Mistral => "mistral",
            Self::Llama3 => "llama-3",
            Self::Phi3 => "phi-3",
            Self::SmolVlm => "smolvlm",
            Self::ChatMl => "chatml",
        }
    }

    /// Texts that end an answer.
    #[must_use]
    pub fn stop_texts(self) -> &'static [&'static str] {
        match self {
            Self::Vicuna => &["USER:", "</s>"],
            Self::Mistral => &["[INST]", "</s>"],
            Self::Llama3 => &["<|eot_id|>", "<|start_header_id|>"],
            Self::Phi3 => &["<|end|>", "<|user|>"],
            Self::SmolVlm => &["<end_of_utterance>", "<|im_start|>"],
            Self::ChatMl => &["<|im_end|>", "<|im_start|>"],
        }
    }

    /// The text before the first message, and after the last one where the answer begins.
    fn ends(self) -> (&'static str, &'static str) {
        match self {
            Self::Vicuna => (VICUNA_SYSTEM, "ASSISTANT:"),
            Self::Mistral => ("", ""),
            Self::Llama3 => ("", "<|start_header_id|>assistant<|end_header_id|>\n\n"),
            Self::Phi3 => ("", "<|assistant|>\n"),
            Self::SmolVlm => ("<|im_start|>", "Assistant:"),
            Self::ChatMl => (CHATML_SYSTEM, "<|im_start|>assistant\n"),
        }
    }

    /// The text before and after a message.
    fn around(self, role: Role) -> (&'static str, &'static str) {
        match (self, role) {
            (Self::Vicuna, Role::User) => ("USER: ", " "),
            (Self::Vicuna, Role::Assistant) => ("ASSISTANT: ", END_OF_SEQUENCE),
            (Self::Mistral, Role::User) => ("[INST] ", " [/INST]"),
            (Self::Mistral, Role::Assistant) => (" ", " </s>"),
            (Self::Llama3, Role::User) => ("<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>"),
            (Self::Llama3, Role::Assistant) => {
                ("<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>")
            }
            (Self::Phi3, Role::User) => ("<|user|>\n", "<|end|>\n"),
            (Self::Phi3, Role::Assistant) => ("<|assistant|>\n", "<|end|>\n"),
            (Self::SmolVlm, Role::User) => ("User: ", "<end_of_utterance>\n"),
            (Self::SmolVlm, Role::Assistant) => ("Assistant: ", "<end_of_utterance>\n"),
            (Self::ChatMl, Role::User) => ("<|im_start|>user\n", "<|im_end|>\n"),
            (Self::ChatMl, Role::Assistant) => ("<|im_start|>assistant\n", "<|im_end|>\n"),
        }
    }

    /// The conversation; `turn_end` is what the vocabulary has in place of Vicuna's [`END_OF_SEQUENCE`].
    pub(super) fn render(self, messages: &[Message], turn_end: &str) -> Vec<Piece> {
        let (head, answer) = self.ends();
        let mut pieces = Vec::new();
        let fixed = |pieces: &mut Vec<Piece>, text: Cow<'static, str>| {
            if !text.is_empty() {
                pieces.push(Piece::fixed(text));
            }
        };
        fixed(&mut pieces, head.into());
        for message in messages {
            let (before, after) = self.around(message.role);
            fixed(&mut pieces, before.into());
            pieces.extend(message.content.iter().cloned());
            fixed(
                &mut pieces,
                match after {
                    END_OF_SEQUENCE => turn_end.to_owned().into(),
                    _ => after.into(),
                },
            );
        }
        fixed(&mut pieces, answer.into());
        pieces
    }
}

/// What ends an answer in Vicuna's words: `</s>`, or what a vocabulary without it has for the end of a sequence (Bunny's
/// `<|endoftext|>` and `<|end_of_text|>`).
pub(super) fn turn_end(tokenizer: &Tokenizer) -> String {
    let own = || tokenizer.eos().and_then(|id| tokenizer.text_of(id));
    let text = match tokenizer.id_of(END_OF_SEQUENCE) {
        Some(_) => END_OF_SEQUENCE,
        None => own().unwrap_or(END_OF_SEQUENCE),
    };
    text.to_owned()
}

/// Whether a template is of a model that is not asked in Vicuna's words: it writes that model's markup.
pub(super) fn is_of_another(source: &str) -> bool {
    const MARKUP: [&str; 4] = ["[INST]", "<|start_header_id|>", "<|user|>", "<|im_start|>"];
    MARKUP.iter().any(|markup| source.contains(markup))
}

/// Whether a name in the file is that of a model that is asked like Vicuna: LLaVA 1.5, Vicuna, BakLLaVA, Bunny.
pub(super) fn is_named_vicuna(file: &Gguf) -> bool {
    const NAMES: [&str; 5] = ["vicuna", "llava-v1.5", "llava-1.5", "llava v1.5", "bakllava"];
    names(file).any(|name| NAMES.iter().any(|known| name.contains(known))) || is_named_bunny(file)
}

/// Whether a name is that of Bunny, whose vocabularies (Phi's, Llama 3's) point to templates that it was not trained with.
/// Its files are called `ggml-model`, so that the folder counts too.
fn is_named_bunny(file: &Gguf) -> bool {
    let folder = Path::new(file.source().name()).parent().and_then(Path::file_name);
    let folder = folder.map(|name| name.to_string_lossy().to_lowercase());
    names(file).chain(folder).any(|name| name.contains("bunny"))
}

/// The names that a file goes by, in lower case: what its metadata says, its own, and that of the repository in whose cache
/// it lies.
fn names(file: &Gguf) -> impl Iterator<Item = String> {
    let keys = [
        "general.name",
        "general.basename",
        "general.finetune",
        "general.base_model.0.name",
        "general.source.repo_url",
        "general.source.huggingface.repository",
    ];
    let named = keys
        .into_iter()
        .filter_map(|key| file.str(key).ok().flatten().map(str::to_lowercase));
    let path = Path::new(file.source().name());
    let own = path.file_name().map(|name| name.to_string_lossy().to_lowercase());
    let repository = path
        .iter()
        .map(|part| part.to_string_lossy().to_lowercase())
        .find(|part| part.starts_with("models--"));
    named.chain(own).chain(repository)
}
