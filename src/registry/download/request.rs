//! One question to a hub over HTTP: redirects followed by hand, so that the token goes to the hub alone and the headers of
//! each answer on the way are seen.

use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, IF_RANGE, LOCATION, RANGE, RETRY_AFTER,
};
use reqwest::{Client, ClientBuilder, Method, Response, StatusCode, Url};

use crate::registry::hub::{Hub, Patience, RepositoryId};
use crate::registry::{Checksum, RegistryError};

/// More hops than any hub sends a file over.
const MAX_REDIRECTS: usize = 10;
/// What this program calls itself.
const USER_AGENT: &str = concat!("videre/", env!("CARGO_PKG_VERSION"));

/// The client that all questions of a pull go through.
pub(in crate::registry) fn client(hub: &Hub) -> Result<Client, RegistryError> {
    let builder = builder(hub)
        .redirect(reqwest::redirect::Policy::none())
        // One stream a connection: what waits in buffers is little, and a stall of one file is none of another.
        .http1_only();
    built(builder)
}

/// The same for hf-hub, which follows redirects by itself and takes the token off where they lead to another host.
pub(in crate::registry) fn listing_client(hub: &Hub) -> Result<Client, RegistryError> {
    built(builder(hub))
}

fn builder(hub: &Hub) -> ClientBuilder {
    let Patience { connect, stall, .. } = hub.patience;
    let builder = Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(connect)
        .read_timeout(stall);
    if is_loopback(&hub.endpoint) {
        // No proxy knows this machine as it knows itself.
        builder.no_proxy()
    } else {
        builder
    }
}

fn built(builder: ClientBuilder) -> Result<Client, RegistryError> {
    builder
        .build()
        .map_err(|error| RegistryError::Start { why: words(&error) })
}

fn is_loopback(endpoint: &str) -> bool {
    let host = Url::parse(endpoint)
        .ok()
        .and_then(|url| Some(url.host_str()?.to_owned()));
    host.is_some_and(|host| matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]"))
}

/// What is asked for, for messages.
#[derive(Clone, Copy)]
pub(in crate::registry) struct Asked<'a, T = String> {
    pub(in crate::registry) hub: &'a Hub,
    pub(in crate::registry) repository: &'a RepositoryId,
    /// Such as "file 'a.gguf' in 'owner/repo'".
    pub(in crate::registry) what: T,
}

/// What a range is asked for from.
#[derive(Clone, Debug)]
pub(super) struct Start {
    pub(super) n_bytes: u64,
    /// What the bytes that are there were of.
    pub(super) etag: Option<String>,
}

/// What the hub said of a file on the way to its bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    pub(super) commit: Option<String>,
    pub(super) checksum: Option<Checksum>,
    pub(super) n_bytes: Option<u64>,
}

impl About {
    /// Takes what the hub's own answer says: behind it, on another host, headers of these names mean other things.
    fn take(&mut self, headers: &HeaderMap) {
        let commit = text(headers, "x-repo-commit");
        let hash = text(headers, "x-linked-etag").or_else(|| text(headers, "etag"));
        self.commit = self.commit.take().or(commit);
        let checksum = hash.as_deref().map(plain_etag).and_then(Checksum::of_hex);
        self.checksum = self.checksum.take().or(checksum);
        self.n_bytes = self
            .n_bytes
            .or_else(|| text(headers, "x-linked-size")?.parse().ok());
    }
}

/// The last answer of a way of redirects.
pub(super) struct Answer {
    pub(super) about: About,
    pub(super) response: Response,
    /// Whether it is the hub's own, or that of a host that it sent to.
    pub(super) is_of_hub: bool,
    pub(super) host: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<String> {
        text(self.response.headers(), name)
    }

    pub(super) fn etag(&self) -> Option<String> {
        self.header(ETAG.as_str())
    }

    pub(super) fn n_body_bytes(&self) -> Option<u64> {
        self.header(CONTENT_LENGTH.as_str())?.parse().ok()
    }

    /// `bytes 5-9/10` as 5 and 10.
    pub(super) fn range(&self) -> Option<(u64, Option<u64>)> {
        let range = self.header(CONTENT_RANGE.as_str())?;
        let (span, total) = range.strip_prefix("bytes ")?.split_once('/')?;
        let (start, _) = span.split_once('-')?;
        Some((start.trim().parse().ok()?, total.trim().parse().ok()))
    }

    /// How long the host wants to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let text = self.header(RETRY_AFTER.as_str())?;
        let of_date = || {
            let at = httpdate::parse_http_date(text.trim()).ok()?;
            at.duration_since(std::time::SystemTime::now()).ok()
        };
        text.trim().parse().ok().map(Duration::from_secs).or_else(of_date)
    }

    /// The error that a status which is none of success means.
    pub(super) fn error(&self, asked: &Asked<'_>) -> RegistryError {
        let code = self.header("x-error-code");
        let wait = self.retry_after();
        status_error(
            asked,
            &self.host,
            self.response.status().as_u16(),
            code.as_deref(),
            wait,
        )
    }
}

/// The address of a file at a revision.
pub(super) fn file_url(
    hub: &Hub,
    id: &RepositoryId,
    revision: &str,
    path: &str,
) -> Result<Url, RegistryError> {
    let senseless = |why: &str| RegistryError::Senseless {
        host: hub.endpoint.clone(),
        why: why.to_owned(),
        what: path.to_owned(),
    };
    let mut url = Url::parse(&hub.endpoint).map_err(|error| senseless(&error.to_string()))?;
    {
        let mut segments = url
            .path_segments_mut()
            .map_err(|()| senseless("it is no address"))?;
        segments
            .pop_if_empty()
            .extend([id.owner(), id.name(), "resolve", revision]);
        segments.extend(path.split('/'));
    }
    Ok(url)
}

