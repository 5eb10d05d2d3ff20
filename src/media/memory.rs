//! Memory that a video may take: bounded by the system, since FFmpeg believes what a file claims.

/// From now on this process gets no more than `max_bytes` of memory of its own: what is asked for beyond that is refused,
/// and the video with it. For a process whose only work is videos. Does nothing where the system has no such bound.
pub fn bound_memory(max_bytes: u64) {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

        let bound = Rlimit {
            current: Some(max_bytes),
            ..getrlimit(Resource::Data)
        };
        if let Err(error) = setrlimit(Resource::Data, bound) {
            tracing::warn!(%error, "the memory for videos is not bounded");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = max_bytes;
}

/// The bound of this process, where it has one.
pub(super) fn bound() -> Option<u64> {
    #[cfg(target_os = "linux")]
    return rustix::process::getrlimit(rustix::process::Resource::Data).current;
    #[cfg(not(target_os = "linux"))]
    None
}
