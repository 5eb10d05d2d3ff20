//! Conversations.

use std::time::SystemTime;

use tauri::State;
use tauri::ipc::Channel;
use videre::api::window::{
    AnswerEvent, ApiError, AskRequest, Chat, ChatSummary, PlanRequest, PrepareEvent, Turn,
};

use crate::calls::Host;

#[tauri::command]
pub(crate) async fn chats(
    host: State<'_, Host>,
    call: u64,
    video: String,
) -> Result<Vec<ChatSummary>, ApiError> {
    host.run(call, move |desktop, _| desktop.chats(&video)).await
}

#[tauri::command]
pub(crate) async fn chat(host: State<'_, Host>, call: u64, chat: String) -> Result<Chat, ApiError> {
    host.run(call, move |desktop, _| desktop.chat(&chat)).await
}

#[tauri::command]
pub(crate) async fn new_chat(host: State<'_, Host>, call: u64, video: String) -> Result<Chat, ApiError> {
    host.run(call, move |desktop, _| {
        desktop.new_chat(&video, SystemTime::now())
    })
    .await
}

#[tauri::command]
pub(crate) async fn delete_chat(host: State<'_, Host>, call: u64, chat: String) -> Result<(), ApiError> {
    host.run(call, move |desktop, _| desktop.delete_chat(&chat)).await
}

/// `each` gets the events, and `null` as the last message.
#[tauri::command]
pub(crate) async fn prepare(
    host: State<'_, Host>,
    call: u64,
    request: PlanRequest,
    each: Channel<Option<PrepareEvent>>,
) -> Result<(), ApiError> {
    host.run(call, move |desktop, cancel| {
        // A page that went away hears nothing more; the work goes on for the next one.
        let done = desktop.prepare(&request, cancel, &mut |event| drop(each.send(Some(event))));
        drop(each.send(None));
        done
    })
    .await
}

/// `each` gets the events, and `null` as the last message.
#[tauri::command]
pub(crate) async fn ask(
    host: State<'_, Host>,
    call: u64,
    request: AskRequest,
    each: Channel<Option<AnswerEvent>>,
) -> Result<Turn, ApiError> {
    host.run(call, move |desktop, cancel| {
        let turn = desktop.ask(&request, cancel, &mut |event| drop(each.send(Some(event))));
        drop(each.send(None));
        turn
    })
    .await
}
