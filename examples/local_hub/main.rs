//! A hub of models on the loopback that serves a folder: `FOLDER/owner/repo/...`. For tests of downloads, by hand and in the
//! window; in no package.
//!
//! ```text
//! local_hub FOLDER [--port N] [--away] [--speed BYTES_PER_SEC] [--token TOKEN]
//! ```
//!
//! It says what `HF_ENDPOINT` has to be, and serves until its standard input ends. `--away` sends to another port for the
//! bytes, as the real hub sends to another host.

#[expect(dead_code, reason = "tests do more with it")]
mod hub;

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use hub::LocalHub;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (mut folder, mut port, mut away, mut speed, mut token) = (None, 0, false, None, None);
    while let Some(argument) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .with_context(|| format!("{argument} needs a value"))
        };
        match argument.as_str() {
            "--port" => port = value()?.parse()?,
            "--away" => away = true,
            "--speed" => speed = Some(value()?.parse::<f64>()?),
            "--token" => token = Some(value()?),
            _ if folder.is_none() => folder = Some(PathBuf::from(argument)),
            _ => bail!("what is {argument}?"),
        }
    }
    let folder = folder.context("name the folder to serve")?;
    let hub = LocalHub::start(port)?;
    hub.be(|manner| {
        (manner.sends_away, manner.bytes_per_sec, manner.token) = (away, speed, token);
    });
    for owner in entries(&folder)? {
        for repository in entries(&owner)? {
            let id = format!("{}/{}", name(&owner), name(&repository));
            put_all(&hub, &id, &repository, "")?;
        }
    }
    let mut stdout = io::stdout();
    writeln!(stdout, "HF_ENDPOINT={}", hub.url())?;
    stdout.flush()?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn put_all(hub: &LocalHub, id: &str, folder: &Path, before: &str) -> Result<()> {
    for path in entries(folder)? {
        let inside = format!("{before}{}", name(&path));
        if path.is_dir() {
            put_all(hub, id, &path, &format!("{inside}/"))?;
        } else {
            hub.put(id, &inside, std::fs::read(&path)?);
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    read.map(|entry| Ok(entry?.path())).collect()
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
