//! The two worker processes: the command line's own binary, which lies beside this one.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use videre::engine::{Engine, MediaProtocol, ModelProtocol};
use videre::worker::{Client, WorkerCommand};

/// An engine over two workers. Each is started when it is first needed, and again after it ended.
pub(crate) fn engine() -> std::io::Result<Engine> {
    let media = Client::<MediaProtocol>::new(command("media", "the video reader")?);
    let model = Client::<ModelProtocol>::new(command("model", "the model")?);
    Ok(Engine::new(Arc::new(media), Arc::new(model)))
}

fn command(role: &str, called: &'static str) -> std::io::Result<WorkerCommand> {
    Ok(WorkerCommand {
        program: beside("videre")?,
        args: vec![OsString::from("worker"), OsString::from(role)],
        called,
    })
}

/// A program of the same package.
fn beside(name: &str) -> std::io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}
