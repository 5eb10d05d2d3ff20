//! Models on their way: each is fetched on a thread of its own, while somebody watches and asks.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::Desktop;
use super::catalogue::Choice;
use super::describing::ModelSource;
use super::listener::Listener;
use super::refusal::{of_model, of_model_at, of_registry};
use crate::api::window::{ApiError, AppEvent, Download, DownloadState};
use crate::cancel::{CancelToken, Monitor};
use crate::fault::{Failure, Fault};
use crate::registry::{Catalogue, Hub, Phase, Progress, Wanted};

/// What is fetched, and what was in this run, by its variant's id.
#[derive(Default)]
pub(super) struct Downloads(Monitor<BTreeMap<String, Entry>>);

struct Entry {
    download: Download,
    /// What ends the thread that works on it; none where there is no such thread.
    running: Option<CancelToken>,
}

impl Downloads {
    fn list(&self) -> Vec<Download> {
        let entries = self.0.lock();
        entries.values().map(|entry| entry.download.clone()).collect()
    }

    /// Lists a choice as one that is worked on, and says what ends that work; `None` where it is worked on already.
    fn begin(&self, choice: &Choice) -> Option<CancelToken> {
        let id = choice.id();
        self.0.change(|entries| {
            let entry = entries.entry(id.clone()).or_insert_with(|| Entry {
                download: Download {
                    variant: id,
                    name: choice.entry.name_of(&choice.variant),
                    n_bytes: 0,
                    total_bytes: choice.variant.download_bytes().unwrap_or(0),
                    state: DownloadState::Asking,
                },
                running: None,
            });
            if entry.running.is_some() {
                return None;
            }
            entry.download.state = DownloadState::Asking;
            Some(entry.running.insert(CancelToken::new()).clone())
        })
    }

    /// Changes a download, and tells `listener` what it is then.
    fn tell(&self, variant: &str, listener: &Listener, change: impl FnOnce(&mut Entry)) {
        let changed = self.0.change(|entries| {
            let entry = entries.get_mut(variant)?;
            change(entry);
            Some(entry.download.clone())
        });
        if let Some(download) = changed {
            listener.tell(AppEvent::Download { download });
        }
    }

    /// Stops the work on a variant, and waits until it has stopped.
    fn stop(&self, variant: &str, cancel: &CancelToken) -> Result<(), ApiError> {
        let running = (self.0.lock().get(variant)).and_then(|entry| entry.running.clone());
        if let Some(running) = running {
            running.cancel();
        }
        let id = variant.to_owned();
        let stopped = self.0.wait(cancel, |entries| match entries.get(&id) {
            Some(entry) if entry.running.is_some() => ControlFlow::Continue(None),
            _ => ControlFlow::Break(()),
        });
        stopped.map_err(|cancelled| of_model(cancelled.into()))
    }

    fn forget(&self, variant: &str) {
        self.0.change(|entries| entries.remove(variant));
    }
}

impl Desktop {
    /// Fetches a variant of the catalogue on a thread of its own, or goes on with it. One that is under way is left alone.
    ///
    /// # Errors
    /// There is no such variant; the machine has no thread left.
    pub fn start_download(self: &Arc<Self>, variant: &str) -> Result<(), ApiError> {
        let choice = self.choice(variant)?;
        let Some(cancel) = self.downloads.begin(&choice) else {
            return Ok(());
        };
        self.downloads.tell(variant, &self.listener, |_| {});
        let desktop = Arc::clone(self);
        let started = std::thread::Builder::new()
            .name("download".to_owned())
            .spawn(move || desktop.download(&choice, &cancel));
        started.map(drop).map_err(|error| {
            self.downloads.forget(variant);
            of_model(Failure::new(
                Fault::Machine,
                format!("no thread for the download: {error}"),
            ))
        })
    }

    /// Stops a download, and waits until it has stopped; what is here stays.
    ///
    /// # Errors
    /// `cancelled`: it stops all the same.
    pub fn pause_download(&self, variant: &str, cancel: &CancelToken) -> Result<(), ApiError> {
        self.downloads.stop(variant, cancel)
    }

    /// Stops a download, and removes what is here of it.
    ///
    /// # Errors
    /// There is no such variant; what cannot be removed.
    pub fn discard_download(&self, variant: &str, cancel: &CancelToken) -> Result<(), ApiError> {
        self.downloads.stop(variant, cancel)?;
        let (catalogue, _) = Catalogue::of_user();
        let wanted: Wanted = variant.parse().map_err(of_registry)?;
        let removed = Hub::of_environment().remove(&catalogue, &wanted);
        removed.map_err(of_registry)?;
        self.downloads.forget(variant);
        Ok(())
    }

