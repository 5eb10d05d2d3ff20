//! What the `ffmpeg` and `ffprobe` programs make of a file: decoding it from the first packet to the last.

use std::path::Path;
use std::process::{Command, Output};

use image::RgbImage;

/// "V" leaves cover pictures out.
const STREAM: &str = "V:0";

/// One frame of the sequential decode.
#[derive(Debug)]
pub(crate) struct ReferenceFrame {
    /// When it is shown, in seconds on the file's own clock; `None` where the program has no idea either.
    pub(crate) pts_secs: Option<f64>,
    /// The picture, display rotation applied, pixel aspect not.
    pub(crate) image: RgbImage,
}

/// A video stream as the programs see it.
#[derive(Debug)]
pub(crate) struct Reference {
    /// Length of one tick of the stream's clock in seconds.
    pub(crate) tick_secs: f64,
    /// Where the container starts, in seconds on its own clock: what players show as zero.
    pub(crate) start_secs: f64,
    /// Frames in the order in which they are shown.
    pub(crate) frames: Vec<ReferenceFrame>,
}

/// Decodes the first video stream that is no cover picture with the FFmpeg programs.
///
/// # Panics
/// Where the programs are missing or fail.
pub(crate) fn decode(path: &Path) -> Reference {
    let listing = run(Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", STREAM, "-show_entries"])
        .args([
            "format=start_time:stream=time_base:frame=best_effort_timestamp,width,height",
            "-of",
            "json",
        ])
        .arg(path));
    let listing: serde_json::Value = serde_json::from_slice(&listing.stdout).expect("ffprobe prints JSON");
    let tick_secs = seconds_per_tick(listing["streams"][0]["time_base"].as_str().expect("a time base"));

    let start_secs = listing["format"]["start_time"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0.0);

    // `-autoscale 0`: a change of size in mid-stream reaches us as it is instead of being scaled to the first size.
    let pixels = run(Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(path)
        .args([
            "-map",
            &format!("0:{STREAM}"),
            "-vsync",
            "passthrough",
            "-autoscale",
            "0",
        ])
        .args(["-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]))
    .stdout;

    let entries = listing["frames"].as_array().expect("a list of frames");
    let turned = is_turned(path);
    let mut rest = pixels.as_slice();
    let frames = entries
        .iter()
        .map(|entry| {
            let (stored_width, stored_height) = (dimension(&entry["width"]), dimension(&entry["height"]));
            let (width, height) = if turned {
                (stored_height, stored_width)
            } else {
                (stored_width, stored_height)
            };
            let (picture, after) = rest
                .split_at_checked(width as usize * height as usize * 3)
                .expect("as many pictures from ffmpeg as ffprobe lists");
            rest = after;
            ReferenceFrame {
                pts_secs: entry["best_effort_timestamp"]
                    .as_i64()
                    .map(|ticks| ticks as f64 * tick_secs),
                image: RgbImage::from_raw(width, height, picture.to_vec()).expect("the size fits"),
            }
        })
        .collect();
    assert!(rest.is_empty(), "ffmpeg decodes more pictures than ffprobe lists");
    Reference {
        tick_secs,
        start_secs,
        frames,
    }
}

/// Whether the display matrix exchanges width and height.
fn is_turned(path: &Path) -> bool {
    let rotation = run(Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", STREAM])
        .args(["-show_entries", "stream_side_data=rotation", "-of", "csv=p=0"])
        .arg(path));
    let degrees: i32 = String::from_utf8_lossy(&rotation.stdout)
        .trim()
        .parse()
        .unwrap_or(0);
    degrees % 180 != 0
}

fn seconds_per_tick(time_base: &str) -> f64 {
    let (numerator, denominator) = time_base.split_once('/').expect("a fraction");
    numerator.parse::<f64>().expect("a number") / denominator.parse::<f64>().expect("a number")
}

fn dimension(value: &serde_json::Value) -> u32 {
    u32::try_from(value.as_u64().expect("a size")).expect("a small size")
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| {
        panic!(
            "{:?} cannot be started ({error}): install FFmpeg, for example with `make setup`",
            command.get_program()
        )
    });
    assert!(
        output.status.success(),
        "{:?} failed: {}",
        command.get_program(),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The reference is itself checked: on a plain clip it reads the film's numbers in order.
#[test]
fn the_reference_decodes_the_film_in_order() {
    for name in [
        "h264.mp4",
        "h264_bframes.mp4",
        "h264_open_gop.ts",
        "vp8_altref.webm",
        "av1.webm",
        "wrap.ts",
        "odd_size.webm",
    ] {
        let reference = decode(&super::clips::clip(name));
        let numbers: Vec<_> = reference
            .frames
            .iter()
            .map(|frame| super::clips::film_number(&frame.image))
            .collect();
        let expected: Vec<_> = (0..reference.frames.len() as u32).map(Some).collect();
        assert_eq!(numbers, expected, "{name}");
    }
}
