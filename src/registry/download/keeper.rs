//! The part of a file on disk: written and hashed by a thread of its own, so that neither holds up the network. What is
//! written is on disk to every other process at once, so a kill loses what is on the way and no more.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::progress::{Phase, Tally};
use super::sidecar::Sidecar;
use crate::cancel::CancelToken;
use crate::registry::checksum::Hasher;
use crate::registry::hub::{Cache, RepositoryId};
use crate::registry::{Checksum, RegistryError};

/// Pieces between network and disk, each of at most some hundred kilobytes: what a kill may lose.
const N_PIECES: usize = 1;

/// Where a file is put together, and what it has to be.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) blob: PathBuf,
    pub(super) part: PathBuf,
    pub(super) lock: PathBuf,
    pub(super) checksum: Checksum,
    pub(super) n_bytes: u64,
    /// Its path in the repository, for messages.
    pub(super) name: String,
}

impl Place {
    pub(super) fn of(
        cache: &Cache,
        id: &RepositoryId,
        name: &str,
        checksum: &Checksum,
        n_bytes: u64,
    ) -> Self {
        Self {
            blob: cache.blob(id, checksum),
            part: cache.part(id, checksum),
            lock: cache.lock(id, checksum),
            checksum: checksum.clone(),
            n_bytes,
            name: name.to_owned(),
        }
    }

    /// Bytes that are still to come, as far as can be seen without a lock.
    pub(super) fn n_missing_bytes(&self) -> u64 {
        let len = |path: &Path| fs::metadata(path).map_or(0, |about| about.len());
        let n_bytes = len(&self.blob).max(len(&self.part));
        self.n_bytes.saturating_sub(n_bytes)
    }
}

/// What was found when a place was opened.
#[derive(Debug)]
pub(super) enum Opened {
    /// All of it: another process has brought it.
    Whole,
    /// So many bytes, of something that had this ETag.
    Part { n_bytes: u64, etag: Option<String> },
}

enum Step {
    Write(Bytes),
    /// What comes next has this ETag.
    Note(Option<String>),
    /// From the beginning.
    Rewind,
    Finish,
    Discard,
}

/// The side of whoever fetches.
pub(super) struct Keeper {
    steps: mpsc::Sender<Step>,
    ended: oneshot::Receiver<Result<(), RegistryError>>,
    n_bytes: u64,
    etag: Option<String>,
}

/// The threads of a pull.
#[derive(Debug, Default)]
pub(super) struct Keepers(Mutex<Vec<(Arc<AtomicBool>, JoinHandle<()>)>>);

impl Keepers {
    /// Waits until those that write have written: they are nowhere else once nobody sends them anything. One that still
    /// waits for another process finds that nobody wants anything of it any more, later and alone.
    pub(super) fn join(&self) {
        let threads = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for (has_lock, thread) in threads {
            if has_lock.load(Ordering::Acquire) && thread.join().is_err() {
                tracing::error!("a thread of a download panicked");
            }
        }
    }
}

impl Keeper {
    /// Takes the lock of a place, and reads again what is there of it.
    pub(super) async fn open(
        keepers: &Keepers,
        place: Place,
        tally: &Arc<Tally>,
        cancel: &CancelToken,
    ) -> Result<(Self, Opened), RegistryError> {
        let (steps, next) = mpsc::channel(N_PIECES);
        let (tell_ready, ready) = oneshot::channel();
        let (tell_end, ended) = oneshot::channel();
        let has_lock = Arc::new(AtomicBool::new(false));
        let desk = Desk {
            place,
            tally: Arc::clone(tally),
            cancel: cancel.clone(),
            has_lock: Arc::clone(&has_lock),
        };
        let thread = std::thread::Builder::new()
            .name("download write".to_owned())
            // Nobody may listen any more.
            .spawn(move || drop(tell_end.send(desk.work(tell_ready, next))))
            .map_err(|error| RegistryError::Start {
                why: error.to_string(),
            })?;
        keepers
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((has_lock, thread));
        let mut keeper = Self {
            steps,
            ended,
            n_bytes: 0,
            etag: None,
        };
        let Ok(opened) = ready.await else {
            return Err(keeper.end().await.err().unwrap_or(RegistryError::Cancelled));
        };
        if let Opened::Part { n_bytes, etag } = &opened {
            (keeper.n_bytes, keeper.etag) = (*n_bytes, etag.clone());
        }
        Ok((keeper, opened))
    }