    /// Those under way, paused and failed, and those that came in this run.
    #[must_use]
    pub fn downloads(&self) -> Vec<Download> {
        self.downloads.list()
    }

    /// The whole of a download, on its thread.
    fn download(&self, choice: &Choice, cancel: &CancelToken) {
        let id = choice.id();
        let ended = match self.fetch(choice, cancel) {
            Ok(source) => DownloadState::Done { model: source.id() },
            Err(_) if cancel.is_cancelled() => DownloadState::Paused,
            Err(error) => DownloadState::Failed { error },
        };
        let model = match &ended {
            DownloadState::Done { model } => Some(model.clone()),
            _ => None,
        };
        self.downloads.tell(&id, &self.listener, |entry| {
            entry.running = None;
            entry.download.state = ended;
        });
        // Whoever fetched it wants its answers. Why it is not loaded, if so, is told as the model's state.
        if let Some(model) = model
            && let Err(error) = self.load_unless_busy(&model)
        {
            tracing::warn!(message = error.message, "what was fetched is not loaded");
        }
    }

    fn fetch(&self, choice: &Choice, cancel: &CancelToken) -> Result<ModelSource, ApiError> {
        let (id, hub) = (choice.id(), Hub::of_environment());
        let order = hub
            .order_of(&choice.entry, &choice.variant, cancel)
            .map_err(of_registry)?;
        let pulled = hub
            .pull(&order, cancel, &mut |progress| {
                self.downloads
                    .tell(&id, &self.listener, |entry| show(progress, &mut entry.download));
            })
            .map_err(of_registry)?;
        if choice.entry.checkpoint.is_some() {
            self.convert(choice, &pulled.files, cancel)?;
        }
        let source = choice.here(&hub).ok_or_else(|| {
            of_model(Failure::new(
                Fault::Machine,
                "what was fetched is not where it belongs",
            ))
        })?;
        // What came is looked at now: a pair that cannot be loaded is no download that went well.
        self.models
            .describe(&source.name(), cancel)
            .map_err(of_model_at(&source.paths()))?;
        Ok(source)
    }

    /// Makes a pair of a checkpoint that is here.
    fn convert(&self, choice: &Choice, files: &[PathBuf], cancel: &CancelToken) -> Result<(), ApiError> {
        let no_folder = || {
            of_model(Failure::new(
                Fault::Machine,
                "nobody knows where models are kept here",
            ))
        };
        let out = choice
            .entry
            .conversion_folder(&choice.variant)
            .ok_or_else(no_folder)?;
        let config = files.iter().find(|file| file.ends_with("config.json"));
        let folder = config.and_then(|config| config.parent()).ok_or_else(|| {
            of_model(Failure::new(
                Fault::Unreadable,
                "the checkpoint has no config.json",
            ))
        })?;
        let (id, began) = (choice.id(), Remaining(Instant::now()));
        let mut last = None;
        let converted = self.engine.convert(
            folder,
            &out,
            &choice.variant.quantization,
            cancel,
            &mut |n_done, n_total| {
                let share = n_done as f64 / n_total.max(1) as f64;
                // A hundred steps are seen; a tensor more is not.
                if last.replace((share * 100.0) as u8) == Some((share * 100.0) as u8) {
                    return;
                }
                self.downloads.tell(&id, &self.listener, |entry| {
                    entry.download.state = DownloadState::Converting {
                        share,
                        remaining_secs: began.secs(share),
                    };
                });
            },
        );
        converted.map_err(of_model_at(&[folder.to_owned(), out.clone()]))
    }
}

/// When a conversion will be done, by how far it is.
struct Remaining(Instant);

impl Remaining {
    fn secs(&self, share: f64) -> Option<f64> {
        let spent = self.0.elapsed().as_secs_f64();
        // Before that it is a guess that is not worth showing.
        (spent > 1.0 && share > 0.02).then(|| spent / share * (1.0 - share))
    }
}

/// What the page is told of a pull.
fn show(progress: &Progress, download: &mut Download) {
    download.n_bytes = progress.n_bytes;
    if let Some(total_bytes) = progress.n_total_bytes {
        download.total_bytes = total_bytes;
    }
    download.state = match progress.phase {
        Phase::Checking => DownloadState::Asking,
        Phase::Downloading => DownloadState::Fetching {
            bytes_per_sec: progress.bytes_per_sec,
            remaining_secs: progress.remaining_secs,
            is_retrying: progress.files.iter().any(|file| file.trouble.is_some()),
        },
        Phase::Verifying | Phase::Done => DownloadState::Verifying,
    };
}
