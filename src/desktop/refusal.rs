//! Why a call is refused, in the page's words.

use std::path::Path;

use super::costs::LEAST_ROOM;
use super::describing::without_folders;
use crate::api::window::{ApiError, ErrorCode};
use crate::chat::ChatError;
use crate::fault::{Failure, Fault};

/// The role that reads videos refused.
pub(super) fn of_video(failure: Failure) -> ApiError {
    ApiError::of_failure(failure, ErrorCode::VideoUnreadable, ErrorCode::VideoUnsupported)
}

/// The role that reads videos refused this file. The page learns its name and not where it is.
pub(super) fn of_video_at(path: &Path) -> impl Fn(Failure) -> ApiError + '_ {
    move |failure| {
        let mut error = of_video(failure);
        let is_about_file = matches!(error.code, ErrorCode::VideoUnreadable | ErrorCode::Unknown);
        if is_about_file && !path.exists() {
            let name = path.file_name().unwrap_or(path.as_os_str());
            return missing_video(&name.to_string_lossy());
        }
        error.message = without_folders(&error.message, &[path.to_owned()]);
        error
    }
}

/// Work on this file was refused, by whichever role.
pub(super) fn of_work(path: &Path, n_tokens: usize, n_context: usize) -> impl Fn(Failure) -> ApiError + '_ {
    move |failure| {
        let is_input = failure.fault == Fault::Input && !failure.worker_ended;
        if is_input && path.exists() && n_tokens + LEAST_ROOM > n_context {
            let mut error = of_model(failure);
            error.code = ErrorCode::ContextTooLong;
            return error;
        }
        if is_input {
            of_video_at(path)(failure)
        } else {
            of_model(failure)
        }
    }
}

/// The role that answers refused.
pub(super) fn of_model(failure: Failure) -> ApiError {
    ApiError::of_failure(failure, ErrorCode::Unknown, ErrorCode::ModelUnsupported)
}

/// Whatever has this id is not there, or not any more.
pub(super) fn gone(what: &'static str) -> ApiError {
    of_store(ChatError::Gone { what })
}

/// The file of chats refused.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` takes")]
pub(super) fn of_store(error: ChatError) -> ApiError {
    let code = match &error {
        ChatError::Newer { .. } => ErrorCode::StoreNewer,
        error if error.is_disk_full() => ErrorCode::DiskFull,
        _ => ErrorCode::Unknown,
    };
    ApiError::explaining(code, &error)
}

/// No file has this id, or not any more.
pub(super) fn missing_video(name: &str) -> ApiError {
    ApiError {
        code: ErrorCode::VideoMissing,
        message: format!("{name} is not where it was"),
        hint: Some("open it from where it is now".to_owned()),
    }
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
