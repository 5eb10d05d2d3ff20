//! Good days: what is fetched, where it lies, and what is not fetched twice.

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::time::Instant;

use videre::cancel::CancelToken;
use videre::registry::{Part, Phase, Progress, RegistryError};

use super::{
    LANGUAGE, N_LANGUAGE, N_PROJECTOR, PROJECTOR, Scene, assert_whole, entries, noise, one, ordered, pair,
};

#[test]
fn a_pair_is_pulled_into_the_layout_of_the_hugging_face_cache() {
    let scene = Scene::new();
    let pulled = scene.pull().expect("it comes");
    assert_whole(&pulled.files[0], &noise(N_LANGUAGE, 1));
    assert_whole(&pulled.files[1], &noise(N_PROJECTOR, 2));
    assert_eq!(pulled.n_fetched_bytes, (N_LANGUAGE + N_PROJECTOR) as u64);

    let commit = fs::read_to_string(scene.folder().join("refs/main")).expect("main is kept");
    assert_eq!(
        pulled.files[0],
        scene.folder().join("snapshots").join(&commit).join(LANGUAGE)
    );
    let link = fs::read_link(&pulled.files[0]).expect("it is a link");
    let hash = link
        .file_name()
        .expect("it has a name")
        .to_string_lossy()
        .into_owned();
    assert_eq!(link, Path::new("../../blobs").join(&hash));
    assert_eq!(hash.len(), 64, "bytes lie under their SHA-256");
    assert_eq!(
        entries(&scene.folder().join("blobs")).len(),
        2,
        "nothing else is left"
    );
}

#[test]
fn bytes_on_another_host_are_fetched_there_and_the_token_is_the_hubs_alone() {
    let scene = Scene::new();
    scene.local.be(|manner| {
        manner.sends_away = true;
        manner.token = Some("secret".to_owned());
    });
    let hub = scene.hub_with(&[("HF_TOKEN", "secret")]);
    let pulled = hub
        .pull(&pair(), &CancelToken::new(), &mut |_| {})
        .expect("it comes");
    assert_whole(&pulled.files[0], &noise(N_LANGUAGE, 1));
    let (away, home): (Vec<_>, Vec<_>) = scene.local.seen().into_iter().partition(|seen| seen.is_at_bytes);
    assert_eq!(away.len(), 2);
    assert!(away.iter().all(|seen| seen.authorization.is_none()), "{away:?}");
    assert!(
        home.iter()
            .all(|seen| seen.authorization.as_deref() == Some("Bearer secret")),
        "{home:?}"
    );
}

#[test]
fn what_is_in_the_cache_is_neither_asked_for_nor_fetched_again() {
    let scene = Scene::new();
    let first = scene.pull().expect("it comes");
    let n_seen = scene.local.seen().len();
    let again = scene.pull().expect("it is there");
    assert_eq!(again.files, first.files);
    assert_eq!((again.n_fetched_bytes, scene.local.seen().len()), (0, n_seen));
    let offline = scene.hub_with(&[("HF_HUB_OFFLINE", "1")]);
    let offline = offline
        .pull(&pair(), &CancelToken::new(), &mut |_| {})
        .expect("it is there");
    assert_eq!(offline.files, first.files);
}

#[test]
fn bytes_that_are_there_for_another_snapshot_are_linked_and_not_fetched() {
    let scene = Scene::new();
    scene.pull().expect("it comes");
    fs::remove_file(scene.folder().join("refs/main")).expect("it is there");
    scene
        .local
        .put(super::REPOSITORY, "README.md", b"Another text.\n".to_vec());
    let n_sent = scene.local.n_sent_bytes();
    let again = scene.pull().expect("it is there");
    assert_eq!((again.n_fetched_bytes, scene.local.n_sent_bytes()), (0, n_sent));
    assert_whole(&again.files[1], &noise(N_PROJECTOR, 2));
    assert_eq!(entries(&scene.folder().join("snapshots")).len(), 2);
}

