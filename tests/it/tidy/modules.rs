//! Which module may use which: the map of ARCHITECTURE.md, held against the sources.

use std::collections::{BTreeMap, BTreeSet};

use super::{assert_none, root, source_files};

/// For each module of the library, the modules of the library that it may name. A module that is not named by another
/// knows nothing of it. ARCHITECTURE.md has the same table.
const MAY_USE: &[(&str, &[&str])] = &[
    ("cancel", &[]),
    ("fault", &["cancel"]),
    ("private", &[]),
    ("regular", &[]),
    ("sandbox", &[]),
    ("logs", &["private"]),
    ("video", &["fault", "regular"]),
    ("question", &[]),
    ("gguf", &["fault", "regular"]),
    ("registry", &["cancel", "fault", "gguf", "regular"]),
    ("visual", &["cancel", "fault"]),
    ("worker", &["cancel", "fault"]),
    ("media", &["cancel", "fault", "regular", "video"]),
    (
        "llava",
        &[
            "cancel", "fault", "gguf", "question", "registry", "regular", "visual",
        ],
    ),
    (
        "engine",
        &[
            "cancel", "fault", "gguf", "llava", "media", "private", "question", "registry", "regular",
            "video", "visual", "worker",
        ],
    ),
    ("chat", &["engine", "fault", "private", "question", "visual"]),
    ("eval", &["cancel", "fault"]),
    (
        "api",
        &[
            "chat", "engine", "eval", "fault", "llava", "question", "registry", "video", "visual",
        ],
    ),
    (
        "desktop",
        &[
            "api", "cancel", "chat", "engine", "fault", "question", "registry", "video", "visual", "worker",
        ],
    ),
];

/// The modules of the library that each of them names, read off the sources. Names in comments and documentation, which
/// may explain what the code must not do, do not count; nor do tests.
fn uses() -> BTreeMap<String, BTreeSet<String>> {
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in source_files("src", &[".rs"]) {
        let path = file.path.strip_prefix("src/").expect("it lies there");
        let (module, _) = path.split_once('/').unwrap_or((path, ""));
        let module = module.strip_suffix(".rs").unwrap_or(module);
        if matches!(module, "bin" | "lib") {
            continue;
        }
        let own = uses.entry(module.to_owned()).or_default();
        let code = file
            .text
            .split("#[cfg(test)]")
            .next()
            .expect("there is a first part");
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for (at, _) in line.match_indices("crate::") {
                let rest = &line[at + "crate::".len()..];
                let name: String = rest
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                // A macro is called by the crate's name alone, and belongs to the module that wrote it.
                let is_macro = rest[name.len()..].starts_with('!');
                if name != module && !name.is_empty() && !is_macro {
                    own.insert(name);
                }
            }
        }
    }
    uses
}

/// The modules so that each comes after all that it uses; what is left over is a cycle.
fn order(uses: &BTreeMap<String, BTreeSet<String>>) -> Result<Vec<String>, Vec<String>> {
    let mut order: Vec<String> = Vec::new();
    loop {
        let next = uses
            .iter()
            .find(|(module, used)| !order.contains(module) && used.iter().all(|one| order.contains(one)));
        match next {
            Some((module, _)) => order.push(module.clone()),
            None if order.len() == uses.len() => return Ok(order),
            None => {
                let left = uses.iter().filter(|(module, _)| !order.contains(module));
                return Err(left
                    .map(|(module, used)| format!("{module} uses {used:?}"))
                    .collect());
            }
        }
    }
}

#[test]
fn each_module_uses_only_what_the_map_allows() {
    let uses = uses();
    let mut offences = Vec::new();
    for (module, used) in &uses {
        let allowed = MAY_USE
            .iter()
            .find(|(name, _)| name == module)
            .map(|(_, allowed)| *allowed);
        let Some(allowed) = allowed else {
            offences.push(format!("{module} is not on the map"));
            continue;
        };
        offences.extend(
            used.iter()
                .filter(|one| !allowed.contains(&one.as_str()))
                .map(|one| format!("{module} names {one}")),
        );
        offences.extend(
            allowed
                .iter()
                .filter(|one| !used.contains(**one))
                .map(|one| format!("{module} no longer names {one}")),
        );
    }
    for (name, _) in MAY_USE {
        if !uses.contains_key(*name) {
            offences.push(format!("{name} is on the map, and nowhere else"));
        }
    }
    assert_none("The map of modules and the sources differ", &offences);
}

