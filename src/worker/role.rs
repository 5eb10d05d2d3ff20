//! What a role is, and what it is to call one.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cancel::CancelToken;
use crate::fault::Failure;

/// Takes an event and its raw bytes while a request is being worked on. Blocks while the receiver is behind, so that
/// a slow reader holds the role back instead of filling memory.
pub type Emit<'a, E> = dyn FnMut(E, &[u8]) + 'a;

/// One thread of work inside a worker, with state of its own.
///
/// Requests on one lane are served in order; lanes run beside each other. The media role uses one lane for the
/// viewer and one for the model's frames, so that scrubbing never waits behind an encoding.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct Lane(pub u8);

/// What can be asked of a role, and what it answers: types alone, known also where the role itself is not linked.
pub trait Protocol: Send + Sync + 'static {
    /// What can be asked. Large data travels beside it as raw bytes.
    type Request: Serialize + DeserializeOwned + Send + 'static;
    /// What comes back while a request is worked on, in order; the last thing is the return of [`Role::handle`].
    type Event: Serialize + DeserializeOwned + Send + 'static;
}

/// A part of the engine that answers requests with a stream of events.
///
/// It lives on one thread from its creation on (FFmpeg and model state never move between threads) and keeps nothing
/// that must outlive it.
pub trait Role: 'static {
    /// What it is asked.
    type Protocol: Protocol;

    /// Works on one request until it is done, fails, or is cancelled.
    ///
    /// # Errors
    /// A [`Failure`] worded for a user; cancelled when `cancel` ended it.
    fn handle(
        &mut self,
        request: RequestOf<Self>,
        payload: &[u8],
        cancel: &CancelToken,
        emit: &mut Emit<'_, EventOf<Self>>,
    ) -> Result<(), Failure>;

    /// Does a piece of what will most likely be asked next, while nobody waits; `cancel` ends it as soon as somebody does.
    /// False once there is nothing of that kind left to do, until the next request.
    fn prepare(&mut self, cancel: &CancelToken) -> bool {
        let _nothing = cancel;
        false
    }
}

/// What a role is asked.
pub type RequestOf<R> = <<R as Role>::Protocol as Protocol>::Request;
/// What a role answers.
pub type EventOf<R> = <<R as Role>::Protocol as Protocol>::Event;

/// Somewhere a role can be reached: in this process or in a worker.
pub trait Caller<P: Protocol>: Send + Sync {
    /// Sends one request and hands every event to `on_event`, until the request is done.
    ///
    /// # Errors
    /// What the role answered, or why the worker ended.
    fn call(
        &self,
        lane: Lane,
        request: P::Request,
        payload: &[u8],
        cancel: &CancelToken,
        on_event: &mut dyn FnMut(P::Event, Vec<u8>),
    ) -> Result<(), Failure>;
}
