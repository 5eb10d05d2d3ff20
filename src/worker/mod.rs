//! A role in a process of its own: the framing, the host that serves a role over stdin and stdout, and the client.
//!
//! FFmpeg reads untrusted files and a large model can exhaust memory, so neither runs in the process that shows a
//! window or holds a chat. A worker keeps nothing that a user would miss and may be killed at any moment. A role is
//! one trait, [`Role`]; the same implementation runs in this process ([`Local`]) or behind pipes ([`Client`]), so
//! that both ways give the same events by construction.
//!
//! This module knows how to carry requests, not what they mean: no FFmpeg, no candle, no Tauri.

mod channel;
mod client;
mod end;
mod frame;
mod host;
mod lane;
mod local;
mod message;
mod patience;
mod places;
mod reader;
mod role;

pub use channel::MAX_FILES;
pub use client::{Client, WorkerCommand};
pub use frame::WireError;
pub use host::{ProtocolStdio, serve};
pub use local::Local;
pub use message::{Message, Nothing, Parcel};
pub use patience::Patience;
pub(crate) use role::requests;
pub use role::{Call, Caller, Handle, Lane, MAX_WAITING_EVENTS, Outbox, Protocol, Request, Role, hand_to};
