//! What a confined worker says of a video is what this program says of it with all of its rights.

use std::fs;
use std::path::Path;

use super::{Place, Run, names_in, sample};

/// How FFmpeg conceals the damage of this one follows the timing of its threads, inside and outside alike.
const CONCEALED: &str = "damaged.ts";

/// A run in a folder of its own, whose name is taken out of what it says, and the pictures that it made.
fn looked_at(clip: &Path, more: &[&str]) -> (Run, Vec<(String, Vec<u8>)>) {
    let place = Place::new();
    let frames = [
        "frames".as_ref(),
        clip.as_os_str(),
        "--count".as_ref(),
        "3".as_ref(),
    ];
    let out = ["--json", "--out", "out"].iter().chain(more).map(AsRef::as_ref);
    let mut run = place.run(frames.into_iter().chain(out));
    let own = place.folder.path().to_string_lossy().into_owned();
    run.stdout = run.stdout.replace(&own, "");
    run.stderr = run.stderr.replace(&own, "");
    let out = place.path("out");
    let names = if out.exists() { names_in(&out) } else { Vec::new() };
    let pictures = names
        .into_iter()
        .map(|name| {
            let picture = fs::read(out.join(&name)).expect("it was written");
            (name, picture)
        })
        .collect();
    (run, pictures)
}

#[test]
fn every_clip_is_the_same_inside_and_outside() {
    let clips = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clips");
    let names: Vec<String> = names_in(&clips)
        .into_iter()
        .filter(|name| !name.ends_with(".md") && !name.ends_with(".sh"))
        .collect();
    assert!(names.len() > 60, "{names:?}");
    std::thread::scope(|scope| {
        for some in names.chunks(names.len().div_ceil(2)) {
            let clips = &clips;
            scope.spawn(move || {
                for name in some {
                    let clip = clips.join(name);
                    let (inside, seen_inside) = looked_at(&clip, &[]);
                    let (outside, seen_outside) = looked_at(&clip, &["--in-process"]);
                    assert_eq!(
                        (inside.code, &inside.stdout, &inside.stderr),
                        (outside.code, &outside.stdout, &outside.stderr),
                        "{name}"
                    );
                    if name != CONCEALED {
                        assert!(seen_inside == seen_outside, "{name}: other pictures");
                    }
                    assert_eq!(inside.code == Some(0), !seen_inside.is_empty(), "{name}");
                }
            });
        }
    });
}

#[test]
fn an_answer_is_the_same_inside_and_outside() {
    let asked = |more: &[&str]| {
        let place = Place::new();
        let sample = sample();
        let ask = ["ask".as_ref(), sample.as_os_str(), "What happens?".as_ref()];
        let more = ["--json"].iter().chain(more).map(AsRef::as_ref);
        let mut answer = place.run(ask.into_iter().chain(more)).json();
        let fields = answer.as_object_mut().expect("an answer has fields");
        assert!(fields.remove("timings_ms").is_some());
        answer
    };
    assert_eq!(asked(&[]), asked(&["--in-process"]));
}
