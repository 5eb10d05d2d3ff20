//! Which model a checkpoint is, by its config.

use std::path::Path;

use super::error::ConvertError;
use super::json::Json;

const CONVERTED: &str = "convert LLaVA 1.5 or 1.6, LLaVA-OneVision, LLaVA-NeXT-Interleave, LLaVA-Video, LLaVA-NeXT-Video, M3, SmolVLM2 or InternVL3";
const DECODERS: &str = "convert a model built on Llama, Vicuna, Mistral, Qwen2, Qwen3 or Phi-3";

/// A family of models, by the name that the pair carries in `videre.family`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// LLaVA 1.5, and what is built like it (M3, xtuner's).
    Llava15,
    /// LLaVA 1.6, also called NeXT.
    Llava16,
    /// LLaVA-NeXT-Video.
    NextVideo,
    /// LLaVA-NeXT-Interleave.
    NextInterleave,
    /// LLaVA-OneVision.
    OneVision,
    /// LLaVA-Video.
    Video,
    /// SmolVLM2.
    SmolVlm2,
    /// InternVL3.
    InternVl3,
}

impl Family {
    /// The value of `videre.family`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Llava15 => "llava-1.5",
            Self::Llava16 => "llava-1.6",
            Self::NextVideo => "llava-next-video",
            Self::NextInterleave => "llava-next-interleave",
            Self::OneVision => "llava-onevision",
            Self::Video => "llava-video",
            Self::SmolVlm2 => "smolvlm2",
            Self::InternVl3 => "internvl3",
        }
    }
}

/// The decoder of a language model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decoder {
    Llama,
    Mistral,
    Qwen2,
    Qwen3,
    Phi3,
}

/// What a checkpoint's config says before any number of it.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) whole: Json,
    /// The language model's part, or the whole where there is one part only.
    pub(super) text: Json,
    /// The tower's part; LLaVA's own checkpoints have none.
    pub(super) vision: Option<Json>,
    pub(super) family: Family,
    pub(super) decoder: Decoder,
}

impl Config {
    pub(super) fn read(folder: &Path) -> Result<Self, ConvertError> {
        let path = folder.join("config.json");
        let whole = Json::read_if_there(&path)?.ok_or_else(|| ConvertError::NoFile {
            file: "config.json",
            folder: folder.display().to_string(),
        })?;
        let text = whole
            .section("text_config")
            .or_else(|| whole.section("llm_config"));
        let vision = whole.section("vision_config");
        let name = format!(
            "{} {}",
            whole.text("_name_or_path").unwrap_or_default(),
            folder.display()
        );
        let own = own_type(&whole);
        let of_text = text.as_ref().and_then(|text| text.text("model_type"));
        let family = family(&whole, own, of_text, &name.to_lowercase())
            .ok_or_else(|| whole.unsupported("model", own, CONVERTED))?;
        let named = of_text.unwrap_or(own);
        let decoder = match named {
            "llama" | "llava" | "llava_llama" => Decoder::Llama,
            "mistral" | "llava_mistral" => Decoder::Mistral,
            "qwen2" | "llava_qwen" => Decoder::Qwen2,
            "qwen3" => Decoder::Qwen3,
            "phi3" => Decoder::Phi3,
            other => return Err(whole.unsupported("decoder", other, DECODERS)),
        };
        Ok(Self {
            text: text.unwrap_or_else(|| whole.clone()),
            vision,
            family,
            decoder,
            whole,
        })
    }
}

/// What a config says that it is. LLaVA's own ones may say `llava` whatever the decoder, which their architecture names then.
fn own_type(whole: &Json) -> &str {
    let own = whole.text("model_type").unwrap_or_default();
    let architecture = whole
        .get("architectures")
        .and_then(|names| names.get(0)?.as_str());
    match (own, architecture) {
        ("llava", Some("LlavaQwenForCausalLM")) => "llava_qwen",
        ("llava", Some("LlavaMistralForCausalLM")) => "llava_mistral",
        _ => own,
    }
}

/// transformers says which family; LLaVA's own configs say which decoder, and the family shows in their options and names.
fn family(config: &Json, own: &str, of_text: Option<&str>, name: &str) -> Option<Family> {
    let merge = config.text("mm_patch_merge_type").unwrap_or("flat");
    let vision = config.section("vision_config");
    let tower = vision.as_ref().and_then(|vision| vision.text("model_type"));
    let has_pinpoints = config.get("image_grid_pinpoints").is_some();
    Some(match (own, of_text) {
        ("llava", Some("qwen2")) if tower == Some("siglip_vision_model") => Family::NextInterleave,
        ("llava", Some(_)) => Family::Llava15,
        ("llava_next", _) => Family::Llava16,
        ("llava_next_video", _) => Family::NextVideo,
        ("llava_onevision", _) if name.contains("llava-video") => Family::Video,
        ("llava_onevision", _) => Family::OneVision,
        ("smolvlm" | "idefics3", _) => Family::SmolVlm2,
        ("internvl" | "internvl_chat", _) => Family::InternVl3,
        ("llava_qwen", _) if name.contains("interleave") => Family::NextInterleave,
        ("llava_qwen", _)
            if name.contains("llava-video") || config.text("mm_newline_position") == Some("grid") =>
        {
            Family::Video
        }
        ("llava_qwen", _) => Family::OneVision,
        ("llava" | "llava_llama" | "llava_mistral", None)
            if name.contains("next-video") || config.get("mm_spatial_pool_stride").is_some() =>
        {
            Family::NextVideo
        }
        ("llava" | "llava_llama" | "llava_mistral", None)
            if has_pinpoints || merge.starts_with("spatial") =>
        {
            Family::Llava16
        }
        ("llava" | "llava_llama" | "llava_mistral", None) => Family::Llava15,
        _ => return None,
    })
}
