//! The window's calls over HTTP, so that the page can be driven in a headless browser against the real desktop, the real
//! decoder and the real model. For tests: it is in no package, and listens to this machine alone.
//!
//! A call is `POST /twin/<name>?call=<number>` with its arguments as JSON. The answer is a row of messages, each a length
//! (4 bytes, little endian), a kind (1 byte) and its bytes: events as JSON, pictures, and at last what the call came to.

mod calls;
mod wire;

use std::collections::HashMap;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tiny_http::{Request, Server};
use videre::cancel::CancelToken;
use videre::chat::Store;
use videre::desktop::Desktop;
use videre::engine::{Engine, MediaRole, ModelRole};
use videre::worker::Local;

use wire::Answer;

/// What the calls share.
struct Twin {
    desktop: Arc<Desktop>,
    folder: PathBuf,
    /// What the dialogs give: a video, and a folder with a model.
    video: PathBuf,
    model: PathBuf,
    running: Mutex<HashMap<u64, CancelToken>>,
}

/// Arguments: a folder for what is kept, what the dialog for videos gives, what the one for models gives.
fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let mut next = || {
        arguments
            .next()
            .ok_or_else(|| anyhow::anyhow!("http_twin FOLDER VIDEO MODEL"))
    };
    let (folder, video, model) = (next()?, next()?, next()?);
    let cache = folder.join("cache");
    let index = cache.join("index");
    let media = Local::new("media", MediaRole::maker(Some(index)));
    let role = Local::new("model", ModelRole::maker(Some(&cache)));
    let engine = Engine::new(Arc::new(media), Arc::new(role));
    let store = Store::open(&folder.join("data").join("videre.db"))?;
    let twin = Arc::new(Twin {
        desktop: Arc::new(Desktop::new(Arc::new(engine), store)),
        folder,
        video,
        model,
        running: Mutex::default(),
    });
    let server = Server::http("127.0.0.1:0").map_err(|error| anyhow::anyhow!("{error}"))?;
    writeln!(stdout(), "http://{}", server.server_addr())?;
    stdout().flush()?;
    for request in server.incoming_requests() {
        let twin = Arc::clone(&twin);
        std::thread::Builder::new()
            .name("call".to_owned())
            .spawn(move || serve(&twin, request))?;
    }
    Ok(())
}

fn serve(twin: &Twin, mut request: Request) {
    let url = request.url().to_owned();
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    let name = path.trim_start_matches("/twin/").to_owned();
    let call = query
        .strip_prefix("call=")
        .and_then(|number| number.parse().ok())
        .unwrap_or(0);
    let mut body = String::new();
    if request.as_reader().read_to_string(&mut body).is_err() {
        return;
    }
    let arguments = serde_json::from_str(&body).unwrap_or_default();
    let cancel = CancelToken::new();
    running(twin).insert(call, cancel.clone());
    // A page that went away wants nothing more.
    let gone = cancel.clone();
    let mut answer = Answer::begin(request.into_writer(), move || gone.cancel());
    let done = calls::call(twin, &name, &arguments, &cancel, &mut answer);
    running(twin).remove(&call);
    answer.end(done);
}

fn running(twin: &Twin) -> std::sync::MutexGuard<'_, HashMap<u64, CancelToken>> {
    twin.running.lock().unwrap_or_else(PoisonError::into_inner)
}
