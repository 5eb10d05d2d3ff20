//! Packets of one video stream, in the order of the file.
#![expect(
    unsafe_code,
    reason = "opening with options for each stream, and reading raw packet fields"
)]

use std::ffi::{c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::OnceLock;

use ffmpeg_next::codec::packet::Flags;
use ffmpeg_next::format::context::{Input, StreamIo};
use ffmpeg_next::util::interrupt;
use ffmpeg_next::{Dictionary, Error, Packet, ffi};

use super::codecs;
use super::error::MediaError;
use super::index::PacketInfo;
use super::limits::Limits;
use super::source::{Barren, Source, Stop, Watch};
use crate::video::{VideoFile, VideoFileError};

/// Containers that are read. No playlists and no lists of pictures: those name other files.
const CONTAINERS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,ogg,asf,gif,\
                          ivf,nut,mxf,h264,hevc,m4v,obu,dv,yuv4mpegpipe,mp3,flac,wav,aac";

/// A stretch of file buffered by FFmpeg.
const BUFFER_BYTES: usize = 128 << 10;

/// Most bytes that one read brings. What is read comes by way of a buffer of as many bytes as were asked for, and a file may
/// claim a packet of hundreds of millions.
const READ_BYTES: c_int = 1 << 20;

/// How FFmpeg has bytes read.
type ReadPacket = unsafe extern "C" fn(*mut c_void, *mut u8, c_int) -> c_int;

/// How a [`Source`] is read: there is one way for all.
static READ_SOURCE: OnceLock<ReadPacket> = OnceLock::new();

/// A demuxed packet of the chosen stream, or why there is none.
pub(super) enum Read {
    /// The next packet.
    Packet(Packet),
    /// The file is over, or cannot be read any further; `ffmpeg` treats both alike.
    End {
        /// Whether it did not end by itself.
        is_damaged: bool,
    },
}

/// An open container, reading one of its video streams.
pub(super) struct Demuxer {
    input: Input,
    path: PathBuf,
    stream: usize,
    watch: Watch,
    barren: Barren,
}

impl Demuxer {
    /// Probes the file. `stream` is chosen later, by [`Demuxer::choose`].
    pub(super) fn open(video: &VideoFile, limits: &Limits, watch: &Watch) -> Result<Self, MediaError> {
        super::quiet_ffmpeg();
        let path = video.path();
        let barren = Barren::new(limits.max_barren_bytes);
        let input = Source::new(video.file()?, watch.clone(), barren.clone())
            .map_err(|source| {
                let path = path.to_owned();
                MediaError::from(VideoFileError::Open { path, source })
            })
            .and_then(|source| open_input(path, source, limits, watch))?;
        // What was read to look into the file is behind it.
        barren.end();
        Ok(Self {
            input,
            path: path.to_owned(),
            stream: 0,
            watch: watch.clone(),
            barren,
        })
    }

    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn stream(&self) -> usize {
        self.stream
    }

    /// Seconds of one tick of the stream's clock.
    pub(super) fn tick_secs(&self) -> f64 {
        self.input
            .stream(self.stream)
            .map_or(1.0, |stream| f64::from(stream.time_base()))
    }

    /// Reads only this stream from now on; the demuxer may skip the bytes of the others.
    pub(super) fn choose(&mut self, stream: usize) {
        self.stream = stream;
        // SAFETY: the streams belong to the open container; `discard` is a field for its user to set.
        unsafe {
            let context = self.input.as_mut_ptr();
            for i in 0..(*context).nb_streams as usize {
                let wanted = if i == stream {
                    ffi::AVDiscard::AVDISCARD_DEFAULT
                } else {
                    ffi::AVDiscard::AVDISCARD_ALL
                };
                (**(*context).streams.add(i)).discard = wanted;
            }
        }
    }

    /// The next packet of the stream.
    ///
    /// # Errors
    /// Cancelled, timed out or shrunk.
    pub(super) fn read(&mut self) -> Result<Read, MediaError> {
        const MOST_RETRIES: usize = 64;
        let mut n_retries = 0;
        loop {
            self.watch.check(&self.path, "read")?;
            let mut packet = Packet::empty();
            match packet.read(&mut self.input) {
                Ok(()) => {
                    self.barren.end();
                    if packet.stream() == self.stream {
                        return Ok(Read::Packet(packet));
                    }
                }
                Err(Error::Other { errno: libc::EAGAIN }) if n_retries < MOST_RETRIES => n_retries += 1,
                Err(error) => {
                    self.watch.check(&self.path, "read")?;
                    return Ok(Read::End {
                        is_damaged: error != Error::Eof || self.barren.is_over(),
                    });
                }
            }
        }
    }

    /// Moves to the key frame at or before `timestamp` of the stream. `false` where the container cannot.
    pub(super) fn seek(&mut self, timestamp: i64) -> bool {
        self.seek_to_key(timestamp, true)
    }

    /// Moves to the nearest key frame before or after `timestamp` of the stream, or at it. `false` where the container
    /// cannot.
    pub(super) fn seek_to_key(&mut self, timestamp: i64, backward: bool) -> bool {
        forget_failed_reads(&mut self.input);
        // SAFETY: the container is open.
        unsafe {
            let context = self.input.as_mut_ptr();
            let stream = i32::try_from(self.stream).unwrap_or(-1);
            let flags = if backward { ffi::AVSEEK_FLAG_BACKWARD } else { 0 };
            ffi::av_seek_frame(context, stream, timestamp, flags) >= 0
        }
    }
}

/// Reads at most [`READ_BYTES`]; whoever wants more asks again.
unsafe extern "C" fn read_some(source: *mut c_void, buffer: *mut u8, n_bytes: c_int) -> c_int {
    match READ_SOURCE.get() {
        // SAFETY: as it was called, and with no more room than there is.
        Some(read) => unsafe { read(source, buffer, n_bytes.min(READ_BYTES)) },
        None => ffi::AVERROR(ffi::EIO),
    }
}

/// Has the bytes of `io`, which reads a [`Source`], read in pieces.
fn read_in_pieces(io: &mut StreamIo) {
    // SAFETY: the context is alive, nobody reads yet, and `read_some` passes on to what was there.
    unsafe {
        let context = io.as_mut_ptr();
        if let Some(read) = (*context).read_packet {
            READ_SOURCE.get_or_init(|| read);
            (*context).read_packet = Some(read_some);
        }
    }
}

/// Opens the container with limits on what it may read and name. The whole of its reach is `source`.
fn open_input(path: &Path, source: Source, limits: &Limits, watch: &Watch) -> Result<Input, MediaError> {
    let machine = |reason: &str| MediaError::Machine {
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    let mut io = StreamIo::from_read_seek_with_capacity(source, BUFFER_BYTES)
        .map_err(|error| machine(&error.to_string()))?;
    read_in_pieces(&mut io);
    let mut options = Dictionary::new();
    options.set("format_whitelist", CONTAINERS);
    options.set("codec_whitelist", &codecs::list());
    options.set("protocol_whitelist", "none");
    options.set("max_streams", &limits.max_streams.to_string());
    options.set("probesize", &limits.probe_bytes.to_string());
    options.set("analyzeduration", &limits.probe_span.as_micros().to_string());
    let callback = {
        let watch = watch.clone();
        interrupt::new(Box::new(move || watch.stop().is_some()))
    };

    // SAFETY: the order that avformat documents: allocate, attach the byte source, open, look into the streams. On
    // failure avformat_open_input frees the context and sets the pointer to null; the byte source, the callback and
    // the dictionaries stay ours and are dropped after the context.
    let (context, opened) = unsafe {
        let mut context = ffi::avformat_alloc_context();
        if context.is_null() {
            return Err(machine("no memory"));
        }
        (*context).interrupt_callback = callback.interrupt;
        (*context).pb = io.as_mut_ptr();
        (*context).flags |= ffi::AVFMT_FLAG_CUSTOM_IO;
        let mut raw_options = options.disown();
        // The name is given nowhere: formats are told by content alone.
        let opened = ffi::avformat_open_input(
            &raw mut context,
            ptr::null(),
            ptr::null_mut(),
            &raw mut raw_options,
        );
        drop(Dictionary::own(raw_options));
        (context, opened)
    };
    if opened < 0 {
        return Err(not_opened(path, watch, Error::from(opened)));
    }
    // SAFETY: the context is open, and from here `Input` owns it together with its byte source and callback.
    let mut input = unsafe { Input::wrap_with_custom_io_and_interrupt(context, io, callback.guard) };
    look_into_streams(&mut input, limits).map_err(|error| not_opened(path, watch, error))?;
    forget_failed_reads(&mut input);
    Ok(input)
}

/// A read that failed leaves an error in the byte context that would make every later one fail.
fn forget_failed_reads(input: &mut Input) {
    // SAFETY: the container is open; these two are its user's to reset.
    unsafe {
        let bytes = (*input.as_mut_ptr()).pb;
        if !bytes.is_null() {
            (*bytes).error = 0;
            (*bytes).eof_reached = 0;
        }
    }
}

/// `avformat_find_stream_info` with the limit on pixels passed to every decoder that it opens.
fn look_into_streams(input: &mut Input, limits: &Limits) -> Result<(), Error> {
    // SAFETY: one dictionary for each stream that is there now, as documented; FFmpeg replaces entries by what it
    // did not understand, and all of them are freed here.
    let found = unsafe {
        let context = input.as_mut_ptr();
        let mut options = (0..(*context).nb_streams)
            .map(|_| {
                let mut options = Dictionary::new();
                options.set("max_pixels", &limits.max_pixels.to_string());
                options.disown()
            })
            .collect::<Vec<_>>();
        let found = ffi::avformat_find_stream_info(context, options.as_mut_ptr());
        for raw in options {
            drop(Dictionary::own(raw));
        }
        found
    };
    if found < 0 {
        Err(Error::from(found))
    } else {
        Ok(())
    }
}

/// What a refusal by the demuxer means to whoever chose the file.
fn not_opened(path: &Path, watch: &Watch, error: Error) -> MediaError {
    let path = path.to_owned();
    match (watch.stop(), error) {
        (Some(Stop::Cancelled), _) => MediaError::Cancelled { path },
        (Some(Stop::TimedOut), _) => MediaError::TimedOut { path, action: "open" },
        (Some(Stop::Shrunk), _) => MediaError::Changed { path },
        (None, Error::Other { errno: libc::ENOMEM }) => MediaError::of_ffmpeg(&path, error),
        (None, _) => MediaError::Unrecognised { path },
    }
}

/// What the index keeps of a packet.
pub(super) fn describe(packet: &Packet) -> PacketInfo {
    let flags = packet.flags();
    PacketInfo {
        pts: packet.pts(),
        dts: packet.dts(),
        position: i64::try_from(packet.position())
            .ok()
            .filter(|&position| position >= 0),
        n_bytes: u32::try_from(packet.size()).unwrap_or(u32::MAX),
        key: flags.contains(Flags::KEY),
        hidden: flags.bits() & ffi::AV_PKT_FLAG_DISCARD != 0,
        damaged: flags.contains(Flags::CORRUPT),
    }
}
