//! What tells a family of models that a picture begins and ends. Plain data.

use serde::{Deserialize, Serialize};

/// A family of models, told by the projector of its mmproj file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelFamily {
    /// LLaVA 1.5, 1.6 and what is built like them: CLIP or SigLIP, and a perceptron.
    Llava,
    /// SmolVLM, SmolVLM2, Idefics3: SigLIP, pixel shuffle, and one matrix.
    SmolVlm,
    /// InternVL 2.5, 3 and 3.5: InternViT, pixel shuffle, a norm and a perceptron.
    InternVl,
}

/// What stands in the prompt right before and right after the rows of one image. Both are control tokens of the model's
/// vocabulary, and empty where it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageMarkers {
    /// Before the rows.
    pub before: String,
    /// After them.
    pub after: String,
}

impl ImageMarkers {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }
}

impl ModelFamily {
    /// What stands around the rows of an image: for SmolVLM as `_prompt_single_image` of transformers writes it, for InternVL
    /// as `InternVLProcessor` does.
    #[must_use]
    pub fn markers(self) -> ImageMarkers {
        let (before, after) = match self {
            Self::Llava => ("", ""),
            Self::SmolVlm => (
                "<fake_token_around_image><global-img>",
                "<fake_token_around_image>",
            ),
            Self::InternVl => ("<img>", "</img>"),
        };
        ImageMarkers {
            before: before.to_owned(),
            after: after.to_owned(),
        }
    }
}
