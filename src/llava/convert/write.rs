//! A file is written under a hidden name and gets its own when it is whole. What an interrupted run left is gone on with,
//! where checkpoint and plan are the same.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::error::ConvertError;
use super::plan::Plan;
use super::rows::encode;
use crate::cancel::CancelToken;
use crate::gguf::ALIGNMENT;

/// What may be lost of a file when the machine stops: it is on the disk up to here from its end.
const SYNC_BYTES: u64 = 1 << 26;

/// A file on its way.
#[derive(Debug)]
pub(super) struct Output {
    path: PathBuf,
    part: PathBuf,
    head: Vec<u8>,
    plan: Plan,
    sync_bytes: u64,
}

/// How far it is.
pub(super) type OnBytes<'a> = dyn FnMut(&str, u64) + 'a;

impl Output {
    /// The file `path`; `identity` tells the checkpoint from others.
    pub(super) fn new(path: PathBuf, plan: Plan, identity: &str) -> Result<Self, ConvertError> {
        if path.exists() {
            return Err(ConvertError::Exists {
                file: path.display().to_string(),
            });
        }
        let head = plan.writer().head();
        let mut hasher = blake3::Hasher::new();
        hasher.update(&head).update(identity.as_bytes());
        let digest = hasher.finalize().to_hex();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let part = path.with_file_name(format!(".{name}.{}.part", &digest[..16]));
        Ok(Self {
            path,
            part,
            head,
            plan,
            sync_bytes: SYNC_BYTES,
        })
    }

    /// Bytes of the whole file.
    pub(super) fn n_bytes(&self) -> u64 {
        self.ends().last().copied().unwrap_or(self.head.len() as u64)
    }

    /// Bytes that an earlier run left on the disk.
    pub(super) fn part_bytes(&self) -> u64 {
        std::fs::metadata(&self.part).map_or(0, |metadata| metadata.len())
    }

    /// Where each tensor ends, with what fills up to the next.
    fn ends(&self) -> Vec<u64> {
        let mut end = self.head.len() as u64;
        let after = |tensor: &super::plan::Planned| {
            end += tensor.n_bytes().next_multiple_of(ALIGNMENT as u64);
            end
        };
        self.plan.tensors.iter().map(after).collect()
    }

    /// Writes what is not there yet.
    pub(super) fn write(&self, cancel: &CancelToken, on_bytes: &mut OnBytes<'_>) -> Result<(), ConvertError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&self.part)
            .map_err(|error| self.unwritable(error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(ConvertError::Busy {
                    file: self.path.display().to_string(),
                });
            }
            // Some file systems have no locks; two runs at once are rarer there than runs.
            Err(TryLockError::Error(error)) => tracing::debug!(%error, "no lock"),
        }
        let n_kept = self.keep(&file).map_err(|error| self.unwritable(error))?;
        let ends = self.ends();
        let mut out = Unsynced {
            file: BufWriter::with_capacity(1 << 20, file),
            n_unsynced: 0,
            sync_bytes: self.sync_bytes,
        };
        if n_kept == 0 {
            out.write(&self.head).map_err(|error| self.unwritable(error))?;
        }
        let mut n_done = n_kept
            .checked_sub(1)
            .map_or(self.head.len() as u64, |last| ends[last]);
        for (tensor, end) in self.plan.tensors.iter().zip(&ends).skip(n_kept) {
            on_bytes(&tensor.name, n_done);
            encode(tensor, cancel, &mut |bytes| {
                n_done += bytes.len() as u64;
                on_bytes(&tensor.name, n_done);
                out.write(bytes).map_err(|error| self.unwritable(error))
            })?;
            let gap = end.saturating_sub(n_done) as usize;
            out.write(&[0; ALIGNMENT][..gap.min(ALIGNMENT)])
                .map_err(|error| self.unwritable(error))?;
            n_done = *end;
        }
        out.finish().map_err(|error| self.unwritable(error))
    }

    /// Cuts what an earlier run left after the last tensor that is surely on the disk, and says how many tensors are kept.
    fn keep(&self, mut file: &File) -> io::Result<usize> {
        let found = file.metadata()?.len().saturating_sub(self.sync_bytes);
        let mut head = vec![0; self.head.len()];
        let is_ours = found >= head.len() as u64 && file.read_exact(&mut head).is_ok() && head == self.head;
        let ends = self.ends();
        let n_kept = if is_ours {
            ends.iter().take_while(|end| **end <= found).count()
        } else {
            0
        };
        let at = n_kept.checked_sub(1).map_or(0, |last| ends[last]);
        file.set_len(at)?;
        file.seek(SeekFrom::Start(at))?;
        Ok(n_kept)
    }

