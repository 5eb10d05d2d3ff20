//! Requests and answers on a socket.

use std::fmt::Write as _;
use std::io::{self, BufRead, Read, Write};
use std::net::TcpStream;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use videre::cancel::{CancelToken, Monitor};

use super::{Act, Shared};

/// Bytes written at a time.
const PIECE_BYTES: usize = 64 << 10;
/// No request has more lines.
const MAX_LINES: usize = 100;

/// A request, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// `GET` or `HEAD`.
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    /// Whether it came to the host of the bytes, and not to the hub.
    pub(crate) is_at_bytes: bool,
    /// `Range`, `If-Range` and `Authorization`.
    pub(crate) range: Option<String>,
    /// What the range is of.
    pub(crate) if_range: Option<String>,
    /// The token.
    pub(crate) authorization: Option<String>,
}

/// A request's first line and headers.
pub(super) struct Request {
    pub(super) seen: Seen,
    /// Path without query, decoded.
    pub(super) path: String,
}

/// The next request of a connection.
pub(super) fn read(reader: &mut impl BufRead, is_at_bytes: bool) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut seen = Seen {
        method: method.to_owned(),
        path: path.to_owned(),
        is_at_bytes,
        range: None,
        if_range: None,
        authorization: None,
    };
    for _ in 0..MAX_LINES {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        let value = Some(value.trim().to_owned());
        match name.to_ascii_lowercase().as_str() {
            "range" => seen.range = value,
            "if-range" => seen.if_range = value,
            "authorization" => seen.authorization = value,
            _ => {}
        }
    }
    let path = seen.path.split('?').next().unwrap_or_default();
    let path = decode(path);
    Ok(Some(Request { seen, path }))
}

/// `%2F` and its like.
fn decode(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%');
        let code = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What is answered: a head, and bytes of a file or of a text.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
}

pub(super) enum Body {
    Text(String),
    /// A file from a place on, and what happens on the way.
    File(Arc<Vec<u8>>, u64, Option<Act>),
}

impl Reply {
    /// An answer with a text.
    pub(super) fn of(status: u16, headers: &[(&str, &str)], text: impl Into<String>) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            status,
            headers: headers.iter().map(own).collect(),
            body: Body::Text(text.into()),
        }
    }
}

/// Sends an answer; breaks where the connection is over.
pub(super) fn send(
    stream: &TcpStream,
    shared: &Shared,
    request: &Request,
    reply: Reply,
) -> io::Result<ControlFlow<()>> {
    let mut stream = stream;
    let n_bytes = match &reply.body {
        Body::Text(text) => text.len(),
        Body::File(file, start, act) => {
            let n_more = if let Some(Act::Longer(n_more)) = act {
                *n_more
            } else {
                0
            };
            file.len() - *start as usize + n_more
        }
    };
    let mut head = format!("HTTP/1.1 {} {}\r\n", reply.status, phrase(reply.status));
    for (name, value) in &reply.headers {
        write!(head, "{name}: {value}\r\n").map_err(io::Error::other)?;
    }
    write!(head, "Content-Length: {n_bytes}\r\n\r\n").map_err(io::Error::other)?;
    stream.write_all(head.as_bytes())?;
    if request.seen.method == "HEAD" {
        return Ok(ControlFlow::Continue(()));
    }
    match reply.body {
        Body::Text(text) => stream.write_all(text.as_bytes())?,
        Body::File(file, start, act) => {
            return send_file(stream, shared, &file[start as usize..], act.as_ref());
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn send_file(
    mut stream: &TcpStream,
    shared: &Shared,
    bytes: &[u8],
    act: Option<&Act>,
) -> io::Result<ControlFlow<()>> {
    let speed = shared.state().manner.bytes_per_sec;
    let n_bytes = match act {
        Some(Act::CutAfter(n) | Act::StallAfter(n)) => (*n).min(bytes.len()),
        _ => bytes.len(),
    };
    let began = Instant::now();
    let mut n_sent = 0;
    for piece in bytes[..n_bytes].chunks(PIECE_BYTES) {
        if let (0, Some(Act::Corrupt)) = (n_sent, act) {
            let mut other = piece.to_vec();
            other[0] ^= 1;
            stream.write_all(&other)?;
        } else {
            stream.write_all(piece)?;
        }
        n_sent += piece.len();
        shared.state().n_sent_bytes += piece.len() as u64;
        if let Some(speed) = speed {
            wait_until(
                began + Duration::from_micros((1e6 * n_sent as f64 / speed) as u64),
                &shared.end,
            );
        }
    }
    match act {
        Some(Act::CutAfter(_)) => Ok(ControlFlow::Break(())),
        Some(Act::StallAfter(_)) => {
            // Until the other side gives up.
            drop(stream.read(&mut [0]));
            Ok(ControlFlow::Break(()))
        }
        Some(Act::Longer(n_more)) => {
            stream.write_all(&vec![0; *n_more])?;
            Ok(ControlFlow::Continue(()))
        }
        _ => Ok(ControlFlow::Continue(())),
    }
}

/// Waits for an instant, or for the end of the hub.
fn wait_until(at: Instant, end: &CancelToken) {
    let waited = Monitor::new(()).wait(end, |()| match Instant::now() < at {
        true => ControlFlow::Continue(Some(at)),
        false => ControlFlow::Break(()),
    });
    // Over is over.
    waited.ok();
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        302 => "Found",
        307 => "Temporary Redirect",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        416 => "Range Not Satisfiable",
        429 => "Too Many Requests",
        _ => "Other",
    }
}
