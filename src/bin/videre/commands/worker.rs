//! `videre worker`: one role of the engine, served over standard input and output.

use crate::args::WorkerRole;
use crate::engine::cache_folder;
use crate::failure::Failure;
use crate::open::index_folder;
use videre::engine::{MediaRole, ModelRole};
use videre::fault::Fault;
use videre::worker::{ProtocolStdio, serve};

pub(crate) fn run(role: WorkerRole) -> Result<(), Failure> {
    let broken = |error: &dyn std::error::Error| Failure::Explained {
        fault: Fault::Machine,
        message: format!("the worker's pipes cannot be used: {error}"),
        hint: Some("this command is for the window, which starts it by itself".to_owned()),
    };
    let stdio = ProtocolStdio::take().map_err(|error| broken(&error))?;
    let served = match role {
        WorkerRole::Media => serve(stdio, || MediaRole::new(index_folder())),
        WorkerRole::Model => serve(stdio, ModelRole::maker(cache_folder().as_deref())),
    };
    served.map_err(|error| broken(&error))
}
