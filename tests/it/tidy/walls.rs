//! Which module may name what, how long a file may be, and what no file may contain.

use super::{SourceFile, assert_none, root, source_files};
use std::process::Command;

/// (what is named, the only paths that may name it).
const WALLS: &[(&[&str], &[&str])] = &[
    (&["ffmpeg_next", "ffmpeg_sys_next"], &["src/media/"]),
    (
        &["candle_core", "candle_nn", "candle_transformers", "tokenizers::"],
        &["src/llava/"],
    ),
    (&["hf_hub", "reqwest", "tokio::"], &["src/registry/"]),
    (&["rusqlite"], &["src/chat/"]),
    (&["tauri"], &[]),
];

/// Words that `src/visual` must not say: it is a pure function of frames, grids and budgets.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::time",
    "std::env",
    "std::net",
    "File::",
    "Instant",
    "SystemTime",
];

/// Where types may have a wire form: what crosses to a role, what is kept, what is published.
const MAY_DERIVE_SERDE: &[&str] = &[
    // What crosses the inner wire: its framing, its requests, and the plain data in them.
    "src/worker/",
    "src/engine/requests/",
    "src/engine/answer.rs",
    "src/engine/identity.rs",
    "src/fault.rs",
    "src/gguf/file.rs",
    "src/question.rs",
    "src/registry/model_files.rs",
    "src/video/",
    "src/visual/family.rs",
    "src/visual/geometry.rs",
    "src/visual/plan.rs",
    "src/visual/pool.rs",
    "src/visual/preprocess.rs",
    "src/visual/preset.rs",
    "src/visual/recipe.rs",
    "src/visual/recipes.rs",
    "src/visual/sampling.rs",
    "src/visual/strategy.rs",
    "src/visual/words.rs",
    // What is kept.
    "src/chat/records/",
    "src/eval/results.rs",
    "src/registry/catalogue/file.rs",
    "src/registry/download/sidecar.rs",
    // What is published.
    "src/api/",
];

/// Files over the limit, each with the reason why it is one file.
const MAY_BE_LONG: &[(&str, &str)] = &[];
const MAX_LINES: usize = 500;

#[test]
fn each_library_is_named_by_one_module() {
    let mut offences = Vec::new();
    for file in source_files("src", &[".rs"]) {
        for (names, homes) in WALLS {
            if homes.iter().any(|home| file.path.starts_with(home)) {
                continue;
            }
            for (line_number, line) in code_lines(&file) {
                if let Some(name) = names.iter().find(|name| line.contains(*name)) {
                    offences.push(format!("{}:{line_number} names `{name}`", file.path));
                }
            }
        }
    }
    assert_none("A library is named outside its module", &offences);
}

#[test]
fn visual_reads_no_file_and_no_clock() {
    let mut offences = Vec::new();
    for file in source_files("src/visual", &[".rs"]) {
        for (line_number, line) in code_lines(&file) {
            if let Some(word) = IMPURE.iter().find(|word| line.contains(*word)) {
                offences.push(format!("{}:{line_number} says `{word}`", file.path));
            }
        }
    }
    assert_none("`visual` is pure", &offences);
}

#[test]
fn only_wire_types_are_serialisable() {
    let mut offences = Vec::new();
    for file in source_files("src", &[".rs"]) {
        if MAY_DERIVE_SERDE.iter().any(|home| file.path.starts_with(home)) {
            continue;
        }
        for (line_number, line) in code_lines(&file) {
            if line.contains("derive(") && (line.contains("Serialize") || line.contains("Deserialize")) {
                offences.push(format!("{}:{line_number}", file.path));
            }
        }
    }
    assert_none("A type outside the wire modules derives serde", &offences);
}

