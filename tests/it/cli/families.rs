//! Pairs of other families than LLaVA through the program, and a model that cannot answer.

use std::path::{Path, PathBuf};

use super::Place;

impl Place {
    /// A folder with a small pair of this family.
    fn pair(&self, name: &str) -> PathBuf {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/llava");
        let folder = self.path(name);
        std::fs::create_dir(&folder).expect("made");
        for (file, kept) in [(name.to_owned(), "model"), (format!("tower-{name}"), "mmproj")] {
            let from = golden.join(format!("{file}.gguf"));
            std::fs::copy(from, folder.join(format!("{kept}.gguf"))).expect("copied");
        }
        folder
    }
}

#[test]
fn other_families_answer_and_are_described() {
    for (name, tower, a_token, n_tokens) in [
        ("smolvlm-f32", "siglip", "3 × 3 of them a token", 4),
        ("internvl-f32", "internvit", "2 × 2 of them a token", 9),
    ] {
        let place = Place::new();
        let folder = place.pair(name).display().to_string();
        let found = place.run(["models", "inspect", &folder, "--json"]).json();
        assert_eq!(
            (&found["tower"], &found["n_patches"]),
            (&tower.into(), &n_tokens.into())
        );
        assert_eq!(found["template"], "file");
        let words = place.run(["models", "inspect", &folder]);
        assert!(words.stdout.contains(a_token), "{words:?}");
        let ask = "ask SAMPLE What? --indices 7,100 --strategy every-patch --max-tokens 3 --json --model";
        let answer = place.say(&format!("{ask} {folder}")).json();
        assert_eq!(answer["tokens"]["visual"], 2 * n_tokens, "{name}");
        assert_eq!(answer["tokens"]["answer"], 3, "{name}");
    }
}

#[test]
fn a_model_whose_weights_are_no_numbers_says_so() {
    // One file of a pair after the other, each with one matrix full of NaN.
    for (file, tensor) in [
        ("model.gguf", "blk.1.attn_v.weight"),
        ("mmproj.gguf", "v.blk.1.ffn_up.weight"),
    ] {
        let place = Place::new();
        let folder = place.pair("internvl-f32");
        let path = folder.join(file);
        let header = videre::gguf::Gguf::open(&path).expect("a file of the repository opens");
        let range = header.tensor(tensor).expect("the file has it").range.clone();
        drop(header);
        let mut bytes = std::fs::read(&path).expect("read");
        for value in bytes[range].chunks_exact_mut(4) {
            value.copy_from_slice(&f32::NAN.to_le_bytes());
        }
        std::fs::write(&path, bytes).expect("written");
        let folder = folder.display();
        let run = place.say(&format!(
            "ask SAMPLE What? --preset fast --max-tokens 3 --model {folder}"
        ));
        assert_eq!(run.code, Some(1), "{run:?}");
        assert_eq!(run.stdout, "", "no empty answer");
        assert!(
            run.stderr.contains("not numbers") && run.stderr.contains(file),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains("hint: "), "{}", run.stderr);
    }
}

/// What transformers makes of the clip and this question is in `recipe.safetensors` beside each checkpoint.
#[test]
fn converted_checkpoints_are_asked_in_the_way_of_their_family() {
    let checkpoints = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/checkpoints");
    for (name, title, n_visual) in [
        ("smolvlm2", "SmolVLM2", 7 * 4),
        ("internvl3", "InternVL3", 8 * 9),
        ("llava-video", "LLaVA-Video", 64 * 12),
    ] {
        let place = Place::new();
        let checkpoint = checkpoints.join(name).display().to_string();
        let made = place.run([
            "models",
            "convert",
            checkpoint.as_str(),
            "--quant",
            "Q8_0",
            "--out",
            "pair",
        ]);
        assert_eq!(made.code, Some(0), "{made:?}");
        let inspected = place.say("models inspect pair --json").json();
        assert_eq!(inspected["family"], name);
        let words = place.say("models inspect pair").stdout;
        assert!(
            words.contains(&format!("family     {title}, with a way of its own")),
            "{words}"
        );
        let asked = place.run([
            "ask",
            &super::sample().display().to_string(),
            "What is in the video?",
            "--preset",
            "own",
            "--model",
            "pair",
            "--max-tokens",
            "3",
            "--json",
        ]);
        let tokens = &asked.json()["tokens"];
        assert_eq!(tokens["visual"], n_visual, "{name}: {tokens}");
        let golden = candle_core::safetensors::load(
            checkpoints.join(name).join("recipe.safetensors"),
            &candle_core::Device::Cpu,
        );
        let n_read = golden.expect("a file of the repository opens")["input_ids"].elem_count();
        let counted = |key: &str| tokens[key].as_u64().expect("a number");
        assert_eq!(
            counted("visual") + counted("prompt"),
            n_read as u64,
            "{name}: {tokens}"
        );
    }
}

#[test]
fn a_newline_that_a_model_has_not_is_wrong_usage() {
    let place = Place::new();
    let folder = place.pair("smolvlm-f32").display().to_string();
    let said = format!("ask SAMPLE What? --strategy pooled --newlines row --model {folder}");
    let run = place.say(&said);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:?}");
    assert!(run.stderr.contains("no learned newline"), "{}", run.stderr);
    let family = place.run(["models", "inspect", &folder]).stdout;
    assert!(family.contains("none that was trained on videos"), "{family}");
}
