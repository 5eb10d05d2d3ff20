//! What a hub says of a repository: with hf-hub, which knows the interface.

use futures_util::TryStreamExt;
use hf_hub::repository::RepoTreeEntry;
use hf_hub::{HFClient, HFError};

use super::{Hub, RepositoryId};
use crate::registry::RegistryError;
use crate::registry::download::request::{Asked, host_of, status_error, unanswered};

/// More files than any repository of one model has.
const MAX_FILES: usize = 2000;

/// A repository at one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct Listing {
    /// The commit that the revision is now.
    pub(in crate::registry) commit: String,
    /// Its files, with the bytes that each has.
    pub(in crate::registry) files: Vec<(String, u64)>,
    /// What its card says of the licence.
    pub(in crate::registry) licence: Option<CardLicence>,
}

/// A licence as a card names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct CardLicence {
    /// Such as `apache-2.0`.
    pub(in crate::registry) name: String,
    /// Where it can be read, where the card says so.
    pub(in crate::registry) link: Option<String>,
}

impl Hub {
    /// Lists a repository.
    pub(in crate::registry) async fn list(
        &self,
        client: &reqwest::Client,
        id: &RepositoryId,
        revision: &str,
    ) -> Result<Listing, RegistryError> {
        if self.is_offline {
            return Err(RegistryError::Offline { what: id.to_string() });
        }
        let mut builder = HFClient::builder()
            .endpoint(&self.endpoint)
            .client(client.clone())
            .cache_dir(self.cache.folder())
            .cache_enabled(false)
            .retry_max_attempts(2);
        if let Some(token) = &self.token {
            builder = builder.token(token.secret());
        }
        let failed = |error| self.listing_error(id, error);
        let repository = builder.build().map_err(failed)?.model(id.owner(), id.name());
        let info = repository
            .info()
            .revision(revision)
            .send()
            .await
            .map_err(failed)?;
        let commit = info.sha.ok_or_else(|| self.senseless(id, "it names no commit"))?;
        let entries = repository
            .list_tree()
            .revision(commit.clone())
            .recursive(true)
            .limit(MAX_FILES)
            .send()
            .map_err(failed)?;
        let entries: Vec<RepoTreeEntry> = entries.try_collect().await.map_err(failed)?;
        let files = entries.into_iter().filter_map(|entry| match entry {
            RepoTreeEntry::File { path, size, .. } => Some((path, size)),
            RepoTreeEntry::Directory { .. } => None,
        });
        Ok(Listing {
            commit,
            files: files.collect(),
            licence: info.card_data.as_ref().and_then(card_licence),
        })
    }

    fn senseless(&self, id: &RepositoryId, why: &str) -> RegistryError {
        RegistryError::Senseless {
            host: host_of(&self.endpoint),
            why: why.to_owned(),
            what: id.to_string(),
        }
    }

    fn listing_error(&self, id: &RepositoryId, error: HFError) -> RegistryError {
        let not_found = || RegistryError::NotFound {
            what: format!("repository '{id}'"),
        };
        let asked = Asked {
            hub: self,
            repository: id,
            what: format!("repository '{id}'"),
        };
        match error {
            HFError::Request { source, .. } => unanswered(&source, self.patience.stall),
            HFError::RepoNotFound { .. } | HFError::RevisionNotFound { .. } => not_found(),
            HFError::AuthRequired { context }
            | HFError::Forbidden { context }
            | HFError::Conflict { context }
            | HFError::Http { context } => {
                let code = context.error_code.as_deref();
                status_error(
                    &asked,
                    &host_of(&self.endpoint),
                    context.status.as_u16(),
                    code,
                    None,
                )
            }
            HFError::RateLimited { retry_after, .. } => RegistryError::TooMany {
                host: host_of(&self.endpoint),
                secs: retry_after.map(|wait| wait.as_secs()),
            },
            other => self.senseless(id, &other.to_string()),
        }
    }
}

fn card_licence(card: &serde_json::Value) -> Option<CardLicence> {
    let text = |key: &str| card.get(key)?.as_str().map(str::to_owned);
    let name = text("license")?;
    Some(CardLicence {
        name: match name.as_str() {
            "other" => text("license_name").unwrap_or(name),
            _ => name,
        },
        link: text("license_link").filter(|link| link.starts_with("https://")),
    })
}
