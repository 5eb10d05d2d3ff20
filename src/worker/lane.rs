//! One thread that serves one instance of a role.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::message::Parcel;
use super::places::MAX_REQUESTS;
use super::role::{RequestOf, Role};
use crate::cancel::CancelToken;
use crate::fault::{Failure, Fault};

/// What a request brings forth: events in order, then exactly one end.
pub(super) enum Output {
    Event(Parcel),
    Finished(Result<Parcel, Failure>),
}

pub(super) struct Job<R: Role> {
    pub(super) request: RequestOf<R>,
    pub(super) cancel: CancelToken,
    pub(super) turn: Turn,
    pub(super) out: Box<dyn FnMut(Output) + Send>,
}

/// Requests that may be on a lane with those that were cancelled while they waited: these are answered, so that others have
/// their places, and are passed over when it comes to them.
const MAX_QUEUED: usize = 16 * MAX_REQUESTS;

/// Whose turn a request is: the lane's that works on it, or that of whoever answers it before, once it is cancelled.
#[derive(Clone, Default)]
pub(super) struct Turn(Arc<AtomicBool>);

impl Turn {
    /// Whether it is the caller's, who answers it then: of all that ask, the first one's.
    pub(super) fn take(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

/// How a lane makes its instance of the role: on the lane's own thread, because a role need not be `Send`.
pub(super) type MakeRole<R> = Arc<dyn Fn() -> R + Send + Sync>;

/// A lane's inbox. The thread ends when the last of these is dropped.
pub(super) struct LaneThread<R: Role> {
    jobs: SyncSender<Job<R>>,
    preparing: Preparing,
}

/// Ends what the lane does while nobody waits.
#[derive(Clone, Default)]
struct Preparing(Arc<Mutex<CancelToken>>);

impl Preparing {
    /// A new token, which the next request ends.
    fn begin(&self) -> CancelToken {
        let token = CancelToken::new();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = token.clone();
        token
    }

    fn end(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).cancel();
    }
}

impl<R: Role> Clone for LaneThread<R> {
    fn clone(&self) -> Self {
        Self {
            jobs: self.jobs.clone(),
            preparing: self.preparing.clone(),
        }
    }
}

impl<R: Role> LaneThread<R> {
    pub(super) fn start(name: &str, make: MakeRole<R>) -> std::io::Result<Self> {
        let (jobs, inbox) = sync_channel(MAX_QUEUED);
        let preparing = Preparing::default();
        let ended_by = preparing.clone();
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(&make, &inbox, &ended_by))?;
        Ok(Self { jobs, preparing })
    }

    /// Puts a request on the lane, and never waits: callers take their [`super::places::Place`] before.
    pub(super) fn send(&self, job: Job<R>) -> Result<(), (Job<R>, Failure)> {
        let sent = self.jobs.try_send(job);
        // After the request is in: whoever begins to prepare later than this sees it.
        self.preparing.end();
        sent.map_err(|refused| match refused {
            TrySendError::Full(job) => (job, Failure::new(Fault::Machine, "too much waits to be done")),
            TrySendError::Disconnected(job) => {
                (job, Failure::new(Fault::Machine, "the worker's thread has ended"))
            }
        })
    }
}

fn serve<R: Role>(make: &MakeRole<R>, inbox: &Receiver<Job<R>>, preparing: &Preparing) {
    let mut role = None;
    while let Some(mut job) = next(&mut role, inbox, preparing) {
        if !job.turn.take() {
            continue;
        }
        if job.cancel.is_cancelled() {
            (job.out)(Output::Finished(Err(crate::cancel::Cancelled.into())));
            continue;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let out = &mut job.out;
            role.get_or_insert_with(|| make())
                .serve(job.request, &job.cancel, &mut |event| out(Output::Event(event)))
        }));
        let result = outcome.unwrap_or_else(|panic| {
            // What the panic left half done is thrown away with the instance; the next request starts clean.
            role = None;
            Err(Failure::new(
                Fault::Machine,
                format!("an internal error: {}", panic_text(panic.as_ref())),
            ))
        });
        (job.out)(Output::Finished(result));
    }
}

/// The next request; until it is there, the role prepares for it.
fn next<R: Role>(role: &mut Option<R>, inbox: &Receiver<Job<R>>, preparing: &Preparing) -> Option<Job<R>> {
    while let Some(idle) = role {
        let token = preparing.begin();
        match inbox.try_recv() {
            Ok(job) => return Some(job),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => {}
        }
        let prepared = catch_unwind(AssertUnwindSafe(|| idle.prepare(&token)));
        match prepared {
            Ok(true) => {}
            Ok(false) => break,
            Err(panic) => {
                tracing::error!(reason = panic_text(panic.as_ref()), "preparing failed");
                *role = None;
            }
        }
    }
    inbox.recv().ok()
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no reason given")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::worker::{Lane, Message, Outbox, Protocol};

    pub(in crate::worker) struct Pieces;

    /// So many pieces are to be prepared.
    #[derive(serde::Serialize, serde::Deserialize)]
    pub(in crate::worker) struct Prepare(pub(in crate::worker) u32);

    impl Message for Prepare {}

    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
    pub(in crate::worker) struct OnlyLane;

    impl Lane for OnlyLane {
        fn name(self) -> &'static str {
            "the only one"
        }
    }

    impl Protocol for Pieces {
        type Request = Prepare;
        type Lane = OnlyLane;
    }

    /// Prepares so many pieces after a request, and tells of each; the last one until it is ended.
    struct Counting {
        n_left: u32,
        told: SyncSender<&'static str>,
    }

    impl Role for Counting {
        type Protocol = Pieces;

        fn serve(
            &mut self,
            Prepare(n_pieces): Prepare,
            _cancel: &CancelToken,
            _out: &mut Outbox<'_>,
        ) -> Result<Parcel, Failure> {
            self.n_left = n_pieces;
            self.told.send("served").ok();
            Parcel::pack(())
        }

        fn prepare(&mut self, cancel: &CancelToken) -> bool {
            let Some(left) = self.n_left.checked_sub(1) else {
                return false;
            };
            self.n_left = left;
            self.told.send("prepared").ok();
            while left == 0 && !cancel.is_cancelled() {
                std::thread::yield_now();
            }
            true
        }
    }

    #[test]
    fn a_lane_prepares_while_nobody_waits_and_a_request_ends_that() {
        let (told, hears) = sync_channel(8);
        let told = Mutex::new(told);
        let make: MakeRole<Counting> = Arc::new(move || Counting {
            n_left: 0,
            told: told.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        });
        let lane = LaneThread::start("a lane", make).unwrap();
        let ask = |n_pieces| {
            lane.send(Job {
                turn: Turn::default(),
                request: Prepare(n_pieces),
                cancel: CancelToken::new(),
                out: Box::new(|_| {}),
            })
            .map_err(|(_, failure)| failure)
            .unwrap();
        };
        ask(2);
        let heard: Vec<_> = hears.iter().take(3).collect();
        assert_eq!(heard, ["served", "prepared", "prepared"]);
        // It would prepare for ever.
        ask(0);
        assert_eq!(hears.recv(), Ok("served"));
        drop(lane);
        assert!(
            hears.recv().is_err(),
            "nothing is left to prepare, and the thread ends with its last inbox"
        );
    }
}