#[test]
fn a_repository_that_was_renamed_is_followed_with_its_token() {
    let scene = Scene::new();
    scene
        .local
        .be(|manner| manner.renamed = Some(("Owner/Model".to_owned(), "owner/model".to_owned())));
    let mut order = one();
    order.files[0].repository = "Owner/Model".parse().expect("it is one");
    let pulled = scene
        .hub()
        .pull(&order, &CancelToken::new(), &mut |_| {})
        .expect("it comes");
    assert_whole(&pulled.files[0], &noise(N_LANGUAGE, 1));
}

#[test]
fn small_files_are_checked_by_the_hash_that_git_knows_them_by() {
    let scene = Scene::new();
    scene
        .local
        .put(super::REPOSITORY, "sub/config.json", b"{}\n".to_vec());
    let mut order = one();
    order.files[0].path = "sub/config.json".to_owned();
    let pulled = scene
        .hub()
        .pull(&order, &CancelToken::new(), &mut |_| {})
        .expect("it comes");
    assert_whole(&pulled.files[0], b"{}\n");
    let link = fs::read_link(&pulled.files[0]).expect("it is a link");
    // What `git hash-object` prints.
    assert_eq!(
        link,
        Path::new("../../../blobs/0967ef424bce6791893e9a57bb952f80fd536e93")
    );
}

#[test]
fn progress_goes_up_to_all_of_it_through_its_phases() {
    let scene = Scene::new();
    scene.local.be(|manner| manner.bytes_per_sec = Some(1.5e6));
    let mut told: Vec<(Instant, Progress)> = Vec::new();
    let cancel = CancelToken::new();
    let mut tell = |progress: &Progress| told.push((Instant::now(), progress.clone()));
    scene.hub().pull(&pair(), &cancel, &mut tell).expect("it comes");
    let (began, _) = told[0];
    let (ended, last) = told.last().expect("there was some");
    assert_eq!(last.phase, Phase::Done);
    assert_eq!((last.n_bytes, last.n_total_bytes), (790_000, Some(790_000)));
    let most = 3 + (*ended - began).as_millis() / 90;
    assert!(told.len() as u128 <= most, "{} times", told.len());
    assert!(told.windows(2).all(|two| two[0].1.n_bytes <= two[1].1.n_bytes));
    let amid = told
        .iter()
        .find(|(_, progress)| progress.phase == Phase::Downloading && progress.bytes_per_sec.is_some());
    let (_, amid) = amid.expect("it is told while it comes");
    assert!(amid.remaining_secs.is_some_and(|secs| secs < 10.0), "{amid:?}");
}

#[test]
fn a_pause_keeps_the_part_and_the_next_pull_goes_on_from_it() {
    let scene = Scene::new();
    scene.local.be(|manner| manner.bytes_per_sec = Some(2e6));
    let cancel = CancelToken::new();
    let mut pause = |progress: &Progress| {
        if progress.n_bytes > 100_000 {
            cancel.cancel();
        }
    };
    let paused = scene.hub().pull(&one(), &cancel, &mut pause);
    assert!(matches!(paused, Err(RegistryError::Cancelled)), "{paused:?}");
    let parts = scene.parts();
    let part = parts
        .iter()
        .find(|path| path.to_string_lossy().ends_with("incomplete"))
        .expect("it is kept");
    let n_part = fs::metadata(part).expect("it is there").len();
    assert!(n_part > 100_000);
    assert!(
        entries(&scene.folder().join("snapshots")).is_empty(),
        "nothing has its final name"
    );

    scene.local.be(|manner| manner.bytes_per_sec = None);
    let pulled = scene.pull_one(&mut |_| {}).expect("it goes on");
    assert_eq!(pulled.n_fetched_bytes, N_LANGUAGE as u64 - n_part);
    assert_eq!(scene.ranges().last(), Some(&Some(format!("bytes={n_part}-"))));
    assert_whole(&pulled.files[0], &noise(N_LANGUAGE, 1));
    assert!(scene.parts().is_empty());
}

