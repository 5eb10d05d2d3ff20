//! One thread that serves one instance of a role.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::role::{EventOf, Failure, RequestOf, Role};
use crate::cancel::CancelToken;
use crate::fault::Fault;

/// Requests that may wait on a lane. A caller past it waits, which is what bounds memory.
const MAX_WAITING_REQUESTS: usize = 64;

/// What a request brings forth: events in order, then exactly one end.
pub(super) enum Output<E> {
    Event(E, Vec<u8>),
    Finished(Result<(), Failure>),
}

pub(super) struct Job<R: Role> {
    pub(super) request: RequestOf<R>,
    pub(super) payload: Vec<u8>,
    pub(super) cancel: CancelToken,
    pub(super) out: Box<dyn FnMut(Output<EventOf<R>>) + Send>,
}

/// How a lane makes its instance of the role: on the lane's own thread, because a role need not be `Send`.
pub(super) type MakeRole<R> = Arc<dyn Fn() -> R + Send + Sync>;

/// A lane's inbox. The thread ends when the last of these is dropped.
pub(super) struct LaneThread<R: Role> {
    jobs: SyncSender<Job<R>>,
}

impl<R: Role> Clone for LaneThread<R> {
    fn clone(&self) -> Self {
        Self {
            jobs: self.jobs.clone(),
        }
    }
}

impl<R: Role> LaneThread<R> {
    pub(super) fn start(name: &str, make: MakeRole<R>) -> std::io::Result<Self> {
        let (jobs, inbox) = sync_channel(MAX_WAITING_REQUESTS);
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(&make, &inbox))?;
        Ok(Self { jobs })
    }

    pub(super) fn send(&self, job: Job<R>) -> Result<(), Failure> {
        self.jobs
            .send(job)
            .map_err(|_closed| Failure::new(Fault::Machine, "the worker's thread has ended"))
    }
}

fn serve<R: Role>(make: &MakeRole<R>, inbox: &Receiver<Job<R>>) {
    let mut role = None;
    while let Ok(mut job) = inbox.recv() {
        if job.cancel.is_cancelled() {
            (job.out)(Output::Finished(Err(crate::cancel::Cancelled.into())));
            continue;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let out = &mut job.out;
            role.get_or_insert_with(|| make()).handle(
                job.request,
                &job.payload,
                &job.cancel,
                &mut |event, payload| {
                    out(Output::Event(event, payload.to_vec()));
                },
            )
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

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no reason given")
}
