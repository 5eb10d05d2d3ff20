//! The catalogue that comes with the program, and a person's own.

use std::collections::BTreeSet;
use std::fs;

use videre::fault::{Explain, Fault};
use videre::registry::fit::{self, Machine, Verdict};
use videre::registry::{Catalogue, Part};

#[test]
fn the_catalogue_of_the_program_is_sound() {
    let catalogue = Catalogue::embedded();
    let ids: BTreeSet<&str> = catalogue
        .entries()
        .iter()
        .map(|entry| entry.id.as_str())
        .collect();
    for id in [
        "smolvlm2-500m",
        "smolvlm2-2.2b",
        "llava-onevision-0.5b",
        "llava-onevision-7b",
        "llava-video-7b",
        "llava-1.6-vicuna-7b",
        "llava-1.6-vicuna-13b",
        "llava-1.6-mistral-7b",
        "llava-phi-3-mini",
        "llava-llama-3-8b",
        "internvl3-1b",
        "internvl3-2b",
    ] {
        assert!(ids.contains(id), "{id} is missing");
    }
    assert_eq!(ids.len(), catalogue.entries().len());
    for entry in catalogue.entries() {
        assert!(
            !entry.good_for.is_empty() && entry.good_for.len() < 100,
            "{}",
            entry.id
        );
        assert!(
            entry.language.n_heads % entry.language.n_kv_heads == 0,
            "{}",
            entry.id
        );
        for variant in &entry.variants {
            let name = format!("{} {}", entry.id, variant.quantization);
            // Two bits a weight at least, and no more than two bytes.
            assert!(
                (100_000_000..40_000_000_000).contains(&variant.weights_bytes),
                "{name}"
            );
            assert!(
                (50_000_000..2_000_000_000).contains(&variant.tower_bytes),
                "{name}"
            );
            if entry.checkpoint.is_none() {
                let n_of = |part| variant.files_of(part).count();
                assert_eq!((n_of(Part::Language), n_of(Part::Projector)), (1, 1), "{name}");
                let is_gguf = |path: &str| path.ends_with(".gguf");
                assert!(variant.files.iter().all(|file| is_gguf(&file.path)), "{name}");
            }
        }
    }
}

/// What the numbers say and what the files have agree where both are known.
#[test]
fn sizes_follow_from_the_numbers_of_the_models() {
    let catalogue = Catalogue::embedded();
    for (id, quantization, bits) in [
        ("smolvlm2-2.2b", "Q8_0", 8.5),
        ("smolvlm2-500m", "Q8_0", 8.5),
        ("internvl3-1b", "Q8_0", 8.5),
        ("internvl3-2b", "F16", 16.0),
        ("llava-1.6-vicuna-7b", "Q8_0", 8.5),
        ("llava-llama-3-8b", "F16", 16.0),
        ("llava-phi-3-mini", "F16", 16.0),
    ] {
        let entry = catalogue.entry(id).expect("it is there");
        let variant = entry.variant(Some(quantization)).expect("it is there");
        let of_numbers = entry.language.n_parameters() as f64 * bits / 8.0;
        let ratio = variant.weights_bytes as f64 / of_numbers;
        assert!((0.97..1.03).contains(&ratio), "{id}: {ratio}");
    }
}

const OWN: &str = r#"
[[model]]
id = "mine"
name = "Mine"
family = "LLaVA 1.5"
good_for = "my own videos"
licence = { name = "MIT", link = "https://example.org/mit" }
context = 4096
tokens_a_frame = 576
tower = { side_px = 336, patch_px = 14, layers = 23, width = 1024, feed_forward = 4096, class_token = true }
language = { layers = 2, width = 64, heads = 4, kv_heads = 4, head_dim = 16, feed_forward = 128, vocabulary = 320 }

[[model.variant]]
quantization = "Q8_0"
files = [
  { part = "language", repository = "me/mine", path = "mine.gguf", size = 100 },
  { part = "projector", repository = "me/mine", path = "mmproj.gguf" },
]
"#;

