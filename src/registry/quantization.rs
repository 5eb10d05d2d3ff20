//! How weights are written, as names of files say it.

/// What is taken where nobody says which, best first: the usual one, what is a little larger, what is a little worse.
const ORDER: [&str; 23] = [
    "Q4_K_M", "Q4_K_XL", "Q4_K_L", "Q4_K", "INT4", "Q4_K_S", "Q5_K_M", "Q5_K", "Q5_K_S", "Q4_1", "Q4_0",
    "Q5_1", "Q5_0", "Q6_K", "Q8_0", "Q3_K_L", "Q3_K_M", "Q3_K", "Q3_K_S", "F16", "BF16", "Q2_K", "F32",
];
/// Of an mmproj file: what is exact, and what every machine computes with first.
const OF_PROJECTORS: [&str; 3] = ["F16", "BF16", "F32"];
/// What the engine has no kernels for.
const UNSUPPORTED: [&str; 3] = ["IQ", "TQ", "MXFP"];

/// What a file's name says of its weights, in capitals: `Q4_K_M` of `llava-v1.6.Q4_K_M.gguf`.
pub(super) fn of_name(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_uppercase();
    let stem = name.strip_suffix(".GGUF").unwrap_or(&name);
    let words = stem.split(['-', '.']).rev();
    words.map(plain).find(|word| is_quantization(word))
}

/// As it is written usually: `q_5_k` and `ud_q4_k_m` are others' ways.
fn plain(word: &str) -> String {
    let word = word.strip_prefix("UD_").unwrap_or(word);
    match word.strip_prefix("Q_") {
        Some(rest) => format!("Q{rest}"),
        None => word.to_owned(),
    }
}

fn is_quantization(word: &str) -> bool {
    ORDER.contains(&word) || is_unsupported(word)
}

/// Whether it is a format that cannot be run here.
pub(super) fn is_unsupported(quantization: &str) -> bool {
    let digit_after = |prefix: &&str| {
        let rest = quantization.strip_prefix(*prefix);
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    UNSUPPORTED.iter().any(digit_after)
}

/// Whether two names mean the same: `q4_k_m` is `Q4_K_M`, and `Q4_K` and `INT4` are what older tools called it.
pub(super) fn is_same(a: &str, b: &str) -> bool {
    let usual = |text: &str| match plain(&text.to_ascii_uppercase()).as_str() {
        "Q4_K" | "INT4" => "Q4_K_M".to_owned(),
        "Q5_K" => "Q5_K_M".to_owned(),
        "Q3_K" => "Q3_K_M".to_owned(),
        other => other.to_owned(),
    };
    usual(a) == usual(b)
}

/// Where it stands among those that could be taken; the lowest is.
pub(super) fn rank(quantization: Option<&str>) -> usize {
    let known = |name: &str| ORDER.iter().position(|one| *one == name);
    quantization.and_then(known).unwrap_or(ORDER.len())
}

/// Where an mmproj file stands among those that could be taken; quantized ones are last, the largest of them first.
pub(super) fn projector_rank(quantization: Option<&str>) -> usize {
    match quantization {
        Some(name) => {
            let exact = OF_PROJECTORS.iter().position(|one| *one == name);
            exact.unwrap_or_else(|| 2 * ORDER.len() - rank(Some(name)).min(ORDER.len()))
        }
        None => OF_PROJECTORS.len(),
    }
}

/// Bits of a weight on average, for estimates before there is a file.
pub(super) fn bits_per_weight(quantization: &str) -> f64 {
    match quantization.to_ascii_uppercase().as_str() {
        "F32" => 32.0,
        "F16" | "BF16" => 16.0,
        "Q8_0" => 8.5,
        "Q6_K" => 6.6,
        "Q5_K_M" | "Q5_K_S" | "Q5_0" => 5.7,
        "Q3_K_M" => 3.9,
        _ => 4.9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_say_how_their_weights_are_written() {
        for (name, expected) in [
            ("llava-v1.6-vicuna-7b.Q4_K_M.gguf", "Q4_K_M"),
            ("SmolVLM2-2.2B-Instruct-Q8_0.gguf", "Q8_0"),
            ("sub/ggml-model-q4_k.gguf", "Q4_K"),
            ("llava-phi-3-mini-int4.gguf", "INT4"),
            ("mistral-7b-q_5_k.gguf", "Q5_K"),
            ("mmproj-model-f16.gguf", "F16"),
            ("InternVL3-14B-IQ4_XS.gguf", "IQ4_XS"),
        ] {
            assert_eq!(of_name(name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(of_name("model.gguf"), None);
        assert!(is_unsupported("IQ4_XS") && is_unsupported("TQ1_0") && !is_unsupported("Q4_K_M"));
        assert!(is_same("q4_k_m", "INT4") && is_same("q8_0", "Q8_0") && !is_same("Q8_0", "Q4_0"));
    }

    #[test]
    fn an_exact_projector_goes_before_a_quantized_one() {
        let mut names = ["Q8_0", "F32", "BF16", "Q4_0", "F16"];
        names.sort_by_key(|name| projector_rank(Some(name)));
        assert_eq!(names, ["F16", "BF16", "F32", "Q8_0", "Q4_0"]);
    }
}
