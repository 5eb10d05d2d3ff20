//! A media worker that crashes or stands still once, in the middle of an encoding: what tests put in the place of the real one.
//!
//! It aborts when it hands out its third frame, unless the file named by its argument exists, which it makes first. With a
//! second argument it stands still at its seventh instead, until it is killed.

use std::fs::File;
use std::path::PathBuf;

use videre::cancel::CancelToken;
use videre::engine::{MediaProtocol, MediaRequest, MediaRole};
use videre::fault::Failure;
use videre::worker::{Outbox, Parcel, ProtocolStdio, Role, WireError, serve};

struct Aborting {
    role: MediaRole,
    n_frames: usize,
    crashed: PathBuf,
    stands_still: bool,
}

impl Role for Aborting {
    type Protocol = MediaProtocol;

    fn serve(
        &mut self,
        request: MediaRequest,
        cancel: &CancelToken,
        out: &mut Outbox<'_>,
    ) -> Result<Parcel, Failure> {
        let hands_out_frames = matches!(request, MediaRequest::FitForModel(_));
        let (n_frames, crashed, stands_still) = (&mut self.n_frames, &self.crashed, self.stands_still);
        self.role.serve(request, cancel, &mut |event| {
            if hands_out_frames {
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
            out(event);
        })
    }
}

fn main() -> Result<(), WireError> {
    let crashed = PathBuf::from(std::env::args_os().nth(1).unwrap_or_default());
    let make = MediaRole::maker();
    serve(ProtocolStdio::take()?, move || Aborting {
        role: make(),
        n_frames: 0,
        crashed: crashed.clone(),
        stands_still: std::env::args_os().len() > 2,
    })
}
