//! A hub of models on the loopback, over real HTTP: as the Hugging Face hub answers, and, where it is told to, as it or a
//! bad network does on a bad day. Written on sockets by hand, so that it can break off wherever it likes.

#[path = "http.rs"]
mod http;

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufReader};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use sha2::{Digest, Sha256};
use videre::cancel::CancelToken;

pub(crate) use http::Seen;
use http::{Body, Reply, Request, read, send};

/// What happens to the next transfer of a file's bytes, instead of a whole one.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// The connection is cut after so many bytes of the body.
    CutAfter(usize),
    /// Nothing more comes after so many bytes of the body.
    StallAfter(usize),
    /// Another status, with these headers.
    Status(u16, &'static [(&'static str, &'static str)]),
    /// All of it, whatever part was asked for.
    IgnoreRange,
    /// A part that begins so many bytes later than it should.
    ShiftRange(u64),
    /// So many bytes more than there are.
    Longer(usize),
    /// The first byte is another one.
    Corrupt,
}

/// How the hub is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manner {
    /// The hub sends to another host for the bytes.
    pub(crate) sends_away: bool,
    /// The token without which nothing is given.
    pub(crate) token: Option<String>,
    /// Bytes a second, for each connection.
    pub(crate) bytes_per_sec: Option<f64>,
    /// The bytes' host gives no ETag.
    pub(crate) is_without_etag: bool,
    /// The hub says no hash of files.
    pub(crate) is_without_hash: bool,
    /// A name that it sends from, and the one that it sends to: a repository that was renamed.
    pub(crate) renamed: Option<(String, String)>,
    /// Bytes that every file is said to have, instead of those that it has.
    pub(crate) said_bytes: Option<u64>,
}

/// A file of a repository.
#[derive(Clone)]
struct File {
    bytes: Arc<Vec<u8>>,
    sha256: String,
    is_large: bool,
}

#[derive(Default)]
struct State {
    manner: Manner,
    repositories: BTreeMap<String, BTreeMap<String, File>>,
    acts: VecDeque<Act>,
    seen: Vec<Seen>,
    n_sent_bytes: u64,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Ends every wait when the hub goes.
    end: CancelToken,
}

/// A running hub; it ends when it is dropped.
pub(crate) struct LocalHub {
    shared: Arc<Shared>,
    address: SocketAddr,
    bytes_address: SocketAddr,
}

impl LocalHub {
    /// A hub without repositories, at any free port, or at `port`.
    pub(crate) fn start(port: u16) -> io::Result<Self> {
        let (hub, bytes) = (
            TcpListener::bind(("127.0.0.1", port))?,
            TcpListener::bind("127.0.0.1:0")?,
        );
        let shared = Arc::new(Shared::default());
        let (address, bytes_address) = (hub.local_addr()?, bytes.local_addr()?);
        for (listener, is_at_bytes) in [(hub, false), (bytes, true)] {
            let shared = Arc::clone(&shared);
            thread::Builder::new()
                .name("hub".to_owned())
                .spawn(move || listen(&listener, &shared, is_at_bytes, bytes_address))?;
        }
        Ok(Self {
            shared,
            address,
            bytes_address,
        })
    }

    /// What `HF_ENDPOINT` has to be.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Puts a file into a repository, in place of one that is there: large ones are known by their SHA-256, small ones by
    /// git's hash, as on the hub.
    pub(crate) fn put(&self, repository: &str, path: &str, bytes: Vec<u8>) {
        let is_large = bytes.len() > 4096 || path.ends_with(".gguf");
        let file = File {
            sha256: hex(&Sha256::digest(&bytes)),
            bytes: Arc::new(bytes),
            is_large,
        };
        let mut state = self.shared.state();
        let files = state.repositories.entry(repository.to_owned()).or_default();
        files.insert(path.to_owned(), file);
    }

    /// Changes how it is.
    pub(crate) fn be(&self, change: impl FnOnce(&mut Manner)) {
        change(&mut self.shared.state().manner);
    }

    /// What happens to the next transfers of bytes, in this order.
    pub(crate) fn act(&self, acts: impl IntoIterator<Item = Act>) {
        self.shared.state().acts.extend(acts);
    }

    /// The requests that came until now.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.state().seen.clone()
    }

    /// Bytes of files that went out.
    pub(crate) fn n_sent_bytes(&self) -> u64 {
        self.shared.state().n_sent_bytes
    }
}

