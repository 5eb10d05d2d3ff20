//! Fetching files into the cache: what is there already is not fetched, what is half there is gone on with, and nothing
//! has its final name before its hash was checked.

mod fetch;
mod keeper;
mod parts;
mod progress;
pub(super) mod request;
mod sidecar;
mod space;
mod tries;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

pub(super) use parts::remove_part;
pub use progress::{FileProgress, Phase, Progress};
pub use space::free_disk_bytes;

use self::fetch::{Job, Known};
use self::keeper::Keepers;
use self::progress::{INTERVAL, Speed, Tally, progress};
use super::hub::{Hub, RepositoryId};
use super::{Checksum, Order, OrderedFile, RegistryError};
use crate::cancel::CancelToken;

/// Files that come at the same time.
const N_AT_ONCE: usize = 4;

/// What a pull came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// Where each file of the order is, in its order.
    pub files: Vec<PathBuf>,
    /// Bytes that came over the network for it.
    pub n_fetched_bytes: u64,
}

impl Hub {
    /// Where the files of an order are, where all of them are in the cache: without the network.
    #[must_use]
    pub fn find(&self, order: &Order) -> Option<Vec<PathBuf>> {
        order.files.iter().map(|file| self.find_file(file)).collect()
    }

    pub(super) fn find_file(&self, file: &OrderedFile) -> Option<PathBuf> {
        let found = self.cache.find(&file.repository, &file.revision, &file.path)?;
        let blob = std::fs::canonicalize(&found).ok()?;
        let lies_under = blob.file_name().and_then(|name| Checksum::of_hex(name.to_str()?));
        match (&file.checksum, lies_under) {
            (Some(expected), Some(hash)) if *expected != hash => None,
            _ => Some(found),
        }
    }

    /// Fetches what is missing of an order into the cache. Runs on this thread until it is done; `on_progress` is called
    /// on it, some ten times a second. What was fetched of a file is kept, however this ends, and gone on with by the next
    /// call; a pause is a cancel.
    ///
    /// # Errors
    /// [`RegistryError`]: a file that is not there or not for everybody, a network or hub that fails for longer than
    /// [`super::Patience`] says, a full disk, files that are not what they should be, a cancel.
    pub fn pull(
        &self,
        order: &Order,
        cancel: &CancelToken,
        on_progress: &mut dyn FnMut(&Progress),
    ) -> Result<Pulled, RegistryError> {
        let tallies: Vec<Arc<Tally>> = order
            .files
            .iter()
            .map(|file| Arc::new(Tally::new(file.path.clone(), file.n_bytes)))
            .collect();
        let found = self.find(order);
        let pulled = match found {
            Some(files) => {
                for (file, tally) in files.iter().zip(&tallies) {
                    tally.done(std::fs::metadata(file).map_or(0, |about| about.len()));
                }
                files
            }
            None if self.is_offline => {
                return Err(RegistryError::Offline {
                    what: order.name.clone(),
                });
            }
            None => self.fetch(order, &tallies, cancel, on_progress)?,
        };
        on_progress(&progress(tallies.iter().map(|tally| &**tally), None));
        Ok(Pulled {
            files: pulled,
            n_fetched_bytes: tallies.iter().map(|tally| tally.n_fetched_bytes()).sum(),
        })
    }

    fn fetch(
        &self,
        order: &Order,
        tallies: &[Arc<Tally>],
        cancel: &CancelToken,
        on_progress: &mut dyn FnMut(&Progress),
    ) -> Result<Vec<PathBuf>, RegistryError> {
        let client = request::client(self)?;
        let keepers = Arc::new(Keepers::default());
        let jobs = order.files.iter().zip(tallies).map(|(file, tally)| {
            Arc::new(Job {
                hub: self.clone(),
                client: client.clone(),
                file: file.clone(),
                tally: Arc::clone(tally),
                keepers: Arc::clone(&keepers),
                cancel: cancel.clone(),
            })
        });
        let work = fetch_all(self, jobs.collect());
        let fetched = run(cancel, tell_meanwhile(work, tallies, on_progress));
        keepers.join();
        fetched
    }
}

