//! The caller's side: starts a worker, sends requests, tells how it ended.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::BufReader;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::end::WorkerEnd;
use super::frame::{read_message, write_message};
use super::host::{FromWorker, ToWorker};
use super::local::MAX_WAITING_EVENTS;
use super::message::{Message as _, Parcel};
use super::places::Places;
use super::role::{Caller, Outbox, Protocol};
use crate::cancel::CancelToken;
use crate::fault::{Failure, Fault};

/// The program that is the worker, and what it is started with.
#[derive(Clone, Debug)]
pub struct WorkerCommand {
    /// The executable: this program itself, or the one built for CUDA.
    pub program: PathBuf,
    /// Its arguments, such as `worker media`.
    pub args: Vec<OsString>,
    /// What a person calls it in an error: "the video reader", "the model".
    pub called: &'static str,
}

enum Incoming {
    Event(Parcel),
    Finished(Result<Parcel, Failure>),
    /// The call was cancelled by whoever made it.
    Cancelled,
}

/// Told when a worker ended that nobody asked to.
type OnEnd = Arc<Mutex<Option<Box<dyn Fn(&Failure) + Send + Sync>>>>;

type Waiting = Arc<Mutex<BTreeMap<u64, SyncSender<Incoming>>>>;

/// One running process and the calls that wait for it.
struct Running {
    child: Arc<Mutex<Child>>,
    stdin: Arc<Mutex<ChildStdin>>,
    waiting: Waiting,
    ended: Arc<AtomicBool>,
}

impl Running {
    /// Registers a call, unless the worker has ended. Under the lock under which the calls of one that ended are told: none
    /// is left to wait for ever.
    fn admits(&self, id: u64, events: &SyncSender<Incoming>) -> bool {
        let mut waiting = lock(&self.waiting);
        let runs = !self.ended.load(Ordering::Acquire);
        if runs {
            waiting.insert(id, events.clone());
        }
        runs
    }
}

/// A request on its way: where its answers arrive, who sends them there, and the pipe to cancel it on.
struct Sent {
    inbox: Receiver<Incoming>,
    waiting: Waiting,
    stdin: Arc<Mutex<ChildStdin>>,
}

/// A role in a worker process. Started at the first call, and again at the first call after it ended.
pub struct Client<P: Protocol> {
    command: WorkerCommand,
    running: Mutex<Option<Running>>,
    next_id: AtomicU64,
    on_end: OnEnd,
    places: Places<P::Lane>,
    protocol: PhantomData<fn(P)>,
}

impl<P: Protocol> Client<P> {
    /// A client that will start `command` when it is first called.
    #[must_use]
    pub fn new(command: WorkerCommand) -> Self {
        Self {
            command,
            running: Mutex::new(None),
            next_id: AtomicU64::new(1),
            on_end: OnEnd::default(),
            places: Places::default(),
            protocol: PhantomData,
        }
    }

    /// Tells `tell` whenever the worker ended without having been asked to, after the calls that waited for it. It is
    /// called on a thread that only this keeps busy.
    pub fn on_end(&self, tell: impl Fn(&Failure) + Send + Sync + 'static) {
        *lock(&self.on_end) = Some(Box::new(tell));
    }

    /// The process id of the running worker, where one runs.
    pub fn pid(&self) -> Option<u32> {
        let running = lock(&self.running);
        running
            .as_ref()
            .filter(|running| !running.ended.load(Ordering::Acquire))
            .map(|running| lock(&running.child).id())
    }

