//! Videre's side of `benches/media`: one piece of work on one clip, with the times that only the process itself knows.
//!
//! ```text
//! bench_media frames CLIP 180,540,..      opens, indexes and decodes these frames as RGB
//! bench_media access CLIP 17,4711,..      opens and indexes; then each frame by itself, timed: {"access_secs": [..]}
//! bench_media filmstrip CLIP 60           opens, indexes and draws a strip of so many pictures
//! bench_media index CLIP                  opens and indexes
//! bench_media near CLIP 960 17,4711,..    opens and indexes; then a picture near each frame, this long at most, for a pointer
//! ```
#![expect(clippy::print_stdout, reason = "its output is read by bench.py")]

use std::error::Error;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use videre::cancel::CancelToken;
use videre::media::{Filmstrip, Landing, Limits, Previews, Slots, Video};
use videre::video::PreviewSize;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let cancel = CancelToken::new();
    let open = |clip: &str| -> Result<Video, Box<dyn Error>> {
        let mut video = Video::open(Path::new(clip), &Limits::default(), &cancel)?;
        video.index(&mut |_| {}, &cancel)?;
        Ok(video)
    };
    match words[..] {
        ["frames", clip, list] => {
            let indices = numbers(list)?;
            let mut n_frames = 0;
            open(clip)?.frames(&indices, &cancel, &mut |frame| {
                black_box(frame);
                n_frames += 1;
                ControlFlow::Continue(())
            })?;
            println!("{{\"n_frames\": {n_frames}}}");
        }
        ["access", clip, list] => {
            let mut video = open(clip)?;
            let mut access_secs = Vec::new();
            for index in numbers(list)? {
                let start = Instant::now();
                black_box(video.frame(index, &cancel)?);
                access_secs.push(start.elapsed().as_secs_f64());
            }
            println!("{{\"access_secs\": {access_secs:?}}}");
        }
        ["filmstrip", clip, count] => {
            let size = PreviewSize {
                max_width: 160,
                max_height: 90,
            };
            let strip = Filmstrip {
                slots: Slots::Spread(count.parse()?),
                size,
                landing: Landing::KeyFrame,
            };
            let mut n_slides = 0;
            strip.draw(&mut open(clip)?, &cancel, &mut |slide| {
                black_box(slide);
                n_slides += 1;
                ControlFlow::Continue(())
            })?;
            println!("{{\"n_slides\": {n_slides}}}");
        }
        ["index", clip] => drop(open(clip)?),
        ["near", clip, edge, list] => {
            let mut video = open(clip)?;
            let (max_width, max_height) = (edge.parse()?, edge.parse()?);
            let mut previews = Previews::new(PreviewSize {
                max_width,
                max_height,
            });
            let mut near_secs = Vec::new();
            for index in numbers(list)? {
                let start = Instant::now();
                black_box(previews.near(&mut video, index, &cancel)?);
                near_secs.push(start.elapsed().as_secs_f64());
            }
            println!("{{\"near_secs\": {near_secs:?}}}");
        }
        _ => return Err("usage: bench_media frames|access|filmstrip|index|near CLIP [LIST|COUNT]".into()),
    }
    Ok(())
}

fn numbers(list: &str) -> Result<Vec<usize>, std::num::ParseIntError> {
    list.split(',').map(str::parse).collect()
}