#[test]
fn a_cancel_ends_a_pull_at_once_whatever_it_waits_for() {
    let scene = Scene::new();
    scene.local.act([super::hub::Act::StallAfter(1000)]);
    let hub = scene.hub().with_patience(videre::registry::Patience::default());
    let cancel = CancelToken::new();
    let (waits, has_begun) = mpsc::sync_channel(1);
    std::thread::scope(|scope| {
        let pull = scope.spawn(|| {
            hub.pull(&one(), &cancel, &mut |progress| {
                if progress.phase == Phase::Downloading {
                    waits.try_send(()).ok();
                }
            })
        });
        has_begun.recv().expect("it begins");
        let asked = Instant::now();
        cancel.cancel();
        let ended = pull.join().expect("no panic");
        assert!(matches!(ended, Err(RegistryError::Cancelled)), "{ended:?}");
        assert!(asked.elapsed().as_millis() < 500, "{:?}", asked.elapsed());
    });
}

#[test]
fn two_pulls_of_the_same_file_fetch_it_once() {
    let scene = Scene::new();
    scene.local.be(|manner| manner.bytes_per_sec = Some(2e6));
    let pull = || scene.pull_one(&mut |_| {}).expect("it comes");
    let (first, second) = std::thread::scope(|scope| {
        let (first, second) = (scope.spawn(pull), scope.spawn(pull));
        (first.join().expect("no panic"), second.join().expect("no panic"))
    });
    assert_eq!(first.files, second.files);
    assert_whole(&first.files[0], &noise(N_LANGUAGE, 1));
    assert_eq!(first.n_fetched_bytes + second.n_fetched_bytes, N_LANGUAGE as u64);
    assert_eq!(scene.local.n_sent_bytes(), N_LANGUAGE as u64);
}

#[test]
fn a_repository_is_listed_and_its_pair_chosen_and_named() {
    let scene = Scene::new();
    scene
        .local
        .put(super::REPOSITORY, "model-Q8_0.gguf", noise(5000, 3));
    scene
        .local
        .put(super::REPOSITORY, "mmproj-model-Q8_0.gguf", noise(5000, 4));
    let hub = scene.hub();
    let order = ordered(&hub, super::REPOSITORY).expect("there is a pair");
    let chosen: Vec<(&str, Part, Option<u64>)> = order
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.part, file.n_bytes))
        .collect();
    assert_eq!(
        chosen,
        [
            (LANGUAGE, Part::Language, Some(700_000)),
            (PROJECTOR, Part::Projector, Some(90_000))
        ]
    );
    assert_eq!(
        order.licence.as_ref().map(|licence| licence.name.as_str()),
        Some("apache-2.0")
    );
    assert_eq!(order.notes.len(), 2, "{:?}", order.notes);
    hub.pull(&order, &CancelToken::new(), &mut |_| {})
        .expect("it comes");

    let n_seen = scene.local.seen().len();
    let again = ordered(&hub, super::REPOSITORY).expect("it is here");
    assert!(hub.find(&again).is_some());
    assert_eq!(scene.local.seen().len(), n_seen, "nothing is asked for");
    let other = ordered(&hub, "owner/model:q8_0").expect("there is one");
    assert_eq!(other.files[0].path, "model-Q8_0.gguf");
}

#[test]
fn what_a_killed_pull_left_beside_a_whole_file_goes_with_the_next() {
    let scene = Scene::new();
    let pulled = scene.pull_one(&mut |_| {}).expect("it comes");
    let blob = fs::canonicalize(&pulled.files[0]).expect("it is there");
    // It was killed when the file had its name, and nothing led to it.
    fs::remove_dir_all(scene.folder().join("snapshots")).expect("they can be removed");
    for ending in ["incomplete.json", "incomplete.json.new"] {
        fs::write(blob.with_added_extension(ending), "{}").expect("it can be written");
    }
    let reference = scene.folder().join("refs").join("main");
    let commit = fs::read_to_string(&reference).expect("it is there");
    // Longer than it should be, too.
    fs::rename(&reference, reference.with_file_name(".new-main")).expect("it can be moved");
    fs::write(reference.with_file_name(".new-main"), "x".repeat(99)).expect("it can be written");
    let again = scene.pull_one(&mut |_| {}).expect("it is here");
    assert_eq!(again.n_fetched_bytes, 0);
    assert!(scene.parts().is_empty(), "{:?}", scene.parts());
    assert_eq!(fs::read_to_string(&reference).expect("it is there"), commit);
    let left = super::entries(&scene.folder().join("refs"));
    assert_eq!(left, [reference]);
}
