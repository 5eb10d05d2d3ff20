//! What went wrong is said by a closed `Fault` where it arises: nobody reads it off a message, and nobody makes up a code.

use super::{assert_none, source_files};

/// What a decision looks for in a text.
const LOOKS: [&str; 9] = [
    ".contains(",
    ".starts_with(",
    ".ends_with(",
    ".strip_prefix(",
    ".strip_suffix(",
    ".find(",
    ".rfind(",
    ".matches(",
    ".split_once(",
];
/// Ways from a text to the same text.
const SAME: [&str; 5] = [
    ".as_str()",
    ".as_ref()",
    ".to_lowercase()",
    ".to_ascii_lowercase()",
    ".trim()",
];
/// What a failure says, and the wording of any error.
const WORDINGS: [&str; 3] = ["message", "message()", "to_string()"];

/// Where `code` looks for something in a wording, as what it says there.
fn looks_into_wordings(code: &str) -> Vec<String> {
    let lines = code.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let code: String = lines.flat_map(str::split_whitespace).collect();
    let looks = LOOKS.iter().flat_map(|look| code.match_indices(look));
    looks
        .filter_map(|(at, look)| {
            let mut text = &code[..at];
            while let Some(before) = SAME.iter().find_map(|same| text.strip_suffix(same)) {
                text = before;
            }
            let wording = WORDINGS.iter().find(|wording| text.ends_with(*wording))?;
            Some(format!("{wording}{look}"))
        })
        .collect()
}

#[test]
fn no_message_decides_anything() {
    let mut offences = Vec::new();
    for folder in ["src", "src-tauri"] {
        for file in source_files(folder, &[".rs"]) {
            let looks = looks_into_wordings(&file.text);
            offences.extend(looks.iter().map(|look| format!("{}: `{look}`", file.path)));
        }
    }
    assert_none("What an error says decides something", &offences);
    let setup = "let is_memory = failure\n    .message\n    .as_str()\n    .contains(\"of memory and\");";
    assert_eq!(looks_into_wordings(setup), ["message.contains("]);
    assert_eq!(
        looks_into_wordings("error.to_string().starts_with(\"no\")").len(),
        1
    );
    assert!(looks_into_wordings("// message.contains(\"a\")\nmessages.contains(&one)").is_empty());
}

#[test]
fn only_the_module_of_faults_gives_codes() {
    let mut offences = Vec::new();
    for folder in ["src", "src-tauri"] {
        let files = source_files(folder, &[".rs"]);
        for file in files.iter().filter(|file| file.path != "src/fault.rs") {
            let gives =
                |line: &&str| line.contains("code: ErrorCode::") || line.contains("code = ErrorCode::");
            let given = file.text.lines().filter(gives).map(str::trim);
            offences.extend(given.map(|line| format!("{}: {line}", file.path)));
        }
    }
    assert_none("A code is made up; say a `Fault` and let it follow", &offences);
}
