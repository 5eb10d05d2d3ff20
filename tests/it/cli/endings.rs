//! How runs end when they do not end well: exit code, message with the file's name, hint, and nothing left behind.

use super::{Place, Run, clip_of_an_unknown_codec, names_in, sample};
use std::fs;
use std::io::Read;
use std::process::Stdio;

#[track_caller]
fn check(run: &Run, code: i32, message: &str) {
    assert_eq!(run.code, Some(code), "{run:?}");
    assert!(run.stderr.contains(message), "`{message}` in:\n{}", run.stderr);
    assert_eq!(run.stdout, "", "an error is no answer");
}

#[test]
fn the_input_s_fault_is_1_and_names_the_file() {
    let place = Place::new();
    fs::write(place.path("empty.mp4"), "").expect("written");
    fs::write(place.path("words.mp4"), "these are words\n".repeat(500)).expect("written");
    fs::create_dir(place.path("folder.mp4")).expect("made");
    for file in ["missing.mp4", "empty.mp4", "words.mp4", "folder.mp4"] {
        for command in ["probe", "frames --count 2", "preview --out out"] {
            let run = place.say(&format!("{command} {file}"));
            check(&run, 1, file);
            let lines: Vec<&str> = run.stderr.lines().collect();
            assert_eq!(lines.len(), 2, "{lines:?}");
            assert!(
                lines[0].starts_with("error: ") && lines[1].starts_with("hint: "),
                "{lines:?}"
            );
        }
    }
    assert!(
        !place.path("out").exists(),
        "a file that cannot be read makes no folder"
    );
}

#[test]
fn a_frame_or_range_beyond_the_clip_is_the_input_s_fault() {
    let place = Place::new();
    let beyond = place.say("frames SAMPLE --indices 0,175");
    check(&beyond, 1, "sample.mp4");
    assert!(beyond.stderr.contains("numbered 0 to 174"), "{}", beyond.stderr);
    check(&place.say("frames SAMPLE --range 9..10"), 1, "sample.mp4");
    check(
        &place.say("preview SAMPLE --range 9..10 --out out"),
        1,
        "sample.mp4",
    );
}

#[test]
fn what_this_build_cannot_do_is_3() {
    let place = Place::new();
    fs::write(place.path("unknown.mp4"), clip_of_an_unknown_codec()).expect("written");
    check(&place.say("probe unknown.mp4"), 3, "unknown.mp4");
}

