//! THIRD-PARTY-NOTICES.md lists what the program is made of, and is written by this test:
//! `scripts/notices.sh` (which sets `VIDERE_WRITE_NOTICES`) writes it, a plain run compares.

use super::root;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

const FILE: &str = "THIRD-PARTY-NOTICES.md";
const BEGIN: &str = "<!-- crates: written by scripts/notices.sh -->\n";
const END: &str = "<!-- end of crates -->\n";

#[test]
fn third_party_notices_are_current() {
    // Without --filter-platform, so that the list is the same on every system; cargo then wants the manifests of
    // crates that only other systems build.
    let metadata = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--offline",
            "--all-features",
        ])
        .current_dir(root())
        .output()
        .expect("cargo, which runs this test, can be started");
    if !metadata.status.success() {
        eprintln!("skipped: not every crate of Cargo.lock is on this machine (cargo fetch --locked)");
        return;
    }
    let metadata = serde_json::from_slice(&metadata.stdout).expect("cargo metadata writes JSON");
    let path = root().join(FILE);
    let current = fs::read_to_string(&path).expect(FILE);
    let (head, rest) = current.split_once(BEGIN).expect("the begin mark");
    let (_, tail) = rest.split_once(END).expect("the end mark");
    let expected = format!("{head}{BEGIN}{}{END}{tail}", table(&metadata));
    if std::env::var_os("VIDERE_WRITE_NOTICES").is_some() {
        fs::write(&path, expected).expect("the notices can be written");
        return;
    }
    assert!(
        current == expected,
        "{FILE} is not current: run scripts/notices.sh"
    );
}

/// One row a crate, without versions: those stand in Cargo.lock and change every week.
fn table(metadata: &Value) -> String {
    let packages: BTreeMap<&str, &Value> = list(metadata, "packages")
        .iter()
        .map(|package| (text(package, "id"), package))
        .collect();
    let mut rows = BTreeSet::new();
    for id in shipped(metadata) {
        let package = packages[id];
        if package["source"].is_null() {
            continue;
        }
        let name = text(package, "name");
        let licence = package["license"]
            .as_str()
            .unwrap_or("see the crate")
            .replace('/', " OR ")
            .replace("  ", " ");
        let home = package["repository"].as_str().or(package["homepage"].as_str());
        let name = home.map_or_else(|| name.to_owned(), |home| format!("[{name}]({home})"));
        rows.insert(format!("| {name} | {licence} |\n"));
    }
    let mut table = String::from("\n| crate | licence |\n|---|---|\n");
    table.extend(rows);
    table.push('\n');
    table
}

/// The packages that are linked into a program: reached from our own without passing through tests or build scripts.
fn shipped(metadata: &Value) -> BTreeSet<&str> {
    let nodes: BTreeMap<&str, &Value> = list(&metadata["resolve"], "nodes")
        .iter()
        .map(|node| (text(node, "id"), node))
        .collect();
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut todo: Vec<&str> = list(metadata, "workspace_members")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    while let Some(id) = todo.pop() {
        if !reached.insert(id) {
            continue;
        }
        for dependency in list(nodes[id], "deps") {
            let is_linked = list(dependency, "dep_kinds")
                .iter()
                .any(|kind| kind["kind"].is_null());
            if is_linked {
                todo.push(text(dependency, "pkg"));
            }
        }
    }
    reached
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().expect("cargo metadata names every package")
}