    /// Bytes that are there or on their way to the disk.
    pub(super) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// The ETag that these were under.
    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// Waits until there is room for a piece.
    pub(super) async fn room(&mut self) -> Result<Room<'_>, RegistryError> {
        let Self {
            steps,
            ended,
            n_bytes,
            ..
        } = self;
        match steps.reserve().await {
            Ok(permit) => Ok(Room { permit, n_bytes }),
            Err(_) => Err(why_ended(ended).await),
        }
    }

    pub(super) async fn note(&mut self, etag: Option<String>) -> Result<(), RegistryError> {
        self.etag.clone_from(&etag);
        self.send(Step::Note(etag)).await
    }

    /// Starts over.
    pub(super) async fn rewind(&mut self) -> Result<(), RegistryError> {
        (self.n_bytes, self.etag) = (0, None);
        self.send(Step::Rewind).await
    }

    /// Checks what is there by its hash, and gives it its final name.
    pub(super) async fn finish(mut self) -> Result<(), RegistryError> {
        self.send(Step::Finish).await?;
        self.end().await
    }

    /// Removes what is there.
    pub(super) async fn discard(mut self) -> Result<(), RegistryError> {
        self.send(Step::Discard).await?;
        self.end().await
    }

    async fn send(&mut self, step: Step) -> Result<(), RegistryError> {
        match self.steps.send(step).await {
            Ok(()) => Ok(()),
            Err(_) => Err(why_ended(&mut self.ended).await),
        }
    }

    async fn end(self) -> Result<(), RegistryError> {
        drop(self.steps);
        self.ended.await.unwrap_or(Err(RegistryError::Cancelled))
    }
}

/// Why a thread takes no more steps.
async fn why_ended(ended: &mut oneshot::Receiver<Result<(), RegistryError>>) -> RegistryError {
    let end = ended.await.unwrap_or(Ok(()));
    end.err().unwrap_or(RegistryError::Cancelled)
}

/// Room for one piece between network and disk.
pub(super) struct Room<'a> {
    permit: mpsc::Permit<'a, Step>,
    n_bytes: &'a mut u64,
}

impl Room<'_> {
    pub(super) fn write(self, piece: Bytes) {
        *self.n_bytes += piece.len() as u64;
        self.permit.send(Step::Write(piece));
    }
}

/// The side of the thread.
struct Desk {
    place: Place,
    tally: Arc<Tally>,
    cancel: CancelToken,
    has_lock: Arc<AtomicBool>,
}

impl Desk {
    fn work(
        &self,
        ready: oneshot::Sender<Opened>,
        mut steps: mpsc::Receiver<Step>,
    ) -> Result<(), RegistryError> {
        let place = &self.place;
        for folder in [place.blob.parent(), place.lock.parent()].into_iter().flatten() {
            fs::create_dir_all(folder).map_err(RegistryError::write(folder))?;
        }
        let _lock = lock(&place.lock).map_err(RegistryError::write(&place.lock))?;
        self.has_lock.store(true, Ordering::Release);
        if ready.is_closed() {
            return Ok(());
        }
        match fs::metadata(&place.blob) {
            Ok(about) if about.len() == place.n_bytes => {
                // Of a process that was killed when it had just named the file.
                Sidecar::remove(&place.part).map_err(RegistryError::write(&place.part))?;
                self.tally.set_bytes(place.n_bytes);
                drop(ready.send(Opened::Whole));
                return Ok(());
            }
            // Whoever left it so did not check it.
            Ok(_) => fs::remove_file(&place.blob).map_err(RegistryError::write(&place.blob))?,
            Err(_) => {}
        }
        let mut part = Part::open(place, &self.tally, &self.cancel)?;
        let opened = Opened::Part {
            n_bytes: part.n_bytes,
            etag: part.sidecar.etag.clone(),
        };
        if ready.send(opened).is_err() {
            return Ok(());
        }
        while let Some(step) = steps.blocking_recv() {
            match step {
                Step::Write(piece) => {
                    part.write(&piece)?;
                    self.tally.set_bytes(part.n_bytes);
                    self.tally.add_fetched(piece.len() as u64);
                }
                Step::Note(etag) => part.note(etag)?,
                Step::Rewind => {
                    part.rewind()?;
                    self.tally.set_bytes(0);
                }
                Step::Finish => {
                    self.tally.set_phase(Phase::Verifying);
                    return part.finish();
                }
                Step::Discard => return part.discard(),
            }
        }
        Ok(())
    }
}