impl Drop for LocalHub {
    fn drop(&mut self) {
        self.shared.end.cancel();
        for address in [self.address, self.bytes_address] {
            // Whoever listens is woken, and sees that it is over.
            drop(TcpStream::connect(address));
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>, is_at_bytes: bool, bytes_address: SocketAddr) {
    for stream in listener.incoming() {
        if shared.end.is_cancelled() {
            return;
        }
        let (Ok(stream), shared) = (stream, Arc::clone(shared)) else {
            continue;
        };
        let serve = move || {
            // A connection that breaks is what this is for.
            drop(serve(&stream, &shared, is_at_bytes, bytes_address));
            drop(stream.shutdown(Shutdown::Both));
        };
        drop(
            thread::Builder::new()
                .name("hub connection".to_owned())
                .spawn(serve),
        );
    }
}

/// Of a connection, where the system would let megabytes wait.
const SEND_BUFFER_BYTES: usize = 64 << 10;

/// Serves a connection until its end.
fn serve(
    stream: &TcpStream,
    shared: &Shared,
    is_at_bytes: bool,
    bytes_address: SocketAddr,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    // What waits on this side was not sent to anybody, and is counted as if it was.
    rustix::net::sockopt::set_socket_send_buffer_size(stream, SEND_BUFFER_BYTES)?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader, is_at_bytes)? {
        shared.state().seen.push(request.seen.clone());
        let reply = reply(&request, shared, is_at_bytes, bytes_address);
        if send(stream, shared, &request, reply)?.is_break() {
            return Ok(());
        }
    }
    Ok(())
}

fn reply(request: &Request, shared: &Shared, is_at_bytes: bool, bytes_address: SocketAddr) -> Reply {
    let mut state = shared.state();
    if is_at_bytes {
        let name = request.path.trim_start_matches("/bytes/");
        let all = state.repositories.values().flat_map(BTreeMap::values);
        let file = all.into_iter().find(|file| file.sha256 == name).cloned();
        return match file {
            Some(file) => file_reply(request, &mut state, file, Vec::new()),
            None => Reply::of(403, &[], "this address is too old"),
        };
    }
    let manner = state.manner.clone();
    if let Some((from, to)) = &manner.renamed
        && request.path.contains(from.as_str())
    {
        let to = request.seen.path.replacen(from.as_str(), to, 1);
        return Reply::of(307, &[("Location", &to)], "");
    }
    let steps: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    match steps.as_slice() {
        ["api", "models", owner, name, "revision", _] => about(&state, &format!("{owner}/{name}")),
        ["api", "models", owner, name, "tree", _] => tree(&state, &format!("{owner}/{name}")),
        [owner, name, "resolve", _, path @ ..] => {
            let repository = format!("{owner}/{name}");
            let bearer = request
                .seen
                .authorization
                .as_deref()
                .and_then(|text| text.strip_prefix("Bearer "));
            if let Some(token) = &manner.token
                && bearer != Some(token)
            {
                let status = if bearer.is_some() { 403 } else { 401 };
                return Reply::of(
                    status,
                    &[("X-Error-Code", "GatedRepo")],
                    "accept the licence first",
                );
            }
            resolve(request, &mut state, &repository, &path.join("/"), bytes_address)
        }
        _ => Reply::of(404, &[], "nothing is here"),
    }
}

fn commit(files: &BTreeMap<String, File>) -> String {
    let mut hasher = Sha256::new();
    for (path, file) in files {
        hasher.update(path);
        hasher.update(&file.sha256);
    }
    hex(&hasher.finalize())[..40].to_owned()
}

fn no_repository() -> Reply {
    // To whoever may not know, the hub says this of what is not there.
    Reply::of(401, &[("X-Error-Code", "RepoNotFound")], "no such repository")
}

fn about(state: &State, repository: &str) -> Reply {
    let Some(files) = state.repositories.get(repository) else {
        return no_repository();
    };
    let siblings: Vec<_> = files
        .keys()
        .map(|path| serde_json::json!({ "rfilename": path }))
        .collect();
    let about = serde_json::json!({
        "_id": "0", "id": repository, "modelId": repository, "sha": commit(files), "private": false, "gated": false,
        "tags": ["gguf"], "siblings": siblings, "cardData": { "license": "apache-2.0" },
    });
    Reply::of(200, &[("Content-Type", "application/json")], about.to_string())
}

fn tree(state: &State, repository: &str) -> Reply {
    let Some(files) = state.repositories.get(repository) else {
        return no_repository();
    };
    let entries = files.iter().map(|(path, file)| {
        let mut entry = serde_json::json!({
            "type": "file", "path": path, "oid": git_sha1(&file.bytes), "size": file.bytes.len(),
        });
        if file.is_large {
            entry["lfs"] =
                serde_json::json!({ "oid": file.sha256, "size": file.bytes.len(), "pointerSize": 134 });
        }
        entry
    });
    let entries = serde_json::Value::Array(entries.collect());
    Reply::of(200, &[("Content-Type", "application/json")], entries.to_string())
}

fn resolve(
    request: &Request,
    state: &mut State,
    repository: &str,
    path: &str,
    bytes_address: SocketAddr,
) -> Reply {
    let Some(files) = state.repositories.get(repository) else {
        return no_repository();
    };
    let commit = commit(files);
    let Some(file) = files.get(path).cloned() else {
        return Reply::of(404, &[("X-Error-Code", "EntryNotFound")], "no such file");
    };
    let manner = &state.manner;
    let mut headers = vec![("X-Repo-Commit".to_owned(), commit)];
    let n_bytes = manner.said_bytes.unwrap_or(file.bytes.len() as u64);
    if file.is_large {
        headers.push(("X-Linked-Size".to_owned(), n_bytes.to_string()));
        if !manner.is_without_hash {
            headers.push(("X-Linked-Etag".to_owned(), format!("\"{}\"", file.sha256)));
        }
    }
    if manner.sends_away && file.is_large {
        // What an address is signed with is nobody's business.
        let location = format!("http://{bytes_address}/bytes/{}?signature=secret", file.sha256);
        headers.push(("Location".to_owned(), location));
        return Reply {
            status: 302,
            headers,
            body: Body::Text(String::new()),
        };
    }
    file_reply(request, state, file, headers)
}

/// A file's bytes, or a part of them: ranges as RFC 9110 has them.
fn file_reply(request: &Request, state: &mut State, file: File, mut headers: Vec<(String, String)>) -> Reply {
    let n_bytes = file.bytes.len() as u64;
    let act = match request.seen.method.as_str() {
        "GET" => state.acts.pop_front(),
        _ => None,
    };
    if let Some(Act::Status(status, more)) = act {
        return Reply::of(status, more, "not now");
    }
    let etag = match (file.is_large, request.seen.is_at_bytes) {
        (true, true) => format!("\"bytes-{}\"", &file.sha256[..16]),
        (true, false) => format!("\"{}\"", file.sha256),
        (false, _) => format!("\"{}\"", git_sha1(&file.bytes)),
    };
    let is_hidden =
        state.manner.is_without_etag || (state.manner.is_without_hash && !request.seen.is_at_bytes);
    if !is_hidden {
        headers.push(("ETag".to_owned(), etag.clone()));
    }
    headers.push(("Accept-Ranges".to_owned(), "bytes".to_owned()));
    let is_same = request.seen.if_range.as_ref().is_none_or(|known| *known == etag);
    let asked = request.seen.range.as_deref().filter(|_| is_same);
    let asked = asked.and_then(|range| {
        range
            .strip_prefix("bytes=")?
            .strip_suffix('-')?
            .parse::<u64>()
            .ok()
    });
    let start = match act {
        Some(Act::IgnoreRange) => None,
        Some(Act::ShiftRange(by)) => asked.map(|start| start + by),
        _ => asked,
    };
    match start {
        Some(start) if start >= n_bytes => {
            headers.push(("Content-Range".to_owned(), format!("bytes */{n_bytes}")));
            Reply {
                status: 416,
                headers,
                body: Body::Text(String::new()),
            }
        }
        Some(start) => {
            headers.push((
                "Content-Range".to_owned(),
                format!("bytes {start}-{}/{n_bytes}", n_bytes - 1),
            ));
            Reply {
                status: 206,
                headers,
                body: Body::File(file.bytes, start, act),
            }
        }
        None => Reply {
            status: 200,
            headers,
            body: Body::File(file.bytes, 0, act),
        },
    }
}

fn git_sha1(bytes: &[u8]) -> String {
    let mut hasher = sha1::Sha1::new();
    hasher.update(format!("blob {}\0", bytes.len()));
    hasher.update(bytes);
    hex(&hasher.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Bytes that look like nothing in particular.
pub(crate) fn noise(n_bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..n_bytes.div_ceil(8))
        .flat_map(|_| next())
        .take(n_bytes)
        .collect()
}
