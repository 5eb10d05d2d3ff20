//! Any bytes as what a worker is sent: requests and cancels of both roles, with whatever lengths and payloads.
//!
//! The roles here do nothing: what is looked for is in the reader, the lanes and the types of the requests.
#![no_main]

use std::fs::File;
use std::io::Write;
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, FromRawFd};

use libfuzzer_sys::fuzz_target;
use videre::cancel::CancelToken;
use videre::engine::{MediaProtocol, ModelProtocol};
use videre::fault::Failure;
use videre::worker::{Outbox, Parcel, Protocol, ProtocolStdio, Role, serve};

#[path = "framed.rs"]
mod framed;

/// Says that it has done whatever it was asked.
struct Idle<P>(PhantomData<fn(P)>);

impl<P: Protocol> Role for Idle<P> {
    type Protocol = P;

    fn serve(&mut self, _: P::Request, cancel: &CancelToken, _: &mut Outbox<'_>) -> Result<Parcel, Failure> {
        cancel.check()?;
        Parcel::pack(())
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((which, rest)) = data.split_first() else {
        return;
    };
    let sent = framed::messages(*which, rest);
    let Some(stdio) = taking(&sent) else { return };
    // What ends it is not looked at: most of what comes is no protocol.
    match which & 2 {
        0 => drop(serve(stdio, || Idle::<MediaProtocol>(PhantomData))),
        _ => drop(serve(stdio, || Idle::<ModelProtocol>(PhantomData))),
    }
});

/// These bytes as standard input, and nobody at standard output.
fn taking(bytes: &[u8]) -> Option<ProtocolStdio> {
    // SAFETY: the name is a C string, what comes back belongs to nobody else, and 0 and 1 are this process's own.
    unsafe {
        let descriptor = libc::memfd_create(c"sent".as_ptr(), libc::MFD_CLOEXEC);
        if descriptor < 0 {
            return None;
        }
        let mut input = File::from_raw_fd(descriptor);
        input.write_all(bytes).ok()?;
        libc::lseek(descriptor, 0, libc::SEEK_SET);
        let nobody = File::options().write(true).open("/dev/null").ok()?;
        libc::dup2(descriptor, 0);
        libc::dup2(nobody.as_raw_fd(), 1);
    }
    ProtocolStdio::take().ok()
}
