//! What a worker says, handed to the calls that wait for it.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::process::{Child, ChildStdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::end::WorkerEnd;
use super::frame::{Arrival, WireError, read_message};
use super::host::FromWorker;
use super::message::Parcel;
use super::patience::{GivenUp, Heard};
use crate::fault::{Failure, Fault};

/// What a call is told.
pub(super) enum Incoming {
    Event(Parcel),
    Finished(Result<Parcel, Failure>),
    /// The call was cancelled by whoever made it.
    Cancelled,
}

/// The calls that wait, by their numbers.
pub(super) type Waiting = Arc<Mutex<BTreeMap<u64, Waiter>>>;

/// A call that waits for its answers.
#[derive(Clone)]
pub(super) struct Waiter {
    pub(super) to: SyncSender<Incoming>,
    pub(super) heard: Heard,
}

/// Whoever reads what a worker says.
pub(super) struct Reader {
    pub(super) waiting: Waiting,
    pub(super) child: Arc<Mutex<Child>>,
    /// Set where the end is known, or wanted.
    pub(super) ended: Arc<AtomicBool>,
    pub(super) given_up: Arc<OnceLock<GivenUp>>,
    pub(super) called: &'static str,
}

impl Reader {
    /// Hands each answer to the call that waits for it; at the end of the stream, tells all of them how the worker ended.
    /// None where it was asked to.
    pub(super) fn read_answers(&self, stdout: ChildStdout) -> Option<Failure> {
        let mut stdout = BufReader::new(stdout);
        let broke = loop {
            match read_message::<FromWorker>(&mut stdout) {
                Ok(Some(Arrival { header, payload, .. })) => self.hand_out(header, payload),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        let was_asked = self.ended.swap(true, Ordering::AcqRel);
        if broke.is_some() {
            // It still runs but no longer makes sense.
            drop(lock(&self.child).kill());
        }
        let status = wait(&self.child);
        let reason = match (self.given_up.get(), broke, status) {
            (Some(why), _, _) => why.to_string(),
            (_, Some(error @ (WireError::NotAMessage | WireError::Version { .. })), _) => error.to_string(),
            (_, _, Ok(status)) => WorkerEnd::from_status(status).to_string(),
            (_, _, Err(error)) => error.to_string(),
        };
        let failure = Failure::new(Fault::WorkerEnded, format!("{} stopped: {reason}", self.called))
            .with_hint("ask again: it starts anew, and nothing that was said is lost");
        // Out of the lock: an inbox may be full for a while.
        let left = std::mem::take(&mut *lock(&self.waiting));
        for waiter in left.into_values() {
            drop(waiter.to.send(Incoming::Finished(Err(failure.clone()))));
        }
        (!was_asked).then_some(failure)
    }

    fn hand_out(&self, header: FromWorker, bytes: Vec<u8>) {
        match header {
            FromWorker::Event { id, event: data } => {
                let waiter = lock(&self.waiting).get(&id).cloned();
                if let Some(waiter) = waiter {
                    waiter.heard.now();
                    // A caller that went away is no reason to stop reading for the others.
                    drop(waiter.to.send(Incoming::Event(Parcel { data, bytes })));
                }
            }
            FromWorker::Done { id, reply: data } => self.finish(id, Ok(Parcel { data, bytes })),
            FromWorker::Failed { id, failure } => self.finish(id, Err(failure)),
        }
    }

    fn finish(&self, id: u64, result: Result<Parcel, Failure>) {
        let waiter = lock(&self.waiting).remove(&id);
        if let Some(waiter) = waiter {
            waiter.heard.now();
            drop(waiter.to.send(Incoming::Finished(result)));
        }
    }
}

/// Waits for the end of a process, which can be ended by others meanwhile.
fn wait(child: &Mutex<Child>) -> std::io::Result<std::process::ExitStatus> {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

        // It is left for whoever has the lock to collect: until then its number is nobody else's.
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let pid = i32::try_from(lock(child).id()).ok().and_then(Pid::from_raw);
        while let Some(pid) = pid
            && matches!(waitid(WaitId::Pid(pid), ended), Err(rustix::io::Errno::INTR))
        {}
    }
    lock(child).wait()
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
