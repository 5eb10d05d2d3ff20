//! Why a call is refused, in the page's words.

use crate::api::window::{ApiError, ErrorCode};
use crate::chat::ChatError;
use crate::worker::Failure;

/// The role that reads videos refused.
pub(super) fn of_video(failure: Failure) -> ApiError {
    ApiError::of_failure(failure, ErrorCode::VideoUnreadable, ErrorCode::VideoUnsupported)
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
