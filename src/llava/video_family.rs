//! Which family of models trained on videos a pair is of, by what its files say.

use super::pair::Pair;
use crate::gguf::Gguf;
use crate::visual::recipes::VideoFamily;

/// The key by which a converter names the family, in the mmproj file.
const FAMILY: &str = "videre.family";
/// Names that models go by, the longer before what they contain; small letters, `-` for what separates words.
const NAMES: [(&str, VideoFamily); 10] = [
    ("llava-next-video", VideoFamily::LlavaNextVideo),
    ("llava-next-interleave", VideoFamily::LlavaNextInterleave),
    ("llava-interleave", VideoFamily::LlavaNextInterleave),
    ("llava-onevision", VideoFamily::LlavaOnevision),
    ("onevision-qwen2", VideoFamily::LlavaOnevision),
    ("llava-qwen2-ov", VideoFamily::LlavaOnevision),
    ("llava-video", VideoFamily::LlavaVideo),
    ("smolvlm2", VideoFamily::SmolVlm2),
    ("internvl3", VideoFamily::InternVl3),
    ("internvl-3", VideoFamily::InternVl3),
];

/// The family of a pair, where it is one that was trained on videos: what the mmproj file says of itself, else what the
/// names in both files say, as far as the projector is that family's.
#[must_use]
pub fn video_family(pair: &Pair) -> Option<VideoFamily> {
    let text = |file: &Gguf, key: &str| file.str(key).ok().flatten().map(str::to_owned);
    if let Some(said) = text(&pair.vision, FAMILY) {
        return VideoFamily::named(&said);
    }
    let projector = ["clip.projector_type", "clip.vision.projector_type"]
        .into_iter()
        .find_map(|key| text(&pair.vision, key))
        .unwrap_or_else(|| "mlp".to_owned());
    let of_name = |name: &String| {
        let known = NAMES.iter().find(|(part, _)| name.contains(part));
        known.map(|(_, family)| *family)
    };
    let family = [&pair.vision, &pair.language]
        .into_iter()
        .flat_map(names)
        .find_map(|name| of_name(&name))?;
    (projector_of(family) == projector).then_some(family)
}

/// What a family's mmproj files call their projector.
fn projector_of(family: VideoFamily) -> &'static str {
    match family {
        VideoFamily::SmolVlm2 => "idefics3",
        VideoFamily::InternVl3 => "internvl",
        VideoFamily::LlavaOnevision
        | VideoFamily::LlavaVideo
        | VideoFamily::LlavaNextInterleave
        | VideoFamily::LlavaNextVideo => "mlp",
    }
}

/// The names that a file goes by: what its metadata says, and its own.
fn names(file: &Gguf) -> Vec<String> {
    let keys = ["general.name", "general.basename", "general.base_model.0.name"];
    let own = std::path::Path::new(file.source().name())
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    keys.into_iter()
        .filter_map(|key| file.str(key).ok().flatten().map(str::to_owned))
        .chain(own)
        .map(|name| name.to_lowercase().replace([' ', '_'], "-"))
        .collect()
}
