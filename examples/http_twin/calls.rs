//! The calls of the seam by their names, each one call of the desktop.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use videre::api::window::{ApiError, AppEvent, ErrorCode};
use videre::cancel::CancelToken;

use crate::Twin;
use crate::wire::Answer;

pub(crate) fn call(
    twin: &Twin,
    name: &str,
    arguments: &Value,
    cancel: &CancelToken,
    answer: &mut Answer,
) -> Result<Value, ApiError> {
    let desktop = &twin.desktop;
    let text = |key: &str| arguments[key].as_str().unwrap_or_default().to_owned();
    let number = |key: &str| arguments[key].as_u64().unwrap_or_default();
    match name {
        "cancel" => {
            if let Some(cancel) = crate::running(twin).get(&number("call")) {
                cancel.cancel();
            }
            Ok(Value::Null)
        }
        "listen" => {
            listen(twin, cancel, answer);
            Ok(Value::Null)
        }
        "openWithDialog" => value([desktop.open_file(&twin.video, cancel, &mut |_| {})?]),
        "openSample" => {
            let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/sample.mp4");
            value(desktop.open_file(&sample, cancel, &mut |_| {})?)
        }
        "openRecent" => value(desktop.open_recent(&text("video"), cancel, &mut |_| {})?),
        "recentVideos" => value(desktop.recent_videos()?),
        "forgetVideo" => value(desktop.forget_video(&text("video"), cancel)?),
        "poster" => {
            answer.picture(0, &desktop.poster(&text("video"))?);
            Ok(Value::Null)
        }
        "frameTimes" => value(desktop.frame_times(&text("video"), cancel)?),
        "frame" => {
            answer.picture(0, &desktop.frame(&given(arguments, "request")?, cancel)?);
            Ok(Value::Null)
        }
        "filmstrip" => {
            let request = given(arguments, "request")?;
            value(desktop.filmstrip(&request, cancel, &mut |slot, shown| answer.picture(slot, &shown))?)
        }
        "setScrubbing" => value(desktop.set_scrubbing(arguments["is_scrubbing"] == true)?),
        "saveFrame" => {
            let (frame, name) = desktop.full_frame(&text("video"), number("index") as usize, cancel)?;
            let saved = frame.image.save(twin.folder.join(&name));
            saved.map_err(|error| unknown(error.to_string()))?;
            Ok(json!({ "name": name }))
        }
        "plan" => {
            let request = given(arguments, "request")?;
            value(desktop.plan(&request, arguments["chat"].as_str(), cancel)?)
        }
        "planPicture" => {
            let shown = desktop.plan_picture(&text("plan"), number("image") as usize, cancel)?;
            answer.picture(0, &shown);
            Ok(Value::Null)
        }
        "prepare" => {
            let request = given(arguments, "request")?;
            value(desktop.prepare(&request, cancel, &mut |event| answer.event(&event))?)
        }
        "chats" => value(desktop.chats(&text("video"))?),
        "chat" => value(desktop.chat(&text("chat"))?),
        "newChat" => value(desktop.new_chat(&text("video"), SystemTime::now())?),
        "deleteChat" => value(desktop.delete_chat(&text("chat"))?),
        "ask" => {
            let request = given(arguments, "request")?;
            value(desktop.ask(&request, cancel, &mut |event| answer.event(&event))?)
        }
        "answerPlan" => value(desktop.answer_plan(&text("turn"), cancel)?),
        "start" => value(desktop.start(cancel)?),
        "modelState" => value(desktop.model_state()),
        "models" => value(desktop.models(cancel)?),
        "pickModel" => value(desktop.picked_model(std::slice::from_ref(&twin.model), cancel)),
        "loadModel" => value(desktop.load_model(&text("model"), cancel)?),
        "settings" => value(desktop.settings()?),
        "changeSettings" => {
            let changes = arguments["changes"].as_object().cloned().unwrap_or_default();
            value(desktop.change_settings(&changes)?)
        }
        "diagnosis" => value(desktop.diagnosis(arguments["with_file_names"] == true, cancel)),
        other => Err(unknown(format!("there is no call '{other}'"))),
    }
}

/// Hands events on until the page goes away.
fn listen(twin: &Twin, cancel: &CancelToken, answer: &mut Answer) {
    let (send, events) = sync_channel::<Option<AppEvent>>(64);
    let send = Arc::new(send);
    // The next page that listens takes this one's place, and the channel ends.
    let wake = Arc::downgrade(&send);
    let _waking = cancel.on_cancel(move || {
        if let Some(wake) = wake.upgrade() {
            drop(wake.try_send(None));
        }
    });
    // A page that went away hears nothing.
    twin.desktop.listen(move |event| drop(send.send(Some(event))));
    while let Ok(Some(event)) = events.recv() {
        answer.event(&event);
        // Where there was no room for the word of it.
        if cancel.is_cancelled() {
            return;
        }
    }
}

fn given<T: DeserializeOwned>(arguments: &Value, key: &str) -> Result<T, ApiError> {
    serde_json::from_value(arguments[key].clone()).map_err(|error| unknown(format!("{key}: {error}")))
}

fn value(value: impl Serialize) -> Result<Value, ApiError> {
    serde_json::to_value(value).map_err(|error| unknown(error.to_string()))
}

fn unknown(message: String) -> ApiError {
    ApiError {
        code: ErrorCode::Unknown,
        message,
        hint: None,
    }
}
