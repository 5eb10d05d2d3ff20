//! Answers as they are written.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use videre::api::window::ApiError;
use videre::desktop::Shown;

const EVENT: u8 = 0;
const PICTURE: u8 = 1;
const DONE: u8 = 2;
const FAILED: u8 = 3;

/// A row of messages on its way, in HTTP's chunks: each is sent at once.
pub(crate) struct Answer {
    to: Box<dyn Write + Send>,
    on_gone: Box<dyn Fn() + Send>,
}

impl Answer {
    pub(crate) fn begin(mut to: Box<dyn Write + Send>, on_gone: impl Fn() + Send + 'static) -> Self {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nCache-Control: no-store\r\n\
                    Transfer-Encoding: chunked\r\n\r\n";
        if to.write_all(head.as_bytes()).is_err() {
            on_gone();
        }
        Self {
            to,
            on_gone: Box::new(on_gone),
        }
    }

    fn send(&mut self, kind: u8, parts: &[&[u8]]) {
        let n_bytes: usize = parts.iter().map(|part| part.len()).sum();
        let mut message = Vec::with_capacity(n_bytes + 5);
        message.extend_from_slice(&(n_bytes as u32).to_le_bytes());
        message.push(kind);
        parts.iter().for_each(|part| message.extend_from_slice(part));
        if self.chunk(&message).is_err() {
            (self.on_gone)();
        }
    }

    fn chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        write!(self.to, "{:x}\r\n", bytes.len())?;
        self.to.write_all(bytes)?;
        self.to.write_all(b"\r\n")?;
        self.to.flush()
    }

    pub(crate) fn event(&mut self, event: &impl Serialize) {
        self.send(EVENT, &[&json(event)]);
    }

    /// A picture: its slot, the length of what stands beside it, that, and the image file.
    pub(crate) fn picture(&mut self, slot: usize, shown: &Shown) {
        let info = json(&shown.info);
        let head = [(slot as u32).to_le_bytes(), (info.len() as u32).to_le_bytes()].concat();
        self.send(PICTURE, &[&head, &info, &shown.bytes]);
    }

    pub(crate) fn end(mut self, done: Result<Value, ApiError>) {
        match done {
            Ok(value) => self.send(DONE, &[&json(&value)]),
            Err(error) => self.send(FAILED, &[&json(&error)]),
        }
        // Nobody may be there to read the end.
        drop(self.to.write_all(b"0\r\n\r\n").and_then(|()| self.to.flush()));
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("BUG: our own types have string keys")
}
