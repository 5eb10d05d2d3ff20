//! `videre models`: from a name to a pair in the cache, and out of it again.

use std::fs;
use std::path::Path;

use super::{Place, Run};
use crate::registry::{LANGUAGE, N_LANGUAGE, N_PROJECTOR, PROJECTOR, REPOSITORY, Scene, assert_whole, noise};

/// The program with a hub on the loopback.
fn say(place: &Place, scene: &Scene, args: &[&str]) -> Run {
    let output = place
        .command()
        .args(["models"])
        .args(args)
        .env("HF_ENDPOINT", scene.local.url())
        .env("HF_HOME", place.path("hub"))
        .env("XDG_CONFIG_HOME", place.path("config"))
        .env_remove("HF_TOKEN")
        .output()
        .expect("the program can be started");
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("answers are UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("messages are UTF-8"),
    }
}

#[test]
fn a_repository_is_pulled_verified_listed_and_removed() {
    let (place, scene) = (Place::new(), Scene::new());
    let pulled = say(&place, &scene, &["pull", REPOSITORY]);
    assert_eq!(pulled.code, Some(0), "{pulled:?}");
    assert!(
        pulled.stderr.contains("licence: apache-2.0"),
        "before it is fetched: {pulled:?}"
    );
    let paths: Vec<&str> = pulled.stdout.lines().collect();
    assert_whole(Path::new(paths[0]), &noise(N_LANGUAGE, 1));
    assert_whole(Path::new(paths[1]), &noise(N_PROJECTOR, 2));
    assert!(paths[2].contains("--model") && paths[2].contains(paths[0]) && paths[2].contains(paths[1]));
    let again = say(&place, &scene, &["pull", REPOSITORY, "--json"]).json();
    assert_eq!(again["n_fetched_bytes"], 0);
    assert_eq!(again["files"][1]["part"], "projector");

    let listed = say(&place, &scene, &["list", "--json"]).json();
    assert_eq!(listed["kept"][0]["repository"], REPOSITORY);
    assert_eq!(listed["cache_bytes"], N_LANGUAGE + N_PROJECTOR);
    assert!(
        listed["models"]
            .as_array()
            .is_some_and(|models| models.len() >= 12),
        "{listed}"
    );
    assert!(listed["models"][0]["variants"][0]["needed_bytes"].as_u64() > Some(1_000_000_000));
    let in_words = say(&place, &scene, &["list"]);
    assert!(
        in_words.stdout.contains("smolvlm2-2.2b") && in_words.stdout.contains(REPOSITORY),
        "{in_words:?}"
    );

    let verified = say(&place, &scene, &["verify"]);
    assert_eq!(
        (verified.code, verified.stdout.matches("whole").count()),
        (Some(0), 2),
        "{verified:?}"
    );
    fs::write(fs::canonicalize(paths[0]).expect("it is there"), b"other").expect("it can be written");
    let damaged = say(&place, &scene, &["verify", REPOSITORY]);
    assert_eq!(damaged.code, Some(1), "{damaged:?}");
    assert!(
        damaged.stdout.contains("damaged") && damaged.stderr.contains("models remove"),
        "{damaged:?}"
    );

    let unasked = say(&place, &scene, &["remove", REPOSITORY]);
    assert_eq!(unasked.code, Some(2), "nobody sits there: {unasked:?}");
    assert!(unasked.stderr.contains("--yes"));
    let removed = say(&place, &scene, &["remove", REPOSITORY, "--yes", "--json"]).json();
    assert_eq!(removed["n_files"], 2);
    let gone = say(&place, &scene, &["remove", REPOSITORY, "--yes"]);
    assert_eq!(gone.code, Some(1), "{gone:?}");
}

#[test]
fn an_id_of_ones_own_catalogue_is_pulled() {
    let (place, scene) = (Place::new(), Scene::new());
    let folder = place.path("config").join("videre");
    fs::create_dir_all(&folder).expect("it can be made");
    let own = format!(
        r#"
[[model]]
id = "mine"
name = "Mine"
family = "Mine"
good_for = "my own videos"
licence = {{ name = "MIT", link = "https://example.org/mit" }}
context = 4096
tokens_a_frame = 576
tower = {{ side_px = 336, patch_px = 14, layers = 23, width = 1024, feed_forward = 4096 }}
language = {{ layers = 2, width = 64, heads = 4, kv_heads = 4, head_dim = 16, feed_forward = 128, vocabulary = 320 }}

[[model.variant]]
quantization = "Q4_K_M"
files = [
  {{ part = "language", repository = "{REPOSITORY}", path = "{LANGUAGE}" }},
  {{ part = "projector", repository = "{REPOSITORY}", path = "{PROJECTOR}" }},
]
"#
    );
    let file = folder.join("catalogue.toml");
    fs::write(&file, &own).expect("it can be written");
    let pulled = say(&place, &scene, &["pull", "mine", "--json"]).json();
    assert_eq!(
        (pulled["name"].as_str(), pulled["licence"].as_str()),
        (Some("Mine, Q4_K_M"), Some("MIT"))
    );
    let listed = say(&place, &scene, &["list", "--json"]).json();
    let mine = listed["models"]
        .as_array()
        .and_then(|models| models.last())
        .expect("there are some");
    assert_eq!(
        (mine["is_own"].as_bool(), mine["variants"][0]["is_here"].as_bool()),
        (Some(true), Some(true))
    );

    fs::write(&file, own.replace("context", "contest")).expect("it can be written");
    let listed = say(&place, &scene, &["list"]);
    assert_eq!(listed.code, Some(0), "the embedded ones are there: {listed:?}");
    assert!(listed.stderr.contains("catalogue.toml:"), "{listed:?}");
}

#[test]
fn what_cannot_be_pulled_ends_with_the_code_of_its_fault() {
    let (place, scene) = (Place::new(), Scene::new());
    for (model, code, words) in [
        ("nothing", 2, "no model 'nothing'"),
        ("a/b/c", 2, "owner/repo"),
        ("owner/nothing", 1, "the hub has no repository"),
        ("owner/model:Q2_K", 2, "Q4_K_M"),
    ] {
        let refused = say(&place, &scene, &["pull", model]);
        assert_eq!(refused.code, Some(code), "{refused:?}");
        assert!(refused.stderr.contains(words), "{refused:?}");
    }
    scene.local.be(|manner| manner.token = Some("secret".to_owned()));
    let gated = say(&place, &scene, &["pull", REPOSITORY]);
    assert_eq!(gated.code, Some(1), "{gated:?}");
    assert!(
        gated.stderr.contains("HF_TOKEN") && gated.stderr.contains(&scene.local.url()),
        "{gated:?}"
    );
}