/// Asks, and follows redirects to the last answer.
pub(super) async fn ask(
    client: &Client,
    asked: &Asked<'_>,
    method: Method,
    mut url: Url,
    from: Option<&Start>,
) -> Result<Answer, RegistryError> {
    let mut about = About::default();
    let hub = asked.hub;
    let home = url.origin();
    for _ in 0..MAX_REDIRECTS {
        let is_of_hub = url.origin() == home;
        let mut request = client
            .request(method.clone(), url.clone())
            .header(ACCEPT_ENCODING, "identity");
        if let (true, Some(token)) = (is_of_hub, &hub.token) {
            request = request.bearer_auth(token.secret());
        }
        if let Some(from) = from.filter(|from| from.n_bytes > 0) {
            request = request.header(RANGE, format!("bytes={}-", from.n_bytes));
            // A weak one says nothing of bytes.
            if let Some(etag) = from.etag.as_ref().filter(|etag| etag.starts_with('"')) {
                request = request.header(IF_RANGE, etag);
            }
        }
        let sent = request.send().await;
        let response = sent.map_err(|error| unanswered(&error, hub.patience.stall))?;
        if is_of_hub {
            about.take(response.headers());
        }
        let status = response.status();
        let target = text(response.headers(), LOCATION.as_str());
        let is_redirect = status.is_redirection() && status != StatusCode::NOT_MODIFIED;
        let Some(target) = target.filter(|_| is_redirect) else {
            let host = host_of(url.as_str());
            return Ok(Answer {
                about,
                response,
                is_of_hub,
                host,
            });
        };
        // What the hub says of a file is enough: the bytes are not asked for.
        if method == Method::HEAD && url.join(&target).is_ok_and(|next| next.origin() != home) {
            let host = host_of(url.as_str());
            return Ok(Answer {
                about,
                response,
                is_of_hub,
                host,
            });
        }
        url = next(&url, &target, asked)?;
    }
    Err(RegistryError::Senseless {
        host: host_of(url.as_str()),
        why: "it sends from place to place".to_owned(),
        what: asked.what.clone(),
    })
}

fn next(url: &Url, target: &str, asked: &Asked<'_>) -> Result<Url, RegistryError> {
    let senseless = |why: String| RegistryError::Senseless {
        host: host_of(url.as_str()),
        why,
        what: asked.what.clone(),
    };
    let next = url
        .join(target)
        .map_err(|error| senseless(format!("it sends to no place: {error}")))?;
    match (url.scheme(), next.scheme()) {
        ("https", "https") | ("http", "http" | "https") => Ok(next),
        (_, scheme) => Err(senseless(format!("it sends from a safe place to '{scheme}'"))),
    }
}

/// The error of a host that gave no answer, or no whole one.
pub(in crate::registry) fn unanswered(error: &reqwest::Error, stall: Duration) -> RegistryError {
    let host = error
        .url()
        .map_or_else(|| "the hub".to_owned(), |url| host_of(url.as_str()));
    unanswered_by(host, error, stall)
}

/// The same, where the host is known.
pub(super) fn unanswered_by(host: String, error: &reqwest::Error, stall: Duration) -> RegistryError {
    if error.is_connect() {
        RegistryError::Unreachable {
            host,
            why: words(error),
        }
    } else if error.is_timeout() {
        RegistryError::Stalled {
            host,
            secs: stall.as_secs(),
        }
    } else {
        RegistryError::BrokeOff {
            host,
            why: words(error),
        }
    }
}

/// The error that a status means, with the hub's own code for it (`GatedRepo`, `RepoNotFound`) where it gave one.
pub(in crate::registry) fn status_error(
    asked: &Asked<'_>,
    host: &str,
    status: u16,
    code: Option<&str>,
    wait: Option<Duration>,
) -> RegistryError {
    let hub = asked.hub;
    match (status, code) {
        // The hub says so of what is not there to whoever may not know.
        (401 | 404, Some("RepoNotFound")) => RegistryError::NotFound {
            what: format!("repository '{}'", asked.repository),
        },
        (401 | 403, _) => RegistryError::Gated {
            repository: asked.repository.to_string(),
            link: hub.page(asked.repository),
            has_token: hub.token.is_some(),
        },
        (404, _) => RegistryError::NotFound {
            what: asked.what.clone(),
        },
        (429, _) => RegistryError::TooMany {
            host: host.to_owned(),
            secs: wait.map(|wait| wait.as_secs()),
        },
        _ => RegistryError::Refused {
            host: host.to_owned(),
            status,
            what: asked.what.clone(),
        },
    }
}

/// Host and port of an address, for messages: without paths, which may hold signatures.
pub(in crate::registry) fn host_of(url: &str) -> String {
    let parsed = Url::parse(url).ok();
    let host = parsed.as_ref().and_then(|url| {
        let host = url.host_str()?;
        Some(
            url.port()
                .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
        )
    });
    host.unwrap_or_else(|| "the hub".to_owned())
}

/// What a client says, down to the cause, without the address.
fn words(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn plain_etag(etag: &str) -> &str {
    etag.trim_start_matches("W/").trim_matches('"')
}
