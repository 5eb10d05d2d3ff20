//! Any bytes as what a worker answers: events, replies and failures, for a call that waits and for those that nobody made.
#![no_main]

use std::fs;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use videre::cancel::CancelToken;
use videre::engine::{Check, MediaProtocol, MediaRequest};
use videre::worker::{Caller, Client, Patience, Protocol, WorkerCommand};

#[path = "framed.rs"]
mod framed;

type Lane = <MediaProtocol as Protocol>::Lane;

fuzz_target!(init: {
    // As every Rust program begins: that a worker ended is an error, and no signal.
    // SAFETY: no other thread is there yet.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}, |data: &[u8]| {
    let Some((which, rest)) = data.split_first() else {
        return;
    };
    let said = PathBuf::from(format!("/dev/shm/videre-fuzz-{}", std::process::id()));
    if fs::write(&said, framed::messages(*which, rest)).is_err() {
        return;
    }
    let client = Client::<MediaProtocol>::new(WorkerCommand {
        program: "cat".into(),
        args: vec![said.into_os_string()],
        called: "the worker",
        patience: Patience::WITH_MEDIA,
    });
    let request: MediaRequest = serde_json::from_str(r#"{"ExamineMedia":null}"#).expect("it is one");
    let lane: Lane = serde_json::from_str(r#""Viewer""#).expect("it is one");
    // The first call has the number 1; the second is one to a worker that ended.
    for _ in 0..2 {
        let mut n_events = 0;
        let done = client.send(lane, request.clone(), &CancelToken::new(), &mut |_| n_events += 1);
        if let Ok(reply) = done {
            drop(reply.unpack::<Vec<Check>>());
        }
        std::hint::black_box(n_events);
    }
});
