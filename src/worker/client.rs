//! The caller's side: starts a worker, sends requests, tells how it ended.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use super::channel::Sender;
use super::frame::{send_message, write_message};
use super::host::ToWorker;
use super::message::{Message as _, Parcel};
use super::patience::{GivenUp, Heard, Patience};
use super::places::Places;
use super::reader::{Incoming, Reader, Waiter, Waiting, lock};
use super::role::{Caller, Lane as _, Outbox, Protocol};
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
    /// How long it is waited for.
    pub patience: Patience,
}

/// Told when a worker ended that nobody asked to.
type OnEnd = Arc<Mutex<Option<Box<dyn Fn(&Failure) + Send + Sync>>>>;

/// One running process and the calls that wait for it.
struct Running {
    child: Arc<Mutex<Child>>,
    stdin: Arc<Mutex<Sender>>,
    waiting: Waiting,
    ended: Arc<AtomicBool>,
    given_up: Arc<OnceLock<GivenUp>>,
}

impl Running {
    /// Registers a call, unless the worker has ended. Under the lock under which the calls of one that ended are told: none
    /// is left to wait for ever.
    fn admits(&self, id: u64, waiter: &Waiter) -> bool {
        let mut waiting = lock(&self.waiting);
        let runs = !self.ended.load(Ordering::Acquire);
        if runs {
            waiter.heard.begin(waiting.values().map(|other| &other.heard));
            waiting.insert(id, waiter.clone());
        }
        runs
    }
}

/// A request on its way: where its answers arrive, who sends them there, the pipe to cancel it on, and the process to end
/// where that does not help.
struct Sent {
    inbox: Receiver<Incoming>,
    waiting: Waiting,
    stdin: Arc<Mutex<Sender>>,
    child: Arc<Mutex<Child>>,
    given_up: Arc<OnceLock<GivenUp>>,
    heard: Heard,
}

impl Sent {
    /// Ends the worker: it does nothing any more of what it should. Whoever waits is told why.
    fn give_up(&self, why: GivenUp) {
        tracing::warn!(?why, "a worker is ended");
        self.given_up.get_or_init(|| why);
        drop(lock(&self.child).kill());
    }
}

/// A role in a worker process. Started at the first call, and again at the first call after it ended.
pub struct Client<P: Protocol> {
    command: WorkerCommand,
    running: Mutex<Option<Running>>,
    next_id: AtomicU64,
    on_end: OnEnd,
    places: Places<P::Lane>,
    /// When each lane was heard of last.
    heard: Mutex<BTreeMap<P::Lane, Heard>>,
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
            heard: Mutex::default(),
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
    fn start(&self, id: u64, waiter: &Waiter) -> Result<Running, Failure> {
        waiter.heard.begin([]);
        let mut command = Command::new(&self.command.program);
        command
            .args(&self.command.args)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        let (mut child, stdin) = Sender::start(&mut command).map_err(|error| {
            let text = format!(
                "could not start {} ({:?}): {error}",
                self.command.called, self.command.program
            );
            Failure::new(Fault::Machine, text).with_hint("install the program again")
        })?;
        let Some(stdout) = child.stdout.take() else {
            return Err(Failure::new(
                Fault::Machine,
                format!("{} was started without pipes", self.command.called),
            ));
        };
        let running = Running {
            child: Arc::new(Mutex::new(child)),
            stdin: Arc::new(Mutex::new(stdin)),
            waiting: Arc::new(Mutex::new(BTreeMap::from([(id, waiter.clone())]))),
            ended: Arc::default(),
            given_up: Arc::default(),
        };
        let reader = Reader {
            waiting: Arc::clone(&running.waiting),
            child: Arc::clone(&running.child),
            ended: Arc::clone(&running.ended),
            given_up: Arc::clone(&running.given_up),
            called: self.command.called,
        };
        let called = self.command.called;
        let on_end = Arc::clone(&self.on_end);
        std::thread::Builder::new()
            .name(format!("from {called}"))
            .spawn(move || {
                let end = reader.read_answers(stdout);
                if let (Some(failure), Some(tell)) = (end, &*lock(&on_end)) {
                    tell(&failure);
                }
            })
            .map_err(|error| Failure::new(Fault::Machine, format!("could not start a thread: {error}")))?;
        Ok(running)
    }

