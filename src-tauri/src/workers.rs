//! The two worker processes: the command line's own binary, which lies beside this one.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use videre::api::window::WorkerRole;
use videre::chat::Store;
use videre::desktop::Desktop;
use videre::engine::{Engine, MediaProtocol, ModelProtocol, usual_list_folder};
use videre::logs;
use videre::worker::{Client, Patience, WorkerCommand};

/// A desktop over two workers. Each is started when it is first needed, and again after it ended.
pub(crate) fn desktop(store: Store) -> std::io::Result<Arc<Desktop>> {
    let media = command("media", "the video reader", Patience::WITH_MEDIA)?;
    let media = Arc::new(Client::<MediaProtocol>::new(media));
    let model = command("model", "the model", Patience::WITH_MODEL)?;
    let model = Arc::new(Client::<ModelProtocol>::new(model));
    let converter = command("converter", "the converter", Patience::WITH_MODEL)?;
    let engine = Engine::new(Arc::clone(&media) as _, Arc::clone(&model) as _)
        .keeping_lists(usual_list_folder())
        .converting_with(Arc::new(move |from, to| {
            let mut converter = converter.clone();
            let folders = [
                "--from".as_ref(),
                from.as_os_str(),
                "--to".as_ref(),
                to.as_os_str(),
            ];
            converter.args.extend(folders.map(OsString::from));
            Arc::new(Client::new(converter))
        }));
    let desktop = Arc::new(Desktop::new(Arc::new(engine), store));
    desktop.watch(&media, WorkerRole::Media);
    desktop.watch(&model, WorkerRole::Model);
    Ok(desktop)
}

fn command(role: &str, called: &'static str, patience: Patience) -> std::io::Result<WorkerCommand> {
    let mut args = vec![OsString::from("worker"), OsString::from(role)];
    if let Ok(folder) = logs::usual_folder() {
        args.extend([OsString::from("--log"), folder.into()]);
    }
    Ok(WorkerCommand {
        program: beside("videre")?,
        args,
        called,
        patience,
    })
}

/// A program of the same package.
fn beside(name: &str) -> std::io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}