#[test]
fn a_catalogue_of_ones_own_adds_to_it_and_replaces_by_name() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("catalogue.toml");
    fs::write(&file, OWN).expect("it can be written");
    let n_embedded = Catalogue::embedded().entries().len();
    let all = Catalogue::embedded().with_file(&file).expect("it is read");
    assert_eq!(all.entries().len(), n_embedded + 1);
    assert!(all.entry("mine").expect("it is there").is_own);
    fs::write(&file, OWN.replace("\"mine\"", "\"smolvlm2-2.2b\"")).expect("it can be written");
    let all = Catalogue::embedded().with_file(&file).expect("it is read");
    assert_eq!(all.entries().len(), n_embedded);
    assert_eq!(all.entry("smolvlm2-2.2b").expect("it is there").name, "Mine");
}

#[test]
fn a_broken_catalogue_is_refused_with_file_and_line() {
    let wrong = |from: &str, to: &str, line: usize, words: &str| {
        assert!(OWN.contains(from), "{from}");
        let error = Catalogue::parse(&OWN.replacen(from, to, 1), "own.toml").expect_err("it is broken");
        let said = error.to_string();
        assert!(
            said.contains(&format!("own.toml:{line}")) && said.contains(words),
            "{said}"
        );
        assert_eq!(error.fault(), Fault::Unreadable);
        assert!(
            error
                .hint()
                .is_some_and(|hint| hint.contains("that come with the program"))
        );
    };
    wrong("id = \"mine\"", "id = ", 3, "");
    wrong("id = \"mine\"", "id = \"../mine\"", 3, "an id is made of");
    wrong("name = \"Mine\"", "title = \"Mine\"", 4, "title");
    wrong("context = 4096", "context = \"long\"", 8, "u64");
    wrong("https://example.org/mit", "example.org", 3, "licence");
    wrong("part = \"projector\"", "part = \"language\"", 3, "one projector");
    wrong("path = \"mine.gguf\"", "path = \"../mine.gguf\"", 3, "no path");
    wrong(
        "repository = \"me/mine\"",
        "repository = \"mine\"",
        3,
        "owner/repo",
    );
    wrong("size = 100", "sha256 = \"12\"", 3, "SHA-256");
    wrong(
        "quantization = \"Q8_0\"",
        "quantization = \"IQ2_XS\"",
        3,
        "cannot be run",
    );
    let twice = format!("{OWN}{OWN}");
    let error = Catalogue::parse(&twice, "own.toml")
        .expect_err("it is broken")
        .to_string();
    assert!(
        error.contains("own.toml:21") && error.contains("two models"),
        "{error}"
    );
}

const GB: u64 = 1_000_000_000;

#[test]
fn fit_is_said_with_numbers_and_the_smaller_choice() {
    let catalogue = Catalogue::embedded();
    let entry = catalogue.entry("llava-1.6-vicuna-7b").expect("it is there");
    let variant = entry.variant(None).expect("there is one");
    let fit = |rows, free| fit::fit(&catalogue, entry, variant, rows, free);
    let roomy = fit(3456, 16 * GB);
    assert_eq!((roomy.verdict, &roomy.instead), (Verdict::Fits, &None));
    // 2 (keys and values) × 32 layers × 4096 × 4096 positions × 2 bytes, the context being no longer.
    assert_eq!(roomy.needs.cache_bytes, 2 * 32 * 4096 * 4096 * 2);
    assert!(
        roomy.needs.total_bytes() > 6 * GB && roomy.needs.total_bytes() < 8 * GB,
        "{roomy:?}"
    );
    assert!(fit(576, 16 * GB).needs.cache_bytes < roomy.needs.cache_bytes);
    assert_eq!(fit(3456, roomy.needs.total_bytes()).verdict, Verdict::Tight);
    let small = fit(3456, 4 * GB);
    assert_eq!(small.verdict, Verdict::DoesNot);
    let instead = small.instead.expect("something smaller fits");
    assert_ne!(instead, "llava-1.6-vicuna-7b:Q4_K_M");
    assert_eq!(fit(3456, GB / 10).instead, None);
    // The same model made smaller goes before any other.
    let large = entry
        .variants
        .iter()
        .max_by_key(|variant| variant.weights_bytes)
        .expect("there is one");
    let needed = roomy.needs.total_bytes();
    assert!(fit::Needs::of(entry, large, 3456).total_bytes() > needed);
    let same = fit::fit(&catalogue, entry, large, 3456, needed).instead;
    assert!(
        same.as_ref()
            .is_some_and(|id| id.starts_with("llava-1.6-vicuna-7b:")),
        "{same:?}"
    );
}

