//! Who waits is woken: nothing looks again and again whether it may go on.

use super::{assert_none, source_files};

/// Waits that end after a time, and what is done to look again soon.
const TIMED: &[&str] = &[
    "sleep(",
    "recv_timeout(",
    "wait_timeout",
    "park_timeout",
    "try_lock(",
    "try_wait(",
    "yield_now(",
    "spin_loop(",
    "POLL",
];

/// The only files that may say one, each with the reason.
const MAY_SAY: &[(&str, &str, &str)] = &[
    (
        "src/cancel/monitor.rs",
        "wait_timeout",
        "until an instant that means something: the end of a hold, of patience, of what a picture takes",
    ),
    (
        "src/chat/store/mod.rs",
        "sleep(",
        "nobody tells when another process lets go of a database that is being made",
    ),
    (
        "src/llava/convert/write.rs",
        "try_lock(",
        "once: that another conversion writes the same file is said, not waited for",
    ),
    (
        "src/bin/videre/stages.rs",
        "recv_timeout(",
        "once, for how long a stage may last before it is shown",
    ),
    (
        "src/worker/client.rs",
        "recv_timeout(",
        "until a worker is waited for no longer",
    ),
];

#[test]
fn nothing_looks_again_and_again_whether_it_may_go_on() {
    let mut offences = Vec::new();
    let mut unused: Vec<_> = MAY_SAY.iter().map(|(path, word, _)| (*path, *word)).collect();
    for file in ["src", "src-tauri/src", "examples"]
        .iter()
        .flat_map(|folder| source_files(folder, &[".rs"]))
    {
        // A test may wait for what tells nobody.
        let tests = ["\n#[cfg(test)]\n", "\n#[cfg(all(test, "].map(|mark| file.text.find(mark));
        let n_code = tests.into_iter().flatten().min().unwrap_or(file.text.len());
        for (index, line) in file.text[..n_code].lines().enumerate() {
            let Some(word) = TIMED.iter().find(|word| line.contains(*word)) else {
                continue;
            };
            let excuse = (file.path.as_str(), *word);
            if MAY_SAY.iter().any(|(path, word, _)| excuse == (*path, *word)) {
                unused.retain(|one| *one != excuse);
            } else if !line.trim_start().starts_with("//") {
                offences.push(format!("{}:{} says `{word}`", file.path, index + 1));
            }
        }
    }
    offences.extend(
        unused
            .iter()
            .map(|(path, word)| format!("{path} no longer says `{word}`")),
    );
    assert_none("A wait is no wait for something", &offences);
}
