//! A process that is confined as a worker tries what a worker must not do.

use std::fs::{self, File};
use std::io::Read as _;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;

use videre::sandbox::{Confinement, confine, layers};

/// Where the confined process finds its folders: one to write to, one not to.
const OPEN: &str = "VIDERE_TEST_OPEN";
const CLOSED: &str = "VIDERE_TEST_CLOSED";

fn folder(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

/// Runs only where the test below starts it, in a process of its own.
#[test]
#[ignore = "a process that the test of confinement starts"]
fn confined() {
    let (Some(open), Some(closed)) = (folder(OPEN), folder(CLOSED)) else {
        return;
    };
    let there = layers();
    // What it reads beside what was named, it was handed.
    let mut handed = File::open(closed.join("video")).expect("it may be opened until then");
    let found = confine(&Confinement {
        reads: vec![closed.join("named"), "/proc/meminfo".into()],
        writes: vec![open.clone()],
    });
    assert_eq!(found, there);
    if found.files {
        assert!(
            File::open(closed.join("video")).is_err_and(|error| is_refused(&error)),
            "a file of the user's is read"
        );
        assert!(fs::read_dir(&closed).is_err(), "a folder is looked into");
        assert!(
            File::options().write(true).open(closed.join("video")).is_err(),
            "the video is written"
        );
        assert!(File::create(closed.join("new")).is_err(), "a file is made");
        assert!(
            fs::remove_file(closed.join("video")).is_err(),
            "the video is removed"
        );
        assert!(
            fs::rename(closed.join("video"), open.join("taken")).is_err(),
            "it is taken away"
        );
    }
    if found.calls {
        assert!(TcpListener::bind("127.0.0.1:0").is_err(), "a socket listens");
        assert!(
            TcpStream::connect("127.0.0.1:1").is_err_and(|error| is_refused(&error)),
            "a socket connects"
        );
        assert!(
            UdpSocket::bind("127.0.0.1:0").is_err(),
            "a socket of another kind"
        );
        assert!(UnixStream::pair().is_err(), "a socket of this machine");
        assert!(
            Command::new("/bin/true")
                .status()
                .is_err_and(|error| is_refused(&error)),
            "a program is started"
        );
    }
    // And what its work needs.
    assert_eq!(
        fs::read(closed.join("named")).expect("it may be read"),
        b"weights"
    );
    assert!(File::open("/proc/meminfo").is_ok(), "what the machine is");
    if found.files {
        assert!(
            File::options().write(true).open(closed.join("named")).is_err(),
            "what may be read is written"
        );
    }
    let mut read = String::new();
    handed.read_to_string(&mut read).expect("it is open");
    assert_eq!(read, "pictures");
    fs::write(open.join("part"), "kept").expect("it may be written");
    fs::rename(open.join("part"), open.join("whole")).expect("it may be named");
    let thread = std::thread::Builder::new().spawn(|| vec![1_u8; 1 << 24].len());
    let counted = thread.expect("a thread begins").join().expect("it ends");
    assert_eq!(counted, 1 << 24);
    // That it came so far.
    fs::write(open.join("done"), "").expect("it may be written");
}

fn is_refused(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::PermissionDenied
}

#[test]
fn a_confined_process_can_do_its_work_and_nothing_else() {
    let place = tempfile::tempdir().expect("a folder");
    let [open, closed] = ["open", "closed"].map(|name| {
        let folder = place.path().join(name);
        fs::create_dir(&folder).expect("it is made");
        folder
    });
    fs::write(closed.join("video"), "pictures").expect("written");
    fs::write(closed.join("named"), "weights").expect("written");
    let own = std::env::current_exe().expect("tests are programs");
    let run = Command::new(own)
        .args(["--ignored", "--exact", "sandbox::confined", "--test-threads=1"])
        .env(OPEN, &open)
        .env(CLOSED, &closed)
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(
        run.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&run.stderr)
    );
    assert!(open.join("done").exists(), "{said}");
}
