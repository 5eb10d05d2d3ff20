//! Calls of the page, carried to the seam and back.

use std::sync::Arc;

use serde_json::Value;
use tauri::Manager;
use tauri::ipc::{Channel, Invoke, InvokeBody, InvokeError, InvokeResponseBody, JavaScriptChannelId};
use videre::api::window::ApiError;
use videre::desktop::{Body, Seam, is_told, unknown};

use crate::shell::WindowShell;

/// What the page is connected to.
pub(crate) type Program = Arc<Seam<WindowShell>>;

/// Carries out a call. Whether the page may make it was asked before: `build.rs` says which it may.
pub(crate) fn handle(invoke: Invoke) -> bool {
    let Invoke {
        message, resolver, ..
    } = invoke;
    let InvokeBody::Json(arguments) = message.payload().clone() else {
        return false;
    };
    let name = message.command().to_owned();
    let program = Program::clone(&message.webview_ref().state::<Program>());
    let each = channel(&arguments).map(|id| id.channel_on(message.webview()));
    let work = move || call(&program, &name, &arguments, each.as_ref());
    if is_told(message.command()) {
        resolver.respond(work().map_err(InvokeError::from));
    } else {
        let work = tauri::async_runtime::spawn_blocking(work);
        resolver.respond_async_serialized(async move {
            let done = work.await;
            let done = done.unwrap_or_else(|error| Err(unknown(format!("an internal error: {error}"))));
            done.map_err(InvokeError::from)
        });
    }
    true
}

/// `each` gets what the call tells of while it works, and `null` as the last message.
fn call(
    program: &Seam<WindowShell>,
    name: &str,
    arguments: &Value,
    each: Option<&Channel>,
) -> Result<InvokeResponseBody, ApiError> {
    let send = |body| each.is_some_and(|each| each.send(body).is_ok());
    let done = program.call(name, arguments, &mut |body| send(response(body)));
    send(InvokeResponseBody::Json("null".to_owned()));
    done.map(response)
}

fn response(body: Body) -> InvokeResponseBody {
    match body {
        Body::Json(text) => InvokeResponseBody::Json(text),
        Body::Raw(bytes) => InvokeResponseBody::Raw(bytes),
    }
}

fn channel(arguments: &Value) -> Option<JavaScriptChannelId> {
    arguments["each"].as_str()?.parse().ok()
}
