//! One file: asked about, fetched in as many attempts as it takes, verified, put in its place.

use std::path::PathBuf;
use std::sync::Arc;

use reqwest::{Client, Method, StatusCode, Url};

use super::keeper::{Keeper, Keepers, Opened, Place};
use super::progress::{Phase, Tally};
use super::request::{Answer, Asked, Start, ask, file_url, unanswered_by};
use super::tries::{Tries, Trouble, wait};
use crate::cancel::CancelToken;
use crate::registry::hub::Hub;
use crate::registry::hub::cache::is_commit;
use crate::registry::{Checksum, OrderedFile, RegistryError};

/// A file, and what it is fetched with.
pub(super) struct Job {
    pub(super) hub: Hub,
    pub(super) client: Client,
    pub(super) file: OrderedFile,
    pub(super) tally: Arc<Tally>,
    pub(super) keepers: Arc<Keepers>,
    pub(super) cancel: CancelToken,
}

/// What the hub says of a file.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) commit: String,
    pub(super) checksum: Checksum,
    pub(super) n_bytes: u64,
}

/// How a transfer ended that did not fail.
enum Ending {
    Done,
    /// What comes is not what has come.
    Changed,
}

impl Job {
    /// Asks the hub about the file at `revision`.
    pub(super) async fn look(&self, revision: &str) -> Result<Known, RegistryError> {
        let mut tries = Tries::new(self.hub.patience);
        loop {
            match self.look_once(revision).await {
                Ok(known) => {
                    self.tally.set_total(known.n_bytes);
                    self.tally.set_trouble(None);
                    return Ok(known);
                }
                Err(trouble) => self.rest(&mut tries, trouble).await?,
            }
        }
    }

    async fn look_once(&self, revision: &str) -> Result<Known, Trouble> {
        let asked = self.asked();
        let answer = ask(&self.client, &asked, Method::HEAD, self.url(revision)?, None).await?;
        let status = answer.response.status();
        if !status.is_success() && !status.is_redirection() {
            return Err(trouble_of(&answer, &asked));
        }
        let n_body_bytes = answer.n_body_bytes().filter(|_| status == StatusCode::OK);
        let n_bytes = answer.about.n_bytes.or(n_body_bytes);
        let commit = answer.about.commit.clone();
        let commit = commit.or_else(|| is_commit(revision).then(|| revision.to_owned()));
        let (Some(n_bytes), Some(commit)) = (n_bytes, commit) else {
            return Err(self.senseless(&answer, "it says neither size nor commit").into());
        };
        let checksum = match (&self.file.checksum, answer.about.checksum) {
            (Some(expected), Some(hub)) if *expected != hub => {
                return Err(RegistryError::Replaced {
                    file: self.file.path.clone(),
                    hash: hub.hex().to_owned(),
                    expected: expected.hex().to_owned(),
                }
                .into());
            }
            (Some(checksum), _) => checksum.clone(),
            (None, Some(checksum)) => checksum,
            (None, None) => {
                let file = self.file.path.clone();
                return Err(RegistryError::NoHash { file }.into());
            }
        };
        Ok(Known {
            commit,
            checksum,
            n_bytes,
        })
    }

    /// Where what is known of the file is put together.
    pub(super) fn place(&self, known: &Known) -> Place {
        let Known {
            checksum, n_bytes, ..
        } = known;
        Place::of(
            &self.hub.cache,
            &self.file.repository,
            &self.file.path,
            checksum,
            *n_bytes,
        )
    }

    /// Fetches it, and says where it is, and of which commit.
    pub(super) async fn fetch(&self, mut known: Known) -> Result<(PathBuf, String), RegistryError> {
        let mut may_restart = true;
        loop {
            let place = self.place(&known);
            let (mut keeper, opened) = Keeper::open(&self.keepers, place, &self.tally, &self.cancel).await?;
            let was_resumed = keeper.n_bytes() > 0;
            if let Opened::Part { .. } = opened {
                match self.transfer(&known, &mut keeper).await? {
                    Ending::Changed => {
                        keeper.discard().await?;
                        if !std::mem::take(&mut may_restart) {
                            let file = self.file.path.clone();
                            return Err(RegistryError::Changing { file });
                        }
                        known = self.look(&self.file.revision).await?;
                        continue;
                    }
                    Ending::Done => match keeper.finish().await {
                        // Not what has come now, but what was there before, may be what is wrong.
                        Err(RegistryError::WrongHash { .. }) if was_resumed && may_restart => {
                            may_restart = false;
                            continue;
                        }
                        finished => finished?,
                    },
                }
            }
            self.tally.done(known.n_bytes);
            let OrderedFile { repository, path, .. } = &self.file;
            let placed = (self.hub.cache).place(repository, &known.commit, path, &known.checksum)?;
            return Ok((placed, known.commit));
        }
    }

    /// Brings what is missing, in as many attempts as it takes.
    async fn transfer(&self, known: &Known, keeper: &mut Keeper) -> Result<Ending, RegistryError> {
        let mut tries = Tries::new(self.hub.patience);
        while keeper.n_bytes() < known.n_bytes {
            let n_before = keeper.n_bytes();
            match self.attempt(known, keeper).await {
                Ok(Ending::Done) => {}
                Ok(Ending::Changed) => return Ok(Ending::Changed),
                Err(trouble) => {
                    if keeper.n_bytes() > n_before {
                        tries.begin_anew();
                    }
                    self.rest(&mut tries, trouble).await?;
                }
            }
        }
        Ok(Ending::Done)
    }