    /// Registers a call with a worker that runs, starting one where needed, and sends the request.
    fn post(&self, id: u64, lane: P::Lane, mut request: P::Request) -> Result<Sent, Failure> {
        let (to, inbox) = sync_channel(lane.max_waiting_events());
        let heard = lock(&self.heard).entry(lane).or_default().clone();
        let waiter = Waiter { to, heard };
        let way = {
            let mut slot = lock(&self.running);
            let live = match slot.take().filter(|running| running.admits(id, &waiter)) {
                Some(running) => running,
                None => self.start(id, &waiter)?,
            };
            let way = Sent {
                inbox,
                waiting: Arc::clone(&live.waiting),
                stdin: Arc::clone(&live.stdin),
                child: Arc::clone(&live.child),
                given_up: Arc::clone(&live.given_up),
                heard: waiter.heard,
            };
            *slot = Some(live);
            way
        };
        let (bytes, files) = (request.take_bytes(), request.take_files());
        let request = ToWorker::Request { id, lane, request };
        let sent = send_message(&mut lock(&way.stdin), &request, &bytes, &files);
        match sent {
            // A broken pipe means that the worker ended: its reader thread knows the reason and tells the inbox.
            Ok(()) | Err(super::frame::WireError::Io(_)) => Ok(way),
            Err(error) => {
                lock(&way.waiting).remove(&id);
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
        let sent = self.post(id, lane, request)?;
        let waiting = Arc::clone(&sent.waiting);
        let _waking = cancel.on_cancel(move || {
            let inbox = lock(&waiting).get(&id).map(|waiter| waiter.to.clone());
            // Where the inbox is full there is no need of a word: it is looked for after each.
            drop(inbox.map(|inbox| inbox.try_send(Incoming::Cancelled)));
        });
        let Patience { cancelled, silent } = self.command.patience;
        let mut asked_to_stop = None;
        loop {
            let of_cancel = asked_to_stop.map(|asked: Instant| (asked + cancelled, GivenUp::DoesNotStop));
            let of_silence = silent.map(|silent| (sent.heard.last() + silent, GivenUp::Silent));
            // Once it is ended, the end arrives.
            let due = [of_cancel, of_silence].into_iter().flatten().min();
            let due = due.filter(|_| sent.given_up.get().is_none());
            let incoming = match due {
                None => sent.inbox.recv().map_err(RecvTimeoutError::from),
                Some((at, why)) => {
                    let left = at.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        sent.give_up(why);
                        continue;
                    }
                    sent.inbox.recv_timeout(left)
                }
            };
            match incoming {
                Ok(Incoming::Event(event)) => on_event(event),
                Ok(Incoming::Finished(result)) => return result,
                // Others on this lane may have been heard of meanwhile.
                Ok(Incoming::Cancelled) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::new(
                        Fault::Machine,
                        format!("{} ended", self.command.called),
                    ));
                }
            }
            if asked_to_stop.is_none() && cancel.is_cancelled() {
                asked_to_stop = Some(Instant::now());
                // A worker that is gone needs no cancelling; its end arrives through the inbox.
                drop(write_message(
                    &mut *lock(&sent.stdin),
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::cancel::tests::{AT_ONCE, lateness};
    use crate::worker::host::FromWorker;
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
            patience: Patience::WITH_MODEL,
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
            patience: Patience::WITH_MODEL,
        });
        for _ in 0..200 {
            let ended = client.send(OnlyLane, WAIT, &CancelToken::new(), &mut |_| {});
            assert_eq!(ended.expect_err("it says nothing").fault, Fault::WorkerEnded);
        }
    }

    /// Reads all that it is told and answers nothing.
    fn stuck(patience: Patience) -> Client<Pieces> {
        Client::new(WorkerCommand {
            program: "sh".into(),
            args: vec!["-c".into(), "exec cat >/dev/null".into()],
            called: "the worker",
            patience,
        })
    }

    #[test]
    fn a_worker_that_does_not_stop_is_ended_and_whoever_waits_is_told() {
        let client = stuck(Patience {
            cancelled: std::time::Duration::from_millis(100),
            silent: None,
        });
        let told = Arc::new(Mutex::new(None));
        let telling = Arc::clone(&told);
        client.on_end(move |failure| *lock(&telling) = Some(failure.clone()));
        let cancel = CancelToken::new();
        cancel_soon(&cancel);
        let ended = client.send(OnlyLane, WAIT, &cancel, &mut |_| {});
        let ended = ended.expect_err("it says nothing");
        assert_eq!(ended.fault, Fault::WorkerEnded);
        let stopped = "the worker stopped: it was ended because it did not stop when it was asked to";
        assert_eq!(ended.message, stopped);
        while lock(&told).is_none() {
            std::thread::yield_now();
        }
    }

    fn cancel_soon(cancel: &CancelToken) {
        let cancel = cancel.clone();
        let soon = move || {
            std::thread::sleep(std::time::Duration::from_millis(50));
            cancel.cancel();
        };
        let started = std::thread::Builder::new().name("cancel".to_owned()).spawn(soon);
        drop(started.expect("a thread begins"));
    }

    #[test]
    fn a_lane_that_is_silent_for_too_long_ends_the_worker() {
        let client = stuck(Patience {
            cancelled: std::time::Duration::from_secs(60),
            silent: Some(std::time::Duration::from_millis(100)),
        });
        let ended = client.send(OnlyLane, WAIT, &CancelToken::new(), &mut |_| {});
        let ended = ended.expect_err("it says nothing");
        let silent = "the worker stopped: it was ended because nothing was heard of it for too long";
        assert_eq!(ended.message, silent);
    }
}
