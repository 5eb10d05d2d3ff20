//! A role in this process, on threads of its own.

use std::collections::BTreeMap;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};

use super::lane::{Job, LaneThread, MakeRole, Output, Turn};
use super::message::Parcel;
use super::places::Places;
use super::role::{Caller, Lane as _, LaneOf, Outbox, RequestOf, Role};
use crate::cancel::CancelToken;
use crate::fault::{Failure, Fault};

/// Runs a role inside this process: for the command line and for tests.
///
/// Each lane has its own instance of the role on its own thread, started where it is first used.
pub struct Local<R: Role> {
    name: &'static str,
    make: MakeRole<R>,
    lanes: Mutex<BTreeMap<LaneOf<R>, LaneThread<R>>>,
    places: Places<LaneOf<R>>,
}

impl<R: Role> Local<R> {
    /// A role that `make` creates on each lane's own thread; `name` is what the threads are called.
    pub fn new(name: &'static str, make: impl Fn() -> R + Send + Sync + 'static) -> Self {
        Self {
            name,
            make: Arc::new(make),
            lanes: Mutex::default(),
            places: Places::default(),
        }
    }

    fn lane(&self, lane: LaneOf<R>) -> Result<LaneThread<R>, Failure> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = lanes.get(&lane) {
            return Ok(thread.clone());
        }
        let thread = LaneThread::start(&format!("{} {}", self.name, lane.name()), Arc::clone(&self.make))
            .map_err(|error| Failure::new(Fault::Machine, format!("could not start a thread: {error}")))?;
        lanes.insert(lane, thread.clone());
        Ok(thread)
    }
}

impl<R: Role> Caller<R::Protocol> for Local<R> {
    fn send(
        &self,
        lane: LaneOf<R>,
        request: RequestOf<R>,
        cancel: &CancelToken,
        on_event: &mut Outbox<'_>,
    ) -> Result<Parcel, Failure> {
        let _place = self.places.take(lane, cancel)?;
        let (outputs, inbox) = sync_channel(lane.max_waiting_events());
        let out = Box::new(move |output| {
            // A caller that is gone reads nothing more; the role ends through its cancel token.
            drop(outputs.send(output));
        });
        let job = Job {
            request,
            cancel: cancel.clone(),
            turn: Turn::default(),
            out,
        };
        self.lane(lane)?.send(job).map_err(|(_, failure)| failure)?;
        while let Ok(output) = inbox.recv() {
            match output {
                Output::Event(event) => on_event(event),
                Output::Finished(result) => return result,
            }
        }
        Err(Failure::new(Fault::Machine, "the worker's thread has ended"))
    }
}
