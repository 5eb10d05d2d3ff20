//! Models that other programs have.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use videre::registry::found::{Store, found_in};

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("it can be made");
    fs::write(path, bytes).expect("it can be written");
}

fn manifest(layers: &[(&str, &str)]) -> Vec<u8> {
    let layers: Vec<_> = layers
        .iter()
        .map(|(kind, hex)| {
            serde_json::json!({ "mediaType": format!("application/vnd.ollama.image.{kind}"), "digest": format!("sha256:{hex}"), "size": 3 })
        })
        .collect();
    serde_json::json!({ "schemaVersion": 2, "layers": layers })
        .to_string()
        .into_bytes()
}

#[test]
fn models_with_eyes_are_found_in_the_store_of_ollama() {
    let home = tempfile::tempdir().expect("a folder can be made");
    let store = home.path().join("elsewhere");
    let (language, projector) = ("ab".repeat(32), "cd".repeat(32));
    for hex in [&language, &projector] {
        write(&store.join("blobs").join(format!("sha256-{hex}")), b"abc");
    }
    let manifests = store.join("manifests/registry.ollama.ai");
    let pair = [
        ("model", language.as_str()),
        ("projector", &projector),
        ("template", &language),
    ];
    write(&manifests.join("library/llava/7b"), &manifest(&pair));
    write(&manifests.join("someone/eyes/latest"), &manifest(&pair));
    write(&manifests.join("library/blind/latest"), &manifest(&pair[..1]));
    write(
        &manifests.join("library/gone/latest"),
        &manifest(&[("model", &"ef".repeat(32)), ("projector", &projector)]),
    );
    write(&manifests.join("library/broken/latest"), b"{");
    write(
        &manifests.join("library/sly/latest"),
        &manifest(&[("model", "../../x"), ("projector", &projector)]),
    );
    let found = found_in(
        |name| (name == "OLLAMA_MODELS").then(|| OsString::from(&store)),
        home.path(),
    );
    let names: Vec<&str> = found.iter().map(|model| model.name.as_str()).collect();
    assert_eq!(names, ["llava:7b", "someone/eyes:latest"]);
    assert_eq!((found[0].store, found[0].n_bytes), (Store::Ollama, 6));
    assert_eq!(
        found[0].language,
        store.join("blobs").join(format!("sha256-{language}"))
    );
    assert!(found_in(|_| None, home.path()).is_empty());
}

#[test]
fn models_with_eyes_are_found_in_the_store_of_lm_studio() {
    let home = tempfile::tempdir().expect("a folder can be made");
    let models = home.path().join(".lmstudio/models");
    write(&models.join("owner/eyes/eyes-Q4_K_M.gguf"), b"12345");
    write(&models.join("owner/eyes/mmproj-eyes-Q8_0.gguf"), b"1");
    write(&models.join("owner/eyes/mmproj-eyes-f16.gguf"), b"12");
    write(&models.join("owner/blind/blind-Q4_K_M.gguf"), b"123");
    let found = found_in(|_| None, home.path());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].name.as_str(), found[0].store, found[0].n_bytes),
        ("owner/eyes/eyes-Q4_K_M", Store::LmStudio, 7)
    );
    assert_eq!(
        found[0].projector,
        models.join("owner/eyes/mmproj-eyes-f16.gguf"),
        "the exact one"
    );
}
