//! What a role is, and what it is to call one.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::message::{Message, Parcel};
use crate::cancel::CancelToken;
use crate::fault::Failure;

/// Events that usually may wait for a slow reader.
pub const MAX_WAITING_EVENTS: usize = 8;

/// Takes what comes while a request is being worked on. Blocks while the receiver is behind, so that a slow reader holds
/// the role back instead of filling memory.
pub(super) type Emit<'a, E> = dyn FnMut(E) + 'a;

/// Where the events of any request go, packed.
pub type Outbox<'a> = dyn FnMut(Parcel) + 'a;

/// A thread of work inside a role, with state of its own. Requests on one lane are served in order; lanes run beside each
/// other.
pub trait Lane: Copy + Debug + Ord + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What its thread is called.
    fn name(self) -> &'static str;

    /// Events that may wait for a slow reader before the role is held back.
    fn max_waiting_events(self) -> usize {
        MAX_WAITING_EVENTS
    }
}

/// What can be asked of a role: types alone, known also where the role itself is not linked.
pub trait Protocol: Send + Sync + 'static {
    /// All that can be asked, as one type.
    type Request: Message;
    /// The role's lanes.
    type Lane: Lane;
}

/// One thing that can be asked of a role. The compiler holds caller and role to the same reply.
pub trait Request: Into<<Self::Protocol as Protocol>::Request> {
    /// Whom it is for.
    type Protocol: Protocol;
    /// What comes while it is worked on, in order.
    type Event: Message;
    /// What comes at last.
    type Reply: Message;

    /// The lane that it waits on.
    const LANE: <Self::Protocol as Protocol>::Lane;
}

/// A request while it is worked on.
pub struct Call<'a, E> {
    /// Asks to stop.
    pub cancel: &'a CancelToken,
    emit: &'a mut Emit<'a, E>,
}

impl<E> Call<'_, E> {
    /// Says something before the reply. Blocks while the receiver is behind.
    pub fn emit(&mut self, event: E) {
        (self.emit)(event);
    }
}

/// A role that can work on this request.
pub trait Handle<R: Request> {
    /// Works on it until it is done, fails, or is cancelled.
    ///
    /// # Errors
    /// A [`Failure`] worded for a user; cancelled when the call's token ended it.
    fn handle(&mut self, request: R, call: &mut Call<'_, R::Event>) -> Result<R::Reply, Failure>;
}

/// A part of the engine that answers requests.
///
/// It lives on one thread from its creation on (FFmpeg and model state never move between threads) and keeps nothing
/// that must outlive it.
pub trait Role: 'static {
    /// What it is asked.
    type Protocol: Protocol;

    /// Works on any request: by the table of its requests, which says how.
    ///
    /// # Errors
    /// As [`Handle::handle`].
    fn serve(
        &mut self,
        request: RequestOf<Self>,
        cancel: &CancelToken,
        out: &mut Outbox<'_>,
    ) -> Result<Parcel, Failure>;

    /// Does a piece of what will most likely be asked next, while nobody waits; `cancel` ends it as soon as somebody does.
    /// False once there is nothing of that kind left to do, until the next request.
    fn prepare(&mut self, cancel: &CancelToken) -> bool {
        let _nothing = cancel;
        false
    }
}

/// All that a role is asked.
pub(super) type RequestOf<R> = <<R as Role>::Protocol as Protocol>::Request;
/// A role's lanes.
pub(super) type LaneOf<R> = <<R as Role>::Protocol as Protocol>::Lane;

/// Hands `request` to the role, packing what it says: what [`Role::serve`] does with each of its requests.
///
/// # Errors
/// As [`Handle::handle`].
pub fn hand_to<R: Request, H: Handle<R>>(
    role: &mut H,
    request: R,
    cancel: &CancelToken,
    out: &mut Outbox<'_>,
) -> Result<Parcel, Failure> {
    let mut unpackable = None;
    let mut emit = |event: R::Event| match Parcel::pack(event) {
        Ok(parcel) => out(parcel),
        Err(failure) => unpackable = Some(failure),
    };
    let mut call = Call {
        cancel,
        emit: &mut emit,
    };
    let reply = role.handle(request, &mut call)?;
    match unpackable {
        None => Parcel::pack(reply),
        Some(failure) => Err(failure),
    }
}

