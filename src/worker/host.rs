//! The worker's side: serves a role over stdin and stdout.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::value::RawValue;

use super::frame::{WireError, read_message, write_message};
use super::lane::{Job, LaneThread, MakeRole, Output};
use super::message::{Message as _, Parcel};
use super::role::{Lane as _, LaneOf, RequestOf, Role};
use crate::cancel::CancelToken;
use crate::fault::{Failure, Fault};

/// From the client to the worker.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) enum ToWorker<Q, L> {
    Request { id: u64, lane: L, request: Q },
    Cancel { id: u64 },
}

/// From the worker to the client.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) enum FromWorker {
    Event { id: u64, event: Box<RawValue> },
    Done { id: u64, reply: Box<RawValue> },
    Failed { id: u64, failure: Failure },
}

/// The two ends that the protocol speaks over.
pub struct ProtocolStdio {
    input: File,
    output: File,
}

impl ProtocolStdio {
    /// Takes over the original stdin and stdout and points file descriptor 1 at stderr, so that a stray print of any
    /// library lands in the log and corrupts nothing. Call it first thing in a worker.
    ///
    /// # Errors
    /// When the process was started without these descriptors.
    #[cfg(unix)]
    pub fn take() -> io::Result<Self> {
        let input = rustix::io::fcntl_dupfd_cloexec(io::stdin(), 3)?;
        let output = rustix::io::fcntl_dupfd_cloexec(io::stdout(), 3)?;
        rustix::stdio::dup2_stdout(io::stderr())?;
        Ok(Self {
            input: input.into(),
            output: output.into(),
        })
    }
}

/// Serves requests until the client closes its end.
///
/// Each lane is a thread with its own instance of the role. When the client goes away all running work is asked to
/// stop and the function returns: the process should then end, whatever is still running.
///
/// # Errors
/// When the client sends something that is not the protocol, or the pipe breaks.
pub fn serve<R: Role>(
    stdio: ProtocolStdio,
    make: impl Fn() -> R + Send + Sync + 'static,
) -> Result<(), WireError> {
    let make: MakeRole<R> = Arc::new(make);
    serve_on::<R>(BufReader::new(stdio.input), stdio.output, &make)
}

fn serve_on<R: Role>(
    mut input: impl Read,
    output: impl Write + Send + 'static,
    make: &MakeRole<R>,
) -> Result<(), WireError> {
    let output = Arc::new(Mutex::new(output));
    let running: Arc<Mutex<BTreeMap<u64, CancelToken>>> = Arc::default();
    let mut lanes: BTreeMap<LaneOf<R>, LaneThread<R>> = BTreeMap::new();
    while let Some((message, payload)) = read_message::<ToWorker<RequestOf<R>, LaneOf<R>>>(&mut input)? {
        match message {
            ToWorker::Cancel { id } => {
                if let Some(cancel) = lock(&running).get(&id) {
                    cancel.cancel();
                }
            }
            ToWorker::Request {
                id,
                lane,
                mut request,
            } => {
                if let Err(bytes) = request.put_bytes(payload) {
                    let text = format!(
                        "a request came with {} bytes that do not belong to it",
                        bytes.len()
                    );
                    return Err(io::Error::other(text).into());
                }
                let thread = match lanes.get(&lane) {
                    Some(thread) => thread,
                    None => lanes
                        .entry(lane)
                        .or_insert(LaneThread::start(lane.name(), Arc::clone(make))?),
                };
                let cancel = CancelToken::new();
                lock(&running).insert(id, cancel.clone());
                let (output, running) = (Arc::clone(&output), Arc::clone(&running));
                let out = Box::new(move |produced| answer(id, produced, &output, &running));
                thread
                    .send(Job { request, cancel, out })
                    .map_err(io::Error::other)?;
            }
        }
    }
    for cancel in lock(&running).values() {
        cancel.cancel();
    }
    Ok(())
}

fn answer(
    id: u64,
    produced: Output,
    output: &Mutex<impl Write>,
    running: &Mutex<BTreeMap<u64, CancelToken>>,
) {
    let (message, payload) = match produced {
        Output::Event(Parcel { data, bytes }) => (FromWorker::Event { id, event: data }, bytes),
        Output::Finished(result) => {
            lock(running).remove(&id);
            match result {
                Ok(Parcel { data, bytes }) => (FromWorker::Done { id, reply: data }, bytes),
                Err(failure) => (FromWorker::Failed { id, failure }, Vec::new()),
            }
        }
    };
    let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
    let written = match write_message(&mut *output, &message, &payload) {
        Err(WireError::TooLarge {
            header_bytes,
            payload_bytes,
        }) => {
            let text = format!("an answer of {header_bytes} + {payload_bytes} bytes is too large to send");
            let failure = Failure::new(Fault::Unsupported, text);
            write_message(&mut *output, &FromWorker::Failed { id, failure }, &[])
        }
        other => other,
    };
    if let Err(error) = written {
        // Nobody listens any more: stop all work; the reading side sees the closed pipe and ends the process.
        tracing::debug!(%error, "the client is gone");
        for cancel in lock(running).values() {
            cancel.cancel();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
