//! What the model is shown.

use tauri::State;
use tauri::ipc::Response;
use videre::api::window::{ApiError, PlanRequest, PlanView};

use crate::calls::{Host, packed};

#[tauri::command]
pub(crate) async fn plan(
    host: State<'_, Host>,
    call: u64,
    request: PlanRequest,
    chat: Option<String>,
) -> Result<PlanView, ApiError> {
    host.run(call, move |desktop, cancel| {
        desktop.plan(&request, chat.as_deref(), cancel)
    })
    .await
}

#[tauri::command]
pub(crate) async fn plan_picture(
    host: State<'_, Host>,
    call: u64,
    plan: String,
    image: usize,
) -> Result<Response, ApiError> {
    host.run(call, move |desktop, cancel| {
        Ok(Response::new(packed(
            &desktop.plan_picture(&plan, image, cancel)?,
        )?))
    })
    .await
}

#[tauri::command]
pub(crate) async fn answer_plan(
    host: State<'_, Host>,
    call: u64,
    turn: String,
) -> Result<PlanView, ApiError> {
    host.run(call, move |desktop, cancel| desktop.answer_plan(&turn, cancel))
        .await
}
