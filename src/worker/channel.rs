//! The way of requests to a worker: bytes in order, and open files beside them where the system can hand those over.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

/// Files that may travel with one message: fewer than the 253 that Linux lets pass at once.
pub const MAX_FILES: usize = 160;

/// The caller's end.
pub(super) struct Sender {
    #[cfg(unix)]
    stream: std::os::unix::net::UnixStream,
    #[cfg(not(unix))]
    stream: std::process::ChildStdin,
}

impl Sender {
    /// Starts a program whose standard input is the other end.
    ///
    /// # Errors
    /// What the system says.
    #[cfg(unix)]
    pub(super) fn start(command: &mut Command) -> io::Result<(Child, Self)> {
        let (stream, theirs) = std::os::unix::net::UnixStream::pair()?;
        command.stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)));
        let child = command.spawn();
        // Held here it would be open for as long as the command is.
        command.stdin(Stdio::null());
        Ok((child?, Self { stream }))
    }

    /// Starts a program whose standard input is the other end.
    ///
    /// # Errors
    /// What the system says.
    #[cfg(not(unix))]
    pub(super) fn start(command: &mut Command) -> io::Result<(Child, Self)> {
        let mut child = command.stdin(Stdio::piped()).spawn()?;
        let stream = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok((child, Self { stream }))
    }

    /// How many of these files travel. Whoever receives none opens them by their names.
    pub(super) fn n_travelling(files: &[Arc<File>]) -> usize {
        if cfg!(unix) { files.len().min(MAX_FILES) } else { 0 }
    }

    /// Sends bytes, of which there must be some, and the files beside the first of them.
    ///
    /// # Errors
    /// What the system says.
    #[cfg(unix)]
    pub(super) fn send(&mut self, bytes: &[u8], files: &[Arc<File>]) -> io::Result<()> {
        use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
        use std::os::fd::AsFd as _;

        // That the worker ended is an error here, and nobody's signal.
        #[cfg(target_os = "linux")]
        let flags = SendFlags::NOSIGNAL;
        #[cfg(not(target_os = "linux"))]
        let flags = SendFlags::empty();
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FILES))];
        let mut beside = SendAncillaryBuffer::new(&mut space);
        let n_files = Self::n_travelling(files);
        let files: Vec<_> = files.iter().take(n_files).map(|file| file.as_fd()).collect();
        if !files.is_empty() && !beside.push(SendAncillaryMessage::ScmRights(&files)) {
            return Err(io::Error::other("there is no room for the files of a message"));
        }
        let n_sent = loop {
            match sendmsg(&self.stream, &[io::IoSlice::new(bytes)], &mut beside, flags) {
                Err(rustix::io::Errno::INTR) => {}
                sent => break sent?,
            }
        };
        self.stream.write_all(&bytes[n_sent..])
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// What the system says.
    #[cfg(not(unix))]
    pub(super) fn send(&mut self, bytes: &[u8], _files: &[Arc<File>]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }
}

impl Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Files that arrived, in the order in which they were sent.
#[derive(Clone, Default)]
pub(super) struct Arrived(Arc<Mutex<VecDeque<Arc<File>>>>);

impl Arrived {
    /// The next `n_files`; `None` where fewer are there.
    pub(super) fn take(&self, n_files: usize) -> Option<Vec<Arc<File>>> {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (n_files <= files.len()).then(|| files.drain(..n_files).collect())
    }
}

/// The worker's end: its standard input, which may as well be something that brings no files.
pub(super) struct Receiver {
    input: File,
    arrived: Arrived,
}

impl Receiver {
    pub(super) fn new(input: File) -> Self {
        Self {
            input,
            arrived: Arrived::default(),
        }
    }

    /// The files that arrive.
    pub(super) fn arrived(&self) -> Arrived {
        self.arrived.clone()
    }
}

impl Read for Receiver {
    #[cfg(unix)]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use rustix::io::Errno;
        use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

        #[cfg(target_os = "linux")]
        let flags = RecvFlags::CMSG_CLOEXEC;
        #[cfg(not(target_os = "linux"))]
        let flags = RecvFlags::empty();
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FILES))];
        let mut beside = RecvAncillaryBuffer::new(&mut space);
        let received = recvmsg(
            &self.input,
            &mut [io::IoSliceMut::new(buffer)],
            &mut beside,
            flags,
        );
        let received = match received {
            Err(Errno::NOTSOCK) => return self.input.read(buffer),
            received => received?,
        };
        let mut arrived = self.arrived.0.lock().unwrap_or_else(PoisonError::into_inner);
        for message in beside.drain() {
            if let RecvAncillaryMessage::ScmRights(files) = message {
                arrived.extend(files.map(|file| Arc::new(File::from(file))));
            }
        }
        Ok(received.bytes)
    }

    #[cfg(not(unix))]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.input.read(buffer)
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    fn pair() -> (Sender, Receiver) {
        let (stream, theirs) = UnixStream::pair().unwrap();
        (
            Sender { stream },
            Receiver::new(File::from(OwnedFd::from(theirs))),
        )
    }

    fn file(content: &str) -> Arc<File> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        Arc::new(file)
    }

    fn content(file: &Arc<File>) -> String {
        use std::io::Seek as _;
        let mut content = String::new();
        let mut file = &**file;
        file.rewind().unwrap();
        file.read_to_string(&mut content).unwrap();
        content
    }

    #[test]
    fn files_arrive_in_order_beside_the_bytes_however_these_are_cut() {
        let (mut sender, mut receiver) = pair();
        sender.send(b"first", &[file("a"), file("b")]).unwrap();
        sender.write_all(b" and more").unwrap();
        sender.send(b"second", &[]).unwrap();
        sender.send(b"third", &[file("c")]).unwrap();
        drop(sender);
        let arrived = receiver.arrived();
        let mut bytes = Vec::new();
        let mut three = [0; 3];
        while let n @ 1.. = receiver.read(&mut three).unwrap() {
            bytes.extend_from_slice(&three[..n]);
        }
        assert_eq!(bytes, b"first and moresecondthird");
        let files = arrived.take(2).unwrap();
        assert_eq!([content(&files[0]), content(&files[1])], ["a", "b"]);
        assert!(arrived.take(2).is_none(), "there is one");
        assert_eq!(content(&arrived.take(1).unwrap()[0]), "c");
    }

    #[test]
    fn a_pipe_brings_bytes_alone() {
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"bytes").unwrap();
        drop(writer);
        let mut receiver = Receiver::new(File::from(OwnedFd::from(reader)));
        let mut bytes = Vec::new();
        receiver.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"bytes");
    }
}
