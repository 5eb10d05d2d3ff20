//! `videre models convert`.

use super::Place;
use std::path::Path;

fn checkpoint() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/checkpoints/llava-onevision");
    path.to_str().expect("the repository's path is text").to_owned()
}

#[test]
fn a_checkpoint_becomes_a_pair_that_can_be_asked_about() {
    let place = Place::new();
    let run = place.run([
        "models",
        "convert",
        &checkpoint(),
        "--quant",
        "q8_0",
        "--out",
        "pair",
    ]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let files = ["llava-onevision-Q8_0.gguf", "mmproj-llava-onevision-F16.gguf"];
    let lines: Vec<&str> = run.stdout.lines().collect();
    for (line, file) in lines.iter().zip(files) {
        assert!(
            line.ends_with(file) && place.path("pair").join(file).is_file(),
            "{run:?}"
        );
    }
    assert_eq!(lines.len(), 2);
    let inspected = place.run(["models", "inspect", "pair", "--json"]).json();
    assert_eq!(inspected["template"], "file");
    assert_eq!(inspected["architecture"], "qwen2");

    let again = place.run([
        "models",
        "convert",
        &checkpoint(),
        "--quant",
        "Q8_0",
        "--out",
        "pair",
    ]);
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(
        again.stderr.contains("already there") && again.stderr.contains("hint"),
        "{again:?}"
    );
}

#[test]
fn what_cannot_be_converted_is_told_from_wrong_usage() {
    let place = Place::new();
    let nowhere = place.run(["models", "convert", "nowhere"]);
    assert_eq!(
        (nowhere.code, nowhere.stdout.as_str()),
        (Some(1), ""),
        "{nowhere:?}"
    );
    assert!(
        nowhere.stderr.contains("there is no such folder: nowhere"),
        "{nowhere:?}"
    );
    let wrong = place.run(["models", "convert", "nowhere", "--quant", "Q9"]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(wrong.stderr.contains("Q4_K_M"), "{wrong:?}");
}
