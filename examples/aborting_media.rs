//! A media worker that crashes or stands still once, in the middle of an encoding: what tests put in the place of the real one.
//!
//! It aborts when it hands out its third frame, unless the file named by its argument exists, which it makes first. With a
//! second argument it stands still at its seventh instead, until it is killed.

use std::fs::File;
use std::path::PathBuf;

use videre::api::{MediaEvent, MediaRequest};
use videre::cancel::CancelToken;
use videre::engine::{MediaProtocol, MediaRole};
use videre::fault::Failure;
use videre::worker::{Emit, ProtocolStdio, Role, WireError, serve};

struct Aborting {
    role: MediaRole,
    n_frames: usize,
    crashed: PathBuf,
    stands_still: bool,
}

impl Role for Aborting {
    type Protocol = MediaProtocol;

    fn handle(
        &mut self,
        request: MediaRequest,
        payload: &[u8],
        cancel: &CancelToken,
        emit: &mut Emit<'_, MediaEvent>,
    ) -> Result<(), Failure> {
        let (n_frames, crashed, stands_still) = (&mut self.n_frames, &self.crashed, self.stands_still);
        self.role.handle(request, payload, cancel, &mut |event, payload| {
            if matches!(event, MediaEvent::Fitted { .. }) {
                *n_frames += 1;
                if *n_frames == if stands_still { 7 } else { 3 } && !crashed.exists() {
                    drop(File::create(crashed));
                    if stands_still {
                        loop {
                            std::thread::park();
                        }
                    }
                    std::process::abort();
                }
            }
            emit(event, payload);
        })
    }
}

fn main() -> Result<(), WireError> {
    let crashed = PathBuf::from(std::env::args_os().nth(1).unwrap_or_default());
    let make = MediaRole::maker(None);
    serve(ProtocolStdio::take()?, move || Aborting {
        role: make(),
        n_frames: 0,
        crashed: crashed.clone(),
        stands_still: std::env::args_os().len() > 2,
    })
}
