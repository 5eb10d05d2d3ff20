//! Models that can be had: the catalogue, and downloads from a hub on the loopback, over real HTTP.

mod bad_days;
mod cache;
mod catalogue;
mod downloads;
mod faults;
mod full_disk;
mod stores;
mod table;

/// The hub, which is also a program for tests by hand.
#[path = "../../../examples/local_hub/hub.rs"]
pub(crate) mod hub;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use videre::cancel::CancelToken;
use videre::registry::{
    Catalogue, Checksum, Hub, Order, OrderedFile, Part, Patience, Progress, Pulled, RegistryError,
};

use self::hub::LocalHub;
pub(crate) use self::hub::noise;

/// The repository of most tests, and its files.
pub(crate) const REPOSITORY: &str = "owner/model";
pub(crate) const LANGUAGE: &str = "model-Q4_K_M.gguf";
pub(crate) const PROJECTOR: &str = "mmproj-model-f16.gguf";
pub(crate) const N_LANGUAGE: usize = 700_000;
pub(crate) const N_PROJECTOR: usize = 90_000;

/// Long enough for two cores that are busy, and short enough for a test.
const QUICK: Patience = Patience {
    connect: Duration::from_secs(2),
    stall: Duration::from_millis(400),
    n_tries: 4,
    first_wait: Duration::from_millis(20),
    longest_wait: Duration::from_millis(60),
    longest_asked: Duration::from_secs(3),
};

/// A hub with a model, and a home with an empty cache.
pub(crate) struct Scene {
    pub(crate) local: LocalHub,
    pub(crate) home: TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let local = LocalHub::start(0).expect("the loopback has a free port");
        local.put(REPOSITORY, "README.md", b"A model.\n".to_vec());
        local.put(REPOSITORY, LANGUAGE, noise(N_LANGUAGE, 1));
        local.put(REPOSITORY, PROJECTOR, noise(N_PROJECTOR, 2));
        let home = tempfile::tempdir().expect("a temporary folder can be made");
        Self { local, home }
    }

    /// The hub as this program sees it, with more variables.
    pub(crate) fn hub_with(&self, variables: &[(&str, &str)]) -> Hub {
        let endpoint = self.local.url();
        let find = |name: &str| match name {
            "HF_ENDPOINT" => Some(OsString::from(&endpoint)),
            _ => {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| OsString::from(value))
            }
        };
        Hub::of(find, self.home.path()).with_patience(QUICK)
    }

    pub(crate) fn hub(&self) -> Hub {
        self.hub_with(&[])
    }

    pub(crate) fn pull(&self) -> Result<Pulled, RegistryError> {
        self.hub().pull(&pair(), &CancelToken::new(), &mut |_| {})
    }

    /// Only the language model, listening to what is told.
    pub(crate) fn pull_one(&self, on_progress: &mut dyn FnMut(&Progress)) -> Result<Pulled, RegistryError> {
        self.hub().pull(&one(), &CancelToken::new(), on_progress)
    }

    /// The folder of the repository in the cache.
    pub(crate) fn folder(&self) -> PathBuf {
        self.home
            .path()
            .join(".cache/huggingface/hub/models--owner--model")
    }

    /// Parts and what lies beside them.
    pub(crate) fn parts(&self) -> Vec<PathBuf> {
        let mut parts = entries(&self.folder().join("blobs"));
        parts.retain(|path| path.to_string_lossy().contains("incomplete"));
        parts
    }

    /// The ranges that were asked for, `None` for all of a file.
    pub(crate) fn ranges(&self) -> Vec<Option<String>> {
        let gets = self.local.seen().into_iter().filter(|seen| seen.method == "GET");
        gets.map(|seen| seen.range).collect()
    }
}

pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).into_iter().flatten().flatten();
    read.map(|entry| entry.path()).collect()
}

pub(crate) fn file(path: &str, part: Part) -> OrderedFile {
    OrderedFile {
        repository: REPOSITORY.parse().expect("it is one"),
        revision: "main".to_owned(),
        path: path.to_owned(),
        part,
        n_bytes: None,
        checksum: None,
    }
}

fn order(files: Vec<OrderedFile>) -> Order {
    Order {
        name: "a model".to_owned(),
        files,
        licence: None,
        notes: Vec::new(),
    }
}

pub(crate) fn pair() -> Order {
    order(vec![
        file(LANGUAGE, Part::Language),
        file(PROJECTOR, Part::Projector),
    ])
}

pub(crate) fn one() -> Order {
    order(vec![file(LANGUAGE, Part::Language)])
}

/// The language model, with a hash of the catalogue's.
pub(crate) fn pinned(hex: &str) -> Order {
    let mut order = one();
    order.files[0].checksum = Checksum::of_hex(hex);
    order
}

#[track_caller]
pub(crate) fn assert_whole(path: &Path, expected: &[u8]) {
    let bytes = fs::read(path).expect("it is there");
    assert!(bytes == expected, "{} is another file", path.display());
}

/// What an order of a name comes to, with no catalogue.
pub(crate) fn ordered(hub: &Hub, name: &str) -> Result<Order, RegistryError> {
    let wanted = name.parse()?;
    hub.order(&Catalogue::default(), &wanted, &CancelToken::new())
}
