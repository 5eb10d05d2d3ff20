//! `videre models remove`: a model out of the cache, after a question.

use crate::args::RemoveArgs;
use crate::failure::Failure;
use crate::output::{answer, answer_json};
use anstream::{eprint, eprintln};
use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;
use videre::api::models::RemovedJson;
use videre::fault::Fault;
use videre::registry::{Hub, KeptFile, Wanted, megabytes};

pub(super) fn run(args: &RemoveArgs) -> Result<(), Failure> {
    let (hub, catalogue) = (Hub::of_environment(), super::catalogue());
    let wanted: Wanted = args.model.parse()?;
    let kept = hub.kept(&catalogue, &wanted)?;
    let files: Vec<&KeptFile> = kept.values().flatten().collect();
    let leftovers = hub.leftovers(&catalogue, &wanted)?;
    if files.is_empty() && leftovers.is_empty() {
        let missing = Failure::new(Fault::Missing, format!("'{}' is not in the cache", args.model));
        return Err(missing.with_hint("`videre models list` shows what is"));
    }
    if !args.yes && !is_meant(&files, &leftovers)? {
        return answer("nothing was removed\n");
    }
    let removed = hub.remove(&catalogue, &wanted)?;
    if args.json {
        answer_json(&RemovedJson {
            n_files: removed.n_files,
            freed_bytes: removed.freed_bytes,
        })
    } else {
        let freed = megabytes(removed.freed_bytes);
        answer(&format!(
            "{} files were removed, {freed} are free again\n",
            removed.n_files
        ))
    }
}

/// Asks whoever sits there.
fn is_meant(files: &[&KeptFile], leftovers: &[PathBuf]) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "nobody is there to be asked",
            "remove it without asking with --yes",
        ));
    }
    for file in files {
        eprintln!("{}  {}", megabytes(file.n_bytes), file.path);
    }
    for file in leftovers {
        let n_bytes = std::fs::metadata(file).map_or(0, |about| about.len());
        eprintln!("{}  {}", megabytes(n_bytes), file.display());
    }
    eprint!("remove these {} files? [y/N] ", files.len() + leftovers.len());
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.map_err(|error| Failure::new(Fault::Machine, format!("cannot read the answer: {error}")))?;
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
