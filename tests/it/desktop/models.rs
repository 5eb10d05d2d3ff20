//! Models: described from their headers, refused with advice, loaded, remembered.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use videre::api::window::{AppEvent, ErrorCode, ModelState};
use videre::cancel::CancelToken;
use videre::desktop::Desktop;

use super::{desktop, folder};
use crate::engine::tiny_pair;

fn go() -> CancelToken {
    CancelToken::new()
}

/// The language model's file and the mmproj file of the tiny pair.
pub(super) fn files() -> (PathBuf, PathBuf) {
    let file = |is_vision: bool| {
        fs::read_dir(tiny_pair())
            .expect("the pair lies in a folder")
            .map(|entry| entry.expect("an entry").path())
            .find(|path| path.display().to_string().contains("mmproj") == is_vision)
            .expect("both files are there")
    };
    (file(false), file(true))
}

fn heard(desktop: &Desktop) -> Arc<Mutex<Vec<ModelState>>> {
    let heard: Arc<Mutex<Vec<ModelState>>> = Arc::default();
    let to = Arc::clone(&heard);
    desktop.listen(move |event| {
        if let AppEvent::Model { state } = event {
            to.lock().expect("nobody panicked").push(state);
        }
    });
    heard
}

fn kinds(heard: &Mutex<Vec<ModelState>>) -> Vec<String> {
    let heard = heard.lock().expect("nobody panicked");
    let kind = |state: &ModelState| match state {
        ModelState::None => "none".to_owned(),
        ModelState::Loading { model, .. } => format!("loading {}", model.is_embedded),
        ModelState::Ready { model, .. } => format!("ready {}", model.is_embedded),
        ModelState::Failed { model, .. } => format!("failed {}", model.is_embedded),
    };
    heard.iter().map(kind).collect()
}