#[test]
fn a_machine_is_offered_the_model_that_suits_it() {
    let catalogue = Catalogue::embedded();
    let offered = |free_gb: u64, gpu_gb: Option<u64>| {
        let machine = Machine {
            free_bytes: free_gb * GB,
            free_gpu_bytes: gpu_gb.map(|gb| gb * GB),
        };
        fit::recommend(&catalogue, machine).map(|one| (one.entry.id.clone(), one.fit.verdict, one.reason))
    };
    let id = |free_gb, gpu_gb| offered(free_gb, gpu_gb).map(|(id, ..)| id).unwrap_or_default();
    assert!(offered(0, None).is_none());
    assert_eq!(id(2, None), "smolvlm2-500m");
    // What a processor cannot answer with in little time is not offered to one, however much memory it has.
    assert_eq!(id(32, None), "smolvlm2-2.2b");
    let (large, verdict, reason) = offered(32, Some(24)).expect("something fits");
    assert_eq!((large.as_str(), verdict), ("internvl3-2b", Verdict::Fits));
    assert!(reason.contains("GPU") && reason.contains("24.00 GB"), "{reason}");
}

/// The sums are those of the engine, for a pair whose files say the same numbers.
#[cfg(feature = "llava")]
#[test]
fn needs_are_those_that_the_engine_estimates() {
    use videre::llava::estimate::estimate;
    use videre::registry::catalogue::{Language, Tower};

    let pair = videre::llava::embedded::pair().expect("it is in the program");
    let of_engine = estimate(&pair, 2000, 2).expect("its header is sound");
    let (language, vision) = (&pair.language, &pair.vision);
    let name = language
        .str("general.architecture")
        .expect("text")
        .expect("it is there")
        .to_owned();
    let size = |key: &str| {
        language
            .size(&format!("{name}.{key}"))
            .expect("a number")
            .unwrap_or(0) as u64
    };
    let of_tower = |key: &str| {
        vision
            .size(&format!("clip.vision.{key}"))
            .expect("a number")
            .unwrap_or(0)
    };
    let n_heads = size("attention.head_count");
    let numbers = Language {
        n_layers: size("block_count"),
        width: size("embedding_length"),
        n_heads,
        n_kv_heads: match size("attention.head_count_kv") {
            0 => n_heads,
            n => n,
        },
        head_dim: match size("attention.key_length") {
            0 => size("embedding_length") / n_heads,
            n => n,
        },
        feed_forward: size("feed_forward_length"),
        n_vocab: language.tensor("token_embd.weight").expect("it is there").shape[0] as u64,
        is_tied: true,
    };
    let tower = Tower {
        side_px: of_tower("image_size") as u32,
        patch_px: of_tower("patch_size") as u32,
        width: of_tower("embedding_length") as u64,
        feed_forward: of_tower("feed_forward_length") as u64,
        n_layers: of_tower("block_count") as u64,
        n_extra_rows: u64::from(vision.tensor("v.class_embd").is_some()),
    };
    assert_eq!(fit::cache_bytes(&numbers, 2000), of_engine.cache_bytes);
    assert_eq!(fit::working_bytes(&numbers, &tower), of_engine.working_bytes);
}
