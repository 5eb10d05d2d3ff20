//! What cannot be had is said with its reason, and with what to do.

use videre::cancel::CancelToken;
use videre::fault::{Explain, Fault};
use videre::registry::{Catalogue, RegistryError};

use super::hub::Act;
use super::{N_LANGUAGE, Scene, assert_whole, noise, one, ordered, pinned};

/// What a pull of the language model says.
#[track_caller]
fn refusal(scene: &Scene) -> RegistryError {
    let refused = scene.pull_one(&mut |_| {});
    refused.expect_err("it is refused")
}

#[track_caller]
fn assert_says(error: &RegistryError, fault: Fault, message: &str, hint: &str) {
    let said = format!("{error}; {}", error.hint().unwrap_or_default());
    assert_eq!(error.fault(), fault, "{said}");
    assert!(error.to_string().contains(message), "{said}");
    assert!(error.hint().unwrap_or_default().contains(hint), "{said}");
}

#[test]
fn a_gated_model_names_the_page_of_its_licence() {
    let scene = Scene::new();
    scene.local.be(|manner| manner.token = Some("right".to_owned()));
    let page = format!("{}/owner/model", scene.local.url());
    let refused = refusal(&scene);
    assert_says(&refused, Fault::Input, "accepted its licence", "HF_TOKEN");
    assert_says(&refused, Fault::Input, "owner/model", &page);
    let hub = scene.hub_with(&[("HF_TOKEN", "wrong")]);
    let refused = hub
        .pull(&one(), &CancelToken::new(), &mut |_| {})
        .expect_err("it is refused");
    assert_says(&refused, Fault::Input, "owner/model", "whose token this is");
}

#[test]
fn what_is_not_there_is_named() {
    let scene = Scene::new();
    let mut order = one();
    order.files[0].path = "nothing.gguf".to_owned();
    let pull = |order: &_| scene.hub().pull(order, &CancelToken::new(), &mut |_| {});
    assert_says(
        &pull(&order).expect_err("no file"),
        Fault::Missing,
        "'nothing.gguf' in 'owner/model'",
        "name",
    );
    order.files[0].repository = "owner/nothing".parse().expect("it is one");
    assert_says(
        &pull(&order).expect_err("no repository"),
        Fault::Missing,
        "repository 'owner/nothing'",
        "HF_TOKEN",
    );
    let listed = ordered(&scene.hub(), "owner/nothing").expect_err("no repository");
    assert_says(&listed, Fault::Missing, "repository 'owner/nothing'", "HF_TOKEN");
}

#[test]
fn a_hub_that_stays_down_is_given_up_with_what_came_kept() {
    let scene = Scene::new();
    let down = (0..9).map(|_| Act::Status(503, &[]));
    scene.local.act([Act::CutAfter(10_000)].into_iter().chain(down));
    assert_says(&refusal(&scene), Fault::Network, "status 503", "later");
    assert_eq!(scene.parts().len(), 2, "the part, and what lies beside it");
    assert_eq!(scene.ranges().len(), 4, "the cut, and three more tries");
}

#[test]
fn a_hub_that_asks_for_hours_is_not_waited_for() {
    let scene = Scene::new();
    scene.local.act([Act::Status(429, &[("Retry-After", "7200")])]);
    assert_says(&refusal(&scene), Fault::Network, "7200 s", "later");
}

#[test]
fn a_hub_that_cannot_be_reached_is_named() {
    let scene = Scene::new();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let endpoint = format!("http://{}", nobody.local_addr().expect("it has one"));
    drop(nobody);
    let hub = videre::registry::Hub::of(
        |name| (name == "HF_ENDPOINT").then(|| endpoint.clone().into()),
        scene.home.path(),
    )
    .with_patience(super::QUICK);
    let refused = hub
        .pull(&one(), &CancelToken::new(), &mut |_| {})
        .expect_err("nobody is there");
    assert_says(&refused, Fault::Network, "cannot be reached", "network");
    let refused = ordered(&hub, "owner/model").expect_err("nobody is there");
    assert_says(&refused, Fault::Network, "cannot be reached", "network");
}