#[test]
fn usage_is_2() {
    let place = Place::new();
    for words in [
        "",
        "watch SAMPLE",
        "probe",
        "frames SAMPLE",
        "frames SAMPLE --count x",
        "frames SAMPLE --count 3 --indices 1",
        "frames SAMPLE --count 0",
        "frames SAMPLE --rate 0",
        "frames SAMPLE --range 5",
        "frames SAMPLE --range 2..1",
        "frames SAMPLE --range 1..soon",
        "preview SAMPLE",
        "preview SAMPLE --out out --thumbnail-frames 5",
        "preview SAMPLE --out out --preset best",
        "preview SAMPLE --out out --preset fast --sampled-tokens 5",
        "preview SAMPLE --out out --strategy sampled --order sampled-first",
        "preview SAMPLE --out out --tower clip-xxl",
        "completions tcsh",
    ] {
        let run = if words.is_empty() {
            place.run([] as [&str; 0])
        } else {
            place.say(words)
        };
        check(&run, 2, "");
        assert!(!run.stderr.is_empty(), "{words}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_said_before_anything_is_lost() {
    let place = Place::new();
    fs::write(place.path("file"), "").expect("written");
    let run = place.say("frames SAMPLE --count 2 --out file");
    check(&run, 2, "cannot write file");
    assert!(run.stderr.contains("hint: "), "{}", run.stderr);
    check(&place.say("preview SAMPLE --out file/below"), 2, "file/below");
}

#[cfg(target_os = "linux")]
#[test]
fn the_machine_s_fault_is_4() {
    let place = Place::new();
    check(
        &place.say("frames SAMPLE --count 2 --out /proc/videre"),
        4,
        "/proc/videre",
    );
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("Linux has it");
    let output = place
        .command()
        .args(["doctor", "--json"])
        .stdout(full)
        .output()
        .expect("started");
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write the answer"));
}

#[cfg(unix)]
#[test]
fn an_interrupt_is_130_and_leaves_whole_pictures_only() {
    use std::time::{Duration, Instant};
    let place = Place::new();
    let out = place.path("out");
    let mut child = place.command();
    let child = child
        .args(["frames", "--range", "0..7", "--out", "out"])
        .arg(sample());
    let mut child = child
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let began = Instant::now();
    while fs::read_dir(&out).map_or(0, Iterator::count) < 3 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "no picture within a minute"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    let interrupted = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(interrupted.expect("there is a kill").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .expect("piped")
        .read_to_string(&mut stderr)
        .expect("UTF-8");
    assert_eq!(stderr, "interrupted\n");
    for name in names_in(&out) {
        assert!(name.starts_with("frame-"), "{name} was left behind");
        image::open(out.join(&name)).expect("a whole picture");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    let mut child = place.command();
    let child = child
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = child.spawn().expect("started");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(
        (output.status.code(), output.stderr.as_slice()),
        (Some(0), &b""[..])
    );
}

#[test]
fn names_that_hold_quotes_line_breaks_and_commands_stay_names() {
    let place = Place::new();
    let hostile = "a 'quoted' \"name\" $(x) --json;\n\u{1b}[31mred ünïcode.mp4";
    fs::copy(sample(), place.path(hostile)).expect("copied");
    let run = place.run([
        "frames",
        hostile,
        "--indices",
        "0",
        "--out",
        "out 'dir'",
        "--json",
    ]);
    assert_eq!(run.json()[0]["path"], "out 'dir'/frame-0000000-0.000s.png");
    let probe = place.run(["probe", hostile, "--json"]).json();
    assert_eq!(probe["path"], hostile, "JSON keeps the name");
    for run in [
        place.run(["probe", hostile]),
        place.run(["probe", &format!("no {hostile}")]),
    ] {
        let shown = format!("{}{}", run.stdout, run.stderr);
        assert!(
            !shown.contains('\u{1b}'),
            "a name commands the terminal: {shown:?}"
        );
    }
    let missing = place.run(["probe", "two\nlines.mp4"]);
    assert_eq!(missing.stderr.lines().count(), 2, "{}", missing.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_can_be_opened() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let name = std::ffi::OsStr::from_bytes(b"t\xe9l\xe9.mp4");
    fs::copy(sample(), place.folder.path().join(name)).expect("copied");
    let run = place.run([
        std::ffi::OsStr::new("probe"),
        name,
        std::ffi::OsStr::new("--json"),
    ]);
    assert_eq!(run.json()["path"], "t\u{fffd}l\u{fffd}.mp4");
}

#[test]
fn colour_is_for_terminals_unless_it_is_forced() {
    let place = Place::new();
    let stderr = |name: Option<&str>| {
        let mut command = place.command();
        if let Some(name) = name {
            command.env(name, "1");
        }
        let output = command.args(["probe", "missing.mp4"]).output().expect("started");
        String::from_utf8(output.stderr).expect("UTF-8")
    };
    assert!(!stderr(None).contains('\u{1b}'));
    assert!(stderr(Some("CLICOLOR_FORCE")).contains("\u{1b}["));
    assert!(!stderr(Some("NO_COLOR")).contains('\u{1b}'));
}

#[test]
fn the_log_goes_to_standard_error() {
    let place = Place::new();
    let run = place.say("frames SAMPLE --count 500 --json");
    assert_eq!(
        run.json().as_array().map(Vec::len),
        Some(174),
        "one was chosen twice and is listed once"
    );
    assert!(
        run.stderr
            .contains("500 frames were asked for, but there are only 175"),
        "{}",
        run.stderr
    );
    let quiet = place
        .command()
        .env("RUST_LOG", "off")
        .arg("frames")
        .arg(sample())
        .args(["--count", "500"])
        .output();
    assert_eq!(quiet.expect("started").stderr, b"");
}

/// The model's file is cut while it is in use: a page of it that is not there any more ends the process that reads it.
#[cfg(target_os = "linux")]
#[test]
fn a_model_that_is_cut_while_it_answers_is_named() {
    use std::io::{BufRead, BufReader, Write};

    let place = Place::new();
    let folder = place.path("pair");
    fs::create_dir(&folder).expect("made");
    let mut language = None;
    for name in names_in(crate::engine::tiny_pair()) {
        fs::copy(crate::engine::tiny_pair().join(&name), folder.join(&name)).expect("copied");
        if !name.contains("mmproj") {
            language = Some(folder.join(name));
        }
    }
    let language = language.expect("a pair has both");
    let mut chat = place
        .command()
        .args(["chat", "--preset", "fast", "--max-tokens", "2", "--model"])
        .args([folder.as_os_str(), sample().as_os_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut asks = chat.stdin.take().expect("a pipe");
    let mut answers = BufReader::new(chat.stdout.take().expect("a pipe"));
    writeln!(asks, "What is there?").expect("it listens");
    let mut answer = String::new();
    answers.read_line(&mut answer).expect("it answers");
    let cut = fs::OpenOptions::new()
        .write(true)
        .open(&language)
        .expect("it opens");
    cut.set_len(4096).expect("it can be cut");
    drop(writeln!(asks, "And now?"));
    drop(asks);
    let mut said = String::new();
    let mut stderr = chat.stderr.take().expect("a pipe");
    stderr.read_to_string(&mut said).expect("text");
    let status = chat.wait().expect("it ends");
    assert_eq!(status.code(), Some(1), "{said}");
    let name = language
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    assert!(said.contains(&name), "{said}");
    assert!(said.contains("changed while it was read"), "{said}");
    assert!(said.contains("hint: "), "{said}");
}
