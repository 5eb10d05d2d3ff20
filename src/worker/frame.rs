//! The framing on a worker's pipes.
//!
//! A message is `magic, version, header length (u32), payload length (u64), files beside it (u8)`, little endian, then a JSON
//! header and raw bytes. Small things travel as JSON so that a protocol trace can be read; pixels and features travel as they are.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::channel::Sender;

/// The version that both ends must speak. Shell and worker ship together, so a difference means a broken install.
pub(super) const PROTOCOL_VERSION: u16 = 3;
/// A header is metadata: a frame index of a ten-hour video is the largest thing in one.
pub(super) const MAX_HEADER_BYTES: u32 = 64 << 20;
/// The largest payload: the frames of one request at tower size, with room.
pub(super) const MAX_PAYLOAD_BYTES: u64 = 1 << 30;

const MAGIC: [u8; 4] = *b"VIDR";
const PREFIX_BYTES: usize = 4 + 2 + 4 + 8 + 1;

/// The stream does not speak the protocol, or broke.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Reading or writing failed.
    #[error("the pipe to the worker broke: {0}")]
    Io(#[from] io::Error),
    /// The stream ended inside a message.
    #[error("the worker's stream ended in the middle of a message")]
    Truncated,
    /// Something other than a message stands in the stream.
    #[error("the worker's stream does not hold a message")]
    NotAMessage,
    /// The other end is of another version.
    #[error("the worker speaks protocol {found}, this program speaks {PROTOCOL_VERSION}")]
    Version {
        /// The version in the message.
        found: u16,
    },
    /// A length is larger than any message of the protocol.
    #[error("a message of {header_bytes} + {payload_bytes} bytes is larger than the protocol allows")]
    TooLarge {
        /// Length of the header in the message.
        header_bytes: u32,
        /// Length of the payload in the message.
        payload_bytes: u64,
    },
    /// The header is not what the protocol says.
    #[error("the message's header is malformed: {0}")]
    Header(#[from] serde_json::Error),
}

/// A message as it arrived.
#[derive(Debug)]
pub(super) struct Arrival<H> {
    pub(super) header: H,
    pub(super) payload: Vec<u8>,
    /// Files that came beside it.
    pub(super) n_files: usize,
}

/// Writes one message and flushes it.
///
/// # Errors
/// [`WireError::Io`] when the pipe broke, [`WireError::TooLarge`] before anything is written.
pub(super) fn write_message(
    to: &mut impl Write,
    header: &impl Serialize,
    payload: &[u8],
) -> Result<(), WireError> {
    to.write_all(&beginning(header, payload, 0)?)?;
    to.write_all(payload)?;
    to.flush()?;
    Ok(())
}

/// Sends one message with files beside it, as many as travel.
///
/// # Errors
/// As [`write_message`].
pub(super) fn send_message(
    to: &mut Sender,
    header: &impl Serialize,
    payload: &[u8],
    files: &[Arc<File>],
) -> Result<(), WireError> {
    to.send(&beginning(header, payload, Sender::n_travelling(files))?, files)?;
    to.write_all(payload)?;
    to.flush()?;
    Ok(())
}

/// What goes before the payload.
fn beginning(header: &impl Serialize, payload: &[u8], n_files: usize) -> Result<Vec<u8>, WireError> {
    let header = serde_json::to_vec(header)?;
    let header_bytes = u32::try_from(header.len()).unwrap_or(u32::MAX);
    let payload_bytes = payload.len() as u64;
    check_lengths(header_bytes, payload_bytes)?;
    let mut prefix = Vec::with_capacity(PREFIX_BYTES + header.len());
    prefix.extend_from_slice(&MAGIC);
    prefix.extend_from_slice(&PROTOCOL_VERSION.to_le_bytes());
    prefix.extend_from_slice(&header_bytes.to_le_bytes());
    prefix.extend_from_slice(&payload_bytes.to_le_bytes());
    prefix.push(u8::try_from(n_files).unwrap_or(u8::MAX));
    prefix.extend_from_slice(&header);
    Ok(prefix)
}

/// Reads one message, or nothing where the stream ends between two messages.
///
/// # Errors
/// Any [`WireError`]. Lengths are checked before memory is taken.
pub(super) fn read_message<H: DeserializeOwned>(
    from: &mut impl Read,
) -> Result<Option<Arrival<H>>, WireError> {
    let mut prefix = [0_u8; PREFIX_BYTES];
    match read_up_to(from, &mut prefix)? {
        0 => return Ok(None),
        PREFIX_BYTES => {}
        _ => return Err(WireError::Truncated),
    }
    let (magic, rest) = prefix.split_at(4);
    if magic != MAGIC {
        return Err(WireError::NotAMessage);
    }
    let found = u16::from_le_bytes([rest[0], rest[1]]);
    if found != PROTOCOL_VERSION {
        return Err(WireError::Version { found });
    }
    let header_bytes = u32::from_le_bytes([rest[2], rest[3], rest[4], rest[5]]);
    let payload_bytes = u64::from_le_bytes([
        rest[6], rest[7], rest[8], rest[9], rest[10], rest[11], rest[12], rest[13],
    ]);
    check_lengths(header_bytes, payload_bytes)?;
    let header = read_bytes(from, u64::from(header_bytes))?;
    let payload = read_bytes(from, payload_bytes)?;
    Ok(Some(Arrival {
        header: serde_json::from_slice(&header)?,
        payload,
        n_files: usize::from(rest[14]),
    }))
}

fn check_lengths(header_bytes: u32, payload_bytes: u64) -> Result<(), WireError> {
    if MAX_HEADER_BYTES < header_bytes || MAX_PAYLOAD_BYTES < payload_bytes {
        return Err(WireError::TooLarge {
            header_bytes,
            payload_bytes,
        });
    }
    Ok(())
}

/// Grows with what really arrives, so that a lying length costs nothing.
fn read_bytes(from: &mut impl Read, n_bytes: u64) -> Result<Vec<u8>, WireError> {
    let mut bytes = Vec::new();
    from.take(n_bytes).read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < n_bytes {
        return Err(WireError::Truncated);
    }
    Ok(bytes)
}

fn read_up_to(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut n_read = 0;
    while n_read < buffer.len() {
        match from.read(&mut buffer[n_read..]) {
            Ok(0) => break,
            Ok(n) => n_read += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(n_read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_arrives_as_it_was_sent() {
        let mut pipe = Vec::new();
        write_message(&mut pipe, &("encode", 7), b"pixels").unwrap();
        write_message(&mut pipe, &("done", 8), b"").unwrap();
        let mut from = pipe.as_slice();
        let first: (String, u32) = read_message(&mut from)
            .unwrap()
            .map(|arrival| arrival.header)
            .unwrap();
        assert_eq!(first, ("encode".to_owned(), 7));
        let second: Arrival<(String, u32)> = read_message(&mut from).unwrap().unwrap();
        assert_eq!((second.header.1, second.payload.len(), second.n_files), (8, 0, 0));
        assert!(
            read_message::<(String, u32)>(&mut from).unwrap().is_none(),
            "a clean end is no error"
        );
    }

    #[test]
    fn broken_streams_are_told_apart() {
        let mut pipe = Vec::new();
        write_message(&mut pipe, &"hello", b"1234").unwrap();
        let cut = read_message::<String>(&mut &pipe[..pipe.len() - 1]);
        assert!(matches!(cut, Err(WireError::Truncated)), "{cut:?}");
        let stray = read_message::<String>(&mut b"a stray line that a library printed\n".as_slice());
        assert!(matches!(stray, Err(WireError::NotAMessage)), "{stray:?}");
        let mut other_version = pipe.clone();
        other_version[4] = 99;
        let found = read_message::<String>(&mut other_version.as_slice());
        assert!(
            matches!(found, Err(WireError::Version { found: 99 })),
            "{found:?}"
        );
        let mut huge = pipe;
        huge[10..18].copy_from_slice(&u64::MAX.to_le_bytes());
        let refused = read_message::<String>(&mut huge.as_slice());
        assert!(matches!(refused, Err(WireError::TooLarge { .. })), "{refused:?}");
    }
}
