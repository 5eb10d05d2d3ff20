//! What is in the cache: told, verified, removed.

use std::fs;

use videre::cancel::CancelToken;
use videre::registry::{Catalogue, Phase, Verified};

use super::hub::Act;
use super::{LANGUAGE, N_LANGUAGE, N_PROJECTOR, PROJECTOR, REPOSITORY, Scene, entries, noise};

#[test]
fn what_is_in_the_cache_is_told_with_parts_and_bytes() {
    let scene = Scene::new();
    assert!(scene.hub().cache().kept().is_empty());
    scene.pull().expect("it comes");
    let kept = scene.hub().cache().kept();
    assert_eq!(kept.len(), 1);
    let paths: Vec<&str> = kept[0].files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        (kept[0].id.to_string().as_str(), paths),
        (REPOSITORY, vec![PROJECTOR, LANGUAGE])
    );
    assert_eq!((kept[0].n_bytes, kept[0].part_bytes), (790_000, 0));
}

#[test]
fn a_download_that_is_not_done_is_told_as_a_part() {
    let scene = Scene::new();
    let down = (0..9).map(|_| Act::Status(503, &[]));
    scene.local.act([Act::CutAfter(10_000)].into_iter().chain(down));
    scene.pull_one(&mut |_| {}).expect_err("it is cut");
    let kept = scene.hub().cache().kept();
    assert_eq!(
        (kept[0].files.len(), kept[0].part_bytes, kept[0].n_bytes),
        (0, 10_000, 10_000)
    );
    let id = REPOSITORY.parse().expect("it is one");
    let removed = scene.hub().cache().remove(&id, |_| true).expect("it goes");
    assert!(removed.freed_bytes >= 10_000, "{removed:?}");
    assert!(!scene.folder().exists());
}

#[test]
fn a_file_that_was_damaged_is_found_by_reading_it_again() {
    let scene = Scene::new();
    let pulled = scene.pull().expect("it comes");
    let (cache, id) = (
        scene.hub().cache().clone(),
        REPOSITORY.parse().expect("it is one"),
    );
    let verified = |path: &str| {
        let file = cache
            .kept_of(&id)
            .files
            .into_iter()
            .find(|file| file.path == path)
            .expect("it is there");
        cache
            .verify(&id, &file, &CancelToken::new(), |_| {})
            .expect("it is read")
    };
    assert!(matches!(verified(LANGUAGE), Verified::Whole));
    let blob = fs::canonicalize(&pulled.files[0]).expect("it is there");
    let mut bytes = noise(N_LANGUAGE, 1);
    bytes[500_000] ^= 1;
    fs::write(blob, bytes).expect("it can be written");
    assert!(matches!(verified(LANGUAGE), Verified::Wrong(_)));
    assert!(matches!(verified(PROJECTOR), Verified::Whole));
}

#[test]
fn a_removal_frees_the_bytes_that_no_other_snapshot_uses() {
    let scene = Scene::new();
    scene.pull().expect("it comes");
    fs::remove_file(scene.folder().join("refs/main")).expect("it is there");
    scene.local.put(REPOSITORY, LANGUAGE, noise(N_LANGUAGE, 7));
    scene.pull().expect("the new one comes");
    let (hub, id) = (scene.hub(), REPOSITORY.parse().expect("it is one"));
    let commits: Vec<String> = hub
        .cache()
        .kept_of(&id)
        .files
        .into_iter()
        .map(|file| file.commit)
        .collect();
    assert_eq!(commits.len(), 4, "two snapshots of two files");
    let main = fs::read_to_string(scene.folder().join("refs/main")).expect("it is kept");

    let removed = hub
        .cache()
        .remove(&id, |file| file.commit != main)
        .expect("it goes");
    assert_eq!(
        (removed.n_files, removed.freed_bytes),
        (2, N_LANGUAGE as u64),
        "the projector is shared"
    );
    assert!(hub.find(&super::pair()).is_some(), "the other snapshot is whole");
    let removed = hub.cache().remove(&id, |_| true).expect("it goes");
    assert_eq!(
        (removed.n_files, removed.freed_bytes),
        (2, (N_LANGUAGE + N_PROJECTOR) as u64)
    );
    assert!(!scene.folder().exists());
}

