//! Bad days: networks and hubs that fail for a while, and files that are not what they were.

use std::fs;
use std::time::{Duration, Instant};

use videre::registry::{Progress, RegistryError};

use super::hub::Act;
use super::{LANGUAGE, N_LANGUAGE, PROJECTOR, REPOSITORY, Scene, assert_whole, noise};

/// Pulls through what happens, and checks that the file is whole.
#[track_caller]
fn comes_through(scene: &Scene, acts: impl IntoIterator<Item = Act>) -> u64 {
    scene.local.act(acts);
    let pulled = scene.pull_one(&mut |_| {}).expect("it comes all the same");
    assert_whole(&pulled.files[0], &noise(N_LANGUAGE, 1));
    assert!(scene.parts().is_empty(), "nothing is left over");
    pulled.n_fetched_bytes
}

#[test]
fn a_connection_that_is_cut_goes_on_where_it_was_whatever_the_place() {
    for sends_away in [false, true] {
        for n_bytes in [0, 1, 12_345, 65_536, 333_333, N_LANGUAGE - 1] {
            let scene = Scene::new();
            scene.local.be(|manner| manner.sends_away = sends_away);
            let n_fetched = comes_through(&scene, [Act::CutAfter(n_bytes)]);
            assert_eq!(n_fetched, N_LANGUAGE as u64, "nothing is fetched twice");
            let seen = scene.local.seen();
            let last = seen.last().expect("there was one");
            if n_bytes > 0 {
                assert_eq!(last.range, Some(format!("bytes={n_bytes}-")));
                assert!(last.if_range.is_some(), "a changed file would be noticed");
            }
        }
    }
}

#[test]
fn many_cuts_in_a_row_are_forgiven_as_long_as_something_comes() {
    let scene = Scene::new();
    comes_through(&scene, (0..20).map(|_| Act::CutAfter(20_000)));
    assert_eq!(scene.ranges().len(), 21);
}

#[test]
fn a_stall_is_noticed_and_tried_again_with_the_reason_told() {
    let scene = Scene::new();
    scene.local.act([Act::StallAfter(50_000)]);
    let mut troubles = Vec::new();
    let pulled = scene
        .pull_one(&mut |progress| troubles.extend(progress.files[0].trouble.clone()))
        .expect("it comes all the same");
    assert_whole(&pulled.files[0], &noise(N_LANGUAGE, 1));
    assert_eq!(scene.ranges()[1], Some("bytes=50000-".to_owned()));
}

#[test]
fn a_hub_that_is_down_for_a_while_is_waited_for() {
    let scene = Scene::new();
    comes_through(
        &scene,
        [
            Act::Status(503, &[]),
            Act::Status(500, &[]),
            Act::Status(408, &[]),
        ],
    );
}

#[test]
fn a_hub_that_asks_for_patience_is_left_alone_as_long_as_it_asks() {
    let scene = Scene::new();
    let began = Instant::now();
    comes_through(&scene, [Act::Status(429, &[("Retry-After", "1")])]);
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
}

#[test]
fn a_host_without_ranges_is_asked_for_all_of_it_again() {
    let scene = Scene::new();
    let n_fetched = comes_through(&scene, [Act::CutAfter(10_000), Act::IgnoreRange]);
    assert_eq!(n_fetched, (10_000 + N_LANGUAGE) as u64);
}

#[test]
fn a_part_that_begins_at_another_place_is_not_believed() {
    let scene = Scene::new();
    comes_through(&scene, [Act::CutAfter(10_000), Act::ShiftRange(5)]);
}

#[test]
fn a_host_that_has_less_than_is_here_is_asked_from_the_beginning() {
    let scene = Scene::new();
    comes_through(&scene, [Act::CutAfter(10_000), Act::Status(416, &[])]);
}

#[test]
fn an_address_that_is_too_old_is_asked_for_anew() {
    let scene = Scene::new();
    scene.local.be(|manner| manner.sends_away = true);
    comes_through(&scene, [Act::CutAfter(10_000), Act::Status(403, &[])]);
}