    /// Gives the whole file its name, and removes what runs with other settings left of it.
    pub(super) fn publish(&self) -> Result<(), ConvertError> {
        std::fs::rename(&self.part, &self.path).map_err(|error| self.unwritable(error))?;
        for stale in self.stale_parts() {
            if let Err(error) = std::fs::remove_file(&stale) {
                tracing::debug!(%error, "what another run left stays");
            }
        }
        Ok(())
    }

    /// What runs of another checkpoint or with other settings left under this name.
    fn stale_parts(&self) -> Vec<PathBuf> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let begin = format!(".{name}.");
        let entries = self
            .path
            .parent()
            .and_then(|folder| std::fs::read_dir(folder).ok());
        let is_stale = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&begin) && name.ends_with(".part")
        };
        let paths = entries.into_iter().flatten().flatten().map(|entry| entry.path());
        paths.filter(is_stale).collect()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn unwritable(&self, source: io::Error) -> ConvertError {
        ConvertError::Write {
            source,
            file: self.path.display().to_string(),
        }
    }
}

/// A file that is brought to the disk as it grows.
struct Unsynced {
    file: BufWriter<File>,
    n_unsynced: u64,
    sync_bytes: u64,
}

impl Unsynced {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.n_unsynced += bytes.len() as u64;
        if self.n_unsynced >= self.sync_bytes / 2 {
            self.file.flush()?;
            self.file.get_ref().sync_data()?;
            self.n_unsynced = 0;
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::plan::{Plan, Planned};
    use super::Output;
    use crate::cancel::CancelToken;
    use crate::gguf::Gguf;

    const N_TENSORS: usize = 40;

    fn output(path: PathBuf, identity: &str) -> Output {
        let mut plan = Plan::default();
        plan.text("general.architecture", "llama");
        for i in 0..N_TENSORS {
            let values = (0..99).map(|j| (i * 100 + j) as f32).collect();
            plan.tensors.push(Planned::values(&format!("t{i:02}"), values));
        }
        let mut output = Output::new(path, plan, identity).unwrap();
        output.sync_bytes = 1000;
        output
    }

    /// Writes until `stop_at` tensors are done, and says with which it began.
    fn write(output: &Output, stop_at: usize) -> Option<String> {
        let cancel = CancelToken::new();
        let mut begun: Vec<String> = Vec::new();
        let written = output.write(&cancel, &mut |tensor, _| {
            if begun.last().is_none_or(|last| last != tensor) {
                begun.push(tensor.to_owned());
            }
            if begun.len() > stop_at {
                cancel.cancel();
            }
        });
        assert_eq!(written.is_err(), begun.len() > stop_at);
        begun.first().cloned()
    }

    #[test]
    fn a_stopped_file_is_gone_on_with_to_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let whole = output(dir.path().join("whole.gguf"), "one");
        assert_eq!(write(&whole, N_TENSORS).as_deref(), Some("t00"));
        whole.publish().unwrap();

        let pieces = output(dir.path().join("pieces.gguf"), "one");
        assert_eq!(write(&pieces, 15).as_deref(), Some("t00"));
        let went_on = write(&pieces, 3).unwrap();
        assert!(("t05".."t15").contains(&went_on.as_str()), "{went_on}");
        assert!(write(&pieces, N_TENSORS).unwrap() >= went_on);
        pieces.publish().unwrap();
        let bytes = |output: &Output| std::fs::read(output.path()).unwrap();
        assert_eq!(bytes(&pieces), bytes(&whole));
        assert_eq!(bytes(&whole).len() as u64, whole.n_bytes());
        assert_eq!(Gguf::open(whole.path()).unwrap().tensors().count(), N_TENSORS);
    }

    #[test]
    fn another_checkpoint_begins_anew_and_what_it_leaves_goes_in_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = || dir.path().join("model.gguf");
        write(&output(path(), "one"), 15);
        let other = output(path(), "two");
        assert_eq!(write(&other, N_TENSORS).as_deref(), Some("t00"));
        other.publish().unwrap();
        let left = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(left, 1, "the file alone");
    }
}
