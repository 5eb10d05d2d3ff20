//! `videre worker`: one role of the engine, served over standard input and output.

use crate::args::WorkerRole;
use crate::engine::cache_folder;
use crate::failure::Failure;
use crate::open::index_folder;
use videre::engine::{MediaRole, ModelRole};
use videre::fault::Fault;
use videre::worker::{ProtocolStdio, serve};

/// Steps of `nice`: enough for the window to stay quick, and not so many that an answer starves beside other work.
#[cfg(unix)]
const LOWER_PRIORITY: i32 = 10;

pub(crate) fn run(role: WorkerRole) -> Result<(), Failure> {
    let broken = |error: &dyn std::error::Error| {
        let text = format!("the worker's pipes cannot be used: {error}");
        Failure::new(Fault::Machine, text)
            .with_hint("this command is for the window, which starts it by itself")
    };
    let stdio = ProtocolStdio::take().map_err(|error| broken(&error))?;
    let served = match role {
        WorkerRole::Media => serve(stdio, MediaRole::maker(index_folder())),
        WorkerRole::Model => {
            step_back();
            serve(stdio, ModelRole::maker(cache_folder().as_deref()))
        }
    };
    served.map_err(|error| broken(&error))
}

/// The window, and whatever else the user does, come before the model: it runs at a lower priority, and leaves a core free
/// where there are more than two. Called before there are other threads, which then inherit both.
fn step_back() {
    // Without these an answer comes all the same, so nothing is said of a system that refuses.
    #[cfg(unix)]
    if let Err(error) = rustix::process::nice(LOWER_PRIORITY) {
        tracing::debug!(%error, "the priority stays as it is");
    }
    let n_cores = std::thread::available_parallelism().map_or(1, usize::from);
    if n_cores > 2 && std::env::var_os("RAYON_NUM_THREADS").is_none() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_cores - 1);
        drop(pool.build_global());
    }
}