/// Somewhere a role can be reached: in this process or in a worker.
pub trait Caller<P: Protocol>: Send + Sync {
    /// Sends one request and hands every event to `on_event`, until the request is done. Callers use
    /// [`call`](Caller#method.call), which knows what each request brings.
    ///
    /// # Errors
    /// What the role answered, or why the worker ended.
    fn send(
        &self,
        lane: P::Lane,
        request: P::Request,
        cancel: &CancelToken,
        on_event: &mut Outbox<'_>,
    ) -> Result<Parcel, Failure>;
}

impl<P: Protocol> dyn Caller<P> + '_ {
    /// Asks, and waits for the reply.
    ///
    /// # Errors
    /// What the role answered, or why the worker ended.
    pub fn call<R: Request<Protocol = P>>(
        &self,
        request: R,
        cancel: &CancelToken,
    ) -> Result<R::Reply, Failure> {
        self.call_with(request, cancel, &mut |_| {})
    }

    /// Asks, hands what comes meanwhile to `on_event`, and waits for the reply.
    ///
    /// # Errors
    /// What the role answered, or why the worker ended.
    pub fn call_with<R: Request<Protocol = P>>(
        &self,
        request: R,
        cancel: &CancelToken,
        on_event: &mut Emit<'_, R::Event>,
    ) -> Result<R::Reply, Failure> {
        let mut unreadable = None;
        let reply = self.send(
            R::LANE,
            request.into(),
            cancel,
            &mut |parcel| match parcel.unpack() {
                Ok(event) => on_event(event),
                Err(failure) => unreadable = Some(failure),
            },
        )?;
        unreadable.map_or_else(|| reply.unpack(), Err)
    }
}

/// Declares what a role is asked: one table of requests, each with its lane, what comes while it is worked on, and its
/// reply.
///
/// ```text
/// requests! {
///     /// All that the media role is asked.
///     MediaRequest for MediaProtocol on MediaLane {
///         Open: List, Indexing => Opened;
///     }
/// }
/// ```
macro_rules! requests {
    ($(#[$about:meta])* $all:ident for $protocol:ident on $lanes:ident {
        $($request:ident: $lane:ident, $event:ty => $reply:ty;)+
    }) => {
        $(#[$about])*
        #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
        pub enum $all {
            $(#[doc = concat!("`", stringify!($request), "`.")] $request(Box<$request>),)+
        }

        #[doc = concat!("What can be asked: `", stringify!($all), "`.")]
        #[derive(Clone, Copy, Debug)]
        pub struct $protocol;

        impl $crate::worker::Protocol for $protocol {
            type Request = $all;
            type Lane = $lanes;
        }

        impl $crate::worker::Message for $all {
            fn take_bytes(&mut self) -> Vec<u8> {
                match self { $(Self::$request(request) => request.take_bytes(),)+ }
            }

            fn put_bytes(&mut self, bytes: Vec<u8>) -> Result<(), Vec<u8>> {
                match self { $(Self::$request(request) => request.put_bytes(bytes),)+ }
            }

            fn take_files(&mut self) -> Vec<std::sync::Arc<std::fs::File>> {
                match self { $(Self::$request(request) => request.take_files(),)+ }
            }

            fn put_files(&mut self, files: Vec<std::sync::Arc<std::fs::File>>) -> Result<(), usize> {
                match self { $(Self::$request(request) => request.put_files(files),)+ }
            }
        }

        impl $all {
            /// Works on it with `role`.
            ///
            /// # Errors
            /// What `role` says.
            pub fn serve_with<H>(
                self,
                role: &mut H,
                cancel: &$crate::cancel::CancelToken,
                out: &mut $crate::worker::Outbox<'_>,
            ) -> Result<$crate::worker::Parcel, $crate::fault::Failure>
            where $(H: $crate::worker::Handle<$request>,)+
            {
                match self { $(Self::$request(request) => $crate::worker::hand_to(role, *request, cancel, out),)+ }
            }
        }

        $(
            impl From<$request> for $all {
                fn from(request: $request) -> Self {
                    Self::$request(Box::new(request))
                }
            }

            impl $crate::worker::Request for $request {
                type Protocol = $protocol;
                type Event = $event;
                type Reply = $reply;

                const LANE: $lanes = $lanes::$lane;
            }
        )+
    };
}
pub(crate) use requests;