#[test]
fn offline_nothing_is_asked_for_and_that_is_said() {
    let scene = Scene::new();
    let hub = scene.hub_with(&[("HF_HUB_OFFLINE", "1")]);
    let refused = hub
        .pull(&one(), &CancelToken::new(), &mut |_| {})
        .expect_err("it is offline");
    assert_says(&refused, Fault::Network, "HF_HUB_OFFLINE", "unset");
    let refused = ordered(&hub, "owner/model").expect_err("it is offline");
    assert_says(&refused, Fault::Network, "HF_HUB_OFFLINE", "unset");
    assert!(scene.local.seen().is_empty());
}

#[test]
fn another_size_than_was_said_is_refused() {
    let scene = Scene::new();
    scene.local.act([Act::Longer(7)]);
    assert_says(&refusal(&scene), Fault::Network, "700007 bytes", "again");
    let scene = Scene::new();
    scene.local.be(|manner| manner.said_bytes = Some(12));
    assert_says(&refusal(&scene), Fault::Network, "should have 12", "again");
    assert!(!scene.folder().join("snapshots").exists());
}

#[test]
fn other_bytes_than_were_said_are_refused_and_not_kept() {
    let scene = Scene::new();
    scene.local.act([Act::Corrupt]);
    assert_says(&refusal(&scene), Fault::Unreadable, "damaged", "again");
    assert!(scene.parts().is_empty());
    assert!(!scene.folder().join("snapshots").exists());
    let pulled = scene.pull_one(&mut |_| {}).expect("the next one is right");
    assert_whole(&pulled.files[0], &noise(N_LANGUAGE, 1));
}

#[test]
fn a_file_that_the_catalogue_knows_by_another_hash_is_not_fetched() {
    let scene = Scene::new();
    let pull = |order: &_| scene.hub().pull(order, &CancelToken::new(), &mut |_| {});
    let refused = pull(&pinned(&"0".repeat(64))).expect_err("it is another file");
    assert_says(
        &refused,
        Fault::Network,
        "not the file that the catalogue names",
        "newer version",
    );
    assert_eq!(scene.local.n_sent_bytes(), 0);
}

#[test]
fn without_any_hash_nothing_is_believed() {
    let scene = Scene::new();
    scene.local.be(|manner| manner.is_without_hash = true);
    assert_says(&refusal(&scene), Fault::Network, "no hash", "catalogue");
    let hub = scene.hub();
    let refused = hub.pull(&pinned(&"1".repeat(64)), &CancelToken::new(), &mut |_| {});
    assert!(
        matches!(refused, Err(RegistryError::WrongHash { .. })),
        "{refused:?}"
    );
}

#[test]
fn too_little_room_is_known_before_anything_is_fetched() {
    let scene = Scene::new();
    scene.local.be(|manner| manner.said_bytes = Some(1 << 60));
    assert_says(&refusal(&scene), Fault::DiskFull, "are missing", "HF_HOME");
    assert_eq!(scene.local.n_sent_bytes(), 0);
}

#[test]
fn what_is_asked_for_in_other_words_is_answered_with_what_there_is() {
    let scene = Scene::new();
    let hub = scene.hub();
    let catalogue = Catalogue::embedded();
    let order = |name: &str| {
        let wanted = name.parse()?;
        hub.order(&catalogue, &wanted, &CancelToken::new())
    };
    let refused = |name: &str| order(name).expect_err("it is refused");
    assert_says(&refused("gpt"), Fault::Usage, "no model 'gpt'", "smolvlm2-2.2b");
    assert_says(&refused("smolvlm2-2.2b:Q2_K"), Fault::Usage, "Q2_K", "Q4_K_M");
    assert_says(&refused("a/b/c"), Fault::Usage, "a/b/c", "owner/repo");
    assert_says(&refused("owner/model:Q2_K"), Fault::Usage, "Q2_K", "Q4_K_M");
    scene.local.put("owner/blind", "m-Q4_K_M.gguf", noise(5000, 1));
    assert_says(
        &refused("owner/blind"),
        Fault::NoPair,
        "no mmproj file",
        "two GGUF files",
    );
}
