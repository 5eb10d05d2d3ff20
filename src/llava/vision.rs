//! Which family's tower and projector an mmproj file has.

use super::error::LlavaError;
use super::shape::bad_key;
use crate::gguf::{Gguf, GgufError};
use crate::visual::family::ModelFamily;

/// What a file calls its projector. Files of 2023 name none; theirs is LLaVA's.
pub(super) fn projector_name(file: &Gguf) -> Result<&str, GgufError> {
    let named = match file.str("clip.projector_type")? {
        Some(named) => Some(named),
        None => file.str("clip.vision.projector_type")?,
    };
    Ok(named.unwrap_or("mlp"))
}

/// The family whose projector has this name, where it is one that runs here.
pub(super) fn family_of_projector(name: &str) -> Option<ModelFamily> {
    match name {
        "mlp" => Some(ModelFamily::Llava),
        "idefics3" => Some(ModelFamily::SmolVlm),
        "internvl" => Some(ModelFamily::InternVl),
        _ => None,
    }
}

/// The family of an mmproj file.
///
/// # Errors
/// [`LlavaError::BadKey`] where its projector is none that runs here.
pub fn vision_family(file: &Gguf) -> Result<ModelFamily, LlavaError> {
    family_of_projector(projector_name(file)?).ok_or_else(|| bad_key(file, "clip.projector_type"))
}