fn ready(desktop: &Desktop) -> String {
    match desktop.model_state() {
        ModelState::Ready { model, device } => {
            assert!(!device.detail.is_empty() && device.reason.ends_with('.'));
            model.id
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_embedded_model_is_there_from_the_first_start_and_the_last_one_at_the_next() {
    let folder = folder();
    let (language, vision) = files();
    let tiny = {
        let desktop = desktop(folder.path());
        assert_eq!(desktop.model_state(), ModelState::None);
        let told = heard(&desktop);
        desktop.start(&go()).expect("it starts");
        assert_eq!(kinds(&told), ["loading true", "ready true"]);
        assert_eq!(ready(&desktop), "embedded");
        let models = desktop.models(&go()).expect("they are listed");
        let nano = &models[0];
        assert!(nano.is_embedded && nano.files.is_empty() && nano.refusal.is_none());
        assert!(
            nano.n_tokens_per_image == 144 && nano.memory.total_bytes > 0 && nano.memory.available_bytes > 0
        );
        assert!(!nano.suggestions.is_empty());
        let picked = desktop.picked_model(&[vision.clone(), language.clone()], &go());
        assert_eq!(picked.refusal, None);
        assert_eq!(picked.files.len(), 2);
        assert!(picked.memory.total_bytes >= picked.memory.weights_bytes + picked.memory.cache_bytes);
        desktop.load_model(&picked.id, &go()).expect("it loads");
        assert_eq!(ready(&desktop), picked.id);
        picked.id
    };
    let desktop = desktop(folder.path());
    let told = heard(&desktop);
    desktop.start(&go()).expect("it starts");
    assert_eq!(
        kinds(&told),
        ["loading true", "ready true", "loading false", "ready false"]
    );
    assert_eq!(ready(&desktop), tiny);
    assert!(
        desktop
            .models(&go())
            .expect("they are listed")
            .iter()
            .any(|model| model.id == tiny)
    );
    desktop.load_model("embedded", &go()).expect("it loads");
    drop(desktop);
    let desktop = super::desktop(folder.path());
    desktop.start(&go()).expect("it starts");
    assert_eq!(ready(&desktop), "embedded", "what was chosen last");
}

fn refusal(desktop: &Desktop, paths: &[&Path]) -> (ErrorCode, String, String) {
    let paths: Vec<PathBuf> = paths.iter().map(|path| path.to_path_buf()).collect();
    let model = desktop.picked_model(&paths, &go());
    let refusal = model.refusal.expect("it is no pair");
    let folder = paths[0]
        .parent()
        .expect("it lies somewhere")
        .display()
        .to_string();
    assert!(
        !refusal.message.contains(&folder),
        "the page learns no path: {}",
        refusal.message
    );
    let error = desktop
        .load_model(&model.id, &go())
        .expect_err("it cannot be loaded");
    assert_eq!(error.code, ErrorCode::ModelMissing);
    (
        refusal.code,
        refusal.message,
        refusal.hint.expect("what to do about it"),
    )
}

#[test]
fn a_wrong_choice_is_refused_with_the_file_the_reason_and_what_to_get() {
    let folder = folder();
    let desktop = desktop(folder.path());
    let (language, vision) = files();
    let place = |name: &str| folder.path().join(name);
    fs::copy(&language, place("language.gguf")).expect("it can be copied");
    let (code, message, hint) = refusal(&desktop, &[&place("language.gguf")]);
    assert_eq!(code, ErrorCode::ModelMismatch);
    assert!(
        message.contains("language.gguf") && message.contains("mmproj"),
        "{message}"
    );
    assert!(hint.contains("mmproj") && !hint.contains("--"), "{hint}");
    let (code, message, _) = refusal(&desktop, &[&place("language.gguf"), &language]);
    assert_eq!(code, ErrorCode::ModelMismatch);
    assert!(message.contains("both files are language models"), "{message}");
    let text = place("notes.gguf");
    fs::write(&text, "these are notes and no model").expect("it can be written");
    let (_, message, _) = refusal(&desktop, &[&text, &vision]);
    assert!(message.contains("notes.gguf"), "{message}");
    let (code, message, _) = refusal(&desktop, &[&place("gone.gguf"), &vision]);
    assert_eq!(code, ErrorCode::ModelMissing);
    assert!(message.contains("gone.gguf"), "{message}");
    let (_, message, hint) = refusal(&desktop, &[&language, &vision, &text]);
    assert!(
        message.contains('3') && hint.contains("mmproj"),
        "{message}; {hint}"
    );
}

#[test]
fn the_model_that_was_there_stays_where_another_cannot_be_loaded() {
    let folder = folder();
    let desktop = desktop(folder.path());
    desktop.start(&go()).expect("it starts");
    let (language, vision) = files();
    let copy = |path: &Path| {
        let to = folder.path().join(path.file_name().expect("it has a name"));
        fs::copy(path, &to).expect("it can be copied");
        to
    };
    let picked = desktop.picked_model(&[copy(&language), copy(&vision)], &go());
    let stopped = go();
    stopped.cancel();
    let error = desktop
        .load_model(&picked.id, &stopped)
        .expect_err("it was stopped");
    assert_eq!(error.code, ErrorCode::Cancelled);
    assert_eq!(ready(&desktop), "embedded");
    fs::remove_file(folder.path().join(vision.file_name().expect("it has a name"))).expect("it goes");
    let error = desktop
        .load_model(&picked.id, &go())
        .expect_err("half of it is gone");
    assert_eq!(error.code, ErrorCode::ModelMissing);
    assert_eq!(ready(&desktop), "embedded");
    assert_eq!(
        desktop.models(&go()).expect("they are listed").len(),
        1,
        "what never loaded is not remembered"
    );
}

#[test]
fn a_last_model_whose_files_are_gone_is_said_and_the_embedded_one_answers() {
    let folder = folder();
    let (language, vision) = files();
    let copy = |path: &Path| {
        let to = folder.path().join(path.file_name().expect("it has a name"));
        fs::copy(path, &to).expect("it can be copied");
        to
    };
    let pair = [copy(&language), copy(&vision)];
    {
        let desktop = desktop(folder.path());
        let picked = desktop.picked_model(&pair, &go());
        desktop.load_model(&picked.id, &go()).expect("it loads");
    }
    fs::remove_file(&pair[0]).expect("it goes");
    let desktop = desktop(folder.path());
    desktop.start(&go()).expect("the embedded one is there");
    let ModelState::Failed { model, error } = desktop.model_state() else {
        panic!("{:?}", desktop.model_state());
    };
    assert_eq!(error.code, ErrorCode::ModelMissing);
    assert!(!model.is_embedded && !model.files.is_empty());
    let loaded = desktop.loaded_model(&go()).expect("something answers");
    assert!(loaded.model.is_embedded);
    let listed = desktop.models(&go()).expect("they are listed");
    assert!(listed.iter().any(|model| {
        model
            .refusal
            .as_ref()
            .is_some_and(|why| why.code == ErrorCode::ModelMissing)
    }));
}

#[test]
fn a_diagnosis_names_no_file_unless_asked() {
    let folder = folder();
    let desktop = desktop(folder.path());
    desktop
        .open_file(
            &super::clip(folder.path(), "secret holiday.mp4"),
            &go(),
            &mut |_| {},
        )
        .expect("the clip opens");
    let (language, vision) = files();
    let picked = desktop.picked_model(&[language, vision], &go());
    desktop.load_model(&picked.id, &go()).expect("it loads");
    let without = desktop.diagnosis(false, &go());
    assert!(
        without.contains("FFmpeg") && without.contains("positions"),
        "{without}"
    );
    for secret in ["secret", "gguf", &*folder.path().display().to_string()] {
        assert!(!without.contains(secret), "{secret} in {without}");
    }
    let with = desktop.diagnosis(true, &go());
    assert!(
        with.contains("secret holiday.mp4") && with.contains("gguf"),
        "{with}"
    );
}
