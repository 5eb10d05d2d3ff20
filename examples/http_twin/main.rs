//! The window's calls over HTTP, so that the page can be driven in a headless browser against the real desktop, the real
//! decoder and the real model. For tests: it is in no package, and listens to this machine alone.
//!
//! A call is `POST /twin/<name>` with its arguments as JSON. The answer is a row of messages, each a length (4 bytes,
//! little endian), a kind (1 byte) and its bytes: what the call tells of, and at last what it came to.

mod wire;

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::sync::Arc;

use tiny_http::{Request, Server};
use videre::api::window::{ApiError, PickFrom};
use videre::cancel::CancelToken;
use videre::chat::Store;
use videre::desktop::{Desktop, Seam, Shell, Window, unknown};
use videre::engine::{Engine, MediaRole, ModelRole};
use videre::worker::Local;

use wire::Answer;

/// A page without a window around it.
struct Twin {
    desktop: Arc<Desktop>,
    folder: PathBuf,
    /// What the dialogs give: a video, and a folder with a model.
    video: PathBuf,
    model: PathBuf,
}

impl Shell for Twin {
    fn choose_videos(&self) -> Result<Vec<PathBuf>, ApiError> {
        Ok(vec![self.video.clone()])
    }

    fn choose_model(&self, _from: PickFrom) -> Result<Option<Vec<PathBuf>>, ApiError> {
        Ok(Some(vec![self.model.clone()]))
    }

    fn choose_target(&self, name: &str) -> Result<Option<PathBuf>, ApiError> {
        Ok(Some(self.folder.join(name)))
    }

    fn sample(&self) -> Result<PathBuf, ApiError> {
        Ok(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/sample.mp4"))
    }

    fn names_to_open(&self) -> Vec<String> {
        Vec::new()
    }

    fn copy_picture(&self, _rgba: &[u8], _width: u32, _height: u32) -> Result<(), ApiError> {
        Ok(())
    }

    fn begin(&self) -> Result<(), ApiError> {
        let desktop = Arc::clone(&self.desktop);
        let started = std::thread::Builder::new()
            .name("start".to_owned())
            .spawn(move || desktop.start(&CancelToken::new()));
        started.map(drop).map_err(|error| unknown(error.to_string()))
    }

    fn scrub(&self, is_scrubbing: bool) {
        self.desktop.set_scrubbing(is_scrubbing).ok();
    }

    fn window(&self) -> Option<&dyn Window> {
        None
    }
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
    let media = Local::new("media", MediaRole::maker());
    let role = Local::new("model", ModelRole::maker(Some(&cache)));
    let engine = Engine::new(Arc::new(media), Arc::new(role)).keeping_lists(Some(index));
    let store = Store::open(&folder.join("data").join("videre.db"))?;
    let desktop = Arc::new(Desktop::new(Arc::new(engine), store));
    let twin = Twin {
        desktop: Arc::clone(&desktop),
        folder,
        video,
        model,
    };
    let seam = Arc::new(Seam::new(desktop, twin));
    let server = Server::http("127.0.0.1:0").map_err(|error| anyhow::anyhow!("{error}"))?;
    writeln!(stdout(), "http://{}", server.server_addr())?;
    stdout().flush()?;
    for request in server.incoming_requests() {
        let seam = Arc::clone(&seam);
        std::thread::Builder::new()
            .name("call".to_owned())
            .spawn(move || serve(&seam, request))?;
    }
    Ok(())
}

fn serve(seam: &Seam<Twin>, mut request: Request) {
    let name = request.url().trim_start_matches("/twin/").to_owned();
    let mut body = String::new();
    if request.as_reader().read_to_string(&mut body).is_err() {
        return;
    }
    let arguments = serde_json::from_str(&body).unwrap_or_default();
    let mut answer = Answer::begin(request.into_writer());
    let done = seam.call(&name, &arguments, &mut |message| answer.tell(message));
    answer.end(done);
}