/// Leaves these bytes as a part, under the language model's hash.
fn leave_part(scene: &Scene, bytes: &[u8]) {
    let other = Scene::new();
    let pulled = other.pull_one(&mut |_| {}).expect("it comes");
    let link = fs::read_link(&pulled.files[0]).expect("it is a link");
    let hash = link
        .file_name()
        .expect("it has a name")
        .to_string_lossy()
        .into_owned();
    let blobs = scene.folder().join("blobs");
    fs::create_dir_all(&blobs).expect("it can be made");
    fs::write(blobs.join(format!("{hash}.incomplete")), bytes).expect("it can be written");
}

#[test]
fn a_part_of_another_program_is_gone_on_with() {
    let scene = Scene::new();
    leave_part(&scene, &noise(N_LANGUAGE, 1)[..300_000]);
    let n_fetched = comes_through(&scene, []);
    assert_eq!(n_fetched, N_LANGUAGE as u64 - 300_000);
}

#[test]
fn a_part_that_is_whole_is_verified_and_not_fetched() {
    let scene = Scene::new();
    leave_part(&scene, &noise(N_LANGUAGE, 1));
    assert_eq!(comes_through(&scene, []), 0);
}

#[test]
fn a_part_that_was_damaged_is_started_again_by_itself() {
    for bytes in [noise(300_000, 9), noise(N_LANGUAGE, 9), noise(N_LANGUAGE + 1, 9)] {
        let scene = Scene::new();
        leave_part(&scene, &bytes);
        let pulled = scene.pull_one(&mut |_| {}).expect("it comes all the same");
        assert_whole(&pulled.files[0], &noise(N_LANGUAGE, 1));
    }
}

/// Puts another file on the hub each time that the pull is in trouble.
fn replacing<'a>(scene: &'a Scene, with: &'a [u64]) -> impl FnMut(&Progress) + 'a {
    let (mut seeds, mut was_in_trouble) = (with.iter(), false);
    move |progress: &Progress| {
        let is_in_trouble = progress.files[0].trouble.is_some();
        if is_in_trouble
            && !was_in_trouble
            && let Some(seed) = seeds.next()
        {
            scene.local.put(REPOSITORY, LANGUAGE, noise(N_LANGUAGE, *seed));
        }
        was_in_trouble = is_in_trouble;
    }
}

fn slow() -> (Scene, videre::registry::Hub) {
    let scene = Scene::new();
    let patience = videre::registry::Patience {
        first_wait: Duration::from_millis(700),
        longest_wait: Duration::from_millis(700),
        ..super::QUICK
    };
    let hub = scene.hub().with_patience(patience);
    (scene, hub)
}

#[test]
fn a_file_that_changes_between_two_ranges_is_started_again() {
    let (scene, hub) = slow();
    scene.local.act([Act::CutAfter(10_000)]);
    let cancel = videre::cancel::CancelToken::new();
    let pulled = hub
        .pull(&super::one(), &cancel, &mut replacing(&scene, &[5]))
        .expect("the new one comes");
    assert_whole(&pulled.files[0], &noise(N_LANGUAGE, 5));
    assert!(scene.parts().is_empty(), "nothing of the old one is left");
}

#[test]
fn a_file_that_changes_again_and_again_is_given_up() {
    let (scene, hub) = slow();
    // So slow that the end of a trouble is seen; the second cut is that of the answer which shows the change.
    scene.local.be(|manner| manner.bytes_per_sec = Some(4e4));
    scene.local.act((0..3).map(|_| Act::CutAfter(10_000)));
    let cancel = videre::cancel::CancelToken::new();
    let refused = hub.pull(&super::one(), &cancel, &mut replacing(&scene, &[5, 6]));
    assert!(
        matches!(refused, Err(RegistryError::Changing { .. })),
        "{refused:?}"
    );
}

#[test]
fn one_file_that_fails_leaves_what_came_of_the_others() {
    let scene = Scene::new();
    scene.local.be(|manner| manner.bytes_per_sec = Some(3e6));
    let mut order = super::pair();
    order.files[1].path = "not-there.gguf".to_owned();
    let cancel = videre::cancel::CancelToken::new();
    let refused = scene.hub().pull(&order, &cancel, &mut |_| {});
    assert!(
        matches!(refused, Err(RegistryError::NotFound { .. })),
        "{refused:?}"
    );
    assert_eq!(
        scene.local.n_sent_bytes(),
        0,
        "it is known before anything is fetched"
    );
    order.files[1].path = PROJECTOR.to_owned();
    scene.hub().pull(&order, &cancel, &mut |_| {}).expect("it comes");
}
