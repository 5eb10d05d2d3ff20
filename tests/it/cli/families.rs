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