    async fn attempt(&self, known: &Known, keeper: &mut Keeper) -> Result<Ending, Trouble> {
        let asked = self.asked();
        let from = Start {
            n_bytes: keeper.n_bytes(),
            etag: keeper.etag().map(str::to_owned),
        };
        let url = self.url(&known.commit)?;
        let answer = ask(&self.client, &asked, Method::GET, url, Some(&from)).await?;
        let is_other = |is: Option<String>| from.etag.is_some() && is.is_some() && is != from.etag;
        if answer
            .about
            .checksum
            .as_ref()
            .is_some_and(|now| *now != known.checksum)
        {
            return Ok(Ending::Changed);
        }
        match answer.response.status() {
            StatusCode::PARTIAL_CONTENT => match answer.range() {
                Some((start, total)) if start == from.n_bytes => {
                    if is_other(answer.etag()) || total.is_some_and(|total| total != known.n_bytes) {
                        return Ok(Ending::Changed);
                    }
                }
                _ => {
                    keeper.rewind().await?;
                    return Err(Trouble::passing(self.senseless(&answer, "it sends another part")));
                }
            },
            StatusCode::OK => {
                if is_other(answer.etag()) && from.n_bytes > 0 {
                    return Ok(Ending::Changed);
                }
                if let Some(n_bytes) = answer.n_body_bytes().filter(|n| *n != known.n_bytes) {
                    return Err(self.wrong_size(n_bytes, known).into());
                }
                if from.n_bytes > 0 {
                    keeper.rewind().await?;
                }
            }
            // What is there goes on behind the end of what the host has.
            StatusCode::RANGE_NOT_SATISFIABLE if from.n_bytes > 0 => {
                keeper.rewind().await?;
                return Err(Trouble::passing(answer.error(&asked)));
            }
            _ => return Err(trouble_of(&answer, &asked)),
        }
        keeper.note(answer.etag()).await?;
        self.tally.set_phase(Phase::Downloading);
        self.receive(answer, known, keeper).await
    }

    async fn receive(&self, answer: Answer, known: &Known, keeper: &mut Keeper) -> Result<Ending, Trouble> {
        let Answer {
            mut response, host, ..
        } = answer;
        let mut is_first = true;
        while keeper.n_bytes() < known.n_bytes {
            let n_missing = known.n_bytes - keeper.n_bytes();
            // Nothing is taken from the network that the disk does not take at once.
            let room = keeper.room().await?;
            let received = response.chunk().await;
            let stall = self.hub.patience.stall;
            let piece = received.map_err(|error| unanswered_by(host.clone(), &error, stall))?;
            let Some(piece) = piece else {
                let why = "it ended too early".to_owned();
                return Err(RegistryError::BrokeOff { host, why }.into());
            };
            if std::mem::take(&mut is_first) {
                self.tally.set_trouble(None);
            }
            let n_piece = piece.len() as u64;
            if n_piece > n_missing {
                return Err(self.wrong_size(known.n_bytes - n_missing + n_piece, known).into());
            }
            room.write(piece);
        }
        Ok(Ending::Done)
    }

    /// Waits before the next attempt, and says why.
    async fn rest(&self, tries: &mut Tries, trouble: Trouble) -> Result<(), RegistryError> {
        let (duration, error) = tries.next(trouble)?;
        tracing::info!("{}: {error}; trying again in {duration:.1?}", self.file.path);
        self.tally.set_trouble(Some(error.to_string()));
        wait(duration).await;
        Ok(())
    }

    fn asked(&self) -> Asked<'_> {
        let OrderedFile { repository, path, .. } = &self.file;
        Asked {
            hub: &self.hub,
            repository,
            what: format!("file '{path}' in '{repository}'"),
        }
    }

    fn url(&self, revision: &str) -> Result<Url, RegistryError> {
        file_url(&self.hub, &self.file.repository, revision, &self.file.path)
    }

    fn wrong_size(&self, n_bytes: u64, known: &Known) -> RegistryError {
        RegistryError::WrongSize {
            file: self.file.path.clone(),
            n_bytes,
            expected_bytes: known.n_bytes,
        }
    }

    fn senseless(&self, answer: &Answer, why: &str) -> RegistryError {
        RegistryError::Senseless {
            host: answer.host.clone(),
            why: why.to_owned(),
            what: self.file.path.clone(),
        }
    }
}

/// What an answer without the file means. A host that the hub sent to refuses when its address is too old: the hub gives
/// a new one.
fn trouble_of(answer: &Answer, asked: &Asked<'_>) -> Trouble {
    let error = answer.error(asked);
    let is_old_address = !answer.is_of_hub && matches!(error, RegistryError::Gated { .. });
    Trouble {
        wait: answer.retry_after(),
        ..if is_old_address {
            Trouble::passing(error)
        } else {
            Trouble::from(error)
        }
    }
}