/// A lock of another kind would not be seen by the one that refuses to be the second.
#[test]
fn every_lock_of_the_desktop_is_taken_where_a_second_one_is_refused() {
    // Locks of their own, taken by the function that refuses; and monitors, under which nobody is called.
    let has_lock = [
        "src/desktop/owner.rs",
        "src/desktop/seam/events.rs",
        "src/desktop/seam/running.rs",
    ];
    let has_monitor = [
        "src/desktop/downloads.rs",
        "src/desktop/loading.rs",
        "src/desktop/opening.rs",
    ];
    let mut offences = Vec::new();
    for file in source_files("src/desktop", &[".rs"]) {
        for (line_number, line) in code_lines(&file) {
            let is_lock = line.contains("Mutex") || line.contains("RwLock");
            let may_take = file.path == has_lock[0] || has_monitor.contains(&&*file.path);
            let is_taken = line.contains(".lock()") && !may_take;
            if (is_lock && !has_lock.contains(&&*file.path)) || is_taken {
                offences.push(format!("{}:{line_number}", file.path));
            }
        }
    }
    assert_none("A lock is made or taken beside `owner.rs`", &offences);
}

#[test]
fn files_stay_short() {
    let mut offences = Vec::new();
    for folder in [
        "src",
        "src-tauri",
        "ui/src",
        "tests/it",
        "benches",
        "fuzz",
        "scripts",
    ] {
        for file in source_files(folder, &[".rs", ".ts", ".svelte", ".sh"]) {
            let n_lines = file.text.lines().count();
            let excused =
                MAY_BE_LONG.iter().any(|(path, _)| *path == file.path) || file.path.contains(".gen.");
            if n_lines > MAX_LINES && !excused {
                offences.push(format!("{}: {n_lines} lines", file.path));
            }
        }
    }
    assert_none(&format!("A file has more than {MAX_LINES} lines"), &offences);
}

#[test]
fn no_file_names_one_machine_or_a_package_registry() {
    // Put together here, so that this file does not contain them either.
    let unwanted = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
        concat!("/opt/", "venv"),
        concat!("/tmp/", "bash"),
        concat!("index.", "crates.io"),
        concat!("pypi", ".org"),
        concat!("registry.", "npmjs"),
        concat!("deb.", "debian.org"),
    ];
    let endings = [
        ".rs", ".md", ".toml", ".sh", ".py", ".ts", ".svelte", ".json", ".css", ".html", ".yml", "Makefile",
        "run",
    ];
    let mut offences = Vec::new();
    for file in source_files("", &endings) {
        for (index, line) in file.text.lines().enumerate() {
            if let Some(word) = unwanted.iter().find(|word| line.contains(*word)) {
                offences.push(format!("{}:{} says `{word}`", file.path, index + 1));
            }
        }
    }
    assert_none("A file names one machine's path or a package registry", &offences);
}

#[test]
fn every_golden_file_has_the_script_that_wrote_it() {
    let scripts = source_files("tests/reference", &[".py", ".sh"]);
    let mut offences = Vec::new();
    for file in source_files("tests/golden", &[".json", ".txt", ".csv"]) {
        let (_, name) = file
            .path
            .rsplit_once('/')
            .expect("a golden file lies in a folder");
        if !scripts.iter().any(|script| script.text.contains(name)) {
            offences.push(format!(
                "{}: no script in tests/reference names `{name}`",
                file.path
            ));
        }
    }
    assert_none("A golden value has no script", &offences);
}

/// The window's process stays where these crash, and starts without them.
#[test]
fn the_shell_links_neither_ffmpeg_nor_candle() {
    let library = ["--no-default-features", "--package", "videre"];
    let window = ["--package", "videre-window"];
    for package in [&library[..], &window] {
        let tree = Command::new(env!("CARGO"))
            .args([
                "tree",
                "--locked",
                "--offline",
                "-e",
                "normal",
                "--prefix",
                "none",
            ])
            .args(package)
            .current_dir(root())
            .output()
            .expect("cargo, which runs this test, can be started");
        assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
        let tree = String::from_utf8(tree.stdout).expect("cargo writes UTF-8");
        let heavy: Vec<String> = tree
            .lines()
            .filter(|line| {
                ["ffmpeg", "candle", "tokenizers", "clap"]
                    .iter()
                    .any(|name| line.starts_with(name))
            })
            .map(str::to_owned)
            .collect();
        assert_none("The library without features, or the window, pulls in", &heavy);
    }
}

/// The lines of a file that are code: a comment may explain what the code must not say.
fn code_lines(file: &SourceFile) -> impl Iterator<Item = (usize, &str)> {
    file.text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}