/// A file that is not whole yet.
struct Part<'a> {
    place: &'a Place,
    file: File,
    hasher: Hasher,
    n_bytes: u64,
    sidecar: Sidecar,
}

impl<'a> Part<'a> {
    /// Reads again what is there: its hash goes on from it.
    fn open(place: &'a Place, tally: &Tally, cancel: &CancelToken) -> Result<Self, RegistryError> {
        let mut open = OpenOptions::new();
        open.read(true).write(true).create(true).truncate(false);
        let mut file = open
            .open(&place.part)
            .map_err(RegistryError::write(&place.part))?;
        let n_there = file.metadata().map_err(RegistryError::read(&place.part))?.len();
        let sidecar = Sidecar::read(&place.part).filter(|sidecar| sidecar.n_bytes == place.n_bytes);
        let mut hasher = place.checksum.hasher(place.n_bytes);
        // Parts that other programs left have no sidecar; their name says what they are of.
        let n_bytes = if n_there <= place.n_bytes {
            let read = hasher.update_from(&mut file, cancel, |n_bytes| tally.set_bytes(n_bytes));
            read.map_err(|error| error.about(&place.part))?
        } else {
            0
        };
        let mut part = Self {
            place,
            file,
            hasher,
            n_bytes,
            sidecar: sidecar.unwrap_or_else(|| Sidecar::new(&place.name, place.n_bytes)),
        };
        if n_there > place.n_bytes {
            part.rewind()?;
        }
        Ok(part)
    }

    fn write(&mut self, piece: &[u8]) -> Result<(), RegistryError> {
        self.file
            .write_all(piece)
            .map_err(RegistryError::write(&self.place.part))?;
        self.hasher.update(piece);
        self.n_bytes += piece.len() as u64;
        Ok(())
    }

    fn note(&mut self, etag: Option<String>) -> Result<(), RegistryError> {
        if self.sidecar.etag == etag {
            return Ok(());
        }
        self.sidecar.etag = etag;
        self.sidecar
            .write(&self.place.part)
            .map_err(RegistryError::write(&self.place.part))
    }

    fn rewind(&mut self) -> Result<(), RegistryError> {
        // The bytes first: an old ETag without them says nothing wrong.
        let emptied = self.file.set_len(0).and_then(|()| self.file.rewind());
        emptied.map_err(RegistryError::write(&self.place.part))?;
        (self.n_bytes, self.hasher) = (0, self.place.checksum.hasher(self.place.n_bytes));
        self.note(None)
    }

    fn finish(self) -> Result<(), RegistryError> {
        let place = self.place;
        if self.n_bytes != place.n_bytes {
            return Err(RegistryError::WrongSize {
                file: place.name.clone(),
                n_bytes: self.n_bytes,
                expected_bytes: place.n_bytes,
            });
        }
        let hash = self.hasher.hex();
        if hash != place.checksum.hex() {
            remove(&place.part)?;
            return Err(RegistryError::WrongHash {
                file: place.name.clone(),
                hash,
                expected: place.checksum.hex().to_owned(),
            });
        }
        self.file.sync_all().map_err(RegistryError::write(&place.part))?;
        fs::rename(&place.part, &place.blob).map_err(RegistryError::write(&place.blob))?;
        sync_folder(&place.blob).map_err(RegistryError::write(&place.blob))?;
        Sidecar::remove(&place.part).map_err(RegistryError::write(&place.part))
    }

    fn discard(self) -> Result<(), RegistryError> {
        remove(&self.place.part)
    }
}

pub(super) fn remove(part: &Path) -> Result<(), RegistryError> {
    let removed = fs::remove_file(part).and_then(|()| Sidecar::remove(part));
    removed.map_err(RegistryError::write(part))
}

/// Waits until no other process, and no other pull of this one, works on the same bytes. The same lock as
/// `huggingface_hub`'s; it goes with its holder, however that ends.
fn lock(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    match file.lock() {
        // Some network file systems have no locks: then nobody has one.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
        locked => locked.map(|()| file),
    }
}

/// A name lasts through a loss of power once its folder is on disk.
#[cfg(unix)]
fn sync_folder(file: &Path) -> io::Result<()> {
    File::open(file.parent().unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_file: &Path) -> io::Result<()> {
    Ok(())
}