/// Runs a piece of work with its connections on this thread, until it is done or cancelled.
pub(super) fn run<T>(
    cancel: &CancelToken,
    work: impl Future<Output = Result<T, RegistryError>>,
) -> Result<T, RegistryError> {
    cancel.check()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_name("download names")
        .build()
        .map_err(|error| RegistryError::Start {
            why: error.to_string(),
        })?;
    let done = runtime.block_on(async {
        tokio::select! {
            biased;
            () = cancelled(cancel) => Err(RegistryError::Cancelled),
            done = work => done,
        }
    });
    // A look-up of a name that hangs is nobody's any more.
    runtime.shutdown_background();
    done
}

/// Until the token is cancelled.
async fn cancelled(cancel: &CancelToken) {
    let (tell, told) = oneshot::channel::<()>();
    let _wake = cancel.on_cancel(move || drop(tell));
    // That nobody can tell it any more is what tells it.
    told.await.ok();
}

/// Does `work`, and tells how far it is while it goes on.
async fn tell_meanwhile<T>(
    work: impl Future<Output = T>,
    tallies: &[Arc<Tally>],
    on_progress: &mut dyn FnMut(&Progress),
) -> T {
    let mut work = std::pin::pin!(work);
    let mut ticks = tokio::time::interval(INTERVAL);
    let mut speed = Speed::new(Instant::now());
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = ticks.tick() => {
                let n_fetched_bytes = tallies.iter().map(|tally| tally.n_fetched_bytes()).sum();
                let speed = speed.look(n_fetched_bytes, Instant::now());
                on_progress(&progress(tallies.iter().map(|tally| &**tally), speed));
            }
        }
    }
}

async fn fetch_all(hub: &Hub, jobs: Vec<Arc<Job>>) -> Result<Vec<PathBuf>, RegistryError> {
    let known = look_at_all(&jobs).await?;
    let places = jobs.iter().zip(&known).map(|(job, known)| job.place(known));
    space::check(
        hub.cache.folder(),
        places.map(|place| place.n_missing_bytes()).sum(),
    )?;
    let permits = Arc::new(Semaphore::new(N_AT_ONCE));
    let mut tasks = JoinSet::new();
    for (index, (job, known)) in jobs.iter().zip(&known).enumerate() {
        let (job, known, permits) = (Arc::clone(job), known.clone(), Arc::clone(&permits));
        tasks.spawn(async move {
            let _permit = permits.acquire().await;
            (index, job.fetch(known).await)
        });
    }
    let (mut files, mut commits) = (vec![PathBuf::new(); jobs.len()], Vec::new());
    while let Some(joined) = tasks.join_next().await {
        let (index, fetched) = joined.map_err(|error| RegistryError::Start {
            why: error.to_string(),
        })?;
        let (file, commit) = fetched?;
        files[index] = file;
        commits.push((index, commit));
    }
    for (index, commit) in commits {
        let OrderedFile {
            repository, revision, ..
        } = &jobs[index].file;
        hub.cache.keep_reference(repository, revision, &commit)?;
    }
    Ok(files)
}

/// Asks about every file, those of a repository at the same commit.
async fn look_at_all(jobs: &[Arc<Job>]) -> Result<Vec<Known>, RegistryError> {
    let mut commits: BTreeMap<(&RepositoryId, &str), String> = BTreeMap::new();
    let mut known = Vec::with_capacity(jobs.len());
    for job in jobs {
        let OrderedFile {
            repository, revision, ..
        } = &job.file;
        let commit = commits.get(&(repository, revision.as_str()));
        let of_file = job.look(commit.unwrap_or(revision)).await?;
        commits.insert((repository, revision), of_file.commit.clone());
        known.push(of_file);
    }
    Ok(known)
}