/// A catalogue with the model of the scene in two quantizations that share a projector.
fn catalogue() -> Catalogue {
    let text = r#"
[[model]]
id = "m"
name = "M"
family = "M"
good_for = "tests"
licence = { name = "MIT", link = "https://example.org/mit" }
context = 4096
tokens_a_frame = 16
tower = { side_px = 32, patch_px = 8, layers = 1, width = 8, feed_forward = 16 }
language = { layers = 1, width = 8, heads = 1, kv_heads = 1, head_dim = 8, feed_forward = 16, vocabulary = 32 }

[[model.variant]]
quantization = "Q4_K_M"
files = [
  { part = "language", repository = "owner/model", path = "model-Q4_K_M.gguf" },
  { part = "projector", repository = "owner/model", path = "mmproj-model-f16.gguf" },
]

[[model.variant]]
quantization = "Q8_0"
files = [
  { part = "language", repository = "owner/model", path = "model-Q8_0.gguf" },
  { part = "projector", repository = "owner/model", path = "mmproj-model-f16.gguf" },
]
"#;
    Catalogue::parse(text, "test").expect("it is one")
}

#[test]
fn removing_one_quantization_leaves_what_the_other_needs() {
    let scene = Scene::new();
    scene.local.put(REPOSITORY, "model-Q8_0.gguf", noise(50_000, 3));
    let (hub, catalogue, cancel) = (scene.hub(), catalogue(), CancelToken::new());
    for name in ["m", "m:Q8_0"] {
        let order = hub
            .order(&catalogue, &name.parse().expect("it is one"), &cancel)
            .expect("it is known");
        hub.pull(&order, &cancel, &mut |_| {}).expect("it comes");
    }
    let remove = |name: &str| {
        let wanted = name.parse().expect("it is one");
        hub.remove(&catalogue, &wanted).expect("it goes")
    };
    let entry = catalogue.entry("m").expect("it is there");
    assert_eq!((remove("m:Q4_K_M").n_files, remove("m:Q4_K_M").n_files), (1, 0));
    let is_here = |at: usize| hub.pair(entry, &entry.variants[at]).is_some();
    assert!(is_here(1) && !is_here(0));
    assert_eq!(remove("m").n_files, 2);
    assert!(entries(&scene.folder()).is_empty(), "nothing is left");
}

#[test]
fn what_came_before_a_pause_is_counted_without_the_hub_and_goes_whole_or_in_part() {
    let scene = Scene::new();
    let (hub, catalogue, cancel) = (scene.hub(), catalogue(), CancelToken::new());
    let entry = catalogue.entry("m").expect("it is there");
    let variant = &entry.variants[0];
    let order = hub.order_of(entry, variant, &cancel).expect("it is a pair");
    assert_eq!(hub.n_bytes_here(entry, variant), 0);
    scene.local.be(|manner| manner.bytes_per_sec = Some(4e5));
    let paused = hub.pull(&order, &cancel, &mut |progress| {
        // The small file is whole by then, and the large one is not.
        if progress.files[0].n_bytes > N_PROJECTOR as u64 && progress.files[1].phase == Phase::Done {
            cancel.cancel();
        }
    });
    assert!(paused.is_err() && hub.pair(entry, variant).is_none());
    let n_seen = scene.local.seen().len();
    let n_here = hub.n_bytes_here(entry, variant);
    assert!(
        n_here > 2 * N_PROJECTOR as u64 && n_here < order_bytes(),
        "{n_here}"
    );
    let wanted = "m:Q4_K_M".parse().expect("it is one");
    assert_eq!(hub.leftovers(&catalogue, &wanted).expect("it is known").len(), 1);
    let removed = hub.remove(&catalogue, &wanted).expect("it goes");
    assert_eq!((removed.n_files, removed.freed_bytes), (1, n_here));
    assert_eq!(hub.n_bytes_here(entry, variant), 0);
    assert_eq!(scene.local.seen().len(), n_seen, "the hub is not asked");
}

fn order_bytes() -> u64 {
    (N_LANGUAGE + N_PROJECTOR) as u64
}
