//! Where answers and pictures go.

use crate::failure::Failure;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, RgbImage};
use serde::Serialize;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use videre::fault::Fault;

/// Writes an answer to standard output.
pub(crate) fn answer(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ReaderGone,
        _ => Failure::new(Fault::Machine, format!("cannot write the answer: {error}")),
    })
}

/// Writes an answer as JSON.
pub(crate) fn answer_json(value: &impl Serialize) -> Result<(), Failure> {
    answer(&json(value))
}

/// A value as JSON that people can read too.
pub(crate) fn json(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("BUG: our own types have string keys");
    text.push('\n');
    text
}

/// The folder that results are written to, made if it does not exist.
pub(crate) struct OutFolder(PathBuf);

impl OutFolder {
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(path).map_err(|error| Failure::unwritable(path, &error))?;
        Ok(Self(path.to_owned()))
    }

    /// Writes a file. It appears whole or not at all: an interrupted run leaves no half pictures behind.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Failure> {
        let path = self.0.join(name);
        let mut builder = tempfile::Builder::new();
        builder.prefix(".videre-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let written = builder.tempfile_in(&self.0).and_then(|mut file| {
            file.write_all(bytes)?;
            file.persist(&path).map_err(|error| error.error)
        });
        written.map_err(|error| Failure::unwritable(&path, &error))?;
        Ok(path)
    }

    /// Writes a picture as PNG.
    pub(crate) fn write_png(&self, name: &str, picture: &RgbImage) -> Result<PathBuf, Failure> {
        self.write(name, &png(picture))
    }
}

/// Fast settings: pictures of frames are many, and other settings save little on them.
fn png(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (width, height) = picture.dimensions();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive)
        .write_image(picture.as_raw(), width, height, ExtendedColorType::Rgb8)
        .expect("BUG: encoding into memory cannot fail");
    bytes
}

/// The name of a frame's picture: sorted by name is sorted by time.
pub(crate) fn frame_file_name(index: usize, pts_secs: f64) -> String {
    format!("frame-{index:07}-{pts_secs:.3}s.png")
}
