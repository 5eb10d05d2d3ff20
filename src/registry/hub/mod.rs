//! A hub of models, and where what comes from it is kept: as `huggingface_hub` has it, with its variables.

pub(super) mod cache;
mod kept;
mod listing;
pub(super) mod repository;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use cache::Cache;
pub use kept::{KeptFile, KeptRepository, Removed};
pub(super) use listing::Listing;
pub use repository::RepositoryId;

/// The hub that is asked where nothing else is said.
const ENDPOINT: &str = "https://huggingface.co";

/// A hub, the right to ask it, and the folder that its files are kept in.
#[derive(Clone, Debug)]
pub struct Hub {
    pub(super) endpoint: String,
    pub(super) token: Option<Token>,
    pub(super) cache: Cache,
    pub(super) is_offline: bool,
    pub(super) patience: Patience,
}

impl Hub {
    /// The hub and the cache that the environment points to: `HF_ENDPOINT`, `HF_TOKEN` and the file of
    /// `huggingface-cli login`, `HF_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME`, `HF_HUB_OFFLINE`.
    #[must_use]
    pub fn of_environment() -> Self {
        let home = etcetera::home_dir().unwrap_or_default();
        Self::of(|name| std::env::var_os(name), &home)
    }

    /// The same for these variables and this home folder. An empty variable is none.
    #[must_use]
    pub fn of(variable: impl Fn(&str) -> Option<OsString>, home: &Path) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let text = |name: &str| set(name)?.into_string().ok();
        let path = |name: &str| set(name).map(PathBuf::from);
        let is_true = |name: &str| {
            text(name).is_some_and(|value| {
                ["1", "on", "yes", "true"]
                    .iter()
                    .any(|yes| value.eq_ignore_ascii_case(yes))
            })
        };
        let base = || path("XDG_CACHE_HOME").unwrap_or_else(|| home.join(".cache"));
        let hub_home = path("HF_HOME").unwrap_or_else(|| base().join("huggingface"));
        let folder = path("HF_HUB_CACHE").or_else(|| path("HUGGINGFACE_HUB_CACHE"));
        let token_file = path("HF_TOKEN_PATH").unwrap_or_else(|| hub_home.join("token"));
        let token = match text("HF_TOKEN") {
            Some(token) => Some(token),
            None if is_true("HF_HUB_DISABLE_IMPLICIT_TOKEN") => None,
            None => std::fs::read_to_string(token_file).ok(),
        };
        let endpoint = text("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned());
        Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            token: token.and_then(|token| Token::new(&token)),
            cache: Cache::new(folder.unwrap_or_else(|| hub_home.join("hub"))),
            is_offline: is_true("HF_HUB_OFFLINE"),
            patience: Patience::default(),
        }
    }

    /// The same hub, waited for in another way.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// Where its files are kept.
    #[must_use]
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Whether it must not be asked: `HF_HUB_OFFLINE`.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.is_offline
    }

    /// The page of a repository for people.
    #[must_use]
    pub fn page(&self, repository: &RepositoryId) -> String {
        format!("{}/{repository}", self.endpoint)
    }
}

/// A secret: it is shown to nobody, and sent to the hub alone.
#[derive(Clone)]
pub(super) struct Token(String);

impl Token {
    fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// For how long, and how often, a hub is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the next bytes of a connection.
    pub stall: Duration,
    /// Attempts that bring nothing, in a row, before it is given up.
    pub n_tries: u32,
    /// Before the second attempt; twice as long before each one after it.
    pub first_wait: Duration,
    /// Before any attempt, where the hub does not say how long.
    pub longest_wait: Duration,
    /// Where the hub says how long: for longer than this nobody waits in front of a window.
    pub longest_asked: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            stall: Duration::from_secs(30),
            n_tries: 6,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(30),
            longest_asked: Duration::from_secs(300),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub(variables: &[(&str, &str)]) -> Hub {
        let find = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        Hub::of(find, Path::new("/nowhere"))
    }

    #[test]
    fn the_variables_of_the_hub_are_read_in_their_order() {
        let plain = hub(&[("HF_ENDPOINT", ""), ("HF_HUB_OFFLINE", "0")]);
        assert_eq!(plain.endpoint, ENDPOINT);
        assert_eq!(plain.cache.folder(), Path::new("/nowhere/.cache/huggingface/hub"));
        assert!(!plain.is_offline() && plain.token.is_none());
        let folder = |variables: &[(&str, &str)]| hub(variables).cache.folder().to_owned();
        assert_eq!(
            folder(&[("XDG_CACHE_HOME", "/c")]),
            Path::new("/c/huggingface/hub")
        );
        assert_eq!(
            folder(&[("XDG_CACHE_HOME", "/c"), ("HF_HOME", "/h")]),
            Path::new("/h/hub")
        );
        assert_eq!(
            folder(&[("HF_HOME", "/h"), ("HF_HUB_CACHE", "/k")]),
            Path::new("/k")
        );
        let other = hub(&[("HF_ENDPOINT", "http://localhost:8/"), ("HF_HUB_OFFLINE", "TRUE")]);
        assert_eq!(
            (other.endpoint.as_str(), other.is_offline()),
            ("http://localhost:8", true)
        );
    }

    #[test]
    fn a_token_is_read_from_the_variable_or_the_file_and_shown_nowhere() {
        let home = tempfile::tempdir().expect("a folder can be made");
        std::fs::write(home.path().join("token"), "from-file\n").expect("it can be written");
        let path = home.path().to_str().expect("it is text");
        let secret = |variables: &[(&str, &str)]| hub(variables).token.map(|token| token.0);
        assert_eq!(secret(&[("HF_HOME", path)]).as_deref(), Some("from-file"));
        assert_eq!(
            secret(&[("HF_HOME", path), ("HF_TOKEN", " t ")]).as_deref(),
            Some("t")
        );
        assert_eq!(
            secret(&[("HF_HOME", path), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")]),
            None
        );
        assert!(!format!("{:?}", hub(&[("HF_TOKEN", "hidden")])).contains("hidden"));
    }
}