    /// Starts a worker with the call that it is started for: it may end before another could be registered.
    fn start(&self, id: u64, events: &SyncSender<Incoming>) -> Result<Running, Failure> {
        let mut child = Command::new(&self.command.program)
            .args(&self.command.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|error| {
                let text = format!(
                    "could not start {} ({:?}): {error}",
                    self.command.called, self.command.program
                );
                Failure::new(Fault::Machine, text).with_hint("install the program again")
            })?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::new(
                Fault::Machine,
                format!("{} was started without pipes", self.command.called),
            ));
        };
        let running = Running {
            child: Arc::new(Mutex::new(child)),
            stdin: Arc::new(Mutex::new(stdin)),
            waiting: Arc::new(Mutex::new(BTreeMap::from([(id, events.clone())]))),
            ended: Arc::default(),
        };
        let (waiting, child, ended) = (
            Arc::clone(&running.waiting),
            Arc::clone(&running.child),
            Arc::clone(&running.ended),
        );
        let called = self.command.called;
        let on_end = Arc::clone(&self.on_end);
        std::thread::Builder::new()
            .name(format!("from {called}"))
            .spawn(move || {
                let end = read_answers(stdout, &waiting, &child, &ended, called);
                if let (Some(failure), Some(tell)) = (end, &*lock(&on_end)) {
                    tell(&failure);
                }
            })
            .map_err(|error| Failure::new(Fault::Machine, format!("could not start a thread: {error}")))?;
        Ok(running)
    }

    /// Registers a call with a worker that runs, starting one where needed, and sends the request.
    fn post(&self, id: u64, lane: P::Lane, mut request: P::Request) -> Result<Sent, Failure> {
        let (events, inbox) = sync_channel(MAX_WAITING_EVENTS);
        let (stdin, waiting) = {
            let mut slot = lock(&self.running);
            let live = match slot.take().filter(|running| running.admits(id, &events)) {
                Some(running) => running,
                None => self.start(id, &events)?,
            };
            let handles = (Arc::clone(&live.stdin), Arc::clone(&live.waiting));
            *slot = Some(live);
            handles
        };
        let bytes = request.take_bytes();
        let sent = write_message(
            &mut *lock(&stdin),
            &ToWorker::Request { id, lane, request },
            &bytes,
        );
        match sent {
            // A broken pipe means that the worker ended: its reader thread knows the reason and tells the inbox.
            Ok(()) | Err(super::frame::WireError::Io(_)) => Ok(Sent {
                inbox,
                waiting,
                stdin,
            }),
            Err(error) => {
                lock(&waiting).remove(&id);
                Err(Failure::new(Fault::Machine, error.to_string()))
            }
        }
    }
}

impl<P: Protocol> Caller<P> for Client<P> {
    fn send(
        &self,
        lane: P::Lane,
        request: P::Request,
        cancel: &CancelToken,
        on_event: &mut Outbox<'_>,
    ) -> Result<Parcel, Failure> {
        cancel.check()?;
        let _place = self.places.take(lane, cancel)?;
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let Sent {
            inbox,
            waiting,
            stdin,
        } = self.post(id, lane, request)?;
        let _waking = cancel.on_cancel(move || {
            let inbox = lock(&waiting).get(&id).cloned();
            // Where the inbox is full there is no need of a word: it is looked for after each.
            drop(inbox.map(|inbox| inbox.try_send(Incoming::Cancelled)));
        });
        let mut asked_to_stop = false;
        loop {
            match inbox.recv() {
                Ok(Incoming::Event(event)) => on_event(event),
                Ok(Incoming::Finished(result)) => return result,
                Ok(Incoming::Cancelled) => {}
                Err(_closed) => {
                    return Err(Failure::new(
                        Fault::Machine,
                        format!("{} ended", self.command.called),
                    ));
                }
            }
            if !asked_to_stop && cancel.is_cancelled() {
                asked_to_stop = true;
                // A worker that is gone needs no cancelling; its end arrives through the inbox.
                drop(write_message(
                    &mut *lock(&stdin),
                    &ToWorker::<P::Request, P::Lane>::Cancel { id },
                    &[],
                ));
            }
        }
    }
}

impl<P: Protocol> Drop for Client<P> {
    fn drop(&mut self) {
        if let Some(running) = lock(&self.running).take() {
            // A worker holds nothing that anybody would miss.
            running.ended.store(true, Ordering::Release);
            drop(lock(&running.child).kill());
            drop(lock(&running.child).wait());
        }
    }
}

