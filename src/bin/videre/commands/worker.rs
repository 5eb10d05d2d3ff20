//! `videre worker`: one role of the engine, served over standard input and output.

use crate::args::WorkerRole;
use crate::engine::cache_folder;
use crate::failure::Failure;
use std::path::{Path, PathBuf};
use videre::engine::{MediaRole, ModelRole};
use videre::fault::Fault;
use videre::media::{Limits, bound_memory};
use videre::private::make_folder;
use videre::sandbox::{Confinement, confine};
use videre::worker::{ProtocolStdio, serve};

/// Steps of `nice`: enough for the window to stay quick, and not so many that an answer starves beside other work.
#[cfg(unix)]
const LOWER_PRIORITY: i32 = 10;

/// How a worker goes about its work.
#[derive(Clone, Copy)]
pub(crate) struct Manner<'a> {
    /// Somebody waits for the command that started it, and does nothing else meanwhile.
    pub(crate) is_for_command: bool,
    /// Nothing is kept on disk.
    pub(crate) keeps_nothing: bool,
    /// Where its log is kept, if it is.
    pub(crate) log: Option<&'a Path>,
    /// The folder that a converter reads.
    pub(crate) from: Option<&'a Path>,
    /// The folder that it writes to.
    pub(crate) to: Option<&'a Path>,
}

/// What computing asks of the machine, and templates of the time: nothing of a person's.
const OF_THE_MACHINE: [&str; 9] = [
    "/proc/meminfo",
    "/proc/self/cgroup",
    "/proc/self/mountinfo",
    "/proc/self/status",
    "/sys/fs/cgroup",
    "/sys/devices/system",
    "/etc/os-release",
    "/etc/localtime",
    "/usr/share/zoneinfo",
];

pub(crate) fn run(role: WorkerRole, manner: Manner<'_>) -> Result<(), Failure> {
    let broken = |error: &dyn std::error::Error| {
        let text = format!("the worker's pipes cannot be used: {error}");
        Failure::new(Fault::Machine, text)
            .with_hint("this command is for the window, which starts it by itself")
    };
    let stdio = ProtocolStdio::take().map_err(|error| broken(&error))?;
    if manner.is_for_command {
        leave_group();
    }
    let log = manner.log.map(Path::to_owned);
    let served = match role {
        WorkerRole::Media => {
            bound_memory(Limits::default().max_memory_bytes);
            // Every file that it reads is handed to it open.
            confine_to(Vec::new(), log.into_iter().collect());
            serve(stdio, MediaRole::maker())
        }
        WorkerRole::Model => {
            // A card's driver does as it likes.
            if !cfg!(feature = "cuda") {
                // Every model that it reads is handed to it open.
                confine_to(of_the_machine(), cache_folder().into_iter().chain(log).collect());
            }
            if !manner.is_for_command {
                step_back();
            }
            let folder = cache_folder().filter(|_| !manner.keeps_nothing);
            serve(stdio, ModelRole::maker(folder.as_deref()))
        }
        WorkerRole::Converter => {
            let reads = manner.from.map(all_of).unwrap_or_default();
            let writes = manner.to.map(Path::to_owned).into_iter().chain(log);
            confine_to(
                reads.into_iter().chain(of_the_machine()).collect(),
                writes.collect(),
            );
            step_back();
            serve(stdio, ModelRole::maker(None))
        }
    };
    served.map_err(|error| broken(&error))
}

fn of_the_machine() -> Vec<PathBuf> {
    OF_THE_MACHINE.map(PathBuf::from).to_vec()
}

/// A folder of a checkpoint, and the files that the links in it lead to: those of a hub's cache lie elsewhere.
fn all_of(folder: &Path) -> Vec<PathBuf> {
    let listed = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut places = vec![folder.to_owned()];
    for path in listed(folder).map(|entry| entry.path()) {
        // The tower's own checkpoint lies in a folder of this one.
        let inside = listed(&path).map(|entry| entry.path());
        let links = inside.chain([path.clone()]).filter(|path| path.is_symlink());
        let files = links.filter_map(|link| link.canonicalize().ok());
        // A link to a folder would open all below that, which may be anything.
        places.extend(files.filter(|file| file.is_file()));
    }
    places
}

/// Confines this process to these places. Those that it writes to are made where they are not there: afterwards it could
/// not.
fn confine_to(reads: Vec<PathBuf>, writes: Vec<PathBuf>) {
    for folder in &writes {
        if let Err(error) = make_folder(folder) {
            tracing::debug!(%error, folder = %folder.display(), "nothing will be kept");
        }
    }
    let layers = confine(&Confinement { reads, writes });
    tracing::debug!(?layers, "confined");
}

/// Ctrl-C is for the command, which says in its own time what is to stop. When that command ends, the pipe tells.
fn leave_group() {
    #[cfg(unix)]
    if let Err(error) = rustix::process::setpgid(None, None) {
        tracing::debug!(%error, "an interrupt ends the worker as well");
    }
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