#[test]
fn no_module_uses_one_that_uses_it() {
    match order(&uses()) {
        Ok(order) => eprintln!("{}", order.join(" -> ")),
        Err(cycle) => assert_none("Modules use each other in a circle", &cycle),
    }
}

/// The files of `src/llava` that each of them names as `super::file` or `crate::llava::file`, folders taken whole.
fn uses_within_llava() -> BTreeMap<String, BTreeSet<String>> {
    let files = source_files("src/llava", &[".rs"]);
    let part = |path: &str| {
        let path = path.strip_prefix("src/llava/").expect("it lies there");
        let (part, _) = path.split_once('/').unwrap_or((path, ""));
        part.trim_end_matches(".rs").to_owned()
    };
    let parts: BTreeSet<String> = files.iter().map(|file| part(&file.path)).collect();
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files.iter().filter(|file| !file.path.ends_with("llava/mod.rs")) {
        let own = part(&file.path);
        let used = uses.entry(own.clone()).or_default();
        // `super` of a file in a folder is the folder.
        let is_flat = file.path.matches('/').count() == 2 || file.path.ends_with("/mod.rs");
        let code = file
            .text
            .split("#[cfg(test)]")
            .next()
            .expect("there is a first part");
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for start in ["super::", "crate::llava::"] {
                if start == "super::" && !is_flat {
                    continue;
                }
                used.extend(line.match_indices(start).filter_map(|(at, _)| {
                    let rest = &line[at + start.len()..];
                    let end = rest
                        .find(|c: char| !c.is_alphanumeric() && c != '_')
                        .unwrap_or(rest.len());
                    let name = &rest[..end];
                    (name != own && parts.contains(name)).then(|| name.to_owned())
                }));
            }
        }
    }
    uses
}

#[test]
fn no_file_of_the_engine_uses_one_that_uses_it() {
    match order(&uses_within_llava()) {
        Ok(order) => assert!(
            order.len() > 20,
            "they are looked for in the wrong way: {order:?}"
        ),
        Err(cycle) => assert_none("Files of `llava` use each other in a circle", &cycle),
    }
}

#[test]
fn the_map_in_words_is_the_one_that_is_kept() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("there is a map");
    let row = |(module, allowed): &(&str, &[&str])| {
        let used: Vec<String> = allowed.iter().map(|one| format!("`{one}`")).collect();
        format!("| `{module}` | {} |", used.join(", "))
    };
    let missing: Vec<String> = MAY_USE
        .iter()
        .map(row)
        .filter(|row| !text.contains(row.as_str()))
        .collect();
    assert_none("ARCHITECTURE.md lacks a row", &missing);
}

/// Paths that stand in backticks and begin with a folder of this repository.
#[test]
fn every_path_that_a_document_names_is_there() {
    let folders = [
        "src/",
        "src-tauri/",
        "ui/",
        "tests/",
        "examples/",
        "scripts/",
        "benches/",
        "models/",
        "docs/",
        "assets/",
        "fuzz/",
    ];
    let mut offences = Vec::new();
    for file in source_files("", &[".md"]) {
        // History names what is gone.
        if file.path == "CHANGELOG.md" || file.path == "THIRD-PARTY-NOTICES.md" {
            continue;
        }
        for (number, line) in file.text.lines().enumerate() {
            for named in line.split('`').skip(1).step_by(2) {
                let is_path = folders.iter().any(|folder| named.starts_with(folder));
                let is_plain = named.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c));
                // A document in a folder may name paths from there.
                let (folder, _) = file.path.rsplit_once('/').unwrap_or_default();
                let is_there = root().join(named).exists() || root().join(folder).join(named).exists();
                if is_path && is_plain && !is_there && !is_made(named) {
                    offences.push(format!("{}:{}: {named}", file.path, number + 1));
                }
            }
        }
    }
    assert_none("A document names a path that is not there", &offences);
}

/// Paths that only a build or a run makes.
fn is_made(path: &str) -> bool {
    ["ui/dist", "ui/node_modules", "fuzz/corpus", "models/nano/runs"]
        .iter()
        .any(|made| path.starts_with(made))
}
