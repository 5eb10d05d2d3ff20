//! The worker's side: serves a role over stdin and stdout.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::value::RawValue;

use super::channel::{Arrived, Receiver};
use super::frame::{Arrival, WireError, read_message, write_message};
use super::lane::{Job, LaneThread, MakeRole, Output, Turn};
use super::message::{Message as _, Parcel};
use super::role::{Lane as _, LaneOf, RequestOf, Role};
use crate::cancel::{CancelToken, Cancelled};
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

/// What was asked and is not answered.
#[derive(Clone, Default)]
struct Asked {
    cancel: CancelToken,
    turn: Turn,
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
/// Each lane is a thread with its own instance of the role, and reading waits for none of them. When the client goes away
/// all running work is asked to stop and the function returns: the process should then end, whatever is still running.
///
/// # Errors
/// When the client sends something that is not the protocol, or the pipe breaks.
pub fn serve<R: Role>(
    stdio: ProtocolStdio,
    make: impl Fn() -> R + Send + Sync + 'static,
) -> Result<(), WireError> {
    let make: MakeRole<R> = Arc::new(make);
    let receiver = Receiver::new(stdio.input);
    let files = receiver.arrived();
    serve_on::<R>(BufReader::new(receiver), &files, stdio.output, &make)
}

fn serve_on<R: Role>(
    mut input: impl Read,
    files: &Arrived,
    output: impl Write + Send + 'static,
    make: &MakeRole<R>,
) -> Result<(), WireError> {
    let output = Arc::new(Mutex::new(output));
    let running: Arc<Mutex<BTreeMap<u64, Asked>>> = Arc::default();
    let mut lanes: BTreeMap<LaneOf<R>, LaneThread<R>> = BTreeMap::new();
    while let Some(arrival) = read_message::<ToWorker<RequestOf<R>, LaneOf<R>>>(&mut input)? {
        let Arrival {
            header,
            payload,
            n_files,
        } = arrival;
        match header {
            ToWorker::Cancel { id } => {
                let asked = lock(&running).get(&id).cloned();
                if let Some(Asked { cancel, turn }) = asked {
                    cancel.cancel();
                    // What waits behind others is nobody's any more, and its caller need not wait for those.
                    if turn.take() {
                        answer(id, Output::Finished(Err(Cancelled.into())), &output, &running);
                    }
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
                let beside = files
                    .take(n_files)
                    .and_then(|files| request.put_files(files).ok());
                if beside.is_none() {
                    let text = format!("a request came with {n_files} files that do not belong to it");
                    return Err(io::Error::other(text).into());
                }
                let thread = match lanes.get(&lane) {
                    Some(thread) => thread,
                    None => lanes
                        .entry(lane)
                        .or_insert(LaneThread::start(lane.name(), Arc::clone(make))?),
                };
                let asked = Asked::default();
                lock(&running).insert(id, asked.clone());
                let (output, running) = (Arc::clone(&output), Arc::clone(&running));
                let out = Box::new(move |produced| answer(id, produced, &output, &running));
                let Asked { cancel, turn } = asked;
                let job = Job {
                    request,
                    cancel,
                    turn,
                    out,
                };
                if let Err((mut job, failure)) = thread.send(job) {
                    (job.out)(Output::Finished(Err(failure)));
                }
            }
        }
    }
    for asked in lock(&running).values() {
        asked.cancel.cancel();
    }
    Ok(())
}

fn answer(id: u64, produced: Output, output: &Mutex<impl Write>, running: &Mutex<BTreeMap<u64, Asked>>) {
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
        for asked in lock(running).values() {
            asked.cancel.cancel();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::cancel::Monitor;
    use crate::worker::lane::tests::Prepare;
    use crate::worker::{Lane, Outbox, Protocol};

    struct TwoLanes;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
    enum OneOf {
        Stuck,
        Free,
    }

    impl Lane for OneOf {
        fn name(self) -> &'static str {
            "one of two"
        }
    }

    impl Protocol for TwoLanes {
        type Request = Prepare;
        type Lane = OneOf;
    }

    /// Is stuck until it is cancelled where it is asked for one piece, and answers at once where it is asked for none.
    struct Sticking;

    impl Role for Sticking {
        type Protocol = TwoLanes;

        fn serve(
            &mut self,
            Prepare(n): Prepare,
            cancel: &CancelToken,
            _: &mut Outbox<'_>,
        ) -> Result<Parcel, Failure> {
            if n > 0 {
                Monitor::new(()).wait(cancel, |()| ControlFlow::<(), _>::Continue(None))?;
            }
            Parcel::pack(())
        }
    }

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Written {
        fn answers(&self) -> Vec<FromWorker> {
            let bytes = self.0.lock().expect("no panic").clone();
            let mut bytes = bytes.as_slice();
            let next = || read_message::<FromWorker>(&mut bytes).ok().flatten();
            std::iter::from_fn(next).map(|arrival| arrival.header).collect()
        }

        fn wait_for(&self, is_there: impl Fn(&[FromWorker]) -> bool) -> Vec<FromWorker> {
            let began = std::time::Instant::now();
            loop {
                let answers = self.answers();
                if is_there(&answers) {
                    return answers;
                }
                assert!(began.elapsed().as_secs() < 60, "only {} answers", answers.len());
                std::thread::yield_now();
            }
        }
    }

    /// The client goes away once it was told this.
    struct Told(Written, fn(&FromWorker) -> bool);

    impl Read for Told {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            self.0.wait_for(|answers| answers.iter().any(self.1));
            Ok(0)
        }
    }

    #[test]
    fn a_lane_that_is_stuck_and_full_holds_up_neither_the_others_nor_the_end() {
        let mut input = Vec::new();
        let mut ask = |id, lane, n| {
            let request = ToWorker::Request {
                id,
                lane,
                request: Prepare(n),
            };
            write_message(&mut input, &request, &[]).expect("it is a message");
        };
        (0..2000).for_each(|id| ask(id, OneOf::Stuck, 1));
        ask(2000, OneOf::Free, 0);
        let written = Written::default();
        let make: MakeRole<Sticking> = Arc::new(|| Sticking);
        let is_last = |answer: &FromWorker| matches!(answer, FromWorker::Done { id: 2000, .. });
        let input = input.as_slice().chain(Told(written.clone(), is_last));
        serve_on::<Sticking>(input, &Arrived::default(), written.clone(), &make).expect("it is the protocol");
        // All are told, those that were cancelled with the end among them.
        let answers = written.wait_for(|answers| answers.len() == 2001);
        let is_refused = |answer: &&FromWorker| matches!(answer, FromWorker::Failed { failure, .. } if failure.fault == Fault::Machine);
        let n_refused = answers.iter().filter(is_refused).count();
        assert!(
            (900..=976).contains(&n_refused),
            "{n_refused} were beyond the lane's places"
        );
    }

    #[test]
    fn what_waits_behind_a_stuck_request_is_answered_as_soon_as_it_is_cancelled() {
        let mut input = Vec::new();
        for id in [1, 200] {
            let (lane, request) = (OneOf::Stuck, Prepare(1));
            let request = ToWorker::Request { id, lane, request };
            write_message(&mut input, &request, &[]).expect("it is a message");
        }
        let cancel = ToWorker::<Prepare, OneOf>::Cancel { id: 200 };
        write_message(&mut input, &cancel, &[]).expect("it is a message");
        let written = Written::default();
        let make: MakeRole<Sticking> = Arc::new(|| Sticking);
        let is_last = |answer: &FromWorker| matches!(answer, FromWorker::Failed { id: 200, .. });
        let input = input.as_slice().chain(Told(written.clone(), is_last));
        serve_on::<Sticking>(input, &Arrived::default(), written.clone(), &make).expect("it is the protocol");
        // The stuck one with the end, and nobody twice.
        assert_eq!(written.wait_for(|answers| answers.len() == 2).len(), 2);
    }
}
