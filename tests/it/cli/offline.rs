//! What the program does without a network: all but a download. Which sockets it opens is read off a trace of the system
//! calls of all its threads and processes.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use super::{Place, Run, sample};

/// Addresses of the internet, as `strace` names their families.
const INTERNET: [&str; 2] = ["AF_INET", "AF_INET6"];

/// All threads and processes, stopped at no other call than these.
const TRACED: [&str; 4] = ["-f", "--seccomp-bpf", "-e", "trace=network"];

/// Runs the program under `strace` with downloads forbidden or not, and gives what it said and its calls about networks.
fn traced<A: AsRef<OsStr>>(place: &Place, is_offline: bool, args: &[A]) -> (Run, String) {
    let calls = place.path("calls");
    let mut command = Command::new("strace");
    command.args(TRACED).arg("-o").arg(&calls);
    command.arg(env!("CARGO_BIN_EXE_videre")).args(args);
    command.current_dir(place.path("")).stdin(Stdio::null());
    command
        .env("HOME", place.path(""))
        .env("XDG_CACHE_HOME", place.path("cache"))
        .env("XDG_CONFIG_HOME", place.path("config"));
    for name in [
        "HF_HOME",
        "HF_HUB_CACHE",
        "HF_ENDPOINT",
        "HF_TOKEN",
        "HF_HUB_OFFLINE",
    ] {
        command.env_remove(name);
    }
    if is_offline {
        command.env("HF_HUB_OFFLINE", "1");
    }
    let output = command.output().expect("strace was just found");
    let run = Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("answers are UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("messages are UTF-8"),
    };
    let calls = std::fs::read_to_string(calls).expect("strace wrote its calls");
    (run, calls)
}

/// Calls that make or use a socket of the internet.
fn internet(calls: &str) -> Vec<&str> {
    let is_internet = |line: &&str| INTERNET.iter().any(|family| line.contains(family));
    calls.lines().filter(is_internet).collect()
}

/// Whether system calls can be traced here; says so where they cannot.
fn can_trace() -> bool {
    let tried = Command::new("strace")
        .args(TRACED)
        .args(["-o", "/dev/null", "true"])
        .output();
    match tried {
        Ok(output) if output.status.success() => true,
        Ok(_) => {
            eprintln!("skipped: strace may not trace here");
            false
        }
        Err(_) => {
            eprintln!("skipped: there is no strace here");
            false
        }
    }
}

#[test]
fn no_socket_of_the_internet_is_opened_without_a_download() {
    if !can_trace() {
        return;
    }
    let clip = sample().display().to_string();
    let sessions: [&[&str]; 8] = [
        &["ask", &clip, "What moves?", "--max-tokens", "3"],
        &["preview", &clip, "--out", "seen"],
        &["probe", &clip],
        &["frames", &clip, "--count", "2", "--out", "frames"],
        &["models", "list"],
        &["models", "verify"],
        &["doctor"],
        &["bench"],
    ];
    // Where downloads are allowed a question is enough: no command does more without one.
    for (is_offline, sessions) in [(true, &sessions[..]), (false, &sessions[..1])] {
        for &args in sessions {
            let place = Place::new();
            let (run, calls) = traced(&place, is_offline, args);
            assert_eq!(run.code, Some(0), "{args:?}: {run:?}");
            assert!(
                calls.contains("exited with 0"),
                "{args:?}: the whole trace is here"
            );
            assert!(internet(&calls).is_empty(), "{args:?}: {:?}", internet(&calls));
        }
    }
}

#[test]
fn a_download_that_is_forbidden_says_so_and_opens_no_socket() {
    if !can_trace() {
        return;
    }
    for model in ["smolvlm2-500m", "owner/repo"] {
        let place = Place::new();
        let (run, calls) = traced(&place, true, &["models", "pull", model]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(4), ""), "{run:?}");
        assert!(
            run.stderr.contains("HF_HUB_OFFLINE forbids downloads"),
            "{}",
            run.stderr
        );
        assert!(
            run.stderr.contains("hint: unset HF_HUB_OFFLINE"),
            "{}",
            run.stderr
        );
        assert!(internet(&calls).is_empty(), "{:?}", internet(&calls));
    }
}

/// The trace sees what it is asked about: a download that is allowed opens a socket, to a port of this machine where nobody
/// listens.
#[test]
fn a_trace_shows_the_socket_of_a_download() {
    if !can_trace() {
        return;
    }
    let place = Place::new();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("the loopback has a free port");
    let port = nobody.local_addr().expect("it is bound").port();
    drop(nobody);
    let endpoint = format!("HF_ENDPOINT=http://127.0.0.1:{port}");
    let calls = place.path("calls");
    let status = Command::new("strace")
        .args(TRACED)
        .args(["-E", &endpoint, "-o"])
        .arg(&calls)
        .arg(env!("CARGO_BIN_EXE_videre"))
        .args(["models", "pull", "owner/repo"])
        .env("HOME", place.path(""))
        .env_remove("HF_HUB_OFFLINE")
        .output()
        .expect("strace was just found")
        .status;
    assert!(!status.success());
    let calls = std::fs::read_to_string(calls).expect("strace wrote its calls");
    assert!(!internet(&calls).is_empty(), "{calls}");
}
