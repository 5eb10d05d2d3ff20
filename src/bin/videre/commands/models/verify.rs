//! `videre models verify`: what was downloaded, read again.

use crate::args::VerifyArgs;
use crate::failure::Failure;
use crate::interrupt::cancelled_by_ctrl_c;
use crate::output::{answer, answer_json};
use crate::progress::Progress;
use std::collections::BTreeMap;
use std::fmt::Write;
use videre::api::models::VerifiedJson;
use videre::cancel::CancelToken;
use videre::fault::Fault;
use videre::registry::{Hub, KeptFile, RepositoryId, Verified, Wanted};

pub(super) fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let hub = Hub::of_environment();
    let kept: BTreeMap<RepositoryId, Vec<KeptFile>> = match &args.model {
        Some(model) => {
            let wanted: Wanted = model.parse()?;
            let kept = hub.kept(&super::catalogue(), &wanted)?;
            if kept.is_empty() {
                let missing = Failure::new(Fault::Missing, format!("'{model}' is not in the cache"));
                return Err(missing.with_hint(format!("get it with `videre models pull {model}`")));
            }
            kept
        }
        None => hub
            .cache()
            .kept()
            .into_iter()
            .map(|kept| (kept.id, kept.files))
            .collect(),
    };
    let verified = verify(&hub, &kept, &cancelled_by_ctrl_c())?;
    if args.json {
        answer_json(&verified)?;
    } else {
        answer(&in_words(&verified))?;
    }
    match verified.iter().filter(|file| file.state == "wrong").count() {
        0 => Ok(()),
        n_wrong => {
            let wrong = Failure::new(
                Fault::Unreadable,
                format!("{n_wrong} of {} files are damaged", verified.len()),
            );
            Err(wrong.with_hint("remove them with `videre models remove`, and pull them again"))
        }
    }
}

fn verify(
    hub: &Hub,
    kept: &BTreeMap<RepositoryId, Vec<KeptFile>>,
    cancel: &CancelToken,
) -> Result<Vec<VerifiedJson>, Failure> {
    let n_total = kept.values().flatten().map(|file| file.n_bytes).sum();
    let (mut progress, mut n_before) = (Progress::new("verifying"), 0);
    let mut verified = Vec::new();
    for (id, file) in kept
        .iter()
        .flat_map(|(id, files)| files.iter().map(move |file| (id, file)))
    {
        let of_file = hub.cache().verify(id, file, cancel, |n_bytes| {
            progress.set(n_before + n_bytes, n_total);
        })?;
        n_before += file.n_bytes;
        verified.push(VerifiedJson {
            repository: id.to_string(),
            path: file.path.clone(),
            state: match of_file {
                Verified::Whole => "whole",
                Verified::Wrong(_) => "wrong",
                Verified::Unknown => "unknown",
            },
            error: match of_file {
                Verified::Wrong(error) => Some(error.to_string()),
                _ => None,
            },
        });
    }
    Ok(verified)
}

fn in_words(verified: &[VerifiedJson]) -> String {
    let mut text = String::new();
    for file in verified {
        let state = match (file.state, &file.error) {
            (_, Some(error)) => error.clone(),
            ("whole", _) => "whole".to_owned(),
            _ => "nothing says what it should be".to_owned(),
        };
        writeln!(text, "{} {}: {state}", file.repository, file.path)
            .expect("BUG: writing to memory cannot fail");
    }
    text
}