/// Hands each answer to the call that waits for it; at the end of the stream, tells all of them how the worker ended.
/// None where it was asked to.
fn read_answers(
    stdout: ChildStdout,
    waiting: &Waiting,
    child: &Mutex<Child>,
    ended: &AtomicBool,
    called: &str,
) -> Option<Failure> {
    let mut stdout = BufReader::new(stdout);
    let broke = loop {
        match read_message::<FromWorker>(&mut stdout) {
            Ok(Some((FromWorker::Event { id, event: data }, bytes))) => {
                let to = lock(waiting).get(&id).cloned();
                if let Some(to) = to {
                    // A caller that went away is no reason to stop reading for the others.
                    drop(to.send(Incoming::Event(Parcel { data, bytes })));
                }
            }
            Ok(Some((FromWorker::Done { id, reply: data }, bytes))) => {
                finish(waiting, id, Ok(Parcel { data, bytes }));
            }
            Ok(Some((FromWorker::Failed { id, failure }, _))) => finish(waiting, id, Err(failure)),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    let was_asked = ended.swap(true, Ordering::AcqRel);
    if broke.is_some() {
        // It still runs but no longer makes sense.
        drop(lock(child).kill());
    }
    let status = lock(child).wait();
    let reason = match (broke, status) {
        (
            Some(error @ (super::frame::WireError::NotAMessage | super::frame::WireError::Version { .. })),
            _,
        ) => error.to_string(),
        (_, Ok(status)) => WorkerEnd::from_status(status).to_string(),
        (_, Err(error)) => error.to_string(),
    };
    let failure = Failure::new(Fault::WorkerEnded, format!("{called} stopped: {reason}"))
        .with_hint("ask again: it starts anew, and nothing that was said is lost");
    // Out of the lock: an inbox may be full for a while.
    let left = std::mem::take(&mut *lock(waiting));
    for to in left.into_values() {
        drop(to.send(Incoming::Finished(Err(failure.clone()))));
    }
    (!was_asked).then_some(failure)
}

fn finish(waiting: &Waiting, id: u64, result: Result<Parcel, Failure>) {
    let to = lock(waiting).remove(&id);
    if let Some(to) = to {
        drop(to.send(Incoming::Finished(result)));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::cancel::tests::{AT_ONCE, lateness};
    use crate::worker::lane::tests::{OnlyLane, Pieces, Prepare};

    const WAIT: Prepare = Prepare(7);

    fn message(header: &impl serde::Serialize) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_message(&mut bytes, header, &[]).expect("it is a message");
        bytes
    }

    /// A worker that answers nothing until it is asked to stop, and then that it did; for one call.
    fn waiting_worker(answer: &std::path::Path) -> WorkerCommand {
        let request = ToWorker::Request {
            id: 1,
            lane: OnlyLane,
            request: WAIT,
        };
        let cancel = ToWorker::<Prepare, OnlyLane>::Cancel { id: 1 };
        let n_bytes = message(&request).len() + message(&cancel).len();
        let Parcel { data: reply, .. } = Parcel::pack(()).expect("nothing can be packed");
        let done = message(&FromWorker::Done { id: 1, reply });
        std::fs::write(answer, done).expect("a file can be written");
        let script = format!("head -c {n_bytes} >/dev/null; cat \"$0\"");
        WorkerCommand {
            program: "sh".into(),
            args: vec!["-c".into(), script.into(), answer.as_os_str().to_owned()],
            called: "the worker",
        }
    }

    #[test]
    fn a_call_that_waits_asks_its_worker_to_stop_as_soon_as_it_is_cancelled() {
        let answer = tempfile::NamedTempFile::new().expect("a temporary file can be made");
        let late = lateness(|cancel| {
            let client = Client::<Pieces>::new(waiting_worker(answer.path()));
            let done = client.send(OnlyLane, WAIT, cancel, &mut |_| {});
            assert!(done.is_ok(), "{done:?}");
        });
        // Two programs start and end meanwhile.
        assert!(late < 2 * AT_ONCE, "{late:?}");
    }

    #[test]
    fn a_call_is_never_left_with_a_worker_that_has_ended() {
        let client = Client::<Pieces>::new(WorkerCommand {
            program: "true".into(),
            args: Vec::new(),
            called: "the worker",
        });
        for _ in 0..200 {
            let ended = client.send(OnlyLane, WAIT, &CancelToken::new(), &mut |_| {});
            assert_eq!(ended.expect_err("it says nothing").fault, Fault::WorkerEnded);
        }
    }
}
