//! `videre doctor`: what this build is, what this machine has, and whether the two go together.

use crate::args::DoctorArgs;
use crate::failure::Failure;
use crate::open::index_folder;
use crate::output::{answer, answer_json};
use std::fmt::Write;
use std::fs;
use std::thread;
use sysinfo::System;
use videre::api::{CheckJson, DoctorJson};
use videre::fault::Fault;
use videre::media;

pub(crate) fn run(args: &DoctorArgs) -> Result<(), Failure> {
    let report = examine();
    if args.json {
        answer_json(&report)
    } else {
        answer(&in_words(&report))
    }?;
    let n_wrong = report.checks.iter().filter(|check| !check.ok).count();
    if n_wrong == 0 {
        return Ok(());
    }
    let message = format!("{n_wrong} of {} checks found something", report.checks.len());
    Err(Failure::Explained {
        fault: Fault::Machine,
        message,
        hint: None,
    })
}

fn examine() -> DoctorJson {
    let system = System::new().map(|mut system| {
        system.refresh_memory();
        system
    });
    let (memory_bytes, memory_available_bytes) = system.map_or((0, 0), |system| {
        (system.total_memory(), system.available_memory())
    });
    DoctorJson {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        features: features(),
        system: System::long_os_version().unwrap_or_else(|_unknown| std::env::consts::OS.to_owned()),
        architecture: std::env::consts::ARCH.to_owned(),
        n_cpus: thread::available_parallelism().map_or(1, usize::from),
        memory_bytes,
        memory_available_bytes,
        checks: vec![decoders(), index_cache()],
    }
}

fn features() -> Vec<String> {
    let features = [
        ("media", true),
        ("llava", cfg!(feature = "llava")),
        ("cuda", cfg!(feature = "cuda")),
        ("metal", cfg!(feature = "metal")),
    ];
    features
        .into_iter()
        .filter(|(_, is_in)| *is_in)
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn decoders() -> CheckJson {
    let about = media::about();
    let libraries = format!("FFmpeg ({}; {})", about.version, about.licence);
    let is_complete = about.missing.is_empty();
    let found = match is_complete {
        true => format!("{libraries} decodes every common format"),
        false => format!("{libraries} does not decode {}", about.missing.join(", ")),
    };
    let hint = (!is_complete).then(|| "install a fuller build of FFmpeg".to_owned());
    CheckJson {
        name: "decoders".to_owned(),
        ok: is_complete,
        found,
        hint,
    }
}

fn index_cache() -> CheckJson {
    let check = |ok: bool, found: String, hint: Option<&str>| CheckJson {
        name: "cache".to_owned(),
        ok,
        found,
        hint: hint.map(str::to_owned),
    };
    let Some(folder) = index_folder() else {
        return check(
            false,
            "there is no home folder".to_owned(),
            Some("set HOME, or XDG_CACHE_HOME"),
        );
    };
    let tried = fs::create_dir_all(&folder).and_then(|()| tempfile::tempfile_in(&folder));
    match tried {
        Ok(_) => check(true, folder.display().to_string(), None),
        Err(error) => {
            let found = format!("{} cannot be written: {error}", folder.display());
            check(
                false,
                found,
                Some("make it writable, or set XDG_CACHE_HOME to a folder that is"),
            )
        }
    }
}

fn in_words(report: &DoctorJson) -> String {
    let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    let mut text = format!("videre {} with {}\n", report.version, report.features.join(", "));
    let mut line = |line: String| {
        writeln!(text, "{}", crate::one_line(&line)).expect("BUG: writing to memory cannot fail");
    };
    line(format!(
        "{} on {}, {} threads, {:.1} GiB of memory, {:.1} GiB available",
        report.system,
        report.architecture,
        report.n_cpus,
        gib(report.memory_bytes),
        gib(report.memory_available_bytes)
    ));
    for check in &report.checks {
        let mark = if check.ok { "ok" } else { "!!" };
        line(format!("{mark:<4}{}: {}", check.name, check.found));
        if let Some(hint) = &check.hint {
            line(format!("    hint: {hint}"));
        }
    }
    text
}
