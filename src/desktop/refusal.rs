//! Why a call is refused, in the page's words.

use std::path::{Path, PathBuf};

use super::describing::without_folders;
use crate::api::window::{ApiError, ErrorCode};
use crate::chat::ChatError;
use crate::fault::{Failure, Fault, Origin};
use crate::registry::RegistryError;

/// The role that reads videos refused.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` takes")]
pub(super) fn of_video(failure: Failure) -> ApiError {
    ApiError::of(Origin::Media, &failure)
}

/// The role that reads videos refused this file. The page learns its name and not where it is.
pub(super) fn of_video_at(path: &Path) -> impl Fn(Failure) -> ApiError + '_ {
    move |failure| {
        let mut error = of_video(failure);
        if error.code == ErrorCode::VideoMissing {
            let name = path.file_name().unwrap_or(path.as_os_str());
            return missing_video(&name.to_string_lossy());
        }
        error.message = without_folders(&error.message, &[path.to_owned()]);
        error
    }
}

/// Work on this file was refused: by the model of these files, or by the role that reads videos, which the model passes on.
pub(super) fn of_work(path: &Path, model: &[PathBuf]) -> impl Fn(Failure) -> ApiError {
    move |failure| match failure.origin {
        Some(Origin::Media) => of_video_at(path)(failure),
        _ => of_model_at(model)(failure),
    }
}

/// The role that answers refused.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` takes")]
pub(super) fn of_model(failure: Failure) -> ApiError {
    ApiError::of(Origin::Model, &failure)
}

/// The role that answers refused a model of these files. The page learns their names and not where they are.
pub(super) fn of_model_at(files: &[PathBuf]) -> impl Fn(Failure) -> ApiError {
    move |failure| {
        let mut error = of_model(failure);
        error.message = without_folders(&error.message, files);
        error
    }
}

/// A model cannot be fetched, or removed. The page learns the names of files and not where they are.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` takes")]
pub(super) fn of_registry(error: RegistryError) -> ApiError {
    let mut refusal = ApiError::of(Origin::Model, &error);
    if let Some(path) = error.path() {
        refusal.message = without_folders(&refusal.message, &[path.to_owned()]);
    }
    refusal
}

/// Whatever has this id is not there, or not any more.
pub(super) fn gone(what: &'static str) -> ApiError {
    of_store(ChatError::Gone { what })
}

/// The file of chats refused.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` takes")]
pub(super) fn of_store(error: ChatError) -> ApiError {
    ApiError::of(Origin::Store, &error)
}

/// No file has this id, or not any more.
pub(super) fn missing_video(name: &str) -> ApiError {
    of_video(
        Failure::new(Fault::Missing, format!("{name} is not where it was"))
            .with_hint("open it from where it is now"),
    )
}

/// There never was a file where the user said, as far as anybody knows.
pub(super) fn no_such_video(path: &Path) -> ApiError {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    of_video(
        Failure::new(Fault::Missing, format!("there is no file {name} at that place"))
            .with_hint("check the name, or choose the file"),
    )
}

/// A clause as a sentence of its own.
pub(super) fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    let mut sentence: String = first.chain(letters).collect();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}
