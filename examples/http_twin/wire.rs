//! Answers as they are written.

use std::io::{self, Write};

use videre::api::window::ApiError;
use videre::desktop::Body;

const TOLD: u8 = 0;
const TOLD_RAW: u8 = 1;
const DONE: u8 = 2;
const DONE_RAW: u8 = 3;
const FAILED: u8 = 4;

/// A row of messages on its way, in HTTP's chunks: each is sent at once.
pub(crate) struct Answer {
    to: Box<dyn Write + Send>,
}

impl Answer {
    pub(crate) fn begin(mut to: Box<dyn Write + Send>) -> Self {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nCache-Control: no-store\r\n\
                    Transfer-Encoding: chunked\r\n\r\n";
        // A page that went away is noticed at the first message.
        drop(to.write_all(head.as_bytes()));
        Self { to }
    }

    /// What the call tells of; false where there is nobody to hear it.
    pub(crate) fn tell(&mut self, message: Body) -> bool {
        let sent = match message {
            Body::Json(text) => self.send(TOLD, text.as_bytes()),
            Body::Raw(bytes) => self.send(TOLD_RAW, &bytes),
        };
        sent.is_ok()
    }

    pub(crate) fn end(mut self, done: Result<Body, ApiError>) {
        let sent = match done {
            Ok(Body::Json(text)) => self.send(DONE, text.as_bytes()),
            Ok(Body::Raw(bytes)) => self.send(DONE_RAW, &bytes),
            Err(error) => {
                let error = serde_json::to_vec(&error).expect("BUG: an error has string keys");
                self.send(FAILED, &error)
            }
        };
        // Nobody may be there to read the end.
        drop(
            sent.and_then(|()| self.to.write_all(b"0\r\n\r\n"))
                .and_then(|()| self.to.flush()),
        );
    }

    fn send(&mut self, kind: u8, bytes: &[u8]) -> io::Result<()> {
        let n_bytes = (bytes.len() as u32).to_le_bytes();
        write!(self.to, "{:x}\r\n", bytes.len() + 5)?;
        self.to
            .write_all(&[&n_bytes[..], &[kind], bytes, b"\r\n"].concat())?;
        self.to.flush()
    }
}
