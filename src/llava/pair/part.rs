//! What a GGUF file is for, and whether it can be used: from its header alone.

use super::error::PairError;
use crate::gguf::Gguf;
use crate::llava::vision::{family_of_projector, projector_name};
use crate::visual::family::ModelFamily;

/// Architectures of language models that the decoder knows.
const ARCHITECTURES: [&str; 4] = ["llama", "qwen2", "qwen3", "phi3"];

/// Which half of a pair a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A language model.
    Language {
        /// Width of the rows that it reads.
        width: usize,
    },
    /// A vision tower with its projector.
    Vision {
        /// Width of the rows that the projector gives.
        projected_width: usize,
    },
}

/// Tells which half a file is.
///
/// # Errors
/// [`PairError`] where it is neither, or one that is not supported.
pub fn classify(file: &Gguf) -> Result<Part, PairError> {
    match file.str("general.architecture")?.unwrap_or_default() {
        "clip" => classify_vision(file),
        architecture if ARCHITECTURES.contains(&architecture) => classify_language(file, architecture),
        architecture => Err(unsupported(file, "architecture", architecture)),
    }
}

fn unsupported(file: &Gguf, what: &'static str, name: &str) -> PairError {
    let name = name.chars().take(64).collect();
    PairError::Unsupported {
        what,
        name,
        file: file.source().name().to_owned(),
    }
}

fn damaged(file: &Gguf, what: String) -> PairError {
    PairError::Damaged {
        what,
        file: file.source().name().to_owned(),
    }
}

fn classify_language(file: &Gguf, architecture: &str) -> Result<Part, PairError> {
    if file
        .size(&format!("{architecture}.expert_count"))?
        .is_some_and(|n| n > 0)
    {
        return Err(unsupported(
            file,
            "architecture",
            &format!("{architecture} with experts"),
        ));
    }
    let shape = |name: &str| {
        let missing = || damaged(file, format!("no tensor '{name}'"));
        file.tensor(name)
            .map(|tensor| tensor.shape.as_slice())
            .ok_or_else(missing)
    };
    let &[_, width] = shape("token_embd.weight")? else {
        return Err(damaged(file, "token_embd.weight is no matrix".to_owned()));
    };
    let named = file.size(&format!("{architecture}.embedding_length"))?;
    if named != Some(width) {
        let said = named.map_or_else(|| "nothing".to_owned(), |n| n.to_string());
        return Err(damaged(
            file,
            format!("embeddings are {width} wide, the header says {said}"),
        ));
    }
    let n_layers = file.size(&format!("{architecture}.block_count"))?.unwrap_or(0);
    let stored = (0..)
        .take_while(|i| file.tensor(&format!("blk.{i}.attn_norm.weight")).is_some())
        .count();
    if n_layers == 0 || stored != n_layers {
        return Err(damaged(file, format!("{stored} of {n_layers} layers")));
    }
    shape("output_norm.weight")?;
    Ok(Part::Language { width })
}

fn classify_vision(file: &Gguf) -> Result<Part, PairError> {
    if file.bool("clip.has_vision_encoder")? == Some(false) {
        return Err(unsupported(file, "encoder", "text or sound only"));
    }
    let name = projector_name(file)?;
    let Some(family) = family_of_projector(name) else {
        return Err(unsupported(file, "projector", name));
    };
    if family == ModelFamily::Llava && file.tensor("mm.3.weight").is_some() {
        return Err(unsupported(file, "projector", "mlp with norms, as in Yi-VL"));
    }
    if file.tensor("v.blk.0.attn_q_norm.weight").is_some() {
        return Err(unsupported(
            file,
            "encoder",
            "with norms on queries, as in InternViT-6B",
        ));
    }
    let width = file.size("clip.vision.embedding_length")?.unwrap_or(1024);
    let (features, projected_width) = projector_widths(file, family)?;
    let shuffle = match family {
        ModelFamily::Llava => 1,
        _ => file.size("clip.vision.projector.scale_factor")?.unwrap_or(2),
    };
    let given = shuffle
        .checked_mul(shuffle)
        .and_then(|n| n.checked_mul(width))
        .unwrap_or(0);
    if family == ModelFamily::Llava && features != width && features.is_multiple_of(width.max(1)) {
        return Err(unsupported(
            file,
            "projector",
            "several feature layers side by side",
        ));
    }
    if features != given {
        return Err(damaged(
            file,
            format!("the projector reads {features} values and the tower gives {given}"),
        ));
    }
    check_patches(file, width)?;
    Ok(Part::Vision { projected_width })
}

/// Width of the feature rows that the projector reads, and of the rows that it gives.
fn projector_widths(file: &Gguf, family: ModelFamily) -> Result<(usize, usize), PairError> {
    let matrix = |name: &str| match file.tensor(name).map(|tensor| tensor.shape.as_slice()) {
        Some(&[out, inner]) => Ok((out, inner)),
        Some(_) => Err(damaged(file, format!("'{name}' is no matrix"))),
        None => Err(damaged(file, format!("no tensor '{name}'"))),
    };
    let (first, second) = match family {
        ModelFamily::Llava => ("mm.0.weight", "mm.2.weight"),
        ModelFamily::InternVl => ("mm.model.mlp.1.weight", "mm.model.mlp.3.weight"),
        ModelFamily::SmolVlm => {
            let (projected_width, features) = matrix("mm.model.fc.weight")?;
            return Ok((features, projected_width));
        }
    };
    let (hidden, features) = matrix(first)?;
    let (projected_width, inner) = matrix(second)?;
    if hidden != inner {
        return Err(damaged(
            file,
            format!("the projector's layers do not fit: {hidden} and {inner}"),
        ));
    }
    Ok((features, projected_width))
}

/// The grid of patches must be what the tensors were made for: a missing key is CLIP-L/14 at 336 pixels.
fn check_patches(file: &Gguf, width: usize) -> Result<(), PairError> {
    let side = file.size("clip.vision.image_size")?.unwrap_or(336);
    let patch = file.size("clip.vision.patch_size")?.unwrap_or(14);
    let shape = |name: &str| file.tensor(name).map(|tensor| tensor.shape.as_slice());
    if shape("v.patch_embd.weight") != Some([width, 3, patch, patch].as_slice()) {
        return Err(damaged(
            file,
            format!("the tower has no patches of {patch} x {patch} pixels"),
        ));
    }
    let n_patches = side
        .checked_div(patch)
        .and_then(|n| n.checked_mul(n))
        .unwrap_or(0);
    let n_positions = n_patches + usize::from(file.tensor("v.class_embd").is_some());
    // Some converters keep a dimension of one before the two.
    let positions = shape("v.position_embd.weight").map(|shape| match shape {
        [1, rest @ ..] => rest,
        whole => whole,
    });
    if positions != Some([n_positions, width].as_slice()) {
        return Err(damaged(file, format!("the tower has no {n_positions} positions")));
    }
    Ok(())
}
